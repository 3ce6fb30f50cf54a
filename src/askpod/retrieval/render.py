"""How evidence reads in a prompt: one numbered line of origin, then what was said.

    [3] Mara Lind, 12:36 — Bees and their dances
    > I counted them for a year.

    [4] Joe Aster, 12:41
    > And what came of it?

An episode's title stands at the first of its turns: at each it took up to a third of the prompt.
What is counted by `pack` and what is sent by `prompts` comes from here. A transcript is not
trusted: each turn's speech is one line behind "> ", so that nothing in it stands where our numbers
do, and the marks by which models tell roles apart are broken up.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from askpod.model import EvidenceTurn
from askpod.text import LINE_BREAKS
from askpod.times import clock

LONGEST_NAME = 80  # characters of a speaker's name or a title; a hostile one fills no prompt

_LINE_BREAK = re.compile(f"[\t{LINE_BREAKS}]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")  # no UTF-8 holds one: it would fail when sent
# Local servers turn such marks into control tokens even inside a message's text (llama.cpp
# issue 24382, ollama pull request 17262): "<|im_start|>", "</s>", "<start_of_turn>", "<turn|>",
# "<｜User｜>", "<<SYS>>", "[INST]". A space after the bracket makes them words again.
_CONTROL = re.compile(
    r"<(?=[|｜/<!?]|[^\W\d])"
    r"|\[(?=/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_\w+|CALL_ID|ARGS|THINK|gMASK)\])"
)


def render(evidence: Sequence[EvidenceTurn]) -> str:
    """The whole evidence as it stands in a prompt, a blank line between turns; "" without any.

    It begins with a bracket and ends with a line break: the tokens before and after it stay what
    they are, so that its own can be counted apart.
    """
    return "\n".join(render_turn(turn, titled=begins) for turn, begins in by_episode(evidence))


def by_episode(evidence: Sequence[EvidenceTurn]) -> Iterator[tuple[EvidenceTurn, bool]]:
    """Each turn, and whether its episode begins with it: the one before is of another."""
    before = None
    for turn in evidence:
        yield turn, turn.episode_id != before
        before = turn.episode_id


def render_turn(turn: EvidenceTurn, *, titled: bool) -> str:
    """One turn as `render` has it, with the line break that ends it."""
    second = None if turn.untimed else turn.span.start
    title = turn.title if titled else ""
    return render_speech(turn.number, turn.span.speaker, second, turn.span.text, title)


def render_speech(
    number: int, speaker: str, second: float | None, text: str, title: str = ""
) -> str:
    """The same from a turn's parts; `second` is its start, None in an untimed episode."""
    name = _name(speaker.translate(_DASHES))
    who = f"{name}, {clock(second)}" if name else clock(second)
    return f"[{number}] {who}{render_title(title)}\n> {plain(text)}\n"


def render_title(title: str) -> str:
    """What stands behind a turn's second for its episode's title; "" for none."""
    return f" — {_name(title)}" if title else ""


def plain(text: str) -> str:
    """The text as one line that no model's server takes for more than text.

    Characters are kept, but for line breaks (each becomes a space), halves of surrogate pairs,
    and a space put into what a server would read as a control token.
    """
    line = text if text.isprintable() else _SURROGATE.sub("\ufffd", _LINE_BREAK.sub(" ", text))
    return _CONTROL.sub(lambda match: f"{match.group()} ", line)


@lru_cache(maxsize=1024)
def _name(text: str) -> str:
    """A name as one short line without brackets, which are for our numbers."""
    words = " ".join(plain(text).translate(_ROUND).split())
    return words if len(words) <= LONGEST_NAME else f"{words[: LONGEST_NAME - 1].rstrip()}…"


_DASHES = str.maketrans("—–―", "---")  # only a title stands behind one
_ROUND = str.maketrans("[]【】［］", "()()()")
