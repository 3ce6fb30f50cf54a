"""Search in a large archive: as in a small one, whatever happens to the cell index."""

from __future__ import annotations

import shutil
from contextlib import closing

import numpy as np
import pytest

from askpod import Archive
from askpod.embedding.minilm import MiniLM
from askpod.model import Filters
from askpod.store import sync
from askpod.store.catalog import Catalog
from askpod.store.cells import index, keeping, making, words
from askpod.store.cells.folder import FILES, Stamp
from askpod.store.dense import DenseIndex
from askpod.store.filters import Selection, select

HONEY = "The talk on heather honey, revision {}."


@pytest.fixture(scope="module")
def embed():
    model = MiniLM()
    return lambda text: model.embed([text])[0]


@pytest.fixture(autouse=True)
def _large(monkeypatch):
    """Every archive counts as large: it has a cell index of several cells and common words."""
    monkeypatch.setattr(keeping, "EXACT_UP_TO", 0)
    monkeypatch.setattr(DenseIndex.__init__, "__defaults__", (0,))
    monkeypatch.setattr(making, "CELL", 10)
    monkeypatch.setattr(words, "COMMON", 5)


@pytest.fixture
def due(monkeypatch):
    """The cell index is made anew after every change."""
    monkeypatch.setattr(keeping, "BEHIND", 0)
    monkeypatch.setattr(keeping, "BEHIND_SHARE", 0)
    monkeypatch.setattr(keeping, "GONE_SHARE", 0)


@pytest.fixture
def open_dense():
    """Opens a store's dense index: by cells, or with `exact` by comparison."""
    opened = []

    def open_(store, *, exact=False) -> tuple[Catalog, DenseIndex]:
        catalog = Catalog(store)
        dense = DenseIndex(store, catalog, 10**9 if exact else 0)
        opened.extend([dense, catalog])
        return catalog, dense

    yield open_
    for one in opened:
        one.close()


@pytest.fixture
def store(store):
    """The examples' archive with a cell index."""
    with closing(Catalog(store)) as catalog:
        sync.publish(store, catalog)
        assert keeping.opened(store, catalog, None) is not None
    return store


def put(store, turns, write_episode) -> None:
    """Indexes honey.md with these turns."""
    with Archive.open(store) as archive:
        archive.index([write_episode("honey.md", turns)])


def said(catalog: Catalog, hits) -> list[str]:
    chunks = catalog.chunks([number for number, _ in hits])
    return [chunks[number].chunk.text for number, _ in hits]


def numbers(hits) -> list[int]:
    return [number for number, _ in hits]


FILTERS = [
    {},
    {"speaker": "Odalys"},
    {"season": 1},
    {"episode": "night-train-timetables"},
    {"speaker": "tobias", "season": 2},
    {"guest": "nobody"},
]


@pytest.mark.parametrize("scanned", [8, 100_000], ids=["cell by cell", "all at once"])
@pytest.mark.parametrize("filters", FILTERS, ids=str)
def test_all_that_a_comparison_finds_is_found(
    store, open_dense, embed, questions, filters, scanned, monkeypatch
):
    monkeypatch.setattr(index, "SCANNED", scanned)
    monkeypatch.setattr("askpod.store.dense.SCANNED", scanned)
    catalog, dense = open_dense(store)
    _, exact = open_dense(store, exact=True)
    with catalog.reading() as connection:
        selection = select(connection, Filters.of(filters))
    for question in questions:
        found = dense.nearest(embed(question), 1000, selection)
        expected = exact.nearest(embed(question), 1000, selection)
        assert numbers(found) == numbers(expected)
        assert [score for _, score in found] == pytest.approx([s for _, s in expected], abs=1e-6)


def test_the_nearest_are_found_in_a_few_cells(store, open_dense, embed, questions, monkeypatch):
    monkeypatch.setattr(index, "SCANNED", 30)
    _, dense = open_dense(store)
    _, exact = open_dense(store, exact=True)
    shares = []
    for question in questions:
        found = dense.nearest(embed(question), 5, Selection())
        expected = exact.nearest(embed(question), 5, Selection())
        shares.append(len(set(numbers(found)) & set(numbers(expected))) / 5)
    assert np.mean(shares) >= 0.7


def test_similarities_are_right_to_a_thousandth(store, open_dense, embed):
    catalog, dense = open_dense(store)
    vector = embed("false alarms")
    begins, ends = np.array([3, 5, 30]), np.array([9, 12, 30])
    ids, values = dense.similarities(vector, begins, ends)
    assert ids.tolist() == [*range(3, 13), 30]
    assert values == pytest.approx(catalog.vectors_of(ids.tolist()) @ vector, abs=2e-3)


