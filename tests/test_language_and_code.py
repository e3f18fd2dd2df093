"""Lesson 12's texts and measures: parts that share nothing, windows that score every character,
and boundaries that are found where they are, and by chance nowhere.
"""

import numpy as np
import pytest

import minitorch as torch
from experiments import bits_table, plan
from experiments.recipes import SELECTION_SEEDS, Run
from experiments.records import write_record
from experiments.training import measure, split_texts, validation_texts
from solutions.language import (
    CORPORA,
    END_OF_PARAGRAPH,
    PARAGRAPH_LETTERS,
    TEXTS,
    corpus_batch,
    corpus_ids,
    paragraph_batch,
    paragraph_log_p,
    paragraph_sequences,
    paragraph_tokenizer,
    read_corpus,
    read_documents,
    table_log_p,
    text_tokenizer,
)
from solutions.language_and_code import (
    DEFINITION,
    SECTION,
    StretchedRoPE,
    bits_by_position,
    boundary_score,
    gates_by_character,
    head_scores,
    interpolate_positions,
    line_starts,
    log_p_of,
    ntk_base,
    paragraph_starts,
    perplexity,
    position_attention,
    shuffled_boundaries,
    sliding_window,
    starts_of,
)
from solutions.rope import RoPE, rope_cache
from solutions.training import UNSCORED
from solutions.transformer import Transformer

PARTS = ("training", "validation", "test")


def small_model(positions, **options):
    torch.manual_seed(0)
    return Transformer(96, 16, 2, 2, 64, positions, init_std=0.2, **options)


# ------------------------------------------------------------------ texts


@pytest.mark.parametrize("corpus, documents", [("english", 57), ("code", 28)])
def test_every_document_is_in_one_part(corpus, documents):
    names = [name for part in PARTS for name in read_documents(corpus, part)]
    assert len(names) == len(set(names)) == documents
    assert CORPORA[corpus].read_text(encoding="ascii").count("\f") == documents


@pytest.mark.parametrize("corpus", CORPORA)
def test_no_paragraph_of_the_test_is_in_the_training(corpus):
    seen, tested = (
        {" ".join(piece.split()) for piece in read_corpus(corpus, part).split("\n\n")}
        for part in ("training", "test")
    )
    again = {piece for piece in seen & tested if len(piece) > 60}
    assert not again, again


@pytest.mark.parametrize("corpus", CORPORA)
def test_the_tokenizer_knows_every_character(corpus):
    tokenizer = text_tokenizer()
    assert len(tokenizer) == 96 and tokenizer.decode([0, 1]) == "\n "
    for part in PARTS:
        assert tokenizer.decode(corpus_ids(corpus, part)) == read_corpus(corpus, part)


def test_the_texts_have_their_license_beside_them():
    license_text = (TEXTS / "PYTHON_LICENSE.txt").read_text(encoding="utf-8")
    assert "Python Software Foundation; All Rights Reserved" in " ".join(license_text.split())
    readme = (TEXTS / "README.md").read_text(encoding="utf-8")
    for path in TEXTS.glob("*.txt"):
        assert path.name in readme


def test_training_windows_are_of_the_training_documents_alone():
    inputs, targets = corpus_batch(np.random.default_rng(0), batch=5, seq_len=40, corpus="code")
    tokenizer, training = text_tokenizer(), read_corpus("code", "training")
    assert inputs.shape == targets.shape == (5, 40)
    for row, ahead in zip(inputs, targets):
        assert tokenizer.decode([*row, ahead[-1]]) in training


def test_each_paragraph_has_letter_frequencies_of_its_own():
    ids = paragraph_sequences(np.random.default_rng(0), 60, 600)
    text = paragraph_tokenizer().decode(ids.reshape(-1))
    assert set(text) == {"\n", *PARAGRAPH_LETTERS}
    whole = [p for row in ids for p in paragraph_tokenizer().decode(row).split("\n")[:-1]]
    lengths = [len(paragraph) for paragraph in whole]
    assert min(lengths) == 5 and max(lengths) == 60 and abs(np.mean(lengths) - 32.5) < 2
    shares = [max(map(p.count, p)) / len(p) for p in whole if len(p) >= 30]
    assert 0.3 < np.mean(shares) < 0.5 and max(map(text.count, PARAGRAPH_LETTERS)) < len(text) / 12
    inputs, targets = paragraph_batch(np.random.default_rng(1), batch=3, seq_len=20)
    assert inputs.shape == (3, 20) and (inputs[:, 1:] == targets[:, :-1]).all()


