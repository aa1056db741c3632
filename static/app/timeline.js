// Writing on a timeline: colleagues behind an @, files that are dropped or chosen, long texts that
// unfold in their place, and the question after a task was ticked off.
const ASK_AFTER = 150;
const NAME = /(?:^|[^\w@.])@([^\n@"]{0,40})$/;

// Colleagues: a list below the field, moved through by the arrows, taken by Enter or Tab.

let field = null;
let asked = 0;

const list = document.createElement("ul");
list.className = "c-people";
list.id = "people";
list.hidden = true;
list.setAttribute("role", "listbox");

const options = () => [...list.querySelectorAll("[role='option']")];
const current = () => list.querySelector("[aria-selected='true']");

function typed() {
  const found = field.value.slice(0, field.selectionStart).match(NAME);
  return found ? found[1] : null;
}

function close() {
  list.hidden = true;
  field?.removeAttribute("aria-activedescendant");
  field?.removeAttribute("aria-controls");
}

function choose(option) {
  for (const each of options()) each.setAttribute("aria-selected", String(each === option));
  if (!option) return;
  field.setAttribute("aria-activedescendant", option.id);
  option.scrollIntoView({ block: "nearest" });
}

async function ask() {
  const words = typed();
  if (words === null || words.split(/\s+/).length > 4) return close();
  const number = ++asked;
  const url = `${field.dataset.mentions}&q=${encodeURIComponent(words)}`;
  const answer = await fetch(url, { headers: { "HX-Request": "true" } }).catch(() => null);
  if (!answer?.ok || number !== asked || !field) return close();
  const parsed = new DOMParser().parseFromString(await answer.text(), "text/html");
  list.replaceChildren(...parsed.querySelectorAll("[role='option']"));
  if (options().length === 0 || typed() === null) return close();
  field.after(list);
  list.setAttribute("aria-label", field.dataset.people);
  list.hidden = false;
  field.setAttribute("aria-controls", list.id);
  choose(options()[0]);
  announce(options().map((each) => each.querySelector(".c-people__name").textContent).join(", "));
}

function announce(text) {
  document.getElementById("live").textContent = text;
}

function take(option) {
  const end = field.selectionStart;
  const start = end - typed().length - 1;
  field.setRangeText(`${option.dataset.insert} `, start, end, "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
  close();
  tellBlind(option);
}

// Whoever cannot see the record is not told: better to know that before it is saved.
function tellBlind(option) {
  if (!option.dataset.blind) return;
  const told = document.createElement("p");
  told.className = "c-meta c-people__blind";
  told.textContent = option.dataset.blind;
  const known = [...field.parentElement.querySelectorAll(".c-people__blind")];
  if (!known.some((each) => each.textContent === told.textContent)) list.after(told);
  announce(option.dataset.blind);
}

let timer = 0;
document.addEventListener("input", (event) => {
  if (!event.target.matches?.("textarea[data-mentions]")) return;
  field = event.target;
  field.setAttribute("aria-autocomplete", "list");
  clearTimeout(timer);
  if (typed() === null) close();
  else timer = setTimeout(ask, ASK_AFTER);
});

document.addEventListener(
  "keydown",
  (event) => {
    if (list.hidden || event.target !== field || event.isComposing) return;
    const all = options();
    const at = all.indexOf(current());
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const step = event.key === "ArrowDown" ? 1 : -1;
      choose(all.at((at + step + all.length) % all.length));
    } else if ((event.key === "Enter" && !event.ctrlKey && !event.metaKey) || event.key === "Tab") {
      if (at < 0) return;
      take(all[at]);
    } else if (event.key === "Escape") {
      close();
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  },
  true,
);

// Neither mouse nor finger takes the focus from the field.
list.addEventListener("mousedown", (event) => event.preventDefault());
list.addEventListener("click", (event) => {
  const option = event.target.closest("[role='option']");
  if (option) take(option);
});
document.addEventListener("focusout", (event) => {
  if (event.target === field) close();
});

// Files: chosen ones are listed with a button to leave them out; dropped and pasted ones are added.

const inputOf = (form) => form.querySelector("[data-attached] input[type='file']");

function listed(input) {
  const place = input.parentElement.querySelector("[data-chosen]");
  place.replaceChildren(
    ...[...input.files].map((file, number) => {
      const item = document.createElement("li");
      item.className = "c-file";
      const name = document.createElement("span");
      name.className = "c-file__name";
      name.textContent = file.name;
      const remove = document.createElement("button");
      remove.type = "button";
      remove.className = "c-textbutton";
      remove.textContent = input.dataset.remove;
      remove.setAttribute("aria-label", `${input.dataset.remove} ${file.name}`);
      remove.addEventListener("click", () => {
        setFiles(input, [...input.files].filter((_each, place) => place !== number));
        input.focus();
      });
      item.append(name, remove);
      return item;
    }),
  );
}

function setFiles(input, files) {
  const held = new DataTransfer();
  for (const file of files) held.items.add(file);
  input.files = held.files;
  listed(input);
}

document.addEventListener("change", (event) => {
  if (event.target.matches?.("[data-attached] input[type='file']")) listed(event.target);
});

const holdsFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");

document.addEventListener("dragover", (event) => {
  const form = event.target.closest?.("form[data-drop]");
  for (const each of document.querySelectorAll("form[data-drop]")) {
    each.toggleAttribute("data-over", each === form && holdsFiles(event));
  }
  // A file that is dropped beside the form would otherwise replace the page.
  if (holdsFiles(event)) event.preventDefault();
});

for (const leaving of ["dragleave", "dragend"]) {
  document.addEventListener(leaving, (event) => {
    if (!event.relatedTarget) {
      for (const each of document.querySelectorAll("[data-over]")) each.removeAttribute("data-over");
    }
  });
}

document.addEventListener("drop", (event) => {
  if (!holdsFiles(event)) return;
  event.preventDefault();
  const form = event.target.closest?.("form[data-drop]");
  form?.removeAttribute("data-over");
  const input = form && inputOf(form);
  if (input) setFiles(input, [...input.files, ...event.dataTransfer.files]);
});

document.addEventListener("paste", (event) => {
  const form = event.target.closest?.("form[data-drop]");
  const files = [...(event.clipboardData?.files ?? [])];
  const input = form && inputOf(form);
  if (!input || files.length === 0) return;
  event.preventDefault();
  setFiles(input, [...input.files, ...files]);
});

// Long texts unfold in their place; without scripts the link leads to the page of the entry.

function cut(root) {
  for (const link of root.querySelectorAll?.("[data-unfold]") ?? []) {
    const text = link.parentElement.querySelector(".c-note--cut");
    if (text && text.clientHeight > 0 && text.scrollHeight <= text.clientHeight) link.hidden = true;
  }
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-unfold]");
  if (link && !(event.ctrlKey || event.metaKey || event.shiftKey)) {
    event.preventDefault();
    const isOpen = link.parentElement.querySelector(".c-note").classList.toggle("c-note--cut");
    const words = link.firstChild;
    [words.textContent, link.dataset.unfold] = [link.dataset.unfold, words.textContent];
    link.setAttribute("aria-expanded", String(!isOpen));
  }
  const dismiss = event.target.closest("[data-dismiss]");
  const gone = dismiss && document.querySelector(dismiss.dataset.dismiss);
  if (gone) {
    const next = gone.nextElementSibling ?? gone.previousElementSibling;
    const target = next?.querySelector("button, a") ?? document.getElementById("main");
    gone.remove();
    target.focus();
  }
});

document.addEventListener("htmx:afterSettle", (event) => cut(event.target));
cut(document);

// A page that was opened to write something begins in the field for it.
if (location.hash === "#composer") {
  document.querySelector("#composer form :is(textarea, select, input:not([type='hidden'], [type='file']))")?.focus();
}
