// The inbox: keeps list and thread fresh without moving anything under the hand, remembers drafts, sends once.
// Every answer of the server holds the same parts (see `parts` in templates/conversations/inbox.html); apply() puts
// them in place.

import { keepFocus, toast } from "../ui/frontdesk.js";
import { connect } from "./composer.js";
import { setFiles, showFiles } from "./files.js";
import { watchOlder } from "./older.js";
import { announce, ask, atEnd, csrf, jump, opened, phrases, root, startAtEnd, thread, toEnd, told } from "./place.js";
import { closeStory, openStory, showTold } from "./story.js";
import { dress, field, form, saveDraft, startComposer } from "./writing.js";

const EVERY = 1500; // ms between questions for news
const HIDDEN = 15000; // ms between questions while nobody looks: the count in the tab's title
const HERE = 10000; // ms between signs of presence

let cursor = root.dataset.cursor;
let here = "";
let waiting = Number(document.querySelector("[data-nav=inbox] .nav-badge")?.textContent ?? 0);

// Putting news in place -------------------------------------------------------------------------------------------

const keep = {
  // What is being typed stays. Of a button that has the focus idiomorph would keep the old words, too.
  get ignoreActiveValue() { return !!document.activeElement?.matches("input, textarea, select"); },
  callbacks: {
    // What the reader opened stays open, the row under the keyboard stays marked.
    beforeAttributeUpdated: (name, node) => !(name === "data-active" || (name === "open" && node.nodeName === "DETAILS")),
    beforeNodeMorphed: (old) => !(old.dataset && ("keep" in old.dataset || "select" in old.dataset || (old.nodeName === "FORM" && "edit" in old.dataset))),
    beforeNodeRemoved: (node) => !node.classList?.contains("is-pending"),
  },
};

function morph(id, fresh) {
  const old = document.getElementById(id);
  const one = fresh.querySelector(`#${id}`);
  if (!old || !one) return;
  Idiomorph.morph(old, one, { morphStyle: "outerHTML", ...keep });
  window.htmx.process(document.getElementById(id));
}

// The answer holds the last page of the thread; whatever was loaded further up stays.
function mergeThread(fresh) {
  const list = document.getElementById("thread-messages");
  const news = fresh.querySelector("#thread-messages");
  if (!list || !news || news.dataset.conversation !== opened()) return;
  const stay = !atEnd();
  const items = [...news.children].filter((one) => one.id);
  const first = items.find((one) => one.dataset.side);
  if (first && !document.getElementById(first.id) && list.querySelector("[data-side]")) {
    list.replaceChildren(...news.children); // more news than a page: start again
    window.htmx.process(list);
    return toEnd();
  }
  let before = null;
  const arrived = [];
  for (const item of items) {
    let node = document.getElementById(item.id);
    if (node && list.contains(node)) {
      if (item.dataset.side && node.outerHTML !== item.outerHTML) {
        Idiomorph.morph(node, item, { morphStyle: "outerHTML", ...keep });
        node = document.getElementById(item.id);
      }
      if (before && item.dataset.side && before.compareDocumentPosition(node) & Node.DOCUMENT_POSITION_PRECEDING) before.after(node);
      if (item.dataset.side || !before) before = item.dataset.side ? node : before;
    } else {
      node = document.importNode(item, true);
      if (before) before.after(node);
      else list.append(node);
      arrived.push(node);
      before = node;
    }
    window.htmx.process(node);
  }
  list.querySelectorAll(".is-pending").forEach((node) => list.append(node));
  const theirs = arrived.filter((node) => node.dataset.side === "in");
  if (theirs.length) {
    announce(phrases.new.replace("{name}", thread().dataset.name));
    sign(false);
  }
  if (stay && arrived.length) jump(true);
  else if (arrived.length) toEnd();
}

function mergeComposer(fresh) {
  const old = document.getElementById("composer");
  const one = fresh.querySelector("#composer");
  if (!old || !one) return;
  const countdown = one.querySelector("time[data-countdown]");
  const shown = old.querySelector("time[data-countdown]");
  if (old.dataset.mode === one.dataset.mode && old.dataset.trouble === one.dataset.trouble) {
    if (shown && countdown) shown.dateTime = countdown.dateTime;
    return;
  }
  saveDraft();
  const focused = old.contains(document.activeElement);
  old.replaceWith(document.importNode(one, true));
  window.htmx.process(document.getElementById("composer"));
  startComposer();
  showFiles();
  if (focused) document.querySelector("#composer [data-draft-text]")?.focus();
}

