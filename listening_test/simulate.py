"""Listeners who are a model: for pilots, for rehearsing a test, and for testing the analysis. Never results of people.

Every row they make says ``simulated``. The analysis marks it, and the leaderboard refuses such ratings unless asked.

The model, on the scale of 0 to 100: a condition has a latent quality on every clip (of a table, or grown from the
bitrate); a listener hears it with a bias, stretches it around the middle of the scale, and adds noise; sometimes the
listener presses anything. The hidden reference is recognised with a certain probability and then gets 100; else it is
one more good sound. The best sound of a trial is raised to 100, as the instruction says. ACR and DCR cut the scale in
five; the answers of ABX and AB follow from the difference of two qualities as heard.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from bench.errors import ConfigError
from bench.registry import nearest
from listening_test.model import Stimulus, Test, Trial, pair, row_of
from listening_test.mushra import CHOICES

ROLE_QUALITY = {"reference": 100.0, "hidden_reference": 100.0, "mid_anchor": 45.0, "low_anchor": 20.0, "anchor": 40.0}
UNKNOWN_QUALITY = 60.0
HALF_QUALITY_BPS = 10_000.0
JUST_NOTICEABLE = 8.0  # points of difference at which ABX is right three times of four, AB as often for the better


@dataclass(frozen=True, slots=True)
class Panel:
    """Who listens. Standard deviations are between listeners (``bias``, ``spread``) or from rating to rating.

    Attributes:
        quality: condition to latent quality, 0 to 100; ``(condition, clip)`` where it depends on the clip.
        bias: points that a listener gives more or less to everything but the reference.
        spread: of the factor by which a listener stretches differences from 50, around 1.
        clip: points by which a clip suits a condition.
        noise: points from rating to rating.
        lapses: probability that a rating is any number.
        spots_reference: probability that the hidden reference is recognised.
    """

    quality: Mapping[str | tuple[str, str], float] = field(default_factory=dict)
    bias: float = 8.0
    spread: float = 0.15
    clip: float = 6.0
    noise: float = 7.0
    lapses: float = 0.01
    spots_reference: float = 0.95


@dataclass(frozen=True, slots=True)
class Person:
    """One simulated listener."""

    bias: float
    stretch: float


def of_bitrate(bps: float) -> float:
    """A latent quality that grows with the bitrate: 30 at nothing, half way to 100 at 10 kbit/s. No codec is like it.

    >>> round(of_bitrate(10_000))
    65
    """
    return 100.0 - 70.0 * math.pow(2.0, -bps / HALF_QUALITY_BPS)


def read_quality(path: Path, test: Test) -> dict[str | tuple[str, str], float]:
    """Latent qualities of a CSV with the columns ``condition``, ``quality`` and perhaps ``clip``.

    Raises:
        ConfigError: it cannot be read, or lacks a column, or a quality is no number from 0 to 100; or a condition, or
            a condition on a clip, that ``test`` does not have.
    """
    table: dict[str | tuple[str, str], float] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            for row in csv.DictReader(file):
                clip, quality = row.get("clip"), float(row["quality"])
                if not 0 <= quality <= 100:
                    raise ValueError(f"quality {quality:g}")
                table[(row["condition"], clip) if clip else row["condition"]] = quality
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(
            f"{path}: expected a CSV with the columns condition, quality (0 to 100), perhaps clip "
            f"({type(error).__name__}: {error})."
        ) from None
    pairs = {(one.condition, trial.clip) for trial in test.trials for one in trial.sounds}
    known = {condition for condition, _ in pairs}
    unknown = [key for key in table if key not in pairs and key not in known]
    if unknown:
        name = unknown[0] if isinstance(unknown[0], str) else " on clip ".join(unknown[0])
        raise ConfigError(
            f"{path}: the test has no {name} ({len(unknown)} unknown in all).{nearest(name, known)} "
            f"Conditions: {', '.join(sorted(known))}."
        )
    return table


def latent(panel: Panel, stimulus: Stimulus, clip: str) -> float:
    """What ``stimulus`` is worth: from the panel's table, its role, or its bitrate."""
    keys: tuple[str | tuple[str, str], ...] = ((stimulus.condition, clip), stimulus.condition)
    for key in keys:
        if key in panel.quality:
            return float(panel.quality[key])
    if stimulus.role in ROLE_QUALITY:
        return ROLE_QUALITY[stimulus.role]
    rate = stimulus.actual_bps or stimulus.bitrate_bps
    return of_bitrate(rate) if rate else UNKNOWN_QUALITY


def person(panel: Panel, seed: int, number: int) -> Person:
    """The listener of that number, always the same for a seed."""
    random = np.random.default_rng([seed, number, 0])
    return Person(random.normal(0, panel.bias), max(0.3, random.normal(1, panel.spread)))


