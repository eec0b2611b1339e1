// What may be skipped, and what comes after the film: a button while the intro runs, a countdown once the film is told.

const COUNTDOWN = 10; // seconds
const AUTOPLAY = "moviepoint.autoplay";

/** Say whether this page was come to by the countdown, so that the film is to begin by itself; says so once. */
export function cameByCountdown(edition) {
  try {
    const wanted = sessionStorage.getItem(AUTOPLAY);
    sessionStorage.removeItem(AUTOPLAY);
    return wanted !== null && wanted === edition;
  } catch {
    return false;
  }
}

export class Skips {
  constructor(player) {
    const { element, video, settings } = player;
    Object.assign(this, { video, element, settings, words: settings.words });
    this.next = settings.around.next;
    this.button = element.querySelector("[data-player-skip]");
    this.card = element.querySelector("[data-player-next]");
    this.count = this.card.querySelector("[data-count]");
    this.button.addEventListener("click", () => this.skip());
    this.card.querySelector("[data-cancel]").addEventListener("click", () => this.cancel());
    this.card.querySelector("[data-now]").addEventListener("click", () => this.go());
    for (const name of ["timeupdate", "seeked", "ended"]) video.addEventListener(name, () => this.look());
    this.timer = setInterval(() => this.tick(), 1000);
  }

  /** Return the stretch that is running and may be skipped. */
  running() {
    const now = this.video.currentTime;
    return this.settings.skips.find(({ start, end }) => start <= now && now < end - .5) ?? null;
  }

  /** Say whether the credits run; a scene after them is the film again. */
  told() {
    const now = this.video.currentTime;
    return this.settings.skips.some(({ kind, start, end }) => kind === "credits" && start <= now && now <= end + .5);
  }

  look() {
    const stretch = this.running();
    const over = this.video.ended || this.told();
    if (!over) this.refused = false;
    if (over && this.next && !this.refused) this.offerNext();
    else this.hideNext();
    const shown = stretch && !(stretch.kind === "credits" && this.next && !this.refused) ? stretch : null;
    if (shown) this.button.textContent = this.words.skip[shown.kind] ?? this.words.skip.intro;
    this.button.hidden = !shown;
  }

  skip() {
    const stretch = this.running();
    if (!stretch) return;
    this.video.currentTime = Math.min(stretch.end, this.video.duration || stretch.end);
    this.video.focus({ preventScroll: true });
    this.look();
  }

  offerNext() {
    if (!this.card.hidden) return;
    this.left = COUNTDOWN;
    this.count.textContent = this.left;
    this.card.querySelector("[data-player-words]").textContent = this.words.next.replace("%(name)s", this.next.name);
    this.card.hidden = false;
  }

  hideNext() {
    this.card.hidden = true;
  }

  /** Count while the film plays or is over; who pauses wants to stay. */
  tick() {
    if (this.card.hidden || (this.video.paused && !this.video.ended)) return;
    this.left -= 1;
    this.count.textContent = Math.max(0, this.left);
    if (this.left <= 0) this.go();
  }

  cancel() {
    this.refused = true;
    this.look();
    this.video.focus({ preventScroll: true });
  }

  /** Go to the next episode, which then begins by itself. */
  go() {
    if (!this.next) return;
    clearInterval(this.timer);
    try {
      sessionStorage.setItem(AUTOPLAY, new URL(this.next.url, location.href).pathname.split("/").pop());
    } catch {
      // Then it waits for a press of the button.
    }
    location.assign(this.next.url);
  }
}
