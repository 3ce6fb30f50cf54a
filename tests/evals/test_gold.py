"""Gold sets: what is taken, and how each bad row is named."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from textwrap import dedent

import pytest

from askpod.errors import GoldError
from askpod.evals.gold import GoldSet, Sources, Stretch, load_gold, misplaced, read_gold
from askpod.evals.measures.facts import FactMatcher
from askpod.text import split_sentences

EXAMPLES = Path(__file__).parents[2] / "evals" / "examples.yaml"
BEES = "hive-telemetry-for-small-apiaries"
ORGANS = "restoring-church-organs-by-measurement"


@pytest.fixture
def written(tmp_path):
    """Writes a gold file and gives its path."""

    def write(text: str) -> Path:
        path = tmp_path / "bees.yaml"
        path.write_text(dedent(text).lstrip(), encoding="utf-8")
        return path

    return write


GOOD = """
- id: good
  question: What starved?
  facts: [The bees]
  evidence:
  - {episode: hive-telemetry-for-small-apiaries, start: 83, end: 107}
"""


@pytest.fixture(scope="module", params=["examples", "chats"])
def kept(request) -> GoldSet:
    """A gold set of this project."""
    return load_gold(EXAMPLES.with_stem(request.param))


def test_the_gold_sets_fit_the_example_episodes(kept, archive):
    assert misplaced(kept, archive) == []
    asked = [(question.question, question.history) for question in kept.questions]
    assert len(set(asked)) == len(asked)


def test_every_fact_is_said_in_its_evidence(kept, archive):
    sources, matcher = Sources(archive), FactMatcher(archive.support_embedder)
    wanted = kept.questions if kept.name == "chats" else kept.questions[70:]  # older ones sum up
    missing = []
    for question in wanted:
        turns = [
            turn.text
            for turn, episode in every_turn(question, sources)
            if Stretch(episode, turn.start, turn.end).touches(question.stretches)
        ]
        said = [text[begin:end] for text in turns for begin, end in split_sentences(text)]
        facts = [*(question.facts or ()), *question.okay]
        found = matcher.match(facts, said)
        missing += [facts[match.fact] for match in found if match.statement is None]
    assert missing == []


def every_turn(question, sources):
    for episode in dict.fromkeys(each.episode for each in question.evidence):
        for turn in sources.turns(episode):
            yield turn, episode


def test_the_examples_have_every_kind_of_question():
    gold = load_gold(EXAMPLES)
    kinds = Counter(question.type for question in gold.questions)
    assert len(gold.questions) >= 140
    assert kinds["unanswerable"] >= len(gold.questions) / 8
    assert sum(bool(question.history) for question in gold.questions) >= 10
    few = {"episodes", "summary", "list", "compare", "yes-no", "number", "keyword", "speaker"}
    assert all(kinds[kind] >= 4 for kind in few)


def test_the_chats_are_sixty_of_three_turns():
    questions = load_gold(EXAMPLES.with_stem("chats")).questions
    assert len(questions) == 180
    for first, second, third in zip(*[iter(questions)] * 3, strict=True):
        assert first.history == ()
        assert second.history == (first.question,)
        assert third.history == (first.question, second.question)


def test_a_file_called_gold_has_the_name_of_its_folder(tmp_path):
    path = tmp_path / "meetings" / "gold.yaml"
    path.parent.mkdir()
    path.write_text(GOOD, encoding="utf-8")
    assert load_gold(path).name == "meetings"


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("{question: What?, evidence: [{episode: a, start: 1, end: 2}]}", "id: is missing"),
        ("{id: x, evidence: [{episode: a, start: 1, end: 2}]}", "x: question: is missing"),
        (
            "{id: x, question: What?, facts: [], evidence: [{episode: a, start: 1, end: 2}]}",
            "x: empty facts; name them, or leave the key out",
        ),
        (
            "{id: x, question: What?, facts: [A, ''], evidence: [{episode: a, start: 1, end: 2}]}",
            "x: facts.1: String should have at least 1 character",
        ),
        (
            "{id: x, question: What?}",
            "x: no evidence; a question without any has the type unanswerable",
        ),
        (
            "{id: x, question: What?, type: unanswerable, facts: [A]}",
            "x: an unanswerable question has neither facts nor evidence",
        ),
        (
            "{id: x, question: What?, evidence: [{episode: a, start: 9, end: 8}]}",
            "x: evidence.0: end 8 must be after start 9",
        ),
        (
            "{id: x, question: What?, evidence: [{episode: a, start: .nan, end: 8}]}",
            "x: evidence.0.start: Input should be",
        ),
        (
            "{id: x, question: What?, fact: [A], evidence: [{episode: a, start: 1, end: 2}]}",
            "x: fact: is no key that is known here",
        ),
        ("just a text", "must be a mapping"),
        ("{id: x, question: W?, type: unanswerable, okay: A}", "x: okay: must be a list"),
        ("{id: good, question: W?, type: unanswerable}", "good: the id stands at line 1 already"),
    ],
)
def test_a_bad_row_is_named_with_its_line(written, row, problem):
    path = written(GOOD + f"- {row}\n")
    with pytest.raises(GoldError) as raised:
        load_gold(path)
    first, second = str(raised.value).split("\n")
    assert first == f"{path}: one row needs mending"
    assert second.startswith(f"{path}:6: {problem}")


def test_all_bad_rows_are_named_and_the_good_ones_kept(written):
    path = written(GOOD + "- {id: x, question: What?}\n- {id: y}\n")
    with pytest.raises(GoldError, match="2 rows need mending"):
        load_gold(path)
    gold, problems = read_gold(path)
    assert [question.id for question in gold.questions] == ["good"]
    assert {(problem.line, problem.row) for problem in problems} == {(6, "x"), (7, "y")}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: [", ":2: is not valid YAML"),
        ("a: b", ":1: not a list of questions"),
        ("[]", ": no questions"),
        ("- &a {id: x}\n- *a", "2: uses a YAML alias"),
        ("- {id: x, question: !!python/object:os.system {}}", ":1: x: question: Input should be"),
    ],
)
def test_what_is_no_gold_set_is_said_with_its_place(written, text, said):
    path = written(text)
    with pytest.raises(GoldError) as raised:
        load_gold(path)
    assert str(path) in str(raised.value)
    assert said in str(raised.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(GoldError, match=r"none\.yaml: cannot be read"):
        load_gold(tmp_path / "none.yaml")


def test_evidence_outside_the_archive_is_found(written, archive):
    gold = load_gold(
        written(
            GOOD
            + f"""
