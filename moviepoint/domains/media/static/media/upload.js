// Many files at once, each with its own progress: chosen or dropped, guessed by name, corrected, sent, then followed
// through encoding. A reload loses nothing: the server names what it waits for, and the same file goes on.
import { announce, getJson, giveUp, postJson, Refused, sleep, transfer } from "media/tus.js";

const LOOK = 2000; // ms between looks at a job
const AT_ONCE = 2;
const LIVE = ["queued", "running", "paused"];

const UNITS = [[1e9, "gigabyte"], [1e6, "megabyte"], [1e3, "kilobyte"], [0, "byte"]];

function size(bytes, locale) {
  const [least, unit] = UNITS.find(([from]) => bytes >= from);
  return new Intl.NumberFormat(locale, { style: "unit", unit, maximumSignificantDigits: 3 }).format(bytes / (least || 1));
}

/** One file on its way. Its state: asking (not begun), waiting, sending, paused, failed, encoding, done, absent. */
class Sending {
  constructor(panel, { file = null, known = null, intent }) {
    this.panel = panel;
    this.file = file;
    this.url = known ? `/api/v1/uploads/${known.id}` : "";
    this.name = file?.name ?? known.filename;
    this.size = file?.size ?? known.size;
    this.row = panel.template.content.firstElementChild.cloneNode(true);
    this.part = (name) => this.row.querySelector(`[data-${name}]`);
    this.part("name").textContent = this.name;
    this.part("size").textContent = size(this.size, panel.locale);
    for (const labelled of this.row.querySelectorAll("[data-label]")) {
      labelled.setAttribute("aria-label", `${labelled.dataset.label}: ${this.name}`);
    }
    this.fill(intent);
    this.part("use").addEventListener("change", () => this.fillKinds(""));
    this.part("replaces").addEventListener("change", () => this.showFields());
    this.part("go").addEventListener("click", () => this.toggle());
    this.part("drop").addEventListener("click", () => this.remove());
    panel.list.append(this.row);
    this.become(file ? "asking" : "absent");
    if (known) this.moved(known.offset, known.size);
    if (known?.message) this.fail(new Refused(known.message)); // it can be given up, and sent anew
  }

  fill(intent) {
    this.part("use").value = intent.use;
    this.part("language").value = intent.language === "und" ? "" : intent.language;
    this.fillKinds(intent.kind, intent.replaces);
  }

  /** A film has no language or kind to say: its own tracks do. */
  fillKinds(kind, replaces = 0) {
    const use = this.part("use").value;
    const kinds = Object.entries(this.panel.kinds[use] ?? {});
    this.part("kind").replaceChildren(...kinds.map(([value, word]) => new Option(word, value, false, value === kind)));
    const tracks = this.panel.tracks[use] ?? [];
    this.part("replaces").replaceChildren(new Option(this.panel.words.added, ""), ...tracks.map(([id, name]) =>
      new Option(this.panel.words.instead.replace("{}", name), id, false, id === replaces)));
    this.showFields();
  }

  /** What takes another's place has its language and kind. */
  showFields() {
    const use = this.part("use").value;
    this.part("track").hidden = !this.panel.kinds[use] || Boolean(this.part("replaces").value);
    this.part("replaces").hidden = !this.panel.tracks[use]?.length;
  }

  get intent() {
    const use = this.part("use").value;
    if (use === "film") return { use };
    if (this.part("replaces").value) return { use, replaces: this.part("replaces").value };
    return { use, language: this.part("language").value.trim(), kind: this.part("kind").value };
  }

  become(state, sentence = this.panel.words[state]) {
    this.state = state;
    this.row.dataset.state = state;
    const asking = state === "asking";
    for (const field of this.row.querySelectorAll("select, input")) field.disabled = !asking;
    this.part("bar").hidden = asking;
    const go = { asking: "start", sending: "pause", waiting: "pause", paused: "resume", failed: "resume" }[state];
    this.part("go").hidden = !go;
    this.part("go").textContent = this.panel.words[go] ?? "";
    this.part("go").setAttribute("aria-label", `${this.panel.words[go]}: ${this.name}`);
    this.part("drop").hidden = ["encoding", "done"].includes(state);
    this.say(sentence);
    this.panel.heard.textContent = `${this.name}: ${sentence}`; // once a state; each per cent would be a flood
    this.panel.changed();
  }

  say(sentence) {
    if (this.part("said").textContent !== sentence) this.part("said").textContent = sentence;
  }

  toggle() {
    if (["sending", "waiting"].includes(this.state)) this.pause();
    else this.queue();
  }

  queue() {
    this.become("waiting");
    this.panel.next();
  }

  pause() {
    this.stop?.abort();
    this.become("paused");
    this.panel.next();
  }

  async remove() {
    this.stop?.abort();
    if (this.url) await giveUp(this.url).catch(() => {});
    this.state = "gone";
    this.row.remove();
    this.panel.drop(this);
  }

  async start() {
    this.stop = new AbortController();
    this.become("sending");
    this.since = { time: performance.now(), bytes: null };
    try {
      this.url ||= await announce(this.file, await this.panel.edition(), this.intent);
      await transfer(this.file, this.url, this.panel.chunk, this.stop.signal, (...where) => this.moved(...where));
    } catch (error) {
      if (this.state === "sending") this.fail(error, this.panel.words.failed);
      return;
    }
    this.follow().catch((error) => this.fail(error, this.panel.words.lost));
  }

  fail(error, sentence) {
    if (!(error instanceof Refused)) return this.become("failed", sentence);
    this.become("failed", `${this.panel.words.refused} ${error.message}`);
    this.part("go").hidden = true;
    return undefined;
  }

