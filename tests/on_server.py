"""Runs the suite of archives on a Chroma server: `pytest --chroma-server`, or `make server`.

Every archive that a test opens is held by one real server, in a database of its own for each
store folder; the folder holds its replica. Tests about what is only on a disk are left out, and
say why (`-rs` shows it).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from askpod import opening
from askpod.settings import Settings
from chroma_server import ChromaServer

_REBUILD = "a rebuild rebuilds the replica: tests/server/test_shared_archive.py"
_MESSAGE = "the message names the server, not the folder: tests/server"
_PROCESS = "starts processes, which know of no server here: tests/server/test_machines.py"
_FOLDER = "a folder that is copied or deleted is not what holds the archive"

CONNECT, RECONNECT = opening.connect, opening.reconnect  # as they are without this
LEFT_OUT = {
    "test_rebuild.py": _REBUILD,
    "test_an_archive_that_was_made_anew_with_another_embedder_says_so": _REBUILD,
    "test_a_rebuild_that_fails_leaves_the_former_state": _REBUILD,
    "test_commands.py::test_rebuild": _REBUILD,
    "test_an_archive_that_is_opened_while_it_is_being_made_is_searched": _FOLDER,
    "test_a_folder_without_an_archive": _MESSAGE,
    "test_what_a_run_stopped_at_its_start_leaves_is_no_archive_yet": _MESSAGE,
    "test_a_store_of_another_precision_is_not_opened": _MESSAGE,
    "test_a_store_of_another_chunking_is_not_opened": _MESSAGE,
    "test_embedders_are_not_mixed": _MESSAGE,
    "test_an_archive_may_be_closed_while_threads_search": _MESSAGE,
    "test_a_program_that_searches_a_closed_archive_ends_with_the_error": _PROCESS,
    "test_examples.py": _PROCESS,
    "test_what_was_done_before_ctrl_c_is_kept_and_the_workers_end": _PROCESS,
    "test_workers_end_with_the_process_that_started_them": _PROCESS,
    "test_two_writers_at_once_both_succeed": _PROCESS,
    "test_the_second_writer_is_told_to_wait": _PROCESS,
    "test_searches_in_another_process_never_fail_while_one_indexes": _PROCESS,
    "test_a_store_that_cannot_be_written_can_be_searched": _PROCESS,
    "test_commands.py::test_doctor": "doctor asks the environment's server: tests/server",
    "test_the_catalog_is_one_file_once_indexed": _FOLDER,
    "test_the_store_is_named_by_option_environment_or_default": _FOLDER,
    "test_answer_notices_that_the_archive_was_replaced": _FOLDER,
    "test_answer_opens_the_default_archive": _FOLDER,
}


class OnServer:
    """A plugin of pytest."""

    def __init__(self, folder: Path) -> None:
        self.server = ChromaServer(folder)
        self._databases: dict[Path, str] = {}

    def settings(self, folder: Path, settings: Settings) -> Settings:
        """The settings, with the archive of this folder on the server."""
        if settings.chroma_url is not None:
            return settings
        place = folder.resolve()
        if place not in self._databases:
            self._databases[place] = self.server.new_database()
        database = self._databases[place]
        return replace(settings, chroma_url=self.server.url, chroma_database=database)

    def pytest_sessionstart(self) -> None:
        self._holding = self._held_by_a_server()
        self._holding.__enter__()

    def pytest_sessionfinish(self) -> None:
        self._holding.__exit__(None, None, None)

    @contextmanager
    def _held_by_a_server(self) -> Iterator[None]:
        with self.server, pytest.MonkeyPatch.context() as patch:
            patch.setattr(
                opening,
                "connect",
                lambda folder, settings, *rest, **how: CONNECT(
                    folder, self.settings(folder, settings), *rest, **how
                ),
            )
            patch.setattr(
                opening,
                "reconnect",
                lambda folder, settings, *rest: RECONNECT(
                    folder, self.settings(folder, settings), *rest
                ),
            )
            yield

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        for item in items:
            for part, reason in LEFT_OUT.items():
                if part in item.nodeid:
                    item.add_marker(pytest.mark.skip(reason=reason))
