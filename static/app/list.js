// Lists: a row opens its record, J and K move, X selects, the bulk bar counts.
const rows = () => [...document.querySelectorAll("[data-row-href]")];
const isControl = (target) => target.closest("a, button, input, select, label, summary, textarea");

document.addEventListener("click", (event) => {
  const row = event.target.closest("[data-row-href]");
  if (!row || isControl(event.target) || getSelection().toString()) return;
  if (event.ctrlKey || event.metaKey) window.open(row.dataset.rowHref, "_blank", "noopener");
  else location.assign(row.dataset.rowHref);
});

function moveCursor(step) {
  const all = rows();
  if (all.length === 0) return false;
  const at = all.findIndex((row) => "cursor" in row.dataset);
  const next = all[Math.max(0, Math.min(all.length - 1, at + step))];
  if (at >= 0) delete all[at].dataset.cursor;
  next.dataset.cursor = "";
  next.scrollIntoView({ block: "nearest" });
  next.querySelector("a")?.focus({ preventScroll: true });
  return true;
}

document.addEventListener("keydown", (event) => {
  if (document.body.dataset.shortcuts !== "on" || event.defaultPrevented) return;
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const { target } = event;
  if (target.matches("input:not([data-select]), textarea, select")) return;
  if (document.querySelector("dialog[open], details.c-menu[open]")) return;
  const cursor = document.querySelector("[data-row-href][data-cursor]");
  let isDone = false;
  if (event.key === "j") isDone = moveCursor(1);
  else if (event.key === "k") isDone = moveCursor(-1);
  else if (event.key === "Enter" && cursor && !isControl(target)) {
    location.assign(cursor.dataset.rowHref);
    isDone = true;
  } else if (event.key === "x" && cursor) {
    const box = cursor.querySelector("[data-select]");
    box?.click();
    isDone = Boolean(box);
  } else if (event.key === "Escape" && selected().length > 0) {
    clear();
    isDone = true;
  }
  if (isDone) event.preventDefault();
});

// Selection
const boxes = () => [...document.querySelectorAll("[data-select]")];
const selected = () => boxes().filter((box) => box.checked);
let last = null;

function count() {
  const bar = document.querySelector("[data-bulk]");
  const number = selected().length;
  if (bar) {
    bar.toggleAttribute("data-on", number > 0);
    bar.querySelector("[data-count]").textContent = number;
    for (const part of bar.querySelectorAll("[data-from], [data-to]")) {
      const from = Number(part.dataset.from ?? 1);
      const to = Number(part.dataset.to ?? Infinity);
      part.hidden = number < from || number > to;
    }
  }
  const all = document.querySelector("[data-select-all]");
  if (all) {
    all.checked = number > 0 && number === boxes().length;
    all.indeterminate = number > 0 && number < boxes().length;
  }
}

function clear() {
  for (const box of boxes()) box.checked = false;
  count();
}

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-clear-selection]")) clear();
  const box = event.target.closest("[data-select]");
  if (!box) return;
  if (event.shiftKey && last) {
    const all = boxes();
    const [from, to] = [all.indexOf(last), all.indexOf(box)].sort((a, b) => a - b);
    for (const between of all.slice(from, to + 1)) between.checked = box.checked;
  }
  last = box;
});

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-select-all]")) {
    for (const box of boxes()) box.checked = event.target.checked;
  }
  if (event.target.matches("[data-select], [data-select-all]")) count();
});

document.addEventListener("htmx:afterSettle", count);
window.addEventListener("pageshow", count);
count();
