// The page of a trial: waveform, buttons, sliders or choices, keys. It follows engine.js in one module.
//
// Everything that happens becomes an event with an id of its own. Events are kept here, and in the browser's storage,
// until the server says that they are saved; until then they are sent again. The server decides what is complete.

const AGAIN_MS = 3000; // unsaved events are sent again after this
const DRAG_MS = 250; // a slider that is being moved is told of so often, with all its moves
const SEEK_S = 1; // by a key

const players = new WeakMap(); // the server calls with new data while the page lives: one player for each place

export default function ({ parentElement, data, setStateValue }) {
  let player = players.get(parentElement);
  if (player?.trial !== data.trial) {
    player?.close();
    player = new Player(parentElement, data);
    players.set(parentElement, player);
  }
  player.update(data, setStateValue);
  return () => {
    player.close();
    players.delete(parentElement);
  };
}

/** An element with attributes, listeners (`onclick`) and children. */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

class Log {
  constructor(trial) {
    this.place = `codecbench ${trial}`;
    this.page = Array.from(crypto.getRandomValues(new Uint8Array(8)), (b) => b.toString(16).padStart(2, "0")).join("");
    this.count = 0;
    this.opened = performance.now();
    this.waiting = this.#kept();
    this.timer = setInterval(() => this.waiting.length && this.send(), AGAIN_MS);
  }

  now() {
    return Math.round(performance.now() - this.opened);
  }

  add(kind, details = {}) {
    this.waiting.push({ id: `${this.page}-${++this.count}`, at_ms: this.now(), kind, ...details });
    this.send();
  }

  send() {
    this.#keep();
    this.say?.({ events: this.waiting, sent: performance.now() });
  }

  saved(ids) {
    const known = new Set(ids);
    this.waiting = this.waiting.filter((event) => !known.has(event.id));
    this.#keep();
  }

  close() {
    clearInterval(this.timer);
  }

