// Conditions: what the buttons of the editor do by sending the form happens at once, in place. The
// server draws the rows; here they only take the place of those that stand.
const running = new WeakMap();

async function ask(editor, edits, signal) {
  const form = editor.closest("form");
  const body = new FormData(form);
  for (const edit of edits) body.append(`${editor.dataset.condition}-edit`, edit);
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

// A menu that was changed keeps the focus; a button hands it on to what it brought. Who has gone
// somewhere else since it was pressed stays there.
function replaceRows(editor, fresh, isChoice, focusedThen) {
  const focused = document.activeElement;
  const isInside = focused === document.body || editor.contains(focused);
  const isElsewhere = !isInside && focused !== focusedThen;
  const { id, selectionStart, selectionEnd } = focused;
  const rows = fresh.querySelector(":scope > [role='group']");
  const next = rows.querySelector("[autofocus]");
  // The browser would complain that something has the focus already.
  next?.removeAttribute("autofocus");
  editor.querySelector(":scope > [role='group']").replaceWith(rows);
  if (isElsewhere) return;
  const same = id && document.getElementById(id);
  const target = isChoice ? (same ?? next) : (next ?? same);
  target?.focus();
  if (target?.id === id && selectionStart != null) {
    target.setSelectionRange?.(selectionStart, selectionEnd);
  }
}

// What is pressed or typed while rows are on their way is asked for once more, together with what
// was: all places are those of the rows that stand.
async function update(editor, edit = "") {
  const before = running.get(editor);
  before?.controller.abort();
  const edits = [...(before?.edits ?? []), ...(edit ? [edit] : [])];
  const focused = document.activeElement;
  const mine = { controller: new AbortController(), edits };
  running.set(editor, mine);
  const isForWords = edits.length === 0;
  try {
    const fresh = await ask(editor, isForWords ? ["words"] : edits, mine.controller.signal);
    if (running.get(editor) !== mine) return;
    running.delete(editor);
    if (!fresh) {
      if (!isForWords) sendWhole(editor, edits.at(-1));
      return;
    }
    if (!isForWords) replaceRows(editor, fresh, edits.at(-1).startsWith("apply"), focused);
    sayInWords(editor, fresh.querySelector(":scope > [role='status']").childNodes);
  } catch {
    if (running.get(editor) !== mine) return;
    running.delete(editor);
    if (!isForWords) sayInWords(editor, [editor.dataset.offline]);
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest(".c-condition button[name]");
  if (!button) return;
  event.preventDefault();
  update(button.closest(".c-condition"), button.value);
});

document.addEventListener("change", (event) => {
  const editor = event.target.closest(".c-condition");
  if (editor) update(editor, event.target.dataset.shapes);
});

document.addEventListener("input", (event) => {
  const editor = event.target.closest(".c-condition");
  if (editor && running.get(editor)?.edits.length) update(editor);
});
