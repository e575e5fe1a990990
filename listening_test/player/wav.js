// WAV files as they are: a decoder of the browser might resample them. Part of the module of the player.

/** Samples of a PCM (16, 24 bit) or float (32 bit) WAV, one Float32Array a channel. */
export function parseWav(bytes) {
  const view = new DataView(bytes);
  const tag = (at) => String.fromCharCode(...new Uint8Array(bytes, at, 4));
  if (bytes.byteLength < 12 || tag(0) !== "RIFF" || tag(8) !== "WAVE") throw new Error("no WAV file");
  let format, data;
  for (let at = 12; at + 8 <= bytes.byteLength; ) {
    const size = view.getUint32(at + 4, true);
    if (tag(at) === "fmt ") format = { code: view.getUint16(at + 8, true), channels: view.getUint16(at + 10, true), rate: view.getUint32(at + 12, true), bits: view.getUint16(at + 22, true), sub: size >= 26 ? view.getUint16(at + 32, true) : 0 };
    if (tag(at) === "data") data = { start: at + 8, size: Math.min(size, bytes.byteLength - at - 8) };
    at += 8 + size + (size & 1);
  }
  if (!format || !data) throw new Error("a WAV file without format or data");
  const kind = format.code === 0xfffe ? format.sub : format.code;
  const width = format.bits / 8;
  const sample = {
    "1/16": (at) => view.getInt16(at, true) / 0x8000,
    "1/24": (at) => ((view.getUint8(at) | (view.getUint16(at + 1, true) << 8)) << 8 >> 8) / 0x800000,
    "3/32": (at) => view.getFloat32(at, true),
  }[`${kind}/${format.bits}`];
  if (!sample) throw new Error(`a WAV file of an unknown kind (${kind}, ${format.bits} bit)`);
  const length = Math.floor(data.size / width / format.channels);
  const channels = Array.from({ length: format.channels }, (_, channel) =>
    Float32Array.from({ length }, (_, i) => sample(data.start + (i * format.channels + channel) * width)));
  return { rate: format.rate, length, channels };
}
