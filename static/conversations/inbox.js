// The inbox: keeps list and thread fresh without moving anything under the hand, remembers drafts, sends once.
// Every answer of the server holds the same parts (see `parts` in templates/conversations/inbox.html); apply() puts
// them in place.

import { keepFocus, placeOf, returnTo, toast } from "../ui/frontdesk.js";

const EVERY = 1500; // ms between questions for news
const HIDDEN = 15000; // ms between questions while nobody looks: the count in the tab's title
const HERE = 10000; // ms between signs of presence
const NEAR = 120; // px from the end that still count as being there

const root = document.querySelector("[data-inbox]");
const phrases = document.getElementById("inbox-phrases").dataset;
const csrf = () => JSON.parse(document.body.getAttribute("hx-headers") || "{}")["X-CSRFToken"] ?? "";
const thread = () => document.getElementById("thread");
const scroller = () => document.getElementById("thread-scroll");
const opened = () => thread()?.dataset.conversation ?? "";
const told = () => (root.dataset.pane === "story" ? document.getElementById("story")?.dataset.told ?? "" : "");
const touch = matchMedia("(pointer: coarse)");
let cursor = root.dataset.cursor;
let here = "";
let waiting = Number(document.querySelector("[data-nav=inbox] .nav-badge")?.textContent ?? 0);

function announce(message) {
  document.dispatchEvent(new CustomEvent("announce", { detail: { message } }));
}

async function ask(url, options = {}) {
  return fetch(url, { credentials: "same-origin", ...options, headers: { "HX-Request": "true", "X-CSRFToken": csrf(), ...options.headers } });
}

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

function atEnd() {
  const box = scroller();
  return !box || box.scrollHeight - box.scrollTop - box.clientHeight < NEAR;
}

function toEnd() {
  const box = scroller();
  if (box) box.scrollTop = box.scrollHeight;
  jump(false);
}

function jump(show) {
  const button = document.querySelector("[data-jump]");
  if (button) button.hidden = !show;
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
  files = [];
  stuck = true;
  room.disconnect();
  room.observe(scroller());
  toEnd();
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

// The story of an answer, beside the thread or over it ------------------------------------------------------------

let storyFrom = null; // where the focus was

function showTold() {
  for (const one of document.querySelectorAll(".msg.is-told")) one.classList.remove("is-told");
  document.getElementById(`m${told()}`)?.classList.add("is-told");
}

document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.detail.target?.id === "story") storyFrom = placeOf(event.detail.elt);
});
document.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.target?.id !== "story" && event.detail.elt?.id !== "story") return;
  root.dataset.pane = "story";
  showTold();
  document.getElementById("story-title")?.focus();
});

function closeStory() {
  const back = document.querySelector("[data-close-story]");
  const message = told();
  root.dataset.pane = "thread";
  history.pushState({}, "", back.href);
  showTold();
  document.getElementById("story").replaceChildren();
  returnTo([...(storyFrom ?? []), { name: `[data-focus="story-${message}"]`, at: 0 }, { name: "#thread-scroll", at: 0 }]);
}

// The message under the keyboard, or the last answer there is.
function openStory() {
  const here = document.activeElement?.closest?.(".msg") ?? [...document.querySelectorAll("#thread-messages .msg-out")].pop();
  const link = here?.querySelector("[data-why]");
  link?.click();
  return !!link;
}

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

// Earlier messages ------------------------------------------------------------------------------------------------

let watcher = null;
function watchOlder() {
  watcher?.disconnect();
  const item = document.querySelector("[data-older]");
  if (!item) return;
  watcher = new IntersectionObserver((seen) => {
    if (seen.some((one) => one.isIntersecting) && scroller().scrollHeight > scroller().clientHeight) loadOlder(item);
  }, { root: scroller(), rootMargin: "200px 0px 0px 0px" });
  watcher.observe(item);
}

