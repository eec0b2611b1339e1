// How subtitles look, as the viewer likes it, and a second language beside the first.
import { keepPreferences, readPreferences } from "media/preferences.js";
import { SecondLine } from "media/second.js";

/** Let the viewer choose in the dialog, show it at once and remember it. */
export class Captions {
  constructor(player) {
    this.player = player;
    this.form = player.element.querySelector("[data-player-captions]");
    this.second = new SecondLine(player);
    this.fill();
    this.apply(readPreferences());
    this.form.addEventListener("change", () => this.chosen());
    this.form.addEventListener("reset", () => setTimeout(() => this.chosen()));
  }

  /** Offer the film's subtitles as a second line; the one that is most like what was chosen before is taken. */
  fill() {
    const { second } = this.form.elements;
    const { subtitles, around } = this.player.settings;
    const whole = around.cues ? subtitles.filter((track) => track.kind !== "forced") : [];
    second.append(...whole.map((track) => new Option(track.shown, track.id)));
    second.closest("[data-second]").hidden = !whole.length;
  }

  apply({ look, second, secondPlace }) {
    const { elements } = this.form;
    for (const name of ["size", "colour", "ground"]) if (look?.[name]) elements[name].value = look[name];
    if (secondPlace) elements.place.value = secondPlace;
    const track = this.second.trackLike(second);
    elements.second.value = track?.id ?? "";
    this.show();
  }

  chosen() {
    const { size, colour, ground, place, second } = this.form.elements;
    const track = this.second.trackById(second.value);
    keepPreferences({ look: { size: size.value, colour: colour.value, ground: ground.value }, secondPlace: place.value,
      second: track ? { language: track.language, kind: track.kind, label: track.label } : null });
    this.show();
  }

  show() {
    const { size, colour, ground, place, second } = this.form.elements;
    const { element } = this.player;
    Object.assign(element.dataset, { size: size.value, colour: colour.value, ground: ground.value, place: place.value });
    this.player.player.configure("textDisplayer.fontScaleFactor", Number(size.value));
    this.second.choose(this.second.trackById(second.value));
  }

  /** Put the subtitles away, or bring back those that were there, or else the first. (Shaka's own key brings back only.) */
  toggleFirst() {
    const { player } = this.player;
    const tracks = player.getTextTracks();
    const active = tracks.find((track) => track.active);
    if (active) this.lastFirst = active.label;
    const wanted = tracks.find((track) => track.label === this.lastFirst)
      ?? tracks.find((track) => !track.forced) ?? tracks[0];
    player.selectTextTrack(active ? null : wanted ?? null);
  }

  /** Put the second line away, or bring back the one that was there, or else the first other language. */
  toggleSecond() {
    const { second } = this.form.elements;
    const shown = this.player.player.getTextTracks().find((track) => track.active)?.label;
    const others = [...second.options].filter((option) => option.value && option.text !== shown);
    second.value = second.value ? "" : (this.lastSecond ?? others[0]?.value ?? "");
    if (second.value) this.lastSecond = second.value;
    this.chosen();
  }
}
