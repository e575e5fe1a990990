"""The sound behind a slot as a WAV file whose size and header tell nothing.

Within a trial every file has the same size. A chunk that players pass over holds bytes of the slot's own, so that
the files of the open and the hidden reference differ, and so do hashes and ETags made of them. Their samples are
equal: who decodes both can see that, in this and any test that plays in a browser.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench import audio
from bench.audio import FULL_SCALE, Audio
from listening_test.model import Stimulus, Trial, stimulus_path

WIDTH = 3  # bytes of a 24-bit sample
PCM = 1


@dataclass(frozen=True, slots=True)
class Shape:
    """Rate in Hz, channels and samples per channel that every file of a trial has."""

    rate: int
    channels: int
    length: int


def shape_of(folder: Path, trial: Trial) -> Shape:
    """The shape that all sounds of ``trial`` fit in; mono beside stereo becomes stereo."""
    infos = [audio.info(stimulus_path(folder, one.sha256)) for one in trial.sounds]
    return Shape(infos[0].rate, max(one.channels for one in infos), max(one.length for one in infos))


def slot_wav(folder: Path, stimulus: Stimulus, shape: Shape, slot: str) -> bytes:
    """The WAV file of ``stimulus`` for ``slot``: 24 bit, of ``shape``."""
    sound = audio.read(stimulus_path(folder, stimulus.sha256)).at(shape.rate)
    return wav(sound.mixed_to(shape.channels).with_length(shape.length), hashlib.sha512(slot.encode()).digest())


def wav(sound: Audio, junk: bytes) -> bytes:
    """RIFF/WAVE with ``sound`` as 24-bit PCM, and ``junk`` in a chunk of that name."""
    steps = np.clip(np.rint(sound.samples.T.astype(np.float64) * FULL_SCALE), -FULL_SCALE, FULL_SCALE - 1)
    data = steps.astype("<i4").reshape(-1, 1).view(np.uint8)[:, :WIDTH].tobytes()
    block = sound.channels * WIDTH
    format_ = struct.pack("<HHIIHH", PCM, sound.channels, sound.rate, sound.rate * block, block, 8 * WIDTH)
    body = b"WAVE" + _chunk(b"fmt ", format_) + _chunk(b"JUNK", junk) + _chunk(b"data", data)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)
