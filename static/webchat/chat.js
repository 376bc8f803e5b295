// A visitor's chat: shows the thread, sends what is written, and loses nothing on the way. In a frame, the script of the
// page around (widget.js) keeps the visitor's token; on its own page this page does.

const { api, longest, largest } = JSON.parse(document.getElementById("chat-config").textContent);
const said = document.getElementById("words-of-the-chat").dataset;
const root = document.getElementById("chat");
const embedded = Boolean(root.dataset.embedded);
const thread = document.getElementById("thread");
const lines = document.getElementById("lines");
const composer = document.getElementById("composer");
const words = document.getElementById("words");
const picker = document.getElementById("file");
const part = (name) => root.querySelector(`[data-${name}]`);
const OPEN = 1500, IDLE = 4000, SHUT = 10000; // ms between looks: while something goes on, in quiet, with the chat closed
const NEAR = 80; // px from the end that still count as being there
const BUSY = 90_000; // ms after something happened in which we look often
const LATEST = 30_000; // ms between two tries to send
const TYPES = 4000; // ms between two times that we tell of typing
const KEY = "frontdesk-chat";
const clock = new Intl.DateTimeFormat(document.documentElement.lang, { hour: "numeric", minute: "2-digit" });
const calendar = new Intl.DateTimeFormat(document.documentElement.lang, { day: "numeric", month: "long" });

let token = "";
let page = {};
let around = ""; // origin of the page around our frame
let open = !embedded;
let state = "";
let messages = []; // what the server has, oldest first
let older = null;
let outbox = []; // what the server has not shown us yet: {id, text, payload, files, at, state: sending|waiting|failed, why}
let files = []; // attached to the message being written: {file, id, name, uploading}
let active = Date.now();
let seen = "";
let timer = 0;

// Storage may be shut inside frames: then the chat lasts as long as the page.
const keep = (name, value) => { try { localStorage.setItem(`${KEY}:${name}`, value); } catch { /* as said */ } };
const kept = (name) => { try { return localStorage.getItem(`${KEY}:${name}`) ?? ""; } catch { return ""; } };
const tell = (message) => embedded && around && parent.postMessage(message, around);

// Calls ------------------------------------------------------------------------------------------------------------

class Refused extends Error {
  constructor(status, body, wait) {
    const field = Object.values(body?.fields ?? {}).flat().find((one) => typeof one === "string");
    super(field || body?.message || said.trouble);
    Object.assign(this, { status, code: body?.code ?? "", wait });
  }
}

async function call(path, { body, form, method = "GET", auth = true } = {}) {
  const headers = { Accept: "application/json", "Accept-Language": document.documentElement.lang };
  if (auth) headers.Authorization = `Visitor ${token}`;
  if (body) headers["Content-Type"] = "application/json";
  const answer = await fetch(api + path, { method, headers, body: form ?? (body && JSON.stringify(body)), credentials: "omit", signal: AbortSignal.timeout(form ? 120_000 : 20_000) });
  offline(false);
  if (answer.status === 204) return null;
  const told = await answer.json().catch(() => null);
  if (!answer.ok) throw new Refused(answer.status, told, Number(answer.headers.get("Retry-After")) * 1000);
  return told;
}

let becoming = null;
async function visitor() {
  if (token) return;
  becoming ??= call("visitors/", { method: "POST", auth: false }).finally(() => { becoming = null; });
  remember((await becoming).token);
}
function remember(given) {
  if (!given || given === token) return;
  token = given;
  if (embedded) tell({ frontdesk: "token", token });
  else keep("token", token);
}
function offline(is) {
  part("offline").hidden = !is;
}

// What is sent -----------------------------------------------------------------------------------------------------

const newId = () => Array.from(crypto.getRandomValues(new Uint8Array(12)), (one) => one.toString(16).padStart(2, "0")).join("");

function say({ text = "", payload = "", attached = [] }) {
  outbox.push({ id: newId(), text, payload, files: attached, at: Date.now(), state: "sending" });
  saveOutbox();
  draw();
  toEnd();
  flush();
}
function saveOutbox() {
  keep("outbox", JSON.stringify(outbox.slice(-50)));
}

let flushing = false;
async function flush() {
  if (flushing) return;
  flushing = true;
  active = Date.now();
  try {
    for (const one of outbox.filter((mine) => !["failed", "taken"].includes(mine.state))) {
      one.state = "sending";
      draw();
      try {
        await visitor();
        await call("messages/", { method: "POST", body: { id: one.id, text: one.text, payload: one.payload, files: one.files.map((file) => file.id), page } });
        one.state = "taken";
      } catch (error) {
        const final = error instanceof Refused && ![401, 408, 429, 500, 502, 503, 504].includes(error.status);
        if (error instanceof Refused && error.status === 401) token = "";
        if (!(error instanceof Refused)) offline(true);
        one.state = final ? "failed" : "waiting";
        one.why = error instanceof Refused ? error.message : "";
        if (!final) setTimeout(flush, Math.min(error.wait || 3000, LATEST));
        if (!final) break; // in the order in which they were written
      } finally {
        saveOutbox();
        draw();
      }
    }
  } finally {
    flushing = false;
  }
  look();
}

