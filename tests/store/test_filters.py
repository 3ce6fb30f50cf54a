"""Filters restrict a search to some episodes and speakers, on both indexes alike."""

from __future__ import annotations

from contextlib import closing

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from askpod import Archive
from askpod.embedding.contextual import contextual_vectors
from askpod.errors import FilterError
from askpod.model import Chunk, Episode, Filters, Span, Turn
from askpod.people import Labels
from askpod.store import dense, filters
from askpod.store.catalog import Catalog, Layout
from askpod.store.collection import publish
from askpod.store.filters import Selection, chroma_condition
from askpod.store.rows import Embedded, Source
from askpod.store.schema import Stamp
from askpod.text import matches_name

EPISODES = {
    "bees.md": {"guests": ["Mara Lind"], "season": 1, "dateadded": "2024-04-30"},
    "trains.md": {"guests": ["Zoë Abé", "Ole Berg"], "season": 1, "dateadded": "2024-05-01"},
    "organs.md": {"guests": ["Mara Winter"], "season": 2, "dateadded": "2025-01-15"},
    "undated.md": {"season": 3},
}


@pytest.fixture(scope="module", params=["by their vectors", "by Chroma's where", "by ids"])
def talks(request, tmp_path_factory):
    """Four talks on patience, what is selected of them searched in each of three ways."""
    folder = tmp_path_factory.mktemp("talks")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("ASKPOD_PRECISION", raising=False)
        if request.param != "by their vectors":
            patch.setattr(dense, "FEW", 0)
        if request.param == "by ids":
            patch.setattr("askpod.retrieval.retriever.chroma_condition", lambda _: None)
        with Archive.open(folder / "store", create=True) as archive:
            archive.index([_write(folder, name, front) for name, front in EPISODES.items()])
            yield archive


def _write(folder, name, front):
    fields = "\n".join(f"{key}: {value}" for key, value in front.items())
    guest = (front.get("guests") or ["Nobody"])[0]
    path = folder / name
    path.write_text(
        f"---\ntitle: On {name}\n{fields}\ntranscript:\n"
        "- line: Does one need patience for it?\n  sec: 0\n  who: Odalys\n"
        "- header: The work\n"
        f"- line: Patience is all that one needs for it.\n  sec: 5\n  who: {guest}\n---\n",
        encoding="utf-8",
    )
    return path


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, "bees organs trains undated"),
        ({"episode": "bees"}, "bees"),
        ({"episode": "none"}, ""),
        ({"guest": "lind"}, "bees"),
        ({"guest": "mara"}, "bees organs"),
        ({"guest": "zoe abe"}, "trains"),
        ({"guest": "Berg"}, "trains"),
        ({"guest": "nobody"}, ""),
        ({"season": 1}, "bees trains"),
        ({"season": 9}, ""),
        ({"since": "2024-05"}, "organs trains"),
        ({"since": "2024-05-02"}, "organs"),
        ({"until": "2024"}, "bees trains"),
        ({"until": "2024-04"}, "bees"),
        ({"until": "2024-05-01"}, "bees trains"),
        ({"since": "2024-04-30", "until": "2024-04-30"}, "bees"),
        ({"season": 1, "guest": "mara"}, "bees"),
        ({"season": 2, "speaker": "odalys"}, "organs"),
    ],
)
def test_only_what_the_filters_allow_is_found(talks, filters, expected):
    found = talks.search("Is patience needed?", **filters)
    assert sorted({passage.episode_id for passage in found}) == expected.split()


def test_a_speaker_is_found_where_he_speaks(talks):
    found = talks.search("Is patience needed?", speaker="lind")
    assert [(p.episode_id, p.speakers) for p in found] == [("bees", ("Mara Lind",))]
    found = talks.search("Is patience needed?", speaker="odalys")
    assert len({p.episode_id for p in found}) == 4
    assert talks.search("Is patience needed?", speaker="nemo") == []


