// Lists: a row opens its record, J and K or the arrows move a cursor, Enter opens.
const rows = () => [...document.querySelectorAll("[data-row-href]")];
const isControl = (target) => target.closest("a, button, input, select, label, summary, textarea, form");

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
  if (target.matches("input:not([form='selection']), textarea, select")) return;
  if (document.querySelector("dialog[open], details.c-menu[open]")) return;
  const cursor = document.querySelector("[data-row-href][data-cursor]");
  let isDone = false;
  // Where something can be scrolled or chosen by the arrows, they do that.
  const arrows = cursor !== null || target === document.body;
  if (event.key === "j" || (arrows && event.key === "ArrowDown")) isDone = moveCursor(1);
  else if (event.key === "k" || (arrows && event.key === "ArrowUp")) isDone = moveCursor(-1);
  else if (event.key === "Enter" && cursor && !isControl(target)) {
    location.assign(cursor.dataset.rowHref);
    isDone = true;
  }
  if (isDone) event.preventDefault();
});

// Of many tabs the current one is in sight.
function showTab() {
  const tab = document.querySelector(".c-views [aria-current]");
  tab?.scrollIntoView({ block: "nearest", inline: "nearest" });
}

document.addEventListener("htmx:afterSettle", showTab);
showTab();
