"""Chapter 02: what lookups, their gradients, pairs of words and neighbours must satisfy."""
import numpy as np

import minitorch as torch


class one_hot:
    stars, minutes = 1, 3
    hints = (
        "Which row of np.eye(vocab_size) has its 1 in column 2?",
        "An array of row numbers picks many rows at once: table[ids] has the shape (*ids.shape, columns).",
        "return np.eye(vocab_size)[ids]",
    )

    def example(answer, expect):
        """The ids 2 and 0, in a vocabulary of 3."""
        want = np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]])
        expect.equal(answer(np.array([2, 0]), 3), want, mistakes=(
            (want[:, [1, 2, 0]], "The ids are counted from 1 here. Id 0 has its 1 in the first column."),
            (want.T, "Rows and columns are exchanged: one row for each id, one column for each token."),
            (want.max(axis=0), "All ids share one row. Each id needs a row of its own, or their order is "
                               "lost."),
            (want.astype(bool), "The places are right, but these are truth values. Make them numbers: "
                                ".astype(float)."),
            (want.astype(int), "The places are right, but these are whole numbers. Make them floats: they "
                               "will be multiplied by a table of floats."),
        ))

    def repeated(answer, expect):
        """An id that occurs twice has the same row twice, and each row sums to 1."""
        want = np.array([[0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0], [0.0, 1.0, 0.0, 0.0]])
        expect.equal(answer(np.array([1, 3, 1]), 4), want)

    def batch(answer, expect):
        """Ids of shape (2, 2) give rows of shape (2, 2, 3)."""
        want = np.zeros((2, 2, 3))
        for place, token in {(0, 0): 0, (0, 1): 1, (1, 0): 2, (1, 1): 2}.items():
            want[(*place, token)] = 1
        expect.equal(answer(np.array([[0, 1], [2, 2]]), 3), want, mistakes=(
            (want.reshape(4, 3), "The batch is flattened. Ids of any shape keep it, with one axis more."),))


class Embedding:
    stars, minutes = 1, 5
    blank = ("Embedding.forward",)
    hints = (
        "Two lines: check the ids, then pick rows of self.weight. The weight knows the size of the "
        "vocabulary.",
        "len(self.weight) is vocab_size. A tensor is indexed as an array is, and the gradient follows.",
        "check_ids(ids, len(self.weight)), then return self.weight[ids]",
    )

    def worked_example(answer, expect):
        """A vocabulary of 6, dim 3: the ids 5, 1, 3, 2."""
        layer, table = _layer(answer)
        ids = np.array([5, 1, 3, 2])
        expect.equal(layer(torch.tensor(ids)), table[ids], mistakes=(
            (table[ids - 1], "Each id gets the row before its own. Ids count from 0: id 5 is row 5."),
            (table[np.sort(ids)], "The right rows, in another order: row n of the result belongs to ids[n]."),
            (np.eye(6, dtype=np.float32)[ids], "These are the one-hot rows. They still have to be multiplied "
                                               "by the table."),
        ))

    def batch(answer, expect):
        """Ids of shape (2, 3) give vectors of shape (2, 3, dim)."""
        layer, table = _layer(answer)
        ids = np.array([[0, 5, 5], [4, 0, 1]])
        expect.equal(layer(torch.tensor(ids)), table[ids], mistakes=(
            (table[ids.ravel()], "The batch is flattened: ids (2, 3) must give (2, 3, dim)."),))

    def gradient(answer, expect):
        """Gradients reach the rows that were looked up."""
        layer, _ = _layer(answer)
        out = layer(torch.tensor([1, 4, 1]))
        expect.that(out.requires_grad, "No gradient can flow back to self.weight: the result was built "
                                       "outside the engine. Index the weight itself, not its .data or "
                                       ".numpy().")
        out.sum().backward()
        want = np.zeros((6, 3), np.float32)
        want[1], want[4] = 2, 1
        expect.equal(layer.weight.grad, want, "Id 1 was looked up twice and id 4 once, so their rows must "
                                              "collect the gradient 2 and 1.")

    def outside(answer, expect):
        """Ids outside the vocabulary are refused."""
        layer, _ = _layer(answer)
        expect.that(_refused(lambda: layer(torch.tensor([0, -1]))),
                    "The id -1 is quietly taken as the last row. No token has this id: refuse it, with "
                    "check_ids(ids, len(self.weight)).")
        expect.that(_refused(lambda: layer(torch.tensor([0, 6]))),
                    "The id 6 does not exist in a vocabulary of 6, and nothing complains. Refuse it, with "
                    "check_ids(ids, len(self.weight)).")