@pytest.mark.parametrize(
    ("wanted", "name", "fits"),
    [
        ("gupta", "Lavanya Gupta", True),
        ("LAV gup", "Lavanya Gupta", True),
        ("lavanyagupta", "Lavanya Gupta", True),
        ("Lavanya Gupta", "lavanyagupta", True),
        ("pta", "Lavanya Gupta", False),
        ("lavanya singh", "Lavanya Gupta", False),
        ("josé", "Jose Ñuñez", True),
        ("nunez", "José Ñuñez", True),
        ("", "Lavanya Gupta", False),
        ("%", "Lavanya Gupta", False),
    ],
)
def test_a_name_fits_by_the_beginnings_of_its_words(wanted, name, fits):
    assert matches_name(wanted, name) is fits


@pytest.mark.parametrize("date", ["May 2024", "2024-5", "24-05-01", "", "2024-05-01T00:00"])
def test_a_date_of_another_form_is_refused(date):
    with pytest.raises(FilterError, match="write YYYY, YYYY-MM or YYYY-MM-DD"):
        Filters(since=date)


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """Chunks of many episodes and speakers, their vectors drawn at random, in a real collection."""
    folder, chance = tmp_path_factory.mktemp("many"), np.random.default_rng(1)
    people = [f"Person {n}" for n in range(30)]
    with closing(Catalog(folder, writable=True)) as catalog:
        catalog.found(Stamp("random", 16, "none"))
        for number in range(40):
            speakers = chance.choice(people, 25)
            turns = [Turn(str(who), "word", 1.0 * at, 1.0 + at) for at, who in enumerate(speakers)]
            chunks = [
                Chunk("", "", (Span(at, 0, turn.speaker, "word", turn.start, turn.end, False),))
                for at, turn in enumerate(turns)
            ]
            raw = chance.normal(size=(25, 16)).astype(np.float32)
            raw /= np.linalg.norm(raw, axis=1, keepdims=True)
            episode = Episode(id=f"e{number}", title="", turns=tuple(turns))
            catalog.put(episode, Source("", "", ""), Embedded(chunks, raw))
        publish(folder, catalog)
        index = dense.DenseIndex(folder, catalog, "random", print)
        yield catalog, index, people
        index.close()


@given(data=st.data())
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_filtered_search_is_an_exact_one_over_the_selected_chunks(many, data):
    catalog, index, people = many
    episodes = st.none() | st.lists(st.sampled_from([f"e{n}" for n in range(40)]), unique=True)
    names = st.none() | st.lists(st.sampled_from(people), unique=True)
    of, speakers = data.draw(episodes), data.draw(names)
    selection = Selection(
        None if of is None else tuple(of), None if speakers is None else Labels(tuple(speakers))
    )
    few, most_names = data.draw(st.sampled_from([0, 100, 500])), data.draw(st.sampled_from([0, 20]))
    seed, count = data.draw(st.integers(0, 99)), data.draw(st.integers(1, 300))
    vector = np.random.default_rng(seed).normal(size=16).astype(np.float32)
    chosen = None if selection == Selection() else catalog.chunk_ids(selection)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dense, "FEW", few)
        patch.setattr(filters, "NAMES", most_names)
        where = None if chosen is not None and not len(chosen) else chroma_condition(selection)
        ids, scores = index.search(
            lambda all_: dense.best_chunks(all_, catalog, vector, count, chosen, where)()
        )
    exact = np.concatenate(
        [
            contextual_vectors(catalog.vectors(range(a, b + 1))) @ vector
            for a, b, _ in catalog.chunk_ranges()
        ]
    )
    allowed = catalog.chunk_ids(Selection()) if chosen is None else chosen
    best = sorted(allowed.tolist(), key=lambda number: -exact[number - 1])[:count]
    assert ids.tolist() == best
    np.testing.assert_allclose(scores, exact[ids - 1], atol=1e-5)


def test_what_lies_around_the_first_and_the_last_chunk_is_no_chunk(many):
    catalog, *_ = many
    layout = Layout.of(catalog)
    around = np.array([-2, -1, 0, 1, 25, 26, 1000, 1001, 1002])
    assert layout.among(around, None).tolist() == [1, 25, 26, 1000]
    assert layout.among(around, ["e0", "e39", "none"]).tolist() == [1, 25, 1000]
