// The keyboard: j/k walk a list, enter opens, x selects, / searches, g then a letter goes somewhere, ? explains.
// A list is any element with data-list; its rows carry data-row and hold one link with data-open.

const typing = (element) => element.closest?.("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]");
let going = false;

function rows() {
  const lists = [...document.querySelectorAll("[data-list]")].filter((list) => list.offsetParent);
  const list = lists.find((one) => one.contains(document.activeElement)) ?? lists[0];
  return list ? [...list.querySelectorAll("[data-row]")].filter((row) => row.offsetParent) : [];
}

function walk(step) {
  const all = rows();
  if (!all.length) return false;
  let at = all.findIndex((row) => row.hasAttribute("data-active"));
  if (at < 0) at = all.findIndex((row) => opener(row)?.hasAttribute("aria-current"));
  if (at < 0) at = all.findIndex((row) => row.contains(document.activeElement));
  const next = all[at < 0 ? (step > 0 ? 0 : all.length - 1) : Math.min(all.length - 1, Math.max(0, at + step))];
  all.forEach((row) => row.toggleAttribute("data-active", row === next));
  opener(next)?.focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
  return true;
}

const active = () => rows().find((row) => row.hasAttribute("data-active"));
const opener = (row) => (row?.matches("a") ? row : row?.querySelector("[data-open]"));

const places = { h: "home", i: "inbox", l: "leads", c: "catalog", s: "settings" };
function go(letter) {
  document.querySelector(`[data-nav="${places[letter]}"]`)?.click();
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (typing(event.target)) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  if (going) {
    going = false;
    if (event.key in places) go(event.key);
    return;
  }
  const done = {
    j: () => walk(1),
    k: () => walk(-1),
    x: () => active()?.querySelector("[data-select]")?.click() ?? !!active(),
    g: () => { going = true; setTimeout(() => { going = false; }, 1200); return true; },
    "/": () => { const boxes = [...document.querySelectorAll("[data-shortcut-focus='/']")].filter((one) => one.offsetParent); const box = boxes.find((one) => one.closest("main")) ?? boxes[0]; box?.focus(); box?.select(); return !!box; },
    "?": () => { document.getElementById("shortcuts")?.showModal(); return true; },
    Enter: () => { if (event.target !== document.body && !event.target.matches("[data-select]")) return false; opener(active())?.click(); return !!active(); },
  }[event.key]?.();
  if (done !== undefined && done !== false) event.preventDefault();
});

// Selecting rows shows the bulk bar: <div class="bulk" data-bulk hidden> with a <span data-bulk-count>.
function count(scope) {
  const chosen = scope.querySelectorAll("[data-select]:checked").length;
  const bar = scope.querySelector("[data-bulk]");
  if (!bar) return;
  bar.hidden = !chosen;
  bar.querySelectorAll("[data-bulk-count]").forEach((place) => { place.textContent = chosen; });
}
document.addEventListener("change", (event) => {
  const scope = event.target.closest?.("[data-bulk-scope]");
  if (!scope) return;
  if (event.target.matches("[data-select-all]")) {
    scope.querySelectorAll("[data-select]").forEach((box) => { box.checked = event.target.checked; });
  }
  count(scope);
});
document.addEventListener("htmx:afterSettle", () => document.querySelectorAll("[data-bulk-scope]").forEach(count));
