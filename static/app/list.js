// Lists: a row opens its record, J and K or the arrows move a cursor, Enter opens.
const rows = () => [...document.querySelectorAll("[data-row-href]")];
const hrefOf = (row) => row.dataset.rowHref || row.querySelector("th a").href;
const isControl = (target) => target.closest("a, button, input, select, label, summary, textarea, form");

document.addEventListener("click", (event) => {
  const row = event.target.closest("[data-row-href]");
  if (!row || isControl(event.target) || getSelection().toString()) return;
  if (event.ctrlKey || event.metaKey) window.open(hrefOf(row), "_blank", "noopener");
  else location.assign(hrefOf(row));
});

function moveCursor(step) {
  const all = rows();
  if (all.length === 0) return false;
  const at = all.findIndex((row) => "cursor" in row.dataset);
  const next = all[Math.max(0, Math.min(all.length - 1, at + step))];
  if (at >= 0) delete all[at].dataset.cursor;
  next.dataset.cursor = "";
  next.scrollIntoView({ block: "nearest" });
  next.querySelector("a")?.focus({ preventScroll: true });
  return true;
}

document.addEventListener("keydown", (event) => {
  if (document.body.dataset.shortcuts !== "on" || event.defaultPrevented) return;
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const { target } = event;
  if (target.matches("input:not([form='selection']), textarea, select")) return;
  if (document.querySelector("dialog[open], details.c-menu[open]")) return;
  const cursor = document.querySelector("[data-row-href][data-cursor]");
  let isDone = false;
  // Where something can be scrolled or chosen by the arrows, they do that.
  const arrows = cursor !== null || target === document.body;
  if (event.key === "j" || (arrows && event.key === "ArrowDown")) isDone = moveCursor(1);
  else if (event.key === "k" || (arrows && event.key === "ArrowUp")) isDone = moveCursor(-1);
  else if (event.key === "Enter" && cursor && !isControl(target)) {
    location.assign(hrefOf(cursor));
    isDone = true;
  }
  if (isDone) event.preventDefault();
});

// Of many tabs the current one is in sight.
function showTab() {
  const tab = document.querySelector(".c-views [aria-current]");
  tab?.scrollIntoView({ block: "nearest", inline: "nearest" });
}

document.addEventListener("htmx:afterSettle", showTab);
showTab();

// Of the pinned views that one is marked which the list shows now.
function markPinned() {
  const asked = new URLSearchParams(location.search);
  const number = asked.get("view") ?? asked.get("from");
  for (const link of document.querySelectorAll("a[data-view]")) {
    const { pathname } = new URL(link.href);
    const isHere = [pathname, `${pathname}board/`].includes(location.pathname);
    const begins = "begins" in link.dataset && location.search === "" && pathname === location.pathname;
    if (isHere && (number === link.dataset.view || begins)) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

document.addEventListener("htmx:pushedIntoHistory", markPinned);

// Filters that were set in a dialog: it closes, the list under it is shown anew, and the focus comes
// back to the chip that was opened, or to the new one.
const chips = () => [...document.querySelectorAll("#list .c-chip__text[href]")];
let chip = -1;

document.addEventListener("htmx:beforeRequest", ({ target }) => {
  if (target.closest("#list") && !target.closest("dialog")) chip = chips().indexOf(target);
});

document.addEventListener("filtered", async ({ detail: { url } }) => {
  const at = chip;
  document.querySelector("dialog[data-modal][open]")?.close();
  if (!document.getElementById("list")) {
    location.assign(url);
    return;
  }
  await window.htmx.ajax("GET", url, { target: "#list", swap: "outerHTML" });
  const all = chips();
  (all[at] ?? all.at(-1) ?? document.querySelector("#list [data-key='f']"))?.focus();
});
// Whoever comes back from a record stands on its row.
const number = location.hash.match(/^#row-(\d+)$/)?.[1];
const came = number && rows().find((row) => new URL(hrefOf(row), location).pathname.endsWith(`/${number}/`));
if (came) {
  came.dataset.cursor = "";
  came.scrollIntoView({ block: "center" });
  came.querySelector("a")?.focus({ preventScroll: true });
}
