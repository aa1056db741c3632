// The sign-in ends some day: the page warns two minutes before, and asks for it again in place. What
// was typed stays where it is, and what was asked for is asked for once more.
const WARN = 120000;
const SESSION = "/session/";
const { body } = document;
let endsAt = Date.now() + Number(body.dataset.session || 0) * 1000;
let timer;
const again = new Map(); // what is done once somebody is signed in, by who asked for it

const shown = () => document.querySelector("dialog[data-login]");
const warning = () => document.querySelector("[data-warning]");

// Both parts are fetched when they are needed: rarely, so no page carries them.
async function part(selector) {
  const answer = await fetch(`${SESSION}?parts=1`).catch(() => null);
  if (!answer?.ok) return null;
  const found = new DOMParser().parseFromString(await answer.text(), "text/html");
  return document.importNode(found.querySelector(selector), true);
}

function arm() {
  clearTimeout(timer);
  const left = endsAt - Date.now();
  if (left <= 0) return;
  timer = setTimeout(left > WARN ? nearly : ended, left > WARN ? left - WARN : left);
}

async function ask(method = "GET") {
  const token = JSON.parse(body.getAttribute("hx-headers"))["X-CSRFToken"];
  const answer = await fetch(SESSION, { method, headers: { "X-CSRFToken": token } });
  if (!answer.ok) throw new Error(String(answer.status));
  const state = await answer.json();
  endsAt = Date.now() + state.seconds * 1000;
  return state;
}

// Another tab may have gone on with the session: ask before anybody is warned.
async function nearly() {
  const state = await ask().catch(() => null);
  if (state && !state.who) return ended();
  if (state && state.seconds * 1000 <= WARN + 10000 && !warning()) warn();
  return arm();
}

async function warn() {
  const toast = await part("[data-warning]");
  if (!toast || warning()) return;
  let from = null;
  toast.addEventListener("focusin", ({ relatedTarget }) => {
    from = relatedTarget;
  });
  toast.querySelector("[data-extend]").addEventListener("click", async () => {
    const state = await ask("POST").catch(() => null);
    if (!state) return;
    toast.remove();
    // The focus goes back to where somebody came from to say so.
    (from?.isConnected ? from : document.getElementById("main")).focus();
    if (state.who) arm();
    else ended();
  });
  document.getElementById("toasts").append(toast);
}

async function ended() {
  warning()?.remove();
  const state = await ask().catch(() => null);
  if (state?.who) {
    arm();
    return;
  }
  if (!shown()) open();
}

// The tokens of the old session open nothing any more.
function renew(token) {
  body.setAttribute("hx-headers", JSON.stringify({ "X-CSRFToken": token }));
  for (const field of document.querySelectorAll("input[name='csrfmiddlewaretoken']")) {
    field.value = token;
  }
}

async function open() {
  const opener = document.activeElement;
  const dialog = await part("dialog[data-login]");
  if (!dialog || shown()) return;
  dialog.querySelector("[name='login']").value = body.dataset.email;
  const form = dialog.querySelector("form");
  const submit = form.querySelector("[type='submit']");
  const error = dialog.querySelector("[data-error]");
  const tell = (text) => {
    error.textContent = text;
    error.hidden = false;
    dialog.querySelector("[name='password']").focus();
  };
  const goOn = async (otherwise) => {
    const state = await ask().catch(() => null);
    if (!state?.who) {
      tell(otherwise);
      return;
    }
    // Somebody else's pages are not for who is here now.
    if (state.who !== body.dataset.person) {
      location.reload();
      return;
    }
    renew(state.token);
    dialog.close();
    arm();
    const acts = [...again.values()];
    again.clear();
    for (const act of acts) act();
  };
  dialog.addEventListener("cancel", (event) => event.preventDefault());
  dialog.addEventListener("close", () => {
    dialog.remove();
    opener?.focus?.();
  });
  dialog.querySelector("[data-check]").addEventListener("click", () => goOn(submit.dataset.still));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    submit.setAttribute("aria-busy", "true");
    const state = await ask().catch(() => null);
    const sent = new FormData(form);
    sent.set("csrfmiddlewaretoken", state?.token ?? "");
    const answer = await fetch(form.getAttribute("action"), {
      method: "POST",
      body: sent,
      headers: { "X-Requested-With": "XMLHttpRequest" },
    }).catch(() => null);
    submit.removeAttribute("aria-busy");
    if (!answer) tell(body.dataset.offline);
    else if (answer.ok) await goOn(submit.dataset.second);
    else tell(submit.dataset.failed);
  });
  body.append(dialog);
  dialog.showModal();
  dialog.querySelector("[name='password']").focus();
}

// What was sent, once more, with the token of the new session.
function repeat({ verb, path, formData, elt, target }) {
  if (!elt.isConnected) return;
  const values = {};
  for (const name of new Set(formData.keys())) {
    if (name === "csrfmiddlewaretoken") continue;
    const all = formData.getAll(name);
    values[name] = all.length > 1 ? all : all[0];
  }
  window.htmx.ajax(verb, path, { source: elt, target, values });
}

if (endsAt > Date.now()) {
  arm();
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible" && Date.now() > endsAt - WARN) nearly();
  });
  document.addEventListener("session-ended", () => {
    if (!shown()) open();
  });
  body.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.xhr.status !== 401) return;
    event.detail.shouldSwap = false;
    const asked = event.detail.requestConfig;
    again.set(asked.elt, () => repeat(asked));
    if (!shown()) open();
  });
  // A form that goes without htmx would take what was typed to the sign-in page, and lose it there.
  document.addEventListener(
    "submit",
    (event) => {
      const form = event.target;
      const isSent = form.method === "post" && !form.closest("dialog[data-login]");
      if (!isSent || Date.now() < endsAt || form.hasAttribute("hx-post")) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      const { submitter } = event;
      again.set(form, () => form.requestSubmit(submitter));
      ended();
    },
    true,
  );
}
