// A second line of subtitles, in another language, above or below the first.
import { cueAt, cuesOf } from "media/cues.js";
import { mostAlike } from "media/preferences.js";

const GAP = 4; // CSS pixels between the two lines

export class SecondLine {
  constructor(player) {
    this.element = player.element;
    this.video = player.video;
    this.settings = player.settings;
    this.line = this.element.querySelector("[data-player-second]");
    this.text = this.line.querySelector("p");
    this.cues = [];
    this.lifted = { first: 0, second: 0 };
    const follow = () => this.follow();
    for (const name of ["timeupdate", "seeked", "seeking"]) this.video.addEventListener(name, follow);
    const frame = () => {
      follow();
      this.video.requestVideoFrameCallback(frame);
    };
    // Four times a second is too seldom for a line that is to come with the voice.
    if (this.video.requestVideoFrameCallback) this.video.requestVideoFrameCallback(frame);
    this.resizing = new ResizeObserver(() => this.place());
    this.resizing.observe(this.line);
    this.element.addEventListener("transitionend", () => this.place()); // the controls have come or gone
  }

  trackLike(wish) {
    return mostAlike(this.settings.subtitles.filter((track) => track.kind !== "forced"), wish);
  }

  trackById(id) {
    return this.settings.subtitles.find((track) => String(track.id) === String(id)) ?? null;
  }

  async choose(track) {
    this.track = track;
    this.cues = [];
    this.follow();
    if (!track) return;
    try {
      const cues = await cuesOf(this.settings.around.cues, track.id);
      if (this.track === track) this.cues = cues;
    } catch {
      // The first line goes on without it.
    }
    this.follow();
  }

  follow() {
    const cue = this.cues[cueAt(this.cues, this.video.currentTime * 1000)];
    const text = cue?.text ?? "";
    if (text !== this.text.textContent) {
      this.text.textContent = text;
      this.text.lang = this.track?.language ?? "";
      this.line.hidden = !text;
    }
    this.place();
  }

  /** Make room: the line that is to stand higher is lifted until it stands clear of the other. */
  place() {
    const cues = this.element.querySelectorAll(".shaka-text-container span");
    const boxes = [...cues].map((cue) => cue.getBoundingClientRect()).filter((box) => box.height);
    const screen = this.element.getBoundingClientRect();
    const own = this.text.getBoundingClientRect();
    const top = Math.min(...boxes.map((box) => box.top));
    const bottom = Math.max(...boxes.map((box) => box.bottom));
    // A cue that an author has put at the top is not in the way.
    const inTheWay = boxes.length > 0 && bottom > screen.top + screen.height / 2;
    if (this.line.hidden || !inTheWay) return this.lift(0, 0);
    if (this.element.dataset.place === "below") {
      return this.lift(0, Math.max(0, bottom + this.lifted.first - (own.top + this.lifted.second) + GAP));
    }
    return this.lift(Math.max(0, own.bottom + this.lifted.second - (top + this.lifted.first) + GAP), 0);
  }

  lift(second, first) {
    this.lifted = { first: Math.round(first), second: Math.round(second) };
    this.element.style.setProperty("--second-lift", `${this.lifted.second}px`);
    this.element.style.setProperty("--first-lift", `${this.lifted.first}px`);
  }
}
