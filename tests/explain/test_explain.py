"""What a metric says of itself, and how it reacts to damage of known size."""

from __future__ import annotations

import json
import math
import re
from functools import partial
from pathlib import Path
from typing import ClassVar
from xml.etree import ElementTree

import numpy as np
import pytest
from typer.testing import CliRunner

from bench import audio, metrics
from bench.audio import Audio
from bench.cli.app import app
from bench.codecs.controls import GainMinus6dB, Lowpass3500, Lowpass7000, OneSampleShift
from bench.domain import CATEGORIES, Identity
from bench.errors import ConfigError, DamagedWeights, MetricUndefined, MissingRequirement, UnknownName
from bench.explain import drawn, shown
from bench.explain.about import about, about_set, rows
from bench.explain.reaction import Curve, Point, reaction
from bench.explain.sections import sections
from bench.explain.sweeps import (
    CLIPS,
    HALF_DB,
    HIGHEST_PEAK,
    amplified,
    clipped,
    delayed,
    embedded_clip,
    lowpass,
    noisy,
    overdriven,
    sweeps,
    with_room,
)
from bench.metrics import sets
from bench.metrics.base import Metric, Quantity
from bench.models.weights import not_weights
from bench.terminal.console import plain as json_of
from tests.conftest import noise
from tests.test_cli import strict


class Level(Metric):
    """Level of the degraded signal alone: a number in dB.

    Raises:
        MetricUndefined: louder than the clip by 5 dB.
    Blind spots:
        Everything but level.
    Source:
        None.
    """

    identity = Identity("level", "1")
    quantities: ClassVar = (Quantity("level", "dB", higher_is_better=True, high=0.0),)
    reference_free = True

    def score_channel(self, state, degraded, rate):
        level = 10 * math.log10(np.mean(degraded**2))
        if level > -15:
            raise MetricUndefined("it is too loud.")
        return {"level": level}


class Unavailable(Level):
    """A metric whose weights nobody has.

    Source:
        None.
    """

    def __init__(self):
        raise MissingRequirement("unavailable needs its weights: expected level.pt. To get it: ask for it")


QUIET = "tests.explain.test_explain:Level"
ABSENT = "tests.explain.test_explain:Unavailable"


def curve(curves, name):
    (found,) = (one for one in curves if one.name == name)
    return {point.label: point.value for point in found.points}


def test_sections_of_a_docstring():
    found = sections(
        """First ``line``.

        More of it, see
        :func:`bench.x`.

        Args:
            x: something.
        Raises:
            MetricUndefined: it is
                silent.
        Blind spots:
            One.

            Two.
        Source:
            A book.

        >>> 1 + 1
        2
        """
    )
    assert found["Definition"] == ["First line.", "More of it, see bench.x."]
    assert found["Raises"] == ["MetricUndefined: it is silent."]
    assert found["Blind spots"] == ["One.", "Two."]
    assert found["Source"] == ["A book."]


def test_no_docstring_has_no_sections():
    assert sections(None) == {}


def test_what_a_metric_says_of_itself():
    told = dict(rows(about("pesq_wb")))
    assert told["definition"].startswith("Wide-band PESQ: pesq_wb, MOS-LQO")
    assert (told["unit"], told["better"], told["range"]) == ("MOS-LQO", "higher", "0.999 to 4.644")
    assert (told["clips"], told["works at"]) == ("speech, noisy reverberant speech", "16 kHz")
    assert told["clip length"] == "0.25 s to 20 s"
    assert "-0.09" in told["blind spots"]
    assert "Corrigendum 2" in told["source"]
    assert told["undefined"].startswith("shorter than 0.25 s")
    assert "`" not in " ".join(told.values())


def test_what_cannot_be_made_here_is_explained_without_a_reaction(tmp_path):
    told = shown.explained(ABSENT)
    words = " ".join("\n".join(shown.text(told, 80)).split())
    assert told.curves == []
    assert "A metric whose weights nobody has." in words
    assert "To get it: ask for it" in words
    assert "the degraded signal alone" in words
    with pytest.raises(MissingRequirement, match="ask for it"):
        shown.explained(ABSENT, plot=tmp_path / "x.svg")


def test_a_metric_without_a_reference_reacts_too_and_what_is_undefined_is_shown(tmp_path):
    audio.write(tmp_path / "clip.wav", noise(16_000, 0.5, level=0.1))  # -20 dBFS
    told = shown.explained(QUIET, tmp_path / "clip.wav")
    gain = curve(told.curves, "gain")
    assert gain["0"] - gain["-12"] == pytest.approx(12, abs=0.01)
    assert math.isnan(gain["6"])
    words = "\n".join(shown.text(told, 80))
    assert "undefined: it is too loud." in words
    found = json_of(shown.to_json(told))
    (points,) = (one["points"] for one in found["reaction"] if one["name"] == "gain")
    assert points[-1] == {"label": "6", "value": None, "status": "undefined", "reason": "it is too loud."}


