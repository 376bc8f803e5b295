// The board: cards move by drag, by their menu (m), and with Shift and an arrow key; arrows alone walk. The server decides; a
// move it refuses goes back.

const board = () => document.querySelector("[data-board]");
const rtl = document.documentElement.dir === "rtl";

async function move(card, stage, back) {
  const before = card.closest("[data-stage]").dataset.stage;
  try {
    let failed = false;
    const note = (event) => { failed = failed || event.detail.requestConfig?.path === card.dataset.move; };
    document.body.addEventListener("htmx:responseError", note);
    document.body.addEventListener("htmx:sendError", note);
    await window.htmx.ajax("POST", card.dataset.move, { source: card, swap: "none", values: { stage, from: "board" } }).catch(() => { failed = true; });
    document.body.removeEventListener("htmx:responseError", note);
    document.body.removeEventListener("htmx:sendError", note);
    if (failed) back();
  } catch {
    back();
  }
  return before;
}

function place(card, stage) {
  const list = document.querySelector(`[data-stage="${stage}"] [data-cards]`);
  const home = card.parentElement;
  const next = card.nextElementSibling;
  list.prepend(card);
  for (const item of card.querySelectorAll("[data-to]")) item.hidden = item.dataset.to === stage;
  return () => { home.insertBefore(card, next); };
}

function sortable(root) {
  if (!window.Sortable || !root?.hasAttribute("data-can-move")) return;
  for (const list of root.querySelectorAll("[data-cards]")) {
    if (list.dataset.sortable) continue;
    list.dataset.sortable = "yes";
    window.Sortable.create(list, {
      group: "stages", sort: false, draggable: "[data-card]", filter: "summary, .menu-panel", preventOnFilter: false,
      animation: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 120, delay: 150, delayOnTouchOnly: true,
      onStart: () => board().classList.add("is-dragging"),
      onEnd: ({ item, from, to, oldIndex }) => {
        board().classList.remove("is-dragging");
        if (from === to) return;
        move(item, to.closest("[data-stage]").dataset.stage, () => from.insertBefore(item, from.children[oldIndex] ?? null));
      },
    });
  }
}

// Shift+arrow moves the card; arrows alone walk between cards and columns.
document.addEventListener("keydown", (event) => {
  if (event.target === document.body && event.key.startsWith("Arrow") && !event.altKey && !event.ctrlKey && !event.metaKey) {
    const first = board().querySelector("[data-card-link]"); // the way in
    if (first) { event.preventDefault(); first.focus(); }
    return;
  }
  if (event.key === "m" && event.target.matches?.("[data-card-link]")) {
    const menu = event.target.closest("[data-card]").querySelector("details[data-menu]");
    if (menu) { event.preventDefault(); menu.open = true; menu.querySelector(".menu-item:not([hidden])").focus(); }
    return;
  }
  const link = event.target.closest?.("[data-card-link]");
  if (!link || !["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"].includes(event.key) || event.altKey || event.ctrlKey || event.metaKey) return;
  const card = link.closest("[data-card]");
  const columns = [...board().querySelectorAll("[data-stage]")];
  const at = columns.indexOf(card.closest("[data-stage]"));
  event.preventDefault();
  if (event.key === "ArrowUp" || event.key === "ArrowDown") {
    const cards = [...columns[at].querySelectorAll("[data-card]")];
    cards[cards.indexOf(card) + (event.key === "ArrowDown" ? 1 : -1)]?.querySelector("[data-card-link]").focus();
    return;
  }
  const step = (event.key === "ArrowRight") !== rtl ? 1 : -1;
  const target = columns[at + step];
  if (!target) return;
  if (!event.shiftKey) {
    for (let i = at + step; columns[i]; i += step) {
      const first = columns[i].querySelector("[data-card-link]");
      if (first) { first.focus(); break; }
    }
    return;
  }
  if (!board().hasAttribute("data-can-move")) return;
  const back = place(card, target.dataset.stage);
  link.focus();
  card.scrollIntoView({ block: "nearest", inline: "nearest" });
  move(card, target.dataset.stage, () => { back(); link.focus(); });
});

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-to]");
  const card = button?.closest("[data-card]");
  if (!card) return;
  const back = place(card, button.dataset.to);
  card.querySelector("[data-card-link]").focus();
  move(card, button.dataset.to, back);
});

// Where only a part fits, the first column with somebody in it is the one to begin with.
const filled = board().querySelector("[data-stage]:has([data-card])")?.getBoundingClientRect();
const shown = board().getBoundingClientRect();
if (filled) board().scrollLeft += rtl ? filled.right - shown.right : filled.left - shown.left;
sortable(board());
document.addEventListener("htmx:afterSettle", () => sortable(board()));
