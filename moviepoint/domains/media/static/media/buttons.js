// Buttons of our own among Shaka's: each opens a dialog of the player.

const SVG = "http://www.w3.org/2000/svg";
const BUTTONS = {
  captions_look: { dialog: "captions", word: "MOVIEPOINT_CAPTIONS",
    path: "M3 5h18v14H3zM7 15l2.5-6 2.5 6M7.9 13h3.2M14.5 15v-4M14.5 13a1.7 2 0 1 1 3.4 0 1.7 2 0 1 1-3.4 0M17.9 11v4" },
  keys_help: { dialog: "keys", word: "MOVIEPOINT_KEYS",
    path: "M2.5 6h19v12h-19zM6 10h.01M9.5 10h.01M13 10h.01M16.5 10h.01M7 14.2h10" },
};

function icon(path) {
  const drawing = document.createElementNS(SVG, "svg");
  drawing.setAttribute("viewBox", "0 0 24 24");
  drawing.setAttribute("aria-hidden", "true");
  drawing.classList.add("shaka-ui-icon", "player__icon");
  const line = document.createElementNS(SVG, "path");
  line.setAttribute("d", path);
  drawing.append(line);
  return drawing;
}

/** Name our buttons to Shaka's interface, for its panel and for the menu that they fold into. */
export function registerButtons(shaka) {
  class DialogButton extends shaka.ui.Element {
    constructor(parent, controls, { dialog, word, path }) {
      super(parent, controls);
      const button = document.createElement("button");
      button.type = "button";
      button.dataset.opens = dialog;
      button.classList.add("shaka-tooltip", "shaka-no-propagation");
      const label = document.createElement("label");
      label.classList.add("shaka-overflow-button-label", "shaka-overflow-menu-only");
      this.name = document.createElement("span");
      label.append(this.name);
      button.append(icon(path), label);
      this.button = button;
      this.word = word;
      parent.append(button);
      this.updateLocalizedStrings();
      button.addEventListener("click", () => {
        parent.dispatchEvent(new CustomEvent("moviepoint:dialog", { detail: dialog, bubbles: true }));
      });
    }

    updateLocalizedStrings() {
      const name = this.localization.resolve(this.word);
      this.button.ariaLabel = name;
      this.name.textContent = name;
    }
  }
  for (const [name, description] of Object.entries(BUTTONS)) {
    const factory = { create: (parent, controls) => new DialogButton(parent, controls, description) };
    shaka.ui.OverflowMenu.registerElement(name, factory);
    shaka.ui.Controls.registerElement(name, factory);
  }
}
