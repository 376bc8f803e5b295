// Inside a frame: tells the page around how tall the form is. Everywhere: a form goes out once.
const tell = () => parent !== window && parent.postMessage({ frontdesk: "form-height", height: document.documentElement.offsetHeight }, "*");
addEventListener("load", tell);
new ResizeObserver(tell).observe(document.documentElement);

document.querySelector("form")?.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "yes";
  form.querySelector("[type=submit]")?.setAttribute("aria-disabled", "true");
});
document.querySelector("[data-first-error]")?.focus();
