// Lets the rows of a form layout be dragged to their place, in another section too. The positions and
// sections of the rows say where they stand, as without scripts. What they say is shown below, live: as
// the form itself, which has our styles in a tree of its own.
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
      show();
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

const live = document.querySelector("[data-live]");
let form = null;
let asked = 0;
let wait = 0;

async function show() {
  if (!live) return;
  const number = ++asked;
  const answer = await fetch(live.dataset.live, { method: "POST", body: new FormData(live.closest("form")) });
  if (!answer.ok || number !== asked) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const found = page.querySelector(".c-form__preview");
  if (!found) return;
  live.hidden = false;
  form.replaceChildren(found);
}

if (live) {
  const root = live.querySelector("[data-form]").attachShadow({ mode: "open" });
  const sheet = document.createElement("link");
  sheet.rel = "stylesheet";
  sheet.href = live.dataset.sheet;
  form = document.createElement("div");
  form.className = "c-form";
  root.append(sheet, form);
  live.closest("form").addEventListener("input", () => {
    clearTimeout(wait);
    wait = setTimeout(show, 300);
  });
  show();
}
