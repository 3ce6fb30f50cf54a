"""A chat at the command line: its archive with the model in use, and where it is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import typer

from askpod.chat import Chat
from askpod.cli.ask import figures, show_ending, show_stream
from askpod.cli.output import StreamedText, keys_unseen, note
from askpod.errors import AskpodError
from askpod.model import Filters
from askpod.sessions import Sessions
from askpod.settings import Settings

if TYPE_CHECKING:
    from askpod.archive import Archive
    from askpod.model import Answer, Exchange, Turn

STOPPED = "(stopped)"

OpenArchive = Callable[[Settings, Callable[[str], None]], "Archive"]


class Conversation:
    """What a chat's lines act on. `leaving` is set when the listener has had enough."""

    def __init__(
        self,
        open_archive: OpenArchive,
        settings: Settings,
        sessions: Sessions,
        filters: Filters,
        *,
        verbose: bool = False,
    ) -> None:
        self.chat = Chat(_Later(self), filters=filters)
        self.settings = settings
        self.leaving = False
        self._open = open_archive
        self._opening: Future[Archive] | None = None
        self._notes: list[str] = []  # of the opening, held back while a line is being typed
        self._sessions = sessions
        self._session = sessions.new()
        self._verbose = verbose
        self._kept = True  # False once that has failed: said once, and not at every question

    def prepare(self) -> None:
        """Begins to open the archive, in the background."""
        if self._opening is None:
            pool = ThreadPoolExecutor(1)
            self._opening = pool.submit(self._open, self.settings, self._notes.append)
            pool.shutdown(wait=False)

    @property
    def archive(self) -> Archive:
        """The archive, with the model in use.

        Raises:
            AskpodError: it cannot be opened. The next call tries again.
        """
        self.prepare()
        assert self._opening is not None
        try:
            return self._opening.result()
        except AskpodError:
            self._opening = None
            raise
        finally:
            while self._notes:
                note(self._notes.pop(0))

    def close(self) -> None:
        """Releases the archive, where it was opened."""
        if self._opening is not None:
            with suppress(AskpodError):
                self._opening.result().close()

    def resume(self) -> bool:
        """Goes on with the last conversation, where there is one. Given filters stand."""
        resumed = self._sessions.resume(note)
        if resumed is None:
            return False
        self._session = resumed.session
        self.chat.history = list(resumed.history)
        self.chat.filters = self.chat.filters or resumed.filters
        return True

    def restart(self) -> None:
        """Begins a new conversation; the former one stays kept."""
        self.chat.restart()
        self._session = self._sessions.new()

    def ask(self, question: str) -> None:
        """Shows the answer as it comes, then its sources. Ctrl-C stops it."""
        flow = StreamedText()
        before = len(self.chat.history)
        try:
            with keys_unseen(), closing(self.chat.ask(question)) as items:
                flow.wait()
                answer = show_stream(items, flow)
            show_ending(answer)
            if self._verbose:
                note(figures(answer))
        except KeyboardInterrupt:
            flow.end()
            typer.echo(STOPPED)
        except AskpodError:
            flow.end()
            raise
        finally:
            if len(self.chat.history) > before:
                self._keep()

    def use_model(self, name: str | None) -> None:
        """Lets another model write, or none.

        Raises:
            AskpodError: the name cannot be one; the former model stays.
        """
        model = None if name is None else Settings.load({"model": name}).model
        settings = replace(self.settings, model=model)
        former, opened = self.archive, self._open(settings, note)
        self.settings, self._opening = settings, Future()
        self._opening.set_result(opened)
        former.close()

    def _keep(self) -> None:
        try:
            self._session.keep(self.chat.history[-1], self.chat.filters)
        except AskpodError as error:
            if self._kept:
                note(f"note: {error}")
            self._kept = False


class _Later:
    """The conversation's archive, waited for when it is first needed."""

    def __init__(self, conversation: Conversation) -> None:
        self._conversation = conversation

    def ask_stream(
        self,
        question: str,
        *,
        history: Sequence[Exchange] = (),
        filters: Filters | None = None,
    ) -> Iterator[str | Answer]:
        archive = self._conversation.archive
        return archive.ask_stream(question, history=history, filters=filters)

    def turns(self, episode_id: str) -> list[Turn]:
        return self._conversation.archive.turns(episode_id)
