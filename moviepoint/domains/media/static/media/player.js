// The player: Shaka's interface, told what this viewer likes. Its settings come from the JSON element beside it.

import { registerButtons } from "media/buttons.js";
import { Captions } from "media/captions.js";
import { prepareDialogs } from "media/dialogs.js";
import { nameOfFault } from "media/faults.js";
import { listenToKeys } from "media/keys.js";
import { nameAll, renameTracks } from "media/labels.js";
import { countPlay, tellPlay } from "media/plays.js";
import { clock, keepPosition, resumePoint } from "media/position.js";
import {
  chooseAudio, chooseText, keepHeard, keepPreferences, keepRead, mostAlike, readPreferences,
} from "media/preferences.js";
import { announce } from "media/session.js";
import { Skips, cameByCountdown } from "media/skips.js";

const SAVE_EVERY = 5; // seconds of film
const NOTICE_SECONDS = 8;
const NARROW = 720; // CSS pixels, below which the menus fold into one
const MEDIA_KEYS = ["pause", "play", "seekbackward", "seekforward", "seekto", "stop", "enterpictureinpicture"];

class Player {
  constructor(element) {
    this.element = element;
    this.settings = JSON.parse(element.querySelector("[data-player-settings]").textContent);
    this.video = element.querySelector("video");
    this.stage = element.querySelector("[data-player-stage]");
    this.fault = element.querySelector("[data-player-fault]");
    this.notice = element.querySelector("[data-player-notice]");
    this.savedAt = 0;
    this.ready = false;
    const { audio, subtitles, locale, words } = this.settings;
    nameAll(audio, locale, words.audioKinds);
    nameAll(subtitles, locale, words.subtitleKinds);
  }

  async start() {
    const { shaka } = window;
    shaka?.polyfill.installAll();
    if (!shaka?.Player.isBrowserSupported()) return this.show("unsupported");
    registerButtons(shaka);
    this.player = new shaka.Player();
    this.ui = new shaka.ui.Overlay(this.player, this.stage, this.video);
    this.player.getNetworkingEngine().registerResponseFilter((type, response) => {
      if (type === shaka.net.NetworkingEngine.RequestType.MANIFEST) this.nameTracks(response);
    });
    await this.player.attach(this.video);
    this.configure(shaka);
    this.listen();
    this.extend();
    this.element.player = this.player; // for tests, and for those who extend the page
    return this.load(this.firstSecond());
  }

  /** Add what Shaka has not: the look of subtitles and a second line, skipping, keys, the lock screen. */
  extend() {
    prepareDialogs(this.element);
    const captions = new Captions(this);
    const skips = new Skips(this);
    listenToKeys(this, skips, captions);
    announce(this.settings.around, this.video.ariaLabel, () => skips.go());
  }

  configure(shaka) {
    const { locale, words } = this.settings;
    const wide = this.stage.clientWidth >= NARROW;
    const menus = ["captions", "captions_look", "language", "chapter", "quality", "playback_rate"];
    const localization = this.ui.getControls().getLocalization();
    localization.insert(locale, new Map(Object.entries(words.interface)));
    localization.changeLocale([locale, "en"]);
    this.player.configure({
      streaming: { bufferingGoal: 30, rebufferingGoal: 1, bufferBehind: 30, preferNativeHls: false },
      manifest: { retryParameters: { maxAttempts: 3 } },
    });
    this.ui.configure({
      bigButtons: ["play_pause_buffering"],
      controlPanelElements: wide
        ? ["play_pause", "mute_volume", "time_and_duration", "spacer", ...menus, "keys_help", "picture_in_picture", "fullscreen"]
        : ["mute", "time_and_duration", "spacer", "overflow_menu", "fullscreen"],
      topControlPanelElements: [],
      overflowMenuButtons: [...menus, "picture_in_picture"],
      shortcuts: { captions: "", take_screenshot: "" }, // the first is ours: see keys.js
      fullScreenElement: this.element,
      castReceiverAppId: "",
      captionsStyles: false,
      mediaSession: { handleMetadata: false, supportedActions: MEDIA_KEYS },
      customContextMenu: false,
      enableTooltips: wide,
      enableKeyboardPlaybackControlsInWindow: true,
      keyboardSeekDistance: 10,
      keyboardLargeSeekDistance: 60,
      playbackRates: [.5, .75, 1, 1.25, 1.5, 2],
      trackLabelFormat: shaka.ui.Overlay.TrackLabelFormat.LABEL,
      textTrackLabelFormat: shaka.ui.Overlay.TrackLabelFormat.LABEL,
      showAudioChannelCountVariants: false,
      clearBufferOnQualityChange: true,
      seekBarColors: { base: "rgb(255 255 255 / 25%)", buffered: "rgb(255 255 255 / 45%)", played: "#ff7a4d",
        chapters: "#101113" },
    });
  }