@pytest.mark.parametrize("name", [*metrics.names(), *sets.names()])
def test_everything_can_be_explained_in_words(name):
    told = shown.explained(name, measured=False)
    words = "\n".join(shown.text(told, 80))
    assert "blind spots" in words
    assert not re.search(r"\b(MetricUndefined|MissingRequirement|NotApplicable):", words)
    json.dumps(json_of(shown.to_json(told)), allow_nan=False)


def test_the_licence_of_weights_is_shown():
    assert dict(rows(about("nisqa_mos")))["licence"] == "CC-BY-NC-SA-4.0, of the weights"
    assert "licence" not in dict(rows(about("snr")))
    assert dict(rows(about_set("fad_clap")))["licence"] == "Apache-2.0, of the weights"


def test_a_measure_of_sets_has_words_only(tmp_path):
    told = shown.explained("codebooks")
    assert told.curves == []
    assert "entries used at least once" in dict(rows(told.about))["codebook_usage"]
    with pytest.raises(ConfigError, match="whole sets"):
        shown.explained("codebooks", plot=tmp_path / "x.svg")
    with pytest.raises(UnknownName, match="Did you mean 'fad_log_mel'"):
        shown.explained("fad_logmel")


class Damaged(Level):
    """A metric whose weights are damaged.

    Source:
        None.
    """

    def score_channel(self, state, degraded, rate):
        raise not_weights(Path("level.pt"), "weights", "no checkpoint")


def test_damaged_weights_are_told_once():
    with pytest.raises(DamagedWeights, match="no checkpoint"):
        shown.explained("tests.explain.test_explain:Damaged")


def test_clipping_at_full_scale_reacts_to_overdrive_alone():
    curves = shown.explained("clipped_samples_share").curves
    flat = {one.name: one.is_flat for one in curves}
    assert flat.pop("overdrive") is False
    assert all(flat.values())
    assert curve(curves, "overdrive")["-3"] == 0
    assert curve(curves, "overdrive")["18"] > curve(curves, "overdrive")["6"] > 0
    assert "clipping, dB re the peak: no reaction" in list(drawn.lines(curves))


def test_a_picture_without_a_reaction_has_an_axis_that_does_not_go_below_its_value():
    figure = drawn._figure([Curve("gain", "dB", (Point("0", 0.0), Point("6", 0.0)))], "level", "ppm")
    (low, high) = figure.axes[0].get_ylim()
    assert (low, high) == pytest.approx((-0.08, 1.08))


def test_a_clip_that_is_too_short_is_told_before_silence_is_added(tmp_path):
    audio.write(tmp_path / "short.wav", noise(16_000, 100 / 16_000))
    with pytest.raises(MetricUndefined, match="too short"):
        shown.explained("snr", tmp_path / "short.wav")


def test_the_sweeps_meet_the_controls_to_the_last_bit():
    clip = noise(24_000, 0.3, 2)
    pairs = [
        (OneSampleShift(), delayed(clip, 1)),
        (GainMinus6dB(), amplified(clip, HALF_DB)),
        (Lowpass3500(), lowpass(clip, 3_500)),
        (Lowpass7000(), lowpass(clip, 7_000)),
    ]
    for control, swept in pairs:
        assert np.array_equal(control.degrade(clip).samples, swept.samples), control.name


def test_damage_has_the_size_that_it_says():
    clip = noise(24_000, 0.5)
    level = clip.peak
    assert clipped(clip, -12).peak == pytest.approx(level * 10 ** (-12 / 20))
    assert np.array_equal(clipped(clip, 0).samples, clip.samples)
    assert overdriven(clip, -6.02).peak == pytest.approx(0.5, rel=1e-3)
    assert overdriven(clip, 12).peak == 1
    (snr,) = metrics.make(["snr"])
    for wanted in (40, 0):
        assert snr.score(snr.prepare(clip), noisy(clip, wanted))["snr"] == pytest.approx(wanted, abs=1e-3)
    assert delayed(clip, 24).samples[0, 24:].tolist() == clip.samples[0, :-24].tolist()


@pytest.mark.parametrize(("rate", "edges"), [(48_000, 7), (24_000, 4), (8_000, 0)])
def test_band_limits_that_a_clip_cannot_show_are_left_out(rate, edges):
    (found,) = (sweep for sweep in sweeps(rate) if sweep.name == "low-pass")
    assert len(found.settings) == edges


