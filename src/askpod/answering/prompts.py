"""The prompts that a model is sent, made of the templates in `prompts/`.

A template is a readable file with a part for each role, under `## System` and `## User`. HTML
comments say why it is written as it is; they are not sent. `$name` is where a value goes
(`string.Template`): all are put in at once, so that a `$question` inside a transcript stays text.
Transcripts, questions and former answers are data: see `evidence.plain` and `_values`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import count
from pathlib import Path
from string import Template
from typing import Literal

from askpod.answering.refusal import SENTINEL
from askpod.errors import AskpodError
from askpod.files import read_bounded
from askpod.model import EvidenceTurn
from askpod.retrieval.evidence import plain, render
from askpod.tokens import Message

MOST_BYTES = 1_000_000  # of one template

Placement = Literal["before", "after", "both"]  # of an instruction, seen from the evidence

# What each template must hold; without one of them a model could not do its work.
NEEDED: Mapping[str, frozenset[str]] = {
    "answer.md": frozenset({"question", "evidence", "refusal"}),
    "refusal.md": frozenset({"sentinel"}),
    "standalone.md": frozenset({"question", "history"}),
    "rewrite.md": frozenset({"question"}),
    "long-context.md": frozenset({"question", "evidence", "refusal"}),
}
# What each may hold besides: the number on the lines that mark off the data.
ALLOWED = frozenset({"boundary"})

_COMMENT = re.compile(r"<!--.*?-->\n?", re.DOTALL)
_EVIDENCE = re.compile(r"(?<!\$)\$(?:evidence\b|\{evidence\})")
_PARTS = re.compile(r"\s*^## System[ \t]*$(.*?)^## User[ \t]*$(.*)", re.DOTALL | re.MULTILINE)


class PromptError(AskpodError):
    """A prompt template is missing or cannot be used. The message names the file."""


class Prompts:
    """Makes the messages for a model. Safe for several threads."""

    def __init__(self, folder: Path | None = None) -> None:
        """Reads the templates; a file in `folder` stands in for the built-in one of its name.

        Raises:
            PromptError: the folder is missing or holds no template, or a file cannot be used.
        """
        if folder is not None:
            _check_folder(folder)
        self._templates = {name: _read(name, folder) for name in NEEDED}
        # Each part of the answer prompt has its own part of the refusal.
        rule = self._templates["refusal.md"]
        system, user = (part.substitute(sentinel=SENTINEL) for part in rule)
        self._refusal = (system, user)

    def answer(self, question: str, evidence: Sequence[EvidenceTurn]) -> list[Message]:
        """Asks for an answer from the evidence alone.

        The evidence stands in it as `render` gives it. The rest takes the same tokens whatever
        the evidence is, so it can be counted before any is chosen.
        """
        values = _values("evidence", render(evidence), question)
        return _messages(self._templates["answer.md"], values, self._refusal)

    def long_context(self, question: str, evidence: str, instruction: Placement) -> list[Message]:
        """Asks for an answer from whole transcripts; the instruction stands where it is wanted.

        Args:
            question: as it was asked.
            evidence: text that cannot act, as `retrieval/evidence.py` renders it.
            instruction: where the instruction stands.
        """
        values = _values("evidence", evidence, question)
        system, user = self._templates["long-context.md"]
        return _messages((system, _placed(user, instruction)), values, self._refusal)

    def standalone(self, question: str, history: Sequence[tuple[str, str]]) -> list[Message]:
        """Asks for a follow-up question in words that can be understood by themselves.

        `history` holds what was asked and answered before, oldest first.
        """
        said = "".join(
            f"Question: {plain(former)}\nAnswer: {plain(reply)}\n" for former, reply in history
        )
        values = _values("conversation", said, question)
        values["history"] = values["conversation"]
        return _messages(self._templates["standalone.md"], values)

    def rewrite(self, question: str) -> list[Message]:
        """Asks for what may have been said in answer to a question, to search for it."""
        return _messages(self._templates["rewrite.md"], _values("", "", question))


def _values(kind: str, text: str, question: str) -> dict[str, str]:
    """The question, a number, and under `kind` the text between two lines that carry the number.

    The number comes from the text itself, so no text can hold it on purpose, and one that does
    by chance gets another; equal prompts are equal, so that replies can be kept, and prompts with
    the same evidence begin alike, so that a service reads it once. Twelve digits take the same
    tokens whichever they are: the usual vocabularies read them in threes.
    """
    asked = plain(question)
    for attempt in count():
        digest = hashlib.sha256(f"{attempt}\0{text or asked}".encode()).digest()
        boundary = f"{int.from_bytes(digest[:8]) % 10**12:012}"
        if boundary not in text and boundary not in asked:
            break
    block = f"=== {kind} {boundary} begins ===\n{text}=== {kind} {boundary} ends ==="
    return {"question": asked, "boundary": boundary, kind: block}


def _placed(template: Template, instruction: Placement) -> Template:
    """A template without what stands before its evidence, or after it, where that is not wanted."""
    text = template.template
    found = _EVIDENCE.search(text)
    if found is None:
        raise PromptError("long-context.md: its $evidence must stand under '## User'")
    if instruction == "both":
        return template
    return Template(text[: found.end()] if instruction == "before" else text[found.start() :])


def _messages(
    template: tuple[Template, Template],
    values: Mapping[str, str],
    refusal: tuple[str, str] = ("", ""),
) -> list[Message]:
    system, user = (
        part.substitute(values, refusal=rule) for part, rule in zip(template, refusal, strict=True)
    )
    return [("system", system), ("user", user)]


# Reading the templates


def _check_folder(folder: Path) -> None:
    names = ", ".join(NEEDED)
    try:
        is_folder = folder.is_dir()
        holds_one = any((folder / name).exists() for name in NEEDED)
    except OSError as error:
        raise PromptError(f"{folder}: cannot be read: {error.strerror}") from None
    if not is_folder:
        raise PromptError(f"{folder}: no such folder of prompts; make it, and put {names} there")
    if not holds_one:
        raise PromptError(
            f"{folder}: holds none of the prompts {names}; copy one from {_built_in()} there and "
            "change it, or leave the setting out"
        )


def _read(name: str, folder: Path | None) -> tuple[Template, Template]:
    """The system and the user part of a template. Raises PromptError."""
    path = folder / name if folder is not None and (folder / name).exists() else _built_in() / name
    wrong = partial(_wrong, path, name)
    try:
        text = read_bounded(path, MOST_BYTES).decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise wrong(f"cannot be read ({error})") from error
    parts = _PARTS.fullmatch(_COMMENT.sub("", text))
    if parts is None:
        raise wrong("lacks its two parts")
    system, user = (Template(part.strip()) for part in parts.groups())
    for part in (system, user):
        if not part.is_valid():
            raise wrong("has a $ that no name follows; write $$ for the sign itself")
    found = {*system.get_identifiers(), *user.get_identifiers()}
    if missing := NEEDED[name] - found:
        raise wrong(f"lacks {_listed(missing)}")
    if unknown := found - NEEDED[name] - ALLOWED:
        raise wrong(f"has {_listed(unknown)}, which nothing stands for; write $$ for the sign")
    return system, user


def _wrong(path: Path, name: str, problem: str) -> PromptError:
    return PromptError(
        f"{path}: {problem}. A prompt has the lines '## System' and '## User' with a text under "
        f"each, in UTF-8, and {_listed(NEEDED[name])} somewhere in them; see {_built_in() / name}"
    )


def _listed(names: frozenset[str] | set[str]) -> str:
    return ", ".join(f"${name}" for name in sorted(names))


def _built_in() -> Path:
    """The folder of our own templates: inside an installed package, else of the checkout."""
    here = Path(__file__).resolve().parents[1]
    packaged = here / "prompts"
    return packaged if packaged.is_dir() else here.parents[1] / "prompts"
