// The text of subtitle tracks, fetched once each.

const PAGE = 1000; // cues asked for at once
const fetched = new Map();

async function fetchWhole(address) {
  const response = await fetch(address);
  if (!response.ok) throw new Error(response.statusText);
  return response.json();
}

async function fetchPages(address) {
  const found = [];
  for (let page = 1, pages = 1; page <= pages; page += 1) {
    const answer = await fetchWhole(`${address}?page=${page}&page_size=${PAGE}`);
    found.push(...answer.results);
    pages = answer.total_pages;
  }
  return found;
}

/** Return a track's cues: {start_ms, end_ms, text}. `template` has TRACK for its id; `paged` when it comes in pages. */
export function cuesOf(template, track, paged = false) {
  const address = template.replace("TRACK", track);
  if (!fetched.has(address)) {
    const answer = paged ? fetchPages(address) : fetchWhole(address);
    answer.catch(() => fetched.delete(address)); // the next who asks may have more luck
    fetched.set(address, answer);
  }
  return fetched.get(address);
}

/** Return the places of the first and the last cue that are shown at a time, in milliseconds; -1 for none. */
export function cueAt(cues, now) {
  return cues.findLastIndex((cue) => cue.start_ms <= now && now < cue.end_ms);
}
