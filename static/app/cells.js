// Cells of a list that can be changed: a pencil where the pointer is, E on the row of the cursor.
const table = () => document.querySelector("table[data-list][data-kind]");
const pencil = document.createElement("button");
pencil.type = "button";
pencil.className = "c-cell-edit";

function columnOf(cell) {
  const head = cell.closest("table").tHead.rows[0].cells[cell.cellIndex];
  return head?.dataset.edits ? head : null;
}

function open(cell) {
  const number = cell.parentElement.querySelector("th a").pathname.match(/\/(\d+)\/$/)?.[1];
  const head = columnOf(cell);
  if (!number || !head || cell.querySelector("form")) return;
  pencil.remove();
  const address = `/cell/${table().dataset.kind}/${number}/${encodeURIComponent(head.dataset.edits)}/`;
  window.htmx.ajax("GET", address, { target: cell, swap: "innerHTML" });
}

document.addEventListener("pointerover", (event) => {
  const cell = event.target.closest?.("table[data-list][data-kind] tbody td");
  if (!cell || cell.contains(pencil) || cell.querySelector("form") || !columnOf(cell)) return;
  pencil.setAttribute("aria-label", `${table().dataset.edit} ${columnOf(cell).textContent.trim()}`);
  cell.append(pencil);
});

pencil.addEventListener("click", () => open(pencil.parentElement));

document.addEventListener("keydown", (event) => {
  const form = event.target.closest?.(".c-cell-form");
  if (form && event.key === "Escape") {
    form.querySelector("[data-cancel]").click();
    event.stopPropagation();
    return;
  }
  if (event.key !== "e" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (document.body.dataset.shortcuts !== "on" || event.target.matches("input, textarea, select")) return;
  const row = document.querySelector("table[data-kind] [data-row-href][data-cursor]");
  const cell = row && [...row.cells].find((each) => each.matches("td") && columnOf(each));
  if (!cell) return;
  event.preventDefault();
  open(cell);
});

// The cell is brought anew with what had the focus in it: go on in its field, or else on its row.
document.addEventListener("htmx:afterSettle", ({ target }) => {
  if (!target.matches?.("table[data-kind] td") || document.activeElement !== document.body) return;
  const field = target.querySelector("form :is(input:not([type='hidden']), select, textarea)");
  (field ?? target.parentElement.querySelector("th a"))?.focus();
});
