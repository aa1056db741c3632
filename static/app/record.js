// The page of a record: values that are changed in their place, tabs on a narrow window, commands
// that fit. All of it works by links and forms, too.

// Tabs: on a narrow window the columns are tabs.
function show(record, name) {
  record.dataset.shown = name;
  for (const tab of record.querySelectorAll("[data-tab]")) {
    if (tab.dataset.tab === name) tab.setAttribute("aria-current", "true");
    else tab.removeAttribute("aria-current");
  }
}

function showColumnOf(element) {
  const column = element?.closest("[data-column]");
  if (column) show(column.closest(".c-record"), column.dataset.column);
}

function arrange() {
  const record = document.querySelector(".c-record[data-shown]");
  if (!record) return;
  // Where judgement has a column of its own, its tab is not drawn and the timeline is shown.
  const tabs = [...record.querySelectorAll("[data-tab]")];
  const drawn = tabs.filter((tab) => tab.getClientRects().length > 0);
  const current = tabs.find((tab) => tab.dataset.tab === record.dataset.shown);
  if (drawn.length > 0 && !drawn.includes(current)) show(record, drawn[0].dataset.tab);
  // An address that points into a column shows it.
  const target = location.hash && document.getElementById(location.hash.slice(1));
  if (target && record.contains(target)) showColumnOf(target);
}

document.addEventListener("click", (event) => {
  const tab = event.target.closest(".c-record [data-tab]");
  if (!tab) return;
  event.preventDefault();
  show(tab.closest(".c-record"), tab.dataset.tab);
});

// Values: the pencil brings the form, which stands beside the value until it is saved.
const fieldOf = (element) => element?.closest?.("[data-field]");
const formIn = (field) => field?.querySelector("[data-field-form]");
const opener = (field) => field?.querySelector("[data-edit]");

function focusValue(id) {
  const field = document.getElementById(id);
  const goal = opener(field) ?? field?.querySelector("a, button") ?? field;
  if (goal === field) field?.setAttribute("tabindex", "-1");
  goal?.focus();
}

function close(form) {
  const field = fieldOf(form);
  form.remove();
  if (field) focusValue(field.id);
}

document.addEventListener("click", (event) => {
  const { target } = event;
  if (target.closest("[data-cancel]")) {
    const form = target.closest("[data-field-form]");
    if (form) close(form);
    return;
  }
  const asked = target.closest("[data-opens]");
  if (asked && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    const name = asked.dataset.opens;
    const place = document.getElementById(`part-${name}`) ?? document.getElementById(`value-${name}`);
    if (!opener(place)) return;
    event.preventDefault();
    showColumnOf(place);
    place.closest("details")?.setAttribute("open", "");
    opener(place).click();
    return;
  }
  // A click on the value itself; whoever marks a text, or follows a link, means that.
  const field = fieldOf(target);
  if (!field || formIn(field) || getSelection().toString()) return;
  if (!target.closest("a, button, input, select, textarea, label, summary, h2")) opener(field)?.click();
});

document.addEventListener("keydown", (event) => {
  const form = event.target.closest?.("[data-field-form]");
  if (!form || event.isComposing) return;
  if (event.key === "Escape") {
    event.preventDefault();
    close(form);
  } else if (event.key === "Enter" && event.target.matches("select")) {
    event.preventDefault();
    form.requestSubmit();
  }
});

// Another value that is being changed stays open when its neighbour is saved.
let saved = null;
document.addEventListener("htmx:beforeRequest", ({ detail }) => {
  const form = detail.elt.closest?.("[data-field-form]");
  if (form) saved = form;
});
document.addEventListener("htmx:oobBeforeSwap", (event) => {
  const form = event.detail.target.querySelector?.("[data-field-form]");
  if (form && form !== saved) event.detail.shouldSwap = false;
});
document.addEventListener("htmx:afterRequest", ({ detail }) => {
  // Where the form is gone by now, the event comes from what was around it.
  const form = detail.requestConfig.elt.closest?.("[data-field-form]");
  if (!form || !detail.successful) return;
  const id = fieldOf(form)?.id;
  form.remove();
  if (id) focusValue(id);
});

// What was asked for comes into sight, and the focus goes there.
document.addEventListener("htmx:afterSettle", ({ target }) => {
  if (target.id === "main") {
    arrange();
    watch();
    target.querySelector("h1")?.focus();
  } else if (target.id === "stage-panel") {
    document.querySelector("#stage-panel h2")?.focus({ preventScroll: true });
  }
});
document.addEventListener("click", (event) => {
  const panel = event.target.closest("[data-close-panel]") && document.getElementById("stage-panel");
  if (!panel) return;
  event.preventDefault();
  const empty = document.createElement("div");
  empty.id = panel.id;
  empty.className = "c-stage-panel";
  panel.replaceWith(empty);
  document.querySelector("#process [aria-current] a, #process a")?.focus();
});

// The facts fold away on a phone.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-unfolds]");
  if (button) button.setAttribute("aria-expanded", button.getAttribute("aria-expanded") !== "true");
  if (event.target.closest("[data-print]")) {
    event.target.closest("details").open = false;
    print();
  }
});

// Commands for which there is no room go into the menu at the end, from the right.
const moved = new WeakMap();

function intoMenu(command, panel) {
  const control = command.matches("form") ? command.querySelector("button") : command;
  moved.set(command, { control, className: control.className, next: command.nextSibling });
  control.className = "c-menu__item";
  panel.prepend(command);
}

function outOfMenu(command, bar) {
  const { control, className, next } = moved.get(command);
  control.className = className;
  bar.insertBefore(command, next);
  moved.delete(command);
}

function fit(bar) {
  const more = bar.querySelector("[data-more]");
  const panel = more?.querySelector(".c-menu__panel");
  if (!panel) return;
  for (const command of [...panel.querySelectorAll("[data-command]")]) outOfMenu(command, bar);
  const isTooWide = () => {
    const [end, room] = [more, bar].map((each) => each.getBoundingClientRect());
    return end.right > room.right + 1 || end.left < room.left - 1;
  };
  const commands = [...bar.querySelectorAll(":scope > [data-command]")];
  const drawn = commands.filter((command) => command.getClientRects().length > 0).slice(1);
  while (isTooWide() && drawn.length > 0) intoMenu(drawn.pop(), panel);
}

const observer = new ResizeObserver((entries) => {
  for (const { target } of entries) if (target.isConnected) fit(target);
});

function watch() {
  observer.disconnect();
  const bar = document.querySelector("[data-commands]");
  if (bar) observer.observe(bar);
}

arrange();
watch();
// Words grow when the letters of the house arrive, and the bar does not: look once more.
document.fonts.ready.then(watch);
