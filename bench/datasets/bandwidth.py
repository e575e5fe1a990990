"""How much of the spectrum a clip fills, in the four classes of the ITU-T speech codecs."""

from __future__ import annotations

import json
import math
from pathlib import Path

from bench import audio
from bench.audit.facts import AUDIT
from bench.audit.spectrum import band_of
from bench.domain import Clip
from bench.errors import AudioError
from bench.store import digest, write_bytes
from bench.untrusted import parse_json

CLASSES = (("NB", 4_000.0), ("WB", 8_000.0), ("SWB", 16_000.0), ("FB", math.inf))
"""Narrow-, wide-, superwide- and fullband, each up to the Nyquist frequency of its codecs: G.711 and G.729 (8 kHz),
G.722 (16 kHz), G.722.1 Annex C and G.718 Annex B (32 kHz), G.719 (48 kHz)."""


def bandwidth_class(hz: float) -> str:
    """``NB``, ``WB``, ``SWB`` or ``FB``.

    >>> [bandwidth_class(hz) for hz in (3_400, 7_000, 14_000, 20_000)]
    ['NB', 'WB', 'SWB', 'FB']
    """
    return next(name for name, limit in CLASSES if hz <= limit)


def bandwidth_hz(clip: Clip, cache_dir: Path | None) -> float | None:
    """The attribute ``bandwidth_hz`` of ``clip`` if it has one, else measured on its judged part, as the audit does.

    What was measured is kept in ``cache_dir``. None where the file cannot be read or holds no sound.
    """
    stated = clip.attributes.get("bandwidth_hz")
    if isinstance(stated, int | float) and not isinstance(stated, bool):
        return float(stated)
    key = digest([AUDIT, clip.sha256, clip.start_s, clip.duration_s])
    kept = cache_dir / "bandwidth" / key[:2] / f"{key}.json" if cache_dir and clip.sha256 else None
    if kept and kept.is_file():
        return float(parse_json(kept.read_text(encoding="utf-8")))
    try:
        heard = audio.read(clip.path, clip.start_s, clip.duration_s)
    except AudioError:
        return None
    measured = band_of(heard.samples, heard.rate).bandwidth_hz
    if kept:
        write_bytes(kept, json.dumps(measured).encode())
    return measured or None
