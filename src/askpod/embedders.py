"""Which embedder the settings mean, and the stamp of what it makes. Calls no endpoint."""

from __future__ import annotations

from collections.abc import Mapping

from askpod.embedding import Embedder
from askpod.embedding.remote import PREFIX, RemoteEmbedder, remote_name
from askpod.embedding.weights import DIMENSION, MODEL
from askpod.settings import Settings
from askpod.store.schema import Stamp


def load_embedder(settings: Settings, meta: Mapping[str, str] | None = None) -> Embedder:
    """The embedder of these settings; `meta` is that of the store it is to work for.

    Raises:
        EmbedderError: it cannot be loaded.
    """
    if model := remote_model(settings):
        # What the store knows need not be asked of the endpoint again.
        known = (meta or {}).get("dimension")
        return RemoteEmbedder(
            model,
            base_url=settings.base_url,
            dimension=int(known) if known else None,
        )
    # Imported when a text is to be embedded: listing episodes needs no onnxruntime.
    from askpod.embedding.minilm import MiniLM

    return MiniLM(settings.precision)


def stamp_of(settings: Settings, embedder: Embedder | None = None) -> Stamp:
    """What a store made with these settings is stamped with.

    A remote model's dimension is known only to its `embedder`, which may ask its endpoint for it;
    without one it is None, good for comparing and not for founding a store.
    """
    signature = settings.chunking.signature
    if model := remote_model(settings):
        name = remote_name(model, settings.base_url)
        return Stamp(name, embedder.dimension if embedder else None, signature)
    return Stamp(f"{MODEL}/{settings.precision}", DIMENSION, signature)


def remote_model(settings: Settings) -> str | None:
    """The endpoint's name of the embeddings model; None where the built-in one is meant."""
    if settings.embedder.startswith(PREFIX):
        return settings.embedder.removeprefix(PREFIX).strip()
    return None
