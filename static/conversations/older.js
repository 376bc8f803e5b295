// Earlier messages, as one scrolls up to them.

import { ask, scroller } from "./place.js";

let watcher = null;
export function watchOlder() {
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
