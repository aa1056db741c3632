// The board: cards are dragged or moved by keys. What is refused goes back to where it was.
const TOUCH_DELAY = 200;
const zone = (name) => document.querySelector(`#dropstrip [data-drop="${name}"]`);
const columns = () => [...document.querySelectorAll("#board [data-column]")];
const cardsOf = (column) => [...column.querySelectorAll(".c-deal")];
const isDrawn = (element) => element.getClientRects().length > 0;
const titleOf = (card) => card?.querySelector("[data-card]");

// Where a card was: it returns there, and the focus comes back to it or to its neighbour.
let lifted = null;
let acted = null;

function placeOf(card) {
  const column = card.closest("[data-column]");
  return {
    id: card.id,
    column: column.id,
    index: cardsOf(column).indexOf(card),
    list: card.parentElement,
    next: card.nextElementSibling,
  };
}

function putBack(card, place) {
  card.removeAttribute("aria-busy");
  if (card.parentElement === place.list) return;
  place.list.insertBefore(card, place.next?.parentElement === place.list ? place.next : null);
}

function focusAgain() {
  if (!acted || document.querySelector("dialog[data-modal]")) return;
  const { id, column, index } = acted;
  acted = null;
  const there = document.getElementById(column);
  const near = there && cardsOf(there);
  const card = (id && document.getElementById(id)) || near?.[Math.min(index, near.length - 1)];
  (titleOf(card) ?? there?.querySelector("h2"))?.focus();
}

// Moving
function move(card, stage, place = placeOf(card)) {
  if (card.hasAttribute("aria-busy")) return;
  card.setAttribute("aria-busy", "true");
  lifted = { card, place };
  acted = place;
  htmx.ajax("POST", card.dataset.move, {
    source: card,
    target: "#board-notice",
    swap: "innerHTML",
    values: { stage, version: card.dataset.version },
  });
}

function ask(card, name) {
  const title = titleOf(card);
  if (name === "hold") {
    const button = card.querySelector("[data-hold]");
    const goal = { source: title, target: "#board-notice", swap: "innerHTML" };
    if (button) htmx.ajax("POST", button.formAction, goal);
    return;
  }
  const link = card.querySelector(`[data-${name}]`);
  if (link) htmx.ajax("GET", link.href, { source: title, target: "#dialog", swap: "innerHTML" });
}

// Whatever a card asks for, the focus comes back to it.
document.addEventListener("htmx:beforeRequest", ({ detail }) => {
  const card = detail.elt.closest("#board .c-deal");
  if (card && acted?.id !== card.id) acted = placeOf(card);
  const more = detail.elt.closest("[data-more]");
  if (!more) return;
  const column = more.closest("[data-column]");
  acted = { column: column.id, index: cardsOf(column).length };
});

function fail() {
  if (!lifted) return;
  putBack(lifted.card, lifted.place);
  lifted = null;
  focusAgain();
}

document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  if (detail.target?.id !== "board-notice" || detail.xhr.status < 400) return;
  for (const menu of document.querySelectorAll("#board details[open]")) menu.open = false;
  if (lifted) putBack(lifted.card, lifted.place);
  lifted = null;
  if (detail.xhr.status !== 404) return;
  const text = document.getElementById("board").dataset.gone;
  document.body.dispatchEvent(new CustomEvent("toast", { detail: { text, level: "error" } }));
});
for (const failure of ["htmx:sendError", "htmx:timeout", "htmx:sendAbort", "htmx:responseError"]) {
  document.addEventListener(failure, fail);
}

// Dragging
function say(name, words, card) {
  const slot = zone(name);
  slot.dataset.was ??= slot.textContent;
  slot.textContent = words ? words.replace("%s", titleOf(card).textContent) : slot.dataset.was;
}

function offer(card) {
  const strip = document.getElementById("dropstrip");
  for (const slot of strip.children) slot.hidden = !card.querySelector(`[data-${slot.dataset.drop}]`);
  strip.hidden = false;
}

function start({ item }) {
  lifted = { card: item, place: placeOf(item) };
  offer(item);
}