// What has come ----------------------------------------------------------------------------------------------------

async function look() {
  clearTimeout(timer);
  if (token) {
    try {
      const told = await call(`?state=${encodeURIComponent(state)}`);
      if (told) take(told);
      if (open && !document.hidden) await read();
    } catch (error) {
      if (error instanceof Refused && error.status === 401) [token, state, messages] = ["", "", []];
      else if (error instanceof Refused && error.code === "chat_off") problem(said.off);
      else if (!(error instanceof Refused)) offline(true);
    }
  }
  clearTimeout(timer);
  const pause = !open || document.hidden ? SHUT : Date.now() - active < BUSY ? OPEN : IDLE;
  timer = setTimeout(look, pause);
}

function take(told) {
  const known = new Set(messages.map((one) => one.key));
  const fresh = told.messages.filter((one) => !known.has(one.key));
  const first = told.messages[0]?.key ?? Infinity;
  const earlier = messages.filter((one) => one.key < first && !told.messages.some((two) => two.key === one.key));
  if (!earlier.length) older = told.older;
  messages = [...earlier, ...told.messages];
  state = told.state;
  const ids = new Set(messages.map((one) => one.id));
  outbox = outbox.filter((one) => !ids.has(`w_${one.id}`));
  saveOutbox();
  if (fresh.length) active = Date.now();
  part("typing").hidden = !told.typing;
  part("typing-words").textContent = told.typing ? said.types.replace("{name}", told.typing) : "";
  root.querySelector('[data-said="bot"]').hidden = told.with_person;
  root.querySelector('[data-said="person"]').hidden = !told.with_person;
  const wasNear = isNear();
  draw();
  if (wasNear) toEnd();
  else if (fresh.some((one) => !one.mine)) root.querySelector('[data-act="newest"]').hidden = false;
  if (!open) tell({ frontdesk: "unread", count: told.unread });
  else if (!embedded) document.title = document.hidden && told.unread ? `(${told.unread}) ${document.title.replace(/^\(\d+\) /, "")}` : document.title.replace(/^\(\d+\) /, "");
}

async function read() {
  const newest = messages.findLast((one) => !one.mine && ["sent", "delivered"].includes(one.state));
  if (!newest || newest.at === seen) return;
  await call("read/", { method: "POST", body: { until: newest.at } });
  seen = newest.at;
}

let typed = 0;
function types() {
  if (!token || !messages.length || Date.now() - typed < TYPES) return;
  typed = Date.now();
  call("typing/", { method: "POST" }).catch(() => {}); // nobody misses it
}

async function showOlder() {
  if (!older) return;
  const told = await call(`?before=${older}`);
  const height = thread.scrollHeight;
  messages = [...told.messages, ...messages];
  older = told.older;
  draw();
  thread.scrollTop += thread.scrollHeight - height;
}

// The page ---------------------------------------------------------------------------------------------------------

const isNear = () => thread.scrollHeight - thread.scrollTop - thread.clientHeight < NEAR;
function toEnd() {
  thread.scrollTop = thread.scrollHeight;
  root.querySelector('[data-act="newest"]').hidden = true;
}
function make(tag, name, text) {
  const made = document.createElement(tag);
  if (name) made.className = name;
  if (text !== undefined) made.textContent = text;
  return made;
}

// Lines are kept where they are and only changed ones are made anew: nothing jumps, screen readers hear news once.
const drawn = new Map();
function draw() {
  const all = [...messages.map((one) => ({ ...one, line: `s${one.id}` })), ...outbox.map(own)];
  part("greeting").hidden = Boolean(older);
  root.querySelector('[data-act="older"]').hidden = !older;
  for (const button of root.querySelectorAll("[data-starter]")) button.parentElement.hidden = all.length > 0;
  const wanted = [];
  let day = "", author = "";
  all.forEach((one, n) => {
    const date = calendar.format(new Date(one.at));
    if (date !== day && (day || date !== calendar.format(new Date()))) wanted.push(row(`d${date}`, date, () => make("li", "chat-day", date === calendar.format(new Date()) ? said.today : date)));
    if (date !== day) author = "";
    day = date;
    const first = one.mine || one.author !== author;
    author = one.mine ? "" : one.author;
    const last = n === all.length - 1;
    const print = JSON.stringify([one.text, one.state, one.why, one.files, one.cards, first, last && one.replies]);
    wanted.push(row(one.line, print, () => line(one, { first, last })));
  });
  const keys = new Set(wanted.map((one) => one.dataset.line));
  for (const [key, old] of drawn) if (!keys.has(key)) { old.remove(); drawn.delete(key); }
  wanted.forEach((one, n) => { if (lines.children[n] !== one) lines.insertBefore(one, lines.children[n] ?? null); });
}
function row(key, print, build) {
  const known = drawn.get(key);
  if (known?.dataset.print === print) return known;
  const made = build();
  Object.assign(made.dataset, { line: key, print });
  known?.replaceWith(made);
  drawn.set(key, made);
  return made;
}
function own(one) {
  return { line: `sw_${one.id}`, mine: true, at: one.at, text: one.text, author: "", files: one.files, cards: [], replies: [], state: one.state, why: one.why, outgoing: one };
}

