"""A conversation over something that can be asked: what it remembers and hands on."""

from __future__ import annotations

import pytest

from askpod.answering.asker import THANKED
from askpod.chat import AROUND, STOPPED, Chat, SourceError
from askpod.errors import QuestionError
from askpod.model import Answer, Citation, Exchange, Filters, Turn


def citation(number=1, start=100.0, end=110.0, quote="Bees dance.") -> Citation:
    return Citation(number, "bees", "About bees", "Ann", start, end, quote, "", True)


def answer(text="Bees dance. [1]", citations=None) -> Answer:
    cited = (citation(),) if citations is None else tuple(citations)
    return Answer("q", text, cited, (), False, "llm")


class Hive:
    """Answers everything in the same words, and remembers how it was asked."""

    def __init__(self, pieces=("Bees ", "dance. [1]"), turns=()) -> None:
        self.pieces = pieces
        self.said = list(turns)
        self.asked: list[tuple[str, list[str], Filters | None]] = []
        self.closed = False

    def ask_stream(self, question, *, history=(), filters=None):
        self.asked.append((question, [exchange.question for exchange in history], filters))
        try:
            for piece in self.pieces:
                if isinstance(piece, BaseException):
                    raise piece
                yield piece
            yield answer("".join(self.pieces))
        finally:
            self.closed = True

    def turns(self, episode_id):
        return self.said if episode_id == "bees" else []


def test_pieces_come_first_and_the_answer_last():
    chat = Chat(Hive())
    *pieces, last = chat.ask("Do bees dance?")
    assert pieces == ["Bees ", "dance. [1]"]
    assert last == chat.last == answer()
    assert chat.history == [Exchange("Do bees dance?", answer())]


def test_what_was_asked_goes_along_with_the_next_question():
    hive = Hive()
    chat = Chat(hive, filters=Filters(season=1))
    list(chat.ask("Do bees dance?"))
    chat.filters = Filters()
    list(chat.ask("Why?"))
    chat.restart()
    list(chat.ask("When?"))
    assert hive.asked == [
        ("Do bees dance?", [], Filters(season=1)),
        ("Why?", ["Do bees dance?"], None),
        ("When?", [], None),
    ]


def test_of_a_long_history_the_newest_exchanges_go_along():
    long = [Exchange(f"{number}?", answer("word " * 1_000)) for number in range(9)]
    chat = Chat(Hive(), history=long)
    assert [exchange.question for exchange in chat.recent()] == ["6?", "7?", "8?"]
    assert len(chat.history) == 9
    chat.history.append(Exchange("huge?", answer("word " * 9_000)))
    assert chat.recent() == []


def test_closing_stops_the_request_and_keeps_what_had_come():
    hive = Hive()
    chat = Chat(hive)
    stream = chat.ask("Do bees dance?")
    assert next(stream) == "Bees "
    assert not hive.closed
    stream.close()
    assert hive.closed
    (kept,) = chat.history
    assert (kept.question, kept.answer.text) == ("Do bees dance?", "Bees")
    assert kept.answer.warnings == (STOPPED,)
    with pytest.raises(SourceError, match="the last answer has no sources"):
        chat.source(1)


def test_an_interrupt_does_the_same():
    hive = Hive(["Bees ", KeyboardInterrupt()])
    chat = Chat(hive)
    with pytest.raises(KeyboardInterrupt):
        list(chat.ask("Do bees dance?"))
    assert hive.closed
    assert chat.last.text == "Bees"


def test_stopped_before_the_first_word_it_was_never_asked():
    chat = Chat(Hive([KeyboardInterrupt()]))
    with pytest.raises(KeyboardInterrupt):
        list(chat.ask("Do bees dance?"))
    assert chat.history == []


def test_stopped_after_the_answer_it_is_kept_whole():
    chat = Chat(Hive())
    stream = chat.ask("Do bees dance?")
    while not isinstance(next(stream), Answer):
        pass
    stream.close()
    assert chat.last == answer()


def test_an_error_leaves_the_history_as_it_was():
    chat = Chat(Hive(["Bees ", QuestionError("too long")]))
    with pytest.raises(QuestionError):
        list(chat.ask("Do bees dance?"))
    assert chat.history == []


def test_a_source_by_its_number():
    chat = Chat(Hive())
    with pytest.raises(SourceError, match="there is no answer yet"):
        chat.source(1)
    chat.history.append(Exchange("q", answer(citations=[citation(1), citation(2)])))
    assert chat.source(2).number == 2
    with pytest.raises(SourceError, match="the last answer has no source 3; it has 1, 2"):
        chat.source(3)


def test_an_excerpt_is_whole_sentences_from_a_minute_before_to_a_minute_after():
    sentence = "A sentence of this sort takes ten seconds. "
    turns = [
        Turn("Ann", "Long before.", 0.0, 10.0),
        Turn("Ann", sentence * 10, 10.0, 110.0),
        Turn("Bo", sentence * 20, 110.0, 310.0),
        Turn("Ann", "Long after.", 310.0, 320.0),
    ]
    chat = Chat(Hive(turns=turns), history=[Exchange("q", answer(citations=[citation()]))])
    excerpt = chat.excerpt(1)
    assert excerpt.citation == citation()
    assert [span.speaker for span in excerpt.spans] == ["Ann", "Bo"]
    first, last = excerpt.spans
    assert first.text.startswith("A sentence")
    assert last.text.endswith("seconds.")
    assert 100 - AROUND - 10 <= first.start <= 100 - AROUND
    assert 110 + AROUND - 1 <= last.end <= 110 + AROUND + 10


def test_an_excerpt_of_what_has_left_the_archive():
    chat = Chat(Hive(), history=[Exchange("q", answer())])
    with pytest.raises(SourceError, match="the archive no longer holds what source 1 cites"):
        chat.excerpt(1)


@pytest.mark.parametrize("thanks", ["thanks", "Thank you!", "ok great, thanks a lot", "Got it."])
def test_thanks_get_no_quotations_and_leave_the_talk_as_it_was(thanks):
    hive = Hive()
    chat = Chat(hive)
    list(chat.ask("Do bees dance?"))
    *pieces, last = chat.ask(thanks)
    assert pieces == [last.text] == [THANKED]
    assert last.citations == ()
    assert [exchange.question for exchange in chat.history] == ["Do bees dance?"]
    assert len(hive.asked) == 1


@pytest.mark.parametrize(
    "question", ["Thanks for what?", "OK, why?", "What do they thank her for?"]
)
def test_a_question_with_thanks_in_it_is_asked(question):
    hive = Hive()
    list(Chat(hive).ask(question))
    assert [asked for asked, _, _ in hive.asked] == [question]
