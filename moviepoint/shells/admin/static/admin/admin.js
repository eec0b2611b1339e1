// Help for forms that work without it: asking first, rows that come, go and move, what is not saved yet, light or dark.
const said = document.getElementById("said");
const say = (text) => { said.textContent = text; };

// Asking before what cannot be undone.
const dialog = document.querySelector("dialog.ask");
document.addEventListener("submit", (event) => {
  const { target: form, submitter } = event;
  const question = submitter?.dataset.confirm ?? form.dataset.confirm;
  if (!question || form.dataset.answered) return;
  event.preventDefault();
  dialog.querySelector("p").textContent = question;
  dialog.onclose = () => {
    if (dialog.returnValue !== "yes") return;
    form.dataset.answered = "yes";
    form.requestSubmit(submitter);
    delete form.dataset.answered;
  };
  dialog.returnValue = "";
  dialog.showModal();
});

// Rows of a table in a form: their fields are named `table-NUMBER-field`.
function renumber(body) {
  [...body.rows].forEach((row, number) => {
    for (const input of row.querySelectorAll("input, select, textarea")) {
      input.name = input.name.replace(/-\d+-/, `-${number}-`);
      if (input.id) input.id = input.id.replace(/-\d+-/, `-${number}-`);
    }
  });
}

function addRow(body) {
  const row = body.lastElementChild.cloneNode(true);
  for (const input of row.querySelectorAll("input, select")) {
    if (input.type === "checkbox") input.checked = false;
    else input.value = "";
    input.removeAttribute("aria-activedescendant");
  }
  row.querySelectorAll("[role=listbox]").forEach((list) => list.remove());
  body.append(row);
  renumber(body);
  makeMovable(body);
  row.querySelector("input:not([type=hidden]), select")?.focus();
}

for (const button of document.querySelectorAll("[data-add-row]")) {
  button.hidden = false;
  button.addEventListener("click", () => addRow(document.getElementById(button.dataset.addRow)));
}

function move(row, step) {
  const other = step < 0 ? row.previousElementSibling : row.nextElementSibling;
  if (!other) return;
  // The neighbour moves and not the row: a handle that leaves the page would lose its pointer.
  if (step < 0) row.after(other); else row.before(other);
  renumber(row.parentElement);
  touched(row.closest("form"));
  say(said.dataset.moved.replace("{}", row.rowIndex));
}

// Alt with an arrow moves a row; its handle moves it by pointer.
document.addEventListener("keydown", (event) => {
  if (!event.altKey || !["ArrowUp", "ArrowDown"].includes(event.key)) return;
  const row = event.target.closest("[data-sortable] > tr");
  if (!row) return;
  event.preventDefault();
  move(row, event.key === "ArrowUp" ? -1 : 1);
  event.target.focus();
});

function makeMovable(body) {
  for (const row of body.rows) {
    if (row.querySelector(".handle")) continue;
    const handle = document.createElement("span");
    handle.className = "handle";
    handle.setAttribute("aria-hidden", "true");
    row.cells[0].prepend(handle);
    row.cells[0].classList.add("has-handle");
  }
}
document.querySelectorAll("[data-sortable]").forEach(makeMovable);

document.addEventListener("pointerdown", (event) => {
  const handle = event.target.closest(".handle");
  if (!handle) return;
  const row = handle.closest("tr");
  event.preventDefault();
  handle.setPointerCapture(event.pointerId);
  row.classList.add("moving");
  const follow = ({ clientY }) => {
    const { top, bottom } = row.getBoundingClientRect();
    if (clientY < top) move(row, -1);
    else if (clientY > bottom) move(row, 1);
  };
  handle.addEventListener("pointermove", follow);
  handle.addEventListener("lostpointercapture", () => {
    handle.removeEventListener("pointermove", follow);
    row.classList.remove("moving");
  }, { once: true });
});

// What is not saved yet: said in the save bar, asked about on leaving, saved by Ctrl-S.
function touched(form) {
  if (!form?.matches("[data-guard]")) return;
  form.classList.add("touched");
  form.querySelector(".save-bar")?.setAttribute("data-said", said.dataset.unsaved);
}
document.addEventListener("input", (event) => touched(event.target.closest("form")));
document.addEventListener("submit", (event) => {
  if (!event.defaultPrevented) event.target.classList.remove("touched");
});
window.addEventListener("beforeunload", (event) => {
  if (document.querySelector("form.touched")) event.preventDefault();
});
document.addEventListener("keydown", (event) => {
  if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "s") return;
  const form = document.activeElement?.closest("form[data-guard]") ?? document.querySelector("form[data-guard]");
  if (!form) return;
  event.preventDefault();
  form.requestSubmit(form.querySelector(".button--main"));
});

// Looking up one of a kind of content: the words go into the field, the id into the hidden field beside it.
let asked;
document.addEventListener("input", (event) => {
  const input = event.target;
  if (!input.matches("[data-lookup]")) return;
  const hidden = input.parentElement.querySelector("[type=hidden]");
  const list = input.list;
  const known = [...list.options].find((option) => option.value === input.value);
  hidden.value = known?.dataset.id ?? "";
  if (known || input.value.length < 2) return;
  clearTimeout(asked);
  asked = setTimeout(async () => {
    const answer = await fetch(`/admin/find/one/${input.dataset.lookup}?q=${encodeURIComponent(input.value)}`);
    if (!answer.ok) return;
    list.replaceChildren(...(await answer.json()).map((hit) => {
      const option = new Option(hit.note, hit.label);
      option.dataset.id = hit.id;
      return option;
    }));
  }, 150);
});

for (const button of document.querySelectorAll("[data-scheme-switch]")) {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  button.hidden = false;
  button.addEventListener("click", () => {
    const root = document.documentElement;
    const present = root.dataset.scheme ?? (dark.matches ? "dark" : "light");
    root.dataset.scheme = present === "dark" ? "light" : "dark";
    try {
      localStorage.setItem("scheme", root.dataset.scheme);
    } catch {
      // The choice then lasts for this page.
    }
  });
}