  moved(bytes, whole) {
    const share = whole ? bytes / whole : 1;
    this.part("bar").value = share;
    if (this.state !== "sending") return;
    this.since.bytes ??= bytes;
    const rate = (bytes - this.since.bytes) / ((performance.now() - this.since.time) / 1000);
    const parts = [this.panel.words.sending, `${Math.floor(share * 100)} %`];
    if (rate > 0) parts.push(`${size(rate, this.panel.locale)}/s`, this.panel.minutes((whole - bytes) / rate));
    this.say(parts.join(" · "));
  }

  async follow() {
    this.become("encoding");
    const { job_id: number } = await getJson(this.url);
    let job = await getJson(`/api/v1/jobs/${number}`);
    while (LIVE.includes(job.state)) {
      this.part("bar").value = job.progress;
      const parts = [this.panel.words.encoding, `${Math.floor(job.progress * 100)} %`];
      if (job.speed) parts.push(`${job.speed.toFixed(1)}×`);
      if (job.remaining_seconds !== null) parts.push(this.panel.minutes(job.remaining_seconds));
      if (job.message) parts.push(job.message);
      this.say(parts.join(" · "));
      await sleep(LOOK);
      job = await getJson(`/api/v1/jobs/${number}`);
    }
    this.part("bar").value = 1;
    if (job.state === "done") this.become("done");
    else this.become("failed", `${this.panel.words.job_failed} ${job.message}`);
    if (job.state !== "done") this.part("go").hidden = true;
  }
}

/** The place where files are dropped, with all that are on their way. */
class Panel {
  constructor(element) {
    this.element = element;
    this.locale = document.documentElement.lang;
    this.words = JSON.parse(element.dataset.words);
    this.kinds = JSON.parse(element.dataset.kinds);
    this.tracks = JSON.parse(element.dataset.tracks);
    this.chunk = Number(element.dataset.chunk);
    this.list = element.querySelector("[data-list]");
    this.template = element.querySelector("template");
    this.all = element.querySelector("[data-start]");
    this.reload = element.querySelector("[data-reload]");
    this.status = element.querySelector("[data-status]");
    this.heard = element.querySelector("[data-heard]");
    this.sendings = [];
    this.listen();
    this.recall().catch(() => {});
  }

  listen() {
    const input = this.element.querySelector("input[type=file]");
    input.addEventListener("change", () => {
      this.take([...input.files]);
      input.value = "";
    });
    this.element.addEventListener("dragover", (event) => {
      event.preventDefault();
      this.element.classList.add("drop--over");
    });
    this.element.addEventListener("dragleave", () => this.element.classList.remove("drop--over"));
    this.element.addEventListener("drop", (event) => {
      event.preventDefault();
      this.element.classList.remove("drop--over");
      this.take([...event.dataTransfer.files]);
    });
    this.all.querySelector("button").addEventListener("click", () => {
      for (const one of this.sendings) if (one.state === "asking") one.queue();
    });
    this.reload.querySelector("button").addEventListener("click", () => location.reload());
    addEventListener("beforeunload", (event) => {
      if (this.sendings.some((one) => one.state === "sending")) event.preventDefault();
    });
  }

  /** What was begun before this page was loaded waits for its file. */
  async recall() {
    if (!this.element.dataset.edition) return;
    const query = new URLSearchParams({ edition: this.element.dataset.edition });
    for (const known of await getJson(`/api/v1/uploads?${query}`)) {
      this.sendings.push(new Sending(this, { known, intent: known.intent }));
    }
  }

  async take(files) {
    const fresh = [];
    for (const file of files) {
      const waits = this.sendings.find((one) => one.state === "absent" && one.name === file.name
        && one.size === file.size);
      if (waits) {
        waits.file = file;
        waits.queue();
      } else if (file.size) fresh.push(file);
    }
    if (!fresh.length) return;
    try {
      const guesses = await postJson("/api/v1/uploads/guess", { filenames: fresh.map((file) => file.name) });
      fresh.forEach((file, place) => this.sendings.push(new Sending(this, { file, intent: guesses[place].intent })));
      this.changed();
      this.list.querySelector("[data-state=asking] [data-use]")?.focus();
    } catch (error) {
      this.status.textContent = error instanceof Refused ? `${this.words.refused} ${error.message}` : this.words.lost;
    }
  }

  /** Begin the next files, as many as go at once. */
  next() {
    const busy = this.sendings.filter((one) => one.state === "sending").length;
    const waiting = this.sendings.filter((one) => one.state === "waiting").slice(0, Math.max(0, AT_ONCE - busy));
    for (const one of waiting) one.start().finally(() => this.next());
  }

  drop(one) {
    this.sendings.splice(this.sendings.indexOf(one), 1);
    this.changed();
    this.next();
  }

  changed() {
    this.all.hidden = !this.sendings.some((one) => one.state === "asking");
    this.reload.hidden = !this.sendings.some((one) => one.state === "done");
  }

  /** Return the edition's id; the edition of a title is made with the first file. */
  edition() {
    const { edition, title, episode } = this.element.dataset;
    if (edition) return edition;
    this.made ??= postJson("/api/v1/editions", title ? { title_id: Number(title) } : { episode_id: Number(episode) })
      .then((found) => found.id);
    this.made.catch(() => { this.made = undefined; });
    return this.made;
  }

  minutes(seconds) {
    return this.words.minutes.replace("{}", Math.max(1, Math.ceil(seconds / 60)));
  }
}

for (const element of document.querySelectorAll("[data-upload]")) new Panel(element);
