"""The HTTP API of the page, as JSON: ask (as server-sent events), search, episodes, passage, audio.

A recording is looked up in a folder of this machine under the names that the episode itself gives:
its id, or the last part of its audio links. A request names an episode, never a path.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing, suppress
from dataclasses import asdict, fields
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any
from urllib.parse import unquote, urlsplit

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from askpod import __version__, errors
from askpod.links import safe_link, youtube_id
from askpod.model import Answer, Episode, Exchange, Filters, Passage, Turn, as_json
from askpod.retrieval.retriever import LONGEST_QUESTION
from askpod.serve.live import LiveArchive, Stopping, TooManyAnswers

MOST_PASSAGES = 50
AROUND = 30.0  # seconds before and after a passage: a minute in all
INDEXING = "The archive is being indexed: an episode is found as soon as it is in"
MOST_EXCHANGES = 40

log = logging.getLogger(__name__)

_STATUS = (
    (errors.EpisodeNotFound, 404),
    ((errors.QuestionError, errors.FilterError), 400),
    (TooManyAnswers, 429),
    ((Stopping, errors.ArchiveNotFound, errors.StoreDamaged, errors.StoreMismatch), 503),
    (errors.ModelError, 502),
)

Short = Annotated[str, Field(max_length=LONGEST_QUESTION)]


class Past(BaseModel):
    """An exchange of before, as the page sends it back."""

    question: Short
    answer: dict[str, Any]


class Asking(BaseModel):
    """What `/api/ask` takes."""

    model_config = ConfigDict(extra="forbid")

    question: Short
    history: list[Past] = Field(default=[], max_length=MOST_EXCHANGES)
    filters: dict[str, Any] = {}


def api_routes(live: LiveArchive, recordings: Path | None) -> list[Route]:
    """The routes of the API over an archive, and of the recordings in a folder."""
    api = Api(live, recordings)
    return [
        Route("/api/archive", api.archive),
        Route("/api/ask", api.ask, methods=["POST"]),
        Route("/api/search", api.search),
        Route("/api/episodes", api.episodes),
        Route("/api/episode", api.episode),
        Route("/api/passage", api.passage),
        Route("/api/openapi.json", api.openapi),
        Route("/audio", api.audio),
    ]


class Api:
    """The endpoints; every one asks the archive and says it as JSON."""

    def __init__(self, live: LiveArchive, recordings: Path | None) -> None:
        self._live = live
        self._recordings = recordings

    async def archive(self, _: Request) -> Response:
        """What the archive holds, or why it cannot be opened; never an error of HTTP."""
        model = self._live.settings.model
        told: dict[str, Any] = {"version": __version__, "model": model.name if model else None}
        told["indexing"] = indexing = await self._live.being_indexed()
        state, message = "empty", "The archive holds no episode yet: askpod index …"
        counts: dict[str, int] = {}
        try:
            told["counts"] = counts = await self._live.look_up(lambda archive: archive.counts())
        except errors.AskpodError as error:
            state, message = "unavailable", str(error)
            indexing = indexing and isinstance(error, errors.ArchiveNotFound)
        if counts.get("episodes"):
            state, message = "ready", INDEXING if indexing else ""
        elif indexing:
            state, message = "indexing", INDEXING
        return JSONResponse(told | {"state": state, "message": message})

    async def ask(self, request: Request) -> Response:
        """An answer as it is written: events `text`, and last `answer` or `error`."""
        asking = Asking.model_validate_json(await request.body())
        filters = Filters.of(asking.filters)
        history = [Exchange(past.question, _answer(past)) for past in asking.history]
        return StreamingResponse(
            self._events(asking.question, history, filters),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )

    async def _events(
        self, question: str, history: list[Exchange], filters: Filters
    ) -> AsyncIterator[str]:
        try:
            async with aclosing(self._live.answer(question, history, filters)) as items:
                async for item in items:
                    if isinstance(item, Answer):
                        yield event("answer", item.to_dict())
                    else:
                        yield event("text", {"text": item})
        except Exception as error:
            yield event("error", {"message": explained(error), "status": status_of(error)})

    async def search(self, request: Request) -> Response:
        """Passages, best first."""
        query = request.query_params
        top = min(_number(query, "top", 10), MOST_PASSAGES)
        question, filters = query.get("q", ""), filters_of(query, SEARCHED)
        found = await self._live.look_up(
            lambda archive: archive.search(question, top=int(top), **asdict(filters)), "searches"
        )
        return JSONResponse([passage.to_dict() for passage in found])

    async def episodes(self, request: Request) -> Response:
        """The episodes without their turns; with `about` those that talk about it, best first."""
        query = request.query_params
        filters, about = filters_of(query, LISTED), query.get("about") or None
        listed = await self._live.look_up(lambda a: a.episodes(filters, about=about), "searches")
        return JSONResponse([each.to_dict() for each in listed])

    async def episode(self, request: Request) -> Response:
        """One episode with its transcript and what plays it."""
        return self._told(*await self._episode(request.query_params.get("id", "")))

    async def passage(self, request: Request) -> Response:
        """The turns around a stretch of an episode."""
        query = request.query_params
        episode, turns = await self._episode(query.get("episode", ""))
        start = _number(query, "start", 0.0) if query.get("start") else None
        stated = _number(query, "end", 0.0) if query.get("end") else None
        begin, end = place_of(turns, start, stated, query.get("words"))
        around = _number(query, "around", AROUND)
        if around < 0 or end < begin:
            raise errors.FilterError("start, end, around: the end is before the start")
        return self._told(episode, within(turns, begin - around, end + around))

    def _told(self, episode: Episode, turns: list[Turn]) -> Response:
        told = episode.to_dict() | {"player": player(self._recordings, episode)}
        unstated = {"start": None, "end": None} if episode.untimed else {}
        return JSONResponse(told | {"turns": [as_json(turn) | unstated for turn in turns]})

    async def audio(self, request: Request) -> Response:
        """An episode's recording; FileResponse answers ranges with 206."""
        episode, _ = await self._episode(request.query_params.get("episode", ""))
        path = recording(self._recordings, episode)
        if path is None:
            return problem(404, "there is no recording of this episode on this machine")
        return FileResponse(path, media_type=ENDINGS[path.suffix.lower()])

    async def openapi(self, _: Request) -> Response:
        """The OpenAPI document of this interface."""
        return JSONResponse(openapi())

    async def _episode(self, episode_id: str) -> tuple[Episode, list[Turn]]:
        return await self._live.look_up(lambda archive: find_episode(archive, episode_id))


