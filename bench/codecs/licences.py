"""Under which licence the software stands that codes; :mod:`bench.models.catalogue` has those of trained weights."""

from __future__ import annotations

_OWN = "Apache-2.0 (codecbench)"
_FFMPEG = "LGPL-2.1-or-later (FFmpeg)"
_TRANSFORMERS = "Apache-2.0 (transformers)"
_GIVEN = "of what is given"

LICENCES = {
    "opus": "BSD-3-Clause (libopus)",
    "mp3": "LGPL-2.0-or-later (LAME)",
    **dict.fromkeys(("aac", "mp2", "ac3", "eac3", "sbc", "g711", "g722", "g723_1"), _FFMPEG),
    "amr_nb": "Apache-2.0 (opencore-amr)",
    **dict.fromkeys(
        ("encodec_24khz", "encodec_48khz", "dac_16khz", "dac_24khz", "dac_44khz", "mimi", "xcodec", "higgs_audio"),
        _TRANSFORMERS,
    ),
    "encodec_24khz_streaming": "Apache-2.0 (codecbench, transformers)",
    "lc3": "Apache-2.0 (liblc3)",
    "lyra_v2": "Apache-2.0 (Lyra)",
    "encodec_24khz_jax": _OWN,
    "encodec_48khz_jax": _OWN,
    "toy_rvq": _OWN,
    "pcm": _OWN,
    "command": _GIVEN,
    "amr_wb": "Apache-2.0 (vo-amrwbenc)",
    "codec2": "LGPL-2.1 (Codec 2)",
    "gsm": "permissive, Technische Universität Berlin (libgsm)",
    "speex": "BSD-3-Clause (libspeex)",
    "vorbis": "BSD-3-Clause (libvorbis)",
    "musepack": "BSD-3-Clause and LGPL-2.1-or-later (Musepack)",
    "evs": "terms of 3GPP",
    "lc3plus": "terms of ETSI",
    "usac": "exhale's own",
    "decoded": _GIVEN,
    "torch_module": _GIVEN,
    **dict.fromkeys(
        (
            "passthrough",
            "lowpass_3500",
            "lowpass_7000",
            "one_sample_shift",
            "gain_minus_6db",
            "right_channel_destroyed",
        ),
        _OWN,
    ),
}
"""By the name of the codec, every row of :data:`bench.codecs.TABLE`; in brackets who wrote the software."""
