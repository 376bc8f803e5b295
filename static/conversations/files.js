// Files that go out with the reply: chosen, dropped or pasted.

import { phrases, thread } from "./place.js";
import { field, form, modeOf, problem } from "./writing.js";

const LARGEST = 10_000_000;
const MOST_FILES = 10;
let files = [];

export const chosen = () => files;

export function showFiles() {
  const list = form()?.querySelector("[data-files]");
  if (!list) return;
  list.hidden = !files.length;
  list.replaceChildren(...files.map((file) => {
    const item = document.createElement("li");
    item.className = "composer-file";
    if (file.type.startsWith("image/")) {
      const picture = document.createElement("img");
      picture.alt = "";
      picture.src = URL.createObjectURL(file);
      picture.addEventListener("load", () => URL.revokeObjectURL(picture.src));
      item.append(picture);
    }
    const name = document.createElement("bdi");
    name.className = "truncate";
    name.textContent = file.name;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "link";
    button.textContent = "×";
    button.setAttribute("aria-label", phrases.remove.replace("{name}", file.name));
    button.addEventListener("click", () => { setFiles(files.filter((one) => one !== file)); field().focus(); });
    item.append(name, button);
    return item;
  }));
}

export function setFiles(some) {
  files = some;
  showFiles();
}

function addFiles(given) {
  if (!form()?.querySelector("[data-file]") || modeOf(form()) === "note") return false;
  const good = [...given].filter((one) => one.size <= LARGEST);
  const large = [...given].find((one) => one.size > LARGEST);
  problem(large ? phrases.large.replace("{name}", large.name) : files.length + good.length > MOST_FILES ? phrases.many : "");
  setFiles([...files, ...good].slice(0, MOST_FILES));
  field().focus();
  return true;
}

document.addEventListener("change", (event) => {
  if (!event.target.matches?.("[data-file]")) return;
  addFiles(event.target.files);
  event.target.value = "";
});
document.addEventListener("paste", (event) => {
  if (event.target.matches?.("[data-draft-text]") && event.clipboardData?.files.length && addFiles(event.clipboardData.files)) event.preventDefault();
});
const carriesFiles = (event) => event.dataTransfer?.types.includes("Files") && event.target.closest?.("#thread");
document.addEventListener("dragover", (event) => {
  if (!carriesFiles(event)) return;
  event.preventDefault();
  thread().classList.add("is-dropping");
});
document.addEventListener("dragleave", (event) => {
  if (!thread()?.contains(event.relatedTarget)) thread()?.classList.remove("is-dropping");
});
document.addEventListener("drop", (event) => {
  thread()?.classList.remove("is-dropping");
  if (!carriesFiles(event)) return;
  event.preventDefault();
  addFiles(event.dataTransfer.files);
});
