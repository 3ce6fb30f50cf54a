"""What goes wrong with a stream of Chat Completions, beyond what may go wrong with any service."""

from __future__ import annotations

import openai

from askpod.errors import ContextTooLong, ModelError
from askpod.services.errors import ErrorMessages, RequestInfo, complaint_of, is_too_long
from askpod.services.http import where
from askpod.services.openai_http import NotAReply, TooMuch
from askpod.services.retry import RequestFailure
from askpod.settings import ModelSettings


class ChatWording(ErrorMessages):
    """Puts the failures of one model's service into words."""

    def __init__(self, settings: ModelSettings, key: str, *, begun: bool) -> None:
        self._settings = settings
        asked = RequestInfo(
            model=settings.name,
            address=where(settings.base_url),
            key=key,
            interface="Chat Completions",
            setting="ASKPOD_MODEL",
            timeout=settings.timeout,
            slow="try again, or raise the timeout (ASKPOD_TIMEOUT)",
        )
        super().__init__(asked, begun=begun)

    def of(self, problem: Exception) -> RequestFailure:
        """What a problem means that the openai client, its HTTP library or LangChain raised."""
        if known := super().of(problem):
            return known
        if isinstance(problem, openai.APIError):
            return self._reported(complaint_of(problem), "try again later")
        if isinstance(problem, NotAReply):
            if "json" in problem.kind and '"error"' in problem.text:
                return self._reported(problem.text)
            return self.plain(
                f"answered with {problem.kind} in place of a stream of Chat Completions",
                self.address_hint(),
            )
        if isinstance(problem, TooMuch):
            return self.plain("sent a response without end and no text in it")
        if "No generation chunks" in str(problem):  # LangChain's words
            return self.plain("sent no answer at all", self.address_hint())
        return self.plain(
            f"sent what is not a stream of Chat Completions ({type(problem).__name__})",
            "try again" if self.begun else self.address_hint(),
        )

    def nothing_said(self, finish: str) -> ModelError:
        """A reply without any text."""
        if finish == "content_filter":
            what, todo = "withheld the answer (its content filter)", "ask in other words"
        elif finish == "length":
            tokens = self._settings.answer_tokens
            what = f"used up {tokens} tokens before any text, as a reasoning model may"
            todo = "raise answer_tokens (ASKPOD_ANSWER_TOKENS)"
        else:
            what, todo = "gave an empty reply", "ask again, or choose another model"
        return self.plain(what, todo).error

    def too_long(self, complaint: str) -> RequestFailure:
        """A prompt that is longer than the model reads."""
        return RequestFailure(
            ContextTooLong(
                f"the prompt is longer than {self.asked.model} at {self.asked.address} reads"
                f"{self.quoted(complaint)}: lower context_tokens (ASKPOD_CONTEXT_TOKENS), or give "
                "the server a larger context"
            )
        )

    def _reported(self, complaint: str, todo: str = "") -> RequestFailure:
        """An error that came with a status of success."""
        if is_too_long(complaint):
            return self.too_long(complaint)
        return self.plain(f"reported a failure{self.quoted(complaint)}", todo)
