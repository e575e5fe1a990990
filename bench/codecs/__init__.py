"""The codecs. Plug-ins join through the entry-point group ``codecbench.codecs``."""

from __future__ import annotations

from bench.registry import Registry, rows_of

_row = rows_of("bench.codecs")

NEURAL = (("torch", "transformers"), "pip install 'codecbench[neural]'")
TORCH = (("torch", "constriction"), NEURAL[1])
TORCHAUDIO = (("torch", "torchaudio", "transformers"), NEURAL[1])
LC3 = (("lc3",), "pip install 'codecbench[lc3]'")
LYRA = (("ai_edge_litert",), "pip install 'codecbench[lyra]'")
JAX = (("jax", "safetensors", "huggingface_hub"), "pip install 'codecbench[jax]'")

TABLE = (
    _row("opus", "opus:Opus", "Opus (libopus), 48 kHz, mono or stereo, 6 kbit/s and up"),
    _row("mp3", "mpeg:Mp3", "MPEG-1/2/2.5 layer III (LAME)"),
    _row("aac", "mpeg:Aac", "MPEG-4 AAC-LC (FFmpeg's own encoder)"),
    _row("mp2", "mpeg:Mp2", "MPEG-1/2 layer II (FFmpeg's own encoder)"),
    _row("ac3", "dolby:Ac3", "AC-3 (FFmpeg's own encoder)"),
    _row("eac3", "dolby:EAc3", "E-AC-3 (FFmpeg's own encoder)"),
    _row("sbc", "sbc:Sbc", "SBC of Bluetooth A2DP (FFmpeg's own encoder)"),
    _row("g711", "telephony:G711", "ITU-T G.711, 8 kHz mono, 64 kbit/s"),
    _row("g722", "telephony:G722", "ITU-T G.722, 16 kHz mono, 64 kbit/s"),
    _row("g723_1", "telephony:G7231", "ITU-T G.723.1, 8 kHz mono, 6.3 kbit/s"),
    _row("amr_nb", "telephony:AmrNb", "AMR narrow-band, 8 kHz mono, 4.75 to 12.2 kbit/s"),
    _row("encodec_24khz", "encodec:Encodec24", "EnCodec, 24 kHz mono, 1.5 to 24 kbit/s", *NEURAL),
    _row("encodec_48khz", "encodec:Encodec48", "EnCodec, 48 kHz stereo, 3 to 24 kbit/s", *NEURAL),
    _row(
        "encodec_24khz_streaming",
        "encodec_streaming:Encodec24Streaming",
        "EnCodec, 24 kHz, frame by frame, as a telephone would run it",
        *NEURAL,
    ),
    _row("lc3", "lc3:Lc3", "LC3 of Bluetooth LE Audio, 8 to 48 kHz, 16 kbit/s a channel and up", *LC3),
    _row("lyra_v2", "lyra:LyraV2", "Lyra v2 (SoundStream), 16 kHz mono, 3.2 to 9.2 kbit/s", *LYRA),
    _row("dac_16khz", "rvq_models:Dac16", "DAC, 16 kHz mono, 0.5 to 6 kbit/s", *NEURAL),
    _row("dac_24khz", "rvq_models:Dac24", "DAC, 24 kHz mono, 0.75 to 24 kbit/s", *NEURAL),
    _row("dac_44khz", "rvq_models:Dac44", "DAC, 44.1 kHz mono, 0.86 to 7.75 kbit/s", *NEURAL),
    _row("mimi", "rvq_models:Mimi", "Mimi, 24 kHz mono, 138 bit/s to 4.4 kbit/s", *NEURAL),
    _row("xcodec", "rvq_models:XCodec", "X-Codec, 16 kHz mono, 0.5 to 4 kbit/s", *NEURAL),
    _row("higgs_audio", "rvq_models:HiggsAudio", "Higgs Audio 2 tokenizer, 24 kHz mono, 0.25 to 2 kbit/s", *TORCHAUDIO),
    _row("encodec_24khz_jax", "encodec_jax:Encodec24Jax", "encodec_24khz in JAX", *JAX),
    _row("encodec_48khz_jax", "encodec_jax:Encodec48Jax", "encodec_48khz in JAX", *JAX),
    _row("toy_rvq", "toy_rvq:ToyRvq", "small residual quantiser of our own, a stand-in for EnCodec"),
    _row("pcm", "controls:Pcm", "uniform quantiser of n bits"),
    _row("command", "command:Command", "any command-line codec, from templates in the configuration"),
    _row("amr_wb", "debian_presets:AmrWb", "AMR wide-band, 16 kHz mono, 6.6 to 23.85 kbit/s"),
    _row("codec2", "debian_presets:Codec2", "Codec 2, 8 kHz mono vocoder, 0.7 to 3.2 kbit/s"),
    _row("gsm", "debian_presets:Gsm", "GSM 06.10 full rate, 8 kHz mono, 13 kbit/s"),
    _row("speex", "debian_presets:Speex", "Speex, 8, 16 or 32 kHz mono"),
    _row("vorbis", "debian_presets:Vorbis", "Ogg Vorbis (libvorbis)"),
    _row("musepack", "debian_presets:Musepack", "Musepack, by quality"),
    _row("evs", "reference_presets:Evs", "EVS (3GPP reference programs), mono, 5.9 to 128 kbit/s"),
    _row("lc3plus", "reference_presets:Lc3Plus", "LC3plus (ETSI's program)"),
    _row("usac", "reference_presets:Usac", "USAC / xHE-AAC (exhale, decoded by FFmpeg)"),
    _row("decoded", "decoded:Decoded", "files that were coded and decoded elsewhere"),
    _row(
        "torch_module",
        "torch_module:TorchModule",
        "any encoder and decoder in torch, from a file or a class",
        *TORCH,
    ),
    _row("passthrough", "controls:Passthrough", "the reference itself: the ceiling of every metric"),
    _row("lowpass_3500", "controls:Lowpass3500", "MUSHRA low anchor, 3.5 kHz low-pass"),
    _row("lowpass_7000", "controls:Lowpass7000", "MUSHRA mid anchor, 7 kHz low-pass"),
    _row("one_sample_shift", "controls:OneSampleShift", "negative control: one sample late"),
    _row("gain_minus_6db", "controls:GainMinus6dB", "negative control: 6 dB quieter"),
    _row("right_channel_destroyed", "controls:RightChannelDestroyed", "negative control: right = noise"),
)

registry = Registry("codec", "codecbench.codecs", TABLE)
names = registry.names
load = registry.load
make = registry.make

DESCRIBED = ("command", "decoded", "torch_module")
"""Codecs that are nothing without the options that a configuration gives them; they need a label."""
