"""What is known of VERSA's quantities: unit and direction.

Names are those of its docs/supported_metrics.md and those that its program writes, which differ for some (``f0rmse``,
``dns_overall``, ``pam_score``). A name that stands here has one clear direction by its definition (errors, distances
and costs are better where they are lower); all other names are shown without one: ``noresqa_score`` is a MOS in
some versions only, ``speech_token_distance`` is a similarity with VERSA's own settings.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Known:
    """Unit and direction; None: unknown, and nothing is ranked by it."""

    unit: str = ""
    higher_is_better: bool | None = None


HIGHER = {
    "MOS": (
        "dnsmos_overall", "dnsmos_p808", "dns_overall", "dns_p808", "noresqa_mos", "dnsmos_pro_bvcc",
        "dnsmos_pro_nisqa", "dnsmos_pro_vcc2018", "nisqa_mos_pred",
        "nisqa_noi_pred", "nisqa_dis_pred", "nisqa_col_pred", "nisqa_loud_pred", "plcmos", "sheet_ssqa", "singmos",
        "singmos_v2", "torch_squim_mos", "utmos", "utmosv2", "wvmos", "SIGMOS_COL", "SIGMOS_DISC", "SIGMOS_LOUD",
        "SIGMOS_REVERB", "SIGMOS_SIG", "SIGMOS_OVRL",
    ),
    "MOS-LQO": ("pesq", "torch_squim_pesq", "visqol"),
    "dB": (
        "sdr", "sir", "sar", "si_snr", "si-snr", "ci_sdr", "ci-sdr", "se_sdr", "se_sar", "se_si_snr", "se_ci_sdr",
        "torch_squim_si_sdr", "pysepm_fwsegsnr",
    ),
    "": (
        "stoi", "estoi", "torch_squim_stoi", "f0_corr", "f0corr", "log_wmse",
        "pysepm_ncm", "pysepm_csii_high", "pysepm_csii_mid",
        "pysepm_csii_low", "pysepm_c_sig", "pysepm_c_bak", "pysepm_c_ovl", "pysepm_Csig", "pysepm_Cbak", "pysepm_Covl",
        "scoreq_nr", "speech_bert", "speech_bleu", "speech_belu", "clap_score", "emotion_similarity", "spk_similarity",
        "singer_similarity", "srmr", "pam", "pam_score", "vqscore", "audiobox_aesthetics_CE", "audiobox_aesthetics_CU",
        "audiobox_aesthetics_PQ",
    ),
}  # fmt: skip
LOWER = {
    "dB": ("mcd",),
    "Hz": ("f0_rmse", "f0rmse"),
    "cents": ("f0_rmse_cents",),
    "": (
        "warpq", "nomad", "scoreq_ref", "dpam_distance", "cdpam_distance", "pysepm_wss", "pysepm_cd", "pysepm_llr",
        "asr_match_error_rate",
    ),
}  # fmt: skip

LARGEST = 1e100
"""No quantity has larger values, and their squares would overflow in the statistics."""

ERROR_VALUES = {"pesq": 0.0}
"""What VERSA writes where a quantity failed, and no pair can have: PESQ begins at 1."""


EDITS = ("delete", "insert", "replace", "equal")
_RATE = re.compile(r"\w+_(wer|cer)")
_COUNT = re.compile(rf"({_RATE.pattern})_({'|'.join(EDITS)})")


def known(name: str) -> Known:
    """What is known of VERSA's quantity ``name``."""
    if _RATE.fullmatch(name):
        return Known("", higher_is_better=False)
    if counted := _COUNT.fullmatch(name):
        return Known("", higher_is_better=counted[3] == "equal")
    return _TABLE.get(name, Known())


def error_rates(entries: Mapping[str, Any]) -> dict[str, float]:
    """The error rates of a line that has their four counts and not the rates themselves, as VERSA writes it.

    NaN where the reference has no words: there is no rate.

    >>> error_rates({"a_wer_delete": 1, "a_wer_insert": 2, "a_wer_replace": 0, "a_wer_equal": 5})
    {'a_wer': 0.5}
    """
    rates = {}
    for name in dict.fromkeys(found[1] for entry in entries if (found := _COUNT.fullmatch(entry))):
        counts: list[Any] = [entries.get(f"{name}_{edit}") for edit in EDITS]
        usable = [float(count) for count in counts if type(count) in (int, float) and count <= LARGEST]
        if name not in entries and len(usable) == len(EDITS):
            deleted, inserted, replaced, equal = usable
            spoken = deleted + replaced + equal
            rates[name] = (deleted + inserted + replaced) / spoken if spoken else math.nan
    return rates


def _entries() -> Iterator[tuple[str, Known]]:
    for table, higher_is_better in ((HIGHER, True), (LOWER, False)):
        for unit, names in table.items():
            yield from ((name, Known(unit, higher_is_better)) for name in names)


_TABLE = dict(_entries())