function apply(html) {
  return keepFocus(() => put(html));
}

function put(html) {
  const fresh = new DOMParser().parseFromString(html, "text/html").querySelector("[data-parts]");
  if (!fresh) return "";
  cursor = fresh.dataset.cursor;
  showWaiting(Number(fresh.dataset.waiting));
  if (fresh.querySelector("#thread-head")) here = fresh.dataset.here;
  const unread = unreadRows(document);
  morph("inbox-rows", fresh);
  markOpen();
  recount();
  for (const row of fresh.querySelectorAll("[data-row]")) {
    if (Number(row.dataset.unread) > (unread.get(row.id) ?? 0) && row.dataset.conversation !== opened()) {
      announce(phrases.new.replace("{name}", row.querySelector(".inbox-name")?.textContent.trim() ?? ""));
      break;
    }
  }
  const about = fresh.querySelector("#thread-messages")?.dataset.conversation;
  if (about && about === opened()) {
    for (const id of ["thread-head", "thread-state", "thread-here", "composer-draft"]) morph(id, fresh);
    if (!document.querySelector("#person [data-edit]")) morph("person", fresh);
    if (fresh.querySelector("#story")?.dataset.told === told()) morph("story", fresh);
    mergeThread(fresh);
    mergeComposer(fresh);
  }
  return fresh.dataset.problem ?? "";
}

// How many wait for a person: beside the menu's entry, and in the title, which other tabs can see.
function showWaiting(count) {
  for (const entry of document.querySelectorAll("[data-nav=inbox]")) {
    const badge = entry.querySelector(".nav-badge") ?? Object.assign(document.createElement("span"), { className: "nav-badge" });
    badge.textContent = count;
    if (count) entry.append(badge);
    else badge.remove();
  }
  waiting = count;
  const title = document.title.replace(/^\(\d+\) /, "");
  document.title = count ? `(${count}) ${title}` : title;
}

function unreadRows(where) {
  return new Map([...where.querySelectorAll("#inbox-rows [data-row]")].map((row) => [row.id, Number(row.dataset.unread)]));
}

function markOpen() {
  for (const row of document.querySelectorAll("#inbox-rows [data-row]")) {
    const is = row.dataset.conversation === opened() && opened() !== "";
    row.classList.toggle("is-open", is);
    const link = row.querySelector("[data-open]");
    if (is) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
}

// Asking for news -------------------------------------------------------------------------------------------------

let asking = false;
let failures = 0;
let next = 0;

function later(wait) {
  clearTimeout(next);
  next = setTimeout(poll, wait);
}

// The reply window has closed while the page was open: what the composer offers is another thing now.
let lookedAt = 0;
function windowIsOver() {
  const until = document.querySelector("#composer[data-mode=open] .composer-window time[data-countdown]")?.dateTime;
  if (!until || Date.parse(until) > Date.now() || Date.now() - lookedAt < HERE) return false;
  lookedAt = Date.now();
  return true;
}

async function poll() {
  if (asking) return;
  asking = true;
  try {
    const query = new URLSearchParams(location.search);
    query.delete("cursor");
    query.set("since", windowIsOver() ? String(Number.MAX_SAFE_INTEGER) : cursor); // all of it, as it is now
    query.set("here", here);
    query.set("rows", document.querySelectorAll("#inbox-rows [data-row]").length);
    if (opened()) query.set("open", opened());
    if (told()) query.set("story", told());
    const asked = opened();
    const answer = await ask(`${root.dataset.live}?${query}`);
    if (answer.status === 204) cursor = answer.headers.get("Inbox-Cursor") ?? cursor;
    else if (answer.ok && asked === opened() && !answer.redirected) apply(await answer.text());
    failures = answer.ok ? 0 : failures + 1;
    if (failures === 0) document.dispatchEvent(new CustomEvent("htmx:afterOnLoad"));
  } catch {
    failures += 1;
    if (failures === 3) document.dispatchEvent(new CustomEvent("htmx:sendError"));
  } finally {
    asking = false;
    later(document.hidden ? HIDDEN : Math.min(EVERY * 2 ** Math.min(failures, 4), 30000));
  }
}
later(EVERY);
document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  sign(false);
  later(0);
});

