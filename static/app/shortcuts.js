// Keys. A control says its own: data-key="q" or "shift+d"; a page of the navigation: data-go="l".
const GO_WINDOW = 1200;
let waitsForGo = 0;

const isTyping = (target) =>
  target.isContentEditable ||
  target.matches("input:not([form='selection']), textarea, select, [role='textbox']");
const isShown = (element) => element.getClientRects().length > 0;
const find = (selector) => [...document.querySelectorAll(selector)].find(isShown);
const dialogIsOpen = () => document.querySelector("dialog[open]") !== null;

function focusSearch() {
  const search = document.querySelector("[data-search]");
  search?.focus();
  search?.select();
}

function use(element) {
  if (element.matches("input, textarea, select")) {
    element.focus();
    element.select?.();
  } else {
    element.click();
  }
}

function openHelp() {
  const dialog = document.getElementById("shortcuts");
  if (!dialog) return;
  fillPageKeys(dialog);
  dialog.querySelector("[data-keys-of-list]").hidden = !document.querySelector("[data-row-href]");
  dialog.querySelector("[data-keys-of-board]").hidden = !document.getElementById("board");
  dialog.showModal();
}

function fillPageKeys(dialog) {
  const section = dialog.querySelector("[data-keys-of-page]");
  const list = section.querySelector("dl");
  list.replaceChildren();
  const main = [...document.querySelectorAll("#main [data-key]")].filter(isShown);
  for (const element of main) {
    const label = element.cloneNode(true);
    label.querySelectorAll("kbd").forEach((key) => key.remove());
    const term = document.createElement("dt");
    term.textContent =
      element.getAttribute("aria-label") || label.textContent.trim() || element.placeholder || "";
    const keys = document.createElement("dd");
    for (const part of element.dataset.key.split("+")) {
      const key = document.createElement("kbd");
      key.className = "c-key";
      key.textContent = part === "shift" ? "Shift" : part.toUpperCase();
      keys.append(key);
    }
    list.append(term, keys);
  }
  section.hidden = main.length === 0;
}

function toggleNav() {
  const root = document.documentElement;
  const isRail = root.dataset.nav === "rail";
  if (isRail) delete root.dataset.nav;
  else root.dataset.nav = "rail";
  try {
    localStorage.setItem("nav", isRail ? "wide" : "rail");
  } catch {
    // Remembered only where storage is allowed.
  }
}

function single(event) {
  const letter = event.key.toLowerCase();
  if (waitsForGo && Date.now() - waitsForGo < GO_WINDOW) {
    waitsForGo = 0;
    const link = document.querySelector(`[data-go="${CSS.escape(letter)}"]`);
    if (link) {
      link.click();
      return true;
    }
  }
  if (event.key === "?") {
    openHelp();
    return true;
  }
  if (event.key === "[") {
    toggleNav();
    return true;
  }
  if (letter === "g" && !event.shiftKey) {
    waitsForGo = Date.now();
    return true;
  }
  const isLetter = letter !== event.key.toUpperCase();
  const name = event.shiftKey && isLetter ? `shift+${letter}` : letter;
  const inPage = find(`#main [data-key="${CSS.escape(name)}"]`);
  const control = inPage ?? find(`[data-key="${CSS.escape(name)}"]`);
  if (!control) return false;
  use(control);
  return true;
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing) return;
  const isCommand = event.ctrlKey || event.metaKey;
  if (isCommand && event.key.toLowerCase() === "k" && !event.shiftKey && !dialogIsOpen()) {
    event.preventDefault();
    focusSearch();
    return;
  }
  if (isCommand || event.altKey || document.body.dataset.shortcuts !== "on") return;
  if (isTyping(event.target) || dialogIsOpen() || event.repeat) return;
  if (single(event)) event.preventDefault();
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-open='shortcuts']")) openHelp();
});
