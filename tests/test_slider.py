"""Sliders: what is in the output is what the functions gave, and none of it can break the page."""

import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

import minitorch as torch
from classroom import slider
from classroom.slider import MARK, bars, hands, line

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
ALT = "A bar that grows."


@pytest.fixture
def shown(monkeypatch):
    """The bundles that were shown."""
    bundles = []
    monkeypatch.setattr(slider, "show_bundle", bundles.append)
    return bundles


def data_of(code):
    """What the script is called with."""
    text = code[code.index('({"name"') + 1 : code.rindex(");</script>")]
    head, numbers = text.rsplit('"values":', 1)
    return json.loads(head + '"values":' + re.sub(r"(?<![\d])\.(?=\d)", "0.", numbers))


class Tags(HTMLParser):
    """The tags of a page with their attributes, and how deep it ends."""

    def __init__(self, code):
        super().__init__()
        self.found, self.open, self.words = [], [], []
        self.feed(code)

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))
        self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, words):
        self.words.append(words)


def waves(step):
    x = np.linspace(0, 6, 30)
    points = [[np.sin(step), np.cos(step)], [np.sin(step / 10), np.cos(step / 10)]]
    return [
        hands(points, ["fast", "slow"], "clocks"),
        bars(torch.tensor([step * 1.0, np.nan, -step / 2, np.nan]), "abcd", "bars"),
        line(x, np.cos(x * step), "a wave", "x"),
    ]


def test_the_numbers_are_those_of_the_functions(shown):
    slider.show("step", range(25), waves, alt=ALT, says=lambda step: f"step {step} of 24", first=3)
    data = data_of(shown[0]["text/html"])
    assert data["stops"] == [str(step) for step in range(25)]
    assert data["says"][7] == "step 7 of 24" and data["first"] == 3
    for step, (clocks, heights, wave) in enumerate(data["values"]):
        want = [np.sin(step), np.cos(step), np.sin(step / 10), np.cos(step / 10)]
        assert np.allclose(clocks, want, atol=0.00051)
        assert heights == [step, None, -step / 2]  # the last one is no bar
        assert np.allclose(wave, np.cos(np.linspace(0, 6, 30) * step), atol=0.00051)


def test_what_is_drawn_without_a_script_is_the_first_stop(shown):
    slider.show("height", [1.0, 4.0], lambda height: [bars([height, 2], "ab", "two bars")], alt=ALT)
    tags = Tags(shown[0]["text/html"])
    marks = [attributes["d"] for tag, attributes in tags.found if tag == "path"]
    heights = [
        int(top) - int(bottom) for top, bottom in (re.findall(r"[ V](\d+)", d) for d in marks)
    ]
    assert heights == [20, 40] and not tags.open  # 80 pixels are 4
    assert {"1.00", "2.00", "a", "b", "two bars"} <= set(tags.words)
    assert "input" not in [tag for tag, _ in tags.found]  # the script brings it
    svg = next(attributes for tag, attributes in tags.found if tag == "svg")
    assert svg["role"] == "img" and svg["aria-label"] == ALT and svg["fill"] == "currentColor"


def test_the_text_is_the_same_everywhere(shown):
    for _ in range(2):
        slider.show("height", [1, 2], lambda height: [bars([height / 3], "a", "b")], alt=ALT)
    assert shown[0] == shown[1]
    assert shown[0]["text/plain"] == "height 1 to move\nA bar that grows."


def test_twenty_five_stops_take_at_most_10_kb(shown):
    def look(step):
        rng = np.random.default_rng(step)
        return [
            bars(rng.random(12), "abcdefghijkl", "x"),
            bars(rng.random(12), "abcdefghijkl", "y"),
        ]

    slider.show("step", range(25), look, alt=ALT)
    slider.show("step", range(25), waves, alt=ALT)
    assert max(len(bundle["text/html"].encode()) for bundle in shown) <= 10 * 1024


