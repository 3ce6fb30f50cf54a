"""The faults of files, found without indexing them."""

from __future__ import annotations

import pytest

from askpod.indexing.file_check import check_files, who_speaks
from askpod.model import Turn
from askpod.readers import read_episode

SAID = ["The soup was cold in the old station.", "Nobody wanted the soup."]


def test_a_sound_file_has_no_faults(write_episode):
    path = write_episode("soup.md", SAID)
    (check,) = check_files([path])
    assert (check.path, check.faults, check.error) == (str(path), (), None)


def test_a_fault_has_a_place_and_a_repair(write_episode):
    path = write_episode("soup.md", SAID)
    path.write_text("---\ntranscript:\n- line: The soup was cold.\n---\n")
    (check,) = check_files([path])
    faults = {fault.kind: fault for fault in check.faults}
    assert faults["sec-missing"].line == 3
    assert faults["title-missing"].repair == "no title: the file's name “soup” is used"


@pytest.mark.parametrize(
    ("name", "title"), [("caf\udce9", "caf?"), ("so\u200bup", "soup"), ("\u2060", "Untitled")]
)
def test_a_files_name_as_a_title_is_fit_to_be_shown(name, title, tmp_path):
    path = tmp_path / f"{name}.md"
    path.write_text("---\ntranscript:\n- line: The soup was cold.\n  sec: 1\n---\n")
    assert read_episode(path).episode.title == title


def test_an_unreadable_file_is_named_and_the_others_are_checked(write_episode, tmp_path):
    bad = tmp_path / "bad.md"
    bad.write_text("no front matter")
    first, second = check_files([bad, write_episode("soup.md", SAID)])
    assert first.error.startswith(f"{bad}:1")
    assert first.faults == ()
    assert second.error is None


def test_the_same_transcript_in_two_files_is_a_fault_of_the_second(write_episode):
    first = write_episode("soup.md", SAID)
    second = write_episode("soup-again.md", SAID, title="Soup, told again")
    other = write_episode("bread.md", ["The bread was warm."])
    checks = [*check_files([first, second, other])]
    assert [len(check.faults) for check in checks] == [0, 1, 0]
    (fault,) = checks[1].faults
    assert fault.kind == "same-transcript"
    assert fault.repair == f"same words as {first}; a search counts them once"


def test_who_speaks_and_what_holds_little(tmp_path):
    rows = [f"- {{sec: {10 * n}, who: Mara, line: About soup, part {n}.}}" for n in range(300)]
    rows[100] = "- {sec: 1000, who: Sponsor, line: Buy spoons.}"
    rows[200] = rows[201] = "- {sec: 2005, line: Nobody knows who said it.}"
    path = tmp_path / "soup.md"
    path.write_text("\n".join(["---", "title: Soup", "transcript:", *rows, "---", ""]))
    (check,) = check_files([path])
    shares = {each.label: (each.turns, round(each.share, 2)) for each in check.speaking}
    assert next(iter(shares)) == "Mara"
    assert shares["Mara"][1] >= 0.98
    assert shares["Sponsor"][0] == 1
    assert [each.label for each in check.speaking if each.little] == ["Sponsor"]
    assert sum(each.share for each in check.speaking) == pytest.approx(1, abs=0.001)


def test_a_file_without_labels_has_all_its_time_under_none():
    [nobody] = who_speaks([Turn("", "Hm.", 0, 5)])
    assert (nobody.label, nobody.turns, nobody.share) == ("", 1, 1.0)
    assert who_speaks([]) == ()


def test_no_files():
    assert [*check_files([])] == []