- id: late
  question: What?
  evidence:
  - {{episode: {BEES}, start: 100000, end: 100010}}
- id: elsewhere
  question: What?
  episode: nowhere
  evidence:
  - {{episode: somewhere, start: 1, end: 2}}
- id: astray
  question: What?
  episode: {ORGANS}
  evidence:
  - {{episode: {BEES}, start: 1, end: 2}}
"""
        )
    )
    problems = [str(problem) for problem in misplaced(gold, archive)]
    length = Sources(archive).length(BEES)
    assert problems == [
        f"7: late: 100000 to 100010 s: {BEES} ends at {length:.0f} s",
        "11: elsewhere: unknown episode nowhere",
        "11: elsewhere: unknown episode somewhere",
        f"16: astray: asked of {ORGANS}, and has its evidence in {BEES}",
    ]


def test_speech_is_whole_sentences_of_the_seconds(archive):
    sources = Sources(archive)
    first = sources.turns(BEES)[0]
    whole = sources.speech(Stretch(BEES, first.start, first.end))
    assert whole.endswith(first.text)
    half = sources.speech(Stretch(BEES, first.start, (first.start + first.end) / 2))
    assert 0 < len(half) < len(whole)
    assert whole.startswith(half)
    assert half.endswith((".", "?", "!"))


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("{id: x, question: W?, type: unanswerable, okay: [A]}", "okay facts without facts"),
        ("{id: x, question: W?, type: unanswerable, history: ['']}", "history.0: String should"),
        (f"{{id: x, question: W?, type: unanswerable, history: {['a'] * 21}}}", "history: Tuple"),
    ],
)
def test_okay_facts_and_a_history_are_checked(written, row, said):
    with pytest.raises(GoldError, match=said):
        load_gold(written(f"- {row}\n"))


def test_what_needs_no_history_can_be_taken_alone(written):
    text = GOOD + "- {id: then, question: Why?, type: unanswerable, history: [What starved?]}\n"
    assert [question.id for question in load_gold(written(text)).alone().questions] == ["good"]
    only = load_gold(written("- {id: x, question: Why?, type: unanswerable, history: [What?]}\n"))
    with pytest.raises(GoldError, match="every question has a history"):
        only.alone()
