"""Waveforms: reading, writing, resampling. The only module that knows soundfile and soxr."""

from __future__ import annotations

import io
import os
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

from bench.errors import AudioError
from bench.headers import not_audio
from bench.storage import Place, is_remote, local_copy, place
from bench.store import write_bytes

if TYPE_CHECKING:
    from soundfile import SoundFile

FULL_SCALE = 1 << 23  # steps of a 24-bit sample per unit of amplitude
MIN_RATE, MAX_RATE = 8_000, 192_000
READ_BLOCK = 1 << 18  # samples per channel that are looked at in one go

T = TypeVar("T")

PLAUSIBLE_BYTES, PLAUSIBLE_RATIO = 1 << 30, 1_000
"""What a file may unpack to: so many bytes in any case (46 minutes of stereo at 48 kHz), or so many times its size.

Digital silence in FLAC has no limit; Opus at 6 kbit/s reaches 512.
"""


@dataclass(frozen=True, eq=False)
class Audio:
    """A waveform: float32 ``samples`` of shape ``(channels, samples)`` in [-1, 1] at ``rate`` Hz. Read-only."""

    samples: NDArray[np.float32]
    rate: int
    _resampled: dict[int, Audio] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        samples = np.ascontiguousarray(self.samples, dtype=np.float32)
        if samples.ndim != 2:
            raise ValueError(f"samples must have shape (channels, samples), got {samples.shape}")
        if samples is self.samples:
            samples = samples.view()
        samples.flags.writeable = False
        object.__setattr__(self, "samples", samples)

    @property
    def channels(self) -> int:
        return int(self.samples.shape[0])

    @property
    def length(self) -> int:
        """Samples per channel."""
        return int(self.samples.shape[1])

    @property
    def seconds(self) -> float:
        return self.length / self.rate

    @cached_property
    def peak(self) -> float:
        return float(np.max(np.abs(self.samples), initial=0.0))

    def at(self, rate: int) -> Audio:
        """This waveform at another rate; kept, so that several metrics share one conversion."""
        if rate == self.rate:
            return self
        if rate not in self._resampled:
            self._resampled[rate] = Audio(resample(self.samples, self.rate, rate), rate)
        return self._resampled[rate]

    def with_length(self, length: int) -> Audio:
        """The first ``length`` samples; zeros follow where there are fewer."""
        if length == self.length:
            return self
        padding = max(0, length - self.length)
        return Audio(np.pad(self.samples[:, :length], ((0, 0), (0, padding))), self.rate)

    def part(self, start: int, stop: int) -> Audio:
        return Audio(self.samples[:, start:stop], self.rate)

    def mixed_to(self, channels: int) -> Audio:
        """Down-mixed to mono by the mean, or a mono signal repeated in both channels of a stereo one."""
        if channels == self.channels:
            return self
        if channels == 1:
            return Audio(self.samples.mean(axis=0, keepdims=True, dtype=np.float64), self.rate)
        if self.channels == 1:
            return Audio(np.repeat(self.samples, channels, axis=0), self.rate)
        raise AudioError(
            f"there is no agreed way to mix {self.channels} channels to {channels}; channels: 1 mixes to mono."
        )

    def quantised(self) -> Audio:
        """On the 24-bit grid and clipped to it, as a 24-bit file holds it: what is measured is what is heard."""
        steps = np.rint(self.samples.astype(np.float64) * FULL_SCALE)
        steps = np.clip(steps, -FULL_SCALE, FULL_SCALE - 1)
        return Audio((steps / FULL_SCALE + 0.0).astype(np.float32), self.rate)  # no file holds a negative zero


