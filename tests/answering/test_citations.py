"""A citation never lies: it names the turn that was quoted, and the second it was said at."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest

from askpod import Answer, Archive
from askpod.answering.quoting import WORDS_IN_ALL
from askpod.answering.refusal import NEAREST
from askpod.model import Citation, Turn

ROUNDING = 1e-6  # seconds
TITLES = ("Bread", "Hive", "Measuring", "Night-Train", "Restoring", "Speech")
OPENINGS = (*TITLES, *(f"{number} episode" for number in range(1, 7)))  # of answers about episodes


@pytest.fixture(scope="session")
def turns(archive: Archive) -> dict[str, list[Turn]]:
    return {episode.id: archive.turns(episode.id) for episode in archive.episodes()}


def quoted_turn(citation: Citation, turns: dict[str, list[Turn]]) -> Turn | None:
    """The turn that holds the quotation word for word at the cited time, by the cited speaker."""
    for turn in turns[citation.episode_id]:
        if (
            citation.quote in turn.text
            and citation.speaker == turn.speaker
            and turn.start - ROUNDING <= citation.start < citation.end <= turn.end + ROUNDING
        ):
            return turn
    return None


def test_every_quote_stands_word_for_word_in_the_turn_it_names(answers, turns):
    assert answers
    for answer in answers:
        for citation in answer.citations:
            assert quoted_turn(citation, turns), citation


@pytest.mark.parametrize("marks", ["“”", '""'])
def test_no_quote_has_one_mark_of_a_pair_at_its_end(tmp_path, write_episode, marks):
    said = [f"Her letter began: {marks[0]}My cousin sells umbrellas on the pier at Oban in spring."]
    said += ["The pier has 40 lamps."] * 30  # more than a quotation takes in
    said += [f"Every beekeeper should weigh all beehives in autumn.{marks[1]}"]
    others = [(f"Guest {n}", f"Ferry {n} to the islands sails at noon.") for n in range(20)]
    talk = write_episode("hives.md", [*others[:10], " ".join(said), *others[10:]])
    with Archive.open(tmp_path / "store", create=True) as archive:
        archive.index([talk])
        citations = archive.ask("Should every beekeeper weigh beehives in autumn?").citations
    [quote] = [each.quote for each in citations if "beehives" in each.quote]
    assert quote.startswith("The pier")
    assert quote.endswith("Every beekeeper should weigh all beehives in autumn.")


@pytest.mark.parametrize("marks", ["“”", '""'])
def test_what_others_are_quoted_to_say_is_told_by_whom(tmp_path, write_episode, marks):
    said = "The committee of the town had an answer to all of us. "
    said += f"They told me: {marks[0]}No. We weigh our beehives in autumn. It is done.{marks[1]}"
    others = [(f"Guest {n}", f"Ferry {n} to the islands sails at noon.") for n in range(20)]
    talk = write_episode("hives.md", [*others[:10], f"{'Rain fell. ' * 20}{said}", *others[10:]])
    with Archive.open(tmp_path / "store", create=True) as archive:
        archive.index([talk])
        citations = archive.ask("When do people weigh beehives?").citations
    [quote] = [each.quote for each in citations if "beehives" in each.quote]
    assert "They told me" in quote


def test_a_quote_from_within_a_turn_begins_at_its_share_of_the_time(answers, turns):
    inner = 0
    for citation in (citation for answer in answers for citation in answer.citations):
        turn = quoted_turn(citation, turns)
        share = turn.text.index(citation.quote) / len(turn.text)
        inner += share > 0
        expected = turn.start + share * (turn.end - turn.start)
        assert citation.start == pytest.approx(expected, abs=0.5)
    assert inner > 10


def test_every_quote_is_from_a_turn_of_the_evidence_that_is_returned(answers, turns):
    """It may go on beyond the passage, to the end of its thought, but not beyond the turn."""
    for answer in answers:
        assert answer.passages
        for citation in answer.citations:
            assert any(
                passage.episode_id == citation.episode_id
                and citation.quote in turns[citation.episode_id][span.turn].text
                for passage in answer.passages
                for span in passage.spans
            )


def test_a_link_opens_the_second_or_else_the_episode(answers, archive):
    episodes = {episode.id: episode for episode in archive.episodes()}
    kinds = set()
    for citation in (citation for answer in answers for citation in answer.citations):
        episode = episodes[citation.episode_id]
        assert citation.title == episode.title
        kinds.add(bool(episode.youtube))
        if episode.youtube:
            video = f"https://www.youtube.com/watch?v={episode.youtube}"
            assert citation.url == f"{video}&t={int(citation.start)}s"
        else:
            assert citation.url in episode.links.values()
    assert kinds == {True, False}


def test_numbers_run_from_1_in_the_order_of_their_use(answers):
    for answer in answers:
        numbers = [int(number) for number in re.findall(r"\[(\d+)\]", answer.text)]
        assert numbers == list(range(1, len(answer.citations) + 1))
        assert [citation.number for citation in answer.citations] == numbers


def test_all_of_an_answer_is_quotation(answers):
    for answer in answers:
        opening, *rest = statements = answer.text.split("\n\n")
        if opening == NEAREST or opening.startswith(OPENINGS):
            statements = rest
        for statement, citation in zip(statements, answer.citations, strict=True):
            assert statement.endswith(f": “{citation.quote}” [{citation.number}]")
            assert citation.speaker in statement.removesuffix(f"“{citation.quote}”")


def test_answers_are_short_and_their_quotes_do_not_overlap(answers):
    for answer in answers:
        assert 8 <= sum(len(each.quote.split()) for each in answer.citations) <= WORDS_IN_ALL
        ordered = sorted(answer.citations, key=lambda each: (each.episode_id, each.start))
        for one, other in pairwise(ordered):
            assert one.episode_id != other.episode_id or one.end <= other.start + ROUNDING


def test_answers_are_supported_and_made_without_a_model(answers: list[Answer]):
    for answer in answers:
        assert all(citation.supported for citation in answer.citations)
        assert (answer.mode, answer.model) == ("extractive", None)
        assert (answer.usage.prompt_tokens, answer.usage.cost) == (0, None)
        assert answer.usage.retrieval_seconds > 0


def test_the_speaker_filter_quotes_nobody_else(archive):
    for question in ("What was surprising?", "What should people take home from this?"):
        for speaker in ("Odalys", "wenna threlkeld", "pavo"):
            answer = archive.ask(question, filters={"speaker": speaker})
            for citation in answer.citations:
                assert speaker.casefold() in citation.speaker.casefold()
    answer = archive.ask("Who owns a voice?", filters={"speaker": "Pavo Istrenj"})
    assert answer.citations, "somebody is quoted at all"
