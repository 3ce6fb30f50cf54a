"""The catalog: whole transactions, one state for each reader, plain errors."""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from dataclasses import replace

import numpy as np
import pytest

from askpod.chunking import cut_span
from askpod.errors import AskpodError, StoreDamaged
from askpod.model import Chunk, Episode, Turn
from askpod.store.catalog import Catalog
from askpod.store.filters import Selection
from askpod.store.rows import Embedded, Source
from askpod.store.schema import Stamp

STAMP = Stamp("test/3", 3, "by hand")
SOURCE = Source("/talks/bees.md", "digest", "transcript")
BEES = Episode(
    "bees",
    "On bees",
    (
        Turn("Ann", "Bees dance. They do.", 0, 10, section="Bees"),
        Turn("", "Really?", 10.5, 12, estimated=True, section="Bees"),
    ),
    guests=("Zoë Abé",),
    season=2,
    number=3,
    date="2024-05-01",
    duration=12.5,
    topics=("bees", "dancing"),
    links={"anchor": "https://example.org/1", "other": "https://example.org/2"},
    youtube="xmpl",
)


def chunks_of(episode: Episode) -> list[Chunk]:
    return [
        Chunk("a heading", turn.section, (cut_span(turn, i, 0, len(turn.text)),))
        for i, turn in enumerate(episode.turns)
    ]


def put(catalog: Catalog, episode: Episode, vectors: int = 2) -> None:
    held = Embedded(chunks_of(episode), np.eye(3, dtype=np.float32)[:vectors])
    catalog.put(episode, SOURCE, held)


@pytest.fixture
def catalog(tmp_path):
    with closing(Catalog(tmp_path, writable=True)) as made:
        made.found(STAMP)
        yield made


def test_what_is_put_is_read_again(catalog):
    put(catalog, BEES)
    assert catalog.episodes() == {"bees": replace(BEES, turns=())}
    assert tuple(catalog.turns("bees")) == BEES.turns
    assert catalog.turns("bees", 1) == [BEES.turns[1]]
    assert catalog.sources() == {"bees": SOURCE}
    ids = catalog.chunk_ids(Selection()).tolist()
    assert [catalog.chunks(ids)[number].chunk for number in ids] == chunks_of(BEES)
    assert np.array_equal(catalog.vectors(ids), np.eye(3)[:2])


def test_a_put_that_fails_changes_nothing(catalog):
    put(catalog, BEES)
    revision = catalog.revision()
    with pytest.raises(ValueError, match="zip"):
        put(catalog, replace(BEES, title="Another"), vectors=1)
    assert catalog.revision() == revision
    assert catalog.episodes()["bees"].title == "On bees"
    assert catalog.counts() == {"episodes": 1, "turns": 2, "chunks": 2}


def test_every_change_raises_the_revision(catalog):
    revisions = [catalog.revision()]
    for change in (lambda: put(catalog, BEES), lambda: catalog.remove(["bees"])):
        change()
        revisions.append(catalog.revision())
    assert revisions == sorted(set(revisions))


def test_a_number_of_a_chunk_is_never_used_again(catalog):
    used: set[int] = set()
    for _ in range(3):
        put(catalog, BEES)
        now = set(catalog.chunk_ids(Selection()).tolist())
        assert not used & now
        used |= now
        catalog.remove(["bees"])


def test_nothing_is_left_of_a_removed_episode(catalog, tmp_path):
    put(catalog, BEES)
    catalog.remove(["bees"])
    with closing(sqlite3.connect(tmp_path / "catalog.db")) as connection:
        for table in ("episodes", "turns", "chunks", "vectors", "chunk_speakers", "words"):
            assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)


def test_a_reader_sees_one_state_from_begin_to_end(catalog, tmp_path):
    put(catalog, BEES)
    with closing(Catalog(tmp_path)) as reader:
        with reader.reading():
            before = reading(reader)
            catalog.remove(["bees"])
            assert reading(reader) == before
        assert reading(reader) != before


def reading(catalog: Catalog) -> tuple[object, ...]:
    return catalog.revision(), catalog.counts(), catalog.episodes(), catalog.turns("bees")


def test_emptying_is_undone_by_an_error(catalog):
    put(catalog, BEES)
    former = catalog.meta()
    with suppress(RuntimeError), catalog.emptied(replace(STAMP, embedder="other/3")):
        assert catalog.counts()["episodes"] == 0
        put(catalog, replace(BEES, id="other"))
        raise RuntimeError
    assert catalog.meta() == former
    assert list(catalog.episodes()) == ["bees"]


def test_emptying_founds_another_store_of_a_later_revision(catalog):
    put(catalog, BEES)
    former, stamp = catalog.meta(), replace(STAMP, embedder="other/3")
    with catalog.emptied(stamp):
        put(catalog, replace(BEES, id="other"))
    now = catalog.meta()
    assert (now["embedder"], list(catalog.episodes())) == ("other/3", ["other"])
    assert now["store"] != former["store"]
    assert int(now["revision"]) > int(former["revision"])


def test_a_database_of_something_else_is_not_taken_for_a_catalog(tmp_path):
    with closing(sqlite3.connect(tmp_path / "catalog.db")) as connection, connection:
        connection.execute("CREATE TABLE meta (what TEXT)")
    with closing(Catalog(tmp_path)) as other, pytest.raises(StoreDamaged, match="askpod rebuild"):
        other.meta()


def test_a_closed_catalog_says_so(catalog):
    catalog.close()
    with pytest.raises(AskpodError, match="has been closed; open it again"):
        catalog.counts()
