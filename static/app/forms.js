// Forms: Ctrl+Enter sends, a button that was pressed is busy, typed text is not lost by accident.
const { saving, unsaved } = document.body.dataset;

document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
  const form = event.target.closest("form") ?? document.querySelector("dialog[open] form");
  if (!form || form.method !== "post") return;
  event.preventDefault();
  const submit = form.querySelector("[type='submit'].c-button--primary, [type='submit'].btn-primary");
  form.requestSubmit(submit ?? undefined);
});

function makeBusy(button) {
  button.setAttribute("aria-busy", "true");
  const label = button.querySelector("[data-label]");
  if (label) {
    label.dataset.was = label.textContent;
    label.textContent = saving;
  }
}

function makeIdle(root = document) {
  for (const button of root.querySelectorAll("[aria-busy='true'][type='submit']")) {
    button.removeAttribute("aria-busy");
    const label = button.querySelector("[data-was]");
    if (label) label.textContent = label.dataset.was;
  }
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || event.defaultPrevented) return;
  // Also a button that stands outside the form, in the foot of the page.
  const buttons = [...form.elements].filter((element) => element.type === "submit");
  if (buttons.some((button) => button.getAttribute("aria-busy") === "true")) {
    event.preventDefault();
    return;
  }
  changed.delete(form);
  const button = event.submitter ?? buttons[0];
  // A form that answers with a file leaves the page as it is.
  if (button && !form.hasAttribute("data-download")) makeBusy(button);
});

window.addEventListener("pageshow", () => makeIdle());

// The same for a form that htmx sends; what it leads to replaces the page, so it stays busy.
document.addEventListener("htmx:beforeRequest", (event) => {
  const form = event.target;
  if (!form.matches?.("form[method='post']")) return;
  const submitter = event.detail.requestConfig.triggeringEvent?.submitter;
  const button = submitter ?? [...form.elements].find((element) => element.type === "submit");
  if (button) makeBusy(button);
});
document.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.xhr?.getResponseHeader("HX-Redirect")) return;
  makeIdle(event.target.form ?? event.target);
  for (const element of event.target.elements ?? []) makeIdle(element.parentElement);
});

// What was unfolded stays so when a part of the page is brought anew.
const unfolded = new Set();
document.addEventListener("htmx:beforeSwap", () => {
  unfolded.clear();
  for (const details of document.querySelectorAll("details[id][open]")) unfolded.add(details.id);
});
document.addEventListener("htmx:oobAfterSwap", (event) => {
  for (const details of event.target.querySelectorAll?.("details[id]") ?? []) {
    if (unfolded.has(details.id)) details.open = true;
  }
});

// Typing a name chooses the way that the name belongs to.
document.addEventListener("input", (event) => {
  const way = event.target.dataset?.chooses && document.getElementById(event.target.dataset.chooses);
  if (way && event.target.value) way.checked = true;
});

// Pages whose form says data-guard ask before they are left with changes.
const changed = new Set();
document.addEventListener("input", (event) => {
  const form = event.target.closest("form[data-guard]");
  if (form) changed.add(form);
});
window.addEventListener("beforeunload", (event) => {
  if ([...changed].some((form) => form.isConnected)) event.preventDefault();
});

const focusSummary = (root) => root.querySelector("[data-focus]")?.focus();
focusSummary(document);

// A link of the summary leads into the field, not only to it.
document.addEventListener("click", (event) => {
  const link = event.target.closest(".c-errors a[href^='#']");
  const target = link && document.getElementById(decodeURIComponent(link.hash.slice(1)));
  if (!target) return;
  event.preventDefault();
  const field = target.matches("input, select, textarea")
    ? target
    : target.querySelector("[aria-invalid='true']") ??
      target.querySelector("input:not([type='hidden']), select, textarea");
  (field ?? target).focus();
  (field ?? target).scrollIntoView({ block: "center" });
});

