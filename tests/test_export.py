"""Conversations as Markdown in new files."""

from __future__ import annotations

import pytest

from askpod.errors import PathError
from askpod.export import as_markdown, save_new
from askpod.model import Answer, Citation, Exchange


def source(number=1, title="Bees", speaker="Ann", url="https://e.org/x", supported=True):
    return Citation(number, "bees", title, speaker, 75.0, 80.0, "Said.", url, supported)


def exchange(question="Do bees dance?", text="They do. [1]", citations=None, warnings=()):
    cited = (source(),) if citations is None else tuple(citations)
    answer = Answer(question, text, cited, (), False, "llm", warnings=warnings)
    return Exchange(question, answer)


def test_each_question_is_a_heading_and_each_number_a_link():
    assert as_markdown([exchange(), exchange("Why?", "I found nothing.", ())]) == (
        "## Do bees dance?\n"
        "\n"
        "They do. [\\[1\\]](https://e.org/x)\n"
        "\n"
        "- \\[1\\] [1:15](https://e.org/x) Ann, Bees\n"
        "\n"
        "## Why?\n"
        "\n"
        "I found nothing.\n"
    )


def test_what_should_be_known_stands_below():
    text = as_markdown([exchange(citations=[source(supported=False)], warnings=["so so"])])
    assert "Ann, Bees (does not support the claim)\n- *so so*\n" in text


def test_only_the_numbers_are_links():
    bad = "![x](http://evil.example/x.png) [y](javascript:alert(1)) <b>z</b> [2] [1]\x1b[31m"
    text = as_markdown([exchange(text=bad, citations=[source(title=bad, url="javascript:x()")])])
    assert "](" not in text.replace(r"\](", "")
    assert "<b>" not in text
    assert "\x1b" not in text
    text = as_markdown([exchange(question=f"# {bad}\n\n# more", citations=[source(speaker=bad)])])
    assert text.startswith(r"## \# !\[x\](http")
    assert "\n# more" not in text


def test_an_address_cannot_leave_its_brackets():
    text = as_markdown([exchange(citations=[source(url="https://e.org/a_(b)")])])
    assert "[1:15](https://e.org/a_%28b%29)" in text


def test_a_name_that_is_taken_gets_a_number(tmp_path):
    names = [save_new(tmp_path / "talk.md", str(number)).name for number in range(3)]
    assert names == ["talk.md", "talk-2.md", "talk-3.md"]
    assert (tmp_path / "talk.md").read_text() == "0"
    assert save_new(tmp_path / "talk", "x").name == "talk-4.md"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("none/talk.md", "there is no folder .*none; make it first"),
        ("file/talk.md", "cannot be written: Not a directory"),
        ("x" * 300 + ".md", "cannot be written: File name too long"),
        ("x\x00y.md", "cannot be written"),
        (".", "is a folder; name a file in it"),
    ],
)
def test_a_path_that_cannot_be_written_is_explained(tmp_path, name, message):
    (tmp_path / "file").write_text("")
    with pytest.raises(PathError, match=message):
        save_new(tmp_path / name, "text")
