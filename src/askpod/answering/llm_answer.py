"""Answers through a model: it writes from numbered evidence, and every citation is checked.

What a person sees is only what `CitationWriter` lets through. Where the evidence is too weak no
model is called; where the model fails, the answer is made of the speakers' own sentences instead,
with a warning that says why.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, closing
from dataclasses import replace
from itertools import chain
from threading import Event

from askpod.answering.citations import CitationWriter, Unsupported
from askpod.answering.claims import is_denial
from askpod.answering.extractive import ExtractiveAnswerer
from askpod.answering.llm_client import LanguageModel, Reply
from askpod.answering.prompts import Prompts
from askpod.answering.quoting import Retrieved, in_pieces, numbered_after
from askpod.answering.refusal import (
    NEAREST,
    NEAREST_AFTER,
    NEAREST_AFTER_UNSUPPORTED,
    NEAREST_WITHOUT_MODEL,
    SAID_AFTER,
    SENTINEL,
    is_refusal,
)
from askpod.answering.replies import (
    ReplyReader,
    answer_schema,
    is_copied,
    without_thoughts,
    writes_prose,
)
from askpod.answering.rewriting import is_rewrite, queries_in, standalone
from askpod.answering.support import SupportChecker
from askpod.embedding import Embedder
from askpod.errors import ContextTooLong, ModelError
from askpod.links import second_link
from askpod.model import Answer, Exchange, Usage, newest
from askpod.retrieval.evidence import pack, render
from askpod.services.endpoints import sold_as
from askpod.settings import Settings
from askpod.tokens import Message, TokenCounter, cost

HISTORY_SHARE = 0.25  # of the context tokens, for a conversation's history
FALLBACK = "the model could not answer, so these are quotations"  # begins the warning that says it
COPIED = "the model repeated what it was sent in place of an answer"
BROKEN = "the model's reply is not of the form that was asked for"
SPENT = "the model used up its tokens before any answer: raise answer_tokens (ASKPOD_ANSWER_TOKENS)"


class LLMAnswerer:
    """Answers with one model. Safe for several threads."""

    def __init__(
        self,
        settings: Settings,
        embedder: Embedder,
        extractive: ExtractiveAnswerer,
        model: LanguageModel | None,
    ) -> None:
        """Asks `model`, by default one made from the settings; `close` closes it."""
        if settings.model is None:
            raise ValueError("no model in these settings")
        self._settings = settings
        self._limits = settings.model
        self.in_prose = writes_prose(settings.model.name, settings.model.context_tokens)
        # What a small model adds to the evidence is mostly invented.
        as_is: Unsupported = "drop" if self.in_prose else "mark"
        self._unsupported = as_is if settings.unsupported == "auto" else settings.unsupported
        self.model = model or LanguageModel(settings.model)
        self._prompts = Prompts(settings.prompts)
        self._tokens = TokenCounter(settings.model.name)
        self._checker = SupportChecker(embedder)
        # One thread that works while the model is waited for; it is idle otherwise.
        self._meanwhile = ThreadPoolExecutor(1, thread_name_prefix="askpod-evidence")
        self._extractive = extractive

    def close(self) -> None:
        """Lets go of connections and threads."""
        self._meanwhile.shutdown(wait=False, cancel_futures=True)
        self.model.close()

    def stream(self, asked: Retrieved) -> Generator[str | Answer]:
        """Text as it comes, then the Answer. Closing the iterator stops the request.

        The texts joined are the Answer's, but for a reply that broke off: its Answer is made
        without the model, and replaces what was shown.
        """
        begun = False
        try:
            for attempt in self._attempts(asked):
                try:
                    with closing(self.model.stream(attempt.messages, attempt.schema)) as replies:
                        for piece in replies:
                            for item in attempt.take(piece):
                                begun = True
                                yield item
                    return
                except ContextTooLong:
                    if attempt.last:
                        raise
        except ModelError as error:
            answer = self.without_model(asked, error)
            yield from (answer,) if begun else in_pieces(answer)

    async def astream(self, asked: Retrieved) -> AsyncGenerator[str | Answer]:
        """`stream` for asynchronous code. Cancelling stops the request."""
        begun = False
        try:
            for attempt in self._attempts(asked):
                replies = self.model.astream(attempt.messages, attempt.schema)
                try:
                    async with aclosing(replies):
                        async for piece in replies:
                            for item in attempt.take(piece):
                                begun = True
                                yield item
                    return
                except ContextTooLong:
                    if attempt.last:
                        raise
        except ModelError as error:
            answer = self.without_model(asked, error)
            for item in (answer,) if begun else in_pieces(answer):
                yield item

    def standalone(self, question: str, history: Sequence[Exchange]) -> tuple[str, Usage]:
        """A follow-up question as one that can be understood by itself, and what that cost.

        Where the model fails or does something else, the rule of rewriting.py serves instead.
        """
        by_rule = standalone(question, history)
        recent = self._recent(history)
        if not recent:  # the last answer is longer than what the model may be sent of it
            return by_rule, Usage()
        messages = self._prompts.standalone(question, recent)
        try:
            reply = self.model.reply(messages)
        except ModelError:
            return by_rule, Usage()
        rewritten = without_thoughts(reply.text).strip().split("\n")[0].strip().strip('"“”')
        fits = is_rewrite(rewritten, [question, *chain.from_iterable(recent)])
        return rewritten if fits else by_rule, self._usage(reply, messages)

    def other_words(self, question: str) -> tuple[tuple[str, ...], Usage]:
        """Sentences to search for besides a question, and what they cost.

        Raises:
            ModelError: the model cannot be reached now.
        """
        messages = self._prompts.rewrite(question)
        try:
            reply = self.model.reply(messages)
        except ModelError as error:
            if error.retryable:  # it was tried for as long as is patient: so would the answer be
                raise
            return (), Usage()
        said = without_thoughts(reply.text)
        return queries_in(said, question, messages), self._usage(reply, messages)

    def _recent(self, history: Sequence[Exchange]) -> list[tuple[str, str]]:
        room = int(HISTORY_SHARE * self._limits.context_tokens)
        recent = newest(history, room, self._tokens.count)
        return [(exchange.question, exchange.answer.text) for exchange in recent]

    def _attempts(self, asked: Retrieved) -> Iterator[_Attempt]:
        """With all the evidence that the limits allow; then once more with half of it."""
        question = asked.found.question

        def link(episode_id: str, second: float | None) -> str:
            episode = asked.episodes[episode_id]
            return second_link(episode.youtube, episode.links, second)

        overhead = self._tokens.count_messages(self._prompts.answer(question, []))
        limit = min(self._limits.context_tokens, self._limits.effective_window)
        budget = limit - overhead - self._limits.answer_tokens
        for last in (False, True):
            evidence = pack(asked.found.passages, asked.archive.turns, self._tokens.count, budget)
            if not evidence:
                raise ModelError(
                    f"context_tokens is {limit}: too few for a question with any evidence; raise it"
                )
            messages = self._prompts.answer(question, evidence)
            writer = CitationWriter(evidence, self._checker, link, self._unsupported, question)
            attempt = _Attempt(self, asked, messages, writer, last=last)
            self._meanwhile.submit(self._checker.prepare, evidence, attempt.answered)
            yield attempt
            budget = self._tokens.count(render(evidence)) // 2

    def without_model(self, asked: Retrieved, error: ModelError | None) -> Answer:
        """The speakers' own sentences, and why the model could not write where that is so."""
        answer = self._extractive.answer(asked)
        failed = () if error is None else (f"{FALLBACK}: {error}",)
        return replace(answer, usage=asked.usage, warnings=(*failed, *answer.warnings))

    def finished(self, attempt: _Attempt, reply: Reply) -> Answer:
        """The answer that a complete reply makes."""
        asked, writer = attempt.asked, attempt.writer
        warnings = [*self._settings.warnings, *writer.warnings]
        if reply.finish == "length" and not writer.repeating:  # else nothing of it is missing
            warnings.append(
                f"the model stopped at {self._limits.answer_tokens} tokens; the answer may be cut"
            )
        elif attempt.reader.partial:
            warnings.append(
                "some sentences of the model's reply were left out or could not be read"
            )
        if reply.finish == "content_filter":
            warnings.append("the model's service filtered the answer; it may be cut")
        found = asked.found
        answer = Answer(
            found.question, writer.text, writer.citations, found.passages, refused=False, mode="llm"
        )
        return self._signed(answer, attempt, reply, warnings)

    def found_nothing(self, attempt: _Attempt, reply: Reply, said: str = "") -> Answer:
        """What is shown where the model says that there is no answer; `said` in its own words.

        It is not taken at its word while the evidence is strong: small models refuse with the
        answer before them. So the quotations follow that an answer without a model would give.
        """
        quoted = self._extractive.answer(attempt.asked)
        if not quoted.refused:
            heading = f"{said}\n\n{NEAREST_AFTER}" if said else NEAREST_WITHOUT_MODEL
            quoted = replace(quoted, text=_headed(heading, quoted), basis="nearest")
        elif said:
            quoted = replace(quoted, text=said)
        return self._signed(quoted, attempt, reply, [*self._settings.warnings, *quoted.warnings])

    def unsupported(self, attempt: _Attempt, reply: Reply) -> Answer:
        """The answer of a reply of which nothing is supported, with quotations behind it."""
        answer, quoted = self.finished(attempt, reply), self._extractive.answer(attempt.asked)
        if quoted.refused:
            return answer if answer.text else self.found_nothing(attempt, reply)
        quoted = numbered_after(quoted, len(answer.citations))
        heading = NEAREST_AFTER_UNSUPPORTED if quoted.basis == "nearest" else SAID_AFTER
        between = "\n\n" if answer.text.strip() else ""
        return replace(
            answer,
            text=_headed(f"{answer.text}{between}{heading}", quoted),
            citations=answer.citations + quoted.citations,
            basis=quoted.basis,
        )

    def _signed(
        self, answer: Answer, attempt: _Attempt, reply: Reply, warnings: Sequence[str]
    ) -> Answer:
        """The answer with the model that was asked, what it wrote, was shown and cost."""
        return replace(
            answer,
            mode="llm",
            model=self.model.name,
            usage=attempt.asked.usage.then(self._usage(reply, attempt.messages)),
            warnings=tuple(warnings),
            reply=attempt.prose,
            evidence=attempt.writer.evidence,
        )

    def _usage(self, reply: Reply, messages: Sequence[Message]) -> Usage:
        """What a reply cost; tokens are counted here where the service does not say."""
        prompt, completion = reply.prompt_tokens, reply.completion_tokens
        if prompt is None:
            prompt = self._tokens.count_messages(messages)
        if completion is None:
            completion = self._tokens.count(reply.text)
        return Usage(
            prompt_tokens=prompt,
            completion_tokens=completion,
            cost=cost(sold_as(self._limits.name, self._limits.base_url), prompt, completion),
            model_seconds=reply.seconds,
            first_text_seconds=reply.first_text_seconds,
        )