def test_what_can_be_known_of_the_next_letter_is_a_distribution():
    before = paragraph_tokenizer().encode("abcabca\nppopp")
    for length in range(len(before)):
        texts = np.array([[*before[:length], id] for id in range(17)])
        with np.errstate(divide="ignore"):
            p = np.exp(paragraph_log_p(texts)[:, -1])
        assert p.sum() == pytest.approx(1)
        letters_so_far = length - 1 - 7 if length > 7 else length
        assert (p[END_OF_PARAGRAPH] > 0) == (letters_so_far >= 5)
    ids = paragraph_sequences(np.random.default_rng(0), 200, 300)
    in_time = -paragraph_log_p(ids).mean() / np.log(2)
    confused = -paragraph_log_p(ids, evenness=3).mean() / np.log(2)
    assert 3 < in_time < 3.4 and in_time < confused - 0.1


# ------------------------------------------------------------------ measures


def test_bits_of_stretches_average_to_the_bits():
    log_p = np.log(np.random.default_rng(0).random((4, 12)))
    assert bits_by_position(log_p, 3).mean() == pytest.approx(perplexity(log_p)[0])
    assert perplexity(np.full(7, -np.log(96)))[1] == pytest.approx(96)


@pytest.mark.parametrize("length", [129, 130, 191, 192, 193, 300, 1000])
@pytest.mark.parametrize("stride", [1, 50, 64, 127, 128])
def test_every_character_is_scored_once_with_enough_before_it(length, stride):
    ids = np.arange(length)
    inputs, targets = sliding_window(ids, 128, stride)
    scored = targets != UNSCORED
    assert np.array_equal(np.sort(targets[scored]), ids[1:])
    assert (targets[scored] == inputs[scored] + 1).all()
    assert all(row.argmax() >= 128 - stride for row in scored[1:])
    assert (np.diff(inputs[:, 0]) <= stride).all() and (np.diff(inputs[:, 0]) > 0).all()


def test_log_p_of_a_model_is_that_of_its_softmax():
    model = small_model("rope")
    inputs, targets = sliding_window(corpus_ids("english", "test")[:100], 24, 12)
    log_p = log_p_of(model, inputs, targets, batch=3)
    assert (np.isnan(log_p) == (targets == UNSCORED)).all()
    p = model(torch.tensor(inputs)).softmax(-1).detach().numpy()
    for row, position in [(0, 0), (0, 23), (2, 20)]:
        expected = np.log(p[row, position, targets[row, position]])
        assert log_p[row, position] == pytest.approx(expected, abs=1e-5)


def test_a_table_that_looks_nowhere_is_the_unigram_model():
    p = np.exp(table_log_p("aab", "ab", [0], 96.0, vocab_size=96))
    np.testing.assert_allclose(p, [(2 + 1) / (3 + 96), (1 + 1) / (3 + 96)])


def test_a_longer_table_knows_what_follows():
    seen = "the cat and the hat " * 50
    shorter, longer = (
        -table_log_p(seen, seen, range(back + 1), 1.0, vocab_size=96).mean() for back in (1, 6)
    )
    assert longer < 0.3 < shorter


# ------------------------------------------------------------------ RoPE


def test_squeezed_positions_are_those_of_the_training_and_fractions():
    cos, sin = interpolate_positions(8, 6, trained_len=4)
    for squeezed, trained in zip((cos[::2], sin[::2]), rope_cache(4, 6)):
        np.testing.assert_allclose(squeezed, trained)


def test_a_larger_base_slows_the_slowest_pair_and_not_the_first():
    (cos, sin), (slow_cos, slow_sin) = rope_cache(9, 8), rope_cache(9, 8, ntk_base(10_000.0, 8, 4))
    angles, slow = np.arctan2(sin, cos), np.arctan2(slow_sin, slow_cos)
    np.testing.assert_allclose(slow[1, 0], angles[1, 0])
    np.testing.assert_allclose(slow[1, -1], angles[1, -1] / 4)


