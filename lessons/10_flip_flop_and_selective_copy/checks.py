"""Chapter 10: what the exercises on selective copy and flip-flop must satisfy."""
import numpy as np

BLANK, MARK = 14, 15


class without_blanks:
    stars, minutes = 1, 6
    hints = (
        "First mark what stays: ids != BLANK is an array of True and False. Then check the rows, then take.",
        "kept.sum(axis=1) is the number of symbols in each row; all must be equal. ids[kept] is one long row, "
        "row after row, with len(ids) times that many entries.",
        "if len(set(kept.sum(axis=1))) > 1: raise ValueError(...); and then return "
        "ids[kept].reshape(len(ids), -1)",
    )

    def example(answer, expect):
        """Blanks go, the others stay in their order, repeated ones too, and each row by itself."""
        ids = np.array([[3, BLANK, 0, BLANK, 3], [BLANK, BLANK, 5, 0, 2]])
        with expect.advice({
                "cannot reshape": "Three symbols stay in each of the two rows: reshape(len(ids), -1).",
                "ValueError": "Both rows keep three symbols, so they must not be refused. Do you count per row, "
                              "axis=1? axis=0 counts per column."}):
            got = answer(ids)
        expect.equal(got, np.array([[3, 0, 3], [5, 0, 2]]), mistakes=(
            (np.array([3, 0, 3, 5, 0, 2]),
             "It is one long row. Picking by True and False loses the rows: reshape to as many as there were."),
            (np.array([[3, 3], [5, 2]]), "The symbol a went too. Its id is 0, and it is no blank: compare with "
                                         "BLANK."),
            (np.array([[3, 0, 0, 0, 3], [0, 0, 5, 0, 2]]),
             "The blanks were replaced by 0, which is the symbol a. They must be left out, so the rows get "
             "shorter."),
            (np.array([[0, 3, 3], [0, 2, 5]]), "The symbols were sorted. They must stay in their order."),
            (np.array([[3, 3, 0], [0, 5, 2]]),
             "The rows were mixed: after ids[kept] the symbols of a row stand side by side, so reshape to "
             "(batch, -1), not the other way round."),
            (np.array([[3, 0, 3], [BLANK, 5, 2]]),
             "The blanks of the first row were left out of all rows. Each row has its own."),
            (np.array([[3, 0, BLANK, 3], [BLANK, 5, 0, 2]]),
             "Only the first blank of each row was left out. All of them must go."),
            ([[3, 0, 3], [5, 0, 2]], "It is a list. Return an array: np.array(...)."),
        ))

    def mark_stays(answer, expect):
        """Only blanks go: a mark is none."""
        expect.equal(answer(np.array([[3, BLANK, MARK], [MARK, 0, BLANK]])), np.array([[3, MARK], [MARK, 0]]),
                     mistakes=((np.array([[3], [0]]), "The mark went too. Its id is 15, and it is no blank: leave "
                                                      "out what equals BLANK, not what is larger too."),))

    def no_blank(answer, expect):
        """A text without blanks stays as it is."""
        expect.equal(answer(np.array([[0, 7, 0], [9, 0, 0]])), np.array([[0, 7, 0], [9, 0, 0]]),
                     says="There is no blank in these rows, so nothing may go.")

    def uneven_rows(answer, expect):
        """Rows with different numbers of blanks would not make a rectangle, and are refused."""
        expect.raises(ValueError, lambda: answer(np.array([[1, BLANK, 2, 3], [BLANK, BLANK, 2, 3]])),
                      says="Rows with different numbers of symbols must be refused with a ValueError.")
        expect.raises(ValueError, lambda: answer(np.array([[1, BLANK, BLANK], [4, 5, 6]])),
                      says="These rows have one symbol and three. Together they are four, which would fit into "
                           "two rows of two, and a symbol of one text would end up in the other. Compare the "
                           "counts of the rows.")


