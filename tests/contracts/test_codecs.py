"""Every rule of the public contract on every built-in codec; the rules themselves are seen to fail on broken codecs."""

from __future__ import annotations

from functools import lru_cache, partial

import numpy as np
import pytest

from bench import codecs, contracts
from bench.audio import Audio
from bench.contracts.codec_rules import Trial
from bench.domain import Encoded
from bench.errors import ConfigError, MissingRequirement
from tests.plugins import EightBit

STARTS_MANY_PROGRAMS = ("amr_wb", "speex", "vorbis")
NAMES = [
    pytest.param(name, marks=pytest.mark.slow) if name in STARTS_MANY_PROGRAMS else name
    for name in codecs.names()
    if name not in codecs.DESCRIBED
]


@pytest.mark.parametrize("rule", contracts.codec_rules.CODEC_RULES, ids=lambda rule: rule.__name__)
@pytest.mark.parametrize("name", NAMES)
def test_codec(name: str, rule) -> None:
    trial = on_trial(name)
    try:
        trial.codec  # noqa: B018  # made here
    except MissingRequirement as error:
        pytest.skip(str(error))
    rule(trial)


@lru_cache(maxsize=1)
def on_trial(name: str) -> Trial:
    """What it made of the probe signal serves all rules, which run one after the other."""
    return Trial(partial(codecs.make, name, {}))


def test_a_plug_in_keeps_the_contract() -> None:
    assert all(result.ok for result in contracts.check("tests.plugins:EightBit"))


class Optional(EightBit):
    """Needs an option, and weights that lie where it says."""

    def __init__(self, weights: int) -> None:
        self.weights = weights

    def encode_one(self, audio: Audio, bitrate_bps: int | None) -> Encoded:
        if not self.weights:
            raise MissingRequirement("no weights")
        return super().encode_one(audio, bitrate_bps)


def test_a_codec_is_checked_with_its_options() -> None:
    assert all(result.ok for result in contracts.check(f"{__name__}:Optional", options={"weights": 1}))


@pytest.mark.parametrize(
    ("name", "options", "what"),
    [
        (f"{__name__}:Optional", {}, "needs the option 'weights'"),
        (f"{__name__}:Optional", {"weights": "all"}, "option weights: .* got 'all'"),
        (f"{__name__}:Optional", {"weights": 1, "depth": 2}, "no option 'depth'"),
        (f"{__name__}:Optional", {"weights": 0}, "^no weights$"),
        ("decoded", {}, "--option KEY=VALUE"),
        ("snr", {"weights": 1}, "--option is for codecs"),
    ],
)
def test_what_keeps_a_codec_from_being_made_is_said_once(name: str, options: dict[str, object], what: str) -> None:
    with pytest.raises((ConfigError, MissingRequirement), match=what):
        list(contracts.check(name, options=options))


class Late(EightBit):
    """Seven samples late."""

    def decode(self, encoded: Encoded) -> Audio:
        decoded = super().decode(encoded)
        return Audio(np.pad(decoded.samples, ((0, 0), (7, 0)))[:, : decoded.length], decoded.rate)


class Mono(EightBit):
    """Mixes stereo to mono and pretends that it did not."""

    def decode(self, encoded: Encoded) -> Audio:
        decoded = super().decode(encoded)
        return Audio(np.tile(decoded.samples.mean(axis=0), (decoded.channels, 1)), decoded.rate)


class Remembering(EightBit):
    """A decoder that knows from the encoder what the bytes do not say."""

    def encode_one(self, audio: Audio, bitrate_bps: int | None) -> Encoded:
        self.kept = audio
        return Encoded(b"x", 8)

    def decode(self, encoded: Encoded) -> Audio:
        return self.kept


class Random(EightBit):
    """Different bytes at every call."""

    def encode_one(self, audio: Audio, bitrate_bps: int | None) -> Encoded:
        noisy = audio.samples + np.random.default_rng().standard_normal(audio.samples.shape).astype(np.float32) * 0.05
        return super().encode_one(Audio(noisy, audio.rate), bitrate_bps)


class Quoting(EightBit):
    """Claims more payload than there are bytes."""

    def encode_one(self, audio: Audio, bitrate_bps: int | None) -> Encoded:
        return Encoded(super().encode_one(audio, bitrate_bps).stream, 10**9)


@pytest.mark.parametrize(
    ("codec", "rule"),
    [
        (Late, contracts.codec_rules.no_delay_is_left),
        (Mono, contracts.codec_rules.stereo_stays_stereo),
        (Remembering, contracts.codec_rules.a_fresh_decoder_needs_nothing_but_the_bytes),
        (Random, contracts.codec_rules.the_same_input_gives_the_same_bytes),
        (Quoting, contracts.codec_rules.bits_are_counted),
    ],
)
def test_a_broken_codec_is_caught(codec, rule) -> None:
    with pytest.raises((contracts.breaking.Broken, AttributeError)):
        rule(Trial(codec))
    results = {result.name: result for result in contracts._run({rule: lambda: rule(Trial(codec))})}
    assert not any(result.ok for result in results.values())
    assert all(result.detail for result in results.values())
