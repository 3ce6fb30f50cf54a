"""From what a model writes to what a person sees."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from askpod.answering.citations import UNCITED_MARK, UNSUPPORTED_MARK, CitationWriter, Unsupported
from askpod.answering.support import SupportChecker
from askpod.embedding.minilm import MiniLM
from askpod.model import Citation, EvidenceTurn, Span

EVIDENCE = (
    "The closing used to take a week. Now it is done in one day.",
    "Coffee spread around the world through colonialism. I drink mine black.",
    "Bananas rot on the shelf, so nobody buys the last two bananas.",
)
CHECKER = SupportChecker(MiniLM())


def evidence() -> list[EvidenceTurn]:
    return [
        EvidenceTurn(
            number=number,
            episode_id="talks",
            title="Small Talks",
            span=Span(number, 0, "Mara", text, start=100.0 * number, end=100.0 * number + 59),
            url="",
        )
        for number, text in enumerate(EVIDENCE, start=1)
    ]


def writer(unsupported: Unsupported = "mark") -> CitationWriter:
    def link(episode_id: str, second: float) -> str:
        return f"https://example.org/{episode_id}?t={int(second)}"

    return CitationWriter(evidence(), CHECKER, link, unsupported)


def write(text: str, size: int = 0, unsupported: Unsupported = "mark") -> CitationWriter:
    """Writes a text, in pieces of `size`, and checks that `text` is what was shown."""
    done = writer(unsupported)
    pieces = [text[i : i + size] for i in range(0, len(text), size)] if size else [text]
    assert "".join(map(done.feed, pieces)) + done.finish() == done.text
    return done


@pytest.mark.parametrize("header", ["Mara, 3:20 — ", "Mara (3:20): ", "Mara, 3:20: ", "At 3:20, "])
def test_where_it_was_said_is_no_number_of_the_claim(header: str) -> None:
    done = write(f"{header}Coffee spread around the world through colonialism. [2]")
    assert [(each.speaker, each.supported) for each in done.citations] == [("Mara", True)]


def test_a_citation_has_the_second_the_words_and_the_link() -> None:
    done = write("Coffee spread through colonialism [2].")
    assert done.text == "Coffee spread through colonialism [1]."
    assert done.warnings == ()
    assert done.citations == (
        Citation(
            number=1,
            episode_id="talks",
            title="Small Talks",
            speaker="Mara",
            start=200.0,
            end=pytest.approx(200 + 59 * 51 / 71, abs=1),
            quote="Coffee spread around the world through colonialism.",
            url="https://example.org/talks?t=200",
            supported=True,
            cited_by="model",
        ),
    )


def test_a_sentence_later_in_a_turn_has_a_later_second() -> None:
    (citation,) = write("She says that she drinks hers black [2].").citations
    assert citation.quote == "I drink mine black."
    assert citation.start > 240


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("Coffee spread by colonialism. [2]", "Coffee spread by colonialism. [1]"),
        ("Coffee spread by colonialism.[2] ", "Coffee spread by colonialism.[1]"),
        ("Coffee spread by colonialism.\n\n[2]", "Coffee spread by colonialism.\n\n[1]"),
        ("Coffee spread by colonialism【2†x】.", "Coffee spread by colonialism[1]."),
        ("- Coffee spread by colonialism [2]\n", "- Coffee spread by colonialism [1]"),
        ("**Coffee** spread by colonialism [2, 2]!", "**Coffee** spread by colonialism [1]!"),
    ],
)
def test_a_marker_belongs_to_the_words_before_it(written: str, shown: str) -> None:
    done = write(written)
    assert done.text == shown
    assert [citation.supported for citation in done.citations] == [True]


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        (
            "[2] Coffee spread through colonialism.\n[3] Nobody buys the last two bananas.",
            "Coffee spread through colonialism. [1]\nNobody buys the last two bananas. [2]",
        ),
        (
            "- [2] Coffee spread through colonialism.\n- [3] Nobody buys the last two bananas.",
            "- Coffee spread through colonialism. [1]\n- Nobody buys the last two bananas. [2]",
        ),
        (
            "[2] Coffee spread through colonialism. [3] Nobody buys the last two bananas.",
            "Coffee spread through colonialism. [1] Nobody buys the last two bananas. [2]",
        ),
    ],
)
@pytest.mark.parametrize("size", [0, 1])
def test_numbers_that_begin_a_line_belong_to_the_sentence_behind_them(written, shown, size) -> None:
    done = write(written, size)
    assert done.text == shown
    assert done.warnings == ()
    assert all(each.supported and each.cited_by == "model" for each in done.citations)


@pytest.mark.parametrize(
    "ending",
    [
        "Sources:\n[2] Mara, 3:20 — Small Talks",
        "**Sources**\n\n- [2] Mara, 3:20 — Small Talks\n- [3] Mara, 5:00 — Small Talks\n",
        "### References:\n1. [^2] Mara, 3:20",
        "Sources: [2], [3]",
        "[^2]: Mara, 3:20\n[^3]: Mara, 5:00",
    ],
)
@pytest.mark.parametrize("size", [0, 1])
def test_a_list_of_sources_that_the_model_adds_is_left_out(ending, size) -> None:
    done = write(f"Coffee spread through colonialism.[^2]\n\n{ending}", size)
    assert done.text == "Coffee spread through colonialism.[1]"
    assert done.warnings == ()


@pytest.mark.parametrize(
    "text", ["Sources:\n- Springs on the hill", "Sourdough rises.", "Evidence: it ran.\n\nSources:"]
)
def test_what_only_begins_like_a_list_of_sources_stays(text) -> None:
    assert write(text).text.replace(" (no source)", "") == text


@pytest.mark.parametrize(
    "written",
    [
        "Evidence:\n- [2] Coffee spread through colonialism.\n",
        "Sources:\n1. [2] Coffee spread through colonialism.\n",
    ],
)
@pytest.mark.parametrize("size", [0, 1])
def test_a_list_is_the_answer_where_nothing_else_is_cited(written, size) -> None:
    done = write(written, size)
    assert "Coffee spread through colonialism." in done.text
    assert len(done.citations) == 1
    done = write("Coffee spread.\n\nSources:\n[2] Mara, 3:20 — Small Talks", size)
    assert "Sources" not in done.text


def test_numbers_follow_first_use_and_repeats_share_one() -> None:
    done = write(
        "Nobody buys the last two bananas [3]. Coffee spread through colonialism [2]. "
        "The last two bananas are bought by nobody [3]."
    )
    assert re.findall(r"\[\d\]", done.text) == ["[1]", "[2]", "[1]"]
    assert [citation.number for citation in done.citations] == [1, 2]


def test_a_wrong_citation_is_marked_where_nothing_supports_the_claim() -> None:
    done = write("Tea was first grown on the moon [3].")
    assert done.text == f"Tea was first grown on the moon [1]{UNSUPPORTED_MARK}."
    assert [citation.supported for citation in done.citations] == [False]
    assert len(done.warnings) == 1


def test_a_wrong_citation_is_replaced_by_the_turn_that_says_it() -> None:
    done = write("Coffee spread through colonialism [3].")
    assert done.text == "Coffee spread through colonialism [1]."
    (citation,) = done.citations
    assert (citation.start, citation.supported, citation.cited_by) == (200.0, True, "askpod")
    assert done.warnings == ("wrong citations replaced by turns that hold: 1",)


def test_a_sentence_that_cites_nothing_is_given_the_turn_that_says_it() -> None:
    done = write("Nobody buys the last two bananas. Coffee spread by colonialism [2].")
    assert done.text == "Nobody buys the last two bananas. [1] Coffee spread by colonialism [2]."
    assert [each.cited_by for each in done.citations] == ["askpod", "model"]
    assert [each.start for each in done.citations] == [300.0, 200.0]
    assert done.warnings == ()


def test_of_two_citations_the_wrong_one_is_left_out() -> None:
    done = write("Coffee spread through colonialism [1, 2].")
    assert done.text == "Coffee spread through colonialism [1]."
    assert [(each.start, each.supported) for each in done.citations] == [(200.0, True)]
    assert done.warnings == ("citations left out beside others that hold: 1",)


def test_several_wrong_citations_have_one_mark() -> None:
    done = write("Tea was first grown on the moon [3] [1][2].")
    assert done.text == f"Tea was first grown on the moon [1] [2][3]{UNSUPPORTED_MARK}."
    assert [citation.supported for citation in done.citations] == [False] * 3
    assert done.warnings == ("citations that do not support their claim: 3, marked in the text",)


def test_each_part_of_a_sentence_is_judged_by_itself() -> None:
    done = write("Coffee spread by colonialism [2], and nobody buys the last two bananas [3].")
    assert (
        done.text == "Coffee spread by colonialism [1], and nobody buys the last two bananas [2]."
    )
    done = write("Coffee spread by colonialism [2], and tea was first grown on the moon [1].")
    assert [citation.supported for citation in done.citations] == [True, False]


def test_unknown_numbers_are_left_out_and_told() -> None:
    done = write("Coffee spread through colonialism [2] [9] [7-3] in 1700 [2024].")
    assert done.text == "Coffee spread through colonialism [1] in 1700."
    assert done.warnings == ("left out numbers that are not in the evidence: 9, 7-3, 2024",)


def test_many_unknown_numbers_make_one_short_warning() -> None:
    done = write("Bla " + "".join(f"[{number}]" for number in range(100, 1100)))
    assert done.warnings[0].endswith("106, 107 and 992 more")


def test_a_claim_without_a_source_is_marked() -> None:
    done = write("Tea is older than coffee. Coffee spread by colonialism [2].")
    assert done.text == f"Tea is older than coffee.{UNCITED_MARK} Coffee spread by colonialism [1]."
    assert write("Tea is older than coffee [99].").text.endswith(f"coffee.{UNCITED_MARK}")
    assert write("Some say:\n- tea is old").text.endswith(f"tea is old{UNCITED_MARK}")


@pytest.mark.parametrize(
    "text",
    [
        "Hello!",
        "Here is what the guests say about it:",
        "# How coffee came to Europe and beyond it",
        "**How coffee came to Europe and beyond**\n",
        "Why did coffee spread so fast?",
        "The episodes do not say when this happened.",
        "I cannot find an answer in the evidence.",
        "It is not mentioned how much it cost.",
        "I found nothing in these episodes that answers this.",
        "In short.",
        "Unfinished because",
        "I hope this helps you on your way!",
        "She laughed [chuckles].",
    ],
)
def test_what_states_nothing_needs_no_source(text: str) -> None:
    assert write(text).text == text.rstrip()


def test_abbreviations_and_list_numbers_end_no_sentence() -> None:
    text = "1. Fruit, e.g. the last two bananas, is bought by nobody [3].\n2. What else?"
    assert UNCITED_MARK not in write(text).text


def test_unsupported_sentences_can_be_left_out() -> None:
    text = "Tea has caffeine [1]. Coffee spread by colonialism [2][3].\n\n- Tea is green [2].\nBye."
    done = write(text, unsupported="drop")
    assert done.text == "Coffee spread by colonialism [1].\nBye."
    assert [citation.supported for citation in done.citations] == [True]
    assert done.warnings == (
        "sentences left out, nothing said supports them: 2",
        "citations left out beside others that hold: 1",
    )


def test_a_claim_without_a_source_is_left_out_where_unsupported_ones_are() -> None:
    text = "Coffee spread by colonialism. It is drunk on Mars, too. NOT IN THE EPISODES."
    done = write(text, unsupported="drop")
    assert done.text == "Coffee spread by colonialism. [1]"
    assert done.warnings == ("sentences left out, nothing said supports them: 1",)


def test_what_a_small_model_says_again_is_shown_once() -> None:
    text = "Coffee spread by colonialism [2]. Yes. Coffee spread by colonialism. Bye."
    done = write(text, unsupported="drop")
    assert done.text == "Coffee spread by colonialism [1]. Yes. Bye."
    assert done.warnings == ()


def test_text_appears_at_once() -> None:
    shown = writer()
    assert shown.feed("Coffee spre") == "Coffee spre"
    assert shown.feed("ad by colonialism [") == "ad by colonialism"
    assert shown.feed("2") == ""
    assert shown.feed("]") == ""  # a further number may follow
    assert shown.feed(".") == " [1]."
    assert shown.finish() == ""


@pytest.mark.parametrize("text", ["", " ", "[1]", "[1][2", "[", "[]", "[99]", "。[3]。", "\n[2]\n"])
def test_odd_texts(text: str) -> None:
    for unsupported in ("mark", "drop"):
        done = write(text, unsupported=unsupported)
        assert all(not citation.supported for citation in done.citations)


PARTS = st.sampled_from(
    [
        "Coffee spread by colonialism",
        "Nobody buys the last bananas",
        "It takes one day",
        "e.g. tea",
        "“Yes.”",
        "**Note**",
        *(
            "[1]",
            "[2]",
            "[3, 2]",
            "[1-3]",
            "【2†s】",
            "[99]",
            "[",
            "]",
            "[chuckles]",
            "[^3",
            "［１］",
        ),
        *(". ", " ", "\n", "\n- ", "? ", ".", ", ", "。", ":\n\n1. "),
    ]
)


@settings(max_examples=120)
@given(st.lists(PARTS, max_size=14), st.lists(st.integers(1, 9), min_size=1), st.booleans())
def test_pieces_make_no_difference(parts: list[str], sizes: list[int], drop: bool) -> None:
    text = "".join(parts)
    whole = write(text, unsupported="drop" if drop else "mark")
    pieced = writer("drop" if drop else "mark")
    at = turn = 0
    while at < len(text):
        size = sizes[turn % len(sizes)]
        pieced.feed(text[at : at + size])
        at, turn = at + size, turn + 1
    pieced.finish()
    assert pieced.text == whole.text
    assert pieced.citations == whole.citations
    assert pieced.warnings == whole.warnings
    for citation in whole.citations:
        assert any(citation.quote in said for said in EVIDENCE)


@pytest.mark.parametrize(
    "text",
    [
        "Coffee [1][2][3]" * 3_000,
        "[1]" * 10_000,
        "[1," * 30_000,
        "[" * 100_000,
        "word " * 20_000,
        "x" * 100_000 + "[1]",
        " " * 100_000 + "[2]",
    ],
    ids=["claims", "markers", "unclosed", "brackets", "words", "letters", "spaces"],
)
def test_hostile_texts_take_no_longer_than_others(text: str) -> None:
    # Beside itself: how fast a machine is does not matter. In squares it would be 16 times.
    assert spent(text) < 10 * spent(text[: len(text) // 4]) + 0.5


def test_a_flood_of_white_space_is_shown_as_a_gap() -> None:
    done = write("Coffee spread through colonialism." + " " * 5_000 + "\n" * 5_000 + "[2] I see.")
    assert len(done.text) < 500
    assert done.citations[0].number == 1


def spent(text: str) -> float:
    """CPU seconds to read a reply."""
    began = time.thread_time()
    write(text, size=1000)
    return time.thread_time() - began
