// Where a member stopped on any of their devices. It runs before the player, which looks into the browser's storage for
// the second to begin at; then it tells the server how far the film is.
(() => {
  const EVERY = 15; // seconds of film between two messages
  const { edition, address, token, position, duration } = JSON.parse(
    document.getElementById("watch-progress").textContent);
  if (position !== null) {
    try {
      localStorage.setItem(`moviepoint.position.${edition}`, JSON.stringify({ position, duration }));
    } catch {
      // Without storage the film begins at its beginning.
    }
  }
  const video = document.querySelector("[data-player] video");
  if (!video) return;
  let told = position ?? 0;

  const tell = () => {
    const now = Math.floor(video.currentTime);
    const whole = Math.floor(video.duration);
    if (!(whole > 0) || !Number.isFinite(whole) || now === told) return;
    told = now;
    fetch(address, {
      method: "PUT", keepalive: true, body: JSON.stringify({ position: Math.min(now, whole), duration: whole }),
      headers: { "Content-Type": "application/json", "X-CSRFToken": token },
    }).catch(() => {});
  };

  video.addEventListener("timeupdate", () => {
    if (!video.seeking && Math.abs(video.currentTime - told) >= EVERY) tell();
  });
  video.addEventListener("pause", tell);
  video.addEventListener("ended", tell);
  addEventListener("pagehide", tell);
})();