def _layer(answer):
    """An Embedding with 6 rows of 3 known numbers, and these numbers."""
    layer, table = answer(6, 3), np.arange(18, dtype=np.float32).reshape(6, 3) / 10 - 0.5
    layer.load_state_dict({"weight": torch.tensor(table)})
    return layer, table


def _refused(call):
    try:
        call()
    except (ValueError, IndexError, RuntimeError):
        return True
    return False


class embedding_backward:
    stars, minutes = 2, 8
    hints = (
        "Begin with a table of zeros. Then go over the places, and add each gradient to the row of its id.",
        "A plain loop is fine. Without a loop: table[ids] += grad does not work, because for a repeated id "
        "NumPy writes one result over the other. np.add.at(table, ids, grad) adds them all.",
        "table = np.zeros((vocab_size, grad.shape[-1])); np.add.at(table, ids, grad); return table",
    )

    def example(answer, expect):
        """The worked example: token 0 stands at two places, token 1 nowhere."""
        grad = np.array([[1.0, 2.0], [10.0, 20.0], [100.0, 200.0]])
        ids = np.array([0, 2, 0])
        want = np.array([[101.0, 202.0], [0.0, 0.0], [10.0, 20.0]])
        rows = lambda first: np.array([first, [0.0, 0.0], [10.0, 20.0]])
        expect.equal(answer(grad, ids, 3), want, mistakes=(
            (rows([100.0, 200.0]), "Token 0 stands at two places, but only its last gradient is kept: "
                                   "repeated ids are lost. table[ids] = ... and table[ids] += ... both write "
                                   "one over the other."),
            (rows([1.0, 2.0]), "Token 0 stands at two places, but only its first gradient is kept."),
            (rows([50.5, 101.0]), "The gradients of token 0 are averaged. Both places use its row, so both "
                                  "parts count in full: add them."),
            (np.array([[2.0, 2.0], [0.0, 0.0], [1.0, 1.0]]), "This counts how often each token occurs. What "
                                                             "is added up is the gradient at these places."),
            (grad[ids], "This looks rows of the gradient up. Here the way goes back: the gradient at place n "
                        "is added to row ids[n] of a table of zeros."),
        ))

    def unused_rows(answer, expect):
        """The table has a row for every token of the vocabulary, used or not."""
        expect.equal(answer(np.ones((1, 2)), np.array([1]), 4), np.array([[0, 0], [1, 1], [0, 0], [0, 0.0]]),
                     mistakes=((np.array([[0, 0], [1, 1.0]]), "The table ends at the largest id in use. It "
                                                              "has vocab_size rows."),))

    def batch(answer, expect):
        """Ids of shape (2, 3): one table collects the gradients of both sequences."""
        ids = np.array([[0, 1, 1], [3, 1, 0]])
        grad = np.arange(12.0).reshape(2, 3, 2)
        each, last = np.zeros((2, 4, 2)), np.zeros((2, 4, 2))
        for n, t in np.ndindex(2, 3):
            each[n, ids[n, t]] += grad[n, t]
            last[n, ids[n, t]] = grad[n, t]
        expect.equal(answer(grad, ids, 4), each[0] + each[1], mistakes=(
            (each, "There is one table for each sequence. Both use the same one: add them up."),
            (last[0] + last[1], "Going over ids (2, 3), your id is a whole row of ids, and one that occurs "
                                "twice in a row is lost. Flatten first: ids.reshape(-1), and "
                                "grad.reshape(-1, dim)."),
        ))


