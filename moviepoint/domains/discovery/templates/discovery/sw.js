// What is kept: the pages for the time without a network, and what they are made of. Nothing that somebody looks at is.
const CACHE = "moviepoint-{{ version }}";
const PAGES = {{ pages | tojson }};
const FILES = {{ files | tojson }};
const MAIN = {{ main | tojson }};

async function keep() {
  const cache = await caches.open(CACHE);
  const fetched = [...Object.values(PAGES), ...FILES].map(async (address) => {
    // Without cookies: what is kept is what a stranger sees.
    const answer = await fetch(new Request(address, { credentials: "omit", cache: "no-cache" }));
    if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
    await cache.put(address, answer);
  });
  await Promise.all(fetched);
}

async function forgetOthers() {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith("moviepoint-") && name !== CACHE)
    .map((name) => caches.delete(name)));
}

async function page(request) {
  try {
    return await fetch(request);
  } catch (fault) {
    const locale = new URL(request.url).pathname.split("/")[1];
    const kept = await caches.match(PAGES[locale] ?? PAGES[MAIN], { cacheName: CACHE });
    if (kept) return kept;
    throw fault;
  }
}

self.addEventListener("install", (event) => event.waitUntil(keep().then(() => self.skipWaiting())));
self.addEventListener("activate", (event) => event.waitUntil(forgetOthers().then(() => self.clients.claim())));
self.addEventListener("fetch", (event) => {
  const { request } = event;
  const address = new URL(request.url);
  if (request.method !== "GET" || address.origin !== self.location.origin) return;
  if (request.mode === "navigate") {
    event.respondWith(page(request));
  } else if (FILES.includes(address.pathname + address.search)) {
    event.respondWith(caches.match(request, { cacheName: CACHE }).then((kept) => kept ?? fetch(request)));
  }
});