class copy_errors:
    stars, minutes = 1, 8
    hints = (
        "One array of True and False says what is scored, a second what is scored and wrong.",
        "wrong = scored & (predictions != targets) has the shape (batch, seq). The first number adds up all "
        "of it, the second asks of each row whether anything is wrong.",
        "return wrong.sum() / scored.sum(), wrong.any(axis=1).mean()",
    )

    def example(answer, expect):
        """One wrong symbol among eight, in one of two texts."""
        targets = np.array([[-100, 0, 1, 2, 3], [-100, 4, 5, 6, 7]])
        predictions = np.array([[9, 0, 1, 2, 5], [9, 4, 5, 6, 7]])
        one_wrong = 1 - (7 / 8) ** 4
        expect.equal(list(answer(predictions, targets)), [0.125, 0.5], mistakes=(
            ([0.5, 0.125], "The two numbers are exchanged: symbols first, then texts."),
            ([0.3, 1.0], "Positions that are not asked counted as wrong. Leave out all targets that are -100."),
            ([0.125, 1], "The second number says how many texts are wrong. Asked for is their share: divide by "
                         "the number of texts."),
            ([0.125, 1.0], "The second number says that no text was right. Either positions that are not asked "
                           "counted as wrong: leave out all targets that are -100. Or it is the number of wrong "
                           "texts: divide it by the number of texts."),
            ([12.5, 50.0], "These are per cent. Asked for are shares, from 0 to 1."),
            ([1 / 7, 0.5], "Seven symbols were asked by your count, and it is eight: the symbol a was lost. Its "
                           "id is 0, so compare with -100."),
            ([0.1, 0.5], "You divided by all positions. Divide by those that are asked."),
            ([0.875, 0.5], "These are shares of what is right. Asked for is what is wrong."),
            ([0.125, 0.0], "A text counted as wrong only if all of it is wrong. One wrong symbol is enough."),
            ([0.125, 0.125], "The second number is again about symbols. A text is wrong as a whole: is any of "
                             "its symbols wrong?"),
            ([0.5, 0.5], "The first number was divided by the number of texts. Divide by the number of "
                         "symbols asked."),
            ([1.0, 1.0], "These are counts. Asked for are shares, from 0 to 1."),
            ([1, 1], "These are counts. Asked for are shares, from 0 to 1."),
            ([1, 0.5], "The first number says how many symbols are wrong. Asked for is their share: divide by "
                       "the number of symbols asked."),
            ([0.125, 0.2], "The second number says at how many places of a text anything is wrong. Ask each "
                           "row, axis=1, and not each column."),
            ([0.125, one_wrong], "The second number was computed from the first, as if errors did not care "
                                 "where other errors are. Count the texts."),
        ))

    def uneven_texts(answer, expect):
        """Symbols are added up over all texts, then divided: no text weighs more than another's symbols."""
        targets = np.array([[1, -100, -100, -100], [2, 3, 4, 5], [6, 7, -100, -100]])
        predictions = np.array([[0, 0, 0, 0], [2, 3, 4, 5], [6, 0, 0, 0]])
        with expect.advice({key: "These texts ask one, four and two symbols, so those asked make no rectangle. "
                                 "Keep the shape (batch, seq), with False where nothing is asked."
                            for key in ("cannot reshape", "inhomogeneous")}):
            got = answer(predictions, targets)
        expect.equal(list(got), [2 / 7, 2 / 3], mistakes=(
            ([0.5, 2 / 3], "You took the mean of each text's own error. A text with one symbol then weighs as "
                           "much as one with four: add up first, divide last."),
        ))

    def nothing_wrong(answer, expect):
        """The symbol a has the id 0 and counts like the others; without an error both shares are 0."""
        targets = np.array([[-100, 0, 0], [-100, 0, 1]])
        expect.equal(list(answer(np.array([[5, 0, 0], [5, 0, 1]]), targets)), [0.0, 0.0])
        expect.equal(list(answer(np.array([[5, 1, 0], [5, 0, 1]]), targets)), [0.25, 0.5], mistakes=(
            ([0.0, 0.0], "A wrong symbol where a is asked was not counted: the symbol a has the id 0."),
        ))


