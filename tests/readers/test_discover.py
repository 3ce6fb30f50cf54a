"""Paths given by a user become transcript files."""

import pytest

from askpod.errors import PathError
from askpod.readers import find_files
from askpod.readers.discover import endings_not_read, named, what_is_not_read


def make(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")


def test_a_folder_is_searched_in_order(tmp_path):
    make(tmp_path, "b.md", "a.md", "sub/c.md", "notes.pages", "a.yaml", "UPPER.MD")
    found = [path.relative_to(tmp_path).as_posix() for path in find_files([tmp_path])]
    assert found == ["UPPER.MD", "a.md", "b.md", "sub/c.md"]


def test_files_of_one_name_stand_together_the_richest_first(tmp_path):
    make(tmp_path, "b.txt", "b.html", "b.srt", "b.vtt", "b.json", "b.md", "b.rtf", "a.txt", "c.md")
    found = [path.name for path in find_files([tmp_path])]
    assert found == ["a.txt", "b.md", "b.json", "b.vtt", "b.srt", "b.html", "b.txt", "c.md"]


def test_what_the_user_named_is_told_from_what_a_folder_held(tmp_path):
    make(tmp_path, "a.txt", "b.txt", "sub/c.txt")
    paths = [tmp_path, tmp_path / "sub" / ".." / "a.txt", tmp_path / "sub"]
    files = find_files(paths)
    assert [path.name for path in files] == ["a.txt", "b.txt", "c.txt"]
    assert [path.name for path in files if path in named(paths)] == ["a.txt"]


def test_hidden_and_well_known_files_are_passed_over(tmp_path):
    make(tmp_path, "a.md", ".hidden.md", ".git/b.md", "README.md", "sub/changelog.md")
    assert find_files([tmp_path]) == [tmp_path / "a.md"]


def test_a_file_is_taken_as_given(tmp_path):
    make(tmp_path, "README.md", "talk.txt")
    given = [tmp_path / "talk.txt", tmp_path / "README.md"]
    assert find_files(given) == given


def test_the_same_file_counts_once(tmp_path):
    make(tmp_path, "a.md", "sub/b.md")
    (tmp_path / "z.md").symlink_to(tmp_path / "a.md")
    assert find_files([tmp_path / "a.md", tmp_path, tmp_path / "sub"]) == [
        tmp_path / "a.md",
        tmp_path / "sub" / "b.md",
    ]


def test_a_link_beside_a_file_is_not_taken_for_it(tmp_path):
    make(tmp_path, "quails.md")
    (tmp_path / "latest.md").symlink_to(tmp_path / "quails.md")
    assert find_files([tmp_path]) == [tmp_path / "quails.md"]
    assert find_files([tmp_path / "latest.md", tmp_path]) == [tmp_path / "latest.md"]


def test_loops_and_broken_links_are_harmless(tmp_path):
    make(tmp_path, "sub/a.md")
    (tmp_path / "sub" / "loop").symlink_to(tmp_path)
    (tmp_path / "gone.md").symlink_to(tmp_path / "nowhere.md")
    assert find_files([tmp_path]) == [tmp_path / "sub" / "a.md"]


def test_a_missing_path_is_refused(tmp_path):
    with pytest.raises(PathError, match=r"nowhere: does not exist; check the path"):
        find_files([tmp_path / "nowhere"])


def test_paths_without_a_transcript_are_refused(tmp_path):
    make(tmp_path, "README.md", "LICENSE.txt", "talk.pages", "talk.yaml")
    with pytest.raises(PathError, match=r"holds no \.md, .*\.txt or \.xml file; name the folder"):
        find_files([tmp_path])
    with pytest.raises(PathError, match=r"holds no \.md, "):
        find_files([])


def test_endings_that_are_not_read_are_counted(tmp_path):
    make(tmp_path, "a.md", "b.mp3", "sub/c.MP3", "d.pdf", "e", ".hidden.mp3", "a.yaml")
    assert endings_not_read([tmp_path, tmp_path / "b.mp3"]) == {".mp3": 2, ".pdf": 1, "": 1}
    assert what_is_not_read([tmp_path]) == "1 without an ending, 2 .mp3, 1 .pdf"
