"""The graph's search: the same hits as by comparing all vectors, whatever happens to the index."""

from __future__ import annotations

import shutil
import subprocess
import sys
from contextlib import closing

import pytest

from askpod import Archive
from askpod.embedding.minilm import MiniLM
from askpod.store.catalog import Catalog
from askpod.store.dense import DenseIndex
from askpod.store.filters import Filters, Selection, select

HONEY = "The talk on heather honey, revision {}."


@pytest.fixture(scope="module")
def embed():
    model = MiniLM()
    return lambda text: model.embed([text])[0]


@pytest.fixture
def open_dense():
    """Opens a store's dense index: by graph, or with `exact` by comparison."""
    opened = []

    def open_(store, *, exact=False) -> tuple[Catalog, DenseIndex]:
        catalog = Catalog(store)
        dense = DenseIndex(store, catalog, exact_up_to=10**9 if exact else 0)
        opened.extend([dense, catalog])
        return catalog, dense

    yield open_
    for one in opened:
        one.close()


def put(store, turns, write_episode, *, publish=True) -> None:
    """Indexes honey.md with these turns, with or without bringing the vector index up to it."""
    path = write_episode("honey.md", turns)
    kept = shutil.copytree(store / "chroma", store.parent / "kept", dirs_exist_ok=True)
    with Archive.open(store) as archive:
        archive.index([path])
    if not publish:
        shutil.rmtree(store / "chroma")
        shutil.move(kept, store / "chroma")
    else:
        shutil.rmtree(kept)


def said(catalog: Catalog, hits) -> list[str]:
    chunks = catalog.chunks([number for number, _ in hits])
    return [chunks[number].chunk.text for number, _ in hits]


FILTERS = [
    {},
    {"speaker": "Odalys"},
    {"season": 1},
    {"episode": "night-train-timetables"},
    {"speaker": "tobias", "season": 2},
    {"guest": "nobody"},
]


@pytest.mark.parametrize("filters", FILTERS, ids=str)
def test_the_graph_finds_what_a_comparison_finds(indexed, open_dense, embed, questions, filters):
    catalog, graph = open_dense(indexed)
    _, exact = open_dense(indexed, exact=True)
    with catalog.reading() as connection:
        selection = select(connection, Filters.of(filters))
    for question in questions:
        vector = embed(question)
        for count in (1, 10, 1000):
            found = graph.nearest(vector, count, selection)
            expected = exact.nearest(vector, count, selection)
            assert [number for number, _ in found] == [number for number, _ in expected]
            assert [score for _, score in found] == pytest.approx(
                [s for _, s in expected], abs=1e-6
            )
    assert graph._index._client is not None or selection.empty  # Chroma was really asked


def test_what_was_written_since_the_graph_was_made_is_found(
    store, open_dense, embed, write_episode
):
    put(store, [HONEY.format(i) for i in range(3)] * 40, write_episode)
    put(store, [HONEY.format(7), ("Cora", "Who keeps it?")], write_episode, publish=False)
    catalog, graph = open_dense(store)
    _, exact = open_dense(store, exact=True)
    for question in ("heather honey", "Who keeps the honey?"):
        for selection in (Selection(), Selection(speakers=("Cora",)), Selection(("honey",))):
            found = graph.nearest(embed(question), 20, selection)
            expected = exact.nearest(embed(question), 20, selection)
            assert [number for number, _ in found] == [number for number, _ in expected]
    texts = "\n".join(said(catalog, graph.nearest(embed("heather honey"), 20, Selection())))
    assert HONEY.format(7) in texts
    assert HONEY.format(1) not in texts


INDEX = "import sys; from askpod import Archive; Archive.open(sys.argv[1]).index([sys.argv[2]])"


def test_an_index_replaced_by_another_process_is_taken_up(store, open_dense, embed, write_episode):
    catalog, graph = open_dense(store)
    before = graph.nearest(embed("heather honey"), 3, Selection())
    path = write_episode("honey.md", [HONEY.format(1)])
    subprocess.run([sys.executable, "-c", INDEX, str(store), str(path)], check=True)
    after = graph.nearest(embed("heather honey"), 3, Selection())
    assert said(catalog, after)[0] == HONEY.format(1)
    assert after[1:] == before[:2]


def test_an_index_replaced_under_several_readers_of_one_process(
    store, open_dense, embed, write_episode
):
    """Chroma shares opened folders by path: a reader must not be handed the former one."""
    readers = [open_dense(store) for _ in range(3)]
    for number in range(4):
        put(store, [HONEY.format(number)], write_episode)
        for catalog, graph in readers:
            hits = graph.nearest(embed("heather honey"), 5, Selection())
            assert said(catalog, hits)[0] == HONEY.format(number)
            ids = set(graph._index.ids())
            assert ids == set(catalog.chunk_ids(Selection()).tolist())


def test_a_reader_of_a_former_state_is_not_shown_the_new_one(
    store, open_dense, embed, write_episode
):
    catalog, graph = open_dense(store)
    put(store, [HONEY.format(1)], write_episode)
    with catalog.reading():
        before = said(catalog, graph.nearest(embed("heather honey"), 5, Selection()))
        assert before[0] == HONEY.format(1)
        put(store, [HONEY.format(2)], write_episode)
        assert said(catalog, graph.nearest(embed("heather honey"), 5, Selection())) == before
    assert said(catalog, graph.nearest(embed("heather honey"), 5, Selection()))[0] == (
        HONEY.format(2)
    )


@pytest.mark.parametrize("damage", ["missing", "garbled"])
def test_without_a_usable_graph_all_vectors_are_compared(store, open_dense, embed, damage):
    _, exact = open_dense(store, exact=True)
    expected = exact.nearest(embed("false alarms"), 10, Selection())
    if damage == "missing":
        shutil.rmtree(store / "chroma")
    else:
        for path in store.glob("chroma/**/*"):
            if path.is_file() and path.name != "askpod.json":
                path.write_bytes(b"\xa5" * path.stat().st_size)
    _, graph = open_dense(store)
    assert graph.nearest(embed("false alarms"), 10, Selection()) == expected


def test_the_ids_of_a_rebuilt_store_are_not_mixed_with_the_former_ones(
    store, open_dense, embed, write_episode
):
    former = shutil.copytree(store / "chroma", store.parent / "former")
    put(store, [HONEY.format(1)], write_episode)
    Archive.rebuild(store)
    shutil.rmtree(store / "chroma")
    shutil.move(former, store / "chroma")
    catalog, graph = open_dense(store)
    with closing(DenseIndex(store, catalog)) as exact:
        expected = exact.nearest(embed("heather honey"), 10, Selection())
    assert graph.nearest(embed("heather honey"), 10, Selection()) == expected
