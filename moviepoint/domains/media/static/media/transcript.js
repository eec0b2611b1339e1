// The text of a subtitle track, which follows the film, leads to its places and can be searched.
import { cueAt, cuesOf } from "media/cues.js";
import { clock } from "media/position.js";

const fold = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLocaleLowerCase();

export class Transcript {
  /**
   * `panel` holds a select, a list, a place for messages and maybe a field to search in; its data says the `address`,
   * whether that is `paged`, and the sentences for what is `empty`, has `failed`, and for lines `found`.
   */
  constructor(panel, video) {
    this.panel = panel;
    this.video = video;
    this.select = panel.querySelector("[data-track]");
    this.list = panel.querySelector("[data-list]");
    this.said = panel.querySelector("[data-said]");
    this.search = panel.querySelector("[data-search]");
    this.cues = [];
    this.select.addEventListener("change", () => this.load());
    this.search?.addEventListener("input", () => this.filter());
    this.list.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (button) video.currentTime = this.cues[Number(button.dataset.place)].start_ms / 1000;
    });
    video.addEventListener("timeupdate", () => this.follow());
    video.addEventListener("seeked", () => this.follow());
  }

  async load() {
    const track = this.select.value;
    this.select.disabled = true;
    try {
      this.show(await cuesOf(this.panel.dataset.address, track, "paged" in this.panel.dataset));
    } catch {
      this.show([]);
      this.said.textContent = this.panel.dataset.failed;
    }
    this.select.disabled = false;
  }

  show(cues) {
    this.cues = cues;
    this.current = -1;
    this.said.textContent = cues.length ? "" : this.panel.dataset.empty;
    this.list.replaceChildren(...cues.map((cue, place) => this.row(cue, place)));
    if (this.search?.value) this.filter();
    this.follow();
  }

  row(cue, place) {
    const language = this.select.selectedOptions[0].lang;
    const row = document.createElement("li");
    const button = document.createElement("button");
    button.type = "button";
    button.dataset.place = place;
    const time = document.createElement("time");
    time.textContent = clock(cue.start_ms / 1000);
    const text = document.createElement("span");
    text.lang = language === "und" ? "" : language;
    text.dir = "auto";
    text.textContent = cue.text;
    button.append(time, text);
    row.append(button);
    return row;
  }

  /** Show only the lines that have all the words in them, whatever their accents and capitals. */
  filter() {
    const words = fold(this.search.value).split(/\s+/).filter(Boolean);
    let found = 0;
    this.cues.forEach((cue, place) => {
      const text = fold(cue.text);
      const matches = words.every((word) => text.includes(word));
      this.list.children[place].hidden = !matches;
      found += matches ? 1 : 0;
    });
    const { none, some } = this.panel.dataset;
    this.said.textContent = words.length ? (found ? some.replace("%(number)s", found) : none) : "";
  }

  /** Mark the cue that is shown now, and keep it in sight without moving the page. */
  follow() {
    const place = cueAt(this.cues, this.video.currentTime * 1000);
    if (place === this.current) return;
    this.list.children[this.current]?.removeAttribute("aria-current");
    this.current = place;
    const row = this.list.children[place];
    if (!row) return;
    row.setAttribute("aria-current", "true");
    if (!this.list.matches(":hover, :focus-within")) {
      this.list.scrollTop = row.offsetTop - this.list.clientHeight / 2;
    }
  }
}
