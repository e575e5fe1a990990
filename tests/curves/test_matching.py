"""Bisecting an option to a bitrate: on functions whose answer is known, and with real encoders."""

from __future__ import annotations

import json
import math
import shutil

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from bench import config as configs
from bench import runner
from bench.cli.app import app
from bench.curves.bisection import bisect
from bench.errors import ConfigError
from bench.report.matches import share_of
from bench.tables import rates

DEMO = {"name": "match", "datasets": ["embedded"], "codecs": ["passthrough"], "metrics": ["si_sdr"]}


@given(st.floats(0.5, 3.0), st.floats(0.05, 0.95), st.booleans())
def test_a_rising_or_falling_bitrate_is_hit(power, share, falls):
    def rate_of(value):
        place = (10 - value if falls else value) / 10
        return 8000 + 120_000 * place**power

    target = 8000 + 120_000 * share**power
    found = bisect(rate_of, 0, 10, target)
    assert found.problem == ""
    assert abs(found.bps / target - 1) <= 0.01
    assert found.bps == rate_of(found.value)
    assert found.monotone


@given(st.integers(-50, 50), st.integers(1, 200), st.floats(0, 1))
def test_whole_numbers_end_at_the_nearest_one(low, width, share):
    tried = []

    def rate_of(value):
        tried.append(value)
        return 1000 * (value - low + 1)

    target = 1000 * (1 + share * width)
    found = bisect(rate_of, low, low + width, target, tolerance=1e-9, integer=True)
    assert all(value == round(value) for value in tried)
    assert len(tried) == len(set(tried))
    assert abs(found.bps - target) <= 500 + 1e-6
    assert (found.problem == "") == math.isclose(found.bps, target, rel_tol=1e-9)


def test_a_jump_over_the_target_is_told_with_both_sides():
    found = bisect(lambda value: 50_000 if value < 2 else 85_000, 0, 10, 64_000)
    assert "no value gives it: the bitrate jumps from 50 kbit/s at" in found.problem
    assert "to 85 kbit/s at 2" in found.problem
    assert found.bps == 50_000


def test_a_target_out_of_reach_is_told_with_the_range():
    found = bisect(lambda value: 1000 * value, 10, 20, 64_000)
    assert found.problem == "out of reach: from 10 to 20 it gives 10 kbit/s to 20 kbit/s"
    assert found.value == 20


def test_a_bitrate_that_goes_up_and_down_is_noticed():
    found = bisect(lambda value: 10_000 + 8000 * value - 700 * value**2, 0, 10, 15_000)  # highest at 5.7
    assert found.problem == ""
    assert not found.monotone


@pytest.mark.parametrize(("text", "share"), [("1%", 0.01), ("0.5 %", 0.005), ("0.02", 0.02)])
def test_tolerances(text, share):
    assert share_of(text) == pytest.approx(share)


@pytest.mark.parametrize("text", ["", "x", "-1%", "0", "200%"])
def test_wrong_tolerances(text):
    with pytest.raises(ConfigError, match="--tolerance"):
        share_of(text)


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    path = tmp_path_factory.mktemp("config") / "match.yaml"
    path.write_text(yaml.safe_dump(DEMO))
    return path


def match(config, cache, *arguments):
    call = ["match", str(config), "--cache", str(cache), "--only", "speech", "--limit", "2", *map(str, arguments)]
    return CliRunner().invoke(app, call)


def test_opus_is_matched_and_a_run_with_the_result_has_that_bitrate(config, tmp_path):
    done = match(
        config, tmp_path / "cache", "--codec", "opus", "--option", "bitrate_bps", "--between", 6000, 40_000,
        "--target-kbps", 20, "--tolerance", "2%", "--json",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    (found,) = json.loads(done.stdout)["sets"]
    assert found["matched"]
    assert abs(found["actual_bps"] / 20_000 - 1) <= 0.02
    assert found["codec"]["label"] == "opus_20k_speech"
    before = set((tmp_path / "cache").rglob("*.cbs"))
    run = runner.run(
        {**DEMO, "codecs": [found["codec"]]}, output=tmp_path / "run", cache=tmp_path / "cache", workers=1,
        only=["speech"], limit=2,
    )  # fmt: skip
    assert rates(run)["actual_bps"].tolist() == pytest.approx([found["actual_bps"]])
    assert set((tmp_path / "cache").rglob("*.cbs")) == before  # the run has encoded nothing again


@pytest.mark.skipif(shutil.which("mpcenc") is None, reason="Musepack's programs are not installed")
def test_the_quality_of_musepack_is_matched_and_the_yaml_can_be_pasted(config, tmp_path):
    done = match(
        config, tmp_path, "--codec", "musepack", "--option", "quality", "--between", 3, 10, "--target-kbps", 100,
        "--tolerance", "5%",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    pasted = yaml.safe_load(done.stdout[done.stdout.index("codecs:") :])
    entry = pasted["codecs"][0]
    assert 3 < entry["options"]["quality"] < 10
    assert configs.parse({**DEMO, **pasted}).conditions[0].series == "musepack_100k_speech"


def test_whole_numbers_of_an_option_that_miss_are_told(config, tmp_path):
    done = match(
        config, tmp_path, "--codec", "pcm", "--option", "bits", "--between", 2, 16, "--target-kbps", 100,
    )  # fmt: skip
    assert done.exit_code == 1
    assert "no value gives it: the bitrate jumps from" in " ".join(done.stdout.split())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["opux", "bitrate_bps", 1, 2], "Did you mean 'opus'"),
        (["opus", "complexitty", 1, 2], "Did you mean 'complexity'"),
        (["opus", "complexity", 1, 2], "exactly one bitrate, which opus needs beside complexity; got 0"),
        (["pcm", "bitrate_bps", 1, 2], "has no bitrate to choose"),
        (["pcm", "bits", 2.5, 3], "takes whole numbers"),
        (["pcm", "bits", 3, 3], "expected a low and a higher number"),
    ],
)
def test_mistakes_are_told(config, tmp_path, arguments, message):
    codec, option, low, high = arguments
    done = match(config, tmp_path, "--codec", codec, "--option", option, "--between", low, high, "--target-kbps", 24)
    assert isinstance(done.exception, ConfigError)
    assert message in str(done.exception)
