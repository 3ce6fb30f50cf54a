// The page: asking, the conversation, its history in this browser, and the way between views.
import { $, clock, el, get, safeUrl, say, text } from "./dom.js";
import { showEpisode, showList, showSource } from "./transcript.js";

const BASIS = { answered: "Answered from what was said", nearest: "Not stated; this is the nearest that was said", none: "The archive does not hold this" };
const KEPT = 50;
let talk = [];
let running = null;

const form = $("#form"), question = $("#question");
const filters = () => Object.fromEntries([...$("#filters").querySelectorAll("[name]")].map((f) => [f.name, f.value.trim()]).filter(([, v]) => v));

// --- the archive ---------------------------------------------------------------------------
async function archive() {
  const notice = $("#notice");
  try {
    const told = await get("/api/archive");
    notice.hidden = !told.message;
    const words = told.indexing || !told.message ? told.message : `${told.message} — reload the page when that is done.`;
    if (notice.textContent !== words) notice.textContent = words;
    if (told.indexing) setTimeout(archive, 3000);
    const counts = told.counts;
    $("#holds").textContent = counts ? `${counts.episodes} episodes. Every answer carries the second at which it was said.` + (told.model ? "" : " Without a model, answers are quotations.") : "";
    if (told.state !== "ready") return;
    const listed = await get("/api/episodes");
    const choose = $("[name=episode]"), former = choose.value;
    choose.replaceChildren(el("option", { value: "" }, "all"), ...listed.map((e) => el("option", { value: e.id }, e.title)));
    choose.value = former;
  } catch (error) {
    notice.hidden = false;
    notice.textContent = `The server cannot be reached or asked: ${error.message}`;
  }
}

// --- asking --------------------------------------------------------------------------------
async function ask(words, chosen = filters()) {
  running?.abort();
  const stop = running = new AbortController();
  $("#welcome").hidden = true;
  $("#fresh").hidden = false;
  const body = el("div", { className: "answer waiting" });
  const shown = el("article", { className: "exchange" }, el("h2", {}, text(words)), body);
  $("#thread").append(shown);
  shown.scrollIntoView({ block: "start" });
  say("Looking for it");
  let said = "";
  try {
    for await (const [name, data] of events({ question: words, history: talk.map(slim), filters: cleaned(chosen) }, stop.signal)) {
      if (name === "text") draw(body, said += data.text);
      else if (name === "answer") finish(shown, body, data, chosen);
      else throw new Error(data.message);
    }
  } catch (error) {
    if (error.name === "AbortError") return shown.remove();
    body.append(el("p", { className: "basis nearest", role: "alert" }, `No answer: ${error.message} `,
      el("button", { className: "plain", onclick: () => { shown.remove(); ask(words, chosen); } }, "Try again")));
  } finally {
    body.classList.remove("waiting");
    if (running === stop) running = null;
  }
}

const cleaned = (chosen) => ({ ...chosen, ...(chosen.season ? { season: Number(chosen.season) } : {}) });
const slim = ({ question, answer }) => ({ question, answer: { text: answer.text, citations: answer.citations, refused: answer.refused } });

async function* events(asking, signal) {
  const response = await fetch("/api/ask", { method: "POST", body: JSON.stringify(asking), signal, headers: { "Content-Type": "application/json" } });
  if (!response.ok) throw new Error((await response.json()).error.message);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let held = "";;) {
    const { value, done } = await reader.read();
    if (done) return;
    held += value;
    for (let end; (end = held.indexOf("\n\n")) >= 0; held = held.slice(end + 2)) {
      const [name, data] = held.slice(0, end).split("\n").map((line) => line.replace(/^\w+: /, ""));
      yield [name, JSON.parse(data)];
    }
  }
}

