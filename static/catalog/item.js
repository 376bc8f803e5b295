// Without script both languages stand below each other; with it they are tabs. A chosen picture is shown before it is sent.
const tabs = [...document.querySelectorAll("[role=tab]")];
const panel = (tab) => document.getElementById(tab.getAttribute("aria-controls"));

function show(tab, focus) {
  for (const one of tabs) {
    const on = one === tab;
    one.setAttribute("aria-selected", on);
    one.tabIndex = on ? 0 : -1;
    panel(one).hidden = !on;
  }
  if (focus) tab.focus();
}

if (tabs.length) {
  tabs[0].parentElement.hidden = false;
  for (const tab of tabs) {
    panel(tab).setAttribute("role", "tabpanel");
    panel(tab).setAttribute("aria-labelledby", tab.id);
    tab.addEventListener("click", () => show(tab));
    tab.addEventListener("keydown", (event) => {
      if (!["ArrowLeft", "ArrowRight"].includes(event.key)) return;
      const step = (event.key === "ArrowRight") === (document.documentElement.dir !== "rtl") ? 1 : -1;
      show(tabs[(tabs.indexOf(tab) + step + tabs.length) % tabs.length], true);
    });
  }
  show(tabs.find((tab) => panel(tab).querySelector(".field-bad")) ?? tabs[0]);
  // A field the browser finds wanting must not stay hidden in the other tab.
  document.addEventListener("invalid", (event) => {
    const owner = tabs.find((tab) => panel(tab).contains(event.target));
    if (owner) show(owner);
  }, true);
}

document.querySelector("input[type=file]")?.addEventListener("change", (event) => {
  const preview = document.querySelector("[data-preview]");
  const file = event.target.files[0];
  if (preview.src) URL.revokeObjectURL(preview.src);
  preview.hidden = !file;
  if (file) preview.src = URL.createObjectURL(file);
});
