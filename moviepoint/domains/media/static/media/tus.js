// Sending one file by tus 1.0: in chunks, from where the server has it, again after a lost connection.
const TUS = { "Tus-Resumable": "1.0.0" };
const PAUSES = [0, 1000, 3000, 8000, 15000]; // ms before a chunk is tried again
const AGAIN = new Set([409, 423, 429]); // another request is at it, or it came too fast: worth another try

const token = document.querySelector("meta[name=csrf-token]")?.content ?? "";
export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const encode = (text) => btoa(String.fromCharCode(...new TextEncoder().encode(text)));

/** The server's no, with its reason: trying again would not help. */
export class Refused extends Error {}

/** Fetch from the API; raises Refused with the server's sentence, or Error for what may pass. */
export async function send(url, options = {}) {
  const response = await fetch(url, { ...options, headers: { "X-CSRFToken": token, ...options.headers } });
  if (response.ok) return response;
  const problem = await response.json().catch(() => ({}));
  const sentence = problem.detail ?? response.statusText;
  throw response.status >= 400 && response.status < 500 && !AGAIN.has(response.status)
    ? new Refused(sentence) : new Error(sentence);
}

export const getJson = async (url) => (await send(url)).json();

export const postJson = async (url, body) => (await send(url, {
  method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "application/json" },
})).json();

/** Announce a file; returns the address that it is sent to. `intent` says what it is to become. */
export async function announce(file, edition, intent) {
  const metadata = Object.entries({ filename: file.name, edition, ...intent })
    .filter(([, value]) => value).map(([name, value]) => `${name} ${encode(value)}`).join(",");
  const created = await send("/api/v1/uploads", {
    method: "POST", headers: { ...TUS, "Upload-Length": String(file.size), "Upload-Metadata": metadata } });
  return new URL(created.headers.get("Location"), location.href).pathname;
}

/** Give an upload up. */
export const giveUp = (url) => send(url, { method: "DELETE", headers: TUS });

async function offsetOf(url, signal) {
  return Number((await send(url, { method: "HEAD", headers: TUS, signal })).headers.get("Upload-Offset"));
}

/** Send what the server has not yet. `moved(bytes, size)` is called on the way; the signal pauses it. */
export async function transfer(file, url, chunk, signal, moved) {
  let offset = await offsetOf(url, signal);
  let failures = 0;
  while (offset < file.size) {
    moved(offset, file.size);
    try {
      const response = await send(url, { method: "PATCH", body: file.slice(offset, offset + chunk), signal, headers: {
        ...TUS, "Upload-Offset": String(offset), "Content-Type": "application/offset+octet-stream" } });
      offset = Number(response.headers.get("Upload-Offset"));
      failures = 0;
    } catch (error) {
      if (signal.aborted || error instanceof Refused || failures >= PAUSES.length) throw error;
      await sleep(PAUSES[failures++]);
      offset = await offsetOf(url, signal).catch(() => offset);
    }
  }
  moved(file.size, file.size);
}
