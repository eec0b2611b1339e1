// Renews the parts of a page that show live progress, while the page is looked at; what is opened stays open.
const PAUSE = 2000;

async function renew(part) {
  if (document.hidden || part.contains(document.activeElement)) return;
  const response = await fetch(part.dataset.renew, { headers: { "X-Requested-With": "fetch" } });
  if (!response.ok || response.redirected) return;
  const open = new Map([...part.querySelectorAll("[data-keep]")].map((one) => [one.dataset.keep, one.open]));
  part.innerHTML = await response.text();
  for (const one of part.querySelectorAll("[data-keep]")) one.open = open.get(one.dataset.keep) ?? one.open;
}

for (const part of document.querySelectorAll("[data-renew]")) {
  setInterval(() => renew(part).catch(() => {}), PAUSE);
}
