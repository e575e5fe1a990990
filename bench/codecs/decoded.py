"""``decoded``: a codec made of files that were coded and decoded elsewhere, found by a pattern or listed in a table.

Its bits are counted where the bitstreams lie beside the decoded files; else the bitrate is only stated, and every table
says so. Nothing is aligned by content: the lag of each file is measured and reported, and a fixed correction is up to
the user.
"""

from __future__ import annotations

import csv
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from bench import audio
from bench.align import measured_delay
from bench.audio import Audio
from bench.codecs.base import Codec
from bench.domain import Clip, Encoded, Identity
from bench.errors import AudioError, CodecError, ConfigError
from bench.store import sha256_of
from bench.untrusted import parse_json

TOLERANCE_S = 0.1
"""By how much a decoded file may be shorter than its reference; what is missing is filled with zeros."""

COLUMNS = ("reference", "decoded", "bitrate_bps", "bytes")


@dataclass(frozen=True, slots=True)
class _Match:
    """A decoded file, and the bytes of its bitstream where they are known."""

    path: Path
    size_bytes: int | None


class Decoded(Codec):
    """Files that another codec has made.

    Args:
        files: pattern of the decoded files. Placeholders: ``{folder}`` of the reference, ``{item}`` and the other named
            groups of ``item``, ``{kbps}`` and ``{bitrate_bps}``.
        item: regular expression for the reference's file name without suffix.
        bitstreams: pattern of the coded files; their sizes are the payload.
        header_bytes: of each coded file, not counted as payload.
        table: a CSV file instead of patterns, with the columns reference (its file name, or its path below the table),
            decoded, and where known bitrate_bps and bytes (of the bitstream).
        lag_samples: by how much all decoded files are late, at their own rate; taken away.
    """

    def __init__(
        self,
        files: str = "",
        item: str = "(?P<item>.+)",
        bitstreams: str = "",
        header_bytes: int = 0,
        table: str = "",
        lag_samples: int = 0,
    ) -> None:
        if bool(files) == bool(table):
            got = "both" if files else "neither"
            raise ConfigError(
                f"decoded: expected either the option files (a pattern) or table (a CSV file), got {got}."
            )
        try:
            self._item = re.compile(item)
        except re.error as error:
            raise ConfigError(f"decoded, option item: expected a regular expression, got {item!r} ({error}).") from None
        self._files, self._bitstreams, self._header_bytes = files, bitstreams, header_bytes
        self._rows = _read_table(Path(table).expanduser()) if table else []
        self._lag = lag_samples
        self.identity = Identity("decoded", "1", _digest(self._rows) if table else "")

    live = False

    @property
    def takes_bitrate(self) -> bool:
        return True

    def refusal(self, bitrate_bps: int | None, sample_rate: int, channels: int) -> str | None:
        return None

    def encode_clip(
        self, clip: Clip, reference: Audio, bitrates_bps: Sequence[int | None]
    ) -> dict[int | None, Encoded]:
        return {bitrate: self._encoded(clip, reference, bitrate or 0) for bitrate in bitrates_bps}

    def encode(self, audio: Audio, bitrates_bps: Sequence[int | None]) -> dict[int | None, Encoded]:
        raise CodecError(
            "decoded has files for the clips of a run only; it codes nothing by itself. Measure it by a run."
        )

    def decode(self, encoded: Encoded) -> Audio:
        """The part of the decoded file that belongs to the clip."""
        told = parse_json(encoded.stream)
        path = Path(told["path"])
        if _sha256(path) != told["sha256"]:
            raise CodecError(f"{path}: the decoded file changed while it was measured; start again.")
        return _part(audio.read(path), told["start_s"], told["seconds"], told["lag_samples"], path)

    def _encoded(self, clip: Clip, reference: Audio, bitrate_bps: int) -> Encoded:
        match = self._match(clip, bitrate_bps)
        start_s = clip.start_s - min(clip.lead_in_s, clip.start_s)
        told = {
            "path": str(match.path),
            "sha256": _sha256(match.path),
            "start_s": start_s,
            "seconds": reference.seconds,
            "lag_samples": self._lag,
        }
        counted = match.size_bytes is not None and start_s == 0 and clip.duration_s is None
        payload_bytes = (match.size_bytes or 0) - self._header_bytes
        if counted and payload_bytes <= 0:
            raise CodecError(
                f"decoded: the bitstream of {Path(clip.path).name} has {match.size_bytes} bytes, no more than "
                f"header_bytes ({self._header_bytes}): nothing is left to count."
            )
        stream = json.dumps(told, sort_keys=True).encode()
        bits = 8 * payload_bytes if counted else round(bitrate_bps * reference.seconds)
        made = Encoded(stream, bits, self._lag)
        heard = self.decode(made)
        if heard.channels != reference.channels:
            raise CodecError(
                f"{match.path}: expected {reference.channels} channels, as the reference has, got {heard.channels}."
            )
        if clip.duration_s is None:
            self._require_end(match.path, start_s + reference.seconds)
        return replace(made, stated=not counted, lag_samples=_lag(reference, heard))

    def depends_on(self, clip: Clip, bitrate_bps: int | None) -> str:
        try:
            match = self._match(clip, bitrate_bps or 0)
            return f"{_sha256(match.path)} {match.size_bytes}"
        except CodecError as error:
            return str(error)

    def _require_end(self, path: Path, seconds: float) -> None:
        """A decoded file that goes on after its reference belongs to another one."""
        header = audio.info(path)
        excess_s = (header.length - abs(self._lag)) / header.rate - seconds
        if excess_s > TOLERANCE_S:
            raise CodecError(
                f"{path}: expected the decoded version of {seconds:.3f} s, but the file goes on for {excess_s:.3f} s. "
                "It is not the decoded version of this reference, or padded: cut it."
            )

    def _match(self, clip: Clip, bitrate_bps: int) -> _Match:
        path = Path(clip.path)
        if self._rows:
            return _from_table(self._rows, path, bitrate_bps)
        found = self._item.fullmatch(path.stem)
        if found is None:
            raise CodecError(
                f"decoded: the reference {path.name} does not fit the option item, {self._item.pattern!r}; its groups "
                "name the decoded file."
            )
        if absent := [name for name, value in found.groupdict().items() if value is None]:
            raise CodecError(
                f"decoded: the group {absent[0]} of item is empty for the reference {path.name}; write "
                f"{self._item.pattern!r} so that it always matches."
            )
        rate = {"bitrate_bps": bitrate_bps, "kbps": f"{bitrate_bps / 1000:g}"}
        values = {**found.groupdict(), **rate, "folder": str(path.parent)}
        decoded = _filled(self._files, values)
        size = None
        if self._bitstreams:
            coded = _filled(self._bitstreams, values)
            if not coded.is_file():
                raise CodecError(f"decoded: expected the bitstream of {path.name} at {coded}, and there is none.")
            size = coded.stat().st_size
        return _Match(_existing(decoded, path), size)


