"""Indexing: brings an archive in line with the files of its episodes."""

from askpod.indexing.indexer import Indexer, IndexReport, Progress, ProgressListener, Prune

__all__ = ["IndexReport", "Indexer", "Progress", "ProgressListener", "Prune"]
