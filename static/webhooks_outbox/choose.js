// Narrow the list of events while you type. What is ticked stays ticked, shown or not.
const root = document.querySelector("[data-choose]");
if (root) {
  const box = root.querySelector("[data-choose-search]");
  const none = root.querySelector("[data-choose-none]");
  box.hidden = false;
  box.querySelector("input").addEventListener("input", (event) => {
    const words = event.target.value.trim().toLowerCase();
    let found = 0;
    for (const group of root.querySelectorAll("[data-choose-group]")) {
      let here = 0;
      for (const item of group.querySelectorAll("[data-choose-item]")) {
        item.hidden = !item.textContent.toLowerCase().includes(words);
        here += item.hidden ? 0 : 1;
      }
      group.hidden = here === 0;
      found += here;
    }
    none.hidden = found > 0;
  });
}
