"""From latents, shape ``(width, frames)``, to bytes and back.

    {kind: uniform, step: 0.5}                      any number of steps
    {kind: uniform, bits: 4, range: [-3, 3]}        2 to the power of `bits` cells; what lies outside is clipped
    {kind: kmeans, file: codebooks.npz, books: 4}   the first codebooks of a file of bench.codecs.torch_module.train

``step``, ``bits`` or ``books`` may be given for each of several nominal bitrates: ``step: {6000: 0.5, 12000: 0.25}``.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.codecs.codes import Codes, pack_bits, unpack_bits
from bench.codecs.entropy import Layout, integers
from bench.codecs.entropy.adaptive import Adaptive
from bench.codecs.kmeans import search
from bench.codecs.torch_module.loading import file_sha256
from bench.errors import CodecError, ConfigError
from bench.untrusted import read_arrays

Latents = NDArray[np.float32]
_CELLS = struct.Struct("<dd")
_BOOKS = struct.Struct("<B")


@dataclass(frozen=True, slots=True)
class Coded:
    """Latents as bytes: ``data`` is payload but for filling, ``header`` what a decoder must be told beside it."""

    header: bytes
    data: bytes
    payload_bits: int


@dataclass(frozen=True)
class Uniform:
    """Equal cells, as numbers that are entropy-coded. ``bits`` and ``low``, ``high`` are None where it is unlimited."""

    steps: Mapping[int | None, float]
    low: float | None = None
    high: float | None = None

    @property
    def settings(self) -> Mapping[int | None, float]:
        """What is chosen for each nominal bitrate."""
        return self.steps

    def encode(self, latents: Latents, bitrate_bps: int | None) -> Coded:
        step = self.steps[bitrate_bps]
        offset, scaled = 0.0, latents.astype(np.float64)
        if self.low is None or self.high is None:
            chosen = np.rint(scaled / step)
        else:
            cells = round((self.high - self.low) / step)
            offset = self.low + step / 2 + step * (cells // 2)
            chosen = np.clip(np.floor((scaled - self.low) / step), 0, cells - 1) - cells // 2
        if chosen.size and np.abs(chosen).max() >= integers.LARGEST:
            raise CodecError(
                f"a latent is {np.abs(latents).max():.3g}, more than {integers.LARGEST} steps of {step}; choose a "
                "larger step."
            )
        data = integers.compress(chosen.astype(np.int64))
        return Coded(_CELLS.pack(step, offset), data, 8 * len(data))

    def decode(self, header: bytes, data: bytes, width: int, frames: int) -> Latents:
        step, offset = _CELLS.unpack(header)
        values = integers.expand(data, width, frames) * step + offset
        return np.asarray(values, np.float32)


@dataclass(frozen=True)
class KMeans:
    """A residual quantiser whose codebooks were learned. The smaller of plain and entropy-coded codes is sent, and one
    bit that says which.
    """

    path: Path
    books: Mapping[int | None, int]

    @property
    def settings(self) -> Mapping[int | None, int]:
        return self.books

    def encode(self, latents: Latents, bitrate_bps: int | None) -> Coded:
        books = self.books[bitrate_bps]
        tables = read_codebooks(self.path)
        if tables.shape[2] != len(latents):
            raise CodecError(
                f"{self.path}: the codebooks are for latents of {tables.shape[2]} numbers; the encoder gives "
                f"{len(latents)}. Learn them again: python -m bench.codecs.torch_module.train"
            )
        codes = Codes((search(latents.T, [(slice(None), table) for table in tables[:books]]),), _bits(tables))
        plain, coded = pack_bits(codes.segments[0].T, codes.bits_per_code), Adaptive().compress(codes)
        plain_bits = codes.segments[0].size * codes.bits_per_code
        if 8 * len(coded) < plain_bits:
            return Coded(_BOOKS.pack(books), b"\x01" + coded, 1 + 8 * len(coded))
        return Coded(_BOOKS.pack(books), b"\x00" + plain, 1 + plain_bits)

    def codes(self, header: bytes, data: bytes, width: int, frames: int) -> Codes:
        """The codes in the quantiser's data."""
        tables = read_codebooks(self.path)
        (books,) = _BOOKS.unpack(header)
        if books > len(tables) or tables.shape[2] != width or not data:
            raise CodecError(
                f"{self.path}: expected the codebooks that the bitstream was made with, at least {books} for {width} "
                f"numbers, got {len(tables)} for {tables.shape[2]}."
            )
        bits = _bits(tables)
        if data[0]:
            segment = Adaptive().expand(data[1:], Layout(books, bits, (frames,))).segments[0]
        else:
            segment = unpack_bits(data[1:], bits, frames * books).reshape(frames, books).T
        if segment.size and segment.max() >= tables.shape[1]:
            raise CodecError("the bitstream is damaged: it has codes beyond the codebook.")
        return Codes((np.ascontiguousarray(segment),), bits)

    def decode(self, header: bytes, data: bytes, width: int, frames: int) -> Latents:
        tables = read_codebooks(self.path)
        (segment,) = self.codes(header, data, width, frames).segments
        latents = np.zeros((frames, width), np.float32)
        for table, chosen in zip(tables, segment, strict=False):
            latents += table[chosen]
        return latents.T


