// Renews the parts of a page that show live progress, while the page is looked at. A part that comes back with
// `data-reload` in it has reached its end: the whole page is loaded anew.
const PAUSE = 1500;

async function renew(part) {
  if (document.hidden || part.contains(document.activeElement)) return;
  const response = await fetch(part.dataset.renew, { headers: { "X-Requested-With": "fetch" } });
  if (!response.ok || response.redirected) return;
  part.innerHTML = await response.text();
  if (part.querySelector("[data-reload]")) location.reload();
}

for (const part of document.querySelectorAll("[data-renew]")) {
  setInterval(() => renew(part).catch(() => {}), PAUSE);
}
