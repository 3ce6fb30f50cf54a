"""`askpod index` with addresses: feeds and repositories, from the command line to the answer."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from askpod import Archive
from fake_git import FakeGit, backend
from fake_web import FakeWeb
from feeds import html, item, podcast_json, rss, srt, vtt

# What is said in each format, and what is asked about it.
SUBJECTS = {
    "json": ("The ferry crosses the Lorne on a chain, so it needs no rudder.", "rudder"),
    "vtt": ("Lock gates of oak last forty years when they never dry out.", "lock gates"),
    "srt": ("Glass eels climb the weir at night when the moon is down.", "glass eels"),
    "html": ("A tide mill grinds for five hours after the pond is full.", "tide mill"),
}
WRITERS = {"json": podcast_json, "vtt": vtt, "srt": srt, "html": html}


@pytest.fixture
def web() -> Iterator[FakeWeb]:
    with FakeWeb() as server:
        yield server


@pytest.fixture
def feed(web) -> str:
    """The address of a feed with transcripts in four formats, each with its recording."""
    items = []
    for ending, (text, _) in SUBJECTS.items():
        said = ((0, "Ottoline Farr", "Welcome back."), (12, "Bram Teague", text))
        url = web.put(f"/{ending}.{ending}", WRITERS[ending](said))
        sound = f"<enclosure url='https://cdn.example/{ending}.mp3' type='audio/mpeg'/>"
        items.append(item(f"On {ending}", url, more=sound))
    return web.put("/feed.xml", rss(*items), ETag='"1"')


def test_a_feed_with_four_formats_answers_from_each_and_is_not_fetched_twice(
    askpod, web, feed, tmp_path
):
    index = ("index", feed, "--allow-private", "--store", tmp_path / "store")
    run = askpod(*index)
    assert run.code == 0
    assert run.out.splitlines()[0].split() == ["files", "fetched", "4"]
    assert run.err.startswith("River Talk: 4 episodes, 4 of them with a transcript\n")
    for ending, (text, asked) in SUBJECTS.items():
        answer = askpod("ask", f"What about the {asked}?", "--store", tmp_path / "store", "--json")
        [citation, *_] = answer.json["citations"]
        assert citation["episode_id"] == f"2024-05-04-on-{ending}"
        assert citation["title"] == f"On {ending}"
        assert citation["quote"] == text
        assert citation["start"] == 12
        assert citation["url"] == f"https://cdn.example/{ending}.mp3#t=12"
        assert citation["speaker"] == "Bram Teague"
    web.forget()
    again = askpod(*index, "--json")
    assert web.asked == ["/feed.xml"]
    assert again.json["fetched"] == 0
    assert len(again.json["unchanged"]) == 4


def test_what_a_feed_brought_is_kept_by_prune_and_rebuild(askpod, web, feed, tmp_path):
    store = tmp_path / "store"
    askpod("index", feed, "--allow-private", "--store", store)
    web.put("/feed.xml", rss(item("Other", web.put("/5.vtt", vtt()))))
    pruned = askpod("index", feed, "--allow-private", "--store", store, "--prune", "--json")
    assert (pruned.json["removed"], len(pruned.json["added"])) == ([], 1)
    web.forget()
    rebuilt = askpod("rebuild", "--store", store, "--json")
    assert len(rebuilt.json["added"]) + len(rebuilt.json["unchanged"]) == 5
    assert web.asked == []


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("/none.xml", "the server answers 404"),
        ("/page", "holds a web page, and no podcast's feed"),
        ("/silent.xml", "none of its 1 episodes offers a transcript"),
    ],
)
def test_a_feed_that_cannot_be_had_leaves_no_archive(askpod, web, tmp_path, source, message):
    web.put("/page", "<html>")
    web.put("/silent.xml", rss(item("One")))
    run = askpod("index", web.at(source), "--allow-private", "--store", tmp_path / "store")
    assert run.code == 1
    assert run.out == ""
    assert run.err.startswith(f"askpod: {web.at(source)}: ")
    assert message in run.err
    assert not (tmp_path / "store").exists()


def test_a_feed_on_this_machine_needs_the_flag(askpod, feed, tmp_path):
    run = askpod("index", feed, "--store", tmp_path / "store")
    assert run.code == 1
    assert "If you trust it: --allow-private" in run.err
    assert not (tmp_path / "store").exists()


def test_a_transcript_that_fails_is_named_and_the_rest_is_there(askpod, web, tmp_path):
    good, bad = item("Good", web.put("/1.vtt", vtt())), item("Bad", web.at("/2.vtt?key=s3cret"))
    url = web.put("/feed.xml", rss(good, bad, title="\x9b31mRiver\u202e"))
    run = askpod("index", url, "--allow-private", "--store", tmp_path / "store")
    assert run.code == 1
    assert f"not indexed: Bad: {web.at('/2.vtt?…')}: the server answers 404" in run.err
    assert "episodes added" in run.out
    assert "s3cret" not in run.out + run.err
    assert "\x9b" not in run.err
    assert "\u202e" not in run.err


def test_a_stopped_run_goes_on_where_it_was(web, tmp_path):
    """Ctrl-C while the third of four transcripts is being fetched."""
    served = [web.put(f"/{n}.vtt", vtt()) for n in range(4)]
    items = [item(f"Part {n}", url) for n, url in enumerate(served)]
    url = web.put("/feed.xml", rss(*items))
    web.script("/2.vtt", lambda _: time.sleep(3))
    command = [sys.executable, "-m", "askpod", "index", url, "--allow-private"]
    run = subprocess.Popen(
        [*command, "--store", str(tmp_path / "store")],
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    while "/2.vtt" not in web.asked:
        time.sleep(0.02)
        assert run.poll() is None
    run.send_signal(signal.SIGINT)
    assert "Traceback" not in run.communicate(timeout=60)[1]
    assert run.returncode != 0
    web.put("/2.vtt", vtt())
    web.forget()
    with Archive.open(tmp_path / "store", create=True) as archive:
        report = archive.index([url], allow_private=True)
    assert web.asked == ["/feed.xml", "/2.vtt", "/3.vtt"]
    assert (len(report.added), report.fetched, report.failed) == (4, 2, [])


@pytest.mark.skipif(backend() is None, reason="git with its http-backend is not here")
def test_a_repository(askpod, tmp_path):
    (tmp_path / "served").mkdir()
    with FakeGit(tmp_path / "served") as git:
        git.commit(
            "talks",
            {
                "talks/eels.vtt": vtt(((3, "Bram Teague", SUBJECTS["srt"][0]),)),
                "talks/eels.yaml": "title: On eels\naudio: https://cdn.example/eels.mp3\n",
                "talks/package.json": '{"name": "talks"}',
            },
        )
        run = askpod(
            "index", f"{git.at('talks')}#talks", "--allow-private", "--store", tmp_path / "store"
        )
    assert run.code == 0
    assert "files passed over" in run.out
    found = askpod("search", "glass eels", "--store", tmp_path / "store", "--json").json[0]
    assert found["title"] == "On eels"
    assert found["url"] == "https://cdn.example/eels.mp3#t=3"


def test_paths_and_addresses_go_together_and_workers_are_passed_on(
    askpod, feed, examples, tmp_path
):
    run = askpod(
        *("index", examples, feed, "--allow-private", "--workers", "1"),
        *("--store", tmp_path / "store", "--json"),
    )
    assert run.code == 0
    assert len(run.json["added"]) == 4 + len(list(examples.glob("*.md")))
    wrong = askpod("index", examples, "--workers", "0", "--store", tmp_path / "store")
    assert (wrong.code, "--workers" in wrong.err) == (2, True)


def test_check_takes_a_feed_and_what_it_fetched_is_not_fetched_again(askpod, web, feed, tmp_path):
    where = ("--allow-private", "--store", tmp_path / "store")
    run = askpod("check", feed, *where)
    assert run.code == 0
    assert run.out.count("who speaks") == 4
    assert "Bram Teague" in run.out
    assert run.err.endswith("4 files, 0 faults mended, 0 files cannot be read\n")
    assert askpod("episodes", "--store", tmp_path / "store").code == 2  # nothing is indexed
    web.forget()
    assert askpod("index", feed, *where).code == 0
    assert len(web.asked) == 1, "the feed alone"


def test_check_says_what_could_not_be_fetched(askpod, web, write_episode, tmp_path):
    path = write_episode("soup.md", ["The soup was cold."])
    nowhere = web.at("/none.xml")
    run = askpod("check", path, nowhere, "--allow-private", "--store", tmp_path / "store")
    assert run.code == 1
    assert "soup.md" in run.out
    assert f"{nowhere}: the server answers 404" in run.out
