// Around the player on the watch page: the film's text, and a link to share, at the present second if one likes.
import { clock } from "media/position.js";
import { Transcript } from "media/transcript.js";

const video = document.querySelector("[data-player] video");
const asked = new URLSearchParams(location.search).get("subtitles");

for (const panel of document.querySelectorAll("[data-transcript]")) {
  const text = [...panel.querySelectorAll("[data-track] option")].find((one) => one.lang === asked);
  if (text) text.selected = true;
  const transcript = new Transcript(panel.querySelector("[data-cues]"), video);
  const load = () => panel.open && transcript.load();
  panel.addEventListener("toggle", load);
  load();
}

class Share {
  constructor(dialog, opener) {
    this.dialog = dialog;
    this.address = dialog.querySelector("[data-address]");
    this.at = dialog.querySelector("[data-at]");
    this.said = dialog.querySelector("[data-said]");
    opener.hidden = false;
    opener.addEventListener("click", () => this.open());
    this.at.addEventListener("change", () => this.write());
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog || event.target.closest("[data-close]")) dialog.close();
      const copies = event.target.closest("[data-copy]");
      if (copies) this.copy(dialog.querySelector(`#${copies.dataset.copy}`));
    });
  }

  open() {
    this.second = Math.floor(video.currentTime);
    this.dialog.querySelector("[data-time]").textContent = clock(this.second);
    this.at.checked = this.second > 0;
    this.said.textContent = "";
    this.write();
    this.dialog.showModal();
    this.address.select();
  }

  write() {
    const address = new URL(this.address.dataset.address);
    if (this.at.checked && this.second) address.searchParams.set("t", this.second);
    this.address.value = address.href;
  }

  async copy(field) {
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
      this.said.textContent = this.said.dataset.copied;
    } catch {
      this.said.textContent = this.said.dataset.failed; // without a permission, or over plain HTTP
    }
  }
}

const dialog = document.querySelector("[data-share]");
const opener = document.querySelector("[data-share-open]");
if (dialog && opener) new Share(dialog, opener);

const keys = document.querySelector("[data-keys-open]");
keys?.addEventListener("click", () => {
  document.querySelector("[data-player]").dispatchEvent(new CustomEvent("moviepoint:dialog", { detail: "keys" }));
});
if (keys) keys.hidden = false;
