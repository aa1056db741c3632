// The bell: its panel is fetched when it is opened, its number now and then while the page is seen.
const EVERY = 60000;
const bell = document.querySelector("[data-bell]");

async function look() {
  if (document.visibilityState !== "visible" || !navigator.onLine) return;
  const answer = await fetch(`${bell.dataset.bell}bell/`, { headers: { "HX-Request": "true" } }).catch(() => null);
  if (answer?.status === 401) document.dispatchEvent(new CustomEvent("session-ended"));
  if (!answer?.ok) return;
  const before = bell.querySelector("#bell-state");
  const found = new DOMParser().parseFromString(await answer.text(), "text/html");
  const after = found.getElementById("bell-state");
  if (!after || after.dataset.unread === before.dataset.unread) return;
  before.replaceWith(document.importNode(after, true));
  if (Number(after.dataset.unread) > Number(before.dataset.unread)) {
    document.getElementById("live").textContent = after.querySelector(".c-hidden").textContent;
  }
}

if (bell) {
  bell.addEventListener("toggle", () => {
    if (!bell.open) return;
    window.htmx.ajax("GET", `${bell.dataset.bell}panel/`, {
      source: bell,
      target: "#bell-panel",
      swap: "outerHTML",
    });
  });
  // Once all are read, the button that was pressed is gone.
  bell.addEventListener("htmx:afterSettle", () => {
    if (bell.open && document.activeElement === document.body) bell.querySelector("h2")?.focus();
  });
  let seen = Date.now();
  const now = () => {
    seen = Date.now();
    look();
  };
  setInterval(now, EVERY);
  // Who comes back to the page after a while need not wait for the next turn.
  document.addEventListener("visibilitychange", () => {
    if (Date.now() - seen > EVERY) now();
  });
}
