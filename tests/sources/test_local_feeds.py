"""Feeds that are files here: what they may name, and what not."""

from __future__ import annotations

import os
import shutil

import pytest

from askpod.errors import FetchError
from feeds import about, item, names, rss, srt, vtt


def test_a_local_feed_names_files_beside_it_and_on_the_web(web, bring, tmp_path):
    folder = tmp_path / "mine"
    (folder / "texts").mkdir(parents=True)
    (folder / "texts" / "one two.vtt").write_text(vtt(about("weirs")))
    feed = folder / "feed.xml"
    feed.write_text(
        rss(item("One", "texts/one%20two.vtt"), item("Two", web.put("/2.srt", srt()), day=5))
    )
    found = bring(feed)
    assert names(found) == ["2024-05-04-one.vtt", "2024-05-05-two.srt"]
    web.forget()
    assert bring(feed).fetched == 0
    assert web.asked == []
    (folder / "texts" / "one two.vtt").write_text(vtt(about("weirs, once more")))
    again = bring(feed)
    assert again.fetched == 1
    assert "once more" in again.files[0].read_text()


@pytest.mark.parametrize(
    "href",
    [
        "../secret.vtt",
        "texts/../../secret.vtt",
        "%2e%2e/secret.vtt",
        "/etc/passwd.vtt",
        "file:///etc/passwd.vtt",
        "link.vtt",
        "..\\secret.vtt",
        "C:/secret.vtt",
        "\u202e.vtt",
        "pipe.vtt",
        "none.vtt",
        ".",
    ],
)
def test_a_local_feed_cannot_name_files_elsewhere(bring, tmp_path, href, store):
    folder = tmp_path / "mine"
    folder.mkdir()
    (tmp_path / "secret.vtt").write_text(vtt())
    (folder / "link.vtt").symlink_to(tmp_path / "secret.vtt")
    os.mkfifo(folder / "pipe.vtt")
    feed = folder / "feed.rss"
    feed.write_text(rss(item("One", href)))
    with pytest.raises(FetchError, match=r"none of its 1 transcripts could be had"):
        bring(feed)
    assert not store.exists()


def test_a_feed_file_is_known_by_its_content_too(bring, tmp_path):
    (tmp_path / "1.vtt").write_text(vtt())
    feed = tmp_path / "podcast"
    feed.write_text(rss(item("One", "1.vtt")))
    assert names(bring(feed)) == ["2024-05-04-one.vtt"]
    other = tmp_path / "other.xml"
    other.write_text("<svg/>")
    with pytest.raises(FetchError, match=r"other\.xml: holds no RSS"):
        bring(other)


@pytest.mark.parametrize("what", ["folder", "journal"])
def test_a_source_whose_folder_is_spoilt_leaves_the_others_alone(bring, tmp_path, what):
    own = tmp_path / "own" / "talk.vtt"
    own.parent.mkdir()
    own.write_text(vtt(about("locks")))
    (tmp_path / "one.vtt").write_text(vtt(about("weirs")))
    feed = tmp_path / "feed.xml"
    feed.write_text(rss(item("One", "one.vtt")))
    journal = bring(feed).files[0].parent / "state.jsonl"
    if what == "folder":
        shutil.rmtree(journal.parent)
        journal.parent.touch()
    else:
        journal.unlink()
        journal.mkdir()
    found = bring(feed, own.parent)
    assert own in found.files
    assert str(journal.parent) in found.failed[0].message
    again = bring(feed, own.parent)  # nothing of it is taken to be done
    assert len(again.failed) == 1
