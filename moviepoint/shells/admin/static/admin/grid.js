// Cells of a list changed in place: double-click, Enter or F2; Esc leaves, Enter saves, arrows move from cell to cell.
// Work that goes on is asked about until it ends.
const token = document.querySelector("meta[name=csrf-token]").content;
const grid = document.querySelector("[data-grid]");
const cells = () => [...grid.querySelectorAll("[data-cell]")];

function reach(cell) {
  for (const other of cells()) other.tabIndex = -1;
  cell.tabIndex = 0;
}

function step(cell, key) {
  const row = [...cell.parentElement.querySelectorAll("[data-cell]")];
  const place = row.indexOf(cell);
  if (key === "ArrowLeft" || key === "ArrowRight") return row[place + (key === "ArrowLeft" ? -1 : 1)];
  const next = key === "ArrowUp" ? cell.parentElement.previousElementSibling : cell.parentElement.nextElementSibling;
  return next?.querySelectorAll("[data-cell]")[place];
}

function editor(cell) {
  let input = document.createElement("input");
  if (cell.dataset.cell === "status") {
    input = document.createElement("select");
    const choices = JSON.parse(grid.dataset.choices);
    if (!(cell.dataset.value in choices)) input.append(new Option("", cell.dataset.value));
    for (const [value, label] of Object.entries(choices)) input.append(new Option(label, value));
  } else if (cell.dataset.cell === "year") {
    input.inputMode = "numeric";
  }
  input.value = cell.dataset.value;
  input.setAttribute("aria-label", cell.dataset.label);
  input.className = "cell-input";
  return input;
}

function open(cell) {
  if (cell.querySelector(".cell-input")) return;
  reach(cell);
  const kept = [...cell.childNodes];
  const input = editor(cell);
  let saving = false;
  let closed = false;
  const close = (focus) => {
    closed = true;  // taking the field away blurs it, which is no wish to save
    cell.replaceChildren(...kept);
    if (focus) cell.focus();
  };
  const save = async (focus) => {
    if (saving || closed) return;
    if (input.value === cell.dataset.value) { close(focus); return; }
    saving = true;
    input.disabled = true;
    const fault = await send(cell, input.value);
    saving = false;
    if (!fault) { close(focus); return; }
    input.disabled = false;
    refuse(cell, input, fault);
    if (focus) input.focus();
  };
  input.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key === "Escape" && !saving) close(true);
    else if (event.key === "Enter") { event.preventDefault(); save(true); }
  });
  input.addEventListener("blur", () => { if (!input.disabled) save(false); });
  cell.replaceChildren(input);
  input.focus();
  input.select?.();
}

async function send(cell, value) {
  const row = cell.closest("[data-address]");
  const body = new URLSearchParams({ field: cell.dataset.cell, value, version: row.dataset.version });
  let answer;
  try {
    const response = await fetch(row.dataset.address, { method: "POST", body, headers: { "X-CSRFToken": token } });
    answer = await response.json();
  } catch {
    return document.getElementById("said").dataset.failed;
  }
  if (answer.error || answer.version === undefined) {
    return answer.error ?? answer.detail ?? document.getElementById("said").dataset.failed;
  }
  row.dataset.version = answer.version;
  cell.dataset.value = answer.value;
  setTimeout(() => show(cell, answer), 0);  // after the cell has its own content again
  return "";
}

function show(cell, answer) {
  const shown = cell.querySelector("[data-shown]");
  shown.textContent = answer.shown;
  if (cell.dataset.cell === "status") shown.className = `state state--${answer.value}`;
  cell.classList.add("cell-saved");
  setTimeout(() => cell.classList.remove("cell-saved"), 1200);
  document.getElementById("said").textContent = `${cell.dataset.label}: ${answer.shown}`;
}

function refuse(cell, input, fault) {
  cell.querySelector(".fault")?.remove();
  const said = document.createElement("span");
  said.className = "fault";
  said.id = "cell-fault";
  said.setAttribute("role", "alert");
  said.textContent = fault;
  input.setAttribute("aria-invalid", "true");
  input.setAttribute("aria-describedby", "cell-fault");
  cell.append(said);
}

if (grid) {
  grid.setAttribute("role", "grid");
  document.querySelector("[data-grid-help]").hidden = false;
  for (const cell of cells()) cell.tabIndex = -1;
  if (cells()[0]) cells()[0].tabIndex = 0;
  grid.addEventListener("dblclick", (event) => {
    const cell = event.target.closest("[data-cell]");
    if (cell) open(cell);
  });
  grid.addEventListener("focusin", (event) => {
    if (event.target.matches("[data-cell]")) reach(event.target);
  });
  grid.addEventListener("keydown", (event) => {
    const cell = event.target;
    if (!cell.matches("[data-cell]")) return;
    if (event.key === "Enter" || event.key === "F2") { event.preventDefault(); open(cell); }
    else if (event.key.startsWith("Arrow")) {
      const next = step(cell, event.key);
      if (!next) return;
      event.preventDefault();
      next.focus();
    }
  });
}

for (const place of document.querySelectorAll("[data-poll]")) {
  const ask = async () => {
    const answer = await fetch(place.dataset.poll);
    if (answer.ok) place.innerHTML = await answer.text();
    if (answer.ok && ["queued", "running"].includes(place.firstElementChild?.dataset.state)) setTimeout(ask, 1500);
  };
  setTimeout(ask, 1500);
}
