"""A chat at the command line: its archive with the model in use, and what begins with a slash."""

from __future__ import annotations

import webbrowser
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import asdict, fields, replace
from difflib import get_close_matches
from pathlib import Path
from typing import NamedTuple

import typer
from rich.text import Text

import askpod
from askpod.chat import Chat, Sessions, SourceError
from askpod.cli.ask import figures, show_ending, show_sources, show_stream
from askpod.cli.output import StreamedText, counted, keys_unseen, note, show, show_url, tell
from askpod.errors import AskpodError, FilterError
from askpod.links import safe_link
from askpod.model import Answer, Citation, Exchange, Filters, Span, Turn
from askpod.services.endpoints import OPENAI, split_name
from askpod.text import visible
from askpod.times import clock

STOPPED = "(stopped)"

Notify = Callable[[str], None]


class Conversation:
    """What a chat's lines act on. `leaving` is set when the listener has had enough."""

    def __init__(
        self, folder: Path, settings: askpod.Settings, filters: Filters, *, verbose: bool = False
    ) -> None:
        self.chat = Chat(self, filters=filters)
        self.settings = settings
        self.leaving = False
        self._folder = folder
        self._opening: Future[askpod.Archive] | None = None
        self._notes: list[str] = []  # of the opening, held back while a line is being typed
        self._sessions = Sessions(folder)
        self._session = self._sessions.new()
        self._verbose = verbose
        self.answers: list[Answer] = []  # of this run, also of conversations that /new has left
        self._kept = True  # False once that has failed: said once, and not at every question

    def ask_stream(
        self, question: str, *, history: Sequence[Exchange] = (), filters: Filters | None = None
    ) -> Iterator[str | Answer]:
        """As `Archive.ask_stream`; the archive is waited for when it is first needed."""
        return self.archive.ask_stream(question, history=history, filters=filters)

    def turns(self, episode_id: str) -> list[Turn]:
        """As `Archive.turns`."""
        return self.archive.turns(episode_id)

    def prepare(self) -> None:
        """Begins to open the archive, in the background."""
        if self._opening is None:
            pool = ThreadPoolExecutor(1)
            self._opening = pool.submit(self._opened, self.settings, self._notes.append)
            pool.shutdown(wait=False)

    def _opened(self, settings: askpod.Settings, notify: Notify) -> askpod.Archive:
        return askpod.Archive.open(self._folder, settings=settings, notify=notify)

    @property
    def archive(self) -> askpod.Archive:
        """The archive, with the model in use. One that cannot be opened is tried again."""
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
                self.answers.append(self.chat.history[-1].answer)
                self._keep()

    def use_model(self, name: str | None) -> None:
        """Lets another model write, or none. Where the name cannot be one the former stays."""
        model = None if name is None else askpod.Settings.load({"model": name}).model
        settings = replace(self.settings, model=model)
        former, opened = self.archive, self._opened(settings, note)
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


FILTERS = tuple(field.name for field in fields(Filters))


class CommandError(AskpodError):
    """A command cannot be understood or carried out."""


class Command(NamedTuple):
    """One command: what is typed, what it does in a few words, and the function that does it."""

    usage: str
    about: str
    run: Callable[[Conversation, str], None]


def run_command(conversation: Conversation, line: str) -> None:
    """Carries out a line that begins with a slash. Raises AskpodError that says why it cannot."""
    name, _, argument = line.partition(" ")
    command = COMMANDS.get(name.casefold())
    if command is None:
        near = get_close_matches(name.casefold(), COMMANDS, 1)
        hint = f"did you mean {near[0]}?" if near else "/help lists the commands"
        raise CommandError(f"there is no command {name}; {hint}")
    command.run(conversation, argument.strip())


def _sources(conversation: Conversation, _: str) -> None:
    answer = conversation.chat.last
    if not answer.citations:
        raise SourceError("the last answer has no sources")
    show_sources(answer)


def _show(conversation: Conversation, argument: str) -> None:
    excerpt = conversation.chat.excerpt(_number(argument, "/show"))
    citation = excerpt.citation
    timed = citation.start is not None
    show(Text(), Text(visible(citation.title), "bold"))
    for span in excerpt.spans:
        when = Text(f"{clock(span.start if timed else None):>8}  ", "cyan")
        who = Text(f"{visible(span.speaker)}: " if span.speaker else "", "green")
        show(when, Text.assemble(who, _marked(span, citation)))
    show_url(citation.url, 0)


def _marked(span: Span, citation: Citation) -> Text:
    before, quote, after = span.text.partition(citation.quote or span.text)
    bold = "bold" if citation.quote and span.speaker == citation.speaker else ""
    return Text.assemble(visible(before), (visible(quote), bold), visible(after))


