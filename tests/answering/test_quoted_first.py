"""What is quoted first is the answer: not who leads to it, and not without its first words."""

from __future__ import annotations

import pytest

from askpod import Archive


@pytest.fixture
def asked_of(write_episode, tmp_path):
    """Indexes one talk, of which no guests are known, and answers a question about it."""

    def ask(question: str, *turns: tuple[str, str]):
        path = write_episode("talk.md", turns)
        with Archive.open(tmp_path / "store", create=True) as archive:
            archive.index([path])
            return archive.ask(question)

    return ask


def test_where_no_guests_are_known_who_asks_is_the_host(asked_of):
    answer = asked_of(
        "What did the chapel organ sound like?",
        ("Vera", "How did you come to the valley? What was there?"),
        ("Olin", "My aunt had a mill and no heir, so she wrote to me every week until I came."),
        (
            "Vera",
            "I love that chapel organ, it comes up a lot. Why was it sold?",
        ),
        ("Olin", "The roof was leaking and nobody would pay for slates, so it went to a farmer."),
        ("Vera", "And how did it sound? Was it any good?"),
        ("Olin", "The organ sounded like a cow in a tunnel, with two pipes that were always late."),
        ("Vera", "Did you ever play it? Who did?"),
        ("Olin", "A baker did, in his apron, and there was flour on the keys of the chapel organ."),
    )
    assert answer.citations[0].speaker == "Olin"
    assert "cow in a tunnel" in answer.citations[0].quote


def test_who_reads_a_question_out_may_answer_it(asked_of):
    answer = asked_of(
        "Can you freeze dumplings?",
        ("Nell", "Dumplings want a dry dough."),
        ("Piet", "You know, I would eat them for breakfast, cold, with cream and sugar."),
        (
            "Nell",
            "Otto in Linz asks if you can freeze dumplings. "
            "Sure, raw, on a tray, and later put them straight into the water.",
        ),
        ("Piet", "My mother had one that fitted nowhere, and it was very ugly."),
    )
    assert "Sure, raw, on a tray" in answer.citations[0].quote


def test_a_question_in_a_letter_is_not_quoted(asked_of):
    answer = asked_of(
        "Were you ever afraid in the cave?",
        (
            "Vera",
            "We got a letter from a Jonas in Bern, he asks whether you were afraid in the cave.",
        ),
        ("Olin", "Once. The lamp went out, and I heard water come up behind me for an hour."),
    )
    assert {citation.speaker for citation in answer.citations} == {"Olin"}


def test_what_begins_near_the_beginning_of_a_turn_begins_there(asked_of):
    answer = asked_of(
        "Who took the pages out of the register?",
        ("Vera", "So who was it? In your view."),
        (
            "Olin",
            "Milo, to my mind. No stranger. A stranger takes the whole register. He took the pages "
            "out of the register because he wanted to show the pages to somebody, and I think that "
            "it was a notary. It is why I never looked at the bargemen, whatever was said in the "
            "harbour at the time, and a good deal was said there, most of it by their cousins.",
        ),
        *(
            ("Vera" if place % 2 else "Olin", f"The register had {number} pages on {thing}, {why}.")
            for place, (number, thing, why) in enumerate(
                (number, thing, why)
                for number in ("nine", "forty", "sixty", "some")
                for thing, why in [
                    ("coal", "since it went by weight, and a weight was argued over for hours"),
                    ("grain", "which came in autumn and had to be under a roof by the evening"),
                    ("timber", "although a raft paid by its length and hardly ever stopped here"),
                ]
            )
        ),
    )
    assert answer.citations[0].quote.startswith("Milo, to my mind. No stranger.")