  /** Where to begin: the address may say (`?t=90`), else where the viewer stopped. */
  firstSecond() {
    const asked = Number(new URLSearchParams(location.search).get("t"));
    if (asked > 0) return asked;
    this.begins = cameByCountdown(this.settings.edition);
    if (this.begins) return 0;
    const point = resumePoint(this.settings.edition);
    if (point) this.announceResume(point);
    return point;
  }

  /** The subtitles that the address asks for (`?subtitles=ru`), this once; null when there are none such. */
  askedText() {
    const language = new URLSearchParams(location.search).get("subtitles");
    return mostAlike(this.settings.subtitles.filter((track) => track.kind !== "forced"), { language });
  }

  async load(second) {
    this.ready = false;
    this.element.dataset.state = "loading";
    this.fault.hidden = true;
    const preferences = readPreferences();
    this.video.volume = preferences.volume;
    this.video.muted = preferences.muted;
    const { audio, subtitles, locale } = this.settings;
    const heard = this.heard = chooseAudio(audio, preferences);
    const read = this.askedText() ?? chooseText(subtitles, preferences, heard?.language, locale);
    this.player.configure({
      preferredAudio: heard ? [{ language: heard.language, label: heard.shown, role: "", channelCount: 0, codec: "",
        spatialAudio: false }] : [],
      preferredText: this.firstText(read),
      abr: { enabled: true },
    });
    try {
      await this.player.load(this.settings.master, second);
    } catch (error) {
      // A newer load has taken this one's place, or the page is being left: no fault.
      if (error?.code !== window.shaka.util.Error.Code.LOAD_INTERRUPTED) this.fail(error);
      return;
    }
    await this.firstFrame();
    this.chooseTracks(preferences, read);
    // By Shaka's own hand: while it buffers the element stands at 0, and what is set there is lost.
    if (preferences.rate !== 1) this.player.trickPlay(preferences.rate, false);
    await this.addExtras();
    if (!this.fault.hidden) return;
    this.ready = true;
    this.element.dataset.state = "ready";
    if (this.begins) this.video.play().catch(() => {}); // a browser may want a press of the button first
    this.begins = false;
  }

  /**
   * Some subtitles are always asked for with the first segment, shown or not: Shaka places cues in time by what it
   * learns from a video segment, and a track first chosen when the film is in the buffer already stays blank.
   */
  firstText(read) {
    const text = read ?? this.settings.subtitles[0];
    return text ? [{ language: text.language, role: "", format: "", forced: text.kind === "forced" }] : [];
  }

  chooseTracks(preferences, read) {
    const text = read && this.player.getTextTracks().find((one) => this.same(one, read));
    this.player.selectTextTrack(text ?? null);
    const video = this.player.getVideoTracks().find((one) => one.height === preferences.height);
    if (video) {
      this.player.configure({ abr: { enabled: false } });
      this.player.selectVideoTrack(video, true);
    }
  }

  /** Wait until a video segment has arrived. */
  firstFrame() {
    if (this.video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA) return Promise.resolve();
    return new Promise((resolve) => {
      this.video.addEventListener("loadeddata", resolve, { once: true });
      this.player.addEventListener("error", resolve, { once: true });
    });
  }

  async addExtras() {
    const { storyboard, chapters, locale } = this.settings;
    // Shaka finds the pictures of a storyboard by its whole address only.
    const pictures = storyboard && new URL(storyboard, location.href).href;
    const extras = [pictures && this.player.addThumbnailsTrack(pictures, "text/vtt"),
      chapters && this.player.addChaptersTrack(chapters, locale, "text/vtt")];
    // A film without its storyboard is still a film.
    await Promise.allSettled(extras.filter(Boolean));
  }

  same(track, described) {
    return track.label === described.shown;
  }

  describe(track, list) {
    return list.find((one) => this.same(track, one)) ?? { language: track.language, label: track.label, kind: "" };
  }

