// Dialogs of the player: opened by a button or a key, closed by Escape, by their button or by a click beside them.

/** Open a dialog of the player, or close it when it is open; what had the focus gets it back. */
export function toggleDialog(element, name) {
  const dialog = element.querySelector(`[data-player-dialog="${name}"]`);
  if (!dialog) return;
  if (dialog.open) dialog.close();
  else dialog.showModal();
}

/** Let dialogs close by a click on their close button or beside them. */
export function prepareDialogs(element) {
  for (const dialog of element.querySelectorAll("[data-player-dialog]")) {
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog || event.target.closest("[data-close]")) dialog.close();
    });
  }
  element.addEventListener("moviepoint:dialog", (event) => toggleDialog(element, event.detail));
}
