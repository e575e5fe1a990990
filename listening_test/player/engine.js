// The sound of a trial: every stimulus runs all the time from one start, one gain each, and only one gain is open.
// Nothing here knows the page; the times that are returned are those of the context.

export const FADE_S = 0.005; // ITU-R BS.1534-3, 5.3: raised cosine, out before in, never a cross-fade
export const SHORTEST_LOOP_S = 0.5; // ITU-R BS.1534-3, 5.3
const CURVE_S = FADE_S - 1e-9; // curves must not touch, and times are sums

const rising = Float32Array.from({ length: 65 }, (_, i) => 0.5 - 0.5 * Math.cos((Math.PI * i) / 64));
const falling = rising.slice().reverse();

/** Plays one of several stimuli of equal length and rate, over and over, and switches between them at any time. */
export class Engine {
  constructor(context, stimuli) {
    const [first] = stimuli;
    if (stimuli.some((one) => one.rate !== first.rate || one.length !== first.length))
      throw new Error("the stimuli of a trial are not equally long");
    this.context = context;
    this.stimuli = stimuli;
    this.rate = first.rate;
    this.seconds = first.length / first.rate;
    this.region = [0, first.length];
    this.active = null; // index of what is heard, or will be when the fades are over
    this.volume = context.createGain();
    this.volume.connect(context.destination);
    this.voices = null;
    this.free = 0; // when the last fade ends
  }

  /** Level for the whole trial, in dB. */
  set level(db) {
    this.volume.gain.value = 10 ** (db / 20);
  }

  /** Hear stimulus `index` from `at` on (now, if that is past); goes on where the one before was. */
  play(index, at = this.context.currentTime) {
    if (index === this.active) return;
    const start = this.#grid(Math.max(at, this.free));
    if (!this.voices) {
      this.#start(start, this.region[0]);
      this.#open(index, start);
      this.free = start + FADE_S;
    } else {
      if (this.active !== null) this.#close(this.active, start);
      this.#open(index, start + FADE_S);
      this.free = start + 2 * FADE_S;
    }
    this.active = index;
    return start;
  }

  /** Fade out; the next `play` begins at the start of the loop. */
  stop(at = this.context.currentTime) {
    if (!this.voices) return;
    const start = this.#grid(Math.max(at, this.free));
    if (this.active !== null) this.#close(this.active, start);
    this.free = start + FADE_S;
    this.#end(this.free);
    this.active = null;
  }

  /** Repeat the part between two times in seconds, or all of it without them; false where it is too short. */
  loop(from = 0, to = this.seconds, at = this.context.currentTime) {
    const region = [from, to].map((s) => Math.round(Math.min(Math.max(s, 0), this.seconds) * this.rate));
    if (region[1] - region[0] < Math.min(SHORTEST_LOOP_S, this.seconds) * this.rate) return false;
    const active = this.active;
    const start = this.#grid(Math.max(at, this.free));
    const heard = this.#sampleAt(start + FADE_S);
    if (active !== null) this.#close(active, start);
    if (this.voices) this.#end(start + FADE_S);
    this.region = region;
    if (active !== null) {
      this.#start(start + FADE_S, heard >= region[0] && heard < region[1] ? heard : region[0]);
      this.#open(active, start + FADE_S);
      this.free = start + 2 * FADE_S;
    }
    return true;
  }

  /** Go on from another time in seconds, within the loop. */
  seek(seconds, at = this.context.currentTime) {
    if (!this.voices || this.active === null) return;
    const start = this.#grid(Math.max(at, this.free));
    const sample = Math.round(seconds * this.rate);
    this.#close(this.active, start);
    this.#end(start + FADE_S);
    this.#start(start + FADE_S, Math.min(Math.max(sample, this.region[0]), this.region[1] - 1));
    this.#open(this.active, start + FADE_S);
    this.free = start + 2 * FADE_S;
  }

  /** Seconds into the stimulus that are heard at context time `at`. */
  position(at = this.context.currentTime) {
    return this.#sampleAt(at) / this.rate;
  }

  #grid(time) {
    return Math.ceil(time * this.rate - 1e-6) / this.rate;
  }

  #sampleAt(time) {
    if (!this.voices) return this.region[0];
    const run = Math.max(0, Math.round((time - this.started) * this.rate)) + this.offset - this.region[0];
    return this.region[0] + (run % (this.region[1] - this.region[0]));
  }

  #start(time, sample) {
    this.started = time;
    this.offset = sample;
    this.voices = this.#buffers().map((buffer) => {
      const source = new AudioBufferSourceNode(this.context, { buffer, loop: true });
      const gain = new GainNode(this.context, { gain: 0 });
      source.connect(gain).connect(this.volume);
      source.start(time, (sample - this.region[0]) / this.rate);
      return { source, gain };
    });
  }

  #end(time) {
    for (const { source, gain } of this.voices) {
      source.onended = () => gain.disconnect();
      source.stop(time);
    }
    this.voices = null;
  }

  #open(index, time) {
    this.voices[index].gain.gain.setValueCurveAtTime(rising, time, CURVE_S);
  }

  #close(index, time) {
    this.voices[index].gain.gain.setValueCurveAtTime(falling, time, CURVE_S);
  }

  /** The region of every stimulus with faded ends, so that its wrap does not click; made once for a region. */
  #buffers() {
    const [from, to] = this.region;
    if (this.made?.from === from && this.made.to === to) return this.made.buffers;
    const fade = Math.round(FADE_S * this.rate);
    const buffers = this.stimuli.map(({ channels }) => {
      const buffer = new AudioBuffer({ length: to - from, numberOfChannels: channels.length, sampleRate: this.rate });
      channels.forEach((samples, channel) => {
        const part = samples.slice(from, to);
        for (let i = 0; i < fade; i++) {
          const weight = 0.5 - 0.5 * Math.cos((Math.PI * i) / fade);
          part[i] *= weight;
          part[part.length - 1 - i] *= weight;
        }
        buffer.copyToChannel(part, channel);
      });
      return buffer;
    });
    this.made = { from, to, buffers };
    return buffers;
  }
}
