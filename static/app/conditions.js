// Conditions: what the buttons of the editor do by sending the form happens at once, in place. The
// server draws the rows; here they only take the place of those that stand.
const running = new WeakMap();

async function ask(editor, edit, signal) {
  const form = editor.closest("form");
  const body = new FormData(form);
  body.set(`${editor.dataset.condition}-edit`, edit);
  const address = form.getAttribute("action") || window.location.href;
  const answer = await fetch(address, { method: "POST", body, signal });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  return page.getElementById(editor.id);
}

function sayInWords(editor, html) {
  editor.querySelector(":scope > [role='status']").replaceChildren(...html);
}

// Whoever is not answered with an editor sends the form as without scripts, and sees why.
function sendWhole(editor, edit) {
  const button = document.createElement("button");
  Object.assign(button, { name: `${editor.dataset.condition}-edit`, value: edit, hidden: true });
  button.formNoValidate = true;
  editor.append(button);
  editor.closest("form").requestSubmit(button);
}

function replaceRows(editor, fresh) {
  const focused = document.activeElement;
  const { id, selectionStart, selectionEnd } = editor.contains(focused) ? focused : {};
  const rows = fresh.querySelector(":scope > [role='group']");
  editor.querySelector(":scope > [role='group']").replaceWith(rows);
  const target = rows.querySelector("[autofocus]") ?? (id && document.getElementById(id));
  target?.focus();
  if (target?.id === id && selectionStart != null) {
    target.setSelectionRange?.(selectionStart, selectionEnd);
  }
}

async function update(editor, edit, keepsRows) {
  const before = running.get(editor);
  before?.controller.abort();
  const mine = { controller: new AbortController(), edit, keepsRows };
  running.set(editor, mine);
  try {
    const fresh = await ask(editor, edit, mine.controller.signal);
    if (running.get(editor) !== mine) return;
    running.delete(editor);
    if (!fresh) {
      if (!keepsRows) sendWhole(editor, edit);
      return;
    }
    if (!keepsRows) replaceRows(editor, fresh);
    sayInWords(editor, fresh.querySelector(":scope > [role='status']").childNodes);
  } catch (failure) {
    if (running.get(editor) !== mine) return;
    running.delete(editor);
    if (!keepsRows) sayInWords(editor, [editor.dataset.offline]);
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest(".c-condition button[name]");
  if (!button) return;
  event.preventDefault();
  update(button.closest(".c-condition"), button.value, false);
});

document.addEventListener("change", (event) => {
  const editor = event.target.closest(".c-condition");
  if (!editor) return;
  const { shapes } = event.target.dataset;
  // A value changes the words only, unless rows are on their way that would not know it.
  const waiting = running.get(editor);
  if (shapes) update(editor, shapes, false);
  else update(editor, waiting?.edit ?? "words", waiting?.keepsRows ?? true);
});

// What is typed while rows are on their way goes along: ask once more.
document.addEventListener("input", (event) => {
  const editor = event.target.closest(".c-condition");
  const waiting = editor && running.get(editor);
  if (waiting && !waiting.keepsRows) update(editor, waiting.edit, false);
});
