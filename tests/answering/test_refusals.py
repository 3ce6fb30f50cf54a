"""What was never said is refused; what was said is answered from where it was said."""

from __future__ import annotations

import pytest

from askpod import Archive
from askpod.answering.refusal import REFUSAL

ELSEWHERE = [
    "Who won the football world cup in 2018?",
    "How do I cook a risotto?",
    "What is the capital of Mongolia?",
    "How does photosynthesis work in desert plants?",
    "Which cryptocurrency should I buy?",
    "What did Napoleon eat at Austerlitz?",
    "What is the plot of Hamlet?",
    "How do I change the oil of a motorcycle?",
]


@pytest.mark.parametrize("question", ELSEWHERE)
def test_questions_about_other_things_are_refused(archive, question):
    answer = archive.ask(question)
    assert answer.refused
    assert answer.text == REFUSAL
    assert answer.citations == ()
    assert answer.passages, "the nearest passages are offered as leads"


def test_a_name_that_nobody_mentions_is_told(archive):
    answer = archive.ask("What does Marisol think of Napoleon?")
    assert answer.refused
    assert answer.warnings == ("these episodes never mention Napoleon",)


def test_a_place_that_nobody_mentions_does_not_refuse_what_is_near(archive):
    answer = archive.ask("How long did the bee trial run in Austria?")
    assert answer.basis == "nearest"
    assert answer.citations
    assert answer.warnings == ("these episodes never mention Austria",)
    assert archive.ask("What happened in Atlantis?").refused


@pytest.mark.parametrize(
    "question",
    ["Warum verhungerten die Bienenvölker im Februar?", "Proč včelstva v únoru zahynula?"],
)
def test_nouns_of_another_language_are_no_names_that_are_missing(archive, question):
    answer = archive.ask(question)
    assert not any("never mention" in warning for warning in answer.warnings)
    if answer.refused:
        assert any("another language" in warning for warning in answer.warnings)


def test_a_name_with_letters_of_other_alphabets_is_known(tmp_path):
    episode = tmp_path / "one.md"
    turn = "line: Turnips want a frost before they are pulled.\n  sec: 0\n  time: '0:00'"
    episode.write_text(f"---\ntitle: One\ntranscript:\n- {turn}\n  who: Zoë\n---\n", "utf-8")
    with Archive.open(tmp_path / "store", create=True) as archive:
        archive.index([episode])
        answer = archive.ask("What did Zoë say of turnips?")
        stranger = archive.ask("What did Zoë say of Łukasz?")
    assert not answer.refused
    assert stranger.warnings == ("these episodes never mention Łukasz",)


def test_questions_that_can_be_answered_are(asked):
    """Measured on 60: 57 answered, 52 of them with a citation inside the gold evidence."""
    answerable = [(gold, answer) for gold, answer in asked if gold["evidence"]]
    answered = [not answer.refused for _, answer in answerable]
    assert sum(answered) >= 0.9 * len(answerable)
    right = [_cites(answer, gold["evidence"]) for gold, answer in answerable]
    assert sum(right) >= 0.8 * len(answerable)


def _cites(answer, evidence):
    """Whether a citation lies within one of the stretches that carry the answer."""
    return any(
        citation.episode_id == stretch["episode"]
        and citation.start < stretch["end"]
        and citation.end > stretch["start"]
        for citation in answer.citations
        for stretch in evidence
    )


def test_what_is_said_word_for_word_is_not_refused(tmp_path, write_episode):
    talk = write_episode(
        "council.md",
        [
            ("Clerk", "Item four is the bench by the war memorial, which has rotted through."),
            ("Tom", "I'd have robinia, it lasts forty years outdoors and needs no paint."),
            ("Clerk", "The hedge along the school lane is item five, then the drains."),
        ],
    )
    with Archive.open(tmp_path / "store", create=True) as archive:
        archive.index([talk])
        answer = archive.ask("What is robinia?")
        assert archive.ask("What is a spaceship?").refused
    assert "robinia" in answer.citations[0].quote


def test_a_filter_that_leaves_nothing_is_a_refusal(archive):
    answer = archive.ask(ELSEWHERE[0], filters={"guest": "Nobody"})
    assert (answer.refused, answer.passages, answer.citations) == (True, (), ())


@pytest.mark.parametrize("question", ["?!…", "🐝🐝🐝", "{x} {{y}}", "the of and", "\x00\x07"])
def test_a_question_without_words_is_no_error(archive, question):
    assert archive.ask(question).question == question


def test_what_a_small_archive_says_nearest_is_quoted_as_that(tmp_path, write_episode):
    council = write_episode(
        "council.md",
        [
            ("Clerk", "The next one's the allotments at Crane Lane. Mr Pettifer's been waiting."),
            ("Wilf", "We've heard that the land's to go for houses, and from the butcher at that."),
            ("Imogen", "Well, it's only a suggestion in the local plan."),
            ("Chair", "I propose that we tell the county to take Crane Lane out. All in favour?"),
            ("Clerk", "That's everybody. Mr Pettifer, you can go home to your tea."),
            ("Wilf", "I've leeks in the car for you if you want them."),
        ],
    )
    with Archive.open(tmp_path / "store", create=True) as archive:
        archive.index([council])
        answer = archive.ask("What was decided about the allotments?")
        assert all(archive.ask(question).refused for question in ELSEWHERE)
    assert answer.basis == "nearest"
    assert answer.citations