Quantiser = Uniform | KMeans


def quantiser_of(options: Mapping[str, Any]) -> Quantiser:
    """The quantiser that ``options`` describe.

    Raises:
        ConfigError: they describe none; all that is wrong with them.
        MissingRequirement: the file of codebooks is not there.
    """
    given = dict(options)
    kind = given.pop("kind", None)
    if kind == "uniform" and "step" in given:
        _only(given, {"step"})
        return Uniform({key: _positive("step", value) for key, value in _settings(given["step"]).items()})
    if kind == "uniform":
        _only(given, {"bits", "range"})
        low, high = _range(given.get("range"))
        steps = {key: (high - low) / 2 ** _whole("bits", value, 16) for key, value in _settings(given["bits"]).items()}
        return Uniform(steps, low, high)
    if kind == "kmeans":
        _only(given, {"file", "books"}, {"file"})
        file_sha256("quantiser.file", str(given["file"]))
        path = Path(str(given["file"])).expanduser()
        most = len(read_codebooks(path))
        books = _settings(given.get("books", most))
        return KMeans(path, {key: _whole("books", value, most) for key, value in books.items()})
    raise ConfigError(f"torch_module, quantiser: expected kind uniform or kmeans, got {kind!r}.")


def read_codebooks(path: Path) -> NDArray[np.float32]:
    """The codebooks of a file, shape ``(books, codes, width)``."""
    return _codebooks(str(path), path.stat().st_mtime_ns)


@lru_cache(maxsize=4)
def _codebooks(path: str, _changed: int) -> NDArray[np.float32]:
    try:
        tables = np.asarray(read_arrays(Path(path))["vectors"], np.float32)
    except (OSError, ValueError, KeyError) as error:
        raise ConfigError(
            f"torch_module, quantiser.file: {path} holds no codebooks ({error}); `python -m "
            "bench.codecs.torch_module.train` makes them."
        ) from None
    if tables.ndim != 3 or not np.isfinite(tables).all() or len(tables) > 255:
        raise ConfigError(
            f"torch_module, quantiser.file: {path}: expected finite numbers of shape (books, codes, width), at most "
            f"255 books, got the shape {tables.shape}."
        )
    return tables


def _bits(tables: NDArray[np.float32]) -> int:
    return max(1, math.ceil(math.log2(tables.shape[1])))


def _settings(value: Any) -> dict[int | None, Any]:
    """One setting, or one for each nominal bitrate."""
    if not isinstance(value, Mapping):
        return {None: value}
    if not value or not all(isinstance(key, int) and key > 0 for key in value):
        raise ConfigError(f"torch_module, quantiser: expected bitrates in bit/s before the settings, got {value!r}.")
    return dict(sorted(value.items()))


def _only(given: Mapping[str, Any], known: set[str], needed: set[str] | None = None) -> None:
    problems = [f"torch_module, quantiser: unknown key {key!r}. Known: {', '.join(sorted(known))}." for key in
                sorted(given.keys() - known)]  # fmt: skip
    problems += [f"torch_module, quantiser: needs {key}." for key in sorted((needed or known) - given.keys())]
    if problems:
        raise ConfigError(problems)


def _positive(key: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf:
        raise ConfigError(f"torch_module, quantiser.{key}: expected a number above 0, got {value!r}.")
    return float(value)


def _whole(key: str, value: Any, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
        raise ConfigError(f"torch_module, quantiser.{key}: expected a whole number from 1 to {most}, got {value!r}.")
    return value


def _range(value: Any) -> tuple[float, float]:
    match value:
        case [int() | float() as low, int() | float() as high] if -math.inf < low < high < math.inf:
            return float(low), float(high)
    raise ConfigError(f"torch_module, quantiser.range: expected [low, high], got {value!r}.")
