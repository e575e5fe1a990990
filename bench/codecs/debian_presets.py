"""Presets whose programs are packages of Debian main."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from bench.codecs.base import one_of, within
from bench.codecs.presets import Preset, PresetCodec
from bench.errors import ConfigError

_FFMPEG = ("ffmpeg", "-y", "-v", "error", "-threads", "1")

_SPEEX_MODES = {
    8_000: (3_950, 5_950, 8_000, 11_000, 15_000, 18_200, 24_600),
    16_000: (5_750, 7_750, 9_800, 12_800, 16_800, 20_600, 23_800, 27_800, 34_200, 42_200),
    32_000: (7_550, 9_550, 11_600, 14_600, 18_600, 22_400, 25_600, 29_600, 36_000, 44_000),
}
"""Bitrates of Speex by rate: the modes of the narrow, wide and ultra-wide band, without the vocoder modes below."""


class AmrWb(PresetCodec):
    """AMR wide-band (3GPP TS 26.171) by vo-amrwbenc and FFmpeg's decoder, without discontinuous transmission."""

    algorithmic_delay_s = 0.025  # a frame and 5 ms: 3GPP TS 26.190
    preset = Preset(
        "amr_wb",
        (*_FFMPEG, "-f", "s16le", "-ar", "16000", "-ac", "1", "-i", "{input}",
         "-c:a", "libvo_amrwbenc", "-b:a", "{bitrate_bps}", "-f", "amr", "{bitstream}"),
        (*_FFMPEG, "-c:a", "amrwb", "-f", "amr", "-i", "{bitstream}", "-f", "s16le", "{output}"),
        "apt install ffmpeg libavcodec-extra",
        {
            "input": "s16le",
            "output": "s16le",
            "suffix": ".amr",
            "bits": "amr",
            "sample_rates": (16_000,),
            "channels": (1,),
            "bitrates_bps": (6_600, 8_850, 12_650, 14_250, 15_850, 18_250, 19_850, 23_050, 23_850),
        },
        ("ffmpeg", "-hide_banner", "-encoders"),
        "libvo_amrwbenc",
    )  # fmt: skip


class Codec2(PresetCodec):
    """Codec 2: a vocoder at 8 kHz, 700 to 3200 bit/s. Its output has the sound, not the waveform, of the input."""

    waveform = False
    preset = Preset(
        "codec2",
        ("c2enc", "{mode}", "{input}", "{bitstream}"),
        ("c2dec", "{mode}", "{bitstream}", "{output}"),
        "apt install codec2",
        {
            "input": "s16le",
            "output": "s16le",
            "suffix": ".c2",
            "bits": "codec2",
            "sample_rates": (8_000,),
            "channels": (1,),
            "modes": {
                700: "700C", 1_200: "1200", 1_300: "1300", 1_400: "1400", 1_600: "1600", 2_400: "2400", 3_200: "3200",
            },
            # at which the envelopes of ten clips of speech fit best (median; single clips differ by up to 5 ms)
            "delay_samples": {700: 244, 1_200: 164, 1_300: 164, 1_400: 164, 1_600: 164, 2_400: 164, 3_200: 164},
        },
    )  # fmt: skip

    def frame_ms(self, bitrate_bps: int | None) -> float:
        return 20.0 if bitrate_bps in (2_400, 3_200) else 40.0


class Gsm(PresetCodec):
    """GSM 06.10 full rate at 8 kHz, 13 kbit/s, by libgsm."""

    algorithmic_delay_s = 0.02
    preset = Preset(
        "gsm",
        ("toast", "-c", "-l", "{input}"),
        ("untoast", "-c", "-l", "{bitstream}"),
        "apt install libgsm-tools",
        {
            "input": "s16le",
            "output": "s16le",
            "suffix": ".gsm",
            "bits": "gsm",
            "stdout": True,
            "sample_rates": (8_000,),
            "channels": (1,),
            "delay_samples": 0,
        },
    )