// Dialogs that htmx brings open themselves; closing with typed text asks inside the dialog.
document.addEventListener("htmx:afterSettle", (event) => {
  focusSummary(event.target);
  const dialog = event.target.querySelector?.("dialog[data-modal]:not([open])");
  if (dialog) open(dialog);
});

// Whoever opened a dialog gets the focus back, also when its form came back with errors between.
let opener = null;
document.addEventListener("htmx:beforeRequest", (event) => {
  if (!event.target.closest("dialog") && event.detail.target?.id === "dialog") opener = event.target;
});

function open(dialog) {
  dialog.showModal();
  const first =
    dialog.querySelector("[data-focus]") ??
    dialog.querySelector("[autofocus]") ??
    dialog.querySelector("input:not([type='hidden']), select, textarea") ??
    dialog.querySelector("h2");
  first?.focus();
  const discard = dialog.querySelector("[data-discard]");
  dialog.addEventListener("input", () => {
    dialog.dataset.typed = "";
  });
  dialog.addEventListener("cancel", (event) => {
    if (mayClose(dialog)) return;
    event.preventDefault();
  });
  discard?.querySelector("[data-keep]").addEventListener("click", () => {
    discard.hidden = true;
    first?.focus();
  });
  dialog.addEventListener("close", () => {
    dialog.remove();
    // What stands in a menu is gone with it: its button is where one was.
    const isSeen = opener?.getClientRects().length > 0;
    (isSeen ? opener : opener?.closest("details")?.querySelector("summary"))?.focus();
  });
}

// What was typed is not lost by a slip: the dialog asks, inside itself.
function mayClose(dialog) {
  const discard = dialog.querySelector("[data-discard]");
  if (!discard || !("typed" in dialog.dataset) || !discard.hidden) return true;
  discard.hidden = false;
  discard.querySelector("[data-keep]").focus();
  return false;
}

document.querySelectorAll("dialog[data-modal]:not([open])").forEach(open);
document.addEventListener("click", (event) => {
  const closer = event.target.closest("[data-close]");
  const dialog = closer?.closest("dialog");
  if (!dialog) return;
  event.preventDefault();
  if (closer.dataset.close === "now" || mayClose(dialog)) dialog.close();
});

// A link that opens a dialog opens its page where a new tab or window is asked for.
document.addEventListener(
  "click",
  (event) => {
    const isElsewhere = event.ctrlKey || event.metaKey || event.shiftKey;
    if (isElsewhere && event.target.closest("a[hx-get]")) event.stopPropagation();
  },
  true,
);

// A merge: choosing mine or theirs fills the field that will be saved, typing into it is a third.
function fill(row, values) {
  for (const field of row.querySelectorAll(".c-compare__field :is(input, select, textarea)")) {
    if (field.name.startsWith("merge-")) continue;
    if (field.matches("[type='checkbox'], [type='radio']")) field.checked = values.includes(field.value);
    else if (field.matches("select[multiple]")) {
      for (const option of field.options) option.selected = values.includes(option.value);
    } else field.value = values[0] ?? "";
  }
}
document.addEventListener("change", (event) => {
  const row = event.target.closest("[data-merge] tr[data-mine]");
  if (!row) return;
  if (!event.target.name.startsWith("merge-")) row.querySelector("[value='typed']").checked = true;
  else if (event.target.value in row.dataset) fill(row, JSON.parse(row.dataset[event.target.value]));
});
document.addEventListener("input", (event) => {
  const cell = event.target.closest(".c-compare__field");
  if (cell && !event.target.name.startsWith("merge-")) cell.querySelector("[value='typed']").checked = true;
});

// A select or tick that acts at once sends its form; beside it stands a button for those without.
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-submit]")) event.target.form.requestSubmit();
});

// A field that needs more than the browser gives brings its module along.
function bringModules() {
  for (const field of document.querySelectorAll("[data-module]")) import(field.dataset.module);
}
document.addEventListener("htmx:afterSettle", bringModules);
bringModules();
