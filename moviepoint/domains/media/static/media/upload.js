// A resumable upload by tus 1.0, then the encoding's progress. A reload or a lost connection loses nothing:
// the file's address is kept by name, size and date, and the server says how much it has.
const TUS = { "Tus-Resumable": "1.0.0" };
const PAUSE = 1000; // ms between looks at a job
const PAUSES = [0, 1000, 3000, 8000, 15000]; // ms before a chunk is tried again

const token = document.querySelector("meta[name=csrf-token]").content;
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const encode = (text) => btoa(String.fromCharCode(...new TextEncoder().encode(text)));

class Refused extends Error {}

async function send(url, options = {}) {
  const response = await fetch(url, { ...options, headers: { "X-CSRFToken": token, ...options.headers } });
  if (response.ok) return response;
  const problem = await response.json().catch(() => ({}));
  if (response.status >= 400 && response.status < 500 && response.status !== 409 && response.status !== 423) {
    throw new Refused(problem.detail ?? response.statusText);
  }
  throw new Error(problem.detail ?? response.statusText);
}

const postJson = async (url, body) => (await send(url, {
  method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "application/json" },
})).json();

async function address(file, panel, show) {
  const key = `upload:${file.name}:${file.size}:${file.lastModified}:${panel.dataset.title}:${panel.dataset.episode}`;
  const kept = localStorage.getItem(key);
  if (kept && (await fetch(kept, { method: "HEAD", headers: TUS })).ok) {
    show(panel.words.resuming);
    return [kept, key];
  }
  const owner = panel.dataset.title ? { title_id: Number(panel.dataset.title) } : { episode_id: Number(panel.dataset.episode) };
  const edition = await postJson("/api/v1/editions", owner);
  const created = await send("/api/v1/uploads", { method: "POST", headers: {
    ...TUS, "Upload-Length": String(file.size),
    "Upload-Metadata": `filename ${encode(file.name)},edition ${encode(edition.id)}` } });
  const url = new URL(created.headers.get("Location"), location.href).pathname;
  localStorage.setItem(key, url);
  return [url, key];
}

async function offsetOf(url) {
  return Number((await send(url, { method: "HEAD", headers: TUS })).headers.get("Upload-Offset"));
}

async function upload(file, panel, show, bar) {
  const [url, key] = await address(file, panel, show);
  let offset = await offsetOf(url);
  let failures = 0;
  while (offset < file.size) {
    bar.value = offset / file.size;
    show(`${panel.words.uploading} ${Math.floor((offset / file.size) * 100)} %`);
    try {
      const chunk = file.slice(offset, offset + Number(panel.dataset.chunk));
      const response = await send(url, { method: "PATCH", body: chunk, headers: {
        ...TUS, "Upload-Offset": String(offset), "Content-Type": "application/offset+octet-stream" } });
      offset = Number(response.headers.get("Upload-Offset"));
      failures = 0;
    } catch (error) {
      if (error instanceof Refused || failures >= PAUSES.length) throw error;
      await sleep(PAUSES[failures++]);
      offset = await offsetOf(url).catch(() => offset);
    }
  }
  localStorage.removeItem(key);
}

async function follow(panel, show, bar) {
  const jobs = await (await send("/api/v1/jobs?page_size=1")).json();
  let job = jobs.results[0];
  while (job && ["queued", "running", "paused"].includes(job.state)) {
    bar.value = job.progress;
    const rest = job.remaining_seconds === null ? "" : ` · ${Math.ceil(job.remaining_seconds / 60)} min`;
    show(`${panel.words.encoding} ${Math.floor(job.progress * 100)} %${rest} ${job.message}`);
    await sleep(PAUSE);
    job = await (await send(`/api/v1/jobs/${job.id}`)).json();
  }
  if (job.state !== "done") throw new Refused(`${panel.words.job_failed} ${job.message}`);
  bar.value = 1;
  show(panel.words.done);
}

for (const panel of document.querySelectorAll("[data-upload]")) {
  panel.words = JSON.parse(panel.dataset.words);
  const status = panel.querySelector("[data-status]");
  const bar = panel.querySelector("progress");
  const show = (text) => { if (status.textContent !== text) status.textContent = text; };
  const start = async (file) => {
    if (!file) return;
    bar.hidden = false;
    try {
      await upload(file, panel, show, bar);
      await follow(panel, show, bar);
    } catch (error) {
      show(error instanceof Refused ? `${panel.words.refused} ${error.message}` : panel.words.failed);
    }
  };
  panel.querySelector("input").addEventListener("change", (event) => start(event.target.files[0]));
  panel.addEventListener("dragover", (event) => { event.preventDefault(); panel.classList.add("drop--over"); });
  panel.addEventListener("dragleave", () => panel.classList.remove("drop--over"));
  panel.addEventListener("drop", (event) => {
    event.preventDefault();
    panel.classList.remove("drop--over");
    start(event.dataTransfer.files[0]);
  });
}
