// What the inbox's modules share: where things stand on the page, how the server is asked, who stays at the end.

const NEAR = 120; // px from the end that still count as being there

export const root = document.querySelector("[data-inbox]");
export const phrases = document.getElementById("inbox-phrases").dataset;
export const csrf = () => JSON.parse(document.body.getAttribute("hx-headers") || "{}")["X-CSRFToken"] ?? "";
export const thread = () => document.getElementById("thread");
export const scroller = () => document.getElementById("thread-scroll");
export const opened = () => thread()?.dataset.conversation ?? "";
export const told = () => (root.dataset.pane === "story" ? document.getElementById("story")?.dataset.told ?? "" : "");

export function announce(message) {
  document.dispatchEvent(new CustomEvent("announce", { detail: { message } }));
}

export async function ask(url, options = {}) {
  return fetch(url, { credentials: "same-origin", ...options, headers: { "HX-Request": "true", "X-CSRFToken": csrf(), ...options.headers } });
}

export function atEnd() {
  const box = scroller();
  return !box || box.scrollHeight - box.scrollTop - box.clientHeight < NEAR;
}

export function toEnd() {
  const box = scroller();
  if (box) box.scrollTop = box.scrollHeight;
  jump(false);
}

export function jump(show) {
  const button = document.querySelector("[data-jump]");
  if (button) button.hidden = !show;
}

// Who reads the end stays there while the composer grows and pictures arrive.
let stuck = true;
const room = new ResizeObserver(() => { if (stuck) toEnd(); });
document.addEventListener("load", (event) => { if (stuck && scroller()?.contains(event.target)) toEnd(); }, true);
document.addEventListener("scroll", (event) => {
  if (event.target !== scroller()) return;
  stuck = atEnd();
  if (stuck) jump(false);
}, true);

// A thread has just been opened.
export function startAtEnd() {
  stuck = true;
  room.disconnect();
  room.observe(scroller());
  toEnd();
}
