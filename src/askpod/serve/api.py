"""The HTTP API of the page, as JSON; answers come as server-sent events."""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, create_model
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from askpod import __version__, errors
from askpod.model import MOST_PASSAGES, Answer, Episode, Exchange, Filters, Passage, Turn, as_json
from askpod.retrieval.retriever import LONGEST_QUESTION
from askpod.serve.live import LiveArchive, Stopping, TooManyAnswers
from askpod.serve.recordings import ENDINGS, player, recording

AROUND = 30.0  # seconds before and after a passage: a minute in all
INDEXING = "The archive is being indexed: an episode is found as soon as it is in"
MOST_EXCHANGES = 40
MOST_NAMED = 5  # of what is wrong with a request

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
        query = taken(request, SEARCHED)
        question = query.pop("q")
        found = await self._live.look_up(lambda a: a.search(question, **query), "searches")
        return JSONResponse([passage.to_dict() for passage in found])

    async def episodes(self, request: Request) -> Response:
        """The episodes without their turns; with `about` those that talk about it, best first."""
        query = taken(request, LISTED)
        about, filters = query.pop("about"), Filters.of(query)
        listed = await self._live.look_up(lambda a: a.episodes(filters, about=about), "searches")
        return JSONResponse([each.to_dict() for each in listed])

    async def episode(self, request: Request) -> Response:
        """One episode with its transcript and what plays it."""
        return self._told(*await self._episode(taken(request, ONE)["id"]))

    async def passage(self, request: Request) -> Response:
        """The turns around a stretch of an episode."""
        query = taken(request, PLACED)
        episode, turns = await self._episode(query["episode"])
        begin, end = place_of(turns, query["start"], query["end"], query["words"])
        around = query["around"]
        return self._told(episode, within(turns, begin - around, end + around))

    def _told(self, episode: Episode, turns: list[Turn]) -> Response:
        told = episode.to_dict() | {"player": player(self._recordings, episode)}
        unstated = {"start": None, "end": None} if episode.untimed else {}
        return JSONResponse(told | {"turns": [as_json(turn) | unstated for turn in turns]})

    async def audio(self, request: Request) -> Response:
        """An episode's recording; FileResponse answers ranges with 206."""
        episode, _ = await self._episode(taken(request, PLAYED)["episode"])
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
        start = start or 0.0
        if end is not None and end < start:
            raise errors.FilterError(f"start, end: {end:g} is before {start:g}")
        return start, start if end is None else end
    said = next((turn for turn in turns if words in turn.text), None)
    if said is None:
        raise errors.EpisodeNotFound("these words are not said in this episode, in one turn of it")
    return said.start, said.end


def within(turns: list[Turn], start: float, end: float) -> list[Turn]:
    """The turns that are spoken, in part at least, between two seconds."""
    return [turn for turn in turns if turn.end > start and turn.start <= max(start, end - 1e-6)]


def taken(request: Request, kind: type[BaseModel]) -> dict[str, Any]:
    """The parameters of a request, of a kind; an empty one is none.

    Raises FilterError: one is unknown (a misspelt filter would leave nothing out), wrong or twice
    there.
    """
    given = request.query_params.multi_items()
    if twice := [name for name, times in Counter(name for name, _ in given).items() if times > 1]:
        raise errors.FilterError(f"{twice[0]}: stands twice; say it once")
    try:
        return kind.model_validate({name: value for name, value in given if value}).model_dump()
    except ValidationError as error:
        takes = ", ".join(kind.model_fields)
        raise errors.FilterError(f"{explained(error)}; there are {takes}") from None


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
        wrong = error.errors(include_input=False, include_url=False)[:MOST_NAMED]
        said = {"extra_forbidden": "is not known", "missing": "is missing"}
        return "; ".join(
            f"{'.'.join(map(str, e['loc'])) or 'body'}: {said.get(e['type'], e['msg'])}"
            for e in wrong
        )
    log.error("unforeseen: %s", type(error).__name__)
    return f"the server failed: {type(error).__name__}"


def failure(status: int, message: str) -> dict[str, Any]:
    """An error in the form of OpenAI's, for all alike."""
    kind = "invalid_request_error" if status < 500 else "server_error"
    return {"error": {"message": message, "type": kind, "param": None, "code": None}}


def problem(status: int, message: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """An error as JSON."""
    if status in (429, 503):
        headers = {"Retry-After": "5", **(headers or {})}
    return JSONResponse(failure(status, message), status, headers)


async def on_error(_: Request, error: Exception) -> Response:
    """What an exception of an endpoint becomes."""
    return problem(status_of(error), explained(error), getattr(error, "headers", None))


def _answer(past: Past) -> Answer:
    told = {"mode": "extractive", "refused": False, "passages": (), "citations": ()} | past.answer
    told |= {"passages": (), "evidence": ()}  # a follow-up needs neither
    return TypeAdapter(Answer).validate_python({"question": past.question, **told})


def _query(**fields: Any) -> type[BaseModel]:  # noqa: ANN401 (types with their defaults)
    strict = ConfigDict(extra="forbid", allow_inf_nan=False)
    return create_model("Query", __config__=strict, **fields)


_TEXT, _SECOND = (str | None, None), (float | None, None)
FILTERS: dict[str, Any] = {each.name: _TEXT for each in fields(Filters)}
FILTERS["season"] = (int | None, None)
SEARCHED = _query(q=(str, ""), top=(int, Field(10, ge=1, le=MOST_PASSAGES)), **FILTERS)
LISTED = _query(about=_TEXT, **FILTERS)
ONE = _query(id=(str, ""))
PLAYED = _query(episode=(str, ""))
PLACED = _query(
    episode=(str, ""), words=_TEXT, start=_SECOND, end=_SECOND, around=(float, Field(AROUND, ge=0))
)
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
        "/api/episode": _get("One episode with its transcript", _OBJECT, "id", ONE),
        "/api/passage": _get(
            "The turns around a stretch of an episode", _OBJECT, "episode", PLACED
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
    takes: type[BaseModel] | None = None,
) -> dict[str, Any]:
    parameters = [
        {"name": name, "in": "query", "required": name == required, "schema": kind}
        for name, kind in (takes.model_json_schema()["properties"] if takes else {}).items()
    ]
    responses = {"200": {"description": "OK"} | _content(schema)}
    return {"get": {"summary": summary, "parameters": parameters, "responses": responses}}
