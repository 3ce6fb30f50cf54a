"""Where an archive is kept: the catalog (SQLite, the truth) and the vector index (Chroma)."""