def heard(panel: Panel, who: Person, stimulus: Stimulus, clip: str, seed: int, random: np.random.Generator) -> float:
    """Quality of ``stimulus`` as this listener hears it this time, not yet on the scale."""
    if random.random() < panel.lapses:
        return float(random.uniform(0, 100))
    if stimulus.role in ("reference", "hidden_reference") and random.random() < panel.spots_reference:
        return 100.0
    words = [seed, *f"{stimulus.condition}\0{clip}".encode()]
    suits = np.random.default_rng(words).normal(0, panel.clip)  # the same for every listener
    quality = latent(panel, stimulus, clip) + suits
    return 50 + who.stretch * (quality - 50) + who.bias + random.normal(0, panel.noise)


def mushra_scores(qualities: list[float], needs_a_hundred: bool) -> list[int]:
    """Whole numbers from 0 to 100; the best sound is raised to 100 where the test asks for one."""
    scores = [round(min(100.0, max(0.0, quality))) for quality in qualities]
    if needs_a_hundred and scores and 100 not in scores:
        scores[int(np.argmax(qualities))] = 100
    return scores


def category_score(quality: float) -> int:
    """1 to 5: the band of the scale of 0 to 100.

    >>> [category_score(value) for value in (-3, 19, 20, 99, 120)]
    [1, 1, 2, 5, 5]
    """
    return min(5, max(1, 1 + math.floor(quality / 20)))


def right_of_abx(first: float, second: float, random: np.random.Generator) -> bool:
    """Whether the one behind X is found: by chance for equal qualities, nearly always for very different ones."""
    return bool(random.random() < 1 - 0.5 * 2.0 ** (-abs(first - second) / JUST_NOTICEABLE))


def prefers(one: float, other: float, random: np.random.Generator) -> bool:
    """Whether ``one`` is preferred to ``other``, after Bradley and Terry."""
    return bool(random.random() < 1 / (1 + 3.0 ** (-(one - other) / JUST_NOTICEABLE)))


def simulated_rows(test: Test, listeners: int, seed: int, panel: Panel | None = None) -> list[dict[str, Any]]:
    """Ratings of a whole test without its sounds and its store, as RATING_COLUMNS; ``simulated`` in every row.

    Blocks are given in turn; training is rated, too, and marked. The same arguments give the same rows.

    Raises:
        ConfigError: fewer than one listener.
    """
    if listeners < 1:
        raise ConfigError(f"--listeners: expected at least 1, got {listeners}.")
    chosen = panel or Panel()
    blocks = sorted({trial.block for trial in test.counted})
    rows: list[dict[str, Any]] = []
    for number in range(1, listeners + 1):
        random = np.random.default_rng([seed, number, 1])
        own = [trial for trial in test.counted if trial.block == blocks[(number - 1) % len(blocks)]]
        trials = [*test.training, *(own[index] for index in random.permutation(len(own)))]
        who = person(chosen, seed, number)
        for order, trial in enumerate(trials, 1):
            about = {
                "test": test.name,
                "test_type": test.rules.type,
                "listener": f"simulated-{number:03d}",
                "simulated": True,
                "session": str(number),
                "order": order,
            }
            rows += [{**about, **row} for row in _answers(test, trial, chosen, who, seed, random)]
    return rows


def _answers(
    test: Test, trial: Trial, panel: Panel, who: Person, seed: int, random: np.random.Generator
) -> list[dict[str, Any]]:
    kind = test.rules.type
    lasted = round(float(random.uniform(2, 5)) * trial.seconds, 1)
    if kind in CHOICES:
        against, one = (trial.stimulus(index) for index in pair(trial))
        mine, theirs = (heard(panel, who, stimulus, trial.clip, seed, random) for stimulus in (one, against))
        won = right_of_abx(mine, theirs, random) if kind == "abx" else prefers(mine, theirs, random)
        row = {"against": against.condition, "score": float(won), "position": 1, "plays": 1, "trial_s": lasted}
        return [row_of(trial, one) | row]
    qualities = [heard(panel, who, stimulus, trial.clip, seed, random) for stimulus in trial.stimuli]
    scores = (
        mushra_scores(qualities, test.rules.needs_a_hundred)
        if kind == "mushra"
        else [category_score(quality) for quality in qualities]
    )
    positions = random.permutation(len(scores)) + 1
    return [
        {
            **row_of(trial, stimulus),
            "score": float(score),
            "position": int(position),
            "plays": int(random.integers(1, 5)),
            "trial_s": lasted,
        }
        for stimulus, score, position in zip(trial.stimuli, scores, positions, strict=True)
    ]
