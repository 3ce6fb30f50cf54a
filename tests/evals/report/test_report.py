"""The report of a run: what it shows, that hostile text in it stays text, and its size."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest
from jinja2 import UndefinedError

from askpod.evals.intervals import Interval
from askpod.evals.records import Record, Score, Summary
from askpod.evals.report.page import TEMPLATES, page
from askpod.evals.report.run import run_report
from report_records import SPEECH, answered, cited, heard, record, summary, watch

ROOT = Path(__file__).parents[3]
HOSTILE = '"><img src=x onerror=alert(1)><script>alert(2)</script>\u202egnp.exe\x1b[2J{{ 7 * 7 }}'


class Reader(HTMLParser):
    """Gathers what a page is made of, and its words."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self._open: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def test_a_report_shows_its_figures_in_words_with_their_intervals():
    text = Reader(run_report(summary(9), [record()])).text
    assert "of the gold facts are stated in the answers" in text
    assert "38 to 62 %" in text
    of_one = Reader(run_report(summary(1), [record()])).text
    assert "no interval" in of_one
    assert "38 to 62 %" not in of_one
    assert "apiary" in text
    assert "1,200" in text


def test_a_question_stands_with_its_answer_gold_and_scores():
    text = Reader(run_report(summary(), [record()])).text
    assert "How are the bees counted in year 1?" in text
    assert "By the weight of the hive." in text
    assert "stated: The hive is weighed" in text
    assert "It is done at night not stated" in text
    assert "citations that touch the evidence 0.50" in text
    assert "Sentences that their citations do not support Bees sing." in text
    assert "retrieved at 2" in text


def test_a_follow_up_stands_with_what_was_asked_before_it():
    asked = ("How are bees counted?", "At night?")
    text = Reader(run_report(summary(), [record(history=asked)])).text
    assert "asked after: How are bees counted? · At night?" in text
    assert "asked after" not in Reader(run_report(summary(), [record()])).text


def test_citations_evidence_and_passages_link_to_their_second():
    links = {each["href"] for each in Reader(run_report(summary(), [record()])).of("a")}
    assert {watch(104), watch(100), watch(110), watch(0)} <= links


@pytest.mark.parametrize(
    ("start", "told"),
    [(104, "in the evidence"), (160, "40 s off the evidence"), (50, "40 s off the evidence")],
)
def test_a_citation_says_how_far_from_the_evidence_it_stands(start, told):
    one = record(answer=answered("The hive is weighed [1].", cited(start)))
    assert told in Reader(run_report(summary(), [one])).text


def test_a_citation_of_an_episode_without_evidence_says_so():
    one = record(answer=answered("It is weighed [1].", {**cited(104), "episode_id": "ants"}))
    assert "another episode" in Reader(run_report(summary(), [one])).text


def test_words_that_stand_in_the_evidence_are_marked_in_the_passage():
    speech = f"Good evening. {SPEECH} Now the weather."
    page_of = run_report(summary(), [record(retrieved=(heard("bees", 90, 130, speech),))])
    assert f"Good evening. <mark>{SPEECH}</mark> Now the weather." in page_of


def test_what_another_episode_says_in_the_same_words_is_not_marked():
    page_of = run_report(summary(), [record(retrieved=(heard("ants", 90, 130),))])
    assert f">{SPEECH}</div>" in page_of
    assert "not among the 1 retrieved" in page_of


def test_a_passage_shows_where_in_it_the_evidence_lies():
    html = run_report(summary(), [record(retrieved=(heard("bees", 80, 120),))])
    assert "20.0 s of evidence" in html
    assert "left:50.0%;width:50.0%" in html


def test_a_refusal_is_named_and_a_question_without_answer_says_what_is_right():
    refused = record(
        gold={"answer": None, "facts": [], "evidence": []},
        slices={"type": "unanswerable", "episode": "none"},
        scores={"refusal_recall": Score(1.0)},
        answer=answered("I found nothing.", refused=True),
        details={},
    )
    text = Reader(run_report(summary(), [refused])).text
    assert "a refusal" in text
    assert "The archive does not hold it: the right reply is a refusal." in text
    assert "refused yes" in text


def test_a_run_of_the_search_alone_has_no_answers():
    searched = record(answer=None, details={}, scores={"recall@1000": Score(1.0)})
    text = Reader(run_report(summary(mode="retrieval"), [searched])).text
    assert "retrieval only, no answers" in text
    assert "not stated" not in text


def test_problems_are_told_at_the_top_and_at_their_question():
    text = Reader(run_report(summary(), [record(problems=("The model was not reached.",))])).text
    assert "1 question went wrong" in text
    assert "The model was not reached." in text


def test_the_same_run_gives_the_same_page():
    records = [record(n) for n in range(3)]
    assert run_report(summary(3), records) == run_report(summary(3), list(records))