def test_a_clip_has_room_for_gain_and_delay():
    clip = with_room(Audio(np.ones((1, 1000), np.float32), 1000))
    assert clip.peak == HIGHEST_PEAK
    assert clip.length == 1100
    assert not clip.samples[:, 1000:].any()


@pytest.mark.parametrize("category", CATEGORIES)
def test_there_is_an_embedded_clip_for_every_category(category):
    name, clip = embedded_clip([category])
    assert name == CLIPS[category]
    assert name.startswith(category.removesuffix("_speech"))
    assert clip.seconds > 1


def test_the_reaction_is_the_known_one():
    (metric,) = metrics.make(["si_sdr"])
    seen = []
    curves = reaction(
        metric, "si_sdr", with_room(noise(24_000, 0.5, seed=1)), lambda done, total: seen.append((done, total))
    )
    assert [one.name for one in curves] == ["delay", "gain", "low-pass", "clipping", "overdrive", "white noise"]
    assert curve(curves, "delay")["0"] == math.inf
    assert curve(curves, "delay")["1"] < 1  # white noise and its neighbour have nothing in common
    assert curve(curves, "white noise")["20"] == pytest.approx(20, abs=0.1)
    assert min(value for label, value in curve(curves, "gain").items() if label != "0") > 90
    total = sum(len(one.points) for one in curves)
    assert seen == [(done, total) for done in range(1, total + 1)]


def test_intelligibility_ignores_gain_and_hears_noise():
    curves = shown.explained("stoi").curves
    assert min(curve(curves, "gain").values()) > 0.999
    noises = list(curve(curves, "white noise").values())
    assert noises == sorted(noises, reverse=True)
    assert noises[-1] < 0.9


def test_bars_end_at_the_largest_value_and_infinity_has_a_whole_one():
    (metric,) = metrics.make(["si_sdr"])
    lines = list(drawn.lines(reaction(metric, "si_sdr", with_room(noise(16_000, 0.3)))))
    perfect = next(line for line in lines if "∞" in line)
    assert perfect.count("█") == drawn.BAR
    assert max(line.count("█") for line in lines) == drawn.BAR


@pytest.mark.parametrize("suffix", [".svg", ".png"])
def test_the_reaction_is_drawn(tmp_path, suffix):
    audio.write(tmp_path / "a [$b$] clip.wav", noise(16_000, 0.5, level=0.1))
    path = tmp_path / "new" / f"reaction{suffix}"
    told = shown.explained(QUIET, tmp_path / "a [$b$] clip.wav", path)
    assert f"written: {path}" in list(shown.text(told, 80))
    if suffix == ".png":
        from matplotlib.image import imread

        picture = imread(path)
        assert picture[0, 0, :3].tolist() == [1.0, 1.0, 1.0]
        assert picture[..., :3].min() < 0.5
    else:
        text = "".join(ElementTree.parse(path).getroot().itertext())
        assert "level on a [$b$] clip.wav" in text
        for wanted in ("delay, samples or ms", "gain, dB", "white noise, dB SNR", "×: no value"):
            assert wanted in text


def test_mistakes_are_told(tmp_path):
    with pytest.raises(UnknownName, match="Did you mean 'pesq_wb'"):
        shown.explained("psq_wb")
    with pytest.raises(ConfigError, match=r"ends with \.svg or \.png"):
        shown.explained("stoi", plot=tmp_path / "stoi.pdf")
    with pytest.raises(ConfigError, match="nothing to draw"):
        shown.explained("stoi", plot=tmp_path / "stoi.svg", measured=False)
    audio.write(tmp_path / "silence.wav", Audio(np.zeros((1, 16_000), np.float32), 16_000))
    with pytest.raises(MetricUndefined, match="silent"):
        shown.explained("stoi", tmp_path / "silence.wav")


def test_the_command_line(tmp_path):
    explain = partial(CliRunner().invoke, app)
    done = explain(["metrics", "explain", "snr", "--plot", str(tmp_path / "snr.svg"), "--json"])
    assert done.exit_code == 0, done.output
    told = strict(done.stdout)
    assert told["blind_spots"].startswith("It compares waveforms")
    assert told["clip"] == "music_synthetic_band"
    values = {point["label"]: point["value"] for point in told["reaction"][1]["points"]}
    assert values["0"] == "Infinity"
    assert values["-6.02"] == pytest.approx(6.0206, abs=1e-3)
    assert Path(told["plot"]).is_file()
    short = explain(["metrics", "explain", "pesq_nb", "--no-reaction"])
    assert "blind spots" in short.stdout
    assert "Reaction" not in short.stdout
    assert isinstance(explain(["metrics", "explain", "psq_wb"]).exception, UnknownName)
