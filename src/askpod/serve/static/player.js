// What plays an episode from a second on: an audio file, an embedded video, or a link.
import { clock, el, safeUrl } from "./dom.js";

const VIDEOS = "https://www.youtube-nocookie.com";

// Returns the element, and how to go to a second. `told` is called with the second being played.
export function player(episode, start, told = () => {}) {
  const { kind, src, local } = episode.player;
  if (kind === "audio") return audio(local ? `/audio?episode=${encodeURIComponent(episode.id)}` : src, start, told);
  if (kind === "youtube") return video(src, start, told);
  const usable = safeUrl(src);
  const element = usable
    ? el("p", {}, el("a", { href: usable, target: "_blank", rel: "noopener noreferrer" }, "Open the recording"), ` and go to ${clock(start)}`)
    : el("p", { className: "quiet" }, "No recording is linked to this episode.");
  return { element, seek: () => {} };
}

function audio(src, start, told) {
  const element = el("audio", { controls: true, preload: "metadata", src, "aria-label": "Recording" });
  let wanted = start;
  element.dataset.start = Math.floor(start);
  element.addEventListener("loadedmetadata", () => { element.currentTime = wanted; });
  element.addEventListener("timeupdate", () => told(element.currentTime));
  const seek = (second) => {
    wanted = second;
    element.dataset.start = Math.floor(second);
    if (element.readyState > 0) element.currentTime = second;
    element.play().catch(() => {});
  };
  return { element, seek };
}

function video(id, start, told) {
  const address = (second, play) => `${VIDEOS}/embed/${encodeURIComponent(id)}?enablejsapi=1&rel=0&start=${Math.floor(second)}${play ? "&autoplay=1" : ""}`;
  const element = el("iframe", { title: "Video of the episode", allow: "autoplay; encrypted-media; picture-in-picture; fullscreen", referrerPolicy: "strict-origin-when-cross-origin", src: address(start, false) });
  element.addEventListener("load", () => element.contentWindow?.postMessage('{"event":"listening"}', VIDEOS));
  const listen = (event) => {
    if (!element.isConnected) return window.removeEventListener("message", listen);
    if (event.origin !== VIDEOS || event.source !== element.contentWindow) return;
    try {
      const at = JSON.parse(event.data).info?.currentTime;
      if (Number.isFinite(at)) told(at);
    } catch { /* not for us */ }
  };
  window.addEventListener("message", listen);
  return { element, seek: (second) => { element.src = address(second, true); } };
}
