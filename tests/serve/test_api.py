"""The API: answers as they come, searches, episodes, passages, recordings in ranges."""

from __future__ import annotations

import json
import shutil
import threading
import time

import httpx
import pytest

from askpod import Archive
from askpod.serve.live import Turns
from askpod.settings import ModelSettings, Settings
from askpod.store_lock import write_lock
from fake_openai import FakeOpenAI, Request, Scripted, said

QUESTION = "Why did batteries that should have lasted two years give out in three weeks?"
BREAD = "bread-forecasting-for-eleven-bakeries"


def events(text: str) -> list[tuple[str, dict]]:
    found = []
    for block in text.strip().split("\n\n"):
        name, data = block.split("\n")
        found.append((name.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
    return found


def ask(client: httpx.Client, question: str, **more) -> list[tuple[str, dict]]:
    return events(client.post("/api/ask", json={"question": question, **more}).text)


def test_an_answer_comes_in_pieces_and_ends_with_what_archive_says(client, archive):
    *pieces, (name, answer) = ask(client, QUESTION)
    expected = archive.ask(QUESTION).to_dict()
    assert name == "answer"
    assert {piece for piece, _ in pieces} == {"text"}
    assert "".join(data["text"] for _, data in pieces) == answer["text"] == expected["text"]
    assert answer["citations"] == json.loads(json.dumps(expected["citations"]))
    assert answer["basis"] == expected["basis"]


def test_a_follow_up_is_understood_by_the_history(client):
    *_, (_, first) = ask(client, "How do they weigh the hives?")
    history = [{"question": first["question"], "answer": {"text": first["text"]}}]
    *_, (_, second) = ask(client, "And why?", history=history)
    assert second["citations"][0]["episode_id"] == "hive-telemetry-for-small-apiaries"


def test_filters_hold(client):
    *_, (_, answer) = ask(client, QUESTION, filters={"episode": BREAD})
    assert {passage["episode_id"] for passage in answer["passages"]} <= {BREAD}


@pytest.mark.parametrize(
    "body",
    [
        "no json",
        "[]",
        "{}",
        '{"question": 3}',
        '{"question": "' + "x" * 4001 + '"}',
        '{"question": "a", "filters": {"colour": "red"}}',
        '{"question": "a", "history": [{"question": "b", "answer": {"citations": 3}}]}',
        '{"question": "a", "history": [{"question": "b", "answer": {"passages": [{}]}}]}',
    ],
)
def test_what_cannot_be_understood_is_a_clear_400(client, body):
    response = client.post("/api/ask", content=body)
    assert response.status_code == 400
    assert response.json()["error"]["message"]
    assert "Traceback" not in response.text


def test_an_empty_question_is_an_error_of_the_stream(client):
    assert [name for name, _ in ask(client, "  ")] == ["error"]


def test_search_gives_what_archive_gives(client, archive):
    found = client.get("/api/search", params={"q": "flour", "top": 3, "season": "1"}).json()
    assert found == json.loads(
        json.dumps([p.to_dict() for p in archive.search("flour", top=3, season=1)])
    )


@pytest.mark.parametrize(
    "query",
    [
        "q=",
        "q=a&since=yesterday",
        "q=a&top=x",
        "q=a&season=inf",
        "q=a&season=1.7",
        "q=a&top=nan",
        "q=a&top=-5",
        "q=a&guests=Ann",
        "q=a&top=2.7",
        "q=a&top=201",
        "q=a&q=b",
    ],
)
def test_a_search_that_cannot_be_done_is_a_400(client, query):
    assert client.get(f"/api/search?{query}").status_code == 400


def test_episodes_one_episode_and_a_passage(client, archive):
    listed = client.get("/api/episodes").json()
    assert [e["id"] for e in listed] == [e.id for e in archive.episodes()]
    about = client.get("/api/episodes", params={"about": "bread"}).json()
    assert [e["id"] for e in about] == [e.id for e in archive.episodes(about="bread")]
    assert "about, " in client.get("/api/episodes?topic=bread").json()["error"]["message"]
    episode = client.get("/api/episode", params={"id": BREAD}).json()
    assert [t["text"] for t in episode["turns"]] == [t.text for t in archive.turns(BREAD)]
    assert episode["player"] == {"kind": "youtube", "src": "xmpl0bread2"}
    near = client.get("/api/passage", params={"episode": BREAD, "start": 100, "end": 110}).json()
    assert near["turns"][0]["end"] > 70
    assert near["turns"][-1]["start"] < 140
    assert len(near["turns"]) < len(episode["turns"])


def test_an_episode_that_is_not_there_is_a_404(client):
    for path in ("/api/episode?id=no", "/api/episode", "/api/passage?episode=../../x&start=1"):
        assert client.get(path).status_code == 404


def test_the_openapi_document_names_every_route(client):
    told = client.get("/api/openapi.json").json()
    assert told["openapi"].startswith("3.1")
    for path in told["paths"]:
        refused = client.request("OPTIONS", path)
        assert (refused.status_code, refused.headers["allow"] != "") == (405, True), path
    assert {"Answer", "Citation", "Passage"} <= set(told["components"]["schemas"])


def test_a_recording_is_served_in_ranges(serve, indexed, tmp_path):
    sound = bytes(range(256)) * 40
    (tmp_path / f"{BREAD}.mp3").write_bytes(sound)
    (tmp_path / "secret.mp3").write_bytes(b"secret")
    address = serve(indexed, recordings=tmp_path)
    whole = httpx.get(f"{address}/audio", params={"episode": BREAD})
    assert (whole.status_code, whole.content) == (200, sound)
    assert whole.headers["accept-ranges"] == "bytes"
    assert whole.headers["content-type"] == "audio/mpeg"
    for asked, expected in (("100-199", sound[100:200]), ("-5", sound[-5:])):
        part = httpx.get(
            f"{address}/audio", params={"episode": BREAD}, headers={"Range": f"bytes={asked}"}
        )
        assert (part.status_code, part.content) == (206, expected)
    assert part.headers["content-range"] == f"bytes {len(sound) - 5}-{len(sound) - 1}/{len(sound)}"
    beyond = {"Range": f"bytes={len(sound)}-"}
    beyond = httpx.get(f"{address}/audio", params={"episode": BREAD}, headers=beyond)
    assert beyond.status_code == 416
    told = httpx.get(f"{address}/api/episode", params={"id": BREAD}).json()["player"]
    assert told == {"kind": "audio", "local": "yes", "src": ""}


@pytest.mark.parametrize("episode", ["secret", "../secret", "%2e%2e/secret", "/etc/passwd", "a\0b"])
def test_only_what_an_episode_names_is_played(serve, indexed, tmp_path, episode):
    folder = tmp_path / "audio"
    folder.mkdir()
    for place in (folder, tmp_path):
        (place / "secret.mp3").write_bytes(b"secret")
    (folder / f"{BREAD}.mp3").symlink_to(tmp_path / "secret.mp3")
    address = serve(indexed, recordings=folder)
    for name in (episode, BREAD):
        response = httpx.get(f"{address}/audio", params={"episode": name})
        assert response.status_code == 404
        assert b"secret" not in response.content


def test_an_archive_that_is_missing_made_damaged_and_rebuilt_is_said_each_time(
    serve, tmp_path, write_episode
):
    store = tmp_path / "store"
    address = serve(store)

    def state() -> dict:
        return httpx.get(f"{address}/api/archive", timeout=30).json()

    assert state()["state"] == "unavailable"
    assert httpx.get(f"{address}/api/episodes").status_code == 503
    with Archive.open(store, create=True) as archive:
        assert state()["state"] == "empty"
        archive.index([write_episode("bees.md", ["Bees dance in the dark hive."])])
    assert state()["counts"]["episodes"] == 1
    found = httpx.get(f"{address}/api/search?q=bees", timeout=30).json()
    assert found[0]["episode_id"] == "bees"
    with Archive.open(store) as archive:
        archive.index([write_episode("ants.md", ["Ants follow a trail of scent."])])
    found = httpx.get(f"{address}/api/search?q=ants+trail", timeout=30).json()
    assert found[0]["episode_id"] == "ants"
    shutil.rmtree(store)
    assert state()["state"] == "unavailable"


def test_more_answers_than_allowed_are_refused_while_searches_go_on(serve, indexed):
    refused = threading.Event()

    def slow_answer(_: Request) -> Scripted:
        assert refused.wait(60)
        return said("One two three four.")

    with FakeOpenAI() as model:
        model.answer_with(slow_answer)
        settings = Settings(model=ModelSettings(name="gpt-4o", base_url=model.base_url))
        address = serve(indexed, settings=settings, answers=1)
        asking = {"json": {"question": QUESTION}, "timeout": 30}
        with httpx.stream("POST", f"{address}/api/ask", **asking) as slow:
            assert slow.status_code == 200
            [(name, told)] = events(httpx.post(f"{address}/api/ask", **asking).text)
            assert (name, told["status"]) == ("error", 429)
            assert httpx.get(f"{address}/api/search?q=flour", timeout=30).status_code == 200
            refused.set()
            assert "event: answer" in "".join(slow.iter_text())


def test_who_waits_for_a_service_keeps_no_other_answer_from_computing():
    turns, computed = Turns(), []

    def another(number: int) -> None:
        turns.take()
        computed.append(number)
        turns.give_up()

    turns.take()  # and waits for an endpoint
    others = [threading.Thread(target=another, args=(number,), daemon=True) for number in range(9)]
    for each in others:
        each.start()
    for each in others:
        each.join(timeout=30)
    assert sorted(computed) == list(range(9))
    turns.take()
    turns.give_up()


def test_an_archive_that_is_being_indexed_says_so(serve, tmp_path, write_episode):
    store = tmp_path / "store"
    address = serve(store)

    def told() -> dict:
        return httpx.get(f"{address}/api/archive", timeout=30).json()

    store.mkdir()
    with write_lock(store):
        assert (told()["state"], told()["indexing"]) == ("indexing", True)
    with Archive.open(store, create=True) as archive:
        assert told()["state"] == "empty"
        with write_lock(store):
            assert told()["state"] == "indexing"
        archive.index([write_episode("bees.md", ["Bees dance in the dark hive."])])
    with write_lock(store):
        assert told()["state"] == "ready"
        assert "being indexed" in told()["message"]
    assert (told()["indexing"], told()["message"]) == (False, "")


@pytest.mark.parametrize("stream", [True, False])
def test_an_answer_whose_client_has_gone_stops(serve, indexed, stream):
    with FakeOpenAI(said("They came near to it [1]. " * 400, pause=0.05)) as model:
        settings = Settings(
            model=ModelSettings(name="gpt-4o", base_url=model.base_url), rewrite="off"
        )
        address = serve(indexed, settings=settings)
        asked = {"messages": [{"role": "user", "content": QUESTION}], "stream": stream}
        where = f"{address}/v1/chat/completions"
        if stream:
            with httpx.stream("POST", where, json=asked, timeout=30) as reply:
                next(reply.iter_text())
        else:
            with pytest.raises(httpx.ReadTimeout):
                httpx.post(where, json=asked, timeout=2.5)
        given_up = time.monotonic() + 15
        while any(each.name == "answer" for each in threading.enumerate()):
            assert time.monotonic() < given_up, "the answer goes on"
            time.sleep(0.05)


@pytest.mark.parametrize("said", ["thanks", "Great, thank you!"])
def test_thanks_are_no_question(client, said):
    *_, (_, first) = ask(client, QUESTION)
    *_, (_, answer) = ask(client, said, history=[{"question": QUESTION, "answer": first}])
    assert (answer["text"], answer["citations"]) == ("You are welcome.", [])


def test_an_address_that_is_none_is_an_error_in_json(client):
    for path, status in (
        ("/api/nothing", 404),
        ("/v1/embeddings", 404),
        ("/api/ask", 405),
        ("/mcp", 405),
    ):
        refused = client.get(path)
        assert refused.status_code == status
        assert "/api/openapi.json" in refused.json()["error"]["message"]


def test_a_passage_is_not_shown_for_words_that_are_not_said(client):
    wanted = {"episode": BREAD, "words": "nobody says this here"}
    refused = client.get("/api/passage", params=wanted)
    assert refused.status_code == 404
    assert "these words are not said in this episode" in refused.text


def test_a_passage_may_be_the_very_turn(client):
    [first, second, *_] = client.get("/api/episode", params={"id": BREAD}).json()["turns"]
    wanted = {"episode": BREAD, "start": second["start"], "around": 0}
    assert client.get("/api/passage", params=wanted).json()["turns"] == [second]
    wanted = {"episode": BREAD, "words": first["text"], "around": 0}
    assert client.get("/api/passage", params=wanted).json()["turns"] == [first]


@pytest.mark.parametrize("query", ["start=9&end=3", "start=9&around=-1", "strat=9"])
def test_a_passage_that_cannot_be_found_is_a_400(client, query):
    assert client.get(f"/api/passage?episode={BREAD}&{query}").status_code == 400