class skip_gram_pairs:
    stars, minutes = 2, 10
    hints = (
        "Two loops will do: over the places of the text, and for each over the places nearby. Skip the place "
        "itself, and stop at the ends of the text.",
        "For place n the neighbours are range(max(0, n - window), min(len(ids), n + window + 1)), without n.",
        "pairs = [(ids[n], ids[m]) for n in range(len(ids)) for m in range(max(0, n - window), min(len(ids), "
        "n + window + 1)) if m != n]; then np.array of the first ones, and of the second ones",
    )

    def example(answer, expect):
        """The worked example: three tokens, window 1."""
        want = np.array([7, 8, 8, 9]), np.array([8, 7, 9, 8])
        with expect.advice({"IndexError": "The last token has nothing to its right: stop at len(ids)."}):
            got = answer(np.array([7, 8, 9]), 1)
        from_the_end = ("The first token gets the last one as its neighbour: place -1 counts from the end. "
                        "Begin at max(0, n - window).")
        expect.equal(got, want, mistakes=(
            ((np.array([8, 7, 9, 8]), np.array([7, 8, 8, 9])), "Centres and contexts are exchanged: the "
                                                               "centre stays while its neighbours pass by."),
            ((np.array([7, 8]), np.array([8, 9])), "Only neighbours to the right are found. A context has "
                                                   "two sides."),
            ((np.array([8, 9]), np.array([7, 8])), "Only neighbours to the left are found. A context has two "
                                                   "sides: let the range end at n + window + 1."),
            ((np.array([7, 7, 8, 8, 9]), np.array([9, 8, 7, 9, 8])), from_the_end),
            ((np.array([7, 8, 9]), np.array([9, 7, 8])),
             from_the_end + " And end one later: a range stops before its end."),
            ((np.array([7, 7, 8, 8, 8, 9, 9]), np.array([7, 8, 7, 8, 9, 8, 9])),
             "Each token is its own neighbour here. Leave the place itself out."),
            ((np.array([7, 7, 8, 8, 9, 9]), np.array([9, 8, 7, 9, 8, 7])),
             "The text wraps round: 7 and 9 are its two ends, not neighbours."),
        ))

    def wider(answer, expect):
        """Window 2: both distances, 1 and 2."""
        ids = np.array([5, 6, 7, 8])
        pairs = [(n, m) for n in range(4) for m in range(4) if 0 < abs(n - m) <= 2]
        only = [(n, m) for n, m in pairs if abs(n - m) == 2]
        near = [(n, m) for n, m in pairs if abs(n - m) == 1]
        expect.equal(answer(ids, 2), _tokens(ids, pairs), mistakes=(
            (_tokens(ids, only), "Only neighbours at exactly this distance are found. The window holds the "
                                 "nearer ones too."),
            (_tokens(ids, near), "With window 2 only the nearest neighbours are found. Up to 2 places on "
                                 "either side belong to it."),
        ))

    def repeated(answer, expect):
        """A token beside an equal one is a neighbour all the same: places count, not ids."""
        expect.equal(answer(np.array([4, 4]), 1), (np.array([4, 4]), np.array([4, 4])), mistakes=(
            ((np.array([], int), np.array([], int)), "The text is 4 4, and nothing is found. Leave out the "
                                                     "same *place*, not the same *id*."),))


def _tokens(ids, pairs):
    return tuple(ids[np.array(side)] for side in zip(*pairs))


class nearest:
    stars, minutes = 2, 8
    hints = (
        "Divide each row by its length first. Then a cosine is nothing but a dot product.",
        "unit = table / np.linalg.norm(table, axis=1, keepdims=True) is (vocab, dim), unit @ unit[id] is "
        "(vocab,). np.argsort sorts upwards.",
        "order = np.argsort(-cosines); best = order[order != id][:count]; return best, cosines[best]",
    )

    def example(answer, expect):
        """The worked example: vectors of different lengths."""
        table = np.array([[1.0, 0.0], [0.0, 3.0], [2.0, 2.0], [-1.0, 0.0]])
        half = np.sqrt(0.5)
        expect.equal(answer(table, 0, 2), (np.array([2, 1]), np.array([half, 0.0])), mistakes=(
            ((np.array([0, 2]), np.array([1.0, half])), "The token is its own nearest neighbour here. Leave "
                                                        "it out."),
            ((np.array([2, 1]), np.array([2.0, 0.0])), "These are dot products. Divide them by the lengths "
                                                       "of both vectors."),
            ((np.array([3, 1]), np.array([-1.0, 0.0])), "The farthest come first: sort downwards."),
            ((np.array([half, 0.0]), np.array([2, 1])), "Return the ids first, then the cosines."),
            ((np.array([1, 0]), np.array([half, 0.0])), "The ids are too small by one: when a row is "
                                                        "deleted, those behind it move up. Sort all of them, "
                                                        "then leave out the id."),
        ))

    def length_does_not_count(answer, expect):
        """A long vector in another direction is not nearer than a short one in the same direction."""
        table = np.array([[2.0, 0.0], [0.1, 0.0], [9.0, 9.0], [2.0, -1.0]])
        cosines = np.array([1.0, 2 / np.sqrt(5), np.sqrt(0.5)])
        by_product, by_distance = np.array([2, 3, 1]), np.array([3, 1, 2])
        ids, got = answer(table, 0, 3)
        expect.equal(ids, np.array([1, 3, 2]), mistakes=(
            (by_product, "The longest vector comes first: these are dot products. Divide by the lengths, or "
                         "frequent words with long vectors are everybody's neighbour."),
            (by_distance, "This is the order of the distances between the end points. Compare directions: "
                          "the cosine does not see the lengths."),
        ))
        expect.equal(got, cosines, mistakes=(
            (2 * cosines, "The order is right, but the cosines are not between -1 and 1: divide by the "
                          "length of the token's own vector too."),))

    def other_ids(answer, expect):
        """Any token can be asked for, and all neighbours."""
        table = np.array([[1.0, 0.0], [0.0, 1.0], [3.0, 4.0]])
        expect.equal(answer(table, 2, 2), (np.array([1, 0]), np.array([0.8, 0.6])), mistakes=(
            ((np.array([2, 1]), np.array([1.0, 0.8])), "The token is its own nearest neighbour here. Leave "
                                                       "it out."),))

    def same_direction(answer, expect):
        """Another token may point exactly the same way; only the token itself is left out."""
        table = np.array([[1.0, 0.0], [0.0, 1.0], [2.0, 0.0]])
        expect.equal(answer(table, 2, 2), (np.array([0, 1]), np.array([1.0, 0.0])), mistakes=(
            ((np.array([2, 1]), np.array([1.0, 0.0])), "Token 0 points the same way and is sorted before "
                                                       "token 2, so dropping the first entry drops the wrong "
                                                       "one. Leave out the id: order[order != id]."),))