def everywhere(words: str) -> Record:
    """A question of which every text is `words`."""
    evidence = {**heard("bees", 100, 120, words, words), "title": words, "episode": words}
    return record(
        id=words,
        question=words,
        cluster=words,
        slices={"type": words, "difficulty": words, "episode": words},
        gold={"answer": words, "facts": [words], "evidence": [evidence]},
        retrieved=(evidence,),
        answer=answered(
            f"{words} [1]", {**cited(3, words, words), "speaker": words, "title": words}
        ),
        problems=(words,),
        details={
            "facts": [{"fact": words, "statement": words, "score": 1.0}],
            "sentences": [{"text": words, "numbers": [], "supported": False}],
            "unknown_numbers": [7],
        },
    )


def test_hostile_text_stays_text():
    figures = {"recall@1000": Interval(0.5, 0.4, 0.6, 5, 5)}
    hostile = Summary(
        HOSTILE,
        {"model": HOSTILE, HOSTILE: [HOSTILE]},
        1,
        {
            "all": {"all": figures},
            "type": {HOSTILE: figures, "b": figures},
            "episode": {HOSTILE: figures},
        },
    )
    html = run_report(hostile, [everywhere(HOSTILE)])
    read = Reader(html)
    assert read.of("img") == []
    assert len(read.of("script")) == 1
    assert not [name for _, attributes in read.tags for name in attributes if name.startswith("on")]
    assert "\u202e" not in html
    assert "\x1b" not in html
    assert "\\u202egnp.exe" in read.text
    assert "{{ 7 * 7 }}" in read.text


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        " javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "file:///etc/passwd",
        "vbscript:x",
        "//evil.example/x",
        'https://evil.example/" onclick="alert(1)',
        "https://evil.example/\u202ex",
    ],
)
def test_an_address_that_is_no_plain_web_address_is_no_link(address):
    links = [each["href"] for each in Reader(run_report(summary(), [everywhere(address)])).of("a")]
    assert links
    assert all(link.startswith("#") for link in links)


def test_halves_of_characters_do_not_stop_a_report():
    assert run_report(summary(), [everywhere("broken \ud83d half")]).encode("utf-8")


def test_a_page_needs_nothing_from_elsewhere_and_runs_no_other_script():
    html = run_report(summary(), [record()])
    read = Reader(html)
    assert not [tag for tag, _ in read.tags if tag in ("link", "iframe", "object", "embed", "base")]
    assert not [each for tag, each in read.tags if "src" in each or "srcset" in each]
    assert "@import" not in html
    assert "url(" not in html
    policy = next(each["content"] for each in read.of("meta") if "http-equiv" in each)
    assert "default-src 'none'" in policy
    assert "script-src 'sha256-" in policy
    assert "unsafe-eval" not in policy


def test_headings_go_down_by_one_and_every_id_stands_once():
    read = Reader(run_report(summary(), [record(1), record(2)]))
    levels = [int(tag[1]) for tag, _ in read.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    ids = [each["id"] for _, each in read.tags if each.get("id")]
    assert len(ids) == len(set(ids))
    targets = {each["href"][1:] for each in read.of("a") if each["href"].startswith("#")}
    assert targets <= set(ids)


def test_tables_have_headers_and_plots_names():
    read = Reader(run_report(summary(), [record()]))
    assert all("scope" in each for each in read.of("th"))
    plots = [each for each in read.of("svg") if "plot" in (each.get("class") or "")]
    assert plots
    assert all(each.get("aria-label") or each.get("aria-hidden") for each in plots)


def test_a_report_of_a_long_gold_set_stays_small():
    words = "word after word of what was said " * 4
    passages = tuple(heard("bees", 90 + n, 190 + n, words * 5) for n in range(20))
    evidence = [heard("bees", 100 * n, 100 * n + 50, words * 4) for n in range(1, 9)]
    gold = {"answer": words, "facts": [words] * 4, "evidence": evidence}
    records = [record(n, retrieved=passages, gold=gold) for n in range(240)]
    assert len(run_report(summary(240), records).encode()) < 3_200_000


def test_endless_texts_are_cut():
    endless = everywhere("word " * 100_000)
    page_of = run_report(summary(), [replace(endless, question="How long?", id="long", slices={})])
    assert len(page_of) < 1_000_000


def test_a_template_that_uses_what_is_not_given_is_an_error():
    with pytest.raises(UndefinedError):
        page("title", "run")


def test_templates_travel_in_the_wheel():
    wheel = pytest.importorskip("hatchling.builders.wheel")
    files = wheel.WheelBuilder(str(ROOT)).recurse_included_files()
    shipped = {file.distribution_path for file in files}
    own = {f"askpod/evals/report/templates/{path.name}" for path in TEMPLATES.iterdir()}
    assert own <= shipped
    assert len(own) >= 4
