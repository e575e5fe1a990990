"""Stimuli to trials: what stands on one page in each type of test, blocks, replicates and training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from listening_test import design
from listening_test.building.choice import Choice
from listening_test.building.config import TestConfig
from listening_test.building.making import HIDDEN_REFERENCE, REFERENCE, Made
from listening_test.building.sources import ClipFacts
from listening_test.design import seed_of
from listening_test.model import AGAIN, Trial
from listening_test.mushra import CHOICES

TRAINING_PAGES = 10
"""Pages of training, where a type of test has one for each condition: enough to hear the range, not to tire of it."""

Page = tuple[str, ...]
"""Conditions of one trial, in the order of ``Trial.stimuli``."""


def trials_of(config: TestConfig, choice: Choice, made: Mapping[str, Made]) -> tuple[list[Trial], int]:
    """Training first, then the trials of each block; and the number of blocks.

    A page holds: MUSHRA hidden reference, anchors and systems; ACR and DCR one stimulus; ABX and AB two, what is
    compared against first.
    """
    per_clip = len(pages(config, choice, 0))
    per_listener = config.blocks.trials_per_listener
    if per_listener is None:
        per_listener = len(choice.clips) * (1 if config.type == "mushra" else per_clip)
    count = design.block_count(len(choice.clips), per_clip, per_listener)
    trials = []
    for number, clip in enumerate(choice.clips):
        for group, page in enumerate(pages(config, choice, design.window_of(number, per_clip))):
            block = design.block_of(number, group, len(choice.clips), per_clip, count)
            trials.append(_trial(f"t{number * per_clip + group + 1:04d}", clip, page, made, block))
    for block in range(count):
        mine = [trial for trial in trials if trial.block == block]
        again = design.replicated(mine, config.replicates, seed_of(config.seed, 3_000, block))
        trials += [replace(trial, id=f"{trial.id}{AGAIN}", replicate=1) for trial in again]
    return [*_training(config, choice, made), *sorted(trials, key=lambda trial: trial.block)], count


def pages(config: TestConfig, choice: Choice, window: int) -> list[Page]:
    """What is heard with one clip, page by page; ``window`` numbers the dealing of systems into groups."""
    systems = [system.name for system in choice.systems]
    hidden = [HIDDEN_REFERENCE] if config.with_hidden_reference else []
    anchors = [anchor.name for anchor in config.all_anchors]
    if config.type == "mushra":
        dealt = design.groups(systems, config.blocks.systems_per_trial, seed_of(config.seed, 4_000, window))
        return [(*hidden, *anchors, *group) for group in dealt]
    if config.type not in CHOICES:
        return [(name,) for name in (*hidden, *anchors, *systems)]
    if choice.against is not None:
        return list(design.pairs(systems, choice.against.name))
    with_reference = config.against == "reference" or (config.type == "abx" and config.against is None)
    return list(design.pairs(systems, HIDDEN_REFERENCE if with_reference else None))


def _training(config: TestConfig, choice: Choice, made: Mapping[str, Made]) -> list[Trial]:
    """Training clips in turn with the pages in turn, until each clip and each page was there.

    Of many pages, those are taken that are evenly spread over them.
    """
    if not choice.training:
        return []
    listed = pages(config, choice, 0)
    if len(listed) > TRAINING_PAGES:
        last = len(listed) - 1
        listed = [listed[round(step * last / (TRAINING_PAGES - 1))] for step in range(TRAINING_PAGES)]
    found: list[Trial] = []
    for number in range(max(len(choice.training), len(listed))):
        clip = choice.training[number % len(choice.training)]
        trial = _trial(f"training{number + 1}", clip, listed[number % len(listed)], made, 0)
        found.append(replace(trial, training=True))
    return found


def _trial(name: str, clip: ClipFacts, page: Sequence[str], made: Mapping[str, Made], block: int) -> Trial:
    mine = made[clip.id]
    return Trial(
        id=name,
        clip=clip.id,
        dataset=clip.dataset,
        category=clip.category,
        reference=mine.stimuli[REFERENCE],
        stimuli=tuple(mine.stimuli[condition] for condition in page),
        seconds=mine.seconds,
        block=block,
    )
