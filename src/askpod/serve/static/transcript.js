// Episodes: the list, one of them with its transcript, and the minute around a citation.
import { $, clock, el, get, safeUrl, text } from "./dom.js";
import { player } from "./player.js";

const meta = (episode) => [episode.season != null ? `Season ${episode.season}` : "", episode.number != null ? `Episode ${episode.number}` : "",
  episode.date, episode.duration ? clock(episode.duration) : "", (episode.guests ?? []).join(", ")].filter(Boolean).join(" · ");
const link = (episode, second) => `#/episode?${new URLSearchParams({ id: episode.id, ...(second == null ? {} : { t: Math.floor(second) }) })}`;

export async function showList(filters) {
  const section = $("#episodes");
  const listed = await get("/api/episodes", filters);
  const list = el("ul", { className: "list" });
  const find = el("input", { type: "search", id: "find-episode" });
  const draw = () => list.replaceChildren(...listed
    .filter((e) => `${e.title} ${e.guests.join(" ")}`.toLowerCase().includes(find.value.toLowerCase()))
    .map((e) => el("li", {}, el("a", { href: link(e) }, text(e.title)), el("p", { className: "meta" }, text(meta(e))))));
  find.addEventListener("input", draw);
  section.replaceChildren(el("h2", {}, `${listed.length} episodes`), el("label", { className: "find" }, "Find by title or guest ", find), list);
  draw();
}

export async function showEpisode(id, second) {
  const section = $("#episode");
  const episode = await get("/api/episode", { id });
  const rows = [];
  const plays = player(episode, second ?? 0, (at) => follow(rows, at));
  const turns = el("div", {}, ...episode.turns.flatMap((turn, index) => {
    const row = turnRow(turn, () => { plays.seek(turn.start ?? 0); follow(rows, turn.start); });
    rows.push({ row, turn });
    const begins = turn.section && turn.section !== episode.turns[index - 1]?.section;
    return begins ? [el("h3", { id: `s${index}` }, text(turn.section)), row] : [row];
  }));
  const heads = episode.turns.map((turn, index) => ({ turn, index })).filter(({ turn, index }) => turn.section && turn.section !== episode.turns[index - 1]?.section);
  const sections = el("ul", { className: "sections" }, ...heads.map(({ turn, index }) => el("li", {},
    el("button", { className: "clock", onclick: () => { plays.seek(turn.start ?? 0); $(`#s${index}`).scrollIntoView({ block: "start" }); } }, clock(turn.start)), " ", text(turn.section))));
  const find = el("input", { type: "search", id: "find-words" });
  const found = el("span", { className: "meta", role: "status" });
  find.addEventListener("input", () => search(rows, find.value, found));
  section.replaceChildren(
    el("h2", {}, text(episode.title)), el("p", { className: "meta" }, text(meta(episode))),
    episode.description ? el("p", {}, text(episode.description)) : "",
    el("div", { className: "player" }, plays.element), heads.length ? sections : "",
    el("label", { className: "find" }, "Find in this episode ", find), found, turns);
  if (second != null) {
    follow(rows, second);
    section.querySelector(".turn.now")?.scrollIntoView({ block: "center" });
  }
}

// The passage of a citation, beside the answer: its words marked, the player at its second.
export async function showSource(citation, close) {
  const side = $("#side");
  const episode = await get("/api/passage", { episode: citation.episode_id, start: citation.start, end: citation.end, ...(citation.start == null ? { words: citation.quote } : {}) });
  const rows = [];
  const plays = player(episode, citation.start ?? 0, (at) => follow(rows, at));
  for (const turn of episode.turns) {
    const row = turnRow(turn, () => plays.seek(turn.start ?? 0));
    markIn(row.querySelector(".words"), turn.text, citation.quote);
    rows.push({ row, turn });
  }
  const opens = safeUrl(citation.url);
  const spoken = el("div", { className: "spoken", tabIndex: 0, role: "region", "aria-label": "What was said around it" }, ...rows.map(({ row }) => row));
  side.replaceChildren(
    el("button", { className: "plain close", onclick: close, "aria-label": "Close the source" }, "✕"),
    el("h2", { tabIndex: -1 }, text(citation.title)),
    el("p", { className: "meta" }, text(citation.speaker), citation.speaker ? " at " : "At ", clock(citation.start)),
    citation.supported ? "" : el("p", { className: "basis nearest" }, "What was said does not support this claim."),
    plays.element, spoken,
    el("p", { className: "meta" }, el("a", { href: link(episode, citation.start) }, "The transcript from here"),
      opens ? " · " : "", opens ? el("a", { href: opens, target: "_blank", rel: "noopener noreferrer" }, "Open the recording") : ""));
  side.hidden = false;
  const first = spoken.querySelector("mark");
  if (first) spoken.scrollTop = Math.max(0, first.getBoundingClientRect().top - spoken.getBoundingClientRect().top - 60);
  side.querySelector("h2").focus({ preventScroll: true });
}

function turnRow(turn, play) {
  return el("div", { className: "turn" }, el("p", {},
    turn.start == null ? el("span", { className: "clock" }, clock(null))
      : el("button", { className: "clock", onclick: play, "aria-label": `Play from ${clock(turn.start)}` }, clock(turn.start)), " ",
    turn.speaker ? el("span", { className: "who" }, text(turn.speaker)) : ""),
    el("p", { className: "words" }, text(turn.text)));
}

function markIn(place, said, words) {
  const at = words ? said.indexOf(words) : -1;
  if (at < 0) return false;
  place.replaceChildren(text(said.slice(0, at)), el("mark", {}, text(words)), text(said.slice(at + words.length)));
  return true;
}

function follow(rows, at) {
  const now = rows.findLast(({ turn }) => turn.start != null && at != null && turn.start <= at + 0.01);
  for (const each of rows) each.row.classList.toggle("now", each === now);
}

function search(rows, wanted, told) {
  let count = 0;
  for (const { row, turn } of rows) {
    const at = wanted ? turn.text.toLowerCase().indexOf(wanted.toLowerCase()) : -1;
    const place = row.querySelector(".words");
    place.replaceChildren(text(turn.text));
    if (at >= 0) markIn(place, turn.text, turn.text.slice(at, at + wanted.length));
    row.hidden = Boolean(wanted) && at < 0;
    count += at >= 0;
  }
  told.textContent = wanted ? `${count} places` : "";
}
