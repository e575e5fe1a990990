"""What is known of VERSA's quantities: unit and direction.

Names and meanings are those of its docs/supported_metrics.md. A name that stands here has one clear direction by its
definition (errors, distances and costs are better where they are lower); all other names are shown without one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Known:
    """Unit and direction; None: unknown, and nothing is ranked by it."""

    unit: str = ""
    higher_is_better: bool | None = None


HIGHER = {
    "MOS": (
        "dnsmos_overall", "dnsmos_p808", "dnsmos_pro_bvcc", "dnsmos_pro_nisqa", "dnsmos_pro_vcc2018", "nisqa_mos_pred",
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
        "stoi", "estoi", "torch_squim_stoi", "f0_corr", "log_wmse", "pysepm_ncm", "pysepm_csii_high", "pysepm_csii_mid",
        "pysepm_csii_low", "pysepm_c_sig", "pysepm_c_bak", "pysepm_c_ovl", "pysepm_Csig", "pysepm_Cbak", "pysepm_Covl",
        "scoreq_nr", "speech_bert", "speech_bleu", "speech_belu", "clap_score", "emotion_similarity", "spk_similarity",
        "singer_similarity", "srmr", "pam", "vqscore", "audiobox_aesthetics_CE", "audiobox_aesthetics_CU",
        "audiobox_aesthetics_PQ",
    ),
}  # fmt: skip
LOWER = {
    "dB": ("mcd",),
    "Hz": ("f0_rmse",),
    "": (
        "warpq", "nomad", "scoreq_ref", "dpam_distance", "cdpam_distance", "pysepm_wss", "pysepm_cd", "pysepm_llr",
        "asr_match_error_rate", "espnet_wer", "espnet_cer", "owsm_wer", "owsm_cer", "whisper_wer", "whisper_cer",
    ),
}  # fmt: skip

ERROR_VALUES = {"pesq": 0.0}
"""What VERSA writes where a quantity failed, and no pair can have: PESQ begins at 1."""


def known(name: str) -> Known:
    """What is known of VERSA's quantity ``name``."""
    return _TABLE.get(name, Known())


def _entries() -> Iterator[tuple[str, Known]]:
    for table, higher_is_better in ((HIGHER, True), (LOWER, False)):
        for unit, names in table.items():
            yield from ((name, Known(unit, higher_is_better)) for name in names)


_TABLE = dict(_entries())