class source_hits:
    stars, minutes = 3, 20
    hints = (
        "Two arrays of places, both (batch, askers): where each asker should look, and where it looks. The "
        "result is how often they agree.",
        "With mark = the place of MARK in the first row, the askers are attention[:, mark:], (batch, askers, "
        "seq); argmax over the last axis is the key with the largest weight. np.nonzero(...)[1] gives the "
        "columns in which a 2-D array is True, row after row.",
        "sources = np.nonzero(ids[:, :mark] != BLANK)[1].reshape(len(ids), -1); "
        "return (attention[:, mark:].argmax(axis=-1) == sources).mean()",
    )

    def example(answer, expect):
        """The worked example: "a.b>a", where only the mark looks right, and ".cd>c", where only the copied c."""
        attention = np.zeros((2, 5, 5))
        attention[0, 3, 0] = attention[0, 4, 0] = attention[1, 3, 0] = attention[1, 4, 2] = 1
        got = answer(attention, np.array([[0, BLANK, 1, MARK, 0], [BLANK, 2, 3, MARK, 2]]))
        expect.equal(got, 0.5, mistakes=(
            (2, "This is the number of hits. Asked for is their share among the askers."),
            (1.0, "You divided by the number of texts. Divide by the number of askers, of all texts together."),
            (0.2, "You divided by all positions. Divide by the askers."),
            (0.0, "This is the share of texts in which all is hit. Count askers, not texts."),
            (0.25, "The argmax goes over the queries. Each query has its weights along the last axis: "
                   "argmax(axis=-1)."),
            (0.75, "The places of the first text's symbols were used for all texts. Each has its blanks elsewhere: "
                   "find the symbols row by row."),
        ))

    def the_symbol_read(answer, expect):
        """To look at the symbol just read, one before the next, is no hit; nor is a blank."""
        ids = np.array([[4, BLANK, 5, 6, MARK, 4, 5]])                    # e.fg>ef
        expect.equal(answer(looking_at(7, 4, [0, 0, 2]), ids), 1 / 3, mistakes=(
            (1.0, "That is one symbol too early: the asker that reads the copied e has said e already. It "
                  "must look at the one after it."),
            (2 / 3, "Blanks are not symbols: asker 2 must look at the third symbol, and not at the third "
                    "token."),
            (0.0, "The mark asks too: it is asker 0, and must look at the first symbol."),
            ((0.7 + 0.06 + 0.05) / 3, "This is the mean weight on the right symbol. Asked for is how often it "
                                      "is the largest."),
        ))

    def ties(answer, expect):
        """Where keys share the largest weight, the first of them counts: a head that spreads evenly finds little."""
        attention = np.zeros((1, 7, 7))
        for query, tied in ((4, [0, 1]), (5, [0, 2]), (6, [1, 3])):       # the symbols to copy: 0, 2 and 3
            attention[0, query, tied] = 0.5
        expect.equal(answer(attention, np.array([[4, BLANK, 5, 6, MARK, 4, 5]])), 1 / 3, mistakes=(
            (1.0, "To share the largest weight with an earlier key was taken for a hit, so even weights would hit "
                  "always. Of equal weights the first counts, as argmax has it."),
            (0.0, "To share the largest weight with a later key was taken for a miss. Of equal weights the first "
                  "counts, as argmax has it."),
            (2 / 3, "Of equal weights the last was taken. The first counts, as argmax has it."),
        ))

    def equal_symbols(answer, expect):
        """An equal symbol in another place is no hit."""
        ids = np.array([[2, BLANK, 2, 1, MARK, 2, 2]])                    # c.cb>cc
        expect.equal(answer(looking_at(7, 4, [2, 0, 3]), ids), 1 / 3, mistakes=(
            (1.0, "It looked at a c, as it should, but at the other one. Compare places, not symbols."),
        ))

    def all_keys(answer, expect):
        """The largest of *all* weights decides, also if it falls on the mark or on the copy."""
        ids = np.array([[4, BLANK, 5, MARK, 4], [BLANK, 1, 2, MARK, 1]])
        attention = np.zeros((2, 5, 5))
        attention[0, 3], attention[0, 4] = [0.3, 0.1, 0.1, 0.5, 0], [0, 0, 0.4, 0.1, 0.5]
        attention[1, 3], attention[1, 4] = [0.2, 0.7, 0.1, 0, 0], [0.1, 0.1, 0.6, 0.1, 0.1]
        expect.equal(answer(attention, ids), 0.5, mistakes=(
            (1.0, "An asker may also look at the mark or at the copy. The largest of all its weights "
                  "decides, not of those before the mark."),
            (0.0, "Only the first text was read."),
        ))

    def whole_batch(answer, expect):
        """The same as counting with plain loops, for random weights and six texts."""
        rng = np.random.default_rng(0)
        ids, attention = copies(rng, rows=6, symbols=5, blanks=4), np.tril(rng.random((6, 14, 14)))
        attention /= attention.sum(axis=-1, keepdims=True)
        places = [[place for place in range(9) if row[place] != BLANK] for row in ids]
        hits = np.zeros((6, 5))
        for b in range(6):
            for m in range(5):
                if rng.random() < 0.7:
                    attention[b, 9 + m, places[b][m]] += 1
                weights = list(attention[b, 9 + m])
                hits[b, m] = weights.index(max(weights)) == places[b][m]
        expect.equal(answer(attention, ids), hits.mean())