async function loadOlder(item) {
  if (item.dataset.busy) return;
  item.dataset.busy = "yes";
  const list = item.parentElement;
  const answer = await ask(item.dataset.older).catch(() => null);
  if (!answer?.ok) return void delete item.dataset.busy;
  const fresh = new DOMParser().parseFromString(`<ol>${await answer.text()}</ol>`, "text/html").querySelector("ol");
  const box = scroller();
  const fromEnd = box.scrollHeight - box.scrollTop;
  for (const day of fresh.querySelectorAll(".day")) document.getElementById(day.id)?.remove();
  item.replaceWith(...fresh.children);
  window.htmx.process(list);
  box.scrollTop = box.scrollHeight - fromEnd; // what was read stays where it was
  watchOlder();
}
document.addEventListener("click", (event) => {
  const item = event.target.closest?.("[data-older] a")?.closest("[data-older]");
  if (!item) return;
  event.preventDefault();
  loadOlder(item);
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

// Composer --------------------------------------------------------------------------------------------------------

const form = () => document.querySelector("[data-composer]");
const field = () => form()?.querySelector("[data-draft-text]");
const draftKey = () => `draft:${form()?.dataset.draft}`;
const modeOf = (one) => one.querySelector("[name=mode]:checked")?.value ?? "note";

function saveDraft() {
  const box = field();
  if (!box) return;
  try {
    if (box.value) localStorage.setItem(draftKey(), JSON.stringify({ text: box.value, mode: modeOf(form()) }));
    else localStorage.removeItem(draftKey());
  } catch { /* private windows keep nothing */ }
}

function startComposer() {
  const box = field();
  if (!box) return;
  try {
    const draft = JSON.parse(localStorage.getItem(draftKey()) ?? "null");
    if (draft?.text && !box.value) {
      box.value = draft.text;
      const tab = form().querySelector(`[name=mode][value="${draft.mode === "note" ? "note" : "reply"}"]`);
      if (tab) tab.checked = true;
    }
  } catch { /* a draft we cannot read is none */ }
  dress();
}

// Words and sizes that follow what is written.
function dress() {
  const one = form();
  const box = field();
  if (!box) return;
  box.dataset.placeholderReply ??= box.placeholder;
  box.placeholder = modeOf(one) === "note" ? box.dataset.placeholderNote : box.dataset.placeholderReply;
  const count = one.querySelector("[data-limit]");
  const limit = Number(count.dataset.limit);
  count.hidden = !limit || box.value.length < limit * 0.8;
  count.textContent = `${box.value.length} / ${limit}`;
  if (!CSS.supports("field-sizing", "content")) box.rows = Math.min(10, Math.max(2, box.value.split("\n").length));
}

// Files that go out with the reply: chosen, dropped or pasted.
const LARGEST = 10_000_000;
const MOST_FILES = 10;
let files = [];

function showFiles() {
  const list = form()?.querySelector("[data-files]");
  if (!list) return;
  list.hidden = !files.length;
  list.replaceChildren(...files.map((file) => {
    const item = document.createElement("li");
    item.className = "composer-file";
    if (file.type.startsWith("image/")) {
      const picture = document.createElement("img");
      picture.alt = "";
      picture.src = URL.createObjectURL(file);
      picture.addEventListener("load", () => URL.revokeObjectURL(picture.src));
      item.append(picture);
    }
    const name = document.createElement("bdi");
    name.className = "truncate";
    name.textContent = file.name;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "link";
    button.textContent = "×";
    button.setAttribute("aria-label", phrases.remove.replace("{name}", file.name));
    button.addEventListener("click", () => { setFiles(files.filter((one) => one !== file)); field().focus(); });
    item.append(name, button);
    return item;
  }));
}

function setFiles(chosen) {
  files = chosen;
  showFiles();
}

function addFiles(given) {
  if (!form()?.querySelector("[data-file]") || modeOf(form()) === "note") return false;
  const good = [...given].filter((one) => one.size <= LARGEST);
  const large = [...given].find((one) => one.size > LARGEST);
  problem(large ? phrases.large.replace("{name}", large.name) : files.length + good.length > MOST_FILES ? phrases.many : "");
  setFiles([...files, ...good].slice(0, MOST_FILES));
  field().focus();
  return true;
}

document.addEventListener("change", (event) => {
  if (!event.target.matches?.("[data-file]")) return;
  addFiles(event.target.files);
  event.target.value = "";
});
document.addEventListener("paste", (event) => {
  if (event.target.matches?.("[data-draft-text]") && event.clipboardData?.files.length && addFiles(event.clipboardData.files)) event.preventDefault();
});
const carriesFiles = (event) => event.dataTransfer?.types.includes("Files") && event.target.closest?.("#thread");
document.addEventListener("dragover", (event) => {
  if (!carriesFiles(event)) return;
  event.preventDefault();
  thread().classList.add("is-dropping");
});
document.addEventListener("dragleave", (event) => {
  if (!thread()?.contains(event.relatedTarget)) thread()?.classList.remove("is-dropping");
});
document.addEventListener("drop", (event) => {
  thread()?.classList.remove("is-dropping");
  if (!carriesFiles(event)) return;
  event.preventDefault();
  addFiles(event.dataTransfer.files);
});

function newToken() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function pending(text, mode, sent) {
  const item = document.createElement("li");
  item.className = `msg ${mode === "note" ? "msg-note" : "msg-out by-user"} is-pending is-first`;
  const bubble = document.createElement("div");
  bubble.className = "bubble";
  const words = document.createElement("p");
  words.className = "bubble-text";
  words.dir = "auto";
  words.textContent = [text, ...sent.map((one) => `📎 ${one.name}`)].filter(Boolean).join("\n");
  const foot = document.createElement("span");
  foot.className = "msg-foot";
  foot.textContent = phrases.sending;
  bubble.append(words, foot);
  item.append(bubble);
  document.getElementById("thread-messages").append(item);
  toEnd();
  return item;
}

function problem(words) {
  const place = document.getElementById("composer-problem");
  if (!place) return;
  place.textContent = words;
  place.hidden = !words;
}

async function deliver(url, body, item, conversation, text, sent) {
  item.querySelector(".msg-foot").textContent = phrases.sending;
  try {
    const answer = await ask(url, { method: "POST", body });
    const html = await answer.text();
    if (answer.ok || answer.status === 422) {
      item.remove();
      const why = opened() === conversation ? apply(html) : "";
      if (answer.status === 422) giveBack(conversation, text, why, sent);
      else toEnd();
      return;
    }
    throw new Error(String(answer.status));
  } catch {
    const foot = item.querySelector(".msg-foot");
    const again = document.createElement("button");
    again.type = "button";
    again.className = "link";
    again.textContent = phrases.again;
    again.addEventListener("click", () => deliver(url, body, item, conversation, text, sent)); // the same token: sent once
    foot.replaceChildren(`${phrases.kept} `, again);
    item.classList.add("is-failed");
  }
}

function giveBack(conversation, text, why, sent) {
  const box = opened() === conversation ? field() : null;
  if (box && !files.length) setFiles(sent);
  if (box && !box.value) {
    box.value = text;
    saveDraft();
    dress();
    box.focus();
  }
  problem(why);
}

function submit() {
  const one = form();
  const box = field();
  const text = box.value.trim();
  const mode = modeOf(one);
  const sent = mode === "note" ? [] : files;
  if (!text && !sent.length) return box.focus();
  closeCanned();
  problem("");
  const token = one.elements.token;
  const body = new FormData(one);
  body.set("text", text);
  body.delete("file");
  for (const file of sent) body.append("file", file, file.name);
  token.value = newToken();
  box.value = "";
  if (sent.length) setFiles([]);
  saveDraft();
  dress();
  box.focus();
  const query = new URLSearchParams(location.search);
  query.set("rows", document.querySelectorAll("#inbox-rows [data-row]").length);
  deliver(`${new URL(one.action).pathname}?${query}`, body, pending(text, mode, sent), opened(), text, sent);
}

document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-composer]")) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  submit();
}, true);

