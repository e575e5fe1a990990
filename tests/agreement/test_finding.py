"""Findings against scipy, what must not change them, and when a metric has nothing to say."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from bench.agreement.finding import agreement
from bench.agreement.model import ALL, Estimate
from bench.agreement.verdicts import GOOD, POOR, verdict
from bench.errors import UnknownName
from tests.agreement.made import ratings, run, values
from tests.report.build import with_tables

DRAWS = 20


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return run(tmp_path_factory.mktemp("run"))


@pytest.fixture(scope="module")
def rated(made):
    heard = values(made, "visqol_audio")
    return ratings(made, lambda clip, condition: 20 * heard[clip, condition] - 5)


@pytest.fixture(scope="module")
def found(made, rated):
    return agreement([made], rated, draws=DRAWS)


def one(found, quantity, category="speech"):
    return next(row for row in found.agreements if (row.quantity, row.category) == (quantity, category))


def test_every_number_is_that_of_scipy(made, rated, found):
    row, heard = one(found, "log_spectral_distance"), values(made, "log_spectral_distance")
    speech = rated[rated["category"] == "speech"]
    means = speech.groupby(["clip", "condition"])["score"].mean().reset_index()
    means["x"] = [-heard[key] for key in zip(means["clip"], means["condition"], strict=True)]  # lower is better
    assert (row.n_files, row.n_clips, row.n_sources, row.n_conditions) == (len(means), 8, 8 // 2, 7)
    assert (row.n_listeners, row.n_ratings) == (6, len(speech))
    oracles = {"pearson": stats.pearsonr, "spearman": stats.spearmanr, "kendall": stats.kendalltau}
    conditions = means.groupby("condition")[["x", "score"]].mean()
    for name, oracle in oracles.items():
        assert row[f"files.{name}"].value == pytest.approx(oracle(means["x"], means["score"]).statistic)
        assert row[f"conditions.{name}"].value == pytest.approx(oracle(conditions["x"], conditions["score"]).statistic)
        single = [oracle(group["x"], group["score"]).statistic for _, group in means.groupby("clip")]
        assert row[f"items.{name}"].value == pytest.approx(np.mean(single))
        assert row[f"items.{name}"].n == 8
        if name != "kendall":
            single = [oracle(group["x"], group["score"]).statistic for _, group in means.groupby("condition")]
            assert row[f"within_conditions.{name}"].value == pytest.approx(np.mean(single))
    for estimate in row.estimates.values():
        assert math.isfinite(estimate.low)
        assert estimate.low <= estimate.high
    residuals = means["score"] - row.mapping(means["x"].to_numpy())
    assert row["files.rmse"].value == pytest.approx(math.sqrt(np.square(residuals).sum() / (len(means) - 4)))
    together = one(found, "log_spectral_distance", ALL)
    assert together.n_files == 2 * row.n_files


def test_a_metric_that_listeners_follow_speaks_for_them(tmp_path):
    results = run(tmp_path, clips=24, categories=("music",))
    heard = values(results, "visqol_audio")
    only = {"quantities": ["visqol_audio"], "draws": 200}
    found = agreement([results], ratings(results, lambda *cell: 20 * heard[cell] - 5), **only)
    row = one(found, "visqol_audio", "music")
    assert row.verdict.kind == "speaks"
    assert row.verdict.sentence.startswith("visqol_audio: speaks for the ears (r = 0.9")
    against = agreement([results], ratings(results, lambda *cell: 100 - 20 * heard[cell]), **only)
    row = one(against, "visqol_audio", "music")
    assert row.verdict.kind == "misleading"
    assert "it ranks the codecs of this test against the listeners (r = -0.9" in row.verdict.sentence


def test_the_order_of_rows_changes_nothing(made, rated, found, tmp_path):
    tables = {name: getattr(made, name).sample(frac=1, random_state=2) for name in ("encodings", "scores")}
    shuffled = agreement([with_tables(made, tmp_path, **tables)], rated.sample(frac=1, random_state=5), draws=DRAWS)
    assert shuffled.agreements == found.agreements
    assert repr(shuffled.comparisons) == repr(found.comparisons)
    pd.testing.assert_frame_equal(shuffled.files, found.files)


def test_the_names_of_codecs_change_nothing(made, rated, found, tmp_path):
    def renamed(table):
        return table.assign(condition=[f"codec {name}" for name in table["condition"]])

    results = with_tables(made, tmp_path, encodings=renamed(made.encodings), scores=renamed(made.scores))
    assert agreement([results], renamed(rated), draws=DRAWS).agreements == found.agreements


def test_a_clip_twice_changes_no_coefficient_and_no_interval(made, rated, found, tmp_path):
    def doubled(table):
        return pd.concat([table, table.assign(clip="again " + table["clip"])], ignore_index=True)

    results = with_tables(made, tmp_path, **{name: doubled(getattr(made, name)) for name in ("encodings", "scores")})
    twice = agreement([results], doubled(rated), draws=DRAWS)
    for before, after in zip(found.agreements, twice.agreements, strict=True):
        assert after.n_sources == before.n_sources
        for key in before.estimates:
            if key.startswith(("files.", "conditions.")) and "rmse" not in key:  # it divides by files less 4
                assert after[key][:3] == pytest.approx(before[key][:3], nan_ok=True), key


def test_a_failed_cell_is_counted_and_changes_only_its_file(made, rated, found, tmp_path):
    cell = (made.scores["condition"] == "opus@6000") & (made.scores["quantity"] == "si_sdr")
    first = made.scores.index[cell & (made.scores["category"] == "music")][0]
    scores = made.scores.copy()
    scores.loc[first, ["status", "value"]] = ["failed", math.nan]
    after = agreement([with_tables(made, tmp_path, scores=scores)], rated, draws=DRAWS)
    assert one(after, "si_sdr", "music").missing == {"failed": 1}
    assert one(after, "si_sdr", "music").n_files == one(found, "si_sdr", "music").n_files - 1
    assert one(after, "pesq_wb") == one(found, "pesq_wb")
    assert one(after, "si_sdr") == one(found, "si_sdr")


def test_a_metric_without_anything_to_say_is_undefined_and_says_why(made, rated, tmp_path):
    scores = made.scores.copy()
    scores.loc[scores["quantity"] == "si_sdr", "value"] = math.inf
    scores.loc[scores["quantity"] == "visqol_audio", "value"] = 4.5
    found = agreement([with_tables(made, tmp_path, scores=scores)], rated, draws=DRAWS)
    infinite, constant, silent = (one(found, name, "music") for name in ("si_sdr", "visqol_audio", "pesq_wb"))
    assert infinite.missing == {"infinite": 56}
    assert "0 rated files have a value (56 infinite)" in infinite.verdict.sentence
    assert constant.verdict.sentence == "visqol_audio: undefined: constant: it is the same for every file."
    assert silent.missing == {"not_applicable": 56}
    assert {row.verdict.kind for row in (infinite, constant, silent)} == {"undefined"}
    assert [(row.first, row.second) for row in found.comparisons if row.category == "music"] == []


def test_one_clip_has_values_and_no_verdict(made, rated):
    clip = made.clips["clip"][0]
    found = agreement([made], rated[rated["clip"] == clip], draws=DRAWS)
    row = one(found, "visqol_audio")
    assert (row.n_files, row.n_sources) == (7, 1)
    assert math.isfinite(row["files.pearson"].value)
    assert not row["files.pearson"].has_interval
    assert row.verdict.kind == "undecided"
    assert "1 sources are too few to tell" in row.verdict.sentence


def test_tests_are_never_pooled(made, rated, found):
    other = rated.assign(test="other", score=100 - rated["score"])
    both = agreement([made], pd.concat([rated, other]), draws=DRAWS)
    assert both.tests == {"made": "mushra", "other": "mushra"}
    made_again = [row for row in both.agreements if row.test == "made"]
    assert made_again == list(found.agreements)
    turned = next(row for row in both.agreements if (row.test, row.quantity) == ("other", "visqol_audio"))
    assert turned["files.pearson"].value == pytest.approx(-found.agreements[0]["files.pearson"].value)


def test_two_metrics_are_compared_on_the_same_files(found):
    pair = next(
        p for p in found.comparisons if (p.first, p.second, p.category) == ("visqol_audio", "pesq_wb", "speech")
    )
    rs = [one(found, name)["files.pearson"].value for name in ("visqol_audio", "pesq_wb")]
    assert (pair.pearson_first, pair.pearson_second) == pytest.approx(tuple(rs))
    assert pair.difference.value == pytest.approx(rs[0] - rs[1])
    assert pair.difference.low <= pair.difference.value <= pair.difference.high
    assert pair.p_holm >= pair.p_williams


def test_an_unknown_quantity_is_told(made, rated):
    assert {row.quantity for row in agreement([made], rated, quantities=["pesq_wb"], draws=DRAWS).agreements} == {
        "pesq_wb"
    }
    with pytest.raises(UnknownName, match=r"no 'pesq_wm'. Did you mean 'pesq_wb'"):
        agreement([made], rated, quantities=["pesq_wm"])


def judged(r, tau, sources=20, better=True):
    made = {"files.pearson": Estimate(*r, 80), "items.kendall": Estimate(*tau, 20)}
    return verdict("m", made, 80, sources, better)


@pytest.mark.parametrize(
    ("r", "tau", "kind", "text"),
    [
        ((0.8, GOOD, 0.9), (0.6, 0.1, 0.8), "speaks", "m: speaks for the ears (r = 0.80 [0.70, 0.90] over 80 files"),
        ((0.8, GOOD, 0.9), (0.1, -0.1, 0.3), "undecided", "may mean nothing"),
        ((0.8, 0.75, 0.9), (-0.3, -0.4, -0.1), "misleading", "on the same clip it ranks the codecs"),
        ((0.5, 0.1, 0.69), (0.4, 0.1, 0.6), "weak", "m: weak"),
        ((0.5, 0.1, 0.75), (0.4, 0.1, 0.6), "undecided", "includes little, weak and good agreement"),
        ((0.2, -0.1, 0.5), (0.1, -0.1, 0.2), "undecided", "includes negative, little and weak agreement"),
        ((0.1, -0.1, POOR - 0.01), (0.1, -0.1, 0.2), "says little", "next to nothing"),
        ((-0.12, -0.3, 0.05), (-0.1, -0.2, 0.02), "misleading", "if anything it ranks the codecs of this test against"),
        ((-0.4, -0.5, -0.3), (-0.3, -0.5, -0.1), "misleading", "m: misleading here: it ranks the codecs of this test"),
        ((-0.2, -0.3, 0.1), (0.4, 0.2, 0.6), "undecided", "on the same clip, but not over files"),
        ((-0.2, -0.5, POOR), (-0.1, -0.3, 0.1), "undecided", "includes negative, little and weak"),
    ],
)
def test_verdicts(r, tau, kind, text):
    found = judged(r, tau)
    assert found.kind == kind
    assert text in found.sentence


def test_verdicts_without_enough_behind_them():
    good = ((0.8, 0.75, 0.9), (0.6, 0.1, 0.8))
    assert "4 sources are too few" in judged(*good, sources=4).sentence
    assert judged(*good, sources=7).sentence.endswith("Only 7 sources: the intervals are too narrow.")
    assert "nobody says whether higher is better" in judged(*good, better=None).sentence
    alone = verdict("m", {"files.pearson": Estimate(0.8, 0.75, 0.9, 80)}, 80, 20, True)
    assert (alone.kind, "tau" in alone.sentence) == ("speaks", False)
    assert dataclasses.asdict(verdict("m", {}, 0, 0, True, "why"))["sentence"] == "m: undefined: why."
