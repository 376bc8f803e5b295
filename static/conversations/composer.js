// The composer: sends what is written once, shows it at once, and gives back what was refused.

import { closeCanned, keyed, openCanned } from "./canned.js";
import { chosen, setFiles } from "./files.js";
import { ask, opened, phrases, toEnd } from "./place.js";
import { dress, field, form, modeOf, problem, saveDraft } from "./writing.js";

const touch = matchMedia("(pointer: coarse)");
// What the inbox does with an answer (`apply`), and how it tells others that somebody writes (`sign`).
const news = {};
export function connect(inbox) {
  Object.assign(news, inbox);
}

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

async function deliver(url, body, item, conversation, text, sent) {
  item.querySelector(".msg-foot").textContent = phrases.sending;
  try {
    const answer = await ask(url, { method: "POST", body });
    const html = await answer.text();
    if (answer.ok || answer.status === 422) {
      item.remove();
      const why = opened() === conversation ? news.apply(html) : "";
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
  if (box && !chosen().length) setFiles(sent);
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
  const sent = mode === "note" ? [] : chosen();
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
  if (event.target.value) news.sign(true);
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

document.addEventListener("keydown", (event) => {
  if (!event.target.matches?.("[data-draft-text]") || keyed(event)) return;
  if (event.key === "Enter" && !event.isComposing && (event.ctrlKey || event.metaKey || (!event.shiftKey && !touch.matches))) {
    event.preventDefault();
    submit();
  }
}, true);
