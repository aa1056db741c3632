// The focus stays where it was when a part of the page is brought anew: on the same control, or on
// its neighbour where that is gone.
const CONTROLS = "a[href], button, summary, input, select, textarea";
const isDrawn = (element) => element.getClientRects().length > 0 && !element.disabled;
const controlsIn = (part) => [...part.querySelectorAll(CONTROLS)].filter(isDrawn);
const nameOf = (element) =>
  (element.getAttribute("aria-label") ?? (element.textContent.trim() || element.name || "")).trim();
// A count or an amount changes with the part; a number that is all there is to read does not.
const wordsOf = (element) => nameOf(element).replace(/[\d.,+\s]+/g, " ").trim() || nameOf(element);
const menusOf = (part) => [...part.querySelectorAll("details.c-menu > summary")];
const groupOf = (element) =>
  element.closest("nav[aria-label], [role='group'][aria-label]")?.getAttribute("aria-label");
let lost = null;

function remember({ detail: { target } }) {
  const element = document.activeElement;
  const part = target?.id && target.contains(element) ? target : null;
  if (!part) return;
  const summary = element.closest("details.c-menu")?.querySelector("summary");
  lost = {
    id: part.id,
    tag: element.tagName,
    words: wordsOf(element),
    group: groupOf(element),
    className: element.className,
    place: controlsIn(part).filter((each) => each.className === element.className).indexOf(element),
    staysOpen: element.matches(".c-up"),
    menu: summary ? menusOf(part).indexOf(summary) : -1,
    inner: element.closest("details:not(.c-menu)") && element.id,
  };
}

function comeBack() {
  const part = lost && document.getElementById(lost.id);
  const was = lost;
  lost = null;
  if (!part || document.activeElement !== document.body) return;
  const inner = was.inner && document.getElementById(was.inner);
  inner?.closest("details")?.setAttribute("open", "");
  inner?.focus();
  if (document.activeElement !== document.body) return;
  const menu = menusOf(part)[was.menu];
  if (was.staysOpen) menu?.parentElement.setAttribute("open", "");
  const controls = controlsIn(part);
  const alike = controls.filter((each) => each.className === was.className);
  const goals = [
    controls.find((each) => each.tagName === was.tag && wordsOf(each) === was.words),
    menu,
    was.group && controls.find((each) => groupOf(each) === was.group),
    was.place >= 0 && (alike[was.place] ?? alike.at(-1)),
  ];
  // In a list that has nothing like it left one begins at its top, and on a page that is brought whole.
  if (/^(list|duplicates|import)(-|$)/.test(was.id)) {
    goals.push(document.getElementById("filter-text"), document.querySelector("h1"));
  }
  goals.find((each) => each && isDrawn(each))?.focus();
}

document.addEventListener("htmx:beforeSwap", remember);
document.addEventListener("htmx:oobBeforeSwap", remember);
// Who brings a part, and knows better where one goes on, says so first.
document.addEventListener("htmx:afterSettle", () => queueMicrotask(comeBack));
