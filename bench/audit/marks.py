"""What is wrong with a reference, in words: the table of marks, and which of them a clip gets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.audit.facts import Facts
from bench.audit.level import SILENT_DBFS
from bench.wording import listed

FULL_BAND_HZ = 20_000.0  # what people hear; a file that holds it is full band at any rate
BAND_SHARE = 0.88  # nine tenths, less the 2 % to which an edge can be measured
EDGE_STEP_HZ = 33.0  # the widest bin of the spectrograms in which edges are found
CLIPPED_SAMPLES = 10  # a single short run is no more heard than a click; most clipped files have hundreds
DC_OFFSET = 0.005
MOSTLY_SILENT = 0.5

LOSSY_FORMATS = {
    "VORBIS": "Ogg Vorbis", "OPUS": "Ogg Opus", "MPEG_LAYER_I": "MPEG layer I", "MPEG_LAYER_II": "MPEG layer II",
    "MPEG_LAYER_III": "MP3", "ULAW": "µ-law", "ALAW": "A-law", "IMA_ADPCM": "ADPCM", "MS_ADPCM": "ADPCM",
    "GSM610": "GSM", "G721_32": "G.721", "G723_24": "G.723", "G723_40": "G.723",
}  # fmt: skip
"""Sample formats, as the file header says them, that are lossy themselves."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A kind of trouble. ``serious``: scores against such a reference do not mean what they seem to."""

    name: str
    serious: bool
    meaning: str
    advice: str


TABLE = (
    Mark("unreadable", True, "the file cannot be read, or holds samples that are no numbers",
         "Fetch or export it again, or leave it out."),
    Mark("silent", True, "there is nothing to hear; no metric has a value against silence", "Leave it out."),
    Mark("band_limited", True, "the content ends in a cliff and leaves part of the band empty",
         "Use it for codecs that work at a lower rate; a codec that fills the band is judged by noise there."),
    Mark("lossy", True, "it was coded lossily before: by its format, or by traces in its spectrum",
         "Find the recording that it was made from; against this one a codec may win by making the same errors."),
    Mark("clipped", True, "samples were cut off at a highest value",
         "Find an unclipped version; the distortion counts as signal."),
    Mark("dual_mono", True, "all channels hold the same: it is a mono recording in a stereo file",
         "Use it as mono (`channels: 1`); a codec that joins channels codes it for nearly half the bits."),
    Mark("inverted", True, "a channel is another one with its sign turned, and their mix cancels out",
         "Turn the sign of one channel; as it is, mono codecs and mono metrics get next to nothing."),
    Mark("silent_channel", True, "one channel is silent while another is not",
         "Of two channels, use the other one as mono; of more, leave the silent one out."),
    Mark("duplicate", True, "the same recording is in the set more than once",
         "Keep one, or give both the same `source`; an interval over copies is narrower than it should be."),
    Mark("no_licence", False, "nothing says under which terms it may be used",
         "Ask the owner; state `licence` in the manifest. Do not publish the audio until then."),
    Mark("dc_offset", False, "the mean is not zero", "Take the offset out with a high-pass of 20 Hz."),
    Mark("mostly_silent", False, "more than half of it is silence", "Cut it, or judge a part of it."),
)  # fmt: skip
MARKS = {mark.name: mark for mark in TABLE}


def band_limit_hz(rate: int) -> float:
    """The edge below which a signal at ``rate`` is band-limited: 88 % of its band, of which 20 kHz count."""
    return BAND_SHARE * min(FULL_BAND_HZ, rate / 2)


def is_band_limited(edge_hz: float | None, rate: int) -> bool:
    """Whether a reference whose content ends at ``edge_hz`` leaves a band judged at ``rate`` unused.

    An edge within a bin of the limit is at the limit.
    """
    return edge_hz is not None and edge_hz < band_limit_hz(rate) - EDGE_STEP_HZ


def edge_at(edge_hz: float | None, file_rate: int, rate: int) -> float | None:
    """Where the content of a file ends when it is judged at ``rate``: converted up, at half its own rate at most."""
    if file_rate >= rate:
        return edge_hz
    return min(edge_hz or file_rate / 2, file_rate / 2)


def marks_of(facts: Facts, licence: str, sample_format: str, rate: int) -> dict[str, str]:
    """The marks of one clip and the reason of each, in the order of the table.

    Args:
        licence: as the dataset states it; empty where it does not.
        sample_format: of the file, such as ``PCM_16`` or ``VORBIS``.
        rate: at which it is judged.
    """
    found: dict[str, str] = {}
    silent = facts.rms_dbfs < SILENT_DBFS
    if silent:
        found["silent"] = f"its level is {facts.rms_dbfs:.0f} dBFS"
    edge_hz = edge_at(facts.edge_hz, facts.sample_rate, rate)
    if not silent and edge_hz is not None and is_band_limited(edge_hz, rate):
        cliff = "" if facts.edge_db is None else f" in a cliff of {facts.edge_db:.0f} dB"
        found["band_limited"] = f"ends at {khz(edge_hz)}{cliff}, judged at {rate / 1000:g} kHz"
    if lossy := lossy_reason(facts, sample_format):
        found["lossy"] = lossy
    if facts.clipped_samples >= CLIPPED_SAMPLES:
        found["clipped"] = f"{facts.clipped_samples} samples are cut off"
    if facts.stereo in ("dual_mono", "almost_dual_mono"):
        exactly = "are equal" if facts.stereo == "dual_mono" else "differ by less than -50 dB"
        found["dual_mono"] = f"the {facts.channels} channels {exactly}"
    elif facts.stereo in ("inverted", "silent_channel"):
        found[facts.stereo] = MARKS[facts.stereo].meaning
    if not licence.strip():
        found["no_licence"] = "the dataset states no licence"
    if facts.dc >= DC_OFFSET:
        found["dc_offset"] = f"the mean is {100 * facts.dc:.1f} % of full scale"
    if not silent and facts.silence_share > MOSTLY_SILENT:
        found["mostly_silent"] = f"{100 * facts.silence_share:.0f} % of it is under {SILENT_DBFS:.0f} dBFS"
    return found


def lossy_reason(facts: Facts, sample_format: str) -> str:
    """Why a clip counts as coded lossily before; empty where it does not."""
    if sample_format in LOSSY_FORMATS:
        return f"the file is {LOSSY_FORMATS[sample_format]}"
    return (facts.lossy_evidence or "its spectrum has traces of a codec") if facts.lossy else ""


def with_duplicate(marks: Mapping[str, str], clips: Sequence[str]) -> dict[str, str]:
    """``marks`` of a clip that is one recording with the others of ``clips``, which adds one; in the table's order."""
    marks = {**marks, "duplicate": f"{len(clips)} clips are one recording: {listed(clips, 3)}"}
    return {name: marks[name] for name in MARKS if name in marks}


def khz(hertz: float) -> str:
    """A frequency for people, such as ``7.5 kHz``."""
    return f"{hertz / 1000:.1f} kHz"
