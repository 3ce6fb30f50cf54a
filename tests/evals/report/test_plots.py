"""Plots: what is drawn where, what is told to those who do not see it, and hostile names."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from askpod.evals.intervals import Interval
from askpod.evals.report.page import TEMPLATES
from askpod.evals.report.plots import heat_map, interval_bars, lines

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = '</text><script>alert("x")</script>\u202e\x1b[31m&'


def interval(value: float, off: float = 0.1, questions: int = 20) -> Interval:
    return Interval(value, value - off, value + off, questions, 10)


def read(svg: str) -> ElementTree.Element:
    """The plot as elements; fails where it is not well-formed."""
    return ElementTree.fromstring(svg)


def words(svg: str) -> list[str]:
    return ["".join(text.itertext()) for text in read(svg).iter(f"{SVG}text")]


def described(svg: str) -> str:
    return read(svg).findtext(f"{SVG}desc") or ""


def of_class(svg: str, name: str) -> list[ElementTree.Element]:
    return [each for each in read(svg).iter() if name in (each.get("class") or "").split()]


ONE_OF_EACH = {
    "bars": lambda name: interval_bars([(name, interval(0.5))], title=name),
    "lines": lambda name: lines({name: [(1, interval(0.5)), (2, interval(0.6))]}, name, name),
    "heat map": lambda name: heat_map([name], [name], {(name, name): interval(0.5)}, title=name),
}


@pytest.mark.parametrize("draw", ONE_OF_EACH.values(), ids=ONE_OF_EACH)
def test_a_plot_is_an_image_with_a_name_and_says_its_figures_in_words(draw):
    svg = draw("plain")
    root = read(svg)
    assert root.get("role") == "img"
    assert "plain" in root.get("aria-label")
    assert "0.50 (0.40 to 0.60)" in described(svg)


@pytest.mark.parametrize("draw", ONE_OF_EACH.values(), ids=ONE_OF_EACH)
def test_a_hostile_name_stays_text(draw):
    svg = draw(HOSTILE)
    assert not [each for each in read(svg).iter() if each.tag.endswith("script")]
    assert "\u202e" not in svg
    assert "\x1b" not in svg
    assert "\\u202e" in described(svg)


@pytest.mark.parametrize("draw", ONE_OF_EACH.values(), ids=ONE_OF_EACH)
def test_the_same_figures_give_the_same_plot(draw):
    assert draw("again") == draw("again")


def test_a_bar_ends_at_its_figure_and_its_whisker_at_the_interval():
    svg = interval_bars([("recall", Interval(0.5, 0.4, 0.75, 9, 3))])
    (bar,) = of_class(svg, "bar")
    across = of_class(svg, "interval")[0]
    assert (bar.get("x"), bar.get("width")) == ("0%", "50%")
    assert (across.get("x1"), across.get("x2")) == ("40%", "75%")
    assert "0.500.40–0.75" in words(svg)


def test_one_question_has_no_interval():
    svg = interval_bars([("refusal recall", Interval(1.0, 1.0, 1.0, 1, 1))])
    assert "refusal recall: 1.00<" in svg
    assert "1.00–1.00" not in svg
    assert 'class="interval' not in svg


def test_bars_of_seconds_have_an_axis_of_their_own():
    svg = interval_bars([("off", interval(30, 10))], top=60)
    (bar,) = of_class(svg, "bar")
    assert bar.get("width") == "50%"
    assert "60" in words(svg)


def test_a_figure_below_zero_has_its_bar_to_the_left_of_zero():
    (bar,) = of_class(interval_bars([("points", interval(-0.5))], low=-1.0), "bar")
    assert (bar.get("x"), bar.get("width")) == ("25%", "25%")
    (bar,) = of_class(interval_bars([("points", interval(0.5))], low=-1.0), "bar")
    assert (bar.get("x"), bar.get("width")) == ("50%", "25%")


def test_a_row_without_a_figure_has_a_dash_and_no_bar():
    svg = interval_bars([("nothing", None)])
    assert of_class(svg, "bar") == []
    assert "–" in words(svg)
    assert "nothing: no figure" in described(svg)


def test_the_reference_is_marked_in_every_row():
    svg = interval_bars([("a", interval(0.5)), ("b", interval(0.2))], reference=0.25)
    assert [each.get("x1") for each in of_class(svg, "reference")] == ["25%", "25%"]


def test_a_long_name_is_cut_in_the_plot_and_whole_in_words():
    svg = interval_bars([("a" * 80, interval(0.5))])
    assert "a" * 80 not in words(svg)
    assert "a" * 80 in described(svg)


def test_no_rows_make_an_empty_plot():
    assert read(interval_bars([])) is not None
    assert read(lines({}, "x", "y")) is not None
    assert read(heat_map([], [], {})) is not None


def places(svg: str) -> list[float]:
    """Where the marks stand across, in percent, in their order."""
    root = read(svg)
    legends = {id(each) for top in root.findall(f"{SVG}g[@transform]") for each in top.iter()}
    marks = [each for each in root.iter() if "mark" in (each.get("class") or "").split()]
    return [float(each.get("x")[:-1]) for each in marks if id(each) not in legends]


def test_points_on_a_log_axis_stand_as_far_apart_as_their_ratios():
    points = [(x, interval(0.5)) for x in (60, 600, 6000)]
    first, second, third = places(lines({"recall": points}, "words", "recall"))
    assert second - first == pytest.approx(third - second, abs=0.02)


def test_points_on_an_axis_from_0_stand_as_far_apart_as_their_differences():
    points = [(x, interval(0.5)) for x in (0, 1, 4)]
    first, second, third = places(lines({"recall": points}, "words", "recall"))
    assert third - second == pytest.approx(3 * (second - first), abs=0.05)


def test_shares_have_an_axis_to_one_and_larger_figures_to_a_round_value():
    shares = lines({"recall": [(1, interval(0.5)), (2, interval(0.6))]}, "words", "recall")
    rates = lines({"speed": [(1, interval(40, 5)), (16, interval(310, 30))]}, "requests", "tokens")
    assert {"0", "0.25", "0.5", "0.75", "1"} <= set(words(shares))
    assert {"0", "100", "200", "300", "400"} <= set(words(rates))


def test_lines_have_a_band_each_and_a_lonely_point_a_whisker():
    svg = lines(
        {"many": [(1, interval(0.5)), (2, interval(0.6))], "one": [(1, interval(0.4))]}, "x", "y"
    )
    assert len(of_class(svg, "band")) == len(of_class(svg, "line")) == 1
    assert len(of_class(svg, "whisker")) == 1


def test_thousands_of_tokens_are_written_short():
    points = [(x, interval(0.5)) for x in (4000, 8000, 128_000)]
    svg = lines({"f1": points}, "tokens", "F1")
    assert {"4k", "8k", "128k"} <= set(words(svg))


def test_labels_across_are_left_out_where_they_would_touch():
    points = [(float(x), interval(0.5)) for x in range(1000, 1100)]
    shown = [text for text in words(lines({"f1": points}, "x", "y")) if text.startswith("1,0")]
    assert 2 <= len(shown) <= 8


def test_a_cell_without_a_figure_is_empty_but_for_a_dash():
    cells = {("start", "4k"): interval(0.9), ("end", "4k"): None}
    svg = heat_map(["start", "end"], ["4k", "8k"], cells)
    assert words(svg).count("–") == 3
    assert len(of_class(svg, "empty")) == 3
    assert "end, 4k: no figure" in described(svg)


def test_a_higher_figure_is_never_a_lighter_cell():
    names = [f"c{n}" for n in range(21)]
    cells = {("row", name): interval(n / 20, 0) for n, name in enumerate(names)}
    svg = heat_map(["row"], names, cells)
    shades = [int(shade) for shade in re.findall(r'class="cell h(\d)"', svg)]
    assert shades == sorted(shades)
    assert (shades[0], shades[-1]) == (0, 8)


@given(
    st.lists(
        st.tuples(
            st.floats(0, 1e6),
            st.floats(0, 5000),
            st.floats(0, 100),
        ),
        max_size=8,
    )
)
def test_whatever_the_figures_nothing_is_drawn_outside(rows):
    points = [(x, Interval(value, value - off, value + off, 3, 2)) for x, value, off in rows]
    drawn = [
        lines({"a": sorted(points, key=lambda point: point[0])}, "x", "y"),
        lines({f"n{n}": [point] for n, point in enumerate(points)}, "x", "y"),
        interval_bars([(f"n{n}", each) for n, (_, each) in enumerate(points)]),
        heat_map(
            ["r"], [str(n) for n in range(8)], {("r", str(n)): p[1] for n, p in enumerate(points)}
        ),
    ]
    for svg in drawn:
        read(svg)
        assert "nan" not in re.sub(r"<(title|desc)>.*?</\1>", "", svg)
        for found in re.findall(r'\bc?x[12]?="(-?[\d.]+)%"', svg):
            assert 0 <= float(found) <= 100


def colours(dark: bool) -> dict[str, str]:
    """The style sheet's colours, by name."""
    light, _, rest = (TEMPLATES / "style.css").read_text().partition("@media (prefers-color-scheme")
    found = dict(re.findall(r"--(\w+): (#[0-9a-f]{6})\b", light))
    return found | dict(re.findall(r"--(\w+): (#[0-9a-f]{6})\b", rest)) if dark else found


