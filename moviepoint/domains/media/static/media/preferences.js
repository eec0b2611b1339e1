// What a viewer likes to hear and see, remembered by meaning and never by index: another film has its own tracks.
//
// `audio` and `text` hold wishes, the newest first, one a language: {language, kind, studio, label}. A film that has not
// the first language is heard in the second. `own` and `foreign` say whether subtitles are read with sound in the
// viewer's own language, and with any other: "on", "off", or null where that was never chosen.

const KEY = "moviepoint.preferences";
const EMPTY = {
  audio: [], text: [], own: null, foreign: null, second: null, secondPlace: null, look: null, height: null, volume: 1,
  muted: false, rate: 1,
};
const MOST_WISHES = 5;
const ASKED_FOR = new Set(["commentary", "audio-description", "signs"]); // heard or read by who chose their like

/** Return the preferences kept in this browser; nothing is preferred when storage is forbidden or damaged. */
export function readPreferences() {
  try {
    const kept = { ...EMPTY, ...JSON.parse(localStorage.getItem(KEY) ?? "{}") };
    for (const name of ["audio", "text"]) {
      kept[name] = Array.isArray(kept[name]) ? kept[name].filter((wish) => typeof wish?.language === "string") : [];
    }
    return kept;
  } catch {
    return { ...EMPTY };
  }
}

/** Change some preferences and keep them. */
export function keepPreferences(changes) {
  try {
    localStorage.setItem(KEY, JSON.stringify({ ...readPreferences(), ...changes }));
  } catch {
    // They then hold for this page.
  }
}

const base = (tag) => (tag ?? "").toLowerCase().split("-")[0];

function likeness(track, wish) {
  if (base(track.language) !== base(wish.language)) return 0;
  let points = 1;
  if (track.language.toLowerCase() === wish.language.toLowerCase()) points += 1;
  if (wish.kind && track.kind === wish.kind) points += 8;
  if (wish.studio && track.studio === wish.studio) points += 4;
  if (wish.label && track.label === wish.label) points += 2;
  return points;
}

/**
 * Return the track that is most like what is wished for; null when no track has the language.
 * A track is {language, kind, studio, label}; a wish likewise, and only its language must be there.
 */
export function mostAlike(tracks, wish) {
  if (!wish?.language) return null;
  const rated = tracks.map((track) => ({ track, points: likeness(track, wish) }));
  const best = rated.reduce((a, b) => (b.points > (a?.points ?? 0) ? b : a), null);
  return best?.points ? best.track : null;
}

/** Return the track that is most like the first wish that any track is like; null when there is none. */
function firstAlike(tracks, wishes) {
  for (const wish of wishes) {
    const track = mostAlike(tracks.filter(({ kind }) => !ASKED_FOR.has(kind) || kind === wish.kind), wish);
    if (track) return track;
  }
  return null;
}

/** Return wishes with another in front, which takes the place of an older one of its language. */
export function withWish(wishes, { language, kind, studio, label }) {
  const others = wishes.filter((wish) => base(wish.language) !== base(language));
  return [{ language, kind, studio, label }, ...others].slice(0, MOST_WISHES);
}

/** Return the dub to begin with: the one preferred, else the film's default, else the first. */
export function chooseAudio(tracks, { audio }) {
  return firstAlike(tracks, audio) ?? tracks.find((track) => track.default) ?? tracks[0] ?? null;
}

/** Say whether sound is in the viewer's own language: the one last chosen, and before that the page's. */
function isOwn(heard, { audio }, locale) {
  return base(heard) === base(audio[0]?.language ?? locale);
}

/**
 * Return the subtitles to begin with, or null for none: whether any is a matter of what is heard. Who reads along in the
 * own language reads with all others too; who reads with none of those reads with the own neither. Where nothing was
 * ever chosen, a track marked as default is shown. Else forced ones in the language that is heard are.
 */
export function chooseText(tracks, preferences, heard, locale) {
  const forced = tracks.find((track) => track.kind === "forced" && base(track.language) === base(heard)) ?? null;
  const whole = tracks.filter((track) => track.kind !== "forced");
  const { own, foreign } = preferences;
  const mode = isOwn(heard, preferences, locale)
    ? own ?? (foreign === "off" ? "off" : null)
    : foreign ?? (own === "on" ? "on" : null);
  if (mode === "off") return forced;
  if (mode === "on") return firstAlike(whole, preferences.text) ?? forced;
  return whole.find((track) => track.default) ?? forced;
}

/** Keep a dub that was chosen. */
export function keepHeard(track) {
  keepPreferences({ audio: withWish(readPreferences().audio, track) });
}

/** Keep subtitles that were chosen, or null for none, with the language that is heard. */
export function keepRead(track, heard, locale) {
  const preferences = readPreferences();
  const mode = isOwn(heard, preferences, locale) ? "own" : "foreign";
  keepPreferences({ [mode]: track ? "on" : "off", ...(track && { text: withWish(preferences.text, track) }) });
}
