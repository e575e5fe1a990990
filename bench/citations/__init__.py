"""What to cite for a metric, a codec or a method: keys into ``references.bib``, which comes with the package."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files

_VISQOL = ("hines2015visqolaudio", "chinen2020visqol")
_VISQOL_SPEECH = ("chinen2020visqol",)

QUANTITIES: Mapping[str, tuple[str, ...]] = {
    "si_sdr": ("leroux2019sdr",),
    "si_snr": ("leroux2019sdr",),
    "snr": (),
    "pesq_wb": ("rix2001pesq", "itu2007p8622"),
    "pesq_nb": ("rix2001pesq", "itu2003p8621"),
    "stoi": ("taal2011stoi",),
    "estoi": ("jensen2016estoi",),
    "visqol_audio": _VISQOL,
    "visqol_audio_per_channel": _VISQOL,
    "visqol_speech_exponential": _VISQOL_SPEECH,
    "visqol_speech_lattice": _VISQOL_SPEECH,
    "visqol_reference_audio": _VISQOL,
    "visqol_reference_speech_exponential": _VISQOL_SPEECH,
    "visqol_reference_speech_lattice": _VISQOL_SPEECH,
    "mel_distance": ("kumar2023dac",),
    "mel_distance_encodec": ("defossez2023encodec",),
    "stft_distance": ("yamamoto2020parallel",),
    "log_spectral_distance": ("gray1976distance",),
    "mcd": ("kubichek1993mcd",),
    "f0_correlation": ("boersma1993pitch",),
    "f0_rmse": ("boersma1993pitch",),
    "f0_rmse_hz": ("boersma1993pitch",),
    "voicing_error": ("boersma1993pitch", "nakatani2008voicing"),
    "sdr": ("vincent2006bsseval",),
    "segmental_snr": ("hu2008objective",),
    "fw_segmental_snr": ("hu2008objective",),
    "loudness_difference": ("itu2023bs1770",),
    "bandwidth_hz": (),
    "bandwidth_difference": (),
    "clipped_samples_share": (),
    **dict.fromkeys(("dnsmos_sig", "dnsmos_bak", "dnsmos_ovrl"), ("reddy2022dnsmos",)),
    "dnsmos_p808": ("reddy2021dnsmos",),
    "plcmos": ("diener2023plcmos",),
    **dict.fromkeys(("squim_stoi", "squim_pesq", "squim_si_sdr", "squim_mos"), ("kumar2023squim",)),
    **dict.fromkeys(("nisqa_mos", "nisqa_noi", "nisqa_dis", "nisqa_col", "nisqa_loud"), ("mittag2021nisqa",)),
    "utmos": ("saeki2022utmos",),
    "scoreq": ("ragano2024scoreq",),
    "wer": ("radford2023whisper",),
    "cer": ("radford2023whisper",),
    "speaker_similarity": ("chen2022wavlm",),
}
"""By name of the quantity; nothing to cite where the definition is our own or everybody's."""

MEASURES: Mapping[str, tuple[str, ...]] = {
    "fad_log_mel": ("kilgour2019fad", "gui2024fad"),
    "fad_vggish": ("kilgour2019fad", "hershey2017vggish", "gui2024fad"),
    "fad_clap": ("kilgour2019fad", "wu2023clap", "gui2024fad"),
    "fad_encodec": ("kilgour2019fad", "defossez2023encodec", "gui2024fad"),
    "codebooks": (),
}
"""By name of the measure of whole sets."""

CODECS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(
        ("encodec_24khz", "encodec_48khz", "encodec_24khz_streaming", "encodec_24khz_jax", "encodec_48khz_jax"),
        ("defossez2023encodec",),
    ),
    **dict.fromkeys(("dac_16khz", "dac_24khz", "dac_44khz"), ("kumar2023dac",)),
    "opus": ("valin2012opus",),
    "mp3": ("iso1993mpeg1", "iso1998mpeg2"),
    "mp2": ("iso1993mpeg1", "iso1998mpeg2"),
    "aac": ("iso2019aac",),
    "evs": ("3gpp26445evs",),
    "lyra_v2": ("zeghidour2022soundstream",),
    "mimi": ("defossez2024moshi",),
}
"""By name of the codec as in its identity; codecs that are not here have no paper that we know for certain."""

METHODS = ("hesterberg2015bootstrap", "holm1979multiple", "mogstad2024ranks")
"""What every table with intervals and comparisons rests on."""

SOFTWARE = ("codecbench",)
"""What made the numbers; the version stands in the text."""

CURVES = ("bjontegaard2001",)
"""What BD-rate and BD-quality rest on."""


@cache
def entries() -> dict[str, str]:
    """The text of every entry of ``references.bib``, by key, in the order of the file."""
    text = (files(__package__) / "references.bib").read_text(encoding="utf-8")
    return {match[2]: match[0].strip() for match in re.finditer(r"@(\w+)\{([^,\s]+),.*?^\}", text, re.DOTALL | re.M)}


def bibtex(keys: Iterable[str]) -> str:
    """The entries of ``keys`` in the order of the file, each once."""
    wanted = set(keys)
    return "\n\n".join(text for key, text in entries().items() if key in wanted) + "\n"
