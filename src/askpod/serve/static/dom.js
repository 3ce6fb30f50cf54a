// Elements from text only: nothing that was said, titled or written is ever read as markup.
export const $ = (selector) => document.querySelector(selector);

export function el(tag, props = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name in made && !name.includes("-")) made[name] = value;
    else made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== null && child !== ""));
  return made;
}

// Text from outside, kept from changing the direction of what stands around it.
export const text = (said) => el("bdi", {}, visible(said));
const visible = (said) => String(said ?? "").replace(/[\u202a-\u202e\u2066-\u2069\u200e\u200f\u0000-\u0008]/g, "");

export function clock(seconds) {
  if (seconds == null) return "no second"; // of an untimed episode
  const s = Math.max(0, Math.floor(seconds)), two = (n) => String(n).padStart(2, "0");
  const h = Math.floor(s / 3600), m = Math.floor(s / 60) % 60;
  return h ? `${h}:${two(m)}:${two(s % 60)}` : `${m}:${two(s % 60)}`;
}

export function safeUrl(link) {
  try { return ["http:", "https:"].includes(new URL(link).protocol) ? link : ""; } catch { return ""; }
}

export async function get(path, params = {}) {
  const given = Object.entries(params).filter(([, value]) => value !== "" && value != null);
  const response = await fetch(`${path}?${new URLSearchParams(given)}`);
  const body = await response.json();
  if (!response.ok) throw new Error(body.error.message);
  return body;
}

// Says something to a screen reader.
export const say = (words) => { $("#said").textContent = words; };
