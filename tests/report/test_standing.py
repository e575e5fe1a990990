from __future__ import annotations

import pytest

from bench.report.standing import sources_to_rank, standing
from bench.stats import sign_flip_p
from tests.report.build import make_run, with_tables


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    codecs = {"good": (24000,), "twin": (24000,), "bad": (1500,)}
    return make_run(tmp_path_factory.mktemp("many"), clips=40, categories=("speech",), codecs=codecs, with_audio=False)


def test_clear_winners_and_losers_have_one_rank_and_twins_share_theirs(many, tmp_path):
    scores = many.scores.copy()
    good = scores[scores["condition"] == "good@24000"]
    twin = scores["condition"] == "twin@24000"
    # The twin is as good, by turns a little better and a little worse.
    wobble = ([0.01] * 4 + [-0.01] * 4) * (len(good) // 8)  # by clip: four quantities each
    scores.loc[twin, "value"] = good["value"].to_numpy() + wobble
    run = with_tables(many, tmp_path, scores=scores)
    found = standing(run, "speech", seed=0)
    ranks = {place.condition: place.rank_text for place in found.places}
    assert ranks["good@24000"] == ranks["twin@24000"] == "1–2"
    assert ranks["bad@1500"] == "3"
    assert ranks["lowpass_3500"] == ""
    assert "2 of 3 codec conditions share the lead" in found.sentence()
    means = [place.mean for place in found.places]
    assert means == sorted(means, reverse=True)


def test_too_few_recordings_are_told(quiet_run):
    found = standing(quiet_run, "speech", seed=0)
    assert found.sources == 2
    assert "too few to rank 7 codec conditions" in found.sentence()


@pytest.mark.parametrize("conditions", [2, 3, 7, 20])
def test_the_number_of_recordings_that_a_rank_needs(conditions):
    pairs = conditions * (conditions - 1) // 2
    least = sources_to_rank(conditions)
    assert 2 / 2**least <= 0.05 / pairs < 2 / 2 ** (least - 1)
    if least < 12:
        assert sign_flip_p([1.0 + i for i in range(least)], 0) * pairs <= 0.05


def test_a_category_without_values_has_no_standing(quiet_run, tmp_path):
    scores = quiet_run.scores[quiet_run.scores["category"] == "speech"].assign(value=float("nan"), status="failed")
    run = with_tables(quiet_run, tmp_path, scores=scores)
    assert standing(run, "speech", seed=0) is None
