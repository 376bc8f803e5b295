// The story of an answer, beside the thread or over it.

import { placeOf, returnTo } from "../ui/frontdesk.js";
import { root, told } from "./place.js";

let storyFrom = null; // where the focus was

export function showTold() {
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

export function closeStory() {
  const back = document.querySelector("[data-close-story]");
  const message = told();
  root.dataset.pane = "thread";
  history.pushState({}, "", back.href);
  showTold();
  document.getElementById("story").replaceChildren();
  returnTo([...(storyFrom ?? []), { name: `[data-focus="story-${message}"]`, at: 0 }, { name: "#thread-scroll", at: 0 }]);
}

// The message under the keyboard, or the last answer there is.
export function openStory() {
  const here = document.activeElement?.closest?.(".msg") ?? [...document.querySelectorAll("#thread-messages .msg-out")].pop();
  const link = here?.querySelector("[data-why]");
  link?.click();
  return !!link;
}
