// What a viewer likes to hear and see, remembered by meaning and never by index: another film has its own tracks.

const KEY = "moviepoint.preferences";
const EMPTY = {
  audio: null, text: null, second: null, secondPlace: null, look: null, height: null, volume: 1, muted: false, rate: 1,
};

/** Return the preferences kept in this browser; nothing is preferred when storage is forbidden or damaged. */
export function readPreferences() {
  try {
    return { ...EMPTY, ...JSON.parse(localStorage.getItem(KEY) ?? "{}") };
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
  if (wish.kind && track.kind === wish.kind) points += 4;
  if (wish.label && track.label === wish.label) points += 2;
  return points;
}

/**
 * Return the track that is most like what is wished for; null when no track has the language.
 * A track is {language, kind, label}; a wish likewise, and only its language must be there.
 */
export function mostAlike(tracks, wish) {
  if (!wish?.language) return null;
  const rated = tracks.map((track) => ({ track, points: likeness(track, wish) }));
  const best = rated.reduce((a, b) => (b.points > (a?.points ?? 0) ? b : a), null);
  return best?.points ? best.track : null;
}

/** Return the dub to begin with: the one preferred, else the film's default, else the first. */
export function chooseAudio(tracks, wish) {
  return mostAlike(tracks, wish) ?? tracks.find((track) => track.default) ?? tracks[0] ?? null;
}

/**
 * Return the subtitles to begin with, or null for none. `wish` is null when nothing was ever chosen; then a track
 * marked as default is shown, and else forced ones in the language that is heard. A wish with `off` keeps the forced.
 */
export function chooseText(tracks, wish, heard) {
  const forced = tracks.find((track) => track.kind === "forced" && base(track.language) === base(heard)) ?? null;
  const whole = tracks.filter((track) => track.kind !== "forced");
  if (wish?.off) return forced;
  if (wish) return mostAlike(whole, wish) ?? forced;
  return whole.find((track) => track.default) ?? forced;
}
