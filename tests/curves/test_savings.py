"""Savings, bitrates of equal quality and the front, on runs whose curves are known."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from bench.curves import (
    DOMINATED,
    ON_FRONT,
    UNDECIDED,
    analysed,
    chosen,
    families,
    families_of_ratings,
    front,
    needed_at_quality,
    needed_at_rate,
    points_of_family,
    savings,
    savings_of_family,
)
from bench.errors import ConfigError
from bench.runs.results import Results
from bench.tables import bitrates_of_means, summarise
from tests.curves.made import RATES, line, make

DRAWS = 150
TWO = {"anchor": (RATES, 1.0, line), "half": (RATES, 0.5, line)}
"""``half`` has the same quality from half the bits."""


@pytest.fixture(scope="module")
def run():
    return make({**TWO, "single": ((24_000,), 1.0, lambda kbps: 3.0)})


def of(table, **wanted):
    for key, value in wanted.items():
        table = table[table[key] == value]
    (row,) = table.to_dict("records")
    return row


def test_half_the_bits_is_minus_50_per_cent(run):
    table = savings(run, "anchor", draws=DRAWS)
    for quantity in ("mos", "distance"):
        row = of(table, series="half", measure="bd_rate", quantity=quantity)
        assert row["value"] == pytest.approx(-50, abs=3)
        assert row["ci_low"] < row["value"] < row["ci_high"]
        assert row["ci_high"] - row["ci_low"] < 10
        assert (row["n"], row["n_clusters"], row["computable_draws"]) == (16, 8, DRAWS)
        assert row["overlap_share"] > 0.8
    better = of(table, series="half", measure="bd_quality", quantity="mos")
    assert better["value"] == pytest.approx(1.0, abs=0.06)
    assert better["overlap_unit"] == "bit/s"
    assert better["overlap_low"] == pytest.approx(6000)
    assert better["overlap_high"] == pytest.approx(24_000)


def test_where_lower_is_better_only_the_sign_of_the_quality_changes(run):
    table = savings(run, "anchor", draws=DRAWS)
    for measure, sign in (("bd_rate", 1), ("bd_quality", -1)):
        up = of(table, series="half", measure=measure, quantity="mos")
        down = of(table, series="half", measure=measure, quantity="distance")
        assert down["value"] == pytest.approx(sign * up["value"])
        bounds = [sign * up["ci_low"], sign * up["ci_high"]]
        assert [down["ci_low"], down["ci_high"]] == pytest.approx(sorted(bounds))
    up, down = (of(table, series="half", measure="bd_rate", quantity=name) for name in ("mos", "distance"))
    assert (down["overlap_low"], down["overlap_high"]) == pytest.approx((-up["overlap_high"], -up["overlap_low"]))


def test_too_few_points_and_no_direction_are_told(run):
    table = savings(run, "anchor", draws=DRAWS)
    single = table[table["series"] == "single"]
    assert single["value"].isna().all()
    assert single.loc[single["quantity"] == "mos", "reason"].str.contains("not computable: 1 point with a value").all()
    pitch = table[table["quantity"] == "pitch"]
    assert pitch["reason"].str.contains("no better direction").all()


def test_an_unknown_anchor_or_quantity_is_told_with_the_nearest(run):
    with pytest.raises(ConfigError, match="Did you mean 'anchor'"):
        savings(run, "ancho")
    with pytest.raises(ConfigError, match=r"--quantity: none is named 'moss'\. Did you mean 'mos'"):
        front(run, wanted=["moss"])


def test_infinite_and_missing_points_are_left_out_by_name(run):
    scores = run.scores.copy()
    scores.loc[scores["condition"] == "half@48000", "value"] = math.inf
    scores.loc[scores["condition"] == "half@6000", ["value", "status"]] = [math.nan, "failed"]
    table = savings(replace(run, scores=scores), "anchor", draws=DRAWS, wanted=["mos"])
    row = of(table, series="half", measure="bd_rate")
    assert row["left_out"] == "half@6000: no value; half@48000: an infinite value"
    assert "2 points with a value" in row["reason"]


def test_curves_are_compared_on_the_clips_that_both_have(run):
    scores = run.scores.copy()
    gone = (scores["condition"] == "anchor@6000") & scores["clip"].isin(["speech-000", "speech-001"])
    scores.loc[gone, ["value", "status"]] = [math.nan, "failed"]
    row = of(
        savings(replace(run, scores=scores), "anchor", draws=DRAWS, wanted=["mos"]), series="half", measure="bd_rate"
    )
    assert (row["n"], row["n_clusters"]) == (14, 7)


def test_an_interval_of_few_computable_draws_is_withheld():
    # noise large enough that quality often does not rise in a draw
    noisy = make({"anchor": (RATES, 1.0, line), "flat": (RATES, 1.0, lambda kbps: 3 + 0.1 * line(kbps))}, noise=0.2)
    row = of(savings(noisy, "anchor", draws=DRAWS, wanted=["mos"]), series="flat", measure="bd_rate")
    assert row["computable_draws"] < 0.9 * DRAWS
    if not row["reason"]:
        assert "withheld: only" in row["ci_reason"]
    assert math.isnan(row["ci_low"])


def test_one_source_has_no_interval():
    lone = make(TWO, sources=1)
    row = of(savings(lone, "anchor", draws=DRAWS, wanted=["mos"]), series="half", measure="bd_quality")
    assert math.isfinite(row["value"])
    assert math.isnan(row["ci_low"])
    assert row["ci_reason"] == "one source has no interval"


def test_points_are_those_of_the_report(run):
    points = front(run).query("quantity == 'mos'")
    summary = summarise(run).query("quantity == 'mos'").merge(bitrates_of_means(run), "left")
    joined = points.merge(summary, on=["condition"], suffixes=("", "_reported"))
    assert len(joined) == len(points) == 10
    for name in ("mean", "ci_low", "ci_high", "actual_bps", "n"):
        pd.testing.assert_series_equal(joined[name], joined[f"{name}_reported"], check_names=False)


def test_needed_bitrates(run):
    (family,) = [found for found in families(run) if found.quantity == "mos"]
    rows = {row["series"]: row for row in needed_at_rate(family, "anchor", 20_000, draws=DRAWS)}
    assert rows["half"]["needed_bps"] == pytest.approx(10_000, rel=0.04)
    assert rows["half"]["ci_low"] < rows["half"]["needed_bps"] < rows["half"]["ci_high"]
    assert "only one point" in rows["single"]["reason"] or "fewer than 2" in rows["single"]["reason"]
    beyond = needed_at_rate(family, "anchor", 100_000, draws=DRAWS)
    assert all("above the measured range" in row["reason"] for row in beyond if row["series"] == "half")
    high = {row["series"]: row for row in needed_at_quality(family, 99.0, draws=DRAWS)}
    assert "not reached at 24 kbit/s" in high["half"]["reason"]
    assert "better already at 3 kbit/s" in needed_at_quality(family, 0.0, draws=DRAWS)[1]["reason"]


def test_the_needed_bitrate_of_a_distance_is_that_of_the_quality(run):
    found = {family.quantity: family for family in families(run)}
    up, down = (
        needed_at_quality(found["mos"], 3.5, draws=DRAWS)[1],
        needed_at_quality(found["distance"], -3.5, draws=DRAWS)[1],
    )
    assert down["needed_bps"] == pytest.approx(up["needed_bps"])
    assert down["target"] == -3.5


def test_the_front_is_certain_only_where_the_test_is():
    # 28 pairs: with 16 sources the smallest p after Holm is 28 / 2 ** 15
    states = front(make(TWO, sources=16), wanted=["mos"]).set_index("condition")["front"].to_dict()
    assert states["half@6000"] == ON_FRONT
    assert states["anchor@6000"] == DOMINATED  # half@12000 takes the same bits and is a doubling better
    assert states["half@48000"] == ON_FRONT
    assert states["reference"] == ""
    few = front(make(TWO, sources=3), wanted=["mos"]).set_index("condition")
    assert few.loc["anchor@48000", "front"] == UNDECIDED  # three sources cannot decide
    assert few.loc["half@48000", "best_mean"]
    assert not few.loc["anchor@6000", "best_mean"]


def analysis(results: Results):
    return analysed(chosen(families(results), ["distance"]), "anchor", at_bps=[20_000], draws=100)


def test_shuffled_rows_change_nothing(run):
    before = analysis(run)
    shuffled = replace(
        run,
        scores=run.scores.sample(frac=1, random_state=1).reset_index(drop=True),
        encodings=run.encodings.sample(frac=1, random_state=2).reset_index(drop=True),
    )
    after = analysis(shuffled)
    for name in ("points", "savings", "needed"):
        pd.testing.assert_frame_equal(getattr(before, name), getattr(after, name))


def test_renamed_codecs_change_names_only(run):
    def renamed(table):
        return table.assign(condition=table["condition"].str.replace("half", "zzz"))

    info = {**run.info, "conditions": [name.replace("half", "zzz") for name in run.info["conditions"]]}
    other = replace(run, scores=renamed(run.scores), encodings=renamed(run.encodings), info=info)
    before, after = analysis(run), analysis(other)
    for name in ("points", "savings", "needed"):
        texts = getattr(before, name).to_csv().replace("half", "zzz")
        assert texts == getattr(after, name).to_csv()


def test_clips_counted_twice_change_no_mean_and_no_interval(run):
    def doubled(table):
        return pd.concat([table, table.assign(clip=table["clip"] + " again")], ignore_index=True)

    twice = replace(run, scores=doubled(run.scores), encodings=doubled(run.encodings), clips=doubled(run.clips))
    before, after = analysis(run), analysis(twice)
    numbers = ["value", "ci_low", "ci_high", "overlap_share", "n_clusters"]
    np.testing.assert_allclose(before.savings[numbers].astype(float), after.savings[numbers].astype(float), rtol=1e-9)
    assert before.points["front"].tolist() == after.points["front"].tolist()
    assert (2 * before.savings["n"]).tolist() == after.savings["n"].tolist()


def test_a_failed_cell_changes_only_what_it_is_in(run):
    scores = run.scores.copy()
    scores.loc[(scores["condition"] == "single@24000") & (scores["clip"] == "speech-003"), ["value", "status"]] = [
        math.nan, "failed",
    ]  # fmt: skip
    before, after = analysis(run), analysis(replace(run, scores=scores))
    pd.testing.assert_frame_equal(*(found.savings.query("series == 'half'") for found in (before, after)))


def test_nothing_but_nan_gives_no_curves(run):
    assert families(replace(run, scores=run.scores.assign(value=math.nan))) == []


def rating(listener, clip, condition, score, bps, role="system", test="t1", kind="mushra"):
    return {"test": test, "test_type": kind, "listener": listener, "clip": clip, "replicate": 0, "category": "speech",
            "condition": condition, "role": role, "score": score, "actual_bps": bps}  # fmt: skip


def test_scores_of_listeners_are_drawn_by_listener_and_tests_are_apart():
    random = np.random.default_rng(0)
    rows = [
        rating(f"L{who}", f"c{clip}", f"{codec}@{rate}", 20 * math.log2(rate / 3000) + random.normal(0, 3),
               rate * factor, test=test)
        for test in ("t1", "t2") for who in range(6) for clip in range(3) for codec, factor in (("a", 1.0), ("b", 0.5))
        for rate in RATES
    ]  # fmt: skip
    rows += [rating(f"L{who}", "c0", "ref", 100.0, None, "hidden_reference") for who in range(6)]
    rows += [rating("L0", "c0", "x", 1.0, None, test="abx", kind="abx")]
    found = families_of_ratings(pd.DataFrame(rows))
    assert [family.quantity for family in found] == ["mushra:t1", "mushra:t2"]
    row = savings_of_family(found[0], "a", draws=DRAWS)[0]
    assert row["value"] == pytest.approx(-50, abs=4)
    assert (row["n"], row["n_clusters"]) == (18, 6)
    points = {point["condition"]: point for point in points_of_family(found[0])}
    assert points["ref"]["role"] == "control"
    assert points["b@6000"]["actual_bps"] == 3000


def test_two_runs_of_one_name_are_told_apart(run):
    found = analysed([*families(run), *families(run)], draws=DRAWS)
    assert found.points["source"].unique().tolist() == ["made", "made #2"]
