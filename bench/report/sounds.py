"""What was heard, for the page: spectrogram pictures and audio players as data URIs."""

from __future__ import annotations

import base64
import io
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bench import audio
from bench.audio import Audio

LONGEST_S = 6.0
FLOOR_DB = -100.0
WIDTH, HEIGHT = 480, 140  # pixels of a spectrogram
SHADES = 64


@dataclass(frozen=True)
class Sound:
    """One side of a pair: its picture, its player if there is room for it, and what the axes say."""

    spectrogram: str
    flac: bytes
    seconds: float
    khz: float

    @property
    def player(self) -> str:
        return "data:audio/flac;base64," + base64.b64encode(self.flac).decode()


def sound(path: Path, nyquist: float | None = None) -> Sound:
    """The first seconds of a file. ``nyquist``: the top of the picture in Hz, for a pair on one scale."""
    whole = audio.info(path)
    heard = audio.read(path, duration_s=min(LONGEST_S, whole.length / whole.rate))
    top = nyquist or heard.rate / 2
    return Sound(spectrogram(heard, top), flac(heard), heard.seconds, top / 1000)


def flac(heard: Audio) -> bytes:
    """16-bit FLAC: lossless but for the rounding to 16 bits, and played by every browser."""
    highest = 1 - 2**-15
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sound.flac"
        audio.write(path, Audio(np.clip(heard.samples, -1, highest), heard.rate), subtype="PCM_16")
        return path.read_bytes()


def spectrogram(heard: Audio, nyquist: float) -> str:
    """A PNG of the mean power over channels, 0 to ``nyquist`` Hz upwards, from -100 dB to 0 dB re a full-scale sine."""
    levels = _levels(heard, nyquist)
    shades = np.rint((levels - FLOOR_DB) / -FLOOR_DB * (SHADES - 1)).astype(np.uint8)
    return "data:image/png;base64," + base64.b64encode(_png(shades[::-1])).decode()


def colours() -> np.ndarray[Any, Any]:
    """The shades from quiet to loud as 8-bit red, green, blue."""
    import matplotlib as mpl

    shades: np.ndarray[Any, Any] = np.rint(255 * mpl.colormaps["magma"](np.linspace(0, 1, SHADES))[:, :3])
    return shades.astype(np.uint8)


def _levels(heard: Audio, nyquist: float) -> np.ndarray[Any, Any]:
    """Decibels, shape ``(HEIGHT, WIDTH)``, low frequencies first."""
    size = 1024 if heard.rate > 30_000 else 512
    window = np.hanning(size)
    padded = np.pad(heard.samples, ((0, 0), (size // 2, size // 2 + size)))
    starts = np.linspace(0, heard.length, WIDTH, endpoint=False).astype(int)
    frames = padded[:, starts[:, None] + np.arange(size)] * window
    power = np.mean(np.abs(np.fft.rfft(frames) / (window.sum() / 2)) ** 2, axis=0)
    bins = np.linspace(0, nyquist, HEIGHT) / (heard.rate / 2) * (size // 2)
    inside = bins <= size // 2
    picked = np.zeros((HEIGHT, WIDTH))
    picked[inside] = power[:, np.minimum(np.rint(bins[inside]).astype(int), size // 2)].T
    decibels: np.ndarray[Any, Any] = 10 * np.log10(np.maximum(picked, 10 ** (FLOOR_DB / 10)))
    return decibels.clip(FLOOR_DB, 0.0)


def _png(shades: np.ndarray[Any, Any]) -> bytes:
    from PIL import Image  # comes with matplotlib

    picture = Image.frombytes("P", shades.shape[::-1], shades.tobytes())
    picture.putpalette(colours().tobytes())
    buffer = io.BytesIO()
    picture.save(buffer, format="PNG", optimize=True)
    return buffer.getvalue()
