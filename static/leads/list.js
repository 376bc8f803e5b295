// The bulk bar does nothing until an act is chosen.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("[data-leads-bulk]")) return;
  const chosen = form.querySelector("[data-bulk-act]").value;
  if (!chosen) { event.preventDefault(); form.querySelector("[data-bulk-act]").focus(); }
});
// An edit form that has just appeared takes the focus.
document.addEventListener("htmx:afterSettle", () => document.querySelector("[data-edit] input:not([type=hidden])")?.focus({ preventScroll: true }));
