// A second line of subtitles, in another language, above or below the first.
import { cueAt, cuesOf } from "media/cues.js";
import { mostAlike } from "media/preferences.js";

export class SecondLine {
  constructor(player) {
    this.element = player.element;
    this.video = player.video;
    this.settings = player.settings;
    this.line = this.element.querySelector("[data-player-second]");
    this.text = this.line.querySelector("p");
    this.cues = [];
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

  /** Make room: the line that is to stand lower lifts the other by its height. */
  place() {
    if (this.line.hidden) {
      this.lift(0, 0);
      return;
    }
    if (this.element.dataset.place === "below") return this.lift(0, this.line.offsetHeight);
    const first = this.element.querySelector(".shaka-text-container");
    const boxes = [...(first?.children ?? [])].map((child) => child.getBoundingClientRect());
    const bottom = first?.getBoundingClientRect().bottom ?? 0;
    const highest = Math.min(...boxes.filter((box) => box.height).map((box) => box.top), bottom);
    // A cue that an author has put at the top is not in the way.
    return this.lift(bottom - highest < this.video.clientHeight / 2 ? bottom - highest : 0, 0);
  }

  lift(second, first) {
    this.element.style.setProperty("--second-lift", `${Math.round(second)}px`);
    this.element.style.setProperty("--first-lift", `${Math.round(first)}px`);
  }
}
