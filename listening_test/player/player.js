// The page of a trial: buttons, sliders or choices, keys. It is the end of one module, after wav.js, engine.js, log.js,
// controls.js and waveform.js. The server decides what is complete.

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

class Player {
  constructor(parent, data) {
    this.trial = data.trial;
    this.texts = data.texts;
    this.scale = data.scale;
    this.level_db = data.level_db;
    this.log = new Log(data.trial, (late) => (this.late.textContent = late ? this.texts.unsaved : ""));
    const slots = data.slots.map((slot) => ({ ...slot, score: this.log.unsaved("rate", slot.id) ?? slot.score }));
    this.sounds = [...(data.reference ? [{ ...data.reference, letter: data.texts.reference, open: true }] : []), ...slots];
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
    this.wave = new Waveform((seconds) => this.#seek(seconds), (region) => this.#loop(region));
    this.stopButton = make("button", { type: "button", class: "stop", disabled: true, onclick: () => this.#stop() }, `■ ${texts.stop}`);
    this.unloop = make("button", { type: "button", disabled: true, onclick: () => this.#loop(null) }, texts.whole);
    this.clock = make("span", { class: "clock" }, "0.0 s");
    this.state = make("span", { class: "state", role: "status", "aria-live": "polite" }, texts.loading);
    this.messages = make("div", { class: "messages", role: "alert" });
    this.late = make("div", { class: "late", "aria-live": "polite" });
    this.submit = make("button", { type: "button", class: "submit", disabled: true, onclick: () => this.#submit() }, texts.submit);
    this.parts = this.sounds.map((sound, index) => this.#sound(sound, index));
    const sounds = make("div", { class: `sounds ${scale.kind}` }, scale.kind === "sliders" ? bands(scale.labels) : null, ...this.parts.map((part) => part.box));
    if (scale.kind === "level")
      this.level = new LevelSlider(scale, texts.level, this.log.unsaved("level") ?? data.level_db,
        (db) => this.engine && (this.engine.level = db), (value) => this.log.add("level", { value }));
    this.root.replaceChildren(
      this.wave.canvas,
      make("div", { class: "transport" }, this.stopButton, this.unloop, this.clock, this.state),
      sounds,
      scale.kind === "choice" ? choices("choice", texts.question, scale.options, this.log.unsaved("choose") ?? data.choice, (value) => this.log.add("choose", { value })) : "",
      this.level?.box ?? "",
      make("div", { class: "foot" }, this.messages, this.late, this.submit), // complaints stay where the button is, which stays on the screen
      make("p", { class: "keys" }, texts.keys),
    );
  }

  #sound(sound, index) {
    const button = make("button", { type: "button", class: "sound", disabled: true, "aria-pressed": "false", "aria-label": `${this.texts.play} ${sound.letter}`, onclick: () => this.#play(index) }, this.sounds.length === 1 ? `▶ ${this.texts.play}` : sound.letter);
    const playing = make("span", { class: "playing", "aria-hidden": true });
    const part = { button, playing, box: make("div", { class: sound.open ? "part open" : "part" }, button, playing) };
    const label = `${this.texts.rating} ${sound.letter}`;
    if (!sound.open && this.scale.kind === "sliders") {
      part.slider = new RatingSlider(this.scale, label, this.texts.unrated, sound.score,
        (final) => this.#slide(index, final));
      part.box.addEventListener("click", ({ target }) => { // what a disabled slider lets through
        if (target === part.box && part.slider.input.disabled) this.state.textContent = `${this.texts.play_first} ${sound.letter}`;
      });
      part.moves = [];
      part.box.append(part.slider.input, part.slider.value);
    }
    if (!sound.open && this.scale.kind === "options") {
      part.options = choices(`choice ${sound.letter}`, label, this.scale.options, sound.score, (value) => this.log.add("rate", { slot: sound.id, value }));
      part.options.disabled = true;
      part.box.append(part.options);
    }
    return part;
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
    this.wave.sound = this.stimuli[0];
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
      this.engine.level = this.level?.db ?? this.level_db;
      if (this.wave.region) this.engine.loop(...this.wave.region);
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
    const next = focused.type === "range" ? this.parts[this.active]?.slider?.input : null;
    (next ?? this.root).focus({ preventScroll: true });
  }

  #show() {
    this.#keepingFocus(() => this.#enable());
    const letter = this.sounds.length === 1 ? "" : ` ${this.sounds[this.active]?.letter}`;
    this.state.textContent = this.active === null ? this.texts.ready : `${this.texts.playing}${letter}`;
  }

  #enable() {
    this.parts.forEach((part, index) => {
      const on = index === this.active;
      part.button.setAttribute("aria-pressed", String(on));
      part.playing.textContent = on ? `▶ ${this.texts.playing}` : "";
      part.box.classList.toggle("on", on);
      if (part.slider) part.slider.input.disabled = !on; // ITU-R BS.1534-3, 5.4: only what is heard can be graded
      if (part.options) part.options.disabled = !on;
    });
    this.stopButton.disabled = this.active === null;
  }

  #slide(index, final) {
    const part = this.parts[index];
    const { score } = part.slider;
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
    const whole = [0, this.wave.seconds];
    if (region && region[1] - region[0] < SHORTEST_LOOP_S) {
      this.state.textContent = this.texts.short_loop;
      return;
    }
    this.wave.region = region;
    this.#keepingFocus(() => (this.unloop.disabled = region === null));
    this.engine?.loop(...(region ?? whole));
    this.log.add("loop", { from_s: (region ?? whole)[0], to_s: (region ?? whole)[1] });
    this.#draw();
  }

  #seek(position) {
    if (this.active === null) return this.#draw();
    const [from, to] = this.wave.region ?? [0, this.wave.seconds];
    const there = Math.min(Math.max(position, from), to);
    this.engine.seek(there);
    this.log.add("seek", { position_s: there });
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || !this.stimuli) return;
    const typed = event.composedPath()[0];
    const digit = /^Digit(\d)$/.exec(event.code)?.[1] ?? /^Numpad(\d)$/.exec(event.code)?.[1];
    const step = (by) => (this.level ?? this.parts[this.active]?.slider)?.step(by); // keys grade what is heard
    const open = this.sounds[0].open ? 1 : 0;
    const next = (by) => this.#play(((this.cursor ?? (by > 0 ? -1 : 0)) + by + this.sounds.length) % this.sounds.length);
    const here = () => this.engine?.position() ?? 0;
    const { region, seconds } = this.wave;
    const doing = {
      " ": () => (this.active === null ? this.#play(this.cursor ?? 0) : this.#stop()),
      ArrowLeft: () => next(-1), ArrowRight: () => next(1), ArrowUp: () => step(1), ArrowDown: () => step(-1),
      PageUp: () => step(10), PageDown: () => step(-10), Home: () => step(-1000), End: () => step(1000),
      "[": () => this.#loop([here(), region?.[1] ?? seconds]), "]": () => this.#loop([region?.[0] ?? 0, here()]),
      Backspace: () => this.#loop(null), ",": () => this.#seek(here() - SEEK_S), ".": () => this.#seek(here() + SEEK_S),
    };
    let action = doing[event.key];
    if (digit) {
      const index = digit === "0" ? 0 : Number(digit) - 1 + open + (event.shiftKey ? 9 : 0);
      if (index < this.sounds.length && (digit !== "0" || open)) action = () => this.#play(index);
    }
    const own = { radio: /^(Arrow.*| )$/, button: /^ $/ }[typed.type] ?? (typed === this.level?.input ? /^Arrow(Left|Right)$/ : null);
    if (own?.test(event.key)) action = null; // controls keep the keys that everybody knows
    event.stopPropagation(); // the page around has keys of its own
    if (!action) return;
    event.preventDefault();
    action();
  }

  #draw() {
    if (!this.stimuli || !this.root.isConnected) return;
    const position = this.engine?.position() ?? 0;
    this.clock.textContent = `${position.toFixed(1)} s`;
    this.wave.draw(this.active === null ? null : position);
    cancelAnimationFrame(this.frame);
    if (this.active !== null) this.frame = requestAnimationFrame(() => this.#draw());
  }
}
