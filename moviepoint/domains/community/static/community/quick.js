// What htmx leaves open about forms whose answer replaces a part of the page: what is said, and where the focus goes.
// Without scripts the same forms lead to the same addresses and back.

function heard(event) {
  const { text, request, response: { raw } } = event.detail.ctx;
  if (raw.redirected && new URL(raw.url).pathname !== location.pathname) {
    event.preventDefault();
    location.assign(raw.url);
    return;
  }
  const page = new DOMParser().parseFromString(text, "text/html");
  if (!raw.ok) {
    event.preventDefault();
    request.form?.reset(); // what was chosen does not hold
    say(page.querySelector("main p:not(.numeral)")?.textContent ?? raw.statusText, "error");
    return;
  }
  const note = page.querySelector(".note");
  if (note) say(note.textContent, "success");
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
  for (const form of document.querySelectorAll("form[hx-post]:not([data-ready])")) {
    form.dataset.ready = "";
    for (const button of form.querySelectorAll("[data-quick-hide]")) button.hidden = true;
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

document.addEventListener("htmx:after:request", heard);
document.addEventListener("htmx:after:swap", (event) => {
  setUp();
  document.querySelector(event.detail.ctx.select)?.querySelector("input:checked, button, a")?.focus();
});
document.addEventListener("htmx:error", (event) => {
  event.detail.ctx.request.form?.submit(); // the browser says what is wrong with the connection
});
setUp();
