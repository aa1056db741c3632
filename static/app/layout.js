// Lets the rows of a form layout be dragged to their place, in another section too. The positions and
// sections of the rows say where they stand, as without scripts.
const sections = [...document.querySelectorAll("[data-section]")];
const STEP = 10;
let dragged = null;

function number(section) {
  [...section.querySelectorAll("tbody tr")].forEach((row, index) => {
    row.querySelector("[name$='-place']").value = (index + 1) * STEP;
    row.querySelector("[name$='-section']").value = section.dataset.section;
  });
}

function put(section, target, y) {
  const row = target.closest("tbody tr");
  const body = section.querySelector("tbody");
  if (!row) {
    if (dragged.parentElement !== body) body.append(dragged);
  } else if (row !== dragged) {
    const box = row.getBoundingClientRect();
    row[y < box.top + box.height / 2 ? "before" : "after"](dragged);
  }
}

for (const section of sections) {
  for (const row of section.querySelectorAll("tbody tr")) {
    const handle = document.createElement("span");
    handle.className = "c-layout__handle";
    handle.draggable = true;
    handle.ariaHidden = "true";
    handle.addEventListener("dragstart", (event) => {
      dragged = row;
      event.dataTransfer.effectAllowed = "move";
      event.dataTransfer.setDragImage(row, 0, 0);
    });
    handle.addEventListener("dragend", () => {
      dragged = null;
      sections.forEach(number);
    });
    row.querySelector("td").prepend(handle);
  }
  section.addEventListener("dragover", (event) => {
    if (!dragged) return;
    event.preventDefault();
    put(section, event.target, event.clientY);
  });
  section.addEventListener("drop", (event) => event.preventDefault());
}