class tied_gradient:
    stars, minutes = 3, 12
    hints = (
        "Pretend that there are two tables, one for each use. Find the gradient of each, and add the two.",
        "As output table: logits = hidden @ table.T, a matrix product as in lesson 01. As input table: first "
        "the gradient of hidden, (seq, dim), then the scatter-add.",
        "embedding_backward(grad_logits @ table, ids, len(table)) + grad_logits.T @ table[ids]",
    )

    def example(answer, expect):
        """The worked example: one token, and the logit of another one."""
        table = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
        ids, grad = np.array([0]), np.array([[0.0, 1.0, 0.0]])
        with expect.advice({
            "(2,3)": "Something of shape (dim, vocab) is among them: turn that product round, grad_logits.T "
                     "@ hidden is (vocab, dim).",
            "(3,3)": "Something of shape (vocab, vocab) is among them. What is scattered to the rows is the "
                     "gradient of hidden, grad_logits @ table, and not grad_logits.",
        }):
            got = answer(table, ids, grad)
        expect.equal(got, np.array([[3.0, 4.0], [1.0, 2.0], [0.0, 0.0]]), mistakes=_parts(table, ids, grad))

    def repeated(answer, expect):
        """A text with a repeated token, and gradients everywhere."""
        table = np.array([[1.0, -1.0], [0.5, 2.0], [0.0, 3.0]])
        ids, grad = np.array([1, 2, 1]), np.array([[0.2, -0.5, 0.3], [0.1, 0.4, -0.5], [-0.6, 0.3, 0.3]])
        lookup, output = _uses(table, ids, grad)
        expect.equal(answer(table, ids, grad), lookup + output, mistakes=_parts(table, ids, grad))

    def by_trying(answer, expect):
        """The slope of every entry of the table, found by changing it a little."""
        rng = np.random.default_rng(0)
        table, ids, grad = rng.standard_normal((4, 3)), np.array([3, 0, 3, 3, 1]), rng.standard_normal((5, 4))
        loss = lambda table: (grad * (table[ids] @ table.T)).sum()
        tried = np.zeros((4, 3))
        for place in np.ndindex(4, 3):
            step = np.zeros((4, 3))
            step[place] = 1e-4
            tried[place] = (loss(table + step) - loss(table - step)) / 2e-4
        expect.equal(answer(table, ids, grad), tried, tolerance=1e-4)


def _uses(table, ids, grad_logits):
    """The part of each use of the table, one product at a time: as input, as output."""
    lookup, output = np.zeros_like(table), np.zeros_like(table)
    for n, r in np.ndindex(grad_logits.shape):
        lookup[ids[n]] += grad_logits[n, r] * table[r]
        output[r] += grad_logits[n, r] * table[ids[n]]
    return lookup, output


def _parts(table, ids, grad_logits):
    """What comes out when a use, or a repetition, is forgotten."""
    lookup, output = _uses(table, ids, grad_logits)
    overwritten, scattered = np.zeros_like(table), np.zeros_like(table)
    overwritten[ids] = grad_logits @ table
    np.add.at(scattered, ids, table[ids])
    return (
        (output + scattered, "The vectors that were looked up are scattered. What goes back to their rows is "
                             "the gradient of hidden: grad_logits @ table."),
        (output.T, "This is the part of the output alone, with rows and columns exchanged."),
        (output, "This is the part of the output alone. The table was also used to look the tokens up: add "
                 "that part."),
        (lookup, "This is the part of the lookup alone. The table was also used to score all tokens: add "
                 "that part."),
        (output - lookup, "The two parts are subtracted. Both uses help to make the logits, so their parts "
                          "add up."),
        ((output + lookup) / 2, "The two parts are averaged. A number that is used twice collects the sum of "
                                "both."),
        (output + overwritten, "A token that occurs twice brings only one of its lookups in. Repeated ids "
                               "need the scatter-add: use embedding_backward."),
    )
