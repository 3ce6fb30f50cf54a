"""A server that is down, slow, restarted or no Chroma: clear errors, and nothing by halves."""

from __future__ import annotations

import shutil
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from faulty_proxy import Fault, Reply, Request

from askpod import Archive
from askpod.errors import ServerError
from askpod.settings import Settings
from askpod.store.shared import client as chroma_client
from chroma_server import ChromaServer

SECRET = "s3cret-t0ken"


@pytest.fixture
def files(write_episode) -> list[Path]:
    return [
        write_episode("bees.md", ["Bees dance to tell where the linden trees are."]),
        write_episode("organs.md", ["An organ pipe is measured in feet."]),
        write_episode("trains.md", ["A night train waits in a siding near Basel."]),
    ]


@pytest.fixture
def through(proxy, database) -> Settings:
    """The archive, through the proxy."""
    return Settings(chroma_url=proxy.url, chroma_database=database)


def whole(archive: Archive) -> dict[str, list[str]]:
    """All that an archive holds, by episode."""
    return {
        episode.id: [turn.text for turn in archive.turns(episode.id)]
        for episode in archive.episodes()
    }


# At the start


@pytest.mark.usefixtures("impatient")
def test_a_server_that_is_down(machine, tmp_path):
    down = Settings(chroma_url="http://127.0.0.1:1")
    with pytest.raises(ServerError, match=r"http://127.0.0.1:1: .*does not answer .*3 times"):
        machine("ada", settings=down, create=True)
    assert not (tmp_path / "ada").exists()


@pytest.mark.usefixtures("impatient")
def test_a_server_that_says_nothing_is_given_up_in_bounded_time(machine, through, proxy):
    proxy.spoil = lambda _: Fault.STALL
    with pytest.raises(ServerError, match=r"has not answered for 0\.4 s"):
        machine("ada", settings=through, create=True)
    assert len(proxy.seen) == chroma_client.TRIES


@pytest.mark.usefixtures("impatient")
def test_one_that_fails_for_a_moment_is_asked_again(machine, through, proxy, files):
    bad = {1: Fault.CUT, 2: Reply(503, b"{}"), 5: Fault.CUT, 9: Reply(429, b"{}"), 12: Fault.STALL}
    proxy.spoil = lambda request: bad.get(request.number)
    ada = machine("ada", settings=through, create=True)
    assert len(ada.index(files).added) == 3
    assert len(whole(machine("bob"))) == 3


@pytest.mark.parametrize("status", [401, 403])
def test_a_token_that_is_refused(machine, through, proxy, monkeypatch, status):
    monkeypatch.setenv(chroma_client.TOKEN, SECRET)
    said = b'{"error":"AuthError","message":"bad token %s"}' % SECRET.encode()
    proxy.spoil = lambda _: Reply(status, said)
    with pytest.raises(ServerError, match=rf"refuses the token in ASKPOD_CHROMA_TOKEN \({status}"):
        machine("ada", settings=through, create=True)
    assert len(proxy.seen) == 1  # not asked again


def test_a_token_that_is_missing(machine, through, proxy):
    proxy.spoil = lambda _: Reply(401)
    with pytest.raises(ServerError, match=r"asks for a token .*set ASKPOD_CHROMA_TOKEN"):
        machine("ada", settings=through, create=True)


def test_the_token_is_sent_and_stands_nowhere_else(
    machine, through, proxy, monkeypatch, files, tmp_path, caplog
):
    caplog.set_level("DEBUG")
    monkeypatch.setenv(chroma_client.TOKEN, SECRET)

    def check(request: Request) -> Reply | None:
        ours = request.headers.get("Authorization") == f"Bearer {SECRET}"
        return None if ours and request.headers["X-Chroma-Token"] == SECRET else Reply(401)

    proxy.spoil = check
    machine("ada", settings=through, create=True).index(files)
    proxy.spoil = lambda _: Reply(400, b'{"error":"E","message":"no: %s"}' % SECRET.encode())
    with pytest.raises(ServerError) as caught:
        machine("bob", settings=through)
    error: BaseException | None = caught.value
    while error is not None:
        assert SECRET not in repr(error)
        error = error.__cause__ or error.__context__
    assert SECRET not in caplog.text
    kept = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert not [path for path in kept if SECRET.encode() in path.read_bytes()]


@pytest.mark.parametrize("token", ["with space", "línea", "two\nlines"])
def test_a_token_that_is_none(machine, through, monkeypatch, token):
    monkeypatch.setenv(chroma_client.TOKEN, token)
    with pytest.raises(ServerError, match="ASKPOD_CHROMA_TOKEN holds characters") as caught:
        machine("ada", settings=through, create=True)
    assert token not in str(caught.value)


