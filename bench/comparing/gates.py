"""``--fail-on``: a sentence about a difference that must not become true, and whether it has.

    QUANTITY [@CATEGORY] [CONDITION-PATTERN] OPERATOR NUMBER[%] [significant]

QUANTITY is a quantity of the runs, ``kbps``, ``encode_speed``, ``decode_speed`` or ``failed``; OPERATOR is one of
``<``, ``<=``, ``>`` and ``>=``. The number is compared with the mean difference, NEW less BASE; with ``%``, with the
difference as a share of BASE's mean over the same clips.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from bench.comparing.columns import DECODE_SPEED, ENCODE_SPEED
from bench.comparing.model import Change, Comparison
from bench.errors import ConfigError
from bench.registry import nearest

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
    is of another version, or one of the runs lacks the quantity or the condition.

    Raises:
        ConfigError: a quantity, category or condition that neither run has.
    """
    problems = [problem for gate in gates for problem in _unknown(gate, comparison)]
    if problems:
        raise ConfigError(problems)
    return [Outcome(gate, list(_cases(gate, comparison))) for gate in gates]


def _unknown(gate: Gate, comparison: Comparison) -> Iterable[str]:
    quantities = [FAILED, *(change.quantity for change in comparison.changes)]
    quantities += comparison.only_base.quantities + comparison.only_new.quantities
    categories = dict.fromkeys(change.category for change in comparison.changes)
    conditions = [name for _, name in comparison.conditions]
    conditions += comparison.only_base.conditions + comparison.only_new.conditions
    start = f"--fail-on {gate.text!r}: "
    if gate.quantity not in quantities:
        known = ", ".join(dict.fromkeys(quantities))
        yield f"{start}no quantity {gate.quantity!r}.{nearest(gate.quantity, quantities)} Quantities: {known}."
    if gate.category is not None and gate.category not in categories:
        yield (
            f"{start}no category {gate.category!r}.{nearest(gate.category, categories)} "
            f"Categories: {', '.join(categories)}."
        )
    if not any(fnmatchcase(name, gate.pattern) for name in conditions):
        yield (
            f"{start}no condition fits {gate.pattern!r}.{nearest(gate.pattern, conditions)} "
            f"Conditions: {', '.join(conditions)}."
        )


def _cases(gate: Gate, comparison: Comparison) -> Iterable[Case]:
    for name in comparison.only_base.conditions:
        if fnmatchcase(name, gate.pattern):
            yield Case(gate.category or "", name, True, "cannot be computed: only BASE has this condition.")
    if gate.quantity == FAILED:
        yield _failed(gate, comparison)
        return
    found = [
        change
        for change in comparison.changes
        if change.quantity == gate.quantity and gate.takes(change.category, change.condition)
    ]
    for change in found:
        yield _of_change(gate, change)
    if not found:
        sides = (("BASE", comparison.only_base.quantities), ("NEW", comparison.only_new.quantities))
        side = next((side for side, names in sides if gate.quantity in names), None)
        why = f"only {side} has {gate.quantity}" if side else f"{gate.quantity} applies nowhere in its scope"
        yield Case(gate.category or "", gate.pattern, True, f"cannot be computed: {why}.")


def _failed(gate: Gate, comparison: Comparison) -> Case:
    own = [failure for failure in comparison.failures if gate.takes(failure.category, failure.condition)]
    count = sum(failure.count for failure in own)
    examples = "; ".join(example for failure in own for example in failure.examples)
    told = f"{count} {'cell fails' if count == 1 else 'cells fail'} that did not fail in BASE"
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
