"""Under which licence the software stands that codes, who says so, and what its makers say of patents.

:mod:`bench.models.catalogue` has the licences of trained weights. Where a source is a package of Debian, it is the file
``copyright`` of that package in Debian 12.
"""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Licence:
    """``software``: the licence, in brackets of what. ``source``: who says so. ``patents``: what the makers of that
    software say of patents; empty where their licence says nothing, which is no promise that there are none."""

    software: str
    source: str = ""
    patents: str = ""


_OWN = Licence("Apache-2.0 (codecbench)", "LICENSE of codecbench")
_GIVEN = Licence("of what is given")
_FFMPEG = Licence("LGPL-2.1-or-later (FFmpeg)", "LICENSE.md of FFmpeg")
_TRANSFORMERS = Licence("Apache-2.0 (transformers)", "the package's metadata")
_BSD = "BSD-3-Clause"

LICENCES = {
    "opus": Licence(
        f"{_BSD} (libopus)",
        "COPYING of libopus",
        "royalty-free licences of Xiph.Org, Broadcom and Microsoft; four others have disclosed claims which its "
        "makers hold not to be needed (opus-codec.org/license)",
    ),
    "mp3": Licence("LGPL-2.0-or-later (LAME)", "Debian's libmp3lame0 3.100"),
    **dict.fromkeys(("aac", "mp2", "ac3", "eac3", "sbc", "g711", "g722", "g723_1"), _FFMPEG),
    "amr_nb": Licence(
        "Apache-2.0 (opencore-amr)",
        "Debian's libopencore-amrnb0 0.1.6",
        "none granted: implementations may need licences of patent holders",
    ),
    **dict.fromkeys(
        ("encodec_24khz", "encodec_48khz", "dac_16khz", "dac_24khz", "dac_44khz", "mimi", "xcodec", "higgs_audio"),
        _TRANSFORMERS,
    ),
    "encodec_24khz_streaming": replace(_TRANSFORMERS, software="Apache-2.0 (codecbench, transformers)"),
    "lc3": Licence("Apache-2.0 (liblc3)", "the metadata of lc3py; Debian's liblc3-0 1.0.1"),
    "lyra_v2": Licence("Apache-2.0 (codecbench, LiteRT)", "the metadata of ai-edge-litert"),
    "encodec_24khz_jax": _OWN,
    "encodec_48khz_jax": _OWN,
    "toy_rvq": _OWN,
    "pcm": _OWN,
    "command": _GIVEN,
    "amr_wb": Licence(
        "Apache-2.0 (vo-amrwbenc), GPL-3.0-or-later (Debian's FFmpeg with it)",
        "Debian's libvo-amrwbenc0 0.1.3 and libavcodec-extra59 5.1",
    ),
    "codec2": Licence("LGPL-2.1 (Codec 2)", "README.md of Codec 2; Debian's codec2 1.0.5"),
    "gsm": Licence("TU-Berlin-2.0 (libgsm)", "Debian's libgsm1 1.0.22"),
    "speex": Licence(
        f"{_BSD} (Speex), GPL-2.0-or-later (Debian's FFmpeg, which decodes)", "Debian's speex 1.2.1 and ffmpeg 5.1"
    ),
    "vorbis": Licence(
        f"{_BSD} (libvorbis), GPL (oggenc and oggdec)", "Debian's libvorbis0a 1.3.7 and vorbis-tools 1.4.2"
    ),
    "musepack": Licence(
        f"{_BSD} (mpcenc, mpcdec) and LGPL-2.1-or-later (libmpcenc, libmpcpsy)", "Debian's musepack-tools r495"
    ),
    "evs": Licence(
        "terms of 3GPP (programs of TS 26.442, TS 26.443)",
        "www.3gpp.org, frequently asked questions: code of a specification may be used without asking 3GPP",
    ),
    "lc3plus": Licence(
        "ETSI's IPR policy of 3 April 2019 (program of TS 103 634)",
        "the heads of its source files",
        "no patent licence by implication, estoppel or otherwise",
    ),
    "usac": Licence(
        "a modified BSD licence of its own (exhale), LGPL-2.1-or-later (FFmpeg, which decodes)",
        "include/License.htm of exhale; LICENSE.md of FFmpeg",
        "none granted: exhale names Via Licensing for those of ISO/IEC 23003-3",
    ),
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
"""By the name of the codec, every row of :data:`bench.codecs.TABLE`."""
