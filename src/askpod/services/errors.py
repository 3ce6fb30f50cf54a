"""What went wrong with a model's service: its error replies parsed, in words that say what to do.

The errors of the openai client hold the request, and with it the key, which a service may repeat:
nothing of them is passed on but what is picked out here. Importing this loads the openai client.
"""

from __future__ import annotations

import json
import re
import socket
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

import openai

from askpod.errors import ModelError
from askpod.parsing import ParseError, parse_json
from askpod.services.endpoints import NO_KEY, struck_out
from askpod.services.openai_http import TooMuch, Unreadable
from askpod.services.retry import RequestFailure, retry_after

LONGEST_QUOTE = 240  # characters of what a service says that are passed on

_TOO_LONG = re.compile(
    r"context_length_exceeded|exceed_context_size|contextwindowexceeded"
    r"|maximum (context|model|allowed prompt|prompt) (length|window)|max_model_len"
    r"|exceed\w*\b.{0,60}\bcontext|context.{0,30}\bexceed|prompt (is )?too long"
    r"|input (is )?too long|too many (input )?tokens|request too large|reduce the length of"
    r"|input tokens exceed|exceeds the maximum number of tokens"
    r"|context length of only|(longer|greater) than the (model's )?context length"
    r"|`inputs` tokens \+ `max_new_tokens`",
    re.IGNORECASE | re.DOTALL,
)

