// What the player's menus call things, in the page's language.

/** Return a language's name, with a capital: "Russian", "Русский". Unknown tags stay as they are. */
export function languageName(tag, locale) {
  try {
    const name = new Intl.DisplayNames([locale], { type: "language" }).of(tag) ?? tag;
    return name.charAt(0).toLocaleUpperCase(locale) + name.slice(1);
  } catch {
    return tag;
  }
}

/*
 * Return how a track stands in a menu: the language, what kind of track it is, and the editor's own words where
 * they say more than these.
 */
function trackName(track, locale, kinds) {
  const language = track.language === "und" ? "" : languageName(track.language, locale);
  const own = languageName(track.language, track.language === "und" ? locale : track.language);
  const said = [language, own, kinds[track.kind]].map((word) => word?.toLowerCase());
  const title = said.includes(track.title?.toLowerCase()) ? "" : track.title;
  const parts = [language, kinds[track.kind], title].filter(Boolean);
  return parts.join(" · ") || track.label || track.language;
}

/** Give each track its name as `shown`; names that would be the same are numbered. */
export function nameAll(tracks, locale, kinds) {
  const taken = new Map();
  for (const track of tracks) {
    const name = trackName(track, locale, kinds);
    const count = (taken.get(name) ?? 0) + 1;
    taken.set(name, count);
    track.shown = count > 1 ? `${name} (${count})` : name;
  }
}

/**
 * Return a master playlist whose tracks carry the names shown. `tracks` lists them by TYPE; a NAME that none of them
 * has as its `label` stays.
 */
export function renameTracks(playlist, tracks) {
  return playlist.replace(/^#EXT-X-MEDIA:.*$/gm, (line) => {
    const list = tracks[/TYPE=([A-Z-]+)/.exec(line)?.[1]] ?? [];
    return line.replace(/NAME="([^"]*)"/, (whole, name) => {
      const track = list.find((one) => one.label === name);
      return track ? `NAME="${track.shown.replace(/["\r\n]/g, " ")}"` : whole;
    });
  });
}
