// What every page can do: menus, dialogs, toasts, copying, theme, and saying so when a request fails.
// Everything hangs on data attributes and works by delegation, so it holds for parts that arrive later.

const phrases = document.getElementById("phrases")?.dataset ?? {};
const toasts = document.getElementById("toasts");

// The focus stays ---------------------------------------------------------------------------------------------------
// Whoever swaps parts of a page takes away what had the focus, and a keyboard would start again at the top. A place is
// remembered as the names of what had the focus and of all it lies in: data-focus, id, data-key. It is found again by
// the nearest name that is still there: the same control, or the one at the same position in the part around it.
// htmx's swaps do this by themselves; a module that swaps by its own means calls keepFocus(change).

const FOCUSABLE = "a[href], button:not([disabled]), input:not([disabled], [type=hidden]), select:not([disabled]), textarea:not([disabled]), summary, [tabindex]:not([tabindex='-1'])";
const isShown = (element) => element.isConnected && element.checkVisibility({ visibilityProperty: true });
const within = (part) => [...part.querySelectorAll(FOCUSABLE)].filter(isShown);

function nameOf(element) {
  if (element.dataset?.focus) return `[data-focus="${CSS.escape(element.dataset.focus)}"]`;
  if (element.id) return `#${CSS.escape(element.id)}`;
  return element.dataset?.key ? `[data-key="${CSS.escape(element.dataset.key)}"]` : "";
}

export function placeOf(element = document.activeElement) {
  const menu = element?.closest?.("details[data-menu]");
  const start = menu?.querySelector(".menu-panel")?.contains(element) ? menu.querySelector("summary") : element;
  const names = [];
  for (let part = start; part && part !== document.body; part = part.parentElement) {
    const name = nameOf(part);
    if (name) names.push({ name, at: Math.max(0, within(part).indexOf(start)) });
  }
  return names;
}

function take(element) {
  element.focus({ preventScroll: true });
  return document.activeElement === element;
}

export function returnTo(place) {
  const held = document.activeElement;
  if (!place?.length || (held && held !== document.body && isShown(held))) return;
  for (const { name, at } of place) {
    const part = [...document.querySelectorAll(name)].find(isShown);
    if (!part) continue;
    if (part.matches(FOCUSABLE) && take(part)) return;
    const inside = within(part);
    if (inside.length && take(inside[Math.min(at, inside.length - 1)])) return;
    part.tabIndex = -1;
    if (take(part)) return;
  }
  document.getElementById("main")?.focus({ preventScroll: true });
}

export function keepFocus(change) {
  const place = placeOf();
  const result = change();
  returnTo(place);
  return result;
}

const asked = new WeakMap(); // request → where the focus was; the item of a menu has it still when the menu has just shut
for (const name of ["htmx:beforeRequest", "htmx:beforeSwap"]) { // people move on while they wait
  document.addEventListener(name, (event) => {
    if (document.activeElement && document.activeElement !== document.body) asked.set(event.detail.xhr, placeOf());
  });
}
// What was swapped in answers to keys only when it has settled: the focus must not be there before.
const settling = new WeakSet();
document.addEventListener("htmx:afterSwap", (event) => settling.add(event.detail.xhr));
document.addEventListener("htmx:afterRequest", (event) => {
  // What asked may be gone by then, and its events reach nobody: so once more after the settling.
  setTimeout(() => returnTo(asked.get(event.detail.xhr)), settling.has(event.detail.xhr) ? 2 * window.htmx.config.defaultSettleDelay : 0);
});
document.addEventListener("htmx:afterSettle", (event) => returnTo(asked.get(event.detail.xhr)));

// A dialog gives the focus back to what opened it; where that was swapped meanwhile, to its successor.
const openers = new WeakMap();
document.addEventListener("close", (event) => {
  if (event.target.nodeName === "DIALOG") returnTo(openers.get(event.target));
}, true);