def resampled_length(length: int, rate: int, new_rate: int) -> int:
    """``length`` at ``new_rate``, rounded to the nearest sample, halves up; of something, at least one is left."""
    return max((2 * length * new_rate + rate) // (2 * rate), min(length, 1))


def resample(samples: NDArray[np.float32], rate: int, new_rate: int) -> NDArray[np.float32]:
    """Band-limited conversion with soxr VHQ, linear phase, no delay; shape ``(channels, samples)``.

    The one resampler of every comparison: mixing resamplers moves PESQ by up to 0.025 and SI-SDR by 0.02 dB.
    """
    import soxr

    length = resampled_length(samples.shape[1], rate, new_rate)
    out: NDArray[np.float32] = soxr.resample(np.ascontiguousarray(samples.T), rate, new_rate, quality="VHQ").T
    if out.shape[1] < length:
        out = np.pad(out, ((0, 0), (0, length - out.shape[1])))
    return np.ascontiguousarray(out[:, :length], dtype=np.float32)


def clipped_samples(audio: Audio) -> int:
    """Samples that were clipped before they came here: runs of three or more at full scale, and all beyond it."""
    loud = np.abs(audio.samples) >= 1 - 2**-15
    run = loud.copy()
    run[:, 1:] &= loud[:, :-1]
    run[:, 2:] &= loud[:, :-2]
    run[:, :2] = False
    in_run = run.copy()
    in_run[:, :-1] |= run[:, 1:]
    in_run[:, :-2] |= run[:, 2:]
    return int(np.count_nonzero(in_run | (np.abs(audio.samples) > 1)))


@lru_cache(maxsize=1)
def resampler_identity() -> str:
    """Name, version and quality of the resampler, for the run record."""
    return f"soxr {version('soxr')} VHQ"


@lru_cache(maxsize=1)
def file_library_identity() -> str:
    """Name and version of what reads and writes audio files; another version may write other FLAC bytes."""
    import soundfile

    return str(soundfile.__libsndfile_version__)


@dataclass(frozen=True, slots=True)
class AudioInfo:
    """What the header of an audio file says."""

    rate: int
    channels: int
    length: int
    subtype: str


def info(path: str | os.PathLike[str] | Place) -> AudioInfo:
    """Rate, channels, samples per channel and sample format of a file, from its header."""
    import soundfile

    path = place(path)
    if is_remote(path):
        return _of_copy(path, info)
    path = _no_pipe(path)
    try:
        with soundfile.SoundFile(path) as file:
            return AudioInfo(file.samplerate, file.channels, file.frames, file.subtype)
    except soundfile.LibsndfileError as error:
        raise _unreadable(path, error) from None


def read(path: str | os.PathLike[str] | Place, start_s: float = 0.0, duration_s: float | None = None) -> Audio:
    """Read a WAV, FLAC, Ogg or MP3 file, or ``duration_s`` seconds of it from ``start_s`` on.

    Of a URL, a local copy is read.

    Raises:
        AudioError: missing, corrupt, truncated, empty, a rate out of 8-192 kHz, NaN or infinite samples, or a
            part that lies outside the file.
    """
    import soundfile

    path = place(path)
    if is_remote(path):
        return _of_copy(path, lambda copy: read(copy, start_s, duration_s))
    path = _no_pipe(path)
    try:
        with soundfile.SoundFile(path) as file:
            rate, total = file.samplerate, file.frames
            if not MIN_RATE <= rate <= MAX_RATE:
                raise AudioError(
                    f"{path}: expected a sample rate from 8 to 192 kHz, got {rate} Hz. Convert it, or leave it out."
                )
            start = round(start_s * rate)
            stop = total if duration_s is None else start + round(duration_s * rate)
            if total == 0:
                raise AudioError(
                    f"{path}: expected audio, but the file holds no samples. Copy it again, or leave it out."
                )
            if start < 0 or start >= total or stop > total:
                raise AudioError(
                    f"{path}: expected a part within the file's {total / rate:.3f} s, got {start / rate:.3f} s to "
                    f"{stop / rate:.3f} s; correct start_s or duration_s."
                )
            _require_plausible(path, file.channels * (stop - start))
            file.seek(start)
            samples = _samples(file, stop - start)
    except soundfile.LibsndfileError as error:
        raise _unreadable(path, error) from None
    missing = _missing_wav_bytes(path)
    length = samples.shape[1]
    if length < stop - start or (missing and stop == total):
        lost = f"{stop - start - length} samples" if length < stop - start else f"{missing} bytes"
        raise AudioError(f"{path}: the file is truncated: {lost} fewer than its header says; fetch or export it again.")
    audio = Audio(samples, rate)
    require_finite(audio, str(path))
    return audio


def _require_plausible(path: Path, values: int) -> None:
    """Raise AudioError before memory is taken for what a damaged or hostile header promises."""
    size, needed = path.stat().st_size, 4 * values
    if needed > max(PLAUSIBLE_BYTES, PLAUSIBLE_RATIO * size):
        raise AudioError(
            f"{path}: its header promises {needed / 1e9:.1f} GB of samples in a file of {size} bytes, far more than "
            "audio of that size holds: it is damaged or hostile. Fetch or export it again."
        )


def _samples(file: SoundFile, count: int) -> NDArray[np.float32]:
    """The next ``count`` samples of each channel, or what there is; a long file is in memory once, not twice."""
    samples = np.empty((file.channels, count), dtype=np.float32)
    done = 0
    while done < count:
        frames = file.read(min(READ_BLOCK, count - done), dtype="float32", always_2d=True)
        if not len(frames):
            break
        samples[:, done : done + len(frames)] = frames.T
        done += len(frames)
    return samples[:, :done]


def require_finite(audio: Audio, what: str) -> None:
    """Raise AudioError where a sample is NaN or infinite."""
    blocks = (audio.samples[:, start : start + READ_BLOCK] for start in range(0, audio.length, READ_BLOCK))
    if not all(np.isfinite(block).all() for block in blocks):
        finite = np.isfinite(audio.samples)
        channel, index = np.argwhere(~finite)[0]
        bad = int(finite.size - np.count_nonzero(finite))
        raise AudioError(
            f"{what}: {bad} samples are NaN or infinite, the first in channel {channel + 1} "
            f"at {index / audio.rate:.4f} s; expected finite samples. What made them has to be mended."
        )


def write(path: str | os.PathLike[str] | Place, audio: Audio, subtype: str = "PCM_24") -> None:
    """Write a WAV or FLAC file, by the suffix of ``path``; whole or not at all. At a URL it is one object.

    ``PCM_16`` and ``PCM_24`` round to the nearest step (soundfile alone would truncate) and clip at full scale.

    Raises:
        StoreError: it cannot be written; it says why, and what to do.
    """
    import soundfile

    path = place(path)
    data: NDArray[np.generic] = audio.samples.T
    if subtype in ("PCM_16", "PCM_24"):
        bits = int(subtype[-2:])
        half = 1 << (bits - 1)
        steps = np.clip(np.rint(audio.samples.T.astype(np.float64) * half), -half, half - 1)
        data = steps.astype(np.int32) << (32 - bits)
    encoded = io.BytesIO()  # libsndfile says nothing of a disk that is full when it ends a FLAC file
    soundfile.write(encoded, data, audio.rate, format=path.suffix[1:].upper(), subtype=subtype)
    write_bytes(path, encoded.getvalue())


def _of_copy(where: Place, use: Callable[[Path], T]) -> T:
    """What ``use`` says of a local copy of ``where``; its errors name ``where``."""
    try:
        copy = local_copy(where)
    except FileNotFoundError:
        raise AudioError(f"{where}: expected an audio file, but there is no such file. Correct the path.") from None
    try:
        return use(copy)
    except AudioError as error:
        raise AudioError(str(error).replace(str(copy), str(where))) from None


def _no_pipe(path: Path) -> Path:
    if path.is_fifo():
        raise AudioError(f"{path}: expected a file, got a named pipe. Write what it gives to a file first.")
    return path


def _unreadable(path: Path, error: Exception) -> AudioError:
    try:
        with path.open("rb") as file:
            head = file.read(512)
    except FileNotFoundError:
        return AudioError(f"{path}: expected an audio file, but there is no such file. Correct the path.")
    except OSError as problem:
        return AudioError(f"{path}: expected an audio file, but it cannot be opened ({problem.strerror}).")
    if not head:
        return AudioError(f"{path}: expected audio, but the file is empty (0 bytes). Copy it again, or leave it out.")
    detail = str(error).partition(": ")[2] or str(error)
    return AudioError(
        f"{path}: cannot be read as WAV, FLAC, Ogg or MP3 audio ({not_audio(head) or detail.strip().rstrip('.')}). "
        "Convert it, such as: ffmpeg -i take.m4a take.wav"
    )


def _missing_wav_bytes(path: Path) -> int:
    """Bytes that the data chunk of a WAV file promises beyond the file's end; libsndfile passes over them."""
    with path.open("rb") as file:
        if file.read(4) != b"RIFF":
            return 0
        file.seek(12)
        while len(header := file.read(8)) == 8:
            name, size = header[:4], struct.unpack("<I", header[4:])[0]
            if name == b"data":
                available = path.stat().st_size - file.tell()
                streamed = size >= 0x7FFFFFFF  # programs that write to a pipe put a placeholder here
                return 0 if streamed else max(0, size - available)
            file.seek(size + (size & 1), os.SEEK_CUR)
    return 0