@pytest.mark.parametrize("how", ["as it is", "interpolated", "ntk"])
def test_stretched_rope_is_rope_up_to_the_trained_length(how):
    q, k = torch.randn(2, 1, 2, 20, 8).unbind(0)
    for mine, theirs in zip(StretchedRoPE(8, 20, how).rotate(q, k), RoPE(8).rotate(q, k)):
        np.testing.assert_allclose(mine.numpy(), theirs.numpy(), atol=1e-6)
    longer = StretchedRoPE(8, 5, how).rotate(q, k)[0].numpy()
    same = np.allclose(longer, RoPE(8).rotate(q, k)[0].numpy(), atol=1e-6)
    assert same == (how == "as it is")


# ------------------------------------------------------------------ heads


def test_shuffled_boundaries_keep_the_lengths():
    starts = np.random.default_rng(0).random(300) < 0.1
    for seed in range(5):
        shuffled = shuffled_boundaries(np.random.default_rng(seed), starts)
        lengths = [
            np.sort(np.diff(np.append(np.append(0, 1 + np.flatnonzero(each[1:])), 300)))
            for each in (starts, shuffled)
        ]
        assert np.array_equal(*lengths)


def test_a_head_that_keeps_to_its_part_is_above_chance_and_one_that_looks_nearby_is_not():
    seq, rng = 200, np.random.default_rng(0)
    starts = np.random.default_rng(1).random(seq) < 0.05
    part = np.append(0, starts[1:].cumsum())
    keeps = np.tril(part[:, None] == part).astype(float)
    nearby = np.tril(np.exp(-np.abs(np.subtract.outer(np.arange(seq), np.arange(seq))) / 8))
    for weights, least, most in ((keeps, 0.2, 1), (nearby, -0.06, 0.06)):
        weights = weights / weights.sum(axis=-1, keepdims=True)
        chance = [boundary_score(weights, shuffled_boundaries(rng, starts)) for _ in range(200)]
        assert least < boundary_score(weights, starts) - np.mean(chance) < most


@pytest.mark.parametrize("positions", ["rope", "alibi", "cope", "shaw"])
def test_attention_by_position_alone(positions):
    model, inputs = small_model(positions), corpus_ids("english", "test")[:60].reshape(2, 30)
    weights = position_attention(model, inputs)
    assert weights.shape == (2, 2, 2, 30, 30)
    np.testing.assert_allclose(weights.sum(-1), 1, rtol=1e-5)
    assert (weights[..., np.triu_indices(30, 1)[0], np.triu_indices(30, 1)[1]] == 0).all()
    uniform = np.allclose(weights[0, 0, 0], np.tri(30) / np.arange(1, 31)[:, None])
    assert uniform == (positions in ("rope", "cope"))  # CoPE's table starts at zero


def test_lines_and_paragraphs_begin_where_they_do():
    ids = text_tokenizer().encode("ab\ncd\n\n\nef\n\n")[None]
    assert np.flatnonzero(line_starts(ids)[0]).tolist() == [3, 6, 7, 8, 11]
    assert np.flatnonzero(paragraph_starts(ids)[0]).tolist() == [8]
    assert END_OF_PARAGRAPH == 0


def test_sections_and_definitions_begin_at_their_headings():
    def begin(pattern, text):
        starts = starts_of(pattern, text_tokenizer().encode(text)[None], text_tokenizer())
        return np.flatnonzero(starts[0]).tolist()

    assert begin(SECTION, "a\n===\nb - c\n\nNext one\n--------\n") == [13]  # 0 doesn't count
    assert begin(SECTION, "no\n--\nnot so\n --- \n----x\n") == []
    assert begin(DEFINITION, "x\ndef f():\n    def g(): 1\nclass A:\n# def h") == [2, 11, 26]


def test_head_scores_have_one_number_per_head():
    inputs = corpus_ids("english", "test")[:120].reshape(2, 60)
    found = head_scores(
        np.random.default_rng(0), small_model("alibi"), inputs, line_starts(inputs), 3
    )
    assert [each.shape for each in found] == 3 * [(2, 2)]
    assert ((found[0] > 0) & (found[0] <= 1)).all()


