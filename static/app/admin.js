// Names for the controls that Django's administration leaves without one: the cells of a table of
// parts take the name of their column, halves of a moment and search fields that of their label.
const textOf = (element) => element?.textContent.replace(":", "").trim() ?? "";
const isNamed = (element) =>
  element.labels?.length > 0 ||
  element.hasAttribute("aria-label") ||
  document.getElementById(element.getAttribute("aria-labelledby"))?.textContent.trim();

function columnOf(cell) {
  const heads = cell.closest("table").querySelectorAll("thead th:not(.original)");
  const cells = [...cell.parentElement.children].filter((child) => !child.matches(".original"));
  return textOf(heads[cells.indexOf(cell)]);
}

function nameOf(element) {
  const cell = element.closest(".tabular td");
  if (cell) return columnOf(cell);
  const row = element.closest(".form-row, fieldset");
  return textOf(row?.querySelector("label, legend"));
}

function nameAll() {
  const controls = "input:not([type='hidden']), select, textarea, [role='combobox'], [role='textbox']";
  for (const element of document.querySelectorAll(`form :is(${controls})`)) {
    if (isNamed(element)) continue;
    const name = nameOf(element);
    if (name) element.setAttribute("aria-label", name);
  }
  // A name on a plain span is not read out.
  for (const tip of document.querySelectorAll("span.help-tooltip[aria-label]")) tip.role = "img";
}

// Django's own scripts build their fields in a later turn of the same event.
window.addEventListener("load", () => setTimeout(nameAll));
document.addEventListener("formset:added", () => setTimeout(nameAll));

// Two things in Django's own markup that a screen reader stumbles over: a heading cell without a
// heading, and a search field whose label is a picture.
for (const head of document.querySelectorAll(".tabular thead th:empty")) {
  const cell = document.createElement("td");
  cell.className = head.className;
  head.replaceWith(cell);
}
const magnifier = document.querySelector('label[for="searchbar"] img');
if (magnifier) {
  const word = document.createElement("span");
  word.className = "visually-hidden";
  word.textContent = document.querySelector("#changelist-search [type=submit]").value;
  magnifier.alt = "";
  magnifier.after(word);
}
