// Messages at the bottom left: they leave by themselves, wait while read, and errors stay.
const SHORT = 6000;
const WITH_UNDO = 10000;
const NOTICED = 150; // until a reader of screens knows the region
const region = document.getElementById("toasts");

function arm(toast) {
  toast.dataset.live = "";
  toast.querySelector(".c-toast__close").addEventListener("click", () => toast.remove());
  if ("stays" in toast.dataset) return;
  let timer;
  const start = () => {
    clearTimeout(timer);
    timer = setTimeout(() => toast.remove(), toast.querySelector("form, a") ? WITH_UNDO : SHORT);
  };
  const pause = () => clearTimeout(timer);
  for (const event of ["pointerenter", "focusin"]) toast.addEventListener(event, pause);
  for (const event of ["pointerleave", "focusout"]) toast.addEventListener(event, start);
  start();
}

function icon(name) {
  const known = document.querySelector(".c-icon use").getAttribute("href").split("#")[0];
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "c-icon");
  svg.setAttribute("width", "18");
  svg.setAttribute("height", "18");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `${known}#${name}`);
  svg.append(use);
  return svg;
}

function button(className, label) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = className;
  if (label) made.textContent = label;
  return made;
}

function undoForm(url) {
  const form = document.createElement("form");
  form.method = "post";
  form.action = url;
  const token = document.createElement("input");
  token.type = "hidden";
  token.name = "csrfmiddlewaretoken";
  token.value = JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRFToken"];
  const submit = button("c-textbutton", document.body.dataset.undo);
  submit.type = "submit";
  form.append(token, submit);
  return form;
}

// {text, level: "error", undo: "/leads/7/undo/", link: {url, label}}; also by the header HX-Trigger: {"toast": {…}}.
export function show({ text, level, undo, link }) {
  const isError = level === "error";
  const toast = document.createElement("div");
  toast.className = "c-toast";
  if (isError) {
    toast.setAttribute("role", "alert");
    toast.dataset.stays = "";
  }
  const words = document.createElement("div");
  words.className = "c-toast__text";
  words.textContent = text;
  const close = button("c-toast__close");
  close.setAttribute("aria-label", document.body.dataset.close);
  close.append(icon("x"));
  toast.append(icon(isError ? "alert-circle" : "circle-check"), words);
  if (undo?.startsWith("/") && !undo.startsWith("//")) toast.append(undoForm(undo));
  if (link) {
    const way = document.createElement("a");
    way.className = "c-textbutton";
    way.href = link.url;
    way.textContent = link.label;
    toast.append(way);
  }
  toast.append(close);
  region.append(toast);
  welcome();
}

// What has come by whichever way takes the place of what was there, but for errors.
function welcome() {
  const fresh = region.querySelectorAll(".c-toast:not([data-live])");
  if (fresh.length === 0) return;
  for (const old of region.querySelectorAll(".c-toast[data-live]:not([data-stays])")) old.remove();
  fresh.forEach(arm);
}

// The page of a refusal says who can help.
function whyOf(page) {
  const why = new DOMParser().parseFromString(page, "text/html").querySelector("[data-why]");
  return why?.textContent.trim();
}

// A region tells what comes into it, not what it came with: so what is there already comes again.
function comeAgain() {
  const came = [...region.children];
  region.replaceChildren();
  setTimeout(() => {
    region.prepend(...came);
    welcome();
  }, NOTICED);
}

if (region) {
  if (region.children.length) comeAgain();
  document.addEventListener("htmx:afterSettle", welcome);
  document.body.addEventListener("toast", (event) => show(event.detail));
  document.body.addEventListener("announce", (event) => {
    document.getElementById("live").textContent = event.detail.text ?? event.detail.value ?? "";
  });
  for (const failure of ["htmx:sendError", "htmx:timeout"]) {
    document.body.addEventListener(failure, () => {
      show({ text: document.body.dataset.offline, level: "error" });
    });
  }
  document.body.addEventListener("htmx:responseError", (event) => {
    const { status, statusText, responseText } = event.detail.xhr;
    const { offline, unloaded } = document.body.dataset;
    const isRead = event.detail.requestConfig.verb === "get";
    if (status >= 500) show({ text: isRead ? unloaded : offline, level: "error" });
    else if (status === 403) show({ text: whyOf(responseText) || statusText || "403", level: "error" });
  });
}
