// The phone: asks each second for news while somebody looks, keeps the newest bubble in sight, sends pictures at once.

const EVERY = 1000;
const NEAR = 80; // px from the end that still count as being there

const composer = document.querySelector("[data-phone-composer]");
const thread = () => document.getElementById("phone-thread");
const words = composer?.elements.text;
const touch = matchMedia("(pointer: coarse)");
let state = "";
let busy = false;

const atEnd = () => thread().scrollHeight - thread().scrollTop - thread().clientHeight < NEAR;
const toEnd = () => { thread().scrollTop = thread().scrollHeight; };

const keep = {
  callbacks: {
    beforeAttributeUpdated: (name, node) => !(name === "open" && node.nodeName === "DETAILS"),
    beforeNodeRemoved: (node) => !node.classList?.contains("phone-problem"),
  },
};

async function ask() {
  if (busy || document.hidden) return;
  busy = true;
  try {
    const answer = await fetch(`${composer.dataset.thread}?have=${state}`, { credentials: "same-origin" });
    if (answer.status !== 200 || answer.redirected) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("phone-thread");
    if (!fresh) return;
    state = answer.headers.get("Phone-State") ?? "";
    const stay = atEnd();
    const before = new Set([...thread().querySelectorAll(".phone-row")].map((row) => row.id));
    Idiomorph.morph(thread(), fresh, { morphStyle: "outerHTML", ...keep });
    window.htmx.process(thread());
    const news = [...thread().querySelectorAll(".phone-row:not(.is-mine, #phone-typing)")].filter((row) => !before.has(row.id));
    if (stay || news.length) toEnd();
    const said = news.map((row) => row.querySelector(".phone-words")?.textContent ?? "").join(" ").trim();
    if (said) document.dispatchEvent(new CustomEvent("announce", { detail: { message: said } }));
  } catch {
    // away for a moment: the next second asks again
  } finally {
    busy = false;
  }
}

if (composer) {
  toEnd();
  if (!touch.matches) words.focus({ preventScroll: true });
  setInterval(ask, EVERY);
  // Pictures arrive later than the words around them: who reads the end stays there.
  let stuck = true;
  document.addEventListener("scroll", (event) => { if (event.target === thread()) stuck = atEnd(); }, true);
  document.addEventListener("load", (event) => { if (stuck && thread().contains(event.target)) toEnd(); }, true);
  document.addEventListener("visibilitychange", ask);
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.target.id !== "phone-thread") return;
    state = "";
    toEnd();
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    const form = event.target.closest?.("form");
    if (!form || !event.detail.successful) return;
    if (form === composer) composer.reset();
    if (form.matches("[data-phone-ad]")) form.closest("dialog").close();
    if (!form.matches(".phone-react") && !(touch.matches && form !== composer)) words.focus({ preventScroll: true });
  });
  document.querySelector("[data-phone-picture]").addEventListener("change", (event) => {
    if (event.target.files.length) composer.requestSubmit();
  });
}
