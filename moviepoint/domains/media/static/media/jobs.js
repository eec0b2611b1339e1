// Renews the parts of a page that show live progress, while the page is looked at.
const PAUSE = 2000;

async function renew(part) {
  if (document.hidden || part.contains(document.activeElement)) return;
  const response = await fetch(part.dataset.renew, { headers: { "X-Requested-With": "fetch" } });
  if (response.ok && !response.redirected) {
    const open = part.querySelector("details[open]");
    if (!open) part.innerHTML = await response.text();
  }
}

for (const part of document.querySelectorAll("[data-renew]")) {
  setInterval(() => renew(part).catch(() => {}), PAUSE);
}
