for (const audio of document.querySelectorAll("audio")) {
  audio.addEventListener("play", () => {
    for (const other of document.querySelectorAll("audio")) if (other !== audio) other.pause();
  });
}
addEventListener("beforeprint", () => {
  for (const details of document.querySelectorAll("details")) details.open = true;
});

// Reference and decoded start at one time and are switched by their gains: 5 ms out, then 5 ms in, never both at once.
const FADE = 0.005;
let playing = null;
for (const pair of document.querySelectorAll(".pair")) {
  const panel = pair.querySelector(".ab");
  if (!panel) continue;
  const players = [...pair.querySelectorAll("audio")];
  const heads = [...pair.querySelectorAll(".head")];
  const play = panel.querySelector(".play");
  const sides = [...panel.querySelectorAll(".side")];
  let context = null, gains = [], started = 0, length = 0, side = 0;

  const bytes = (uri) => Uint8Array.from(atob(uri.slice(uri.indexOf(",") + 1)), (c) => c.charCodeAt(0)).buffer;
  const fade = (gain, to, at) => {
    gain.gain.cancelScheduledValues(at);
    gain.gain.setValueAtTime(1 - to, at);
    gain.gain.linearRampToValueAtTime(to, at + FADE);
  };
  const show = () => {
    sides.forEach((button, index) => button.setAttribute("aria-pressed", String(index === side)));
    play.textContent = context ? "Stop" : "Play";
    play.setAttribute("aria-pressed", String(context !== null));
    heads.forEach((head) => { head.hidden = context === null; });
  };
  const move = () => {
    if (!context) return;
    const share = length ? ((Math.max(0, context.currentTime - started)) % length) / length : 0;
    heads.forEach((head) => { head.style.left = `${100 * share}%`; });
    requestAnimationFrame(move);
  };
  const stop = () => {
    if (context) context.close();
    context = null;
    playing = null;
    show();
  };
  const start = async () => {
    if (playing) playing();
    players.forEach((audio) => audio.pause());
    const mine = new AudioContext();
    context = mine;
    playing = stop;
    const buffers = await Promise.all(players.map((audio) => mine.decodeAudioData(bytes(audio.src))));
    if (context !== mine) return;
    length = Math.min(...buffers.map((buffer) => buffer.duration));
    started = mine.currentTime + 0.05;
    gains = buffers.map((buffer, index) => {
      const source = new AudioBufferSourceNode(mine, { buffer, loop: true, loopEnd: length });
      const gain = new GainNode(mine, { gain: index === side ? 1 : 0 });
      source.connect(gain).connect(mine.destination);
      source.start(started);
      return gain;
    });
    show();
    move();
  };
  const hear = (next) => {
    if (next === side) return;
    if (context && gains.length) {
      fade(gains[side], 0, context.currentTime);
      fade(gains[next], 1, context.currentTime + FADE);
    }
    side = next;
    show();
  };
  play.addEventListener("click", () => (context ? stop() : start()));
  sides.forEach((button, index) => button.addEventListener("click", () => hear(index)));
  panel.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const next = { a: 0, b: 1, x: 1 - side }[event.key.toLowerCase()];
    if (next !== undefined) hear(next);
  });
  players.forEach((audio) => audio.addEventListener("play", () => { if (playing) playing(); }));
  panel.hidden = false;
}
for (const button of document.querySelectorAll(".copy")) {
  if (!navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.closest("figure").querySelector("pre").textContent);
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  });
}
