// Beside the player in the back office: the text of a subtitle track, which follows the film and leads to its places,
// and the storyboard, whose pictures do.
import { clock } from "media/position.js";

const PAGE = 1000; // cues asked for at once

const video = document.querySelector("[data-player] video");

function goTo(seconds) {
  video.currentTime = seconds;
}

class Cues {
  constructor(panel) {
    this.panel = panel;
    this.select = panel.querySelector("[data-track]");
    this.list = panel.querySelector("[data-list]");
    this.said = panel.querySelector("[data-said]");
    this.cues = [];
    this.select.addEventListener("change", () => this.load());
    this.list.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (button) goTo(this.cues[Number(button.dataset.place)].start_ms / 1000);
    });
    video.addEventListener("timeupdate", () => this.follow());
    video.addEventListener("seeked", () => this.follow());
    this.load();
  }

  async load() {
    const track = this.select.value;
    this.select.disabled = true;
    try {
      this.show(await this.fetchAll(track));
    } catch {
      this.show([]);
      this.said.textContent = this.panel.dataset.failed;
    }
    this.select.disabled = false;
  }

  async fetchAll(track) {
    const address = this.panel.dataset.address.replace("TRACK", track);
    const found = [];
    for (let page = 1, pages = 1; page <= pages; page += 1) {
      const response = await fetch(`${address}?page=${page}&page_size=${PAGE}`);
      if (!response.ok) throw new Error(response.statusText);
      const answer = await response.json();
      found.push(...answer.results);
      pages = answer.total_pages;
    }
    return found;
  }

  show(cues) {
    this.cues = cues;
    this.current = -1;
    this.said.textContent = cues.length ? "" : this.panel.dataset.empty;
    const language = this.select.selectedOptions[0].lang;
    this.list.replaceChildren(...cues.map((cue, place) => {
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
    }));
    this.follow();
  }

  /** Mark the cue that is shown now, and keep it in sight without moving the page. */
  follow() {
    const now = video.currentTime * 1000;
    const place = this.cues.findLastIndex((cue) => cue.start_ms <= now && now < cue.end_ms);
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

for (const panel of document.querySelectorAll("[data-cues]")) new Cues(panel);

const GRID = 5; // pictures in a row of a sheet, and rows
for (const sheet of document.querySelectorAll("[data-sheet]")) {
  sheet.addEventListener("click", (event) => {
    const box = sheet.getBoundingClientRect();
    const column = Math.min(GRID - 1, Math.floor(((event.clientX - box.left) / box.width) * GRID));
    const row = Math.min(GRID - 1, Math.floor(((event.clientY - box.top) / box.height) * GRID));
    goTo(Math.min(video.duration || 0, Number(sheet.dataset.start) + (row * GRID + column) * Number(sheet.dataset.interval)));
    video.closest("[data-player]").scrollIntoView({ block: "nearest" });
  });
}