  /**
   * Give the tracks in the master playlist the names that this viewer reads, as it arrives: Shaka's menus keep two
   * tracks of one language apart by NAME only, and then show it as it is.
   */
  nameTracks(response) {
    const text = new TextDecoder().decode(response.data);
    if (!text.includes("#EXT-X-STREAM-INF")) return;
    const { audio, subtitles } = this.settings;
    response.data = new TextEncoder().encode(renameTracks(text, { AUDIO: audio, SUBTITLES: subtitles })).buffer;
  }

  listen() {
    this.player.addEventListener("error", (event) => this.fail(event.detail));
    for (const name of ["variantchanged", "audiotrackchanged"]) {
      this.player.addEventListener(name, () => this.keepAudio());
    }
    for (const name of ["variantchanged", "abrstatuschanged"]) {
      this.player.addEventListener(name, () => this.keepQuality());
    }
    this.player.addEventListener("textchanged", () => this.keepText());
    this.video.addEventListener("volumechange",
      () => keepPreferences({ volume: this.video.volume, muted: this.video.muted }));
    this.video.addEventListener("ratechange", () => this.keepRate());
    this.video.addEventListener("timeupdate", () => this.progress(false));
    this.video.addEventListener("pause", () => this.progress(true));
    this.video.addEventListener("timeupdate", () => this.forgetNotice());
    const { plays, token } = this.settings;
    if (plays) countPlay(this.video, () => tellPlay(plays, token));
    this.video.addEventListener("ended", () => this.tell("ended"));
    addEventListener("pagehide", () => this.progress(true));
    this.fault.querySelector("button").addEventListener("click", () => this.load(this.video.currentTime || 0));
    this.notice.querySelector("button").addEventListener("click", () => {
      this.video.currentTime = 0;
      this.notice.hidden = true;
    });
  }

  /** Keep a dub when it is another than before: a change of quality is no choice of what is heard. */
  keepAudio() {
    if (!this.ready) return;
    const active = this.player.getAudioTracks().find((track) => track.active);
    const heard = active && this.describe(active, this.settings.audio);
    if (!heard || heard.label === this.heard?.label) return;
    this.heard = heard;
    keepHeard(heard);
  }

  keepText() {
    if (!this.ready) return;
    const active = this.player.getTextTracks().find((track) => track.active);
    const described = active && this.describe(active, this.settings.subtitles);
    if (described?.kind === "forced") return;
    keepRead(described ?? null, this.heard?.language, this.settings.locale);
  }

  keepQuality() {
    if (!this.ready) return;
    const { enabled } = this.player.getConfiguration().abr;
    const active = this.player.getVideoTracks().find((track) => track.active);
    keepPreferences({ height: enabled ? null : active?.height ?? null });
  }

  keepRate() {
    if (this.ready && this.video.playbackRate > 0) keepPreferences({ rate: this.video.playbackRate });
  }

  progress(always) {
    const { currentTime, duration } = this.video;
    if (!this.ready || (!always && Math.abs(currentTime - this.savedAt) < SAVE_EVERY)) return;
    this.savedAt = currentTime;
    keepPosition(this.settings.edition, currentTime, duration);
    this.tell("progress");
  }

  /** Tell whoever listens: `moviepoint:progress` and `moviepoint:ended` carry edition, position and duration. */
  tell(what) {
    const { currentTime: position, duration } = this.video;
    const detail = { edition: this.settings.edition, position, duration };
    this.element.dispatchEvent(new CustomEvent(`moviepoint:${what}`, { detail, bubbles: true }));
  }

  announceResume(second) {
    this.notice.querySelector("[data-player-words]").textContent =
      this.settings.words.resumed.replace("%(time)s", clock(second));
    this.notice.hidden = false;
    this.noticeUntil = second + NOTICE_SECONDS;
  }

  /** The note about resuming goes when the film has run for a while. */
  forgetNotice() {
    if (this.noticeUntil && this.video.currentTime > this.noticeUntil) this.notice.hidden = true;
  }

  fail(error) {
    const critical = window.shaka.util.Error.Severity.CRITICAL;
    if (error?.severity !== undefined && error.severity !== critical) return;
    this.show(nameOfFault(error), error);
  }

  show(name, error) {
    const { faults } = this.settings.words;
    this.fault.querySelector("[data-player-words]").textContent = faults[name] ?? faults.other;
    this.fault.querySelector("[data-player-code]").textContent = error?.code ? `${error.category}.${error.code}` : "";
    this.fault.hidden = false;
    this.element.dataset.state = "failed";
    const retry = this.fault.querySelector("button");
    retry.hidden = name === "unsupported";
    retry.focus();
  }
}

document.querySelectorAll("[data-player]").forEach((element) => new Player(element).start());
