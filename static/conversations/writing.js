// What is being written: its draft, kept in this browser, and the words and sizes that follow it.

export const form = () => document.querySelector("[data-composer]");
export const field = () => form()?.querySelector("[data-draft-text]");
const draftKey = () => `draft:${form()?.dataset.draft}`;
export const modeOf = (one) => one.querySelector("[name=mode]:checked")?.value ?? "note";

export function saveDraft() {
  const box = field();
  if (!box) return;
  try {
    if (box.value) localStorage.setItem(draftKey(), JSON.stringify({ text: box.value, mode: modeOf(form()) }));
    else localStorage.removeItem(draftKey());
  } catch { /* private windows keep nothing */ }
}

export function startComposer() {
  const box = field();
  if (!box) return;
  try {
    const draft = JSON.parse(localStorage.getItem(draftKey()) ?? "null");
    if (draft?.text && !box.value) {
      box.value = draft.text;
      const tab = form().querySelector(`[name=mode][value="${draft.mode === "note" ? "note" : "reply"}"]`);
      if (tab) tab.checked = true;
    }
  } catch { /* a draft we cannot read is none */ }
  dress();
}

// Words and sizes that follow what is written.
export function dress() {
  const one = form();
  const box = field();
  if (!box) return;
  box.dataset.placeholderReply ??= box.placeholder;
  box.placeholder = modeOf(one) === "note" ? box.dataset.placeholderNote : box.dataset.placeholderReply;
  const count = one.querySelector("[data-limit]");
  const limit = Number(count.dataset.limit);
  count.hidden = !limit || box.value.length < limit * 0.8;
  count.textContent = `${box.value.length} / ${limit}`;
  if (!CSS.supports("field-sizing", "content")) box.rows = Math.min(10, Math.max(2, box.value.split("\n").length));
}

export function problem(words) {
  const place = document.getElementById("composer-problem");
  if (!place) return;
  place.textContent = words;
  place.hidden = !words;
}