  #kept() {
    try {
      return JSON.parse(localStorage.getItem(this.place)) ?? [];
    } catch {
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

class Player {
  constructor(parent, data) {
    this.trial = data.trial;
    this.texts = data.texts;
    this.scale = data.scale;
    this.sounds = [...(data.reference ? [{ ...data.reference, letter: data.texts.reference, open: true }] : []), ...data.slots];
    this.log = new Log(data.trial);
    this.active = null;
    this.cursor = null; // the sound that the keys speak of
    this.root = make("div", { class: "trial", tabindex: 0, role: "group", "aria-label": data.texts.trial, onkeydown: (event) => this.#key(event) });
    parent.querySelector(".trial")?.remove();
    parent.append(this.root);
    this.#build(data);
    this.#load();
    this.hide = () => document.hidden && this.#leave("hidden");
    this.gone = () => this.#leave("gone");
    document.addEventListener("visibilitychange", this.hide);
    window.addEventListener("pagehide", this.gone);
  }

  update(data, setStateValue) {
    this.log.say = (value) => setStateValue("log", value);
    this.log.saved(data.saved ?? []);
    this.messages.replaceChildren(...(data.messages ?? []).map((text) => make("p", {}, text)));
    if (!this.met && this.log.waiting.length) this.log.send(); // of a page that was closed before they were saved
    this.met = true;
  }

  close() {
    this.#listened();
    cancelAnimationFrame(this.frame);
    document.removeEventListener("visibilitychange", this.hide);
    window.removeEventListener("pagehide", this.gone);
    this.log.close();
    this.context?.close();
    this.context = null;
  }

  #build(data) {
    const { texts, scale } = this;
    this.wave = make("canvas", { class: "wave", height: 72, "aria-hidden": true,
      onpointerdown: (event) => this.#grab(event), onpointermove: (event) => this.#drag(event), onpointerup: (event) => this.#drop(event) });
    this.stopButton = make("button", { type: "button", class: "stop", disabled: true, onclick: () => this.#stop() }, `■ ${texts.stop}`);
    this.unloop = make("button", { type: "button", disabled: true, onclick: () => this.#loop(null) }, texts.whole);
    this.clock = make("span", { class: "clock" }, "0.0 s");
    this.state = make("span", { class: "state", role: "status", "aria-live": "polite" }, texts.loading);
    this.messages = make("div", { class: "messages", role: "alert" });
    this.submit = make("button", { type: "button", class: "submit", disabled: true, onclick: () => this.#submit() }, texts.submit);
    this.parts = this.sounds.map((sound, index) => this.#sound(sound, index));
    const sounds = make("div", { class: `sounds ${scale.kind}` }, scale.kind === "sliders" ? this.#labels() : null, ...this.parts.map((part) => part.box));
    this.root.replaceChildren(
      this.wave,
      make("div", { class: "transport" }, this.stopButton, this.unloop, this.clock, this.state),
      sounds,
      scale.kind === "choice" ? this.#options(null, data.choice, (value) => this.log.add("choose", { value })) : "",
      scale.kind === "level" ? this.#level(data.level_db ?? 0) : "",
      this.messages,
      make("div", { class: "foot" }, make("p", { class: "keys" }, texts.keys), this.submit),
    );
  }

  #labels() {
    const { labels } = this.scale;
    return make("div", { class: "labels", "aria-hidden": true }, ...labels.toReversed().map((text) => make("span", {}, text)));
  }

  #sound(sound, index) {
    const button = make("button", { type: "button", class: "sound", disabled: true, "aria-pressed": "false", "aria-label": `${this.texts.play} ${sound.letter}`, onclick: () => this.#play(index) }, sound.letter);
    const playing = make("span", { class: "playing", "aria-hidden": true });
    const part = { button, playing, box: make("div", { class: sound.open ? "part open" : "part" }, button, playing) };
    if (!sound.open && this.scale.kind === "sliders") {
      part.value = make("output", {}, sound.score === null ? "–" : String(Math.round(sound.score)));
      part.slider = make("input", { type: "range", min: this.scale.low, max: this.scale.high, step: 1, disabled: true, "aria-label": `${this.texts.rating} ${sound.letter}`,
        oninput: () => this.#slide(index, false), onchange: () => this.#slide(index, true), onpointerup: () => this.#slide(index, true) });
      part.slider.value = sound.score ?? (this.scale.low + this.scale.high) / 2;
      part.slider.setAttribute("aria-valuetext", sound.score === null ? this.texts.unrated : this.#said(sound.score));
      part.rated = sound.score !== null;
      part.moves = [];
      part.box.classList.toggle("rated", part.rated);
      part.box.append(part.slider, part.value);
    }
    if (!sound.open && this.scale.kind === "options") {
      part.options = this.#options(sound.letter, sound.score, (value) => this.log.add("rate", { slot: sound.id, value }));
      part.options.disabled = true;
      part.box.append(part.options);
    }
    return part;
  }

  #options(letter, chosen, say) {
    const name = `choice ${letter ?? ""} ${this.trial}`;
    return make("fieldset", { class: "options" }, make("legend", {}, letter ? `${this.texts.rating} ${letter}` : this.texts.question),
      ...this.scale.options.map(({ value, label }) =>
        make("label", {}, make("input", { type: "radio", name, value, checked: chosen === value, onchange: () => say(value) }), label)));
  }

  #level(db) {
    const value = make("output", {}, `${db} dB`);
    const slider = make("input", { type: "range", min: this.scale.low, max: this.scale.high, step: 0.5, "aria-label": this.texts.level,
      oninput: () => {
        value.textContent = `${slider.value} dB`;
        if (this.engine) this.engine.level = Number(slider.value);
      },
      onchange: () => this.log.add("level", { value: Number(slider.value) }) });
    slider.value = db;
    return make("div", { class: "level" }, make("span", {}, this.texts.level), slider, value);
  }

  async #load() {
    const count = make("span", {}, "");
    this.state.replaceChildren(`${this.texts.loading} `, count);
    try {
      let done = 0;
      this.stimuli = await Promise.all(this.sounds.map(async ({ url }) => {
        const response = await fetch(url, { cache: "no-store" });
        if (!response.ok) throw new Error(`${response.status}`);
        const wav = parseWav(await response.arrayBuffer());
        count.textContent = `${++done}/${this.sounds.length}`;
        return wav;
      }));
    } catch (error) {
      this.log.add("error", { value: String(error) });
      this.state.replaceChildren(`${this.texts.failed} `, make("button", { type: "button", onclick: () => this.#load() }, this.texts.retry));
      return;
    }
    for (const part of this.parts) part.button.disabled = false;
    this.submit.disabled = false;
    this.region = null;
    this.state.textContent = this.texts.ready;
    if (!document.activeElement || document.activeElement === document.body) this.root.focus({ preventScroll: true }); // keys work at once
    this.log.add("loaded");
    this.#draw();
  }

  /** Needs a click or a key: browsers start no sound by themselves. */
  #wake() {
    if (!this.context) {
      this.context = new AudioContext({ sampleRate: this.stimuli[0].rate, latencyHint: "interactive" });
      this.engine = new Engine(this.context, this.stimuli);
      this.engine.level = this.scale.kind === "level" ? Number(this.root.querySelector(".level input").value) : this.scale.level_db ?? 0;
      if (this.region) this.engine.loop(...this.region);
    }
    if (this.context.state !== "running") this.context.resume();
  }

  #play(index) {
    if (!this.stimuli) return;
    this.#wake();
    this.cursor = index;
    if (index === this.active) return;
    this.#listened();
    const sound = this.sounds[index];
    this.engine.play(index);
    this.log.add(this.active === null ? "play" : "switch", { slot: sound.id, position_s: this.engine.position() });
    this.active = index;
    this.since = performance.now();
    this.#show();
    cancelAnimationFrame(this.frame);
    this.#draw();
  }

  #stop() {
    if (this.active === null) return;
    this.#listened();
    this.engine.stop();
    this.log.add("stop");
    this.active = null;
    this.#show();
  }

  #listened() {
    if (this.active === null) return;
    this.#tell(this.active);
    this.log.add("listened", { slot: this.sounds[this.active].id, seconds: (performance.now() - this.since) / 1000 });
    this.since = performance.now();
  }

  /** The page may never run again: what is known by then is written down. */
  #leave(kind) {
    this.#listened();
    this.log.add(kind);
  }

  /** Do `change`; where it disables what has the focus, the focus goes on to a place that hears keys. */
  #keepingFocus(change) {
    const focused = this.root.getRootNode().activeElement;
    change();
    if (!focused?.matches(":disabled") || !this.root.contains(focused)) return;
    const next = focused.type === "range" ? this.parts[this.active]?.slider : null;
    (next ?? this.root).focus({ preventScroll: true });
  }

  #show() {
    this.#keepingFocus(() => this.#enable());
    this.state.textContent = this.active === null ? this.texts.ready : `${this.texts.playing} ${this.sounds[this.active].letter}`;
  }

  #enable() {
    this.parts.forEach((part, index) => {
      const on = index === this.active;
      part.button.setAttribute("aria-pressed", String(on));
      part.playing.textContent = on ? `▶ ${this.texts.playing}` : "";
      part.box.classList.toggle("on", on);
      if (part.slider) part.slider.disabled = !on; // ITU-R BS.1534-3, 5.4: only what is heard can be graded
      if (part.options) part.options.disabled = !on;
    });
    this.stopButton.disabled = this.active === null;
  }

  #said(score) {
    const { low, high, labels } = this.scale;
    const band = Math.min(labels.length - 1, Math.floor(((score - low) / (high - low)) * labels.length));
    return `${Math.round(score)}, ${labels[band]}`;
  }

  #slide(index, final) {
    const part = this.parts[index];
    const score = Number(part.slider.value);
    part.rated = true;
    part.box.classList.add("rated");
    part.value.textContent = String(score);
    part.slider.setAttribute("aria-valuetext", this.#said(score));
    if (score !== part.last) part.moves.push([this.log.now(), score]);
    part.last = score;
    const left = DRAG_MS - (performance.now() - (part.told ?? -DRAG_MS));
    if (final || left <= 0) this.#tell(index);
    else part.timer ??= setTimeout(() => this.#tell(index), left);
  }

  /** Say the score, with every move since it was said last: [ms, score], ... */
  #tell(index) {
    const part = this.parts[index];
    clearTimeout(part.timer);
    part.timer = null;
    if (!part.moves?.length) return;
    part.told = performance.now();
    this.log.add("rate", { slot: this.sounds[index].id, value: part.last, moves: part.moves });
    part.moves = [];
  }

  #submit() {
    this.#stop();
    this.log.add("submit");
  }

  #loop(region) {
    if (!this.stimuli) return;
    const whole = [0, this.stimuli[0].length / this.stimuli[0].rate];
    if (region && region[1] - region[0] < SHORTEST_LOOP_S) {
      this.state.textContent = this.texts.short_loop;
      return;
    }
    this.region = region;
    this.#keepingFocus(() => (this.unloop.disabled = region === null));
    this.engine?.loop(...(region ?? whole));
    this.log.add("loop", { from_s: (region ?? whole)[0], to_s: (region ?? whole)[1] });
    this.#draw();
  }

  #timeOf(event) {
    const box = this.wave.getBoundingClientRect();
    const share = Math.min(Math.max((event.clientX - box.left) / box.width, 0), 1);
    return (share * this.stimuli[0].length) / this.stimuli[0].rate;
  }

  #grab(event) {
    if (!this.stimuli) return;
    this.wave.setPointerCapture(event.pointerId);
    this.dragged = [this.#timeOf(event), this.#timeOf(event)];
  }

  #drag(event) {
    if (!this.dragged) return;
    this.dragged[1] = this.#timeOf(event);
    this.#draw();
  }

  #drop(event) {
    if (!this.dragged) return;
    const region = [...this.dragged].sort((a, b) => a - b);
    this.dragged = null;
    if (region[1] - region[0] > 0.05) this.#loop(region);
    else this.#seek(region[0]);
  }

  #seek(position) {
    if (this.active === null) return;
    const [from, to] = this.region ?? [0, this.stimuli[0].length / this.stimuli[0].rate];
    const there = Math.min(Math.max(position, from), to);
    this.engine.seek(there);
    this.log.add("seek", { position_s: there });
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || !this.stimuli) return;
    const typed = event.composedPath()[0];
    const digit = /^Digit(\d)$/.exec(event.code)?.[1] ?? /^Numpad(\d)$/.exec(event.code)?.[1];
    const step = (by) => {
      const part = this.parts[this.active]; // keys grade what is heard
      if (!part?.slider) return;
      part.slider.value = Number(part.slider.value) + by;
      this.#slide(this.active, false); // a key that is held comes 30 times a second
    };
    const open = this.sounds[0].open ? 1 : 0;
    const next = (by) => this.#play(((this.cursor ?? (by > 0 ? -1 : 0)) + by + this.sounds.length) % this.sounds.length);
    const here = () => this.engine?.position() ?? 0;
    const whole = this.stimuli[0].length / this.stimuli[0].rate;
    const doing = {
      " ": () => (this.active === null ? this.#play(this.cursor ?? 0) : this.#stop()),
      ArrowLeft: () => next(-1), ArrowRight: () => next(1), ArrowUp: () => step(1), ArrowDown: () => step(-1),
      PageUp: () => step(10), PageDown: () => step(-10), Home: () => step(-1000), End: () => step(1000),
      "[": () => this.#loop([here(), this.region?.[1] ?? whole]), "]": () => this.#loop([this.region?.[0] ?? 0, here()]),
      Backspace: () => this.#loop(null), ",": () => this.#seek(here() - SEEK_S), ".": () => this.#seek(here() + SEEK_S),
    };
    let action = doing[event.key];
    if (digit) {
      const index = digit === "0" ? 0 : Number(digit) - 1 + open + (event.shiftKey ? 9 : 0);
      if (index < this.sounds.length && (digit !== "0" || open)) action = () => this.#play(index);
    }
    if (typed.type === "radio" && (event.key.startsWith("Arrow") || event.key === " ")) action = null; // choices keep their own keys
    if (typed.tagName === "BUTTON" && event.key === " ") action = null;
    event.stopPropagation(); // the page around has keys of its own
    if (!action) return;
    event.preventDefault();
    action();
  }

  #draw() {
    if (!this.stimuli || !this.root.isConnected) return;
    const canvas = this.wave;
    const width = (canvas.width = Math.max(1, canvas.clientWidth));
    const height = canvas.height;
    const style = getComputedStyle(this.root);
    const paint = canvas.getContext("2d");
    const seconds = this.stimuli[0].length / this.stimuli[0].rate;
    const region = this.dragged ? [...this.dragged].sort((a, b) => a - b) : this.region;
    if (region) {
      paint.fillStyle = style.getPropertyValue("--region");
      paint.fillRect((region[0] / seconds) * width, 0, ((region[1] - region[0]) / seconds) * width, height);
    }
    paint.fillStyle = style.getPropertyValue("--wave");
    this.#peaks(width).forEach((peak, x) => paint.fillRect(x, (height / 2) * (1 - peak), 1, Math.max(1, height * peak)));
    const position = this.engine?.position() ?? 0;
    this.clock.textContent = `${position.toFixed(1)} s`;
    if (this.active !== null) {
      paint.fillStyle = style.getPropertyValue("--head");
      paint.fillRect((position / seconds) * width, 0, 2, height);
      this.frame = requestAnimationFrame(() => this.#draw());
    }
  }

  /** The first sound's, for every pixel: the same picture whatever plays, or it would tell the stimuli apart. */
  #peaks(width) {
    if (this.drawn?.length === width) return this.drawn;
    const { channels, length } = this.stimuli[0];
    this.drawn = Array.from({ length: width }, (_, x) => {
      let peak = 0;
      for (const samples of channels)
        for (let i = Math.floor((x * length) / width); i < ((x + 1) * length) / width; i++) peak = Math.max(peak, Math.abs(samples[i] ?? 0));
      return peak;
    });
    return this.drawn;
  }
}