@pytest.mark.parametrize("path", sorted(NOTEBOOKS.glob("*.ipynb")), ids=lambda path: path.stem)
def test_the_lessons_sliders_are_stored_and_small(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    calls = sum("".join(each["source"]).count("\nslider.show(") for each in cells)
    outputs = [output for cell in cells for output in cell.get("outputs", ())]
    pages = ["".join(each.get("data", {}).get("text/html", "")) for each in outputs]
    sizes = [len(page.encode()) for page in pages if "data-slider=" in page]
    assert len(sizes) == calls and all(size <= 10 * 1024 for size in sizes)


def test_no_text_ends_the_page_or_the_script(shown):
    evil = "</script><script>alert(1)</script><!--\"'&\u2028"
    slider.show(
        evil,
        [evil, 1],
        lambda stop: [bars([1], [evil], evil), line([0, 1], [0, 1], evil, evil)],
        alt=evil,
        says=lambda stop: evil,
    )
    code = shown[0]["text/html"]
    tags = Tags(code)
    assert [tag for tag, _ in tags.found].count("script") == 1 and not tags.open
    assert code.count("</script>") == 1 and "<!--" not in code
    data = data_of(code)
    assert data["name"] == data["stops"][0] == data["says"][1] == evil
    assert next(attributes for tag, attributes in tags.found if tag == "svg")["aria-label"] == evil


def test_nothing_is_fetched_and_nothing_is_left_in_the_page(shown):
    slider.show("step", range(3), waves, alt=ALT)
    code = shown[0]["text/html"]
    assert not re.search(r"https?:|//\w|\bsrc=|url\(|import|fetch|XMLHttp|eval|innerHTML", code)
    script = slider.SCRIPT.read_text(encoding="utf-8")
    assert "innerHTML" not in script and "window" not in script


def test_the_script_has_a_native_slider_that_speaks_and_keeps_its_keys():
    script = slider.SCRIPT.read_text(encoding="utf-8")
    for part in (
        'type: "range"',
        'setAttribute("aria-label"',
        'setAttribute("aria-valuetext"',
        'addEventListener("keydown", event => event.stopPropagation())',
        "lmSuppressShortcuts",
    ):
        assert part in script


def test_the_color_is_readable_on_light_and_dark_pages():
    def luminance(color):
        parts = np.array([int(color[n : n + 2], 16) for n in (1, 3, 5)]) / 255
        linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
        return linear @ [0.2126, 0.7152, 0.0722] + 0.05

    for page in ("#ffffff", "#111111"):
        one, other = sorted([luminance(MARK), luminance(page)])
        assert other / one >= 3  # what is asked of graphics


@pytest.mark.parametrize(
    "look, words",
    [
        (lambda stop: [bars([1] * stop, "ab"[:stop], "x")], "as many values"),
        (lambda stop: [bars([1], "a", "x")] * stop, "the same panels"),
    ],
)
def test_stops_that_differ_in_more_than_numbers_are_refused(look, words):
    with pytest.raises(ValueError, match=words):
        slider.show("stop", [1, 2], look, alt=ALT)


def test_alt_text_is_required():
    with pytest.raises(ValueError, match="alt text"):
        slider.show("stop", [1], lambda stop: [bars([1], "a", "x")], alt=" ")


PROBE = """
const input = document.querySelector("input");
const texts = [];
for (const now of [0, 2]) {
  input.value = now;
  input.dispatchEvent(new Event("input"));
  const all = selector => [...document.querySelectorAll(selector)];
  const drawn = all("[data-marks] path").map(each => each.getAttribute("d"));
  const words = all("[data-texts] text").map(each => each.textContent);
  texts.push([drawn, words, input.getAttribute("aria-valuetext")]);
}
document.body.textContent = "PROBE" + JSON.stringify(texts) + "END";
"""


@pytest.mark.skipif(not shutil.which("chromium"), reason="chromium is not installed")
def test_the_script_draws_what_python_draws(shown, tmp_path):
    for first in (0, 2):
        slider.show("step", range(3), waves, alt=ALT, first=first)
    path = tmp_path / "page.html"
    path.write_text(f"<body>{shown[0]['text/html']}<script>{PROBE}</script>", encoding="utf-8")
    command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"]
    command += [f"--user-data-dir={tmp_path / 'profile'}", path.as_uri()]
    page = subprocess.run(command, capture_output=True, text=True, timeout=60).stdout
    for bundle, (drawn, words, spoken) in zip(
        shown, json.loads(re.search("PROBE(.*)END", page)[1])
    ):
        tags = Tags(bundle["text/html"])
        paths = [attributes["d"] for tag, attributes in tags.found if tag == "path"]
        assert [numbers(each) for each in drawn] == [numbers(each) for each in paths]
        assert (
            all(word == "" or word in tags.words for word in words) and words[1] == words[3] == ""
        )
        assert spoken == str(data_of(bundle["text/html"])["first"])


def numbers(path):
    return [float(number) for number in re.findall(r"-?[\d.]+", path)]
