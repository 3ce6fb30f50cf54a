"""What a model's service says when it refuses a request: read, and made fit to be shown.

What a service says comes from outside and may repeat the key: keys are struck out, control
characters and markup left out, and it is cut short.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import openai

LONGEST_QUOTE = 240  # characters of what a service says that are passed on

_TOO_LONG = re.compile(
    r"context_length_exceeded|exceed_context_size|contextwindowexceeded"
    r"|maximum (context|model|allowed prompt|prompt) (length|window)|max_model_len"
    r"|exceed\w*\b.{0,60}\bcontext|context.{0,30}\bexceed|prompt (is )?too long"
    r"|input (is )?too long|too many (input )?tokens|request too large|reduce the length of"
    r"|input tokens exceed",
    re.IGNORECASE | re.DOTALL,
)
_KEY_LIKE = re.compile(r"\b(sk|gsk|pk|api|key)-[\w*.-]{6,}|\bBearer\s+\S+", re.IGNORECASE)


def is_too_long(complaint: str) -> bool:
    """Whether it says, in the words of one of the known servers, that the prompt is too long."""
    return bool(_TOO_LONG.search(complaint))


def quoted(complaint: str, key: str) -> str:
    """The message in it, as an appendix to a sentence; "" where there is none fit to be shown."""
    said = _message_in(complaint)
    if not said or "<" in said[:20]:
        return ""
    for secret in sorted(filter(None, (key, *_header_values())), key=len, reverse=True):
        said = said.replace(secret, "***")
    said = _KEY_LIKE.sub("***", said)
    said = " ".join("".join(c if c.isprintable() else " " for c in said).split())
    if len(said) > LONGEST_QUOTE:
        said = said[:LONGEST_QUOTE].rstrip() + "…"
    return f", saying “{said}”"


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait, as `Retry-After` says in seconds or as a date; None without a usable one."""
    given = headers.get("retry-after", "").strip()
    if re.fullmatch(r"\d+(\.\d+)?", given):
        return float(given)
    try:
        until = parsedate_to_datetime(given)
    except ValueError:
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return max(0.0, (until - datetime.now(UTC)).total_seconds())


def complaint_of(problem: openai.APIError) -> str:
    """All that came with an error, as one text."""
    body: Any = problem.body
    if isinstance(body, Mapping | list):
        return json.dumps(body, ensure_ascii=False)
    return str(body or problem.message)


def _header_values() -> list[str]:
    """What the openai client's variable for further headers holds: a gateway's key, perhaps."""
    lines = os.environ.get("OPENAI_CUSTOM_HEADERS", "").splitlines()
    return [line.partition(":")[2].strip() for line in lines]


def _message_in(complaint: str) -> str:
    """The message in an error's JSON; a text that is not JSON as it is."""
    try:
        body = json.loads(complaint)
    except ValueError:
        return complaint
    for _ in range(3):
        if not isinstance(body, Mapping):
            break
        body = next((body[k] for k in ("error", "message", "detail", "msg") if body.get(k)), "")
    return body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
