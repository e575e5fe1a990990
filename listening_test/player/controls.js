// What a page is made of: elements, rating sliders, choices, the level. Part of the module of the player.

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

/** Names of the bands beside the sliders, the best above. */
function bands(labels) {
  return make("div", { class: "labels", "aria-hidden": true }, ...labels.toReversed().map((text) => make("span", {}, text)));
}

/**
 * A slider that says its score in words; `onmove` is told of every move, and whether it is the last of a drag.
 */
class RatingSlider {
  constructor({ low, high, labels }, label, unrated, score, onmove) {
    Object.assign(this, { low, high, labels });
    this.value = make("output", {}, "–");
    const moved = (final) => {
      this.show(this.score);
      onmove(final);
    };
    this.input = make("input", { type: "range", min: low, max: high, step: 1, disabled: true, "aria-label": label, "aria-orientation": "vertical", "aria-valuetext": unrated,
      oninput: () => moved(false), onchange: () => moved(true), onpointerup: () => moved(true) });
    this.input.value = (low + high) / 2;
    if (score !== null) this.show(score);
    this.moved = moved;
  }

  get score() {
    return Number(this.input.value);
  }

  /** Move it with a key, which comes 30 times a second where it is held. */
  step(by) {
    this.input.value = this.score + by;
    this.moved(false);
  }

  show(score) {
    const band = Math.min(this.labels.length - 1, Math.floor(((score - this.low) / (this.high - this.low)) * this.labels.length));
    this.input.value = score;
    this.value.textContent = String(Math.round(score));
    this.input.setAttribute("aria-valuetext", `${Math.round(score)}, ${this.labels[band]}`);
    this.input.classList.add("rated");
  }
}

/** One of several answers to `legend`. */
function choices(name, legend, options, chosen, say) {
  return make("fieldset", { class: "options" }, make("legend", {}, legend),
    ...options.map(([value, label]) =>
      make("label", {}, make("input", { type: "radio", name, value, checked: chosen === value, onchange: () => say(value) }), label)));
}

/** A slider for the level in dB: `onhear` is told of every move, `onset` of where it is left. */
class LevelSlider {
  constructor({ low, high }, label, db, onhear, onset) {
    const value = make("output", {}, "");
    this.input = make("input", { type: "range", min: low, max: high, step: 0.5, "aria-label": label,
      oninput: () => {
        value.textContent = `${this.db} dB`;
        this.input.setAttribute("aria-valuetext", value.textContent);
        onhear(this.db);
      },
      onchange: () => onset(this.db) });
    this.input.value = db;
    this.input.dispatchEvent(new Event("input"));
    this.box = make("div", { class: "level" }, make("span", {}, label), this.input, value);
  }

  get db() {
    return Number(this.input.value);
  }

  /** Move it by as many steps with a key. */
  step(by) {
    this.input.value = this.db + by * this.input.step;
    for (const kind of ["input", "change"]) this.input.dispatchEvent(new Event(kind));
  }
}