def _why(conversation: Conversation, _: str) -> None:
    answer = conversation.chat.last
    tell(f"understood as: {visible(answer.question)}")
    titles = {passage.title for passage in answer.passages}
    if len(titles) == 1:
        tell(f"looked for in: {visible(titles.pop())}")
    tell(f"found: {_BASES[answer.basis]}")


_BASES = {
    "answered": "what was said answers it, as far as can be told",
    "nearest": "only what comes near to it",
    "none": "nothing that comes near to it",
}


def _open(conversation: Conversation, argument: str) -> None:
    citation = conversation.chat.source(_number(argument, "/open"))
    url = safe_link(citation.url)
    if not url:
        raise SourceError(f"source {citation.number} has no link; /show {citation.number} shows it")
    opened = webbrowser.open(url)
    typer.echo(f"opened {visible(url)}" if opened else f"no browser here; open {visible(url)}")


def _filter(conversation: Conversation, argument: str) -> None:
    chat = conversation.chat
    if argument.casefold() in ("off", "none", "clear"):
        chat.filters = Filters()
    elif argument:
        chat.filters = _changed(chat.filters, argument)
    if not chat.filters:
        tell(f"no filters: all episodes are asked. There are {', '.join(FILTERS)}")
        return
    for line in conversation.archive.unmatched(chat.filters):
        note(f"note: {line}")
    left = counted(len(conversation.archive.episodes(chat.filters)), "episode")
    tell(f"only {visible(chat.filters.describe())} ({left}); /filter off takes it off")


def _changed(filters: Filters, text: str) -> Filters:
    """The filters with those of `text` in place: `name=value …`, a value may have several words."""
    values = asdict(filters)
    for name, value in _pairs(text):
        number = name == "season" and value.isdecimal()
        values[name] = int(value) if number else value or None
    return Filters.of(values)


def _pairs(text: str) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    for word in text.split():
        name, equals, value = word.partition("=")
        if equals:
            pairs.append((name.casefold(), value))
        elif pairs:
            pairs[-1] = (pairs[-1][0], f"{pairs[-1][1]} {word}".strip())
        else:
            raise FilterError(
                f"{word!r} is no filter; write name=value, such as guest=gupta season=2. "
                f"The names are {', '.join(FILTERS)}"
            )
    return [(name, value.strip("\"'“”")) for name, value in pairs]


def _model(conversation: Conversation, argument: str) -> None:
    if argument:
        conversation.use_model(None if argument.casefold() in ("off", "none") else argument)
    model = conversation.settings.model
    if model is None:
        tell("no model: answers are quotations. /model NAME lets one write them")
    else:
        provider = split_name(model.name)[0]
        where = (model.base_url or "OpenAI") if provider == OPENAI else provider
        tell(f"{visible(model.name)} at {visible(where)} writes the answers")


def _save(conversation: Conversation, argument: str) -> None:
    from askpod.export import as_markdown, save_new

    if not argument:
        raise CommandError("name a file: /save notes.md")
    if not conversation.chat.history:
        raise CommandError("there is nothing to save yet")
    wanted = Path(argument)
    path = save_new(wanted, as_markdown(conversation.chat.history))
    taken = path.stem not in (wanted.stem, wanted.name)
    there = f" ({visible(wanted.name)} was there already)" if taken else ""
    typer.echo(f"saved as {visible(str(path))}{there}")


def _new(conversation: Conversation, _: str) -> None:
    conversation.restart()
    filters = conversation.chat.filters
    still = f"; still only {visible(filters.describe())}" if filters else ""
    tell(f"a new conversation{still}")


def _help(_: Conversation, __: str) -> None:
    width = max(len(command.usage) for command in COMMANDS.values())
    for command in COMMANDS.values():
        typer.echo(f"{command.usage:<{width}}  {command.about}")


def _quit(conversation: Conversation, _: str) -> None:
    conversation.leaving = True


def _number(argument: str, command: str) -> int:
    number = argument.strip("[]")
    if not (number.isascii() and number.isdigit() and len(number) < 7):
        raise CommandError(f"name a source by its number: {command} 1")
    return int(number)


_ALL = (
    Command("/sources", "the last answer's sources", _sources),
    Command("/show N", "what was said around source N", _show),
    Command("/why", "what the last question was understood as", _why),
    Command("/open N", "source N in the browser", _open),
    Command("/filter NAME=VALUE", "ask only some episodes; /filter off asks all", _filter),
    Command("/model [NAME|off]", "which model writes the answers", _model),
    Command("/save FILE.md", "this conversation as Markdown", _save),
    Command("/new", "begin a new conversation", _new),
    Command("/help", "this list", _help),
    Command("/quit", "leave, as Ctrl-D does", _quit),
)
COMMANDS = {command.usage.split()[0]: command for command in _ALL}
