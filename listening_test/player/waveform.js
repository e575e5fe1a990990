// The picture of a sound, with the part that is repeated and the place that is heard. Part of the module of the player.

const CLICK_S = 0.05; // a shorter drag is a click

class Waveform {
  /** `onseek` is called with seconds, `onloop` with two of them, when the listener points at the picture. */
  constructor(onseek, onloop) {
    this.canvas = make("canvas", { class: "wave", height: 72, "aria-hidden": true,
      onpointerdown: (event) => this.#grab(event), onpointermove: (event) => this.#drag(event), onpointerup: () => this.#drop(onseek, onloop),
      onpointercancel: () => this.#let() }); // a finger that scrolls the page
    this.region = null;
    this.dragged = null;
  }

  /** The sound to show: the first of a page, whatever plays, or the picture would tell the stimuli apart. */
  set sound(sound) {
    this.shown = sound;
    this.seconds = sound.length / sound.rate;
  }

  /** Draw it with the place `position` in seconds, none where it is null. */
  draw(position) {
    const { canvas } = this;
    const width = (canvas.width = Math.max(1, canvas.clientWidth));
    const height = canvas.height;
    const style = getComputedStyle(canvas);
    const paint = canvas.getContext("2d");
    const fill = (color, from, to) => {
      paint.fillStyle = style.getPropertyValue(color);
      paint.fillRect(from, 0, to - from, height);
    };
    const pixel = (seconds) => (seconds / this.seconds) * width;
    const region = this.dragged?.toSorted((a, b) => a - b) ?? this.region;
    if (region) fill("--region", ...region.map(pixel));
    paint.fillStyle = style.getPropertyValue("--wave");
    this.#peaks(width).forEach((peak, x) => paint.fillRect(x, (height / 2) * (1 - peak), 1, Math.max(1, height * peak)));
    if (position !== null) fill("--head", pixel(position), pixel(position) + 2);
  }

  #timeOf(event) {
    const box = this.canvas.getBoundingClientRect();
    return Math.min(Math.max((event.clientX - box.left) / box.width, 0), 1) * this.seconds;
  }

  #grab(event) {
    if (!this.shown) return;
    this.canvas.setPointerCapture(event.pointerId);
    this.dragged = [this.#timeOf(event), this.#timeOf(event)];
  }

  #drag(event) {
    if (!this.dragged) return;
    this.dragged[1] = this.#timeOf(event);
    this.draw(null);
  }

  #drop(onseek, onloop) {
    if (!this.dragged) return;
    const [from, to] = this.dragged.toSorted((a, b) => a - b);
    this.dragged = null;
    if (to - from > CLICK_S) onloop([from, to]);
    else onseek(from);
  }

  #let() {
    this.dragged = null;
    this.draw(null);
  }

  /** The highest sample of every pixel. */
  #peaks(width) {
    if (this.drawn?.length === width) return this.drawn;
    const { channels, length } = this.shown;
    this.drawn = Array.from({ length: width }, (_, x) => {
      let peak = 0;
      for (const samples of channels)
        for (let i = Math.floor((x * length) / width); i < ((x + 1) * length) / width; i++) peak = Math.max(peak, Math.abs(samples[i] ?? 0));
      return peak;
    });
    return this.drawn;
  }
}