// Paragraphs of the answer; numbers of known citations become buttons, claims without support differ.
function draw(body, said, citations = []) {
  body.replaceChildren(...said.split(/\n{2,}/).map((part) => el("p", {}, ...sentences(part).map((sentence) => {
    const numbers = [...sentence.matchAll(/\[(\d+)\]/g)].map((m) => citations.find((c) => c.number === Number(m[1]))).filter(Boolean);
    const doubtful = numbers.length > 0 && numbers.every((c) => !c.supported);
    return el("span", doubtful ? { className: "unsupported", title: "Not supported by what was said" } : {},
      ...sentence.split(/(\[\d+\])/).map((bit) => {
        const cited = citations.find((c) => `[${c.number}]` === bit);
        return cited ? number(cited) : text(bit);
      }));
  }))));
}
const sentences = (part) => part.match(/[\s\S]*?(?:\[\d+\](?:\s*\[\d+\])*[.!?]?\s*|$)/g).filter(Boolean);

function number(cited) {
  const label = `Source ${cited.number}: ${cited.speaker || cited.title} at ${clock(cited.start)}${cited.supported ? "" : ", not supported"}`;
  const button = el("button", { type: "button", className: cited.supported ? "cite" : "cite doubt", "aria-label": label, "aria-pressed": "false" }, String(cited.number));
  button.addEventListener("click", () => open(button, cited));
  for (const name of ["mouseenter", "focus"]) button.addEventListener(name, () => tip(button, cited));
  for (const name of ["mouseleave", "blur"]) button.addEventListener(name, () => { $("#tip").hidden = true; });
  return button;
}

function tip(button, cited) {
  const box = $("#tip"), at = button.getBoundingClientRect();
  box.replaceChildren(el("strong", {}, text(cited.speaker || cited.title), ` ${clock(cited.start)} `), text(`“${cited.quote}”`));
  box.hidden = false;
  box.style.left = `${Math.max(8, Math.min(at.left, innerWidth - box.offsetWidth - 8))}px`;
  box.style.top = at.top > box.offsetHeight + 12 ? `${at.top - box.offsetHeight - 8}px` : `${at.bottom + 8}px`;
}

async function open(button, cited) {
  $("#tip").hidden = true;
  close();
  button.setAttribute("aria-pressed", "true");
  try {
    await showSource(cited, () => { close(); button.focus(); });
    $("#side").onkeydown = (event) => { if (event.key === "Escape") { close(); button.focus(); } };
  } catch (error) { say(error.message); $("#notice").hidden = false; $("#notice").textContent = error.message; }
}

function close() {
  $("#side").hidden = true;
  $("#side").replaceChildren();
  document.querySelectorAll(".cite[aria-pressed=true]").forEach((b) => b.setAttribute("aria-pressed", "false"));
}

function finish(shown, body, answer, chosen, keep = true) {
  const basis = answer.basis ?? (answer.refused ? "none" : "answered");
  draw(body, answer.text, answer.citations);
  shown.dataset.basis = basis;
  body.before(el("p", { className: `basis ${basis}` }, BASIS[basis]));
  if (answer.citations.length) shown.append(el("ol", { className: "sources", "aria-label": "Sources" }, ...answer.citations.map((c) =>
    el("li", {}, number(c), el("div", {}, text(c.title), el("span", { className: "quiet" }, " · ", c.speaker ? text(c.speaker) : "", c.speaker ? ", " : "", clock(c.start)))))));
  for (const warning of answer.warnings ?? []) shown.append(el("p", { className: "meta" }, text(warning)));
  const copy = (what, name) => el("button", { type: "button", className: "plain", onclick: async (event) => {
    await navigator.clipboard.writeText(what());
    event.target.textContent = "Copied";
    setTimeout(() => { event.target.textContent = name; }, 1500);
  } }, name);
  shown.append(el("div", { className: "tools" }, copy(() => markdown(answer), "Copy as Markdown"), copy(() => address(answer.question, chosen), "Copy a link")));
  say(`${BASIS[basis]}. ${answer.text}`);
  const isThanked = basis === "answered" && !answer.passages.length; // no part of the talk
  if (!isThanked) talk = [...talk, { question: answer.question, answer }].slice(-20);
  if (keep) remember(answer, chosen);
}

