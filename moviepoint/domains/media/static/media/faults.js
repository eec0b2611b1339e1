// From Shaka's error codes to a sentence that a viewer understands. The sentences come translated from the server.

const NETWORK = 1;
const MEDIA = 3;
const MANIFEST = 4;
const BAD_STATUS = 1001;
const NOT_FOUND = new Set([404, 410]);
const FORBIDDEN = new Set([401, 403]);

/**
 * Return the name of the sentence for an error: offline, forbidden, missing, busy, network, unsupported, damaged,
 * other.
 */
export function nameOfFault(error, online = navigator.onLine) {
  if (!online) return "offline";
  const status = error?.code === BAD_STATUS ? error.data?.[1] : 0;
  if (FORBIDDEN.has(status)) return "forbidden";
  if (NOT_FOUND.has(status)) return "missing";
  if (status === 429 || status === 503) return "busy";
  switch (error?.category) {
    case NETWORK: return "network";
    case MEDIA: return "damaged";
    case MANIFEST: return error.code === 4032 ? "unsupported" : "damaged";
    default: return "other";
  }
}
