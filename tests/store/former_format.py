"""Makes a store what an askpod of format 2 would have written, for the tests of migration."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

# As they were laid then; what is not here has not changed since.
TABLES = """
CREATE TABLE old_episodes (
    id TEXT PRIMARY KEY, path TEXT NOT NULL, digest TEXT NOT NULL, transcript TEXT NOT NULL,
    title TEXT NOT NULL, short TEXT NOT NULL, guests TEXT NOT NULL, season INTEGER,
    number INTEGER, date TEXT, duration REAL, description TEXT NOT NULL, topics TEXT NOT NULL,
    links TEXT NOT NULL, youtube TEXT, faults INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE old_turns (
    episode_id TEXT NOT NULL REFERENCES episodes(id) ON DELETE CASCADE,
    position INTEGER NOT NULL, speaker TEXT NOT NULL, text TEXT NOT NULL, start REAL NOT NULL,
    "end" REAL NOT NULL, estimated INTEGER NOT NULL, section TEXT NOT NULL,
    PRIMARY KEY (episode_id, position)
) WITHOUT ROWID;
CREATE TABLE old_chunks (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    episode_id TEXT NOT NULL REFERENCES episodes(id) ON DELETE CASCADE,
    position INTEGER NOT NULL, heading TEXT NOT NULL, section TEXT NOT NULL,
    spans TEXT NOT NULL, revision INTEGER NOT NULL
);
CREATE TABLE old_vectors (
    chunk_id INTEGER PRIMARY KEY REFERENCES chunks(id) ON DELETE CASCADE, vector BLOB NOT NULL
);
"""
COLUMNS = {
    "episodes": "id, path, digest, transcript, title, short, guests, season, number, date, "
    "duration, description, topics, links, youtube, faults",
    "turns": 'episode_id, position, speaker, text, start, "end", estimated, section',
    "chunks": "id, episode_id, position, heading, section, spans, revision",
    "vectors": "chunk_id, vector",
}


def make_former(store: Path, number: str = "2") -> None:
    """Rewrites the catalog in place, and the stamp of its vector index."""
    with closing(sqlite3.connect(store / "catalog.db", isolation_level=None)) as connection:
        connection.execute("PRAGMA legacy_alter_table = ON")
        connection.executescript(TABLES)
        seq = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'chunks'").fetchone()
        for table, columns in COLUMNS.items():
            connection.execute(f"INSERT INTO old_{table} SELECT {columns} FROM {table}")
            connection.execute(f"DROP TABLE {table}")
            connection.execute(f"ALTER TABLE old_{table} RENAME TO {table}")
        connection.execute("CREATE INDEX chunks_of_episode ON chunks (episode_id, position)")
        connection.execute("DELETE FROM sqlite_sequence WHERE name = 'chunks'")
        connection.execute("INSERT INTO sqlite_sequence VALUES ('chunks', ?)", seq)
        connection.execute("UPDATE meta SET value = ? WHERE key = 'format'", (number,))
    path = store / "chroma" / "askpod.json"
    stamp = json.loads(json.loads(path.read_text())["stamp"])
    del stamp["lookups"], stamp["fingerprint"]["seen"]
    path.write_text(json.dumps(stamp))


def stored_format(store: Path) -> str:
    with closing(sqlite3.connect(store / "catalog.db")) as connection:
        (number,) = connection.execute("SELECT value FROM meta WHERE key = 'format'").fetchone()
        return str(number)