def find_episode(archive: Any, episode_id: str) -> tuple[Episode, list[Turn]]:  # noqa: ANN401
    """An episode and its turns. Raises EpisodeNotFound: there is none of that id."""
    for episode in archive.episodes({"episode": episode_id}) if episode_id else ():
        if episode.id == episode_id:
            return episode, archive.turns(episode_id)
    raise errors.EpisodeNotFound("the archive holds no episode of that id; see the episodes' list")


def place_of(
    turns: list[Turn], start: float | None, end: float | None, words: str | None
) -> tuple[float, float]:
    """Where in an episode something stands: at its seconds, else where its words are said."""
    if start is not None or not words:
        return start or 0.0, (start or 0.0) if end is None else end
    said = next((turn for turn in turns if words in turn.text), None)
    if said is None:
        raise errors.EpisodeNotFound("these words are not said in this episode, in one turn of it")
    return said.start, said.end


def within(turns: list[Turn], start: float, end: float) -> list[Turn]:
    """The turns that are spoken, in part at least, between two seconds."""
    return [turn for turn in turns if turn.end > start and turn.start <= max(start, end - 1e-6)]


def filters_of(query: Mapping[str, str], taken: Mapping[str, str]) -> Filters:
    """The filters among the parameters of a request; an empty one is none.

    Raises:
        FilterError: a parameter is none of `taken`: a misspelt filter would leave nothing out.
    """
    if unknown := [name for name in query if name not in taken]:
        raise errors.FilterError(f"{unknown[0]}: no such parameter; there are {', '.join(taken)}")
    given: dict[str, Any] = {name: query[name] for name in FILTERS if query.get(name)}
    if "season" in given:
        season = _number(query, "season", 0)
        given["season"] = int(season) if season.is_integer() else season
    return Filters.of(given)


def event(name: str, data: object) -> str:
    """One server-sent event. JSON has no line break of its own, so the event cannot be split."""
    return f"event: {name}\ndata: {json.dumps(data)}\n\n"


def status_of(error: Exception) -> int:
    """The HTTP status that says what kind of error it is."""
    if isinstance(error, HTTPException):
        return error.status_code
    if isinstance(error, ValidationError):
        return 400
    return next((status for kinds, status in _STATUS if isinstance(error, kinds)), 500)


def explained(error: Exception) -> str:
    """What a client is told: of an unforeseen error only its kind, for its text may hold a key."""
    if isinstance(error, errors.AskpodError):
        return str(error)
    if isinstance(error, HTTPException):
        return f"{error.detail}; /api/openapi.json says what there is"
    if isinstance(error, ValidationError):
        first = error.errors(include_input=False, include_url=False)[0]
        return f"{'.'.join(map(str, first['loc'])) or 'body'}: {first['msg']}"
    log.error("unforeseen: %s", type(error).__name__)
    return f"the server failed: {type(error).__name__}"


def problem(status: int, message: str) -> JSONResponse:
    """An error as JSON."""
    headers = {"Retry-After": "5"} if status in (429, 503) else None
    return JSONResponse({"error": {"message": message}}, status_code=status, headers=headers)


async def on_error(_: Request, error: Exception) -> Response:
    """What an exception of an endpoint becomes."""
    return problem(status_of(error), explained(error))


def _answer(past: Past) -> Answer:
    told = {"mode": "extractive", "refused": False, "passages": (), "citations": ()} | past.answer
    told |= {"passages": (), "evidence": ()}  # a follow-up needs neither
    return TypeAdapter(Answer).validate_python({"question": past.question, **told})


