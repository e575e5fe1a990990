"""The codecs. Plug-ins join through the entry-point group ``codecbench.codecs``."""

from __future__ import annotations

from bench.registry import Entry, Registry

TABLE = (
    Entry("opus", "bench.codecs.pyav:Opus", "Opus (libopus), 48 kHz, mono or stereo, 6 kbit/s and up"),
    Entry("mp3", "bench.codecs.pyav:Mp3", "MPEG-1/2/2.5 layer III (LAME)"),
    Entry("aac", "bench.codecs.pyav:Aac", "MPEG-4 AAC-LC (FFmpeg's own encoder)"),
    Entry(
        "encodec_24khz",
        "bench.codecs.encodec:Encodec24",
        "EnCodec, 24 kHz mono, 1.5 to 24 kbit/s",
        ("torch", "transformers"),
        "pip install 'codecbench[neural]'",
    ),
    Entry(
        "encodec_48khz",
        "bench.codecs.encodec:Encodec48",
        "EnCodec, 48 kHz stereo, 3 to 24 kbit/s",
        ("torch", "transformers"),
        "pip install 'codecbench[neural]'",
    ),
    Entry(
        "encodec_24khz_streaming",
        "bench.codecs.encodec_streaming:Encodec24Streaming",
        "the same, frame by frame, with the delay of a telephone",
        ("torch", "transformers"),
        "pip install 'codecbench[neural]'",
    ),
    Entry(
        "dac_16khz",
        "bench.codecs.rvq_models:Dac16",
        "DAC, 16 kHz mono, 0.5 to 6 kbit/s",
        ("torch", "transformers"),
        "pip install 'codecbench[neural]'",
    ),
    Entry(
        "dac_24khz",
        "bench.codecs.rvq_models:Dac24",
        "DAC, 24 kHz mono, 0.75 to 24 kbit/s",
        ("torch", "transformers"),
        "pip install 'codecbench[neural]'",
    ),
    Entry(
        "dac_44khz",
        "bench.codecs.rvq_models:Dac44",
        "DAC, 44.1 kHz mono, 0.86 to 7.75 kbit/s",
        ("torch", "transformers"),
        "pip install 'codecbench[neural]'",
    ),
    Entry(
        "mimi",
        "bench.codecs.rvq_models:Mimi",
        "Mimi, 24 kHz mono, 138 bit/s to 4.4 kbit/s",
        ("torch", "transformers"),
        "pip install 'codecbench[neural]'",
    ),
    Entry(
        "xcodec",
        "bench.codecs.rvq_models:XCodec",
        "X-Codec, 16 kHz mono, 0.5 to 4 kbit/s",
        ("torch", "transformers"),
        "pip install 'codecbench[neural]'",
    ),
    Entry(
        "higgs_audio",
        "bench.codecs.rvq_models:HiggsAudio",
        "Higgs Audio 2 tokenizer, 24 kHz mono, 0.25 to 2 kbit/s",
        ("torch", "torchaudio", "transformers"),
        "pip install 'codecbench[neural]'",
    ),
    Entry(
        "encodec_24khz_jax",
        "bench.codecs.encodec_jax:Encodec24Jax",
        "encodec_24khz in JAX",
        ("jax", "safetensors", "huggingface_hub"),
        "pip install 'codecbench[jax]'",
    ),
    Entry(
        "encodec_48khz_jax",
        "bench.codecs.encodec_jax:Encodec48Jax",
        "encodec_48khz in JAX",
        ("jax", "safetensors", "huggingface_hub"),
        "pip install 'codecbench[jax]'",
    ),
    Entry("toy_rvq", "bench.codecs.toy_rvq:ToyRvq", "small residual quantiser of our own, a stand-in for EnCodec"),
    Entry("pcm", "bench.codecs.controls:Pcm", "uniform quantiser of n bits"),
    Entry("command", "bench.codecs.command:Command", "any command-line codec, from templates in the configuration"),
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

TEMPLATES = ("command", "torch_module")
"""Names that are no codec until a configuration says which programs or networks they run; they need a label."""

registry = Registry("codec", "codecbench.codecs", TABLE)
names = registry.names
load = registry.load
make = registry.make
