// Small forms without a new page: what they say is sent, and the part of the page that they name is put in anew.
// Without this script the same forms lead to the same addresses and back.

const busy = new WeakSet();

async function send(form, submitter) {
  if (busy.has(form)) return;
  busy.add(form);
  const part = form.dataset.quick;
  const body = new FormData(form, submitter);
  try {
    const response = await fetch(form.action, { method: "POST", body, headers: { Accept: "text/html" } });
    if (response.redirected && new URL(response.url).pathname !== location.pathname) {
      location.assign(response.url);
      return;
    }
    const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
    if (!response.ok) {
      say(fresh.querySelector("main p:not(.numeral)")?.textContent ?? response.statusText, "error");
      return;
    }
    for (const selector of part.split(" ")) {
      const [old, now] = [document.querySelector(selector), fresh.querySelector(selector)];
      if (old && now) old.replaceWith(document.adoptNode(now));
    }
    const note = fresh.querySelector(".note");
    if (note) say(note.textContent, "success");
    setUp();
    document.querySelector(part.split(" ")[0])?.querySelector("input:checked, button, a")?.focus();
  } catch {
    form.submit(); // the browser says what is wrong with the connection
  } finally {
    busy.delete(form);
  }
}

function say(sentence, kind) {
  const live = document.querySelector("[data-quick-said]") ?? document.body.appendChild(Object.assign(
    document.createElement("p"), { className: "toast", role: "status" }));
  live.dataset.quickSaid = "";
  live.dataset.kind = kind;
  live.textContent = "";
  requestAnimationFrame(() => { live.textContent = sentence; });
  clearTimeout(say.timer);
  say.timer = setTimeout(() => { live.textContent = ""; }, 5000);
}

function setUp() {
  for (const form of document.querySelectorAll("form[data-quick]:not([data-ready])")) {
    form.dataset.ready = "";
    for (const button of form.querySelectorAll("[data-quick-hide]")) button.hidden = true;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      send(form, event.submitter);
    });
    // A pointer or a finger has chosen; with the arrow keys one is still on the way, and Enter sends.
    for (const choice of form.querySelectorAll("input[type=radio]")) {
      choice.addEventListener("click", (event) => {
        if (event.detail > 0) form.requestSubmit();
      });
      choice.addEventListener("keydown", (event) => {
        if (event.key === "Enter") form.requestSubmit();
      });
    }
  }
}

setUp();