def test_a_wrong_tenant_or_database(machine, chroma, database):
    wrong = Settings(chroma_url=chroma.url, chroma_tenant="nobody", chroma_database=database)
    with pytest.raises(ServerError, match=r"no tenant 'nobody'; set ASKPOD_CHROMA_TENANT"):
        machine("ada", settings=wrong, create=True)
    with pytest.raises(ServerError, match=r"no database 'nothing' .*ASKPOD_CHROMA_DATABASE"):
        machine("ada", settings=Settings(chroma_url=chroma.url, chroma_database="nothing"))


@pytest.mark.parametrize(
    "reply",
    [
        Reply(200, b"<html>Welcome to nginx!</html>", "text/html"),
        Reply(404, b"<html>Not found</html>", "text/html"),
        Reply(404, b'{"detail":"Not Found"}'),  # Chroma before 1.0
        Reply(410, b'{"detail":"gone"}'),
        Reply(200, b"[]"),
        Reply(200, b'{"id":5}'),
        Reply(200, b'{"id":"a","metadata":[1]}'),
        Reply(200, b'{"id":' + b"[" * 100_000),
        Reply(301, headers=(("Location", "http://elsewhere.example/"),)),
        Reply(413),
        Reply(422, b"\x1b[31mnothing\x07"),
    ],
)
def test_what_is_no_chroma_server(machine, through, proxy, reply):
    proxy.spoil = lambda _: reply
    with pytest.raises(ServerError) as caught:
        machine("ada", settings=through, create=True)
    message = str(caught.value)
    assert message.startswith(proxy.url)
    assert len(message) < 600
    assert message.isprintable()


@pytest.mark.usefixtures("impatient")
def test_an_endless_answer_is_cut(machine, through, proxy, monkeypatch):
    monkeypatch.setattr(chroma_client, "MOST_BYTES", 1000)
    proxy.spoil = lambda _: Reply(200, b" " * 5000)
    with pytest.raises(ServerError, match="more than was asked for"):
        machine("ada", settings=through, create=True)


def test_a_root_certificate_that_is_none(machine, tmp_path):
    (tmp_path / "root.pem").write_text("not a certificate")
    wrong = Settings(chroma_url="https://127.0.0.1:1", chroma_ca=tmp_path / "root.pem")
    with pytest.raises(ServerError, match=r"ASKPOD_CHROMA_CA: .*root.pem holds no certificates"):
        machine("ada", settings=wrong)


# In the middle


@pytest.mark.usefixtures("impatient")
def test_a_stop_at_any_request_leaves_whole_episodes(
    machine, through, proxy, files, write_episode, chroma, thorough
):
    """Ada's server goes away at each request of a run in turn, before or after it is done; Bob
    then sees each episode whole, old or new, and Ada's next run brings the rest."""
    bees, others = files[0], files[1:]
    ada = machine("ada", settings=through, create=True)
    ada.index(files)
    bob = machine("bob")
    old = whole(bob)
    for fault in (Fault.CUT, Fault.LOST):
        number, finished = 0, False
        while not finished:
            number += 1 if thorough else 5
            text = f"Bees sleep, version {fault.name} {number}."
            write_episode("bees.md", [text])
            new = old | {"bees": [text]}
            proxy.spoil = lambda request, fault=fault, last=number: (
                fault if request.number >= last else None
            )
            with suppress(ServerError):
                ada.index([bees])
            finished = len(proxy.seen) < number
            proxy.spoil = lambda _: None
            assert whole(bob) in (old, new)
            ada.index([bees])
            assert whole(bob) == new
            old = new
        assert number > 8
    assert ada.index(others).unchanged == ["organs", "trains"]
    assert whole(machine("cleo")) == whole(ada) == old
    assert _orphans(chroma, through) == 0


def _orphans(chroma: ChromaServer, through: Settings) -> int:
    """Records on the server that belong to no episode's present version."""
    from askpod.store.shared.client import Address, Database
    from askpod.store.shared.records import EPISODES, chunks_of

    database = Database(Address(chroma.url, "default_tenant", through.chroma_database))
    kinds = database.collection(EPISODES).select({"kind": {"$in": ["episode", "part"]}})
    versions = {r.metadata["version"] for r in kinds if r.metadata["kind"] == "episode"}
    stray = [record for record in kinds if record.metadata["version"] not in versions]
    chunks = chunks_of(database, "any").select({"version": {"$nin": sorted(versions)}})
    database.close()
    return len(stray) + len(chunks)