def test_passages_are_those_of_a_small_archive(store, expected, results):
    for found, wanted in zip(results(store), expected, strict=True):
        assert [(p.episode_id, p.start, p.text) for p in found] == [
            (p.episode_id, p.start, p.text) for p in wanted
        ]
        assert [p.score for p in found] == pytest.approx([p.score for p in wanted], abs=0.01)


def test_common_words_are_looked_up_by_chunk(store, open_dense):
    catalog, dense = open_dense(store)
    with catalog.reading() as connection:
        cells = dense.cells()
        assert cells is not None
        ids = catalog.chunk_ids(Selection())
        common = 0
        for word in ("people", "trains", "pipes", "sensors", "zither", "the bees"):
            number = cells.words.common(word)
            holding = words.all_that_say(connection, word)
            assert (number is not None) == (len(holding) > words.COMMON)
            if number is not None:
                common += 1
                assert cells.words.count(number) == len(holding)
                assert cells.said(number, ids).tolist() == holding.tolist()
        assert common >= 2


@pytest.mark.parametrize(
    ("question", "unmentioned"),
    [
        ("What does Bartholomew say of bees?", ["Bartholomew"]),
        ("What does frost do to a Couplerr?", []),  # sounds like a word that is said
    ],
)
def test_names_that_nobody_mentions(store, question, unmentioned):
    with Archive.open(store) as archive:
        assert list(archive._searcher.find(question, 5, Filters()).unmentioned) == unmentioned


def test_what_was_written_since_the_cells_were_made_is_found(
    store, open_dense, embed, write_episode
):
    put(store, [HONEY.format(i) for i in range(3)] * 40, write_episode)
    put(store, [HONEY.format(7), ("Cora", "Who keeps it?")], write_episode)
    catalog, dense = open_dense(store)
    _, exact = open_dense(store, exact=True)
    with catalog.reading():
        cells = dense.cells()
        assert cells is not None
        assert cells.stamp.revision < catalog.revision() - 1
    for question in ("heather honey", "Who keeps the honey?"):
        for selection in (Selection(), Selection(speakers=("Cora",)), Selection(("honey",))):
            found = dense.nearest(embed(question), 20, selection)
            wanted = exact.nearest(embed(question), 20, selection)
            assert numbers(found) == numbers(wanted)
    texts = "\n".join(said(catalog, dense.nearest(embed("heather honey"), 20, Selection())))
    assert HONEY.format(7) in texts
    assert HONEY.format(1) not in texts
    with Archive.open(store) as archive:
        assert HONEY.format(7) in archive.search("heather honey", top=1)[0].text


@pytest.mark.usefixtures("due")
def test_the_cells_are_made_anew_when_much_has_changed(store, write_episode):
    before = Stamp.read(store / "cells")
    put(store, [HONEY.format(1)], write_episode)
    after = Stamp.read(store / "cells")
    assert before is not None
    assert after is not None
    assert after.revision > before.revision
    assert after.chunks == before.chunks + 1


def test_a_long_run_brings_the_cells_up_on_its_way(store, write_episode, monkeypatch):
    monkeypatch.setattr(keeping, "WRITTEN", 3)
    monkeypatch.setattr(keeping, "WRITTEN_SHARE", 0)
    made = []

    def make(folder, catalog):
        made.append(catalog.revision())
        making.make(folder, catalog)

    monkeypatch.setattr(keeping, "make", make)
    talks = [write_episode(f"talk-{i}.md", [HONEY.format(i)]) for i in range(9)]
    with Archive.open(store) as archive:
        archive.index(talks)
        assert len(made) == 2
        assert HONEY.format(8) in archive.search(HONEY.format(8), top=1)[0].text


@pytest.mark.usefixtures("due")
def test_open_readers_take_up_cells_made_anew(store, open_dense, embed, write_episode):
    readers = [open_dense(store) for _ in range(3)]
    for number in range(3):
        put(store, [HONEY.format(number)], write_episode)
        for catalog, dense in readers:
            hits = dense.nearest(embed("heather honey"), 5, Selection())
            assert said(catalog, hits)[0] == HONEY.format(number)
            with catalog.reading():
                cells = dense.cells()
                assert cells is not None
                assert cells.stamp.revision == catalog.revision()


