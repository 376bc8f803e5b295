// Saved replies: a slash at the start of a word opens them.

import { ask, root } from "./place.js";
import { dress, field, saveDraft } from "./writing.js";

let cannedTurn = 0;
const canned = () => document.getElementById("canned");

function slash() {
  const box = field();
  const found = box.value.slice(0, box.selectionStart).match(/(?:^|\s)\/([^\s/]{0,40})$/u);
  return found ? found[1] : null;
}

export async function openCanned() {
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

export function closeCanned() {
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

// Whether a key meant the list of saved replies.
export function keyed(event) {
  const list = canned();
  if (!list || list.hidden) return false;
  const chosen = list.querySelector("[aria-selected=true]");
  if (event.key === "Escape") {
    closeCanned();
    event.stopPropagation();
  } else if (chosen && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
    choose(event.key === "ArrowDown" ? 1 : -1);
  } else if (chosen && (event.key === "Enter" || event.key === "Tab")) {
    insert(chosen);
  } else {
    return false;
  }
  event.preventDefault();
  return true;
}