@pytest.mark.usefixtures("impatient")
def test_what_was_finished_is_kept_and_the_next_run_goes_on(machine, through, proxy, files):
    ada = machine("ada", settings=through, create=True)
    bob = machine("bob")  # now: the two runs of ada are by one holder, who need not wait
    entries = 0

    def fail_at_the_second(request: Request) -> Fault | None:
        nonlocal entries
        entries += b'"kind": "episode"' in request.body
        return Fault.CUT if entries > 1 else None

    proxy.spoil = fail_at_the_second
    with pytest.raises(ServerError, match=r"What was finished is kept"):
        ada.index(files)
    assert list(whole(bob)) == ["bees"]
    proxy.spoil = lambda _: None
    report = ada.index(files)
    assert (report.unchanged, report.added) == (["bees"], ["organs", "trains"])


def test_a_server_that_is_restarted_has_all_that_was_committed(tmp_path, files, monkeypatch):
    monkeypatch.setattr(chroma_client, "FIRST_WAIT", 0.05)
    with ChromaServer(tmp_path / "chroma") as server:
        settings = Settings(chroma_url=server.url)
        with Archive.open(tmp_path / "ada", settings=settings, create=True) as ada:
            ada.index(files[:2])
            server.kill()
            with pytest.raises(ServerError, match="does not answer"):
                ada.search("What do bees do?")
            with pytest.raises(ServerError, match="does not answer"):
                ada.index(files)
            server.start()
            assert ada.search("What do bees do?")[0].episode_id == "bees"
            assert ada.index(files).added == ["trains"]
        with Archive.open(tmp_path / "bob", settings=settings) as bob:
            assert len(whole(bob)) == 3


def test_a_server_that_is_put_back_and_written_to_since(tmp_path, files, write_episode):
    """Its revision has gone past that of a replica which holds what the server has lost."""
    extra = [write_episode(f"more-{n}.md", [f"Loaf number {n} is rye."]) for n in range(3)]
    folder, kept = tmp_path / "chroma", tmp_path / "kept"
    with ChromaServer(folder) as server, ExitStack() as opened:

        def machine(name: str) -> Archive:
            settings = Settings(chroma_url=server.url)
            return opened.enter_context(
                Archive.open(tmp_path / name, settings=settings, create=True)
            )

        ada, bob = machine("ada"), machine("bob")
        ada.index(files[:1])
        server.kill()
        shutil.copytree(folder, kept)
        server.start()
        ada.index(files)
        assert len(whole(bob)) == 3
        server.kill()
        shutil.rmtree(folder)
        kept.rename(folder)
        server.start()
        machine("cleo").index(extra)
        assert list(whole(bob)) == ["bees", "more-0", "more-1", "more-2"]
        assert ada.index(files).added == ["organs", "trains"]
        assert len(whole(bob)) == 6


@pytest.mark.usefixtures("impatient")
def test_a_first_take_over_that_is_interrupted_goes_on_where_it_was(machine, through, proxy, files):
    machine("ada", create=True).index(files)
    proxy.spoil = lambda request: Fault.CUT if request.number > 9 else None
    with pytest.raises(ServerError):
        machine("bob", settings=through)
    proxy.spoil = lambda _: None
    bob = machine("bob", settings=through)
    assert len(whole(bob)) == 3
    fetched = [seen for seen in proxy.seen if b'"part:bees' in seen.body]
    assert not fetched  # it had come through before


def test_an_episode_that_is_damaged_on_the_server_is_left_out_and_named(
    machine, chroma, database, files
):
    import httpx

    ada = machine("ada", create=True)
    ada.index(files)
    path = f"{chroma.url}/api/v2/tenants/default_tenant/databases/{database}/collections"
    (episodes,) = [each for each in httpx.get(path).json() if each["name"] == "askpod-episodes"]
    gone = {"where": {"$and": [{"kind": "part"}, {"episode_id": "bees"}]}}
    httpx.post(f"{path}/{episodes['id']}/delete", json=gone).raise_for_status()
    told: list[str] = []
    bob = machine("bob", notify=told.append)
    assert list(whole(bob)) == ["organs", "trains"]
    (line,) = [line for line in told if line.startswith("bees: left out")]
    assert str(files[0]) in line
    bob.index(files)
    assert list(whole(bob)) == ["bees", "organs", "trains"]
    assert list(whole(machine("cleo"))) == ["bees", "organs", "trains"]