def mixed(front: str, back: str, share: float) -> str:
    """The colour that `front` has on `back` with that opacity."""
    pairs = [(int(front[at : at + 2], 16), int(back[at : at + 2], 16)) for at in (1, 3, 5)]
    return "#" + "".join(f"{round(share * one + (1 - share) * two):02x}" for one, two in pairs)


def contrast(one: str, other: str) -> float:
    """As the Web Content Accessibility Guidelines 2.1 define it."""

    def light(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [
            part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
        ]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((light(one), light(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_all_words_can_be_read_in_light_and_in_dark(dark):
    colour = colours(dark)
    for name in ("ink", "soft", "accent", "alarm", "s0", "s1", "s2", "s3", "s4", "s5"):
        assert contrast(colour[name], colour["paper"]) >= 4.5, name
    style = (TEMPLATES / "style.css").read_text()
    shades = {
        int(n): float(share) for n, share in re.findall(r"\.h(\d) \{ fill-opacity: ([\d.]+)", style)
    }
    assert sorted(shades) == list(range(9))
    for shade, share in shades.items():
        behind = mixed(colour["accent"], colour["paper"], share)
        letters = colour["paper"] if shade >= 5 else colour["ink"]
        assert contrast(letters, behind) >= 4.5, f"h{shade}"