let signed = 0;
function sign(typing) {
  const url = thread()?.dataset.hereUrl;
  if (!url || document.hidden) return;
  if (typing && Date.now() - signed < 3000) return;
  signed = Date.now();
  const body = new URLSearchParams({ seen: "1", ...(typing ? { typing: "1" } : {}) });
  ask(url, { method: "POST", body }).catch(() => {});
}
setInterval(() => sign(false), HERE);

let lastHere = "";
function leave() {
  if (!lastHere) return;
  const body = new URLSearchParams({ gone: "1" });
  fetch(lastHere, { method: "POST", body, keepalive: true, credentials: "same-origin", headers: { "X-CSRFToken": csrf() } }).catch(() => {});
  lastHere = "";
}
addEventListener("pagehide", leave);

// Acts answered with parts ----------------------------------------------------------------------------------------

document.addEventListener("htmx:afterRequest", (event) => {
  const { xhr, elt } = event.detail;
  const isOurs = elt === document.body || elt === listForm || elt.closest?.("[data-parts]"); // the body: a toast's "Undo"
  if (!isOurs || !xhr?.responseText.includes("data-parts")) return;
  if (elt.matches("[data-edit]")) {
    if (!xhr.responseText.includes("data-cursor")) return;
    delete elt.dataset.edit;
  }
  elt.closest("details[data-menu]")?.removeAttribute("open");
  const problem = apply(xhr.responseText);
  if (problem) toast({ message: problem, tone: "bad" });
  else if (elt.matches("[data-template]")) toEnd();
});
// What is done to several rows is answered with the list, and with the conversation that is open.
const listForm = document.getElementById("inbox-list");
const recount = () => listForm.dispatchEvent(new Event("change", { bubbles: true }));
function unselect() {
  for (const box of listForm.querySelectorAll("[data-select]:checked")) box.checked = false;
  recount();
}
document.addEventListener("htmx:configRequest", (event) => {
  if (event.detail.elt !== listForm) return;
  if (opened()) event.detail.parameters.open = opened();
});
document.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.elt === listForm && event.detail.successful) unselect();
});
document.addEventListener("click", (event) => {
  if (event.target.closest?.("[data-unselect]")) keepFocus(unselect);
  const button = event.target.closest?.("[data-selecting]");
  if (button) button.setAttribute("aria-pressed", String(listForm.classList.toggle("is-selecting")));
});

document.addEventListener("htmx:beforeSwap", (event) => {
  // The edit form swaps itself when it was refused; what it gets when saved are parts.
  if (event.detail.elt.matches?.("[data-edit]") && event.detail.xhr.responseText.includes("data-cursor")) event.detail.shouldSwap = false;
});

// Opening a conversation ------------------------------------------------------------------------------------------

function startPane() {
  const one = thread();
  root.dataset.pane = one?.dataset.pane ?? "list";
  here = "";
  if (lastHere && lastHere !== one?.dataset.hereUrl) leave();
  lastHere = one?.dataset.hereUrl ?? "";
  markOpen();
  showWaiting(waiting);
  if (!one) return;
  setFiles([]);
  startAtEnd();
  watchOlder();
  startComposer();
  sign(false);
  requestAnimationFrame(toEnd);
  if (!told()) return;
  showTold();
  requestAnimationFrame(() => document.querySelector(".msg.is-told")?.scrollIntoView({ block: "center" }));
}

// Rows that are selected: the keys of the open conversation are theirs now.
function chosenBar() {
  const bar = root.querySelector("[data-bulk]");
  return bar && !bar.hidden ? bar : null;
}

