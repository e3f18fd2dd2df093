"""The README's picture, caption and alternative text say what the records say."""

import numpy as np
import pytest

from experiments import readme_picture
from experiments.readme_picture import SHOWN, TESTS, alternative_text, caption, digest, errors_shown
from experiments.verdicts import Results


@pytest.fixture(scope="module")
def errors():
    return errors_shown(Results())


def test_readme_and_picture_are_what_the_records_say(errors):
    assert readme_picture.stale(errors) == [], "run `python -m experiments.readme_picture`"


def test_every_number_of_the_alternative_text_is_a_median(errors):
    text = alternative_text(errors)
    for name, of_tests in errors.items():
        numbers = [f"{np.median(of_tests[test]):.1f}" for test in TESTS]
        assert f"{name}: {', '.join(numbers[:-1])} and {numbers[-1]} %." in text


def made_up(**four_times):
    """0 % wrong in all tests, but at four times the length."""
    return {
        name: {test: [four_times.get(name, 0.0) * (test == "4x the length")] * 3 for test in TESTS}
        for name in SHOWN
    }


def test_the_caption_names_the_rows_and_who_is_better():
    text = caption(made_up(**{"CoPE, 97 rows": 30.0, "Transformer-XL": 5.0, "learned": 60.0}))
    assert "0.0 % wrong with 16 rows" in text and "30 % with 97, its default" in text
    assert "more than Transformer-XL and the forget gate" in text
    text = caption(made_up(**{"Transformer-XL": 5.0, "forget gate": 5.0}))
    assert "more than" not in text


def test_other_numbers_make_another_digest():
    assert digest(made_up(learned=1.0)) != digest(made_up(learned=2.0))


def test_the_picture_carries_its_digest(errors):
    assert digest(errors).encode() in readme_picture.png(errors)