const plain = (said) => said.replace(/\s+/g, " ").replace(/([\\`*_[\]<>#|~&])/g, "\\$1");
function markdown(answer) {
  const linked = (c) => safeUrl(c.url) ? `[\\[${c.number}\\]](<${c.url}>)` : `\\[${c.number}\\]`;
  const body = answer.text.split(/(\[\d+\])/).map((bit) => {
    const cited = answer.citations.find((c) => `[${c.number}]` === bit);
    return cited ? linked(cited) : bit.split("\n").map(plain).join("\n");
  }).join("");
  const list = answer.citations.map((c) => `${c.number}. ${safeUrl(c.url) ? `[${plain(c.title)}](<${c.url}>)` : plain(c.title)}, ${plain(c.speaker)} ${clock(c.start)}${c.supported ? "" : " (not supported)"}`);
  return `**${plain(answer.question)}**\n\n${body}\n\n${list.join("\n")}\n`;
}
const address = (words, chosen) => `${location.origin}/#/?${new URLSearchParams({ q: words, ...chosen })}`;

// --- history of this browser -----------------------------------------------------------------
const stored = () => { try { return JSON.parse(localStorage.getItem("askpod") ?? "[]"); } catch { return []; } };
function remember(answer, chosen) {
  const { evidence, passages, reply, ...kept } = answer;
  const all = [{ answer: kept, filters: chosen }, ...stored().filter((e) => e.answer.question !== answer.question)].slice(0, KEPT);
  try { localStorage.setItem("askpod", JSON.stringify(all)); } catch { /* full or forbidden */ }
  history();
}
function history() {
  const all = stored();
  $("#past").hidden = all.length === 0;
  $("#past ul").replaceChildren(...all.map((each) => el("li", {}, el("button", { type: "button", className: "plain", onclick: () => recall(each) }, text(each.answer.question)))));
}
function recall({ answer, filters: chosen }) {
  fresh();
  $("#welcome").hidden = true;
  $("#fresh").hidden = false;
  const body = el("div", { className: "answer" });
  const shown = el("article", { className: "exchange" }, el("h2", {}, text(answer.question)), body);
  $("#thread").append(shown);
  finish(shown, body, answer, chosen, false);
}
function fresh() {
  running?.abort();
  talk = [];
  $("#thread").replaceChildren();
  $("#welcome").hidden = false;
  $("#fresh").hidden = true;
  close();
}

// --- views -----------------------------------------------------------------------------------
async function route() {
  const [path, query] = location.hash.slice(1).split("?");
  const params = new URLSearchParams(query);
  const view = path === "/episodes" ? "episodes" : path === "/episode" ? "episode" : path === "/" || path === "" ? "ask" : null;
  if (!view) return;
  close();
  for (const name of ["ask", "episodes", "episode"]) $(`#${name}`).hidden = name !== view;
  document.querySelectorAll("nav a").forEach((a) => a.dataset.view === view.replace(/episode$/, "episodes") ? a.setAttribute("aria-current", "page") : a.removeAttribute("aria-current"));
  try {
    if (view === "episodes") await showList({});
    if (view === "episode") await showEpisode(params.get("id") ?? "", params.has("t") ? Number(params.get("t")) || 0 : null);
  } catch (error) { $(`#${view}`).replaceChildren(el("p", { role: "alert" }, error.message)); }
  if (view === "ask" && params.get("q")) {
    const { q, ...chosen } = Object.fromEntries(params);
    window.history.replaceState(null, "", "#/");
    const known = stored().find((e) => e.answer.question === q && JSON.stringify(e.filters) === JSON.stringify(chosen));
    fresh();
    if (known) recall(known); else ask(q.slice(0, 4000), chosen);
  } else if (view !== "ask" && !params.has("t")) { scrollTo(0, 0); $("#main").focus({ preventScroll: true }); }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const words = question.value.trim();
  if (!words) return;
  question.value = "";
  ask(words);
});
question.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); form.requestSubmit(); }
});
$("#filters").addEventListener("input", () => { $("#chosen").textContent = Object.entries(filters()).map(([k, v]) => `${k}: ${v}`).join(", "); });
$("#fresh").addEventListener("click", () => { fresh(); question.focus(); });
$("#forget").addEventListener("click", () => { localStorage.removeItem("askpod"); history(); });
addEventListener("hashchange", route);
history();
archive();
route();
if (matchMedia("(min-width: 60rem)").matches) question.focus();
