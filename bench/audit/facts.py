"""All that is measured of one reference."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from bench.audio import Audio, require_finite
from bench.audit.fingerprint import fingerprint_of, to_text
from bench.audit.frames import mono_8k
from bench.audit.level import level_of
from bench.audit.lossy import traces_of
from bench.audit.loudness import loudness_lufs
from bench.audit.noise import noise_of
from bench.audit.reverberation import reverberation_s
from bench.audit.spectrum import band_of, spectrogram_of
from bench.audit.stereo import stereo_of

AUDIT = "3"
"""Changes when a measure of this package changes, so that facts that were kept are not taken for its results."""


@dataclass(frozen=True, slots=True)
class Facts:
    """One signal, measured. None where a measure has no value; units stand in the names.

    ``edge_hz`` and ``edge_db``: where the band ends in a cliff, and how high that is; None where it does not.
    ``lossy`` and ``lossy_evidence``: traces of earlier lossy coding. ``stereo``: see :mod:`bench.audit.stereo`.
    ``rt60_s`` means something for speech only. ``fingerprint``: see :func:`bench.audit.fingerprint.to_text`.
    """

    sample_rate: int
    channels: int
    seconds: float
    bandwidth_hz: float
    edge_hz: float | None
    edge_db: float | None
    lossy: bool
    lossy_evidence: str
    stereo: str
    peak_dbfs: float
    rms_dbfs: float
    dc: float
    silence_share: float
    leading_silence_s: float
    trailing_silence_s: float
    clipped_samples: int
    loudness_lufs: float | None
    noise_floor_dbfs: float | None
    range_db: float | None
    rt60_s: float | None
    fingerprint: str

    def as_dict(self) -> dict[str, Any]:
        """Every field in the types of JSON."""
        return asdict(self)

    @staticmethod
    def from_dict(values: Mapping[str, Any]) -> Facts:
        """The facts that :meth:`as_dict` gave.

        Raises:
            KeyError: a field is missing.
        """
        return Facts(**{field.name: values[field.name] for field in fields(Facts)})


def facts_of(signal: Audio) -> Facts:
    """Measure ``signal``, of any length above nothing.

    Levels, loudness, channels and clipping are of the whole signal, in blocks; the spectrum is that of a bounded number
    of frames, spread evenly over it; room and fingerprint are those of the first minute.

    Raises:
        AudioError: NaN or infinite samples.
    """
    require_finite(signal, "signal")
    samples, rate = signal.samples, signal.rate
    level, noise = level_of(samples, rate), noise_of(samples, rate)
    spectrogram = spectrogram_of(samples, rate)
    band, traces = band_of(samples, rate, spectrogram), traces_of(samples, rate, spectrogram)
    mono = mono_8k(samples, rate)
    return Facts(
        sample_rate=rate,
        channels=signal.channels,
        seconds=signal.seconds,
        bandwidth_hz=band.bandwidth_hz,
        edge_hz=band.edge_hz,
        edge_db=band.edge_db,
        lossy=traces.found,
        lossy_evidence=traces.evidence,
        stereo=stereo_of(samples),
        **asdict(level),
        loudness_lufs=loudness_lufs(samples, rate),
        noise_floor_dbfs=noise.floor_dbfs,
        range_db=noise.range_db,
        rt60_s=reverberation_s(mono),
        fingerprint=to_text(fingerprint_of(mono)),
    )
