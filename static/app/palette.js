// The palette: records from the server, commands from the page itself, one list to choose from.
const DELAY = 150;
const LEAST = 2;
const MOST_AT_FIRST = 8; // commands of a group before anything is typed
const dialog = document.getElementById("palette");
const input = document.getElementById("palette-query");
const list = document.getElementById("palette-list");
const words = dialog.dataset;
let brought = document.createElement("div");
let isBroken = false;
let timer = 0;
let asking = null;
let active = null;
let subject = "";
let counter = 0;
let page = null;

// What the page offers

const folded = (text) =>
  text.normalize("NFD").replace(/\p{Diacritic}/gu, "").toLowerCase();

const act = (element) => (element.matches("summary") ? openMenu(element) : element.click());

function command(element) {
  return {
    label: page.labelOf(element),
    href: element.matches("a[href]") ? element.href : "",
    keys: page.keysOf(element),
    icon: element.querySelector("svg"),
    // What stands in a template cannot be clicked.
    run: () => (element.isConnected ? act(element) : go(element)),
  };
}

function go(element) {
  const url = element.getAttribute("href");
  if ("dialog" in element.dataset) window.htmx.ajax("GET", url, { target: "#dialog", swap: "innerHTML" });
  else location.assign(url);
}

function unique(commands) {
  const seen = new Set();
  return commands.filter(({ label }) => label && !seen.has(label) && seen.add(label));
}

// The buttons of the page: what one may not do has none. Their links keep what they do by htmx.
function ofPage() {
  const bar = "#main .c-commands :is(a, button):not(.c-commands__phone)";
  const buttons = [...page.keyed(), ...document.querySelectorAll(bar)];
  const none = "input, [aria-disabled='true'], [aria-pressed], .c-composer__tab, [data-key='.']";
  return unique(buttons.filter((element) => !element.matches(none)).map(command));
}

function openMenu(summary) {
  summary.click();
  summary.parentElement.querySelector(".c-menu__item")?.focus();
}

function groups() {
  const name = document.querySelector(".c-record__head h1")?.textContent.trim();
  const made = document.getElementById("palette-create").content;
  const every = (selector, root = document) => [...root.querySelectorAll(selector)].map(command);
  return {
    page: { label: name ? words.on.replace("{name}", name) : words.page, commands: ofPage() },
    create: { label: words.create, commands: every("a", made) },
    goto: { label: words.goto, commands: unique(every(".c-nav a.c-nav__link")) },
    settings: { label: words.settings, commands: unique(every(".c-top .c-user ~ * .c-menu__item")) },
  };
}

// The list

function mark(label, asked) {
  const plain = folded(label);
  const text = document.createElement("span");
  text.className = "c-palette__text";
  // Where folding changes the length nothing is marked: the places would be wrong.
  const spans = plain.length === label.length ? asked.filter((word) => plain.includes(word)) : [];
  let at = 0;
  const starts = spans.map((word) => [plain.indexOf(word), word.length]).sort((a, b) => a[0] - b[0]);
  for (const [start, length] of starts) {
    if (start < at) continue;
    const found = document.createElement("mark");
    found.textContent = label.slice(start, start + length);
    text.append(label.slice(at, start), found);
    at = start + length;
  }
  text.append(label.slice(at));
  return text;
}

function option(each, asked) {
  const made = document.createElement(each.href ? "a" : "button");
  if (each.href) made.href = each.href;
  else made.type = "button";
  made.className = "c-palette__option";
  made.id = `palette-command-${(counter += 1)}`;
  made.setAttribute("role", "option");
  made.tabIndex = -1;
  made.run = each.run;
  const icon = document.createElement("span");
  icon.className = "c-palette__icon";
  if (each.icon) icon.append(each.icon.cloneNode(true));
  made.append(icon, mark(each.label, asked));
  const keys = document.createElement("span");
  keys.className = "c-palette__keys";
  for (const name of each.keys) {
    const key = document.createElement("kbd");
    key.className = "c-key";
    key.dataset.single = "";
    key.textContent = name;
    keys.append(key);
  }
  if (each.keys.length > 0) made.append(keys);
  return made;
}

function group(name, { label, commands }, asked) {
  const part = document.createElement("div");
  part.setAttribute("role", "group");
  part.setAttribute("aria-labelledby", `palette-group-${name}`);
  const head = document.createElement("div");
  head.className = "c-palette__head";
  head.id = `palette-group-${name}`;
  head.textContent = label;
  part.append(head, ...commands.map((each) => option(each, asked)));
  return part;
}

function draw() {
  const text = input.value.trim();
  const isCommands = text.startsWith(">");
  const asked = folded(isCommands ? text.slice(1) : text).split(/\s+/).filter(Boolean);
  const isMeant = ({ label }) => asked.every((word) => folded(label).includes(word));
  const parts = isCommands ? [] : [...brought.children];
  const isEmpty = text === "";
  for (const [name, each] of Object.entries(groups())) {
    // Before anything is typed the page's own come first, and the rest waits to be asked for.
    if (isEmpty && !isBroken && !["page", "create"].includes(name)) continue;
    const commands = each.commands.filter(isMeant);
    const meant = { ...each, commands: isEmpty ? commands.slice(0, MOST_AT_FIRST) : commands };
    if (meant.commands.length === 0) continue;
    const there = name === "goto" && parts.find((part) => part.dataset.group === "goto");
    if (there) for (const one of meant.commands) there.append(option(one, asked));
    else parts.push(group(name, meant, asked));
  }
  if (isBroken && !isCommands) parts.push(notice(words.broken));
  list.replaceChildren(...parts);
  if (options().length === 0 && !isBroken) list.append(notice(words.none));
  choose(options()[0] ?? null, { isQuiet: true });
}