class Speex(PresetCodec):
    """Speex at 8, 16 or 32 kHz, constant bitrate.

    FFmpeg decodes, with libspeex: speexdec takes the delay away only from clips that fill more than one Ogg page.

    Args:
        complexity: 0 to 10.
    """

    preset = Preset(
        "speex",
        ("speexenc", "--bitrate", "{bitrate_bps}", "--comp", "{complexity}", "{input}", "{bitstream}"),
        (*_FFMPEG, "-c:a", "libspeex", "-i", "{bitstream}", "-c:a", "pcm_s16le", "{output}"),
        "apt install speex ffmpeg",
        {
            "suffix": ".spx",
            "bits": "ogg",
            "flushes": True,
            "sample_rates": (8_000, 16_000, 32_000),
            "channels": (1,),
            "bitrates_bps": tuple(sorted({rate for rates in _SPEEX_MODES.values() for rate in rates})),
        },
        ("ffmpeg", "-hide_banner", "-decoders"),
        "libspeex",
    )

    def __init__(self, complexity: int = 3, folder: str = "", version: str = "") -> None:
        one_of("speex", "complexity", complexity, range(11))
        self._set_up(folder, version, encode=self._filled("complexity", complexity))

    def possible_bps(self, sample_rate: int, channels: int) -> Sequence[int]:
        return _SPEEX_MODES[sample_rate]


class Vorbis(PresetCodec):
    """Ogg Vorbis by libvorbis, average bitrate.

    Args:
        sample_rate: code at this rate; None takes the clip's, or the next higher one of the list.
    """

    preset = Preset(
        "vorbis",
        ("oggenc", "-Q", "--managed", "-s", "1", "-b", "{kbps}", "-o", "{bitstream}", "{input}"),
        ("oggdec", "-Q", "-o", "{output}", "{bitstream}"),
        "apt install vorbis-tools",
        {
            "suffix": ".ogg",
            "bits": "ogg",
            "sample_rates": (8_000, 16_000, 24_000, 32_000, 44_100, 48_000),
            "bitrates_bps": (32_000, 48_000, 64_000, 96_000, 128_000, 192_000),
            "delay_samples": 0,
        },
    )
    RANGES_BPS: ClassVar[dict[tuple[int, int], tuple[int, int]]] = {
        (8_000, 1): (8_000, 42_000), (8_000, 2): (12_000, 84_000),
        (16_000, 1): (16_000, 100_000), (16_000, 2): (24_000, 200_000),
        (24_000, 1): (16_000, 88_000), (24_000, 2): (30_000, 180_000),
        (32_000, 1): (30_000, 188_000), (32_000, 2): (36_000, 380_000),
        (44_100, 1): (32_000, 240_000), (44_100, 2): (45_000, 500_000),
        (48_000, 1): (32_000, 240_000), (48_000, 2): (45_000, 500_000),
    }  # fmt: skip
    """What libvorbis 1.3.7 takes, by rate and channels, tried in steps of 1 kbit/s (4 above 64)."""

    def __init__(self, sample_rate: int | None = None, folder: str = "", version: str = "") -> None:
        rates = self.preset.options["sample_rates"]
        if sample_rate is not None:
            one_of("vorbis", "sample_rate", sample_rate, rates)
            rates = (sample_rate,)
        self._set_up(folder, version, sample_rates=rates)

    def possible_bps(self, sample_rate: int, channels: int) -> Sequence[int]:
        return within(*self.RANGES_BPS[sample_rate, channels])


class Musepack(PresetCodec):
    """Musepack, stream version 8: variable bitrate by a quality, about 90 kbit/s stereo at 3, 180 at 5.

    Args:
        quality: 0 to 10.
    """

    preset = Preset(
        "musepack",
        ("mpcenc", "--silent", "--overwrite", "--quality", "{quality}", "{input}", "{bitstream}"),
        ("mpcdec", "{bitstream}", "{output}"),
        "apt install musepack-tools",
        {
            "suffix": ".mpc",
            "bits": "musepack",
            "sample_rates": (32_000, 37_800, 44_100, 48_000),
            "delay_samples": 0,
        },
    )

    def __init__(self, quality: float = 5.0, folder: str = "", version: str = "") -> None:
        if not 0 <= quality <= 10:
            raise ConfigError(f"musepack: expected quality from 0 to 10, got {quality}.")
        self._set_up(folder, version, encode=self._filled("quality", f"{quality:g}"))
