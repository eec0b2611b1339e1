// What the lock screen, a headset and the keyboard's media keys know of the film. Playing and seeking are Shaka's.

const KINDS = { avif: "image/avif", jpg: "image/jpeg", png: "image/png", webp: "image/webp" };

function artwork(poster) {
  if (!poster) return [];
  const address = new URL(poster, location.href);
  const type = KINDS[address.pathname.split(".").pop()];
  return [{ src: address.href, ...(type ? { type } : {}) }];
}

/** Tell the browser what plays, and let its keys lead to the episodes before and after. */
export function announce({ series, poster, previous, next }, name, leave) {
  const { mediaSession } = navigator;
  if (!mediaSession) return;
  mediaSession.metadata = new MediaMetadata({ title: name, artist: series, album: series, artwork: artwork(poster) });
  const handlers = { previoustrack: previous && (() => location.assign(previous.url)), nexttrack: next && leave };
  for (const [action, handler] of Object.entries(handlers)) {
    try {
      mediaSession.setActionHandler(action, handler ?? null);
    } catch {
      // A browser that does not know the key has none.
    }
  }
}