def looking_at(seq, mark, keys):
    """Causal weights (1, seq, seq) whose askers give 0.7 to the keys named, and what is left evenly."""
    attention = np.tri(seq) / np.arange(1, seq + 1)[:, None]
    for asker, key in enumerate(keys, start=mark):
        attention[asker, :asker + 1], attention[asker, key] = 0.3 / asker, 0.7
    return attention[None]


def copies(rng, rows, symbols, blanks):
    """Inputs of the copy task: (rows, 2 * symbols + blanks)."""
    texts = []
    for _ in range(rows):
        letters = rng.integers(14, size=symbols)
        text = np.full(symbols + blanks, BLANK)
        text[np.sort(rng.permutation(symbols + blanks)[:symbols])] = letters
        texts.append([*text, MARK, *letters[:-1]])
    return np.array(texts)


class recall:
    stars, minutes = 2, 15
    hints = (
        "Walk along the pairs with a `memory` that only a write changes, and that a read hands out. A loop "
        "over rows and pairs is a good answer.",
        "Without a loop over the pairs: np.where(instructions == WRITE, places, 0), with places = "
        "np.arange(pairs), is the place of every write and 0 elsewhere; np.maximum.accumulate(..., axis=1) "
        "makes of it the place of the last write so far, (batch, pairs).",
        "last_write as above, then return np.where(instructions == READ, np.take_along_axis(bits, last_write, "
        "axis=1), bits)",
    )

    def example(answer, expect):
        """Reads repeat the bit of the last write; ignores and reads change nothing; all else stays."""
        instructions = np.array([[0, 2, 1, 0, 2, 1, 0, 1, 0, 1],          # w i r w i r w r w r
                                 [0, 2, 0, 1, 2, 1, 1, 2, 1, 0]])         # w i w r i r r i r w
        bits = np.array([[0, 0, 0, 1, 1, 1, 0, 1, 1, 1], [1, 1, 1, 0, 1, 0, 0, 0, 1, 1]])
        want = np.array([[0, 0, 0, 1, 1, 1, 0, 0, 1, 1], [1, 1, 1, 1, 1, 1, 1, 0, 1, 1]])
        expect.equal(answer(instructions, bits), want, mistakes=(
            (bits.copy(), "Nothing was changed. The bit after a read must be the one that was written last."),
            (np.array([[0, 0, 0, 1, 1, 1, 0, 0, 1, 1], [1, 1, 1, 1, 1, 1, 0, 0, 0, 1]]),
             "A read got the bit of the pair just before it, whatever its instruction. Only writes count."),
            (np.array([[0, 0, 0, 1, 1, 1, 0, 0, 1, 1], [1, 1, 1, 1, 1, 1, 1, 0, 0, 1]]),
             "An ignore changed the memory. Only a write does; the bits of ignores mean nothing."),
            (np.array([[0, 0, 0, 1, 1, 0, 0, 0, 1, 0], [1, 1, 1, 1, 1, 1, 1, 0, 1, 1]]),
             "All reads got the bit of the first write. It is the last one before the read that counts."),
            (np.array([[0, 0, 1, 1, 1, 1, 0, 1, 1, 1], [1, 1, 1, 1, 1, 1, 1, 0, 1, 1]]),
             "All reads got the bit of the text's last write. A read knows only the writes before it."),
            (np.array([[0, 0, 0, 1, 1, 1, 0, 1, 1, 1], [1, 1, 1, 1, 1, 1, 1, 0, 1, 1]]),
             "A written 1 was never overwritten by a 0: you keep the largest bit so far. Take the largest *place* "
             "of a write so far, and look the bit up there."),
            (np.array([[0, 0, 0, 1, 1, 0, 0, 0, 1, 0], [1, 1, 1, 0, 1, 1, 0, 0, 1, 1]]),
             "The texts were mixed: accumulate goes from text to text if no axis is named. Along a text is "
             "axis=1."),
            (np.array([[0, 0, 0, 1, 1, 1, 0, 1, 1, 0], [1, 1, 1, 0, 1, 0, 0, 0, 0, 1]]),
             "A write of 1 turned the memory round. It does not flip the bit, it sets it."),
            (np.array([[0, 0, 0, 1, 1, 1, 0, 0, 1, 1], [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]]),
             "The bits after ignores were changed too. They are random and stay as they are; only those after "
             "reads are determined."),
            (np.array([[0, 0, 0, 1, 1, 1, 0, 0, 1, 1], [1, 1, 1, 0, 1, 0, 0, 0, 1, 1]]),
             "In the second text the first text's writes were used. Every row has writes of its own."),
            (np.array([[0, 1, 0, 1], [1, 1, 1, 1]]),
             "These are the answers alone. The result has the shape of `bits`, with all other bits in it."),
            (np.array([[0, 0, 0, 1, 1, 3, 0, 6, 1, 8], [1, 1, 1, 2, 1, 2, 2, 0, 2, 1]]),
             "The reads got the place of the last write, not its bit: look the bit up at that place."),
        ))

    def each_row(answer, expect):
        """Every text has a memory of its own."""
        instructions = np.array([[0, 0, 1, 1], [0, 2, 0, 1]])
        bits = np.array([[0, 1, 0, 0], [1, 1, 0, 1]])
        expect.equal(answer(instructions, bits), np.array([[0, 1, 1, 1], [1, 1, 0, 0]]), mistakes=(
            (np.array([[0, 1, 1, 1], [1, 1, 0, 1]]),
             "In the second text the wrong write was taken. Every row has writes of its own."),
        ))

    def loops(answer, expect):
        """The same as walking back from every read to the write before it, for random texts."""
        rng = np.random.default_rng(0)
        instructions, bits = rng.integers(3, size=(20, 15)), rng.integers(2, size=(20, 15))
        instructions[:, 0] = 0
        want = bits.copy()
        for row in range(20):
            for place in np.flatnonzero(instructions[row] == 1):
                source = place
                while instructions[row, source] != 0:
                    source -= 1
                want[row, place] = bits[row, source]
        expect.equal(answer(instructions, bits), want,
                     says="For twenty random texts. Each begins with a write, and some reads stand far from "
                          "theirs.")
