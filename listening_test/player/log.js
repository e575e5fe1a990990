// Everything that happens on a page becomes an event with an id of its own. Events are kept here, and in the browser's
// storage, until the server says that they are saved; until then they are sent again. Part of the module of the player.

const AGAIN_MS = 3000; // unsaved events are sent again after this
const LATE_MS = 6000; // what waits longer is told to the listener
const MOST = 500; // events of a message; the server saves no more at a time and closes a page that sends megabytes

class Log {
  /** `onlate` is told whether something has waited too long to be saved. */
  constructor(trial, onlate = () => {}) {
    this.onlate = onlate;
    this.place = `codecbench ${trial}`;
    this.page = Array.from(crypto.getRandomValues(new Uint8Array(8)), (b) => b.toString(16).padStart(2, "0")).join("");
    this.count = 0;
    this.opened = performance.now();
    this.waiting = this.#kept();
    this.timer = setInterval(() => this.#again(), AGAIN_MS);
  }

  now() {
    return Math.round(performance.now() - this.opened);
  }

  add(kind, details = {}) {
    this.waiting.push({ id: `${this.page}-${++this.count}`, at_ms: this.now(), kind, ...details });
    this.send();
  }

  send() {
    this.since ??= performance.now();
    this.#keep();
    this.say?.({ events: this.waiting.slice(0, MOST), sent: performance.now() });
  }

  saved(ids) {
    const known = new Set(ids);
    const before = this.waiting.length;
    this.waiting = this.waiting.filter((event) => !known.has(event.id));
    if (this.waiting.length < before) this.since = this.waiting.length ? performance.now() : null;
    this.#tell();
    this.#keep();
  }

  /** What the last event of `kind` that is not saved yet says of `slot`: the server does not know it. */
  unsaved(kind, slot) {
    return this.waiting.findLast((event) => event.kind === kind && event.slot === slot)?.value;
  }

  close() {
    clearInterval(this.timer);
  }

  #again() {
    if (this.waiting.length) this.send();
    this.#tell();
  }

  #tell() {
    this.onlate(this.waiting.length > 0 && performance.now() - this.since > LATE_MS);
  }

  #kept() {
    try {
      return JSON.parse(localStorage.getItem(this.place)).filter((event) => typeof event.id === "string");
    } catch { // nothing, or nothing of ours
      return [];
    }
  }

  #keep() {
    try {
      if (this.waiting.length) localStorage.setItem(this.place, JSON.stringify(this.waiting));
      else localStorage.removeItem(this.place);
    } catch {
      // a browser that forbids storage: the events are still in memory
    }
  }
}