function over({ dragged, to }) {
  if (dragged.hasAttribute("aria-busy")) return false;
  for (const slot of document.querySelectorAll("#dropstrip [data-drop]")) {
    say(slot.dataset.drop, slot === to ? slot.dataset.words : "", dragged);
  }
  const isColumn = to.closest("[data-column]") !== null;
  dragged.dataset.slot = isColumn ? to.dataset.words.replace("%s", titleOf(dragged).textContent) : "";
  return true;
}

function drop({ item, to }) {
  const { place } = lifted;
  for (const slot of document.querySelectorAll("#dropstrip [data-drop]")) say(slot.dataset.drop, "");
  document.getElementById("dropstrip").hidden = true;
  delete item.dataset.slot;
  lifted = null;
  if (to === place.list) return;
  if (to.dataset.stage) {
    move(item, to.dataset.stage, place);
    return;
  }
  putBack(item, place);
  ask(item, to.dataset.drop);
}

function arm() {
  const lists = "#board [data-stage], #board [data-drop], #dropstrip [data-drop]";
  for (const list of document.querySelectorAll(lists)) {
    if (Sortable.get(list)) continue;
    Sortable.create(list, {
      group: "board",
      sort: false,
      draggable: ".c-deal[data-move]",
      filter: ".c-menu",
      preventOnFilter: false,
      forceFallback: true,
      fallbackOnBody: true,
      fallbackTolerance: 4,
      fallbackClass: "c-deal--lifted",
      ghostClass: "c-deal--slot",
      delay: TOUCH_DELAY,
      delayOnTouchOnly: true,
      touchStartThreshold: 5,
      onStart: start,
      onMove: over,
      onEnd: drop,
    });
  }
}

// Keys
function step(card, key) {
  const column = card.closest("[data-column]");
  const mine = cardsOf(column);
  const index = mine.indexOf(card);
  if (key === "ArrowUp") return mine[index - 1];
  if (key === "ArrowDown") return mine[index + 1];
  const drawn = columns().filter(isDrawn);
  const way = key === towards() ? 1 : -1;
  for (let at = drawn.indexOf(column) + way; drawn[at]; at += way) {
    const others = cardsOf(drawn[at]);
    if (others.length > 0) return others[Math.min(index, others.length - 1)];
  }
  return null;
}

const towards = () => (document.documentElement.dir === "rtl" ? "ArrowLeft" : "ArrowRight");

function moveByKey(card, key) {
  const every = columns();
  const at = every.indexOf(card.closest("[data-column]"));
  const column = every[at + (key === towards() ? 1 : -1)];
  const list = column?.querySelector("[data-stage], [data-drop]");
  if (!list || !card.dataset.move) return;
  if (list.dataset.drop) ask(card, list.dataset.drop);
  else move(card, list.dataset.stage, placeOf(card));
}

function openMenu(card) {
  const menu = card.querySelector("details.c-menu");
  if (!menu) return;
  menu.open = true;
  menu.querySelector(".c-menu__item")?.focus();
}

document.addEventListener("keydown", (event) => {
  const card = event.target.closest?.("#board .c-deal");
  if (!card || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("details.c-menu[open]")) return;
  if (event.key === "." && document.body.dataset.shortcuts === "on") openMenu(card);
  else if (!event.key.startsWith("Arrow")) return;
  else if (!event.shiftKey) titleOf(step(card, event.key))?.focus();
  else if (["ArrowLeft", "ArrowRight"].includes(event.key)) moveByKey(card, event.key);
  else return;
  event.preventDefault();
});

// A phone shows one stage: the links of the switch lead there without scripts too.
let shown = null;

function show() {
  if (!shown || !document.getElementById(`column-${shown}`)) return;
  for (const column of columns()) {
    column.toggleAttribute("data-shown", column.id === `column-${shown}`);
  }
  for (const link of document.querySelectorAll("[data-stage-link]")) {
    if (link.dataset.stageLink === shown) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-stage-link]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  shown = link.dataset.stageLink;
  show();
});

document.addEventListener("htmx:afterSettle", ({ target }) => {
  arm();
  show();
  // The navigation and the bell are fetched as well: what a card waits for did not come with them.
  if (target.closest?.("#main, #dialog")) focusAgain();
});
arm();
