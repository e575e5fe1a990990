"""``--fail-on``: a sentence about a difference that must not become true, and whether it has.

    QUANTITY [@CATEGORY] [CONDITION-PATTERN] OPERATOR NUMBER[%] [significant]

QUANTITY is a quantity of the runs, the beginning of several (``visqol`` of ``visqol_audio``), ``kbps``,
``encode_speed``, ``decode_speed`` or ``failed``; OPERATOR is one of ``<``, ``<=``, ``>`` and ``>=``. The number is
compared with the mean difference, NEW less BASE; with ``%``, with the difference as a share of BASE's mean over the
same clips.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from bench.comparing.columns import DECODE_SPEED, ENCODE_SPEED
from bench.comparing.model import Change, Comparison, Gap
from bench.errors import ConfigError
from bench.registry import nearest
from bench.wording import counted

FAILED = "failed"

OPERATORS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip

FORM = 'QUANTITY [@CATEGORY] [CONDITION-PATTERN] OPERATOR NUMBER[%] [significant], such as "visqol_audio < -0.05"'

_SENTENCE = re.compile(
    r"(?P<head>[^<>]*)(?P<operator><=|>=|<|>)\s*(?P<number>\S+?)\s*(?P<percent>%?)(?P<rest>\s+\S.*)?", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Gate:
    """A parsed ``--fail-on``. ``text`` is what was written."""

    text: str
    quantity: str
    category: str | None
    pattern: str
    operator: str
    number: float
    percent: bool
    significant: bool

    def takes(self, category: str, condition: str) -> bool:
        return self.category in (None, category) and fnmatchcase(condition, self.pattern)

    def trips(self, value: float) -> bool:
        return OPERATORS[self.operator](value, self.number)


@dataclass(frozen=True, slots=True)
class Case:
    """What a gate says of one condition in one category; ``told`` is the sentence that belongs to it."""

    category: str
    condition: str
    tripped: bool
    told: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """A gate and its cases."""

    gate: Gate
    cases: list[Case]

    @property
    def tripped(self) -> bool:
        return any(case.tripped for case in self.cases)


def parse(text: str) -> Gate:
    """The gate that ``text`` describes.

    Raises:
        ConfigError: it has another form; says what was expected.

    >>> gate = parse("kbps @speech opus* > 2%")
    >>> gate.quantity, gate.category, gate.pattern, gate.operator, gate.number, gate.percent
    ('kbps', 'speech', 'opus*', '>', 0.02, True)
    """
    found = _SENTENCE.fullmatch(text.strip())
    if not found:
        raise _wrong(text, "there is no comparison such as '< -0.05' in it")
    words = re.sub(r"^(\S+?)@", r"\1 @", found["head"].strip()).split()
    if not words:
        raise _wrong(text, "it names no quantity")
    name, *scope = words
    category = scope.pop(0)[1:] if scope and scope[0].startswith("@") else None
    if category == "" or len(scope) > 1:
        raise _wrong(text, f"expected at most one category and one condition after {name!r}")
    try:
        number = float(found["number"])
    except ValueError:
        raise _wrong(text, f"{found['number']!r} is no number") from None
    if not math.isfinite(number):
        raise _wrong(text, "the number must be finite")
    rest = (found["rest"] or "").split()
    if rest not in ([], ["significant"]):
        raise _wrong(text, f"after the number expected nothing or 'significant', got {' '.join(rest)!r}")
    percent, significant = bool(found["percent"]), bool(rest)
    if name in (ENCODE_SPEED, DECODE_SPEED) and not percent:
        raise _wrong(text, f"{name} is compared as a ratio: give a percentage, such as '{name} < -10%'")
    if name == FAILED and (percent or significant):
        raise _wrong(text, "'failed' counts cells: give a plain number, such as 'failed > 0'")
    scale = 100 if percent else 1
    return Gate(
        text.strip(), name, category, scope[0] if scope else "*", found["operator"], number / scale, percent,
        significant,
    )  # fmt: skip


def _wrong(text: str, why: str) -> ConfigError:
    return ConfigError(f"--fail-on {text!r}: {why}. Expected {FORM}.")


def judge(gates: Sequence[Gate], comparison: Comparison) -> list[Outcome]:
    """What each gate says of ``comparison``.

    A gate that asks for a difference that cannot be computed trips: where no clip has a value in both runs, the metric
    is of another version, or NEW lacks the quantity, the condition or all clips of the category. ``failed`` trips
    where NEW lacks a clip.

    Raises:
        ConfigError: a quantity, category or condition that neither run has.
    """
    problems = [problem for gate in gates for problem in _unknown(gate, comparison)]
    if problems:
        raise ConfigError(problems)
    return [Outcome(gate, list(_cases(gate, comparison))) for gate in gates]


def _unknown(gate: Gate, comparison: Comparison) -> Iterable[str]:
    quantities = [FAILED, *_quantities(comparison)]
    conditions = [name for _, name in comparison.matched.conditions]
    conditions += comparison.matched.only_base.conditions + comparison.matched.only_new.conditions
    start = f"--fail-on {gate.text!r}: "
    if gate.quantity != FAILED and not _meant(gate, comparison):
        known = ", ".join(quantities)
        yield f"{start}no quantity {gate.quantity!r}.{nearest(gate.quantity, quantities)} Quantities: {known}."
    if gate.category is not None and gate.category not in comparison.matched.categories:
        yield (
            f"{start}no category {gate.category!r}.{nearest(gate.category, comparison.matched.categories)} "
            f"Categories: {', '.join(comparison.matched.categories)}."
        )
    if not any(fnmatchcase(name, gate.pattern) for name in conditions):
        yield (
            f"{start}no condition fits {gate.pattern!r}.{nearest(gate.pattern, conditions)} "
            f"Conditions: {', '.join(conditions)}."
        )


def _quantities(comparison: Comparison) -> list[str]:
    """Those of either run."""
    names = [change.quantity for change in comparison.changes]
    return list(dict.fromkeys(names + comparison.matched.only_base.quantities + comparison.matched.only_new.quantities))


def _meant(gate: Gate, comparison: Comparison) -> list[str]:
    """The quantity of that name, or else the metrics of that family: ``visqol`` is every ``visqol_...``."""
    names = _quantities(comparison)
    if gate.quantity in names:
        return [gate.quantity]
    rates = {change.quantity for change in comparison.changes if change.kind in ("rate", "speed")}
    return [name for name in names if name.startswith(f"{gate.quantity}_") and name not in rates]


def _cases(gate: Gate, comparison: Comparison) -> Iterable[Case]:
    meant = _meant(gate, comparison)
    found = list(_without_partner(gate, meant, comparison))
    if gate.quantity == FAILED:
        return [*found, _failed(gate, comparison)]
    found += [
        _of_change(gate, change)
        for change in comparison.changes
        if change.quantity in meant and gate.takes(change.category, change.condition)
    ]
    return found or [_nowhere(gate, meant, comparison)]


def _without_partner(gate: Gate, meant: Sequence[str], comparison: Comparison) -> Iterable[Case]:
    """What BASE has in the scope of the gate and NEW has not."""
    scope = gate.category or ""
    for name in comparison.matched.only_base.conditions:
        if fnmatchcase(name, gate.pattern):
            yield Case(scope, name, True, "cannot be computed: only BASE has this condition.")
    for name in meant:
        if name in comparison.matched.only_base.quantities:
            yield Case(scope, gate.pattern, True, f"cannot be computed: only BASE has {name}.")
    for gap in comparison.matched.gaps:
        why = _of_gap(gate, meant, gap) if gate.category in (None, gap.category) else ""
        if why:
            yield Case(gap.category, gate.pattern, True, f"cannot be computed: {why}.")


def _of_gap(gate: Gate, meant: Sequence[str], gap: Gap) -> str:
    if gate.quantity == FAILED and gap.clips:
        return f"only BASE has {len(gap.clips)} of the clips, such as {gap.clips[0]}"
    spoken = gap.quantities if gate.quantity == FAILED else [name for name in gap.quantities if name in meant]
    return "BASE and NEW have no clip in common here" if spoken else ""


def _nowhere(gate: Gate, meant: Sequence[str], comparison: Comparison) -> Case:
    if any(name in comparison.matched.only_new.quantities for name in meant):
        why = f"only NEW has {gate.quantity}"
    elif gate.category and gate.category not in {change.category for change in comparison.changes}:
        why = "BASE and NEW have no clip in common here"
    elif any(fnmatchcase(name, gate.pattern) for _, name in comparison.matched.conditions):
        why = f"{gate.quantity} applies nowhere in its scope"
    else:
        why = "only NEW has this condition"
    return Case(gate.category or "", gate.pattern, True, f"cannot be computed: {why}.")


def _failed(gate: Gate, comparison: Comparison) -> Case:
    own = [failure for failure in comparison.failures if gate.takes(failure.category, failure.condition)]
    count = sum(failure.count for failure in own)
    examples = "; ".join(f"{failure.condition}, {failure.shown}" for failure in own)
    told = f"{counted(count, 'cell')} {'fails' if count == 1 else 'fail'} that did not fail in BASE"
    return Case(gate.category or "", gate.pattern, gate.trips(count), f"{told}{f' ({examples})' if count else ''}.")


def _of_change(gate: Gate, change: Change) -> Case:
    value = change.relative if gate.percent else change.mean
    if math.isnan(value):
        why = change.note or ("no clip has a value in both runs" if not change.n else "its mean is not finite")
        return Case(change.category, change.condition, True, f"cannot be computed: {why}.")
    shown = f"{100 * value:+.3g} %" if gate.percent else f"{value:+.4g} {change.unit}".strip()
    told = f"{change.quantity} changed by {shown} over {change.n} clips"
    if not gate.trips(value):
        return Case(change.category, change.condition, False, f"{told}.")
    if gate.significant and math.isnan(change.p_holm):
        return Case(change.category, change.condition, True, f"{told}; whether by chance cannot be computed.")
    chance = f"p = {change.p_holm:.3g} after Holm" if not math.isnan(change.p_holm) else "not tested"
    return Case(change.category, change.condition, not gate.significant or change.significant, f"{told}, {chance}.")
