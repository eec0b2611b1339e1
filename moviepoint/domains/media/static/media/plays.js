// Tells the server once that a film is really being watched: after ten seconds of playing, and not of waiting.
const ENOUGH = 10; // seconds of playing
const STEP = 1.5; // seconds between two ticks above which the viewer has jumped and not watched

/** Count what is played of a video; after ten seconds call `tell`, once. */
export function countPlay(video, tell) {
  let played = 0;
  let before = null;
  const tick = () => {
    const now = video.currentTime;
    const passed = before === null ? 0 : (now - before) / (video.playbackRate || 1);
    before = video.paused || video.seeking ? null : now;
    if (passed > 0 && passed < STEP) played += passed;
    if (played < ENOUGH) return;
    video.removeEventListener("timeupdate", tick);
    tell();
  };
  video.addEventListener("timeupdate", tick);
}

/** Tell the server of a play; what becomes of it does not matter to the viewer. */
export function tellPlay(address, token) {
  fetch(address, { method: "POST", keepalive: true, headers: { "X-CSRFToken": token } }).catch(() => {});
}