# What gateways put into a reply that has begun with 200: the status that it should have had.
_PASSING = re.compile(
    r'"(?:code|status|status_code)"\s*:\s*"?(?:408|429|5\d\d)\b|overloaded_error|rate_limit_exceeded'
)
# No wait of seconds helps: money, or the requests or tokens of a day (Groq, Gemini, OpenRouter).
_USED_UP = re.compile(r"insufficient_quota|\bper[ _-]?day|PerDay|\bdaily\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class RequestInfo:
    """What was asked for and where, for the message of a failure."""

    model: str
    address: str  # fit to be shown
    key: str  # struck out wherever the service repeats it
    interface: str  # what is spoken there: "Chat Completions", "embeddings"
    setting: str  # that names the model: "ASKPOD_MODEL"
    timeout: float  # seconds
    slow: str = "try again"  # what to do where that was too short
    key_variable: str = "OPENAI_API_KEY"
    address_variable: str = "OPENAI_BASE_URL"


class ErrorMessages:
    """Puts the failures of one service into words."""

    def __init__(self, asked: RequestInfo, *, begun: bool = False) -> None:
        self.asked = asked
        self.begun = begun  # whether some of the reply had come before

    def of(self, problem: Exception) -> RequestFailure | None:
        """What a problem with a request means; None where what came is no reply at all."""
        if isinstance(problem, ModelError):
            return RequestFailure(problem)
        if isinstance(problem, openai.APIStatusError):
            return self.status(problem)
        if isinstance(problem, openai.APITimeoutError) or is_a(problem, "TimeoutException"):
            return self.timeout(problem)
        if isinstance(problem, openai.APIConnectionError) or is_a(problem, "TransportError"):
            return self.connection(problem)
        if isinstance(problem, TooMuch):
            return self.plain("sent a response without end")
        if isinstance(problem, Unreadable):
            return self.plain(f"sent a response that {problem}", "try again later")
        return None

    def plain(
        self,
        what: str,
        todo: str = "",
        *,
        retryable: bool = False,
        after: float | None = None,
        complaint: str = "",
    ) -> RequestFailure:
        """Like "The model's service at … what: todo"."""
        todo = f": {todo}" if todo else ""
        message = f"the model's service at {self.asked.address} {what}{todo}"
        return RequestFailure(ModelError(message, retryable=retryable), after, complaint)

    def status(self, problem: openai.APIStatusError) -> RequestFailure:
        """An HTTP status that is not success."""
        status, complaint = problem.status_code, complaint_of(problem)
        if status in (401, 403, 404):
            return replace(self.denied(status, complaint), complaint=complaint)
        if status == 413 or is_too_long(complaint):
            return self.too_long(complaint)
        if status == 429:
            return self.busy(problem, complaint)
        if status >= 500 or status in (408, 409, 425):
            return self.plain(
                f"failed on its side ({status}){self.quoted(complaint)}",
                "try again later",
                retryable=True,
                after=retry_after(problem.response.headers.get("retry-after", "")),
                complaint=complaint,
            )
        if 300 <= status < 400:
            target = urlsplit(problem.response.headers.get("location", "")).hostname
            todo = f"set {self.asked.address_variable} to the address that answers itself"
            return self.plain(f"redirects ({status}) to {target or 'elsewhere'}", todo)
        what = f"refused the request ({status}){self.quoted(complaint)}"
        return self.plain(what, complaint=complaint)

    def timeout(self, problem: Exception) -> RequestFailure:
        """Nothing came for too long."""
        if any(is_a(cause, "ConnectTimeout") for cause in chain(problem)):
            return self.plain("cannot be reached", "check the address and the network")
        said = f"said nothing for {self.asked.timeout:g} seconds"
        begun = " in the middle of the answer" if self.begun else ""
        return self.plain(f"{said}{begun}", self.asked.slow, retryable=True)

    def connection(self, problem: Exception) -> RequestFailure:
        """The connection did not come about, or broke."""
        causes = list(chain(problem))
        if any(isinstance(cause, socket.gaierror) for cause in causes):
            host = urlsplit(self.asked.address).hostname or "of its server"
            todo = f"the name {host} is not known; check {self.asked.address_variable}"
            return self.plain("cannot be found", todo)
        if any(isinstance(cause, ConnectionRefusedError) for cause in causes):
            todo = f"start it, or correct {self.asked.address_variable}"
            return self.plain("cannot be reached, as nothing listens there", todo)
        if any(isinstance(cause, ssl.SSLError) for cause in causes):
            return self.plain("cannot be trusted", "its certificate or TLS is not as it should be")
        if any(is_a(cause, "ConnectError", "ProxyError") for cause in causes):
            return self.plain("cannot be reached", "check the address, the network and any proxy")
        return self.broken_off()

    def broken_off(self) -> RequestFailure:
        """A reply without its end."""
        when = "in the middle of the answer" if self.begun else "before the answer"
        return self.plain(f"broke off {when}", "try again", retryable=True)

    def too_long(self, complaint: str) -> RequestFailure:
        """More than the model reads was sent."""
        return self.plain(f"says that the request is too long{self.quoted(complaint)}")

    def denied(self, status: int, complaint: str) -> RequestFailure:
        """The key, the model or the address is not right."""
        model, setting, no_key = self.asked.model, self.asked.setting, self.asked.key == NO_KEY
        if status == 401:  # the service's words are left out: they tend to hold parts of the key
            what = "asks for a key" if no_key else "refused the key"
            todo = f"{'set' if no_key else 'check'} {self.asked.key_variable}"
            return self.plain(f"{what} (401)", todo)
        if status == 403:
            what = f"does not allow this key to use {model} (403){self.quoted(complaint)}"
            return self.plain(what, f"check the key's rights, or choose another model ({setting})")
        if re.search("model|deployment", complaint, re.IGNORECASE):  # Azure's name for a model
            what = f"has no model {model} (404){self.quoted(complaint)}"
            return self.plain(what, f"check {setting}")
        what = f"has no {self.asked.interface} at this address (404){self.quoted(complaint)}"
        return self.plain(what, self.address_hint())

    def busy(self, problem: openai.APIStatusError, complaint: str) -> RequestFailure:
        """Too many requests."""
        if _USED_UP.search(complaint):
            what = f"says that the quota is used up (429){self.quoted(complaint)}"
            return self.plain(what, "check your plan there")
        after = retry_after(problem.response.headers.get("retry-after", ""))
        asked = f" and asks to wait {after:.0f} s" if after else ""
        return self.plain(
            f"is asked too often (429){asked}", "try again later", retryable=True, after=after
        )

    def address_hint(self) -> str:
        """What may be wrong with the address."""
        address, variable = self.asked.address, self.asked.address_variable
        if late := re.search(r"/(chat/completions|embeddings)$", address):
            return f"{variable} ends too late, try {address[: late.start()]}"
        if not re.search(r"/v\d", address):
            return f"{variable} mostly ends in /v1, try {address}/v1"
        return f"check {variable}"

    def quoted(self, complaint: str) -> str:
        """What the service said, as an appendix to a sentence, keys struck out."""
        return quoted(complaint)


def chain(problem: BaseException | None) -> Iterator[BaseException]:
    """An error and all that led to it."""
    while problem is not None:
        yield problem
        if isinstance(problem, BaseExceptionGroup):
            for member in problem.exceptions:
                yield from chain(member)
        problem = problem.__cause__ or problem.__context__


def is_a(problem: BaseException, *names: str) -> bool:
    """Whether it is an error of these names out of httpx or of its successor.

    Clients of several services may be in use at once, built on one or the other.
    """
    return any(
        base.__name__ in names and base.__module__.startswith("httpx")
        for base in type(problem).__mro__
    )


def is_too_long(complaint: str) -> bool:
    """Whether it says, in the words of one of the known servers, that the prompt is too long."""
    return bool(_TOO_LONG.search(complaint))


def may_pass(complaint: str) -> bool:
    """Whether an error that came inside a reply is a busy or failing service's, by its code."""
    return bool(_PASSING.search(complaint)) and not _USED_UP.search(complaint)


def quoted(complaint: str) -> str:
    """The message in it, as an appendix to a sentence; "" where there is none fit to be shown."""
    said = _message_in(complaint)
    if not said or "<" in said[:20]:
        return ""
    said = struck_out(said)
    said = " ".join("".join(c if c.isprintable() else " " for c in said).split())
    if len(said) > LONGEST_QUOTE:
        said = said[:LONGEST_QUOTE].rstrip() + "…"
    return f", saying “{said}”"


def complaint_of(problem: openai.APIError) -> str:
    """All that came with an error, as one text."""
    body: Any = problem.body
    return _as_text(body) if isinstance(body, Mapping | list) else str(body or problem.message)


def _message_in(complaint: str) -> str:
    """The message in an error's JSON; a text that is not JSON as it is."""
    try:
        body = parse_json(complaint)
    except ParseError:
        return complaint
    for _ in range(3):
        if isinstance(body, list) and len(body) == 1:  # Gemini's
            body = body[0]
        if not isinstance(body, Mapping):
            break
        body = next((body[k] for k in ("error", "message", "detail", "msg") if body.get(k)), "")
    return body if isinstance(body, str) else _as_text(body)


def _as_text(body: Any) -> str:  # noqa: ANN401 - whatever a service sends
    try:
        return json.dumps(body, ensure_ascii=False)
    except RecursionError:  # nested deeper than any message
        return ""
