"""Archives whose embedder is an endpoint: made, searched, stopped, gone on with, and billed."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from askpod import Archive
from askpod.embedding import remote
from askpod.errors import ModelError, StoreMismatch
from askpod.indexing import embedding_cache
from askpod.services import endpoints
from askpod.settings import Settings
from billing import KEY, MODEL, TALKS, Billing
from fake_openai import hashed_vector


@pytest.fixture
def server() -> Iterator[Billing]:
    with Billing() as fake:
        yield fake


@pytest.fixture
def settings(server: Billing, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Two texts in a request, no waiting, and the same settings in the environment."""
    monkeypatch.setattr(remote, "TEXTS_ELSEWHERE", 2)
    monkeypatch.setattr("askpod.services.retry.time.sleep", lambda _: None)
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    return Settings(embedder=f"openai:{MODEL}", base_url=server.base_url)


@pytest.fixture
def files(write_episode: Callable[..., Path]) -> list[Path]:
    return [write_episode(f"talks/{name}.md", talk) for name, talk in TALKS.items()]


def index(store: Path, settings: Settings, files: list[Path]):
    with Archive.open(store, settings=settings, create=True) as archive:
        return archive.index(files)


@pytest.fixture
def _vendor(monkeypatch: pytest.MonkeyPatch) -> None:
    """The test server is OpenAI's own."""
    monkeypatch.setattr(endpoints, "VENDOR", "127.0.0.1")


def sum_of_words(text: str) -> list[float]:
    """A vector by which texts that share words are alike."""
    return [sum(each) for each in zip(*map(hashed_vector, text.split()), strict=True)]


@pytest.mark.usefixtures("_vendor")
def test_an_archive_is_made_searched_and_asked(server, settings, files, tmp_path):
    server.embed_with(sum_of_words)
    store = tmp_path / "store"
    report = index(store, settings, files)
    assert report.added == ["first", "second"]
    headings = len(report.added)
    assert report.chunks == len(server.sold) - headings > 8
    assert report.tokens == sum(len(text.split()) for text in server.sold)  # as it bills
    assert report.cost == pytest.approx(report.tokens * 2e-8)
    before = len(server.embedding_requests)
    with Archive.open(store, settings=settings) as archive:
        assert len(server.embedding_requests) == before  # opening asks nothing
        found = archive.search("How many minutes do trains take?")
        assert found[0].episode_id == "second"
        assert len(server.embedding_requests) == before + 1
        answer = archive.ask("How many minutes do trains take?", filters={"episode": "second"})
        assert answer.citations  # judged here: sentences are not sent
        assert len(server.embedding_requests) == before + 2
    assert not (store / embedding_cache.FILE).exists()


def test_what_has_not_changed_costs_nothing(server, settings, files, tmp_path):
    index(tmp_path / "store", settings, files)
    before = len(server.embedding_requests)
    report = index(tmp_path / "store", settings, files)
    assert report.unchanged == ["first", "second"]
    assert (report.tokens, report.cost) == (0, None)
    assert len(server.embedding_requests) == before


@pytest.mark.usefixtures("_vendor")
def test_a_price_that_nobody_knows_is_none(files, settings, tmp_path):
    local = replace(settings, embedder="openai:nomic-embed-text")
    report = index(tmp_path / "store", local, files[:1])
    assert report.tokens
    assert report.cost is None


def test_a_server_of_ones_own_has_no_price_whatever_its_model_is_called(files, settings, tmp_path):
    report = index(tmp_path / "store", settings, files[:1])
    assert report.tokens
    assert report.cost is None


@pytest.mark.parametrize("requests", [1, 5, 8])
def test_a_run_that_fails_is_gone_on_with_and_nothing_is_paid_twice(
    server, settings, files, tmp_path, requests
):
    store = tmp_path / "store"
    server.requests_left = requests
    with pytest.raises(ModelError, match=r"broken.*run the same command again") as caught:
        index(store, settings, files)
    assert KEY not in str(caught.value)
    sold = list(server.sold)
    assert len(server.embedding_requests) == requests + 1

    server.requests_left = 1_000
    report = index(store, settings, files)
    assert not report.failed
    assert len(server.sold) == len(set(server.sold))
    assert report.tokens == sum(len(text.split()) for text in server.sold[len(sold) :])
    clean = tmp_path / "clean"
    index(clean, settings, files)
    assert vectors(store) == vectors(clean)


