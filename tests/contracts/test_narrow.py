"""The rules for metrics that measure one property only: they may overlook noise, but not everything."""

import numpy as np
import pytest

from bench.contracts import Broken, metric_rules
from bench.domain import Identity
from bench.metrics.bandwidth import BandwidthDifference
from bench.metrics.base import Metric, Quantity
from bench.metrics.clipping import ClippedSamplesShare


class Deaf(Metric):
    """Every pair is alike."""

    identity = Identity("deaf", "1")
    quantities = (Quantity("deaf", "", higher_is_better=False),)
    narrow = True

    def prepare_channel(self, reference, rate):
        return None

    def score_channel(self, state, degraded, rate):
        return {"deaf": 0.0}


class PrefersLoud(Deaf):
    """Overdrive beats the original."""

    def score_channel(self, state, degraded, rate):
        return {"deaf": -float(np.mean(degraded**2))}


NEEDS_A_REACTION = [
    metric_rules.the_original_is_the_best,
    metric_rules.a_destroyed_channel_is_heard,
]


@pytest.mark.parametrize("rule", NEEDS_A_REACTION)
def test_a_metric_that_reacts_to_nothing_is_broken(rule):
    with pytest.raises(Broken):
        rule(Deaf)


def test_a_metric_for_which_damage_beats_the_original_is_broken():
    with pytest.raises(Broken, match="noise beats the original"):
        metric_rules.the_original_is_the_best(PrefersLoud)


@pytest.mark.parametrize("make", [BandwidthDifference, ClippedSamplesShare])
def test_a_metric_that_says_it_is_narrow_need_not_hear_noise_and_one_that_does_not_must(make):
    class Wide(make):
        narrow = False

    for rule in NEEDS_A_REACTION:
        rule(make)
        with pytest.raises(Broken):
            rule(Wide)


def test_the_symmetry_of_a_narrow_metric_is_seen_in_what_it_reacts_to():
    class Wrong(ClippedSamplesShare):
        symmetric = True

    with pytest.raises(Broken, match="symmetric = True"):
        metric_rules.the_order_of_the_arguments_matters(Wrong)