function notice(text) {
  const made = document.createElement("div");
  made.className = "c-palette__notice";
  made.setAttribute("role", "presentation");
  made.textContent = text;
  return made;
}

const options = () =>
  [...list.querySelectorAll("[role='option']")].filter((each) => !each.closest("[hidden]"));

function choose(next, { isQuiet = false } = {}) {
  active?.setAttribute("aria-selected", "false");
  active = next;
  if (!active) {
    input.removeAttribute("aria-activedescendant");
    return;
  }
  active.setAttribute("aria-selected", "true");
  input.setAttribute("aria-activedescendant", active.id);
  if (active.dataset.record) show(active.id);
  if (!isQuiet) active.scrollIntoView({ block: "nearest" });
  else list.scrollTop = 0;
}

// Below the records stand the actions on the one that was chosen last.
function show(id) {
  subject = id;
  for (const part of list.querySelectorAll("[data-of]")) part.hidden = part.dataset.of !== id;
}

const actionsOf = (id) => [...list.querySelectorAll(`[data-of="${CSS.escape(id)}"] [role='option']`)];

function move(step) {
  const all = options();
  if (all.length === 0) return;
  choose(all[(all.indexOf(active) + step + all.length) % all.length]);
}

// What the server knows

function wait() {
  clearTimeout(timer);
  timer = setTimeout(ask, DELAY);
}

async function ask() {
  const text = input.value.trim();
  asking?.abort();
  if (text.startsWith(">") || (text.length > 0 && text.length < LEAST)) {
    take("", false);
    return;
  }
  asking = new AbortController();
  const address = new URL(words.url, location.href);
  address.search = new URLSearchParams({ q: text, scope: scope().kind });
  list.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(address, { signal: asking.signal, headers: { "HX-Request": "true" } });
    // Whoever has been signed out in the meantime is led to the door, which is no answer.
    if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
    take(await answer.text(), false);
  } catch (error) {
    if (error.name !== "AbortError") take("", true);
  }
}

function take(html, isWrong) {
  isBroken = isWrong;
  list.removeAttribute("aria-busy");
  const parsed = new DOMParser().parseFromString(html, "text/html");
  brought = document.createElement("div");
  brought.append(...parsed.body.children);
  // Where one is already one need not be led.
  brought.querySelector(`[data-recent][href="${CSS.escape(location.pathname)}"]`)?.remove();
  draw();
  document.getElementById("palette-count").textContent = isWrong
    ? words.broken
    : words.count.replace("{n}", options().length);
}

async function tellVisits() {
  const opened = page.visits.all();
  if (opened.length === 0) return;
  const body = new URLSearchParams(opened.map((each) => ["opened", each]));
  const headers = JSON.parse(document.body.getAttribute("hx-headers"));
  try {
    const answer = await fetch(words.opened, { method: "POST", body, headers });
    if (answer.ok && !answer.redirected) page.visits.keep([]);
  } catch {
    // They are told the next time.
  }
}

// Where one is

function scope() {
  const table = document.querySelector("table[data-list][data-kind]");
  const kind = table?.dataset.kind ?? (document.getElementById("board") ? "opportunity" : "");
  const total = table && document.querySelector(".c-list__foot strong")?.textContent;
  const title = document.querySelector(".c-page-head__title")?.textContent.trim() ?? "";
  return { kind, text: total ? words.view.replace("{list}", title).replace("{n}", total) : title };
}

function showScope() {
  const chip = document.getElementById("palette-scope");
  const { kind, text } = scope();
  chip.hidden = !kind;
  chip.className = `c-palette__scope c-palette__scope--${kind}`;
  chip.textContent = text;
}

// Opening, choosing, leaving

// `offered` is what the page has of its own: its keys, and the records that were opened.
export async function open(offered) {
  page = offered;
  isBroken = false;
  brought = document.createElement("div");
  showScope();
  draw();
  await tellVisits();
  if (dialog.open) ask();
}

function run(each, isElsewhere) {
  if (!each) return;
  if (isElsewhere && each.href) {
    window.open(each.href, "_blank", "noopener");
    return;
  }
  dialog.close();
  if (each.run) each.run();
  else go(each);
}

input.addEventListener("input", () => {
  draw();
  wait();
});

input.addEventListener("keydown", (event) => {
  if (event.isComposing) return;
  const isCommand = event.ctrlKey || event.metaKey;
  if (event.key === "ArrowDown") move(1);
  else if (event.key === "ArrowUp") move(-1);
  else if (event.key === "Enter") run(active, isCommand);
  else if (event.key === "Tab" && !event.shiftKey && active?.dataset.record && actionsOf(active.id).length) {
    choose(actionsOf(active.id)[0]);
  } else if (event.key === "Tab" && event.shiftKey && active?.closest("[data-of]")) {
    choose(document.getElementById(subject));
  } else return;
  event.preventDefault();
});

list.addEventListener("pointermove", (event) => {
  const each = event.target.closest("[role='option']");
  if (each && each !== active) choose(each);
});

list.addEventListener("click", (event) => {
  const each = event.target.closest("[role='option']");
  if (!each) return;
  event.preventDefault();
  run(each, event.ctrlKey || event.metaKey);
});

// A click beside the palette closes it: the dialog itself is hit there, and nothing in it.
dialog.addEventListener("click", (event) => {
  if (event.target === dialog) dialog.close();
});

dialog.addEventListener("close", () => {
  clearTimeout(timer);
  asking?.abort();
});