function line(one, { first, last }) {
  const made = make("li", `chat-line${one.mine ? " chat-mine" : ""}`);
  if (one.mine) made.append(make("span", "sr-only", said.you));
  else made.append(make("span", first ? "chat-author" : "sr-only", one.author));
  if (one.state === "removed") made.append(make("p", "chat-bubble chat-gone", said.removed));
  if (one.text) made.append(bubble(one.text));
  for (const file of one.files) made.append(shownFile(file));
  if (one.cards.length) made.append(cards(one.cards));
  if (last && one.replies.length) made.append(choices(one.replies));
  made.append(meta(one));
  return made;
}
function bubble(text) {
  const made = make("p", "chat-bubble");
  made.dir = "auto";
  let from = 0;
  for (const found of text.matchAll(/https?:\/\/[^\s<>"']+[^\s<>"'.,;:!?)\]،؛؟]/g)) {
    made.append(text.slice(from, found.index), link(found[0], found[0]));
    from = found.index + found[0].length;
  }
  made.append(text.slice(from));
  return made;
}
function link(address, text, name) {
  const made = make("a", name, text);
  Object.assign(made, { href: address, target: "_blank", rel: "noopener nofollow ugc" });
  return made;
}
function shownFile(file) {
  if (file.kind === "image" && file.url) {
    const made = link(file.url, "", "chat-picture");
    const picture = make("img");
    Object.assign(picture, { src: file.url, alt: file.name, loading: "lazy" });
    picture.addEventListener("load", () => { if (isNear()) toEnd(); }, { once: true });
    made.append(picture);
    return made;
  }
  if (["video", "audio"].includes(file.kind) && file.url) {
    const made = make(file.kind);
    Object.assign(made, { src: file.url, controls: true, preload: "metadata" });
    made.setAttribute("aria-label", file.name);
    return made;
  }
  return link(file.url, file.name || said.open, "chat-file");
}
function cards(all) {
  const made = make("div", "chat-cards");
  if (all.length > 1) made.tabIndex = 0;
  if (all.length > 1) made.setAttribute("role", "group");
  if (all.length > 1) made.setAttribute("aria-label", all.map((one) => one.title).join(", "));
  for (const card of all) {
    const one = make("article", "chat-card");
    if (card.image) one.append(Object.assign(make("img"), { src: card.image, alt: "", loading: "lazy" }));
    const body = make("div", "chat-card-body");
    const title = make("strong", "", card.title);
    title.dir = "auto";
    body.append(title);
    if (card.price) body.append(make("p", "chat-price", card.price));
    if (card.subtitle) body.append(Object.assign(make("p", "", card.subtitle), { dir: "auto" }));
    one.append(body);
    const acts = make("div", "chat-card-acts");
    if (card.url) acts.append(link(card.url, said.open, "chat-choice"));
    for (const button of card.buttons) acts.append(choice(button));
    if (acts.children.length) one.append(acts);
    made.append(one);
  }
  return made;
}
function choices(all) {
  const made = make("div", "chat-choices");
  made.append(...all.map(choice));
  return made;
}
function choice({ title, payload }) {
  const made = make("button", "chat-choice", title);
  made.type = "button";
  made.dir = "auto";
  made.addEventListener("click", () => { say({ text: title, payload }); words.focus(); });
  return made;
}
function meta(one) {
  const made = make("span", "chat-meta");
  const at = make("time", "", clock.format(new Date(one.at)));
  at.dateTime = new Date(one.at).toISOString();
  if (["sending", "waiting"].includes(one.state)) made.append(one.state === "sending" ? said.sending : said.waiting);
  else if (one.state !== "failed") made.append(at);
  if (one.state === "failed") {
    made.classList.add("chat-meta-bad");
    made.append(`${said.failed} ${one.why ?? ""}`);
    const again = make("button", "chat-again", said.again);
    again.type = "button";
    again.addEventListener("click", () => { one.outgoing.state = "waiting"; flush(); });
    made.append(again);
  }
  return made;
}

function problem(text) {
  part("problem").textContent = text;
  part("problem").hidden = !text;
}
function drawFiles() {
  const list = part("files");
  list.hidden = !files.length;
  list.replaceChildren(...files.map((one) => {
    const made = make("li");
    made.append(make("bdi", "", one.name));
    if (!one.id) made.append(make("span", "muted", `· ${said.uploading}`));
    const off = make("button", "", "×");
    off.type = "button";
    off.setAttribute("aria-label", said.remove.replace("{name}", one.name));
    off.addEventListener("click", () => { files = files.filter((two) => two !== one); drawFiles(); words.focus(); });
    made.append(off);
    return made;
  }));
  ready();
}
function ready() {
  const may = (words.value.trim() || files.length) && files.every((one) => one.id);
  composer.querySelector(".chat-send").setAttribute("aria-disabled", String(!may));
  return Boolean(may);
}
function grow() {
  words.style.blockSize = "auto";
  words.style.blockSize = `${Math.min(words.scrollHeight + 2, 128)}px`;
}

async function attach(chosen) {
  problem("");
  for (const file of chosen) {
    if (files.length >= 10) return problem(said.many);
    if (file.size > largest) { problem(said.large.replace("{name}", file.name)); continue; }
    const one = { name: file.name };
    files.push(one);
    drawFiles();
    try {
      await visitor();
      const form = new FormData();
      form.append("file", file);
      Object.assign(one, await call("files/", { method: "POST", form }));
    } catch (error) {
      files = files.filter((two) => two !== one);
      problem(`${file.name}: ${error instanceof Refused ? error.message : said.trouble}`);
    }
    drawFiles();
  }
}

composer.addEventListener("submit", (event) => {
  event.preventDefault();
  if (!ready()) return;
  problem("");
  say({ text: words.value.slice(0, longest).trim(), attached: files });
  words.value = "";
  files = [];
  keep("draft", "");
  grow();
  drawFiles();
  words.focus();
});
words.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    composer.requestSubmit();
  }
});
words.addEventListener("input", () => { grow(); ready(); keep("draft", words.value); active = Date.now(); types(); });
words.addEventListener("paste", (event) => { if (event.clipboardData?.files.length) { event.preventDefault(); attach([...event.clipboardData.files]); } });
root.addEventListener("dragover", (event) => event.preventDefault());
root.addEventListener("drop", (event) => { event.preventDefault(); attach([...event.dataTransfer.files]); });
picker.addEventListener("change", () => { attach([...picker.files]); picker.value = ""; });
thread.addEventListener("scroll", () => { if (isNear()) root.querySelector('[data-act="newest"]').hidden = true; });
root.addEventListener("click", (event) => {
  const act = event.target.closest("[data-act]")?.dataset.act;
  if (act === "close") tell({ frontdesk: "close" });
  if (act === "older") showOlder().catch(() => problem(said.trouble));
  if (act === "newest") toEnd();
  const starter = event.target.closest("[data-starter]");
  if (starter) { say({ text: starter.textContent }); words.focus(); }
});
document.addEventListener("keydown", (event) => { if (event.key === "Escape" && embedded) tell({ frontdesk: "close" }); });
document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });
addEventListener("online", () => { offline(false); flush(); });
addEventListener("offline", () => offline(true));