// Toasts ----------------------------------------------------------------------------------------------------------
// From Python: apps.ui.toasts.toast(response, message, tone="good", undo_url=…). From other modules:
// document.dispatchEvent(new CustomEvent("toast", {detail: {message, tone, undo}})).

let beforeToasts = null; // where the focus came from when it went to a toast
toasts?.addEventListener("focusin", (event) => {
  if (!toasts.contains(event.relatedTarget)) beforeToasts = event.relatedTarget ? placeOf(event.relatedTarget) : null;
});
function drop(toast) {
  const had = toast.contains(document.activeElement);
  toast.remove();
  if (had) returnTo(beforeToasts ?? [{ name: "#main", at: 0 }]);
}

function expire(toast) {
  const stays = toast.classList.contains("tone-bad");
  let timer = stays ? 0 : setTimeout(() => drop(toast), toast.querySelector("[data-undo]:not([hidden])") ? 10000 : 6000);
  toast.addEventListener("pointerenter", () => clearTimeout(timer));
  toast.addEventListener("focusin", () => clearTimeout(timer));
  toast.addEventListener("pointerleave", () => { if (!stays) timer = setTimeout(() => drop(toast), 3000); });
}

export function toast({ message, tone = "info", undo = "" }) {
  const element = document.getElementById("toast-template").content.firstElementChild.cloneNode(true);
  element.classList.add(`tone-${tone}`);
  element.querySelector("p").textContent = message;
  const button = element.querySelector("[data-undo]");
  if (undo) {
    button.hidden = false;
    button.addEventListener("click", () => {
      drop(element);
      window.htmx?.ajax("POST", undo, { swap: "none" }).catch(() => {}); // a failure is said by its own toast
    });
  }
  toasts.append(element);
  expire(element);
}

toasts?.querySelectorAll("[data-toast]").forEach(expire);
document.addEventListener("toast", (event) => {
  for (const one of [event.detail?.toasts ?? event.detail].flat()) if (one?.message) toast(one);
});
document.addEventListener("announce", (event) => {
  document.getElementById("announce").textContent = event.detail?.message ?? event.detail?.value ?? "";
});

// Clicks ----------------------------------------------------------------------------------------------------------

async function copy(button) {
  const source = button.dataset.copyFrom;
  const text = source ? button.parentElement.querySelector(source).textContent : button.dataset.copy;
  try {
    await navigator.clipboard.writeText(text);
    button.classList.add("is-copied");
    document.getElementById("announce").textContent = phrases.copied;
    setTimeout(() => button.classList.remove("is-copied"), 1500);
  } catch {
    toast({ message: phrases.copyFailed, tone: "warn" });
  }
}

document.addEventListener("click", (event) => {
  const target = event.target.closest?.("[data-dialog], [data-close], [data-dismiss], [data-copy], [data-copy-from]");
  for (const menu of document.querySelectorAll("details[data-menu][open]")) {
    const item = event.target.closest?.(".menu-item, [data-menu-close]");
    if (!menu.contains(event.target) || (item && menu.contains(item))) menu.open = false;
  }
  if (event.target.nodeName === "DIALOG" && event.target.open) event.target.close(); // its backdrop
  if (!target) return;
  if (target.dataset.dialog) {
    const dialog = document.getElementById(target.dataset.dialog);
    if (dialog) openers.set(dialog, placeOf(target));
    dialog?.showModal();
  }
  else if ("close" in target.dataset) target.closest("dialog")?.close();
  else if ("dismiss" in target.dataset) drop(target.closest("[data-toast]"));
  else copy(target);
});

