// The operators have switched the offline page off: clear up, and go.
self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil((async () => {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith("moviepoint-")).map((name) => caches.delete(name)));
  await self.registration.unregister();
})()));
