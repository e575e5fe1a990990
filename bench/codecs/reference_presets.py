"""Presets whose programs have to be built from the sources of their makers: EVS, LC3plus, and USAC by exhale.

The argument lists are those of the programs' own help texts. None of these programs is part of the test machines: the
tests run stand-ins that take the same arguments and write the same file formats.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from bench.codecs import programs
from bench.codecs.base import one_of, within
from bench.codecs.presets import Preset, PresetCodec
from bench.errors import ConfigError, MissingRequirement


class Evs(PresetCodec):
    """EVS (3GPP TS 26.445) by the reference programs of TS 26.442 or TS 26.443: mono, without DTX.

    5900 bit/s is the variable mode. A bitrate that is too low for the clip's rate is coded with less bandwidth.

    Args:
        max_band: ``auto``, ``NB``, ``WB``, ``SWB`` or ``FB``: the widest audio bandwidth.
        bitstream: ``g192`` or ``mime``: the format of the file between the programs.
        amr_wb_io: the modes that AMR-WB decoders understand, instead of the primary ones.
    """

    algorithmic_delay_s = 0.032  # 3GPP TS 26.441
    PRIMARY = (5_900, 7_200, 8_000, 9_600, 13_200, 16_400, 24_400, 32_000, 48_000, 64_000, 96_000, 128_000)
    AMR_WB_IO = (6_600, 8_850, 12_650, 14_250, 15_850, 18_250, 19_850, 23_050, 23_850)
    HIGHEST_NARROW_BPS = 24_400
    preset = Preset(
        "evs",
        ("EVS_cod", "-q", "{bitrate_bps}", "{sample_rate_khz}", "{input}", "{bitstream}"),
        ("EVS_dec", "-q", "{sample_rate_khz}", "{bitstream}", "{output}"),
        "download 3GPP TS 26.443 from www.3gpp.org, build EVS_cod and EVS_dec with make, and name their folder in "
        "CODECBENCH_EVS",
        {
            "input": "s16le",
            "output": "s16le",
            "bits": "g192",
            "sample_rates": (8_000, 16_000, 32_000, 48_000),
            "channels": (1,),
            "bitrates_bps": PRIMARY,
            "frame_ms": 20.0,
        },
    )

    def __init__(
        self,
        max_band: Literal["auto", "NB", "WB", "SWB", "FB"] = "auto",
        bitstream: Literal["g192", "mime"] = "g192",
        amr_wb_io: bool = False,
        folder: str = "",
        version: str = "",
    ) -> None:
        self._narrow = max_band == "NB"
        if amr_wb_io and max_band not in ("auto", "WB"):
            raise ConfigError(f"evs: the AMR-WB IO modes are wide-band; expected max_band auto or WB, got {max_band}.")
        band = () if max_band == "auto" else ("-max_band", max_band)
        mime = ("-mime",) if bitstream == "mime" else ()
        (encoder, *encode), (decoder, *decode) = self.preset.encode, self.preset.decode
        self._set_up(
            folder,
            version,
            encode=(encoder, *band, *mime, *encode),
            decode=(decoder, *mime, *decode),
            bits="evs_mime" if mime else "g192",
            bitrates_bps=self.AMR_WB_IO if amr_wb_io else self.PRIMARY,
        )

    def possible_bps(self, sample_rate: int, channels: int) -> Sequence[int]:
        narrow = self._narrow or sample_rate == 8_000  # the rates of narrow band: 3GPP TS 26.441
        return [rate for rate in self.bitrates_bps if not narrow or rate <= self.HIGHEST_NARROW_BPS]


class Lc3Plus(PresetCodec):
    """LC3plus (ETSI TS 103 634) by ETSI's program, whose file format it shares with the programs of LC3.

    Args:
        frame_duration_ms: 10, 5 or 2.5.
    """

    preset = Preset(
        "lc3plus",
        ("LC3plus", "-E", "-q", "-frame_ms", "{frame_ms}", "{input}", "{bitstream}", "{bitrate_bps}"),
        ("LC3plus", "-D", "-q", "{bitstream}", "{output}"),
        "download the software of ETSI TS 103 634 from www.etsi.org, build LC3plus with make, and name its folder in "
        "CODECBENCH_LC3PLUS",
        {
            "suffix": ".lc3",
            "bits": "lc3",
            "sample_rates": (8_000, 16_000, 24_000, 32_000, 44_100, 48_000),
        },
    )
    USUAL_BPS = (16_000, 24_000, 32_000, 48_000, 64_000, 96_000, 128_000)

    def __init__(self, frame_duration_ms: float = 10.0, folder: str = "", version: str = "") -> None:
        one_of("lc3plus", "frame_duration_ms", frame_duration_ms, (2.5, 5, 10))
        self._duration_ms = frame_duration_ms
        self.algorithmic_delay_s = (frame_duration_ms + 2.5) / 1_000
        self.why_not = f"a frame of {frame_duration_ms:g} ms has 20 to 400 bytes a channel"
        self._set_up(folder, version, encode=self._filled("frame_ms", f"{frame_duration_ms:g}"))
        self.bitrates_bps = self.USUAL_BPS

    def possible_bps(self, sample_rate: int, channels: int) -> Sequence[int]:
        # 44.1 kHz has the frame sizes of 48 kHz in bytes, and so 44.1/48 of their bitrates
        stretch = sample_rate / 48_000 if sample_rate == 44_100 else 1.0
        return within(*(round(8_000 * size * channels * stretch / self._duration_ms) for size in (20, 400)))


class Usac(PresetCodec):
    """USAC (xHE-AAC, ISO/IEC 23003-3) by exhale, variable bitrate around the given one, decoded by FFmpeg 7.1 or newer.

    exhale codes music; it has none of USAC's speech tools.

    Args:
        sbr: spectral band replication, for 36 to 108 kbit/s stereo.
    """

    preset = Preset(
        "usac",
        ("exhale", "{mode}", "{input}", "{bitstream}"),
        ("ffmpeg", "-y", "-v", "error", "-threads", "1", "-i", "{bitstream}", "-c:a", "pcm_s16le", "{output}"),
        "build exhale from gitlab.com/ecodis/exhale with make release, get FFmpeg 7.1 or newer, and name the folder of "
        "both in CODECBENCH_USAC",
        {"suffix": ".m4a", "bits": "mp4", "sample_rates": (32_000, 44_100, 48_000)},
    )
    OLDEST_LIBAVCODEC = (61, 19)
    """That of FFmpeg 7.1, the first that decodes USAC."""

    def __init__(self, sbr: bool = False, folder: str = "", version: str = "") -> None:
        # nominal rates of stereo from exhale's help text; of mono, half of them
        names = {36_000 + 12_000 * k: "abcdefg"[k] for k in range(7)} if sbr else {
            48_000 + 16_000 * k: str(k) for k in range(10)
        }  # fmt: skip
        halves = {rate // 2: name for rate, name in names.items()}
        self._by_channels = {1: halves, 2: names}
        usual = tuple(sorted({*names, *halves}))
        self._set_up(folder, version, bitrates_bps=usual)
        self._require_decoder()

    def mode(self, bitrate_bps: int | None, channels: int) -> str:
        return self._by_channels[channels].get(bitrate_bps or 0, "")

    def possible_bps(self, sample_rate: int, channels: int) -> Sequence[int]:
        return tuple(self._by_channels[channels])

    def _require_decoder(self) -> None:
        path = programs.find("ffmpeg", self._folder) or "ffmpeg"
        said = programs.run("usac", path, ["-version"], timeout_s=20).decode("utf-8", "replace")
        match = re.search(r"libavcodec\s+(\d+)\.\s*(\d+)", said)
        if match is None or tuple(map(int, match.groups())) < self.OLDEST_LIBAVCODEC:
            raise MissingRequirement(
                f"codec usac needs FFmpeg 7.1 or newer to decode; {path} is older (`ffmpeg -version`). To get it: "
                f"{self.preset.get}"
            )