// Menus: escape closes and gives the focus back; arrows walk; a panel near the edge opens the other way.
document.addEventListener("keydown", (event) => {
  const menu = event.target.closest?.("details[data-menu][open]");
  if (!menu) return;
  if (event.key === "Escape") {
    menu.open = false;
    menu.querySelector("summary").focus();
    event.stopPropagation();
  } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    const items = [...menu.querySelectorAll(".menu-item, .choice")].filter((item) => item.offsetParent);
    const step = event.key === "ArrowDown" ? 1 : -1;
    const at = items.indexOf(document.activeElement);
    items.at(at < 0 && step < 0 ? -1 : (at + step) % items.length)?.focus();
    event.preventDefault();
  }
});
document.addEventListener("click", (event) => {
  const menu = event.target.closest?.("details[data-menu] > summary")?.parentElement;
  if (!menu || menu.open || event.defaultPrevented) return;
  event.preventDefault(); // opened here instead of a moment later, so that nobody sees it jump to its place
  menu.open = true;
  menu.classList.remove("flip");
  const box = menu.querySelector(".menu-panel").getBoundingClientRect();
  menu.classList.toggle("flip", box.right > innerWidth || box.left < 0);
});

// Typing the name before an act that cannot be undone.
function guard(form) {
  const wanted = form.dataset.confirmName.trim();
  const given = form.querySelector("[name=confirm_name]").value.trim();
  form.querySelector(".btn-danger").disabled = given !== wanted;
}
document.addEventListener("input", (event) => {
  const form = event.target.closest?.("form[data-confirm-name]");
  if (form) guard(form);
});
document.querySelectorAll("form[data-confirm-name]").forEach(guard);
document.addEventListener("htmx:load", (event) => event.target.querySelectorAll?.("form[data-confirm-name]").forEach(guard));

// Theme: shown at once, remembered by the server's cookie (so that the next page starts right, without a flash).
document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches("[data-theme-form]") || !event.submitter) return;
  event.preventDefault();
  const theme = event.submitter.value;
  document.documentElement.dataset.theme = theme;
  document.querySelector("meta[name=color-scheme]").content = theme === "auto" ? "light dark" : theme;
  form.querySelectorAll("button").forEach((b) => b.setAttribute("aria-pressed", String(b.value === theme)));
  const body = new FormData(form, event.submitter);
  await fetch(form.action, { method: "POST", body, headers: { "X-Requested-With": "fetch" } }).catch(() => {});
});

// A form goes out once, however often its button is pressed.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post" || form.matches("[hx-post], [data-hx-post]")) return;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "yes";
  setTimeout(() => delete form.dataset.sent, 4000);
});

// Requests that fail ----------------------------------------------------------------------------------------------

let strip = null;
function offline(yes) {
  if (yes && !strip) {
    strip = document.createElement("div");
    strip.className = "offline";
    strip.setAttribute("role", "status");
    strip.textContent = phrases.offline;
    document.body.append(strip);
  } else if (!yes) {
    strip?.remove();
    strip = null;
  }
}

document.addEventListener("htmx:sendError", () => offline(true));
document.addEventListener("htmx:timeout", () => offline(true));
document.addEventListener("htmx:afterOnLoad", () => offline(false));
addEventListener("online", () => offline(false));
addEventListener("offline", () => offline(true));

document.addEventListener("htmx:responseError", (event) => {
  offline(false);
  const quiet = event.detail.elt.closest("[data-quiet-errors]"); // polling parts: one failure is no news
  if (quiet) return;
  const words = { 401: "signedOut", 403: "forbidden", 404: "missing", 410: "missing", 429: "busy" };
  toast({ message: phrases[words[event.detail.xhr.status] ?? "failed"], tone: "bad" });
});

// Tables that are wider than their place -----------------------------------------------------------------------------
// Whoever has no pointer scrolls them with the arrow keys, so they can have the focus; others are not in the way.

const wide = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    if (target.scrollWidth > target.clientWidth) target.tabIndex = 0;
    else target.removeAttribute("tabindex");
  }
});
const observe = (root) => root.querySelectorAll(".table-wrap").forEach((one) => wide.observe(one));
observe(document);
document.addEventListener("htmx:load", (event) => observe(event.target));
