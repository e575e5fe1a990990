"""From a configuration and runs to what is in the test: systems and clips, with everything that was left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.domain import CATEGORIES
from bench.errors import ConfigError
from bench.registry import nearest
from listening_test import design
from listening_test.building import said
from listening_test.building.config import ClipsConfig, TestConfig
from listening_test.building.findings import TRAINING_CLAUSE, Finding
from listening_test.building.making import HIDDEN_REFERENCE, REFERENCE
from listening_test.building.sources import ClipFacts, Sources, System
from listening_test.design import seed_of


@dataclass(frozen=True)
class Choice:
    """What a test is made of. ``against`` is a system, or None for the reference (ABX) or each other (AB)."""

    systems: list[System]
    clips: list[ClipFacts]
    training: list[ClipFacts]
    against: System | None
    findings: list[Finding]


def choose(config: TestConfig, sources: Sources, where: str = "test") -> Choice:
    """Systems and clips as ``config`` describes them.

    Raises:
        ConfigError: names that no run has, too few clips, or a chosen clip that a chosen condition failed on.
    """
    systems, problems = sources.systems(config.conditions)
    against, more = _against(config, sources)
    problems += more
    needed = [*systems, *([against] if against and against not in systems else [])]
    taken = {REFERENCE, HIDDEN_REFERENCE, *(anchor.name for anchor in config.all_anchors)}
    problems += [
        f"conditions: {system.name!r} is also what the test calls its reference or an anchor. Give the anchor another "
        "name, or leave the condition out."
        for system in needed
        if system.name in taken
    ]
    if problems or not needed:
        raise ConfigError([f"{where}, {problem}" for problem in problems])
    known, problems = sources.clips(needed)
    usable = {}
    findings = list(said.unmeasured(sources))
    failed: dict[str, list[str]] = {}
    for clip in known.values():
        reasons = [f"{system.name}: {why}" for system in needed if (why := sources.trouble(system, clip.id))]
        if reasons:
            failed.setdefault("; ".join(reasons), []).append(clip.id)
        else:
            usable[clip.id] = clip
    findings += [said.failed(clips, why) for why, clips in failed.items()]
    chosen: list[ClipFacts] = []
    material = _Material(config, sources, needed, known, usable)
    for index, item in enumerate(config.clips):
        found, more = material.of_item(item, index, {clip.id for clip in chosen})
        chosen += found
        problems += [f"clips[{index}]{problem}" for problem in more]
    training, more = material.for_training(chosen)
    problems += more
    if problems:
        raise ConfigError([*(f"{where}, {problem}" for problem in problems), *(str(finding) for finding in findings)])
    chosen = design.interleaved(chosen, [clip.dataset for clip in chosen])
    findings += said.of_clips([*chosen, *training], sources, needed)
    findings += said.whole_clips([*chosen, *training], config.seconds, sources)
    if training and {clip.id for clip in training} & {clip.id for clip in chosen}:
        findings.append(
            Finding(
                "warning",
                "training_clips",
                TRAINING_CLAUSE,
                "training uses clips that are rated later, for want of others",
                got=", ".join(clip.id for clip in training if clip in chosen),
                todo="Measure a few more clips for training.",
            )
        )
    return Choice([system for system in systems if system != against], chosen, training, against, findings)


def _against(config: TestConfig, sources: Sources) -> tuple[System | None, list[str]]:
    if config.against in (None, "reference", "each_other"):
        return None, []
    found, problems = sources.systems([str(config.against)])
    if problems:
        return None, [problem.replace("conditions[0]", "against") for problem in problems]
    if len(found) > 1:
        names = ", ".join(system.name for system in found)
        return None, [f"against: expected one condition, reference or each_other, got {names}."]
    return found[0], []


@dataclass(frozen=True)
class _Material:
    """What clips are chosen from: all that the runs hold, and those ``usable`` with every system."""

    config: TestConfig
    sources: Sources
    systems: Sequence[System]
    known: Mapping[str, ClipFacts]
    usable: Mapping[str, ClipFacts]

    def of_item(self, item: ClipsConfig, index: int, taken: set[str]) -> tuple[list[ClipFacts], list[str]]:
        """Clips of one item of ``clips``, none of ``taken``, and its problems."""
        if item.ids:
            return self._by_id(item.ids, ".ids")
        wanted = {key: value for key, value in (("category", item.category), ("dataset", item.dataset)) if value}
        matching = [
            clip for clip in self.known.values() if all(getattr(clip, key) == value for key, value in wanted.items())
        ]
        if not matching:
            there = sorted({name for clip in self.known.values() for name in (clip.category, clip.dataset)})
            return [], [f": the runs hold no clip of {' and '.join(wanted.values())}. Known: {', '.join(there)}."]
        values = None
        if item.choose == "critical":
            quantities = self.sources.quantities()
            if item.quantity not in quantities:
                near = nearest(item.quantity, quantities)
                return [], [f".quantity: no run measured {item.quantity!r}.{near} Known: {', '.join(quantities)}."]
            values = self.sources.spread(self.systems, item.quantity, item.by)
        count = self.config.defaults.clips_per_category if item.count is None else item.count
        found: list[ClipFacts] = []
        problems = []
        for number, group in enumerate(dict.fromkeys(getattr(clip, item.per) for clip in matching)):
            free = [clip for clip in matching if getattr(clip, item.per) == group and clip.id in self.usable]
            pool = {clip.id: clip.source for clip in free if clip.id not in taken}
            if values is None:
                names = design.random_clips(pool, count, seed_of(self.config.seed, index, number))
            else:
                names = design.critical_clips({clip: values[clip] for clip in pool if clip in values}, pool, count)
            if len(names) < count:
                what = "" if values is None else f" with a value of {item.quantity}"
                problems.append(
                    f".count: expected {count} clips of {group}, but only {len(names)} can be used{what}. "
                    "Measure more, or set count."
                )
            found += [self.usable[name] for name in names]
        return found, problems

    def for_training(self, chosen: Sequence[ClipFacts]) -> tuple[list[ClipFacts], list[str]]:
        """Clips of the categories of the test in turn, rather not those that are rated."""
        wanted = self.config.training
        if wanted.ids:
            found, problems = self._by_id(wanted.ids, "")
            return found, [f"training.ids{problem}" for problem in problems]
        count = self.config.defaults.training if wanted.count is None else wanted.count
        rated = {clip.id for clip in chosen}
        pools = []
        for number, category in enumerate(CATEGORIES):
            used = {clip.id: clip.source for clip in chosen if clip.category == category}
            if not used:
                continue
            seed = seed_of(self.config.seed, 1_000, number)
            same = [clip for clip in self.usable.values() if clip.category == category]
            free = {clip.id: clip.source for clip in same if clip.id not in rated}
            pools.append([*design.random_clips(free, len(free), seed), *design.random_clips(used, len(used), seed)])
        turns = [pool[turn] for turn in range(max(map(len, pools), default=0)) for pool in pools if turn < len(pool)]
        fresh = sorted(turns, key=lambda clip: clip in rated)
        return [self.usable[name] for name in fresh[:count]], []

    def _by_id(self, ids: Sequence[str], key: str) -> tuple[list[ClipFacts], list[str]]:
        problems = []
        for name in dict.fromkeys(ids):
            if name not in self.known:
                problems.append(f"{key}: no clip of the runs is called {name!r}.{nearest(name, self.known)}")
            elif name not in self.usable:
                problems.append(
                    f"{key}: {name!r} has no audio under a condition of the test; what failed is listed below."
                )
        return [self.usable[name] for name in dict.fromkeys(ids) if name in self.usable], problems