document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target?.id !== "inbox-pane") return;
  startPane();
  document.getElementById(`c${opened()}`)?.classList.remove("is-unread");
  if (getComputedStyle(document.querySelector(".inbox-list")).display === "none") thread()?.querySelector(".thread-back")?.focus();
});

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("[data-show-person], [data-show-thread], [data-cancel-edit], [data-jump], [data-close-story]");
  if (event.target.closest?.("[data-bubble]") && !event.target.closest("a, button, summary, video, audio, details") && !String(getSelection())) {
    event.target.closest("[data-bubble]").querySelector("[data-why]")?.click();
    return;
  }
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  if (link.matches("[data-jump]")) return toEnd();
  if (link.matches("[data-close-story]")) return closeStory();
  if (link.matches("[data-cancel-edit]")) return cancelEdit();
  if (link.matches("[data-show-person]") && getComputedStyle(document.getElementById("person")).display !== "none") {
    document.getElementById("person").querySelector("a[href]:not(.thread-back), select")?.focus();
    return;
  }
  root.dataset.pane = link.matches("[data-show-person]") ? "person" : "thread";
  history.pushState({}, "", link.href);
  document.querySelector(root.dataset.pane === "person" ? ".person .thread-back" : ".thread-who")?.focus();
  if (root.dataset.pane === "thread") toEnd();
});
addEventListener("popstate", () => location.reload());

async function cancelEdit() {
  const form = document.querySelector("#person [data-edit]");
  if (form) delete form.dataset.edit;
  const query = new URLSearchParams(location.search);
  query.set("since", String(Number.MAX_SAFE_INTEGER));
  query.set("open", opened());
  const answer = await ask(`${root.dataset.live}?${query}`);
  if (answer.ok) apply(await answer.text());
}

// Pictures that are gone say so.
document.addEventListener("error", (event) => {
  if (!event.target.matches?.("[data-picture]")) return;
  const words = document.createElement("span");
  words.className = "muted small";
  words.textContent = phrases.gone;
  event.target.replaceWith(words);
}, true);

document.addEventListener("htmx:afterSwap", (event) => {
  const link = event.detail.requestConfig?.elt;
  if (link?.matches?.("[data-once]")) link.remove();
});

// Search ----------------------------------------------------------------------------------------------------------

let searching = 0;
async function search(form) {
  const query = new URLSearchParams(location.search);
  query.delete("cursor");
  const words = form.elements.q.value.trim();
  if (words) query.set("q", words);
  else query.delete("q");
  const address = `?${query}`;
  const turn = ++searching;
  const asked = new URLSearchParams(query);
  asked.set("from", "search");
  if (opened()) asked.set("open", opened());
  const list = document.getElementById("inbox-rows");
  list.setAttribute("aria-busy", "true");
  const answer = await ask(`${root.dataset.listUrl}?${asked}`).catch(() => null);
  if (turn !== searching) return;
  list.removeAttribute("aria-busy");
  if (!answer?.ok) return;
  const fresh = new DOMParser().parseFromString(`<ul>${await answer.text()}</ul>`, "text/html").querySelector("ul");
  list.replaceChildren(...fresh.children);
  window.htmx.process(list);
  history.replaceState(history.state, "", query.size ? address : location.pathname);
  markOpen();
}
let typed = 0;
document.addEventListener("input", (event) => {
  const form = event.target.closest?.("[data-inbox-search]");
  if (!form) return;
  clearTimeout(typed);
  typed = setTimeout(() => search(form), 250);
});
document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-inbox-search]")) return;
  event.preventDefault();
  clearTimeout(typed);
  search(event.target);
});

// Keys ------------------------------------------------------------------------------------------------------------

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]") || event.target.closest?.("input:not([type=checkbox]), textarea, select, [contenteditable]")) return;
  if (event.key === "Escape" && chosenBar()) {
    keepFocus(unselect);
    event.preventDefault();
  } else if (event.key === "Escape" && told() && !event.target.closest?.("details[data-menu][open]")) {
    closeStory();
    event.preventDefault();
  } else if (event.key === "y" && thread()) {
    if (openStory()) event.preventDefault();
  } else if ((event.key === "r" || event.key === "n") && field()) {
    const tab = form().querySelector(`[name=mode][value="${event.key === "n" ? "note" : "reply"}"]`);
    if (tab) tab.checked = true;
    dress();
    field().focus();
    event.preventDefault();
  } else if (/^[aestuw]$/.test(event.key)) {
    const target = chosenBar()?.querySelector(`[data-key=${event.key}]`) ?? thread()?.querySelector(`[data-key=${event.key}]`);
    if (!target) return;
    target.click();
    target.parentElement.querySelector(".menu-item")?.focus();
    event.preventDefault();
  }
}, true);

connect({ apply, sign });
startPane();