class _Attempt:
    """One request to the model and the answer that grows from it."""

    def __init__(
        self,
        answerer: LLMAnswerer,
        asked: Retrieved,
        messages: list[Message],
        writer: CitationWriter,
        *,
        last: bool,
    ) -> None:
        self.asked = asked
        self.messages = messages
        self.writer = writer
        self.last = last  # no other attempt follows
        self.schema = None if answerer.in_prose else answer_schema(len(writer.evidence))
        self.answered = Event()  # the first piece has come
        self._answerer = answerer
        self.reader = ReplyReader()
        self._held = ""  # the beginning of a reply that may yet turn out to be the sentinel
        self._begun = False  # something was given to the writer
        self.prose = ""  # the reply with its markers, as it was read

    def take(self, piece: str | Reply) -> Iterator[str | Answer]:
        """What a piece of the model's stream lets a person see; after the Reply the Answer."""
        self.answered.set()
        if isinstance(piece, str):
            text = self.reader.feed(piece)
            self.prose += text
            if shown := self._feed(text):
                yield shown
            return
        ending = self.reader.finish()
        self.prose += ending
        question = self.asked.found.question
        copied = is_copied(self.prose, self.messages, self.writer.evidence, question)
        if self.reader.broken or copied:
            self._answerer.model.forget(self.messages, self.schema)
            unread = SPENT if piece.finish == "length" else BROKEN
            raise ModelError(COPIED if copied else unread)
        rest = self._held + ending
        if not self._begun:
            rest = rest.lstrip()
        if not self._begun and (is_refusal(rest) or not rest.strip()):
            yield from in_pieces(self._answerer.found_nothing(self, piece))
            return
        if shown := self.writer.feed(rest) + self.writer.finish():
            yield shown
        yield from self._ending(piece)

    def _ending(self, reply: Reply) -> Iterator[str | Answer]:
        """The Answer, after what it adds to the text that was shown."""
        shown, cited = self.writer.text, self.writer.citations
        if not cited and is_denial(shown.strip()):
            answer = self._answerer.found_nothing(self, reply, shown)
        elif self.writer.holds_nothing or (shown.strip() and not cited):
            answer = self._answerer.unsupported(self, reply)
        elif not shown.strip():
            answer = self._answerer.found_nothing(self, reply)
        else:
            answer = self._answerer.finished(self, reply)
        if more := answer.text.removeprefix(shown):
            yield more
        yield answer

    def _feed(self, text: str) -> str:
        self._held += text
        if not self._begun:  # many models begin with a space or a line break
            self._held = self._held.lstrip()
            if _may_refuse(self._held):
                return ""
        held, self._held = self._held, ""
        self._begun = self._begun or bool(held)
        return self.writer.feed(held)


def _headed(heading: str, quoted: Answer) -> str:
    """The text of an answer of quotations under another heading than its own."""
    quotations = quoted.text.removeprefix(NEAREST).lstrip("\n")
    return f"{heading}\n\n{quotations}"


def _may_refuse(text: str) -> bool:
    """Whether a reply that begins like this can still be the sentinel alone."""
    bare = text.lstrip(" \n*_\"'`#>").casefold()
    sentinel = SENTINEL.casefold()
    return sentinel.startswith(bare) or (
        bare.startswith(sentinel) and len(bare) < len(sentinel) + 24
    )
