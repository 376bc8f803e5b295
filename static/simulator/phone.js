// The phone and the business's side of it: asks each second for news of both while somebody looks, keeps the newest
// bubble in sight, sends pictures at once.
//
// What is painted is never older than what was done last: an act stops the question that is under way, and none is
// asked while one is. Acts themselves stand in line (hx-sync), so their answers come in order.

import { keepFocus } from "../ui/frontdesk.js";

const EVERY = 1000;
const NEAR = 80; // px from the end that still count as being there
const PARTS = ["phone-thread", "sim-behind"];

const composer = document.querySelector("[data-phone-composer]");
const thread = () => document.getElementById("phone-thread");
const stage = document.getElementById("sim");
const words = composer?.elements.text;
const touch = matchMedia("(pointer: coarse)");
let state = ""; // names what is on the screen
let question = null; // the one under way
let acts = 0; // under way
let pressed = false; // nothing moves under a finger

const atEnd = () => thread().scrollHeight - thread().scrollTop - thread().clientHeight < NEAR;
const toEnd = () => { thread().scrollTop = thread().scrollHeight; };

// Painting -----------------------------------------------------------------------------------------------------------

function paint(html, name, { done = false } = {}) {
  const fresh = new DOMParser().parseFromString(html, "text/html");
  if (!fresh.getElementById(PARTS[0])) return;
  state = name ?? "";
  const stay = done || atEnd();
  const before = new Set([...thread().querySelectorAll(".phone-row")].map((row) => row.id));
  const callbacks = {
    beforeAttributeUpdated: (attribute, node) => !(attribute === "open" && node.nodeName === "DETAILS"),
    beforeNodeRemoved: (node) => done || !node.classList?.contains("phone-problem"), // it stays until the next act
  };
  keepFocus(() => {
    for (const id of PARTS) {
      const part = fresh.getElementById(id);
      if (!part) continue;
      Idiomorph.morph(document.getElementById(id), part, { morphStyle: "outerHTML", callbacks });
      window.htmx.process(document.getElementById(id));
    }
  });
  const news = [...thread().querySelectorAll(".phone-row:not(.is-mine, #phone-typing)")].filter((row) => !before.has(row.id));
  if (stay || news.length) toEnd();
  announce(news, tellChange());
}

function announce(news, change) {
  const said = [...news.map((row) => row.querySelector(".phone-words")?.textContent ?? ""), change].join(" ").trim();
  if (said) document.dispatchEvent(new CustomEvent("announce", { detail: { message: said } }));
}

async function ask() {
  if (question || acts || pressed || document.hidden) return;
  const mine = question = new AbortController();
  try {
    const answer = await fetch(`${composer.dataset.thread}?have=${state}`, { credentials: "same-origin", signal: mine.signal });
    if (answer.status !== 200 || answer.redirected) return;
    const html = await answer.text();
    if (!mine.signal.aborted && !pressed) paint(html, answer.headers.get("Phone-State"));
  } catch {
    // stopped by an act, or away for a moment: the next second asks again
  } finally {
    question = null;
  }
}

// The score since the customer's last words --------------------------------------------------------------------------

const lead = () => document.getElementById("behind-lead")?.dataset ?? {};
const score = () => Number(lead().score ?? 0);
let counted = { from: score(), told: score() };

function tellChange() {
  const change = score() - counted.from;
  const shown = document.querySelector("[data-change]");
  const sign = `${change > 0 ? "+" : "\u2212"}${Math.abs(change)}`;
  if (shown) {
    shown.hidden = !change;
    shown.textContent = change ? `\u2066${sign}\u2069` : ""; // the sign stays before the figure, whichever way the page runs
    shown.classList.toggle("is-less", change < 0);
  }
  if (score() === counted.told) return "";
  counted.told = score();
  const looks = stage.dataset.viewing === "behind";
  const news = document.querySelector("[data-news]");
  if (news) news.hidden = looks;
  return `${stage.dataset.scoreWords} ${score()}`;
}

// Acts ---------------------------------------------------------------------------------------------------------------

const actOf = (event) => event.target.closest?.("[data-act]");

function act(form) {
  if (form === composer) composer.reset();
  if (form.matches("[data-phone-ad]")) form.closest("dialog").close();
  if (!form.matches(".phone-react") && !(touch.matches && form !== composer)) words.focus({ preventScroll: true });
}

function listen() {
  document.addEventListener("htmx:beforeRequest", (event) => {
    const form = actOf(event);
    if (!form) return;
    acts += 1;
    question?.abort();
    if (!form.matches(".phone-react")) counted = { from: score(), told: score() };
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr } = event.detail;
    if (!event.detail.requestConfig?.elt?.matches("[data-act]") || !(xhr.status === 200 || xhr.status === 422)) return;
    event.detail.shouldSwap = false;
    paint(xhr.responseText, xhr.getResponseHeader("Phone-State"), { done: true });
  });
  // Told to the document where the form itself is gone by now: an act always ends.
  document.addEventListener("htmx:afterRequest", (event) => {
    const form = event.detail.requestConfig?.elt;
    if (!form?.matches("[data-act]")) return;
    acts = Math.max(0, acts - 1);
    if (event.detail.successful) act(form);
  });
  const release = () => setTimeout(() => { pressed = false; }); // the click comes first
  document.addEventListener("pointerdown", () => { pressed = true; }, true);
  for (const name of ["pointerup", "pointercancel", "dragend", "blur"]) window.addEventListener(name, release, true);
  document.addEventListener("pointermove", (event) => { if (pressed && !event.buttons) release(); }, true); // let go outside
  // Pictures arrive later than the words around them: who reads the end stays there.
  let stuck = true;
  document.addEventListener("scroll", (event) => { if (event.target === thread()) stuck = atEnd(); }, true);
  document.addEventListener("load", (event) => { if (stuck && thread().contains(event.target)) toEnd(); }, true);
  document.addEventListener("visibilitychange", ask);
  document.querySelector("[data-phone-picture]").addEventListener("change", (event) => {
    if (event.target.files.length) composer.requestSubmit();
  });
}

function look(view) {
  stage.dataset.viewing = view;
  for (const button of stage.querySelectorAll("[data-view-as]")) button.setAttribute("aria-pressed", String(button.dataset.viewAs === view));
  if (view === "behind") document.querySelector("[data-news]").hidden = true;
  else toEnd();
}

if (composer) {
  toEnd();
  if (!touch.matches) words.focus({ preventScroll: true });
  listen();
  stage.addEventListener("click", (event) => {
    const button = event.target.closest("[data-view-as]");
    if (button) look(button.dataset.viewAs);
  });
  setInterval(ask, EVERY);
}