def _filled(pattern: str, values: Mapping[str, object]) -> Path:
    try:
        return Path(pattern.format_map(values)).expanduser()
    except (KeyError, IndexError, ValueError, AttributeError) as error:
        known = ", ".join(f"{{{name}}}" for name in values)
        raise CodecError(f"decoded: {pattern!r} cannot be filled in ({error}); placeholders are {known}.") from None


def _existing(decoded: Path, reference: Path) -> Path:
    if not decoded.is_file():
        raise CodecError(f"decoded: expected the decoded version of {reference.name} at {decoded}, and there is none.")
    return decoded.absolute()


def _read_table(path: Path) -> list[dict[str, Any]]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigError(f"{path}: expected a CSV file ({error}).") from None
    if not rows or not {"reference", "decoded"} <= {*rows[0]}:
        columns = f"{', '.join(COLUMNS[:2])} (and {', '.join(COLUMNS[2:])})"
        got = ", ".join(map(str, rows[0])) if rows else "no rows"
        raise ConfigError(f"{path}: expected rows with the columns {columns}, got {got}.")
    try:
        return [
            {
                "reference": row["reference"],
                "decoded": (path.parent / row["decoded"]).absolute(),
                "bitrate_bps": int(row.get("bitrate_bps") or 0),
                "bytes": int(row["bytes"]) if row.get("bytes") else None,
            }
            for row in rows
        ]
    except (ValueError, TypeError) as error:
        raise ConfigError(f"{path}: expected whole numbers in bitrate_bps and bytes ({error}).") from None


def _from_table(rows: Sequence[Mapping[str, Any]], reference: Path, bitrate_bps: int) -> _Match:
    tail = f"/{reference.as_posix().lstrip('/')}"
    mine = [row for row in rows if tail.endswith(f"/{row['reference'].lstrip('/')}")]
    mine = [row for row in mine if row["bitrate_bps"] in (0, bitrate_bps)]
    if len(mine) != 1:
        raise CodecError(
            f"decoded: expected one row of the table for {reference.name} at {bitrate_bps} bit/s, got {len(mine)}. "
            f"{'Take the others out.' if mine else 'Add one.'}"
        )
    return _Match(_existing(mine[0]["decoded"], reference), mine[0]["bytes"])


def _part(decoded: Audio, start_s: float, seconds: float, lag: int, path: Path) -> Audio:
    """``seconds`` of a decoded file from ``start_s`` on, ``lag`` samples later than they should be."""
    start, length = round(start_s * decoded.rate) + lag, round(seconds * decoded.rate)
    padded = np.pad(decoded.samples, ((0, 0), (max(0, -start), 0)))[:, max(0, start) : max(0, start) + length]
    missing = length - padded.shape[1]
    if missing > TOLERANCE_S * decoded.rate:
        raise AudioError(
            f"{path}: expected {seconds:.3f} s from {start_s:.3f} s on, but the file ends {missing / decoded.rate:.3f} "
            "s too early. It is not the decoded version of this reference, or was cut."
        )
    return Audio(np.pad(padded, ((0, 0), (0, max(0, missing)))), decoded.rate)


def _lag(reference: Audio, heard: Audio) -> int | None:
    """Samples at the reference's rate by which the decoded file is late; None where the two do not resemble."""
    try:
        return measured_delay(reference.mixed_to(1), heard.mixed_to(1).at(reference.rate), longest_s=0.1)
    except CodecError:
        return None


def _sha256(path: Path) -> str:
    try:
        return sha256_of(path)
    except OSError as error:
        raise CodecError(f"{path}: the decoded file cannot be read ({error.strerror}).") from None


def _digest(rows: Sequence[Mapping[str, Any]]) -> str:
    return "table " + hashlib.sha256(json.dumps(rows, default=str, sort_keys=True).encode()).hexdigest()[:12]
