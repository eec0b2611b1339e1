// Ctrl-K: search over everything, as a dialog with a list that the arrow keys walk. The form in the bar works without it.
const form = document.querySelector("[data-palette]");
const dialog = document.createElement("dialog");
dialog.className = "palette";
dialog.setAttribute("aria-label", form.dataset.label);
dialog.innerHTML = `<input type="text" role="combobox" aria-expanded="true" aria-controls="palette-list"
  aria-autocomplete="list" autocomplete="off" maxlength="100"><div id="palette-list" role="listbox"></div>`;
document.body.append(dialog);
const [input, list] = dialog.children;
input.setAttribute("aria-label", form.dataset.label);
list.setAttribute("aria-label", form.dataset.label);

let options = [];
let chosen = -1;
let asked;
let latest = 0;

function choose(place) {
  options[chosen]?.setAttribute("aria-selected", "false");
  chosen = options.length ? (place + options.length) % options.length : -1;
  const option = options[chosen];
  option?.setAttribute("aria-selected", "true");
  option?.scrollIntoView({ block: "nearest" });
  if (option) input.setAttribute("aria-activedescendant", option.id);
  else input.removeAttribute("aria-activedescendant");
}

function show(groups) {
  options = [];
  list.replaceChildren(...groups.map(({ heading, hits }, number) => {
    const group = document.createElement("div");
    group.setAttribute("role", "group");
    group.setAttribute("aria-labelledby", `palette-${number}`);
    const name = document.createElement("div");
    name.id = `palette-${number}`;
    name.className = "palette__heading";
    name.textContent = heading;
    group.append(name, ...hits.map((hit) => {
      const option = document.createElement("div");
      option.setAttribute("role", "option");
      option.id = `palette-option-${options.length}`;
      option.dataset.url = hit.url;
      option.append(hit.label);
      if (hit.note) {
        const note = document.createElement("span");
        note.className = "soft";
        note.textContent = ` ${hit.note}`;
        option.append(note);
      }
      options.push(option);
      return option;
    }));
    return group;
  }));
  if (!options.length) {
    const nothing = document.createElement("div");
    nothing.setAttribute("role", "option");
    nothing.setAttribute("aria-disabled", "true");
    nothing.className = "soft";
    nothing.textContent = form.dataset.empty;
    list.append(nothing);
  }
  choose(0);
}

async function ask() {
  const mine = ++latest;
  const answer = await fetch(`${form.dataset.answers}?q=${encodeURIComponent(input.value)}`);
  if (answer.ok && mine === latest) show(await answer.json());
}

function open() {
  if (dialog.open) return;
  input.value = "";
  dialog.showModal();
  ask();
}

input.addEventListener("input", () => {
  clearTimeout(asked);
  asked = setTimeout(ask, 120);
});
dialog.addEventListener("keydown", (event) => {
  if (event.key === "ArrowDown") choose(chosen + 1);
  else if (event.key === "ArrowUp") choose(chosen - 1);
  else if (event.key === "Enter" && options[chosen]) location.assign(options[chosen].dataset.url);
  else return;
  event.preventDefault();
});
list.addEventListener("click", (event) => {
  const option = event.target.closest("[data-url]");
  if (option) location.assign(option.dataset.url);
});
dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
document.addEventListener("keydown", (event) => {
  if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "k") return;
  event.preventDefault();
  open();
});
form.querySelector("input").addEventListener("pointerdown", (event) => {
  event.preventDefault();
  open();
});