def _number(query: Mapping[str, str], name: str, default: float) -> float:
    try:
        number = float(query.get(name) or default)
    except ValueError:
        number = float("nan")
    if not abs(number) < 1e9:
        raise errors.FilterError(f"{name}: not a number that can be used")
    return number


ENDINGS = {
    ".mp3": "audio/mpeg",
    ".m4a": "audio/mp4",
    ".m4b": "audio/mp4",
    ".aac": "audio/aac",
    ".ogg": "audio/ogg",
    ".oga": "audio/ogg",
    ".opus": "audio/ogg",
    ".wav": "audio/wav",
    ".flac": "audio/flac",
    ".mp4": "video/mp4",
    ".webm": "video/webm",
}


def recording(folder: Path | None, episode: Episode) -> Path | None:
    """The episode's file in the folder of recordings, or None where there is none."""
    if folder is None:
        return None
    root = folder.resolve()
    linked = [unquote(urlsplit(link).path).rsplit("/", 1)[-1] for link in _audio_links(episode)]
    for name in [*(episode.id + ending for ending in ENDINGS), *linked]:
        if not name or "\0" in name:
            continue
        path = Path(os.path.realpath(root / name))
        with suppress(OSError):  # a link's name may be longer than a file's can be
            if path.is_relative_to(root) and path.suffix.lower() in ENDINGS and path.is_file():
                return path
    return None


def player(folder: Path | None, episode: Episode) -> dict[str, str]:
    """How a page can play the episode: `kind` is audio, youtube, link or none.

    A file of this machine first, then an enclosure, then the video, else any link.
    """
    if recording(folder, episode):
        return {"kind": "audio", "local": "yes", "src": ""}
    if links := _audio_links(episode):
        return {"kind": "audio", "src": links[0].partition("#")[0]}
    if video := youtube_id(episode.youtube):
        return {"kind": "youtube", "src": video}
    usable = [link for link in episode.links.values() if safe_link(link)]
    return {"kind": "link", "src": usable[0]} if usable else {"kind": "none", "src": ""}


def _audio_links(episode: Episode) -> list[str]:
    return [
        link
        for name, link in episode.links.items()
        if safe_link(link)
        and (
            urlsplit(link).path.lower().endswith(tuple(ENDINGS))
            or name.casefold() in ("audio", "enclosure")
        )
    ]


FILTERS = {each.name: "string" for each in fields(Filters)} | {"season": "integer"}
SEARCHED = {"q": "string", "top": "integer", **FILTERS}
LISTED = {"about": "string", **FILTERS}
_OBJECT: dict[str, Any] = {"type": "object"}


@cache
def openapi() -> dict[str, Any]:
    """The document of this interface."""
    schemas: dict[str, Any] = {}
    for kind in (Answer, Passage, Asking):
        schema = TypeAdapter(kind).json_schema(
            ref_template="#/components/schemas/{model}", mode="serialization"
        )
        schemas |= schema.pop("$defs", {}) | {kind.__name__: schema}
    found = {"type": "array", "items": _schema("Passage")}
    placed = dict.fromkeys(("episode", "words"), "string")
    placed |= dict.fromkeys(("start", "end", "around"), "number")
    paths = {
        "/api/archive": _get("What the archive holds, or why it cannot be opened"),
        "/api/ask": {
            "post": {
                "summary": "An answer as it is written: events `text` ({text}), then `answer` or "
                "`error`",
                "requestBody": {"required": True} | _content(_schema("Asking")),
                "responses": {
                    "200": {"description": "Server-sent events; the last one's data is an Answer"}
                    | _content(_schema("Answer"), "text/event-stream")
                },
            }
        },
        "/api/search": _get("Passages, best first", found, "q", SEARCHED),
        "/api/episodes": _get("The episodes", {"type": "array", "items": _OBJECT}, "", LISTED),
        "/api/episode": _get("One episode with its transcript", _OBJECT, "id", {"id": "string"}),
        "/api/passage": _get(
            "The turns around a stretch of an episode", _OBJECT, "episode", placed
        ),
    }
    info = {"title": "askpod", "version": __version__}
    return {"openapi": "3.1.0", "info": info, "paths": paths, "components": {"schemas": schemas}}


def _schema(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _content(schema: dict[str, Any], kind: str = "application/json") -> dict[str, Any]:
    return {"content": {kind: {"schema": schema}}}


def _get(
    summary: str,
    schema: dict[str, Any] = _OBJECT,
    required: str = "",
    takes: Mapping[str, str] = MappingProxyType({}),
) -> dict[str, Any]:
    parameters = [
        {"name": name, "in": "query", "required": name == required, "schema": {"type": kind}}
        for name, kind in takes.items()
    ]
    responses = {"200": {"description": "OK"} | _content(schema)}
    return {"get": {"summary": summary, "parameters": parameters, "responses": responses}}
