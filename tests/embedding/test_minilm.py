"""The vectors: close to the reference, and a function of the text alone."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from askpod.embedding import Embedder
from askpod.embedding.minilm import MiniLM, model_name
from askpod.errors import EmbedderError

REFERENCE = json.loads(Path(__file__).with_name("reference.json").read_text(encoding="utf-8"))
TEXTS = [row["text"] for row in REFERENCE["rows"]]
VECTORS = np.array([row["vector"] for row in REFERENCE["rows"]], np.float32)

any_character = st.characters(codec=None)  # lone surrogates and NUL included


@pytest.mark.parametrize(("precision", "closest"), [("fp32", 0.9999), ("int8", 0.99)])
def test_vectors_are_those_of_sentence_transformers(
    embedders: dict[str, MiniLM], precision: str, closest: float
) -> None:
    cosines = (embedders[precision].embed(TEXTS) * VECTORS).sum(axis=1)
    assert cosines.min() > closest


def test_it_is_an_embedder(int8: MiniLM) -> None:
    embedder: Embedder = int8
    assert embedder.name == "all-MiniLM-L6-v2/int8" == model_name("int8")
    assert (embedder.dimension, embedder.max_tokens) == (384, 256)


@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_a_vector_does_not_depend_on_its_neighbours(
    embedders: dict[str, MiniLM], precision: str
) -> None:
    embedder = embedders[precision]
    together = embedder.embed([*TEXTS, *reversed(TEXTS)])
    alone = np.concatenate([embedder.embed([text]) for text in TEXTS])
    # Not merely close: the same bits, so that an archive built in pieces equals one built at once.
    assert np.array_equal(together, np.concatenate([alone, alone[::-1]]))


def test_a_vector_does_not_depend_on_the_number_of_threads(int8: MiniLM) -> None:
    assert np.array_equal(MiniLM(threads=1).embed(TEXTS), int8.embed(TEXTS))
    assert np.array_equal(MiniLM(threads=5).embed(TEXTS), int8.embed(TEXTS))


def test_no_texts_give_no_vectors(int8: MiniLM) -> None:
    vectors = int8.embed([])
    assert (vectors.shape, vectors.dtype) == ((0, 384), np.float32)
    assert int8.count_tokens([]) == []


def test_blank_texts_are_embedded_like_the_empty_one(int8: MiniLM) -> None:
    empty, *blank = int8.embed(["", "   ", "\t\n", "\u200b", "\x00", "\ufffd"])
    assert all(np.array_equal(empty, vector) for vector in blank)


def test_a_text_too_long_is_refused_by_its_place(int8: MiniLM) -> None:
    longest = "word " * 254
    assert int8.embed([longest]).shape == (1, 384)
    with pytest.raises(EmbedderError, match=r"text 1 has 257 tokens; .* reads 256"):
        int8.embed(["short", longest + "word"])


@pytest.mark.parametrize(
    "text",
    [
        "\ud800",
        "a \udfff b",
        "\ud83d\ude00",
        "ما هي هندسة البيانات؟",
        "データとは何ですか",
        "👩‍👩‍👧‍👦 family",
        "nul\x00 and \x1b[31mred\x1b[0m",
        "zero\u200bwidth\u200d\ufeff",
        "[CLS] [SEP] [MASK] [PAD] [UNK]",
        "x" * 5000,
    ],
)
def test_odd_texts_have_a_unit_vector(int8: MiniLM, text: str) -> None:
    vector = int8.embed([text])[0]
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)


def test_halves_of_one_character_are_joined(int8: MiniLM) -> None:
    halves, whole = int8.embed(["so \ud83d\ude00 happy", "so 😀 happy"])
    assert np.array_equal(halves, whole)


@settings(max_examples=60)
@given(st.lists(st.text(any_character, max_size=60), max_size=4))
def test_any_texts_have_unit_vectors(int8: MiniLM, texts: list[str]) -> None:
    vectors = int8.embed(texts)
    assert vectors.shape == (len(texts), 384)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_several_threads_may_call_at_once(int8: MiniLM) -> None:
    expected = int8.embed(TEXTS)
    with ThreadPoolExecutor(6) as pool:
        for vectors in pool.map(lambda _: int8.embed(TEXTS), range(12)):
            assert np.array_equal(vectors, expected)


def test_threads_must_be_one_or_more() -> None:
    with pytest.raises(EmbedderError, match="threads is 0"):
        MiniLM(threads=0)


FORK = """
import os, numpy
from askpod.embedding.minilm import MiniLM
embedder = MiniLM(threads=2)
texts = ["one text", "and another"]
before, counts = embedder.embed(texts), embedder.count_tokens(texts)
child = os.fork()
same = numpy.array_equal(embedder.embed(texts), before) and embedder.count_tokens(texts) == counts
if child == 0:
    os._exit(0 if same else 1)
raise SystemExit(os.waitpid(child, 0)[1] or not same)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no fork")
@pytest.mark.usefixtures("int8")
def test_a_fork_may_go_on_embedding() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", FORK],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


START = """
import sys
from askpod.embedding.minilm import MiniLM
MiniLM().embed(["What is a data lake?"])
print(sorted({"onnx", "torch", "transformers", "safetensors"} & set(sys.modules)))
"""


@pytest.mark.usefixtures("int8")
def test_a_start_from_the_cache_imports_nothing_heavy() -> None:
    done = subprocess.run(
        [sys.executable, "-c", START], capture_output=True, text=True, timeout=60, check=True
    )
    assert (done.stdout.strip(), done.stderr) == ("[]", "")
