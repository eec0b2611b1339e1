// Keys of our own beside Shaka's, and what its keys must leave alone. The dialog of keys says what there is.
import { toggleDialog } from "media/dialogs.js";

const PRESSED_BY_SPACE = "button, a[href], summary, label, [role=button], [role=menuitem], [role=tab]";
const MOVE_THE_PAGE = new Set(["PageDown", "PageUp", "Home", "End"]);
const STEP = 10; // seconds

const typing = (target) => target.closest?.("input:not([type=range]), textarea, select, [contenteditable]");

/** Say whether a key belongs to the page: to a button that has the focus, to an open dialog, or to scrolling. */
function belongsToThePage(event, element) {
  const { target, key } = event;
  if (target.closest?.("dialog[open]")) return true;
  if (element.contains(target)) return false;
  if (key === " ") return Boolean(target.closest?.(PRESSED_BY_SPACE));
  return MOVE_THE_PAGE.has(key);
}

export function listenToKeys(player, skips, captions) {
  const { element, video } = player;
  const move = (by) => {
    video.currentTime = Math.max(0, Math.min(video.duration || 0, video.currentTime + by));
  };
  const louder = (by) => {
    video.muted = false;
    video.volume = Math.max(0, Math.min(1, Math.round((video.volume + by) * 20) / 20));
  };
  const does = {
    "?": () => toggleDialog(element, "keys"), "g": () => toggleDialog(element, "captions"),
    "j": () => move(-STEP), "l": () => move(STEP), "+": () => louder(.05), "-": () => louder(-.05),
    "c": () => captions.toggleFirst(), "d": () => captions.toggleSecond(), "s": () => skips.skip(), "n": () => skips.go(),
  };
  // Shaka listens to the window, which an event reaches after the document.
  document.addEventListener("keydown", (event) => {
    if (belongsToThePage(event, element)) {
      const closes = event.key === "?" && event.target.closest?.("dialog[open]") && !typing(event.target);
      if (closes) event.target.closest("dialog").close();
      event.stopPropagation();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || typing(event.target)) return;
    const action = does[event.key.toLowerCase()];
    if (!action) return;
    event.preventDefault();
    action();
  });
}
