// Forms follow their conditions while somebody types: a field is shown, or marked as asked for, by
// what the others hold. The server decides; what cannot be told here stays shown.
const DAYS = /^\d{4}-\d\d-\d\d$/;

function controlsOf(form, name) {
  return [...form.elements].filter((each) => each.name === name);
}

// What the form holds under a name: a list of texts, or undefined where it has no such field.
function held(form, name) {
  const controls = controlsOf(form, name);
  if (!controls.length) return undefined;
  return controls.flatMap((each) => {
    if (each.type === "checkbox" || each.type === "radio") return each.checked ? [each.value] : [];
    if (each.multiple) return [...each.selectedOptions].map((option) => option.value);
    return each.value.trim() ? [each.value.trim()] : [];
  });
}

const folded = (text) => String(text).trim().toLowerCase();
const listed = (value) => (Array.isArray(value) ? value : [value]).map(folded);

// Whether a test holds: true, false, or undefined where only the server can tell.
function test(form, { field, is, value }) {
  const values = held(form, field)?.map(folded);
  if (values === undefined) return undefined;
  const wanted = listed(value);
  switch (is) {
    case "known": return values.length > 0;
    case "unknown": return values.length === 0;
    case "yes": return ["on", "true", "yes"].includes(values[0]);
    case "no": return !["on", "true", "yes"].includes(values[0]);
    case "is": case "one_of": case "any_of": return values.some((each) => wanted.includes(each));
    case "is_not": case "none_of": return !values.some((each) => wanted.includes(each));
    case "contains": return values.some((each) => wanted.some((part) => each.includes(part)));
    case "all_of": return wanted.every((each) => values.includes(each));
    case "starts_with": return values.some((each) => wanted.some((part) => each.startsWith(part)));
    case "at_least": return compared(values[0], wanted[0], (one, other) => one >= other);
    case "at_most": return compared(values[0], wanted[0], (one, other) => one <= other);
    case "more_than": case "after":
      return compared(values[0], wanted[0], (one, other) => one > other);
    case "less_than": case "before":
      return compared(values[0], wanted[0], (one, other) => one < other);
    default: return undefined;
  }
}

function compared(one, other, holds) {
  if (one === undefined) return false;
  if (DAYS.test(one) && DAYS.test(other)) return holds(one, other);
  const [left, right] = [Number(one), Number(other)];
  return Number.isNaN(left) || Number.isNaN(right) ? undefined : holds(left, right);
}

function holds(form, part) {
  const kind = "all" in part ? "all" : "any" in part ? "any" : "";
  if (!kind) return test(form, part);
  const results = part[kind].map((each) => holds(form, each));
  const decisive = kind === "any";
  if (results.includes(decisive)) return decisive;
  return results.includes(undefined) ? undefined : !decisive;
}

function follow(form) {
  const told = form.querySelector("[data-follows]");
  if (!told) return;
  for (const [name, { show, require }] of Object.entries(JSON.parse(told.dataset.follows))) {
    const place = form.querySelector(`[id="div_id_${CSS.escape(name)}"]`)
      ?? controlsOf(form, name)[0]?.closest("[id^='div_id_']");
    if (!place) continue;
    const isShown = !show || holds(form, show) !== false;
    (place.parentElement?.childElementCount === 1 ? place.parentElement : place).hidden = !isShown;
    if (!require) continue;
    const isAsked = isShown && holds(form, require) === true;
    place.toggleAttribute("data-asked", isAsked);
    for (const control of controlsOf(form, name)) control.ariaRequired = isAsked ? "true" : null;
  }
}

function followAll(root) {
  for (const told of root.querySelectorAll("[data-follows]")) {
    const form = told.closest("form");
    if (form) follow(form);
  }
}

for (const kind of ["input", "change"]) {
  document.addEventListener(kind, (event) => event.target.form && follow(event.target.form));
}
document.addEventListener("htmx:load", (event) => followAll(event.target));
followAll(document);
