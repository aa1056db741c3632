// A line of tags: each typed word becomes a tag that can be taken off; others are proposed while one
// types. The field that is sent stays what it is without scripts, a text with commas between.
const BETWEEN = /[,;\n]/;
const WAIT = 150;
let count = 0;

const same = (one, other) => one.toLocaleLowerCase() === other.toLocaleLowerCase();
const split = (text) => text.split(BETWEEN).map((word) => word.trim().replace(/\s+/g, " ")).filter(Boolean);

function make(tag, className, attributes = {}) {
  const element = document.createElement(tag);
  element.className = className;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

// What names, describes and marks the field goes over to the one that people type in.
function takeOver(field, text) {
  for (const name of ["id", "required", "aria-describedby", "aria-invalid", "autofocus", "data-focus"]) {
    if (!field.hasAttribute(name)) continue;
    text.setAttribute(name, field.getAttribute(name));
    field.removeAttribute(name);
  }
}

function enhance(field) {
  if (field.type === "hidden") return;
  const hadFocus = field === document.activeElement;
  const { tags: address, remove, found } = field.dataset;
  const names = [];
  const box = make("div", "c-tag-field");
  const text = make("input", "c-tag-field__text", {
    type: "text",
    role: "combobox",
    autocomplete: "off",
    "aria-autocomplete": "list",
    "aria-expanded": "false",
  });
  const list = make("ul", "c-tag-field__list", { role: "listbox", id: `tags-${(count += 1)}` });
  list.hidden = true;
  text.setAttribute("aria-controls", list.id);
  takeOver(field, text);
  const isRequired = text.required;
  let asked = null;
  let waits = 0;
  const label = text.id && document.querySelector(`label[for="${CSS.escape(text.id)}"]`);
  if (label) list.setAttribute("aria-label", label.textContent.trim());

  const isTaken = (name) => names.some((each) => same(each, name));
  const options = () => [...list.children];
  const active = () => list.querySelector("[aria-selected='true']");

  // The text that is not a tag yet counts as well: whoever sends the form at once loses nothing.
  function keep(isDone) {
    field.value = [...names, ...split(text.value)].join(", ");
    if (isRequired) text.required = names.length === 0;
    if (isDone) {
      field.dispatchEvent(new Event("input", { bubbles: true }));
      field.dispatchEvent(new Event("change", { bubbles: true }));
    }
  }

  function chip(name) {
    const tag = make("span", "c-tag c-tag-field__tag");
    const off = make("button", "c-tag-field__off", { type: "button", "aria-label": remove.replace("{tag}", name) });
    off.append(document.createTextNode("×"));
    off.addEventListener("click", () => {
      names.splice(names.findIndex((each) => same(each, name)), 1);
      tag.remove();
      keep(true);
      text.focus();
    });
    tag.append(document.createTextNode(name), off);
    return tag;
  }

  function add(words, isDone = true) {
    for (const name of words) {
      if (isTaken(name)) continue;
      names.push(name);
      text.before(chip(name));
    }
    text.value = "";
    close();
    keep(isDone);
  }

  function close() {
    asked?.abort();
    clearTimeout(waits);
    list.hidden = true;
    list.replaceChildren();
    text.setAttribute("aria-expanded", "false");
    text.removeAttribute("aria-activedescendant");
  }

  async function propose() {
    asked?.abort();
    asked = new AbortController();
    const { signal } = asked;
    try {
      const answer = await fetch(`${address}?${new URLSearchParams({ q: text.value.trim() })}`, { signal });
      if (!answer.ok) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (signal.aborted || document.activeElement !== text) return;
      const items = [...page.querySelectorAll("[role='option']")].filter((item) => !isTaken(item.textContent));
      items.forEach((item, place) => {
        item.id = `${list.id}-${place}`;
        item.setAttribute("aria-selected", "false");
      });
      list.replaceChildren(...items);
      list.hidden = items.length === 0;
      text.setAttribute("aria-expanded", String(items.length > 0));
      text.removeAttribute("aria-activedescendant");
      document.getElementById("live").textContent = found.replace("{n}", String(items.length));
    } catch {
      // Proposals are a help; without them one types the whole word.
    }
  }

  function move(step) {
    const all = options();
    if (all.length === 0) return;
    const at = all.indexOf(active());
    const next = all.at(at < 0 ? (step > 0 ? 0 : -1) : (at + step + all.length) % all.length);
    for (const item of all) item.setAttribute("aria-selected", String(item === next));
    text.setAttribute("aria-activedescendant", next.id);
    next.scrollIntoView({ block: "nearest" });
  }

  text.addEventListener("input", () => {
    if (BETWEEN.test(text.value)) {
      const words = split(text.value);
      add(words);
      return;
    }
    keep(false);
    clearTimeout(waits);
    if (text.value.trim()) waits = setTimeout(propose, WAIT);
    else close();
  });

  text.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    const isOpen = !list.hidden;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (isOpen) move(event.key === "ArrowDown" ? 1 : -1);
      else propose();
    } else if (event.key === "Enter" && !event.ctrlKey && !event.metaKey) {
      const words = isOpen && active() ? [active().textContent] : split(text.value);
      if (words.length === 0) return;
      event.preventDefault();
      add(words);
    } else if (event.key === "Escape" && isOpen) {
      event.preventDefault();
      event.stopPropagation();
      close();
    } else if (event.key === "Backspace" && text.value === "" && names.length > 0) {
      event.preventDefault();
      names.pop();
      box.querySelector(".c-tag-field__tag:last-of-type")?.remove();
      keep(true);
    }
  });

  // The press of a button would take the focus from the text before the click is there.
  list.addEventListener("pointerdown", (event) => event.preventDefault());
  list.addEventListener("click", (event) => {
    const item = event.target.closest("[role='option']");
    if (!item) return;
    add([item.textContent]);
    text.focus();
  });

  text.addEventListener("blur", () => {
    close();
    if (text.value.trim()) add(split(text.value));
  });
  box.addEventListener("click", (event) => {
    if (event.target === box) text.focus();
  });

  const words = split(field.value);
  field.type = "hidden";
  field.before(box);
  box.append(text, list);
  add(words, false);
  if (hadFocus) text.focus();
}

const enhanceAll = () => document.querySelectorAll("input[data-tags]").forEach(enhance);
document.addEventListener("htmx:afterSettle", enhanceAll);
enhanceAll();
