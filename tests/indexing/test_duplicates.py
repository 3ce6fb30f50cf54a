"""What an indexing passes over: files that hold no transcript, and one recording told twice.

The recording is invented, as are the people in it.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from askpod import Archive
from askpod.indexing.file_check import check_files
from askpod.readers.discover import find_files, named

SAID = (
    "The lamp room of the lighthouse smells of paraffin and of brass polish.",
    "My grandmother wound the clockwork every four hours, all night long.",
    "Nobody has asked for the key since the light went over to current.",
)
OTHER = ("A potter throws forty mugs before noon.", "Half of them crack in the kiln.")


@pytest.fixture
def folder(tmp_path) -> Path:
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


@pytest.fixture
def own(tmp_path):
    """An empty archive of the test's own."""
    with Archive.open(tmp_path / "own", create=True) as archive:
        yield archive


def write(path: Path, said: tuple[str, ...] = SAID) -> Path:
    """A transcript in the format of the path's ending, as tools that transcribe write it."""
    rows = [(4 * n, 4 * n + 4, text) for n, text in enumerate(said)]
    if path.suffix == ".json":
        segments = [{"start": a, "end": b, "text": f" {text}"} for a, b, text in rows]
        whole = {"text": " ".join(said), "segments": segments, "language": "en"}
        path.write_text(json.dumps(whole))
    elif path.suffix == ".txt":
        path.write_text("\n".join(said))
    else:
        mark = "," if path.suffix == ".srt" else "."
        cues = [
            f"{n}\n00:00:{a:02}{mark}000 --> 00:00:{b:02}{mark}000\n{text}\n"
            for n, (a, b, text) in enumerate(rows, start=1)
        ]
        header = "" if path.suffix == ".srt" else "WEBVTT\n\n"
        path.write_text(header + "\n".join(cues))
    return path


def passed(report) -> list[str]:
    return [Path(failure.path).name for failure in report.passed_over]


def failed(report) -> list[str]:
    return [Path(failure.path).name for failure in report.failed]


def clutter(folder: Path) -> list[Path]:
    """Files of other kinds, as they lie about."""
    held = {
        "index.html": "<html><body><p>Our podcast</p></body></html>",
        "notes.txt": "Buy paraffin.\nAsk about the key.\n",
        "package.json": '{"name": "site", "version": "1.0.0"}',
    }
    for name, text in held.items():
        (folder / name).write_text(text)
    return [folder / name for name in held]


def test_files_of_other_kinds_in_a_folder_are_passed_over(own, folder):
    clutter(folder)
    write(folder / "lamp.srt")
    report = own.index([folder])
    assert (report.added, report.failed) == (["lamp"], [])
    assert passed(report) == ["index.html", "notes.txt", "package.json"]
    assert all(failure.path in failure.message for failure in report.passed_over)
    checks = [*check_files(find_files([folder]), named([folder]))]
    assert [Path(check.path).name for check in checks if check.passed_over] == passed(report)
    assert not any(check.error for check in checks)


def test_named_by_the_user_they_are_failures(own, folder):
    files = clutter(folder)
    report = own.index([*files, write(folder / "lamp.srt")])
    assert failed(report) == ["index.html", "notes.txt", "package.json"]
    assert (report.added, report.passed_over) == (["lamp"], [])
    assert all(check.error for check in check_files(files, named(files)))


def test_captions_that_hold_nothing_are_a_failure_wherever_they_are(own, folder):
    (folder / "empty.srt").write_text("")
    write(folder / "lamp.vtt")
    report = own.index([folder])
    assert (failed(report), report.added) == (["empty.srt"], ["lamp"])


def test_an_episode_whose_file_no_longer_holds_one_is_a_failure(own, folder):
    path = write(folder / "lamp.json")
    own.index([folder])
    path.write_text('{"name": "site"}')
    report = own.index([folder], prune=True)
    assert (failed(report), report.passed_over) == (["lamp.json"], [])
    assert own.counts()["episodes"] == 1


@pytest.mark.parametrize("workers", [1, 2])
def test_of_one_recording_in_several_formats_the_richest_is_indexed(own, folder, workers):
    for ending in ("vtt", "txt", "srt", "json"):
        write(folder / f"lamp.{ending}")
    first = own.index([folder], workers=workers)
    assert (first.added, first.failed) == (["lamp"], [])
    assert passed(first) == ["lamp.vtt", "lamp.srt", "lamp.txt"]
    assert "the same recording as lamp.json" in first.passed_over[0].message
    again = own.index([folder], workers=workers)
    assert (again.unchanged, again.changed, again.failed) == (["lamp"], [], [])
    assert passed(again) == passed(first)


def test_another_recording_of_the_same_name_is_a_failure(own, folder):
    write(folder / "lamp.json")
    write(folder / "lamp.srt", OTHER)
    for _ in range(2):
        report = own.index([folder])
        assert failed(report) == ["lamp.srt"]
        assert "would have the id 'lamp'" in report.failed[0].message
    assert "paraffin" in own.turns("lamp")[0].text


def test_the_same_recording_in_another_folder_is_a_failure(own, folder):
    (folder / "b").mkdir()
    report = own.index([write(folder / "lamp.json"), write(folder / "b" / "lamp.srt")])
    assert (report.added, failed(report)) == (["lamp"], ["lamp.srt"])


def test_a_richer_format_that_comes_later_takes_the_place_of_the_poorer(own, folder):
    poor = write(folder / "lamp.srt")
    own.index([folder])
    rich = write(folder / "lamp.json")
    report = own.index([folder])
    assert (report.changed, passed(report), report.failed) == (["lamp"], ["lamp.srt"], [])
    assert own.index([folder]).unchanged == ["lamp"]
    alone = own.index([poor])  # nor does it go back when the poorer is named alone
    assert (alone.changed, passed(alone)) == ([], ["lamp.srt"])
    rich.unlink()
    assert own.index([folder]).changed == ["lamp"]


def test_a_richer_format_of_another_recording_takes_no_place(own, folder):
    write(folder / "lamp.srt")
    own.index([folder])
    write(folder / "lamp.json", OTHER)
    report = own.index([folder])
    assert (failed(report), report.unchanged) == (["lamp.json"], ["lamp"])
    assert "paraffin" in own.turns("lamp")[0].text


@pytest.mark.parametrize("workers", [1, 2])
def test_the_poorer_format_stands_in_for_one_that_cannot_be_read(own, folder, workers):
    rich, _ = write(folder / "lamp.json"), write(folder / "lamp.vtt")
    whole = rich.read_text()
    rich.write_text(whole[:-40])
    report = own.index([folder], workers=workers)
    assert (failed(report), report.added) == (["lamp.json"], ["lamp"])
    rich.write_text(whole)
    assert own.index([folder]).changed == ["lamp"]
    rich.write_text(whole[:-40])  # what was indexed of it stays
    report = own.index([folder])
    assert (failed(report), passed(report)) == (["lamp.json"], ["lamp.vtt"])
    assert (report.changed, own.counts()["episodes"]) == ([], 1)
