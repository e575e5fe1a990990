"""From a configuration and runs to what is in the test: systems and clips, with everything that was left out."""

from __future__ import annotations

from collections.abc import Sequence
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
    findings = said.unmeasured(sources)
    failed: dict[str, list[str]] = {}
    for clip in known.values():
        reasons = [f"{system.name}: {why}" for system in needed if (why := sources.trouble(system, clip.id))]
        if reasons:
            failed.setdefault("; ".join(reasons), []).append(clip.id)
        else:
            usable[clip.id] = clip
    findings += [said.failed(clips, why) for why, clips in failed.items()]
    chosen: list[ClipFacts] = []
    for index, item in enumerate(config.clips):
        found, more = _of_item(config, item, index, usable, known, {clip.id for clip in chosen}, sources, needed)
        chosen += found
        problems += [f"clips[{index}]{problem}" for problem in more]
    training, more = _training(config, usable, known, chosen)
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


def _of_item(
    config: TestConfig,
    item: ClipsConfig,
    index: int,
    usable: dict[str, ClipFacts],
    known: dict[str, ClipFacts],
    taken: set[str],
    sources: Sources,
    systems: Sequence[System],
) -> tuple[list[ClipFacts], list[str]]:
    if item.ids:
        return _by_id(item.ids, usable, known, ".ids")

    def kind(clip: ClipFacts) -> str:
        return clip.dataset if item.per == "dataset" else clip.category

    wanted = {key: value for key, value in (("category", item.category), ("dataset", item.dataset)) if value}
    matching = [clip for clip in known.values() if all(getattr(clip, key) == value for key, value in wanted.items())]
    if not matching:
        there = sorted({clip.category for clip in known.values()} | {clip.dataset for clip in known.values()})
        return [], [f": the runs hold no clip of {' and '.join(wanted.values())}. Known: {', '.join(there)}."]
    if item.choose == "critical" and item.quantity not in sources.quantities():
        near = nearest(item.quantity, sources.quantities())
        return [], [f".quantity: no run measured {item.quantity!r}.{near} Known: {', '.join(sources.quantities())}."]
    values = sources.spread(systems, item.quantity, item.by) if item.choose == "critical" else {}
    count = config.defaults.clips_per_category if item.count is None else item.count
    found: list[ClipFacts] = []
    problems = []
    for number, group in enumerate(dict.fromkeys(kind(clip) for clip in matching)):
        pool = {
            clip.id: clip.source
            for clip in matching
            if kind(clip) == group and clip.id in usable and clip.id not in taken
        }
        if item.choose == "critical":
            pool = {clip: source for clip, source in pool.items() if clip in values}
            names = design.critical_clips({clip: values[clip] for clip in pool}, pool, count)
        else:
            names = design.random_clips(pool, count, seed_of(config.seed, index, number))
        if len(names) < count:
            what = f" with a value of {item.quantity}" if item.choose == "critical" else ""
            problems.append(
                f".count: expected {count} clips of {group}, but only {len(names)} can be used{what}. "
                "Measure more, or set count."
            )
        found += [usable[name] for name in names]
    return found, problems


def _training(
    config: TestConfig,
    usable: dict[str, ClipFacts],
    known: dict[str, ClipFacts],
    chosen: Sequence[ClipFacts],
) -> tuple[list[ClipFacts], list[str]]:
    """Clips of the categories of the test in turn, rather not those that are rated."""
    if config.training.ids:
        found, problems = _by_id(config.training.ids, usable, known, "")
        return found, [f"training.ids{problem}" for problem in problems]
    count = config.defaults.training if config.training.count is None else config.training.count
    rated = {clip.id for clip in chosen}
    pools = []
    for number, category in enumerate(CATEGORIES):
        if not any(clip.category == category for clip in chosen):
            continue
        seed = seed_of(config.seed, 1_000, number)
        free = {clip.id: clip.source for clip in usable.values() if clip.category == category and clip.id not in rated}
        used = {clip.id: clip.source for clip in chosen if clip.category == category}
        pools.append([*design.random_clips(free, len(free), seed), *design.random_clips(used, len(used), seed)])
    turns = [pool[turn] for turn in range(max(map(len, pools), default=0)) for pool in pools if turn < len(pool)]
    fresh = sorted(turns, key=lambda clip: clip in rated)
    return [usable[name] for name in fresh[:count]], []


def _by_id(
    ids: Sequence[str], usable: dict[str, ClipFacts], known: dict[str, ClipFacts], key: str
) -> tuple[list[ClipFacts], list[str]]:
    problems = []
    for name in dict.fromkeys(ids):
        if name not in known:
            problems.append(f"{key}: no clip of the runs is called {name!r}.{nearest(name, known)}")
        elif name not in usable:
            problems.append(f"{key}: {name!r} has no audio under a condition of the test; what failed is listed below.")
    return [usable[name] for name in dict.fromkeys(ids) if name in usable], problems
