// Selected rows of a list: by box, by X, from here to there with Shift, a page, a whole view. The boxes
// belong to the form of the bar, so the buttons of the bar work without all this.
const bar = () => document.querySelector("[data-bulk]");
const boxes = () => [...document.querySelectorAll("[data-select]")];
const selected = () => boxes().filter((box) => box.checked);
const wholeView = () => bar()?.querySelector("[data-select-view]");
let last = null;
let told = "0";

function fit(part, number) {
  const isAsked = part.hasAttribute("data-from") || part.hasAttribute("data-to");
  if (!isAsked) return;
  const from = Number(part.dataset.from ?? 1);
  const to = Number(part.dataset.to ?? Infinity);
  part.hidden = wholeView()?.checked || number < from || number > to;
}

function count() {
  const all = document.querySelector("[data-select-all]");
  const number = selected().length;
  if (all) {
    all.checked = number > 0 && number === boxes().length;
    all.indeterminate = number > 0 && number < boxes().length;
  }
  if (!bar()) return;
  const view = wholeView();
  const words = view?.checked ? view.dataset.total : String(number);
  bar().toggleAttribute("data-on", number > 0);
  bar().querySelector("[data-count]").textContent = words;
  for (const part of bar().querySelectorAll("button")) fit(part, number);
  if (words !== told) {
    told = words;
    document.getElementById("live").textContent = bar().dataset.words.replace("{n}", words);
  }
}

function tick(box, isOn) {
  box.checked = isOn;
  if (!isOn && wholeView()) wholeView().checked = false;
}

function tickAll(isOn) {
  for (const box of boxes()) tick(box, isOn);
}

function clear() {
  const hadFocus = bar()?.contains(document.activeElement);
  const back = selected().at(-1);
  tickAll(false);
  last = null;
  count();
  if (hadFocus) back?.focus();
}

function tickTo(box) {
  const all = boxes();
  const [from, to] = [all.indexOf(last), all.indexOf(box)].sort((a, b) => a - b);
  for (const between of all.slice(Math.max(from, 0), to + 1)) tick(between, box.checked);
}

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-clear-selection]")) clear();
  const mode = event.target.closest("[data-select-mode]");
  if (mode) {
    const isOn = document.getElementById("main").toggleAttribute("data-selecting");
    mode.setAttribute("aria-pressed", String(isOn));
    if (!isOn) clear();
  }
  const box = event.target.closest("[data-select]");
  if (!box) return;
  if (event.shiftKey && last) tickTo(box);
  last = box;
});

document.addEventListener("change", (event) => {
  const { target } = event;
  if (target.matches("[data-select-all]")) tickAll(target.checked);
  else if (target.matches("[data-select-view]")) tickAll(target.checked);
  else if (target.matches("[data-select]")) tick(target, target.checked);
  else return;
  count();
});

function press(event) {
  const isCommand = event.ctrlKey || event.metaKey;
  if (isCommand) {
    if (event.key !== "a" || event.shiftKey || boxes().length === 0) return false;
    tickAll(true);
    count();
    return true;
  }
  if (event.key === "Escape" && selected().length > 0) {
    clear();
    return true;
  }
  const row = document.querySelector("[data-row-href][data-cursor]");
  const box = row?.querySelector("[data-select]");
  if (!box) return false;
  // A key of the bar means the row of the cursor where none is selected.
  const action = !event.shiftKey && bar()?.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
  if (action && selected().length === 0) {
    tick(box, true);
    last = box;
    count();
    action.click();
    return true;
  }
  if (event.key.toLowerCase() !== "x") return false;
  box.checked = event.shiftKey && last ? true : !box.checked;
  tick(box, box.checked);
  if (event.shiftKey && last) tickTo(box);
  last = box;
  count();
  return true;
}

document.addEventListener("keydown", (event) => {
  if (document.body.dataset.shortcuts !== "on" || event.defaultPrevented || event.altKey) return;
  const { target } = event;
  if (target.isContentEditable || target.matches("input:not([type=checkbox]), textarea, select")) return;
  if (document.querySelector("dialog[open], details.c-menu[open]")) return;
  if (press(event)) event.preventDefault();
});

// In a toolbar the arrows go from button to button.
document.addEventListener("keydown", (event) => {
  const toolbar = event.target.closest?.("[role='toolbar']");
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!toolbar || !step) return;
  const all = [...toolbar.querySelectorAll("input, button")].filter((one) => one.getClientRects().length);
  const at = all.indexOf(document.activeElement);
  all.at((at + step + all.length) % all.length).focus();
  event.preventDefault();
});

document.addEventListener("htmx:afterSettle", count);
window.addEventListener("pageshow", count);
count();
