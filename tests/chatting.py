"""A model that knows the example episodes, and the chat that the tests of `askpod chat` hold."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator

from fake_openai import Request, Scripted, said

COLONIES = "What killed the beekeeper's first colonies?"
PILOT = "How long did the pilot of the hive kit run?"
FOLLOW_UP = "And what went wrong in it?"
ENDLESS = "What are the hives' batteries like?"

# Word for word from the episode, so that every citation holds.
SAID = {
    COLONIES: ["They had starved in February, not frozen in January as I'd assumed."],
    PILOT: ["Fourteen months, with twenty-two hives at six sites."],
    "What went wrong in the winter of the hives' pilot?": [
        "Because the batteries died in January.",
        "On paper they lasted two years.",
    ],
    ENDLESS: ["On paper they lasted two years."],
}
WHOLE = {FOLLOW_UP: "What went wrong in the winter of the hives' pilot?"}


class Expert:
    """Answers by quoting, rewrites the follow-up, and never comes to an end about batteries.

    When all that it has to say of them is sent, `said_all` is called.
    """

    def __init__(self, said_all: Callable[[], None] = lambda: None) -> None:
        self._said_all = said_all

    def __call__(self, request: Request) -> str | Scripted:
        if follow_up := re.search(r"^Last question: (.+)$", request.prompt, re.MULTILINE):
            return WHOLE.get(follow_up[1], follow_up[1])
        question = re.search(r"^Question: (.+)$", request.prompt, re.MULTILINE)[1]
        text = " ".join(f"{line} {_number(line, request.prompt)}" for line in SAID[question])
        return Scripted(pieces=self._without_end(text)) if question == ENDLESS else said(text)

    def _without_end(self, text: str) -> Iterator[str]:
        yield from re.findall(r"\S+\s*", text)
        time.sleep(0.3)  # until it is on the screen
        self._said_all()
        while True:
            time.sleep(0.02)
            yield ""


def _number(line: str, prompt: str) -> str:
    """The number of the evidence that holds these words, as a citation."""
    words = line.removeprefix("They ")
    before = prompt[: prompt.index(words)]
    return re.findall(r"^\[\d+\]", before, re.MULTILINE)[-1]


TITLE = "Hive Telemetry for Small Apiaries: Scales, Bricks and Sixty Thousand Bees"
LINK = "https://www.youtube.com/watch?v=xmpl0bees01"


def replies(run):
    """What the chat showed for each line."""
    return [reply.strip("\n") for reply in run.out.split("\n---\n")]