document.addEventListener("change", (event) => {
  if (event.target.closest?.("[data-composer]") && !event.target.matches("[data-file]")) {
    dress();
    saveDraft();
    if (event.target.name === "mode") field()?.focus();
  }
});

document.addEventListener("input", (event) => {
  const preview = event.target.closest?.("[data-template]")?.querySelector("[data-preview]");
  if (preview) {
    const values = new Map([...event.target.form.querySelectorAll("[data-number]")].map((one) => [one.dataset.number, one.value]));
    preview.textContent = preview.dataset.preview.replace(/\{\{(\d+)\}\}/g, (whole, number) => values.get(number) || whole);
  }
  if (!event.target.matches?.("[data-draft-text]")) return;
  saveDraft();
  dress();
  problem("");
  if (event.target.value) sign(true);
  openCanned();
});

// What the assistant suggests goes into the reply, behind what is written there already.
document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-draft-use]");
  if (!button) return;
  const box = field();
  const reply = form().querySelector("[name=mode][value=reply]");
  if (reply) reply.checked = true;
  box.value = [box.value.trim(), button.dataset.text].filter(Boolean).join("\n");
  saveDraft();
  dress();
  box.focus();
});

// Saved replies: a slash at the start of a word opens them.
let cannedTurn = 0;
const canned = () => document.getElementById("canned");

