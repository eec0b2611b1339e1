// Where a viewer stopped, by edition.

const PREFIX = "moviepoint.position.";
const FROM = .05;
const TO = .9;

/** Return the second at which to go on; 0 when a film was hardly begun or nearly finished. */
export function resumePoint(edition) {
  try {
    const { position, duration } = JSON.parse(localStorage.getItem(PREFIX + edition) ?? "{}");
    const share = position / duration;
    return share >= FROM && share <= TO ? position : 0;
  } catch {
    return 0;
  }
}

/** Keep the second that has been reached. */
export function keepPosition(edition, position, duration) {
  if (!(duration > 0) || !Number.isFinite(duration)) return;
  try {
    localStorage.setItem(PREFIX + edition, JSON.stringify({ position: Math.floor(position), duration }));
  } catch {
    // Without storage nothing is resumed.
  }
}

/** Return seconds as a clock shows them: 75 → "1:15", 3675 → "1:01:15". */
export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (number) => String(number).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}
