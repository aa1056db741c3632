// Forms in rows of a page: closed where they stand, and the focus stays near.
const section = (element) => element?.closest?.("section[aria-labelledby]");
const openers = new Map();
let nearest = null;

document.addEventListener("focusin", (event) => {
  nearest = section(event.target)?.getAttribute("aria-labelledby") ?? nearest;
});

document.addEventListener("htmx:beforeRequest", (event) => {
  const { target } = event.detail;
  if (target?.matches?.(".c-slot") && !target.contains(event.target)) openers.set(target.id, event.target);
});

function dismiss(form) {
  const slot = form.closest(".c-slot");
  if (form.closest("[data-done]")) {
    window.htmx.trigger(document.body, "activitiesChanged");
    return;
  }
  slot.replaceChildren();
  openers.get(slot.id)?.focus();
}

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-dismiss]")) dismiss(event.target.closest("form"));
});

document.addEventListener("keydown", (event) => {
  const form = event.key === "Escape" && event.target.closest?.("form[data-in-place]");
  if (form) dismiss(form);
});

document.addEventListener("htmx:afterSettle", (event) => {
  const { target } = event;
  if (target.matches?.(".c-slot, [data-done]")) {
    const first = "[data-focus], input:not([type='hidden']), select, textarea";
    (target.querySelector(first) ?? target.querySelector("button"))?.focus();
  } else if (["day", "list-body"].includes(target.id) && document.activeElement === document.body) {
    // What was brought anew took the focused element with it.
    document.getElementById(nearest)?.focus();
  }
});