function slash() {
  const box = field();
  const found = box.value.slice(0, box.selectionStart).match(/(?:^|\s)\/([^\s/]{0,40})$/u);
  return found ? found[1] : null;
}

async function openCanned() {
  const words = slash();
  if (words === null) return closeCanned();
  const turn = ++cannedTurn;
  const answer = await ask(`${root.dataset.canned}?q=${encodeURIComponent(words)}`).catch(() => null);
  if (turn !== cannedTurn || !answer?.ok || slash() === null) return;
  const fresh = new DOMParser().parseFromString(`<ul>${await answer.text()}</ul>`, "text/html").querySelector("ul");
  canned().replaceChildren(...fresh.children);
  canned().hidden = false;
  choose(0);
}

function closeCanned() {
  cannedTurn += 1;
  const list = canned();
  if (!list) return;
  list.hidden = true;
  field()?.removeAttribute("aria-activedescendant");
}

function choose(step) {
  const items = [...canned().querySelectorAll("[data-text]")];
  if (!items.length) return;
  const at = items.findIndex((one) => one.getAttribute("aria-selected") === "true");
  const next = items[step === 0 ? 0 : (at + step + items.length) % items.length];
  items.forEach((one) => one.setAttribute("aria-selected", String(one === next)));
  field().setAttribute("aria-activedescendant", next.id);
  next.scrollIntoView({ block: "nearest" });
}

function insert(item) {
  const box = field();
  const end = box.selectionStart;
  const start = box.value.slice(0, end).lastIndexOf("/");
  box.setRangeText(item.dataset.text, start, end, "end");
  closeCanned();
  saveDraft();
  dress();
  box.focus();
}

document.addEventListener("pointerdown", (event) => {
  const item = event.target.closest?.("#canned [data-text]");
  if (!item) return;
  event.preventDefault();
  insert(item);
});

document.addEventListener("keydown", (event) => {
  if (event.target.matches?.("[data-draft-text]")) {
    const list = canned();
    const chosen = list && !list.hidden ? list.querySelector("[aria-selected=true]") : null;
    if (list && !list.hidden && event.key === "Escape") {
      closeCanned();
      event.preventDefault();
      event.stopPropagation();
    } else if (chosen && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      choose(event.key === "ArrowDown" ? 1 : -1);
      event.preventDefault();
    } else if (chosen && (event.key === "Enter" || event.key === "Tab")) {
      insert(chosen);
      event.preventDefault();
    } else if (event.key === "Enter" && !event.isComposing && (event.ctrlKey || event.metaKey || (!event.shiftKey && !touch.matches))) {
      event.preventDefault();
      submit();
    }
    return;
  }
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

// Who reads the end stays there while the composer grows and pictures arrive.
let stuck = true;
document.addEventListener("load", (event) => { if (stuck && scroller()?.contains(event.target)) toEnd(); }, true);
const room = new ResizeObserver(() => { if (stuck) toEnd(); });
document.addEventListener("scroll", (event) => {
  if (event.target !== scroller()) return;
  stuck = atEnd();
  if (stuck) jump(false);
}, true);

startPane();
