// An edit form that has just appeared takes the focus.
document.addEventListener("htmx:afterSettle", () => document.querySelector("[data-edit] input:not([type=hidden])")?.focus({ preventScroll: true }));
