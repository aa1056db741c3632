// Keys. A control says its own: data-key="q" or "shift+d"; a page of the navigation: data-go="l".
const GO_WINDOW = 1200;
const RECENT = 10;
const RECORD = /^\/(leads|accounts|contacts|opportunities)\/(\d+)\/$/;
const KINDS = { leads: "lead", accounts: "account", contacts: "contact", opportunities: "opportunity" };
const ANSWER_WINDOW = 2000;
const FIRST_FIELD = "#composer form :is(textarea, select, input:not([type='hidden'], [type='file']))";
let waitsForGo = 0;
let used = null;
let usedAt = 0;
let early = [];

const isTyping = (target) =>
  target.isContentEditable ||
  target.matches("input:not([form='selection']), textarea, select, [role='textbox']");
const isShown = (element) => element.getClientRects().length > 0;
// What stands in a closed menu can be used as well, if the menu is there to be opened.
const isUsable = (element) => {
  if (isShown(element)) return true;
  const menu = element.closest("details.c-menu:not([open])");
  return menu !== null && isShown(menu.querySelector("summary"));
};
const find = (selector) => [...document.querySelectorAll(selector)].find(isUsable);
const dialogIsOpen = () => document.querySelector("dialog[open]") !== null;
const views = () => [...document.querySelectorAll(".c-views .c-tabs__tab")].filter(isShown);

// The palette opens at once, so that whoever types on types into it; what it can do is fetched when
// it is wanted for the first time.
function openPalette(text = "") {
  const dialog = document.getElementById("palette");
  const field = document.getElementById("palette-query");
  if (!dialog) return;
  if (dialog.open) {
    field.select();
    return;
  }
  for (const menu of document.querySelectorAll("details.c-menu[open]")) menu.open = false;
  field.value = text;
  dialog.showModal();
  field.focus();
  import(document.body.dataset.palette).then((palette) => palette.open(page));
}

// Without scripts the field at the top searches by itself.
const search = document.querySelector("[data-search]");
search?.addEventListener("click", () => openPalette(search.value));
search?.addEventListener("input", () => {
  const typed = search.value;
  search.value = search.defaultValue;
  openPalette(typed);
});

function use(element) {
  if (element.matches("[data-search]")) openPalette(element.value);
  else if (element.matches("input, textarea, select")) {
    element.focus();
    element.select?.();
  } else if (element.matches("summary")) {
    element.focus();
    element.click();
    element.parentElement.querySelector(".c-menu__item")?.focus();
  } else if (element.matches(".c-composer__tab[aria-current]")) {
    document.querySelector(FIRST_FIELD)?.focus(); // what was begun in it stays
  } else {
    used = element;
    element.click();
  }
}

// Who types on at once means what the key brings: until it is there, letters are no keys. But who
// steps through records steps on: what is pressed before the next one is there is done on it.
const isAwaited = () => Date.now() - usedAt < ANSWER_WINDOW;
const isStep = () => used.matches("[rel='next'], [rel='prev']");

function goOn() {
  usedAt = 0;
  while (early.length > 0 && !isAwaited()) {
    if (isTyping(document.activeElement) || dialogIsOpen()) early = [];
    else single(early.shift());
  }
}

document.addEventListener("htmx:beforeRequest", ({ detail }) => {
  if (detail.elt === used) usedAt = Date.now();
});
// Not for what the page brings by itself meanwhile. And after everything else that waits for this:
// then the focus is where it will be.
document.addEventListener("htmx:afterSettle", ({ detail }) => {
  if (detail.requestConfig?.elt === used) setTimeout(goOn);
});

function openHelp() {
  const dialog = document.getElementById("shortcuts");
  if (!dialog) return;
  fillPageKeys(dialog);
  dialog.querySelector("[data-keys-of-list]").hidden = !document.querySelector("[data-row-href]");
  dialog.querySelector("[data-keys-of-board]").hidden = !document.getElementById("board");
  dialog.querySelector("[data-keys-of-views]").hidden = views().length < 2;
  dialog.showModal();
}

// What a control says about itself, without its key.
function labelOf(element) {
  const label = element.cloneNode(true);
  label.querySelectorAll("kbd, .c-hidden, .c-nav__count").forEach((key) => key.remove());
  const words = label.textContent.trim().replace(/\s+/g, " ");
  return element.getAttribute("aria-label") || words || element.placeholder || "";
}

function keysOf(element) {
  const name = (part) => (part === "shift" ? "Shift" : part.toUpperCase());
  return (element.dataset.key ?? "").split("+").filter(Boolean).map(name);
}

// Every control of the page that has a key, each key once.
function keyed() {
  const found = new Map();
  for (const element of document.querySelectorAll("#main [data-key]")) {
    if (isUsable(element) && !found.has(element.dataset.key)) found.set(element.dataset.key, element);
  }
  return [...found.values()];
}

function fillPageKeys(dialog) {
  const section = dialog.querySelector("[data-keys-of-page]");
  const list = section.querySelector("dl");
  list.replaceChildren();
  const main = keyed();
  for (const element of main) {
    const term = document.createElement("dt");
    term.textContent = labelOf(element);
    const keys = document.createElement("dd");
    for (const part of keysOf(element)) {
      const key = document.createElement("kbd");
      key.className = "c-key";
      key.textContent = part;
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
  if (/^[1-9]$/.test(event.key)) {
    const view = views()[Number(event.key) - 1];
    view?.click();
    return view !== undefined;
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
  if (isCommand && event.key.toLowerCase() === "k" && !event.shiftKey) {
    // Never a dialog on a dialog; in the palette itself it leads back to what is typed.
    const isThere = document.getElementById("palette");
    if (!isThere || (dialogIsOpen() && !isThere.open)) return;
    event.preventDefault();
    openPalette();
    return;
  }
  if (event.key === "Escape" && isTyping(event.target) && event.target.closest("#composer")) {
    event.target.blur(); // it stays ready for more after sending; this gives the keys back
    return;
  }
  if (isCommand || event.altKey || document.body.dataset.shortcuts !== "on") return;
  if (isTyping(event.target) || dialogIsOpen() || event.repeat) return;
  if (isAwaited()) {
    if (isStep()) early.push(event);
    return;
  }
  early = [];
  if (single(event)) event.preventDefault();
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-open='shortcuts']")) openHelp();
});

// The records that were opened since the palette was last asked; it tells the server which.
const visits = {
  name: `opened:${document.body.dataset.person}`,
  all() {
    try {
      return JSON.parse(localStorage.getItem(this.name) ?? "[]");
    } catch {
      return [];
    }
  },
  keep(all) {
    try {
      localStorage.setItem(this.name, JSON.stringify(all.slice(-RECENT)));
    } catch {
      // Remembered only where storage is allowed.
    }
  },
  note() {
    const [, room, number] = location.pathname.match(RECORD) ?? [];
    if (!room || !document.body.dataset.person) return;
    const named = `${KINDS[room]}:${number}`;
    this.keep([...this.all().filter((each) => each !== named), named]);
  },
};
// What the palette takes from here; under a hashed name it could not import it.
const page = { keyed, keysOf, labelOf, visits };

visits.note();
document.addEventListener("htmx:pushedIntoHistory", () => visits.note());