// Begin ------------------------------------------------------------------------------------------------------------

function start() {
  try { outbox = JSON.parse(kept("outbox") || "[]"); } catch { outbox = []; }
  if (!Array.isArray(outbox)) outbox = [];
  words.value = kept("draft");
  grow();
  ready();
  draw();
  if (outbox.some((one) => one.state !== "failed")) flush();
  else look();
}

if (embedded && parent !== window) {
  addEventListener("message", (event) => {
    if (event.source !== parent || typeof event.data?.frontdesk !== "string") return;
    const { frontdesk: what } = event.data;
    if (what === "start") {
      around = event.origin;
      token = String(event.data.token || "");
      page = event.data.page ?? {};
      open = Boolean(event.data.open);
      start();
      if (open) words.focus();
    } else if (what === "page") page = event.data.page ?? page;
    else if (what === "open") {
      open = true;
      tell({ frontdesk: "page" });
      toEnd();
      words.focus();
      look();
    } else if (what === "closed") open = false;
  });
  parent.postMessage({ frontdesk: "ready" }, "*"); // says nothing but that we are here
} else {
  token = kept("token");
  const utm = Object.fromEntries([...new URLSearchParams(location.search)].filter(([name]) => name.startsWith("utm_")).map(([name, value]) => [name.slice(4), value.slice(0, 200)]));
  page = { url: location.href.slice(0, 2000), title: document.title.slice(0, 300), referrer: document.referrer.slice(0, 2000), utm };
  start();
  words.focus();
}
