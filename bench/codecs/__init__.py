"""The codecs. Plug-ins join through the entry-point group ``codecbench.codecs``."""

from __future__ import annotations

from bench.registry import Entry, Registry

NEURAL = (("torch", "transformers"), "pip install 'codecbench[neural]'")
JAX = (("jax", "safetensors", "huggingface_hub"), "pip install 'codecbench[jax]'")

TABLE = (
    Entry("opus", "bench.codecs.opus:Opus", "Opus (libopus), 48 kHz, mono or stereo, 6 kbit/s and up"),
    Entry("mp3", "bench.codecs.mpeg:Mp3", "MPEG-1/2/2.5 layer III (LAME)"),
    Entry("aac", "bench.codecs.mpeg:Aac", "MPEG-4 AAC-LC (FFmpeg's own encoder)"),
    Entry("mp2", "bench.codecs.mpeg:Mp2", "MPEG-1/2 layer II (FFmpeg's own encoder)"),
    Entry("ac3", "bench.codecs.dolby:Ac3", "AC-3 (FFmpeg's own encoder)"),
    Entry("eac3", "bench.codecs.dolby:EAc3", "E-AC-3 (FFmpeg's own encoder)"),
    Entry("sbc", "bench.codecs.sbc:Sbc", "SBC of Bluetooth A2DP (FFmpeg's own encoder)"),
    Entry("g711", "bench.codecs.telephony:G711", "ITU-T G.711, 8 kHz mono, 64 kbit/s"),
    Entry("g722", "bench.codecs.telephony:G722", "ITU-T G.722, 16 kHz mono, 64 kbit/s"),
    Entry("g723_1", "bench.codecs.telephony:G7231", "ITU-T G.723.1, 8 kHz mono, 6.3 kbit/s"),
    Entry("amr_nb", "bench.codecs.telephony:AmrNb", "AMR narrow-band, 8 kHz mono, 4.75 to 12.2 kbit/s"),
    Entry("encodec_24khz", "bench.codecs.encodec:Encodec24", "EnCodec, 24 kHz mono, 1.5 to 24 kbit/s", *NEURAL),
    Entry("encodec_48khz", "bench.codecs.encodec:Encodec48", "EnCodec, 48 kHz stereo, 3 to 24 kbit/s", *NEURAL),
    Entry(
        "encodec_24khz_streaming",
        "bench.codecs.encodec_streaming:Encodec24Streaming",
        "EnCodec, 24 kHz, frame by frame, as a telephone would run it",
        *NEURAL,
    ),
    Entry(
        "lc3",
        "bench.codecs.lc3:Lc3",
        "LC3 of Bluetooth LE Audio, 8 to 48 kHz, 16 kbit/s a channel and up",
        ("lc3",),
        "pip install 'codecbench[lc3]'",
    ),
    Entry(
        "lyra_v2",
        "bench.codecs.lyra:LyraV2",
        "Lyra v2 (SoundStream), 16 kHz mono, 3.2 to 9.2 kbit/s",
        ("ai_edge_litert",),
        "pip install 'codecbench[lyra]'",
    ),
    Entry("dac_16khz", "bench.codecs.rvq_models:Dac16", "DAC, 16 kHz mono, 0.5 to 6 kbit/s", *NEURAL),
    Entry("dac_24khz", "bench.codecs.rvq_models:Dac24", "DAC, 24 kHz mono, 0.75 to 24 kbit/s", *NEURAL),
    Entry("dac_44khz", "bench.codecs.rvq_models:Dac44", "DAC, 44.1 kHz mono, 0.86 to 7.75 kbit/s", *NEURAL),
    Entry("mimi", "bench.codecs.rvq_models:Mimi", "Mimi, 24 kHz mono, 138 bit/s to 4.4 kbit/s", *NEURAL),
    Entry("xcodec", "bench.codecs.rvq_models:XCodec", "X-Codec, 16 kHz mono, 0.5 to 4 kbit/s", *NEURAL),
    Entry(
        "higgs_audio",
        "bench.codecs.rvq_models:HiggsAudio",
        "Higgs Audio 2 tokenizer, 24 kHz mono, 0.25 to 2 kbit/s",
        ("torch", "torchaudio", "transformers"),
        "pip install 'codecbench[neural]'",
    ),
    Entry("encodec_24khz_jax", "bench.codecs.encodec_jax:Encodec24Jax", "encodec_24khz in JAX", *JAX),
    Entry("encodec_48khz_jax", "bench.codecs.encodec_jax:Encodec48Jax", "encodec_48khz in JAX", *JAX),
    Entry("toy_rvq", "bench.codecs.toy_rvq:ToyRvq", "small residual quantiser of our own, a stand-in for EnCodec"),
    Entry("pcm", "bench.codecs.controls:Pcm", "uniform quantiser of n bits"),
    Entry("command", "bench.codecs.command:Command", "any command-line codec, from templates in the configuration"),
    Entry("amr_wb", "bench.codecs.debian_presets:AmrWb", "AMR wide-band, 16 kHz mono, 6.6 to 23.85 kbit/s"),
    Entry("codec2", "bench.codecs.debian_presets:Codec2", "Codec 2, 8 kHz mono vocoder, 0.7 to 3.2 kbit/s"),
    Entry("gsm", "bench.codecs.debian_presets:Gsm", "GSM 06.10 full rate, 8 kHz mono, 13 kbit/s"),
    Entry("speex", "bench.codecs.debian_presets:Speex", "Speex, 8, 16 or 32 kHz mono"),
    Entry("vorbis", "bench.codecs.debian_presets:Vorbis", "Ogg Vorbis (libvorbis)"),
    Entry("musepack", "bench.codecs.debian_presets:Musepack", "Musepack, by quality"),
    Entry("evs", "bench.codecs.reference_presets:Evs", "EVS (3GPP reference programs), mono, 5.9 to 128 kbit/s"),
    Entry("lc3plus", "bench.codecs.reference_presets:Lc3Plus", "LC3plus (ETSI's program)"),
    Entry("usac", "bench.codecs.reference_presets:Usac", "USAC / xHE-AAC (exhale, decoded by FFmpeg)"),
    Entry("decoded", "bench.codecs.decoded:Decoded", "files that were coded and decoded elsewhere"),
    Entry(
        "torch_module",
        "bench.codecs.torch_module:TorchModule",
        "any encoder and decoder in torch, from a file or a class",
        ("torch", "constriction"),
        "pip install 'codecbench[neural]'",
    ),
    Entry("passthrough", "bench.codecs.controls:Passthrough", "the reference itself: the ceiling of every metric"),
    Entry("lowpass_3500", "bench.codecs.controls:Lowpass3500", "MUSHRA low anchor, 3.5 kHz low-pass"),
    Entry("lowpass_7000", "bench.codecs.controls:Lowpass7000", "MUSHRA mid anchor, 7 kHz low-pass"),
    Entry("one_sample_shift", "bench.codecs.controls:OneSampleShift", "negative control: one sample late"),
    Entry("gain_minus_6db", "bench.codecs.controls:GainMinus6dB", "negative control: 6 dB quieter"),
    Entry("right_channel_destroyed", "bench.codecs.controls:RightChannelDestroyed", "negative control: right = noise"),
)

registry = Registry("codec", "codecbench.codecs", TABLE)
names = registry.names
load = registry.load
make = registry.make

DESCRIBED = ("command", "decoded", "torch_module")
"""Codecs that are nothing without the options that a configuration gives them; they need a label."""
