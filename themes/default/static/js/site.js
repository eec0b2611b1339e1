// Small comforts. Every page works without them.

const root = document.documentElement;

function setUpSchemeSwitch(button) {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  button.hidden = false;
  button.addEventListener("click", () => {
    const present = root.dataset.scheme ?? (dark.matches ? "dark" : "light");
    root.dataset.scheme = present === "dark" ? "light" : "dark";
    try {
      localStorage.setItem("scheme", root.dataset.scheme);
    } catch {
      // The choice then lasts for this page.
    }
  });
}

function setUpMenus(menus) {
  const closeOthers = (kept) => menus.forEach((menu) => { if (menu !== kept) menu.open = false; });
  document.addEventListener("click", (event) => closeOthers(event.target.closest("[data-menu]")));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const open = menus.find((menu) => menu.open);
    closeOthers(null);
    open?.querySelector("summary").focus();
  });
}

function stepButton(label, path, step) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "step";
  button.setAttribute("aria-label", label);
  button.innerHTML = `<svg class="icon" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.8"
    aria-hidden="true"><path d="${path}"/></svg>`;
  button.addEventListener("click", step);
  return button;
}

// Buttons that turn a row of cards by nearly a screenful, for those who have no wheel that goes sideways.
function setUpRow(track) {
  const direction = getComputedStyle(track).direction === "rtl" ? -1 : 1;
  const smooth = !matchMedia("(prefers-reduced-motion: reduce)").matches;
  const step = (sign) => () => track.scrollBy({
    left: sign * direction * track.clientWidth * .85, behavior: smooth ? "smooth" : "auto",
  });
  const back = stepButton(track.dataset.back, "M14.5 5.5 8 12l6.5 6.5", step(-1));
  const forward = stepButton(track.dataset.forward, "M9.5 5.5 16 12l-6.5 6.5", step(1));
  const steps = document.createElement("div");
  steps.className = "row__steps";
  steps.append(back, forward);
  track.closest("section").querySelector(".section__head").append(steps);
  const update = () => {
    const place = Math.abs(track.scrollLeft);
    back.disabled = place < 2;
    forward.disabled = place + track.clientWidth > track.scrollWidth - 2;
    steps.hidden = back.disabled && forward.disabled;
  };
  track.addEventListener("scroll", update, { passive: true });
  new ResizeObserver(update).observe(track);
}

document.querySelectorAll("[data-scheme-switch]").forEach(setUpSchemeSwitch);
setUpMenus([...document.querySelectorAll("[data-menu]")]);
document.querySelectorAll("[data-row]").forEach(setUpRow);

// The page for the time without a network; where operators have switched it off, what was kept goes.
async function setUpWorker() {
  const address = document.querySelector("meta[name=moviepoint-worker]")?.content;
  if (!("serviceWorker" in navigator)) return;
  if (address) {
    await navigator.serviceWorker.register(address, { scope: "/" });
    return;
  }
  const kept = await navigator.serviceWorker.getRegistrations();
  await Promise.all(kept.filter(({ active }) => active?.scriptURL.endsWith("/sw.js"))
    .map((registration) => registration.unregister()));
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith("moviepoint-")).map((name) => caches.delete(name)));
}

setUpWorker().catch(() => {
  // A browser that keeps nothing shows its own page when the network is gone.
});