def test_gates_by_character_are_means_over_later_queries():
    model = small_model("cope", npos_max=8)
    inputs = corpus_ids("english", "test")[:80].reshape(2, 40)
    found = gates_by_character(model, inputs, 96)
    assert found.shape == (2, 2, 96)
    assert np.isnan(found[0, 0]).sum() == 96 - len(np.unique(inputs))
    block = model.blocks[0]
    q, k, v, _ = block.attention.prepare(
        block.attention_norm(model.embedding(torch.tensor(inputs)))
    )
    gates = block.attention.positions.gates(q, k, v).detach().numpy()[:, 1]
    pairs = [
        gates[window, query, key]
        for window in range(2)
        for query in range(40)
        for key in range(query + 1)
        if inputs[window, key] == inputs[0, 3]
    ]
    assert found[0, 1, inputs[0, 3]] == pytest.approx(np.mean(pairs), rel=1e-5)


# ------------------------------------------------------------------ the recorded runs


@pytest.mark.parametrize("recipe, characters", [("english", 19_038), ("code", 17_244)])
def test_the_same_characters_are_scored_at_every_length(recipe, characters):
    settings = Run(recipe, "rope").settings()
    texts = split_texts(settings)
    for _, targets in texts.values():
        assert (targets != UNSCORED).sum() == characters
    assert [inputs.shape[1] for inputs, _ in texts.values()] == [128, 256, 512]
    validation = text_tokenizer().decode(validation_texts(settings)[0][3])
    assert validation in read_corpus(recipe, "validation")


def test_a_language_models_record_has_its_losses_and_its_heads():
    settings = Run("english", "cope").settings()
    few = {split: {**how, "texts": 2} for split, how in settings["splits"].items()}
    measured = measure(small_model("cope", npos_max=9), {**settings, "splits": few})
    assert set(measured["losses"]) == set(few)
    for split, loss in measured["losses"].items():
        inputs, targets = split_texts({**settings, "splits": few})[split]
        log_p = log_p_of(small_model("cope", npos_max=9), inputs, targets)
        assert loss == pytest.approx(-np.nanmean(log_p), rel=1e-5)
    for kind in ("line", "paragraph"):
        assert {np.shape(each) for each in measured["heads"][kind].values()} == {(2, 2)}
    assert "losses" not in measure_of_counting()


def measure_of_counting():
    torch.manual_seed(0)
    settings = Run("copy", "none").settings()
    few = {split: {**how, "texts": 2} for split, how in settings["splits"].items()}
    return measure(Transformer(16, 8, 2, 1, 64, "none"), {**settings, "splits": few})


def language_record(settings, loss, folder):
    record = {key: {} for key in ("versions", "machine", "curve", "answers", "errors")}
    record |= {"settings": settings, "seconds": 9.0, "cpu_seconds": 3.0, "parameters": 1}
    record |= {"validation": {"error": 1 - loss / 9, "loss": loss}}
    record["losses"] = dict.fromkeys(bits_table.LENGTHS.values(), loss * np.log(2))
    write_record(record, folder)


def test_bits_choose_the_rate_and_fill_the_table(tmp_path):
    for setting, loss in zip(plan.grid_settings("english"), (1.5, 1.25)):
        seed = SELECTION_SEEDS[0]
        settings = Run("english", "rope", (seed, seed), setting).settings()
        language_record(settings, loss, tmp_path)  # the one with the lower loss has more errors
    assert plan.chosen_setting("english", "rope", tmp_path) == {"lr": 0.01}
    assert bits_table.bits_lines("english", folder=tmp_path) == []
    for seed, loss in ((0, 2.0), (1, 2.5)):
        settings = Run("english", "rope", (seed, seed), {"lr": 0.01}).settings()
        language_record(settings, loss, tmp_path)
    (line,) = bits_table.bits_lines("english", "{} here", tmp_path)
    spread = 3 * "  2.25 (2.00-2.50)"
    assert line.split() == f"rope here {spread} 3 2".split()
    assert len(line) == len(bits_table.HEADER)
    assert bits_table.mean_bits("english", tmp_path)["rope"].tolist() == pytest.approx(3 * [2.25])


def test_the_best_head_is_said_by_how_much():
    heads = {"line": {"score": [[0.5, 0.7]], "chance": [[0.5, 0.25]]}}
    assert bits_table.most_kept({"heads": heads}, "line") == pytest.approx(0.6)