def vectors(store: Path) -> list[tuple[str, int, bytes]]:
    with closing(sqlite3.connect(store / "catalog.db")) as connection:
        return connection.execute(
            "SELECT episode_id, position, vector FROM chunks JOIN vectors ON id = chunk_id "
            "ORDER BY episode_id, position"
        ).fetchall()


def test_what_was_finished_can_be_searched_after_a_failure(server, settings, files, tmp_path):
    server.requests_left = 8
    with pytest.raises(ModelError):
        index(tmp_path / "store", settings, files)
    server.requests_left = 1_000
    with Archive.open(tmp_path / "store", settings=settings) as archive:
        assert [episode.id for episode in archive.episodes()] == ["first"]
        assert archive.search("bees")


def test_a_rebuild_that_fails_leaves_the_former_state_and_keeps_what_was_paid(
    server, settings, files, tmp_path
):
    store = tmp_path / "store"
    with Archive.open(store, settings=Settings(), create=True) as archive:
        archive.index(files)
    server.requests_left = 4
    with pytest.raises(ModelError):
        Archive.rebuild(store, settings=settings)
    with Archive.open(store, settings=Settings()) as archive:
        assert archive.search("bees")
    server.requests_left = 1_000
    report = Archive.rebuild(store, settings=settings)
    assert len(server.sold) == len(set(server.sold))
    assert report.tokens < sum(len(text.split()) for text in server.sold)
    with Archive.open(store, settings=settings) as archive:
        assert archive.counts()["episodes"] == 2


def test_an_endpoint_that_fails_at_once_leaves_no_archive(server, settings, files, tmp_path):
    server.requests_left = 0
    with pytest.raises(ModelError):
        index(tmp_path / "store", settings, files)
    assert not (tmp_path / "store").exists()


def test_a_damaged_file_of_paid_vectors_is_no_obstacle(settings, files, tmp_path):
    store = tmp_path / "store"
    index(store, settings, files[:1])
    (store / embedding_cache.FILE).write_bytes(b"this is no database" * 100)
    assert index(store, settings, files).added == ["second"]


def test_paid_vectors_that_are_damaged_behind_the_first_are_no_obstacle(
    server, settings, files, tmp_path
):
    store = tmp_path / "store"
    server.requests_left = 8
    with pytest.raises(ModelError):
        index(store, settings, files)
    server.requests_left = 1_000
    paid = store / embedding_cache.FILE
    with closing(sqlite3.connect(paid)) as connection, connection:
        rows = [(f"{number:064x}", bytes(1536)) for number in range(200)]
        connection.executemany("INSERT INTO paid VALUES (?, ?)", rows)
    whole = paid.read_bytes()
    half = len(whole) // 2 // 4096 * 4096
    paid.write_bytes(whole[:half] + b"\xa5" * (len(whole) - half))
    assert index(store, settings, files).added == ["second"]


def test_embedders_are_not_mixed(server, settings, files, tmp_path):
    index(tmp_path / "store", settings, files[:1])
    others = [
        Settings(),
        Settings(embedder="openai:another", base_url=server.base_url),
        Settings(embedder=f"openai:{MODEL}"),  # OpenAI's own
    ]
    for other in others:
        with pytest.raises(StoreMismatch, match="askpod rebuild"):
            Archive.open(tmp_path / "store", settings=other, create=True)


def test_another_dimension_under_the_same_name_is_refused(server, settings, files, tmp_path):
    index(tmp_path / "store", settings, files[:1])
    server.embed_with(lambda text: hashed_vector(text, 8))
    with pytest.raises(ModelError, match="length 8 where 32 is expected"):
        index(tmp_path / "store", settings, files)
    with (
        Archive.open(tmp_path / "store", settings=settings) as archive,
        pytest.raises(ModelError, match="askpod rebuild"),
    ):
        archive.search("bees")


def test_a_search_says_that_the_endpoint_is_down(server, settings, files, tmp_path):
    index(tmp_path / "store", settings, files)
    server.close()
    with (
        Archive.open(tmp_path / "store", settings=settings) as archive,
        pytest.raises(ModelError, match=r"127\.0\.0\.1.*nothing listens"),
    ):
        archive.search("bees")


def test_the_key_is_in_no_file_of_the_archive(server, settings, files, tmp_path):
    server.requests_left = 8
    with pytest.raises(ModelError):
        index(tmp_path / "store", settings, files)
    kept = [path for path in (tmp_path / "store").rglob("*") if path.is_file()]
    assert tmp_path / "store" / embedding_cache.FILE in kept
    assert not [path for path in kept if KEY.encode() in path.read_bytes()]