@pytest.mark.usefixtures("due")
@pytest.mark.parametrize("opened_before", [True, False])
def test_a_reader_of_a_former_state_is_not_shown_the_new_one(
    store, open_dense, embed, write_episode, opened_before
):
    put(store, [HONEY.format(1)], write_episode)
    catalog, dense = open_dense(store)
    if opened_before:
        dense.nearest(embed("heather honey"), 5, Selection())
    with catalog.reading():
        assert catalog.revision()  # a state is read from here on
        put(store, [HONEY.format(2)], write_episode)
        before = said(catalog, dense.nearest(embed("heather honey"), 5, Selection()))
        assert before[0] == HONEY.format(1)
    after = said(catalog, dense.nearest(embed("heather honey"), 5, Selection()))
    assert after[0] == HONEY.format(2)


@pytest.mark.parametrize("damaged", ["all", *FILES, "askpod.json"])
def test_damaged_cells_are_seen_and_made_anew(store, open_dense, embed, damaged):
    _, exact = open_dense(store, exact=True)
    wanted = numbers(exact.nearest(embed("false alarms"), 10, Selection()))
    if damaged == "all":
        shutil.rmtree(store / "cells")
    else:
        path = store / "cells" / damaged
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 0x10
        path.write_bytes(content)
    with closing(Catalog(store)) as catalog:
        assert keeping.state(store, catalog) in ("damaged", "missing")
    with Archive.open(store) as archive:
        assert archive.search("false alarms")
    with closing(Catalog(store)) as catalog:
        assert keeping.state(store, catalog) == "fresh"
    _, dense = open_dense(store)
    assert numbers(dense.nearest(embed("false alarms"), 10, Selection())) == wanted


def test_a_byte_changed_in_a_large_index_is_seen_by_its_date_or_when_all_is_read(
    store, monkeypatch
):
    monkeypatch.setattr("askpod.store.cells.folder.READ_WHOLE", 0)
    path = store / "cells" / "codes.npy"
    with closing(Catalog(store)) as catalog:
        assert keeping.state(store, catalog) == "fresh"
        content = path.read_bytes()
        path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
        assert keeping.state(store, catalog) == "damaged"
        path.write_bytes(content)  # as a copy: another date, the same content
        assert keeping.state(store, catalog) == "fresh"


def test_cells_that_change_while_they_are_open_do_no_harm(store, open_dense, embed):
    _, dense = open_dense(store)
    before = dense.nearest(embed("false alarms"), 10, Selection())
    path = store / "cells" / "members.npy"
    with path.open("r+b") as file:  # in place: what is mapped changes with it
        file.seek(128)
        file.write(b"\x7f" * (path.stat().st_size - 128))
    assert numbers(dense.nearest(embed("false alarms"), 10, Selection())) == numbers(before)


def test_without_cells_all_vectors_are_compared(store, open_dense, embed):
    _, exact = open_dense(store, exact=True)
    shutil.rmtree(store / "cells")
    _, dense = open_dense(store)
    found = dense.nearest(embed("false alarms"), 10, Selection())
    expected = exact.nearest(embed("false alarms"), 10, Selection())
    assert numbers(found) == numbers(expected)


def test_cells_of_a_former_store_are_not_used(store, open_dense, embed, write_episode):
    former = shutil.copytree(store / "cells", store.parent / "former")
    put(store, [HONEY.format(1)], write_episode)
    Archive.rebuild(store)
    shutil.rmtree(store / "cells")
    shutil.move(former, store / "cells")
    _, dense = open_dense(store)
    _, exact = open_dense(store, exact=True)
    assert dense.cells() is None
    expected = exact.nearest(embed("heather honey"), 10, Selection())
    found = dense.nearest(embed("heather honey"), 10, Selection())
    assert numbers(found) == numbers(expected)


def test_an_archive_that_has_shrunk_has_no_cells(store, monkeypatch):
    monkeypatch.setattr(keeping, "EXACT_UP_TO", 10**6)
    with closing(Catalog(store)) as catalog:
        sync.publish(store, catalog)
        assert keeping.state(store, catalog) == "fresh"
    assert not (store / "cells").exists()


def test_chroma_is_not_written_past_its_bound(store, monkeypatch):
    monkeypatch.setattr(sync, "CHROMA_UP_TO", 10)
    with Archive.open(store) as archive:
        assert archive.search("false alarms")
    assert not (store / "chroma").exists()
    with closing(Catalog(store)) as catalog:
        assert sync.state(store, catalog) == "fresh"


class TwoOfAll:
    """A server that names two chunks, one of which is gone."""

    def nearest(self, _vector, _count, _selection):
        return np.array([7, 10**6])


def test_in_server_mode_the_server_names_the_candidates(store, embed):
    with closing(Catalog(store)) as catalog:
        dense = DenseIndex(store, catalog, server=TwoOfAll())
        vector = embed("false alarms")
        score = float((catalog.vectors_of([7]) @ vector)[0])
        assert dense.nearest(vector, 10, Selection()) == [(7, pytest.approx(score))]
