"""Findings as tables of text for people, and as the frame of agreement.csv for programs."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pandas as pd

from bench.agreement.model import ALL, LEVELS, STATISTICS, Agreement, Comparison, Estimate, Findings
from bench.agreement.rated import SCORED
from bench.report.cells import NOTHING, Cell, Heading, bounds, number, probability
from bench.report.record import category_name
from bench.wording import counted

COLUMNS: dict[str, Heading] = {
    "files": Heading("files", "", "Rated files with a value, and how many have none."),
    "files.pearson": Heading("r", "files", "Pearson's correlation over files."),
    "files.spearman": Heading("ρ", "files", "Spearman's correlation over files."),
    "files.kendall": Heading("τ", "files", "Kendall's tau-b over files."),
    "items.kendall": Heading(
        "τ", "within items", "Mean over clips of Kendall's tau-b across the conditions of a clip."
    ),
    "within_conditions.spearman": Heading(
        "ρ", "within conditions", "Mean over conditions of Spearman's correlation across the clips of a condition."
    ),
    "conditions.pearson": Heading(
        "r", "of condition means", "Pearson's correlation of means of conditions: clips averaged away, few points."
    ),
    "files.rmse": Heading("RMSE", "points", "Error after a monotone third-order mapping, in points of the ratings."),
    "files.rmse_star": Heading("RMSE*", "points", "The same, of what lies outside the 95 % interval of the rating."),
    "files.outlier_ratio": Heading("outliers", "share", "Files whose error is larger than half that interval."),
}
"""What tables for people show, in their order."""

SHORT = ("files", "files.pearson", "files.kendall", "items.kendall", "conditions.pearson", "files.rmse")
"""What a terminal has room for."""

PAIR_COLUMNS = (
    Heading("first"), Heading("second"), Heading("files"), Heading("r", "first"), Heading("r", "second"),
    Heading("difference", "first less second"), Heading("p", "Williams"), Heading("p", "Williams, Holm"),
    Heading("p", "Fisher, P.1401"), Heading("RMSE", "first"), Heading("RMSE", "second"), Heading("p", "RMSE, P.1401"),
)  # fmt: skip


@dataclass(frozen=True)
class Scope:
    """A category of a test: all that was found about it."""

    test: str
    type: str
    category: str
    agreements: tuple[Agreement, ...]
    comparisons: tuple[Comparison, ...]

    @property
    def title(self) -> str:
        """Such as ``Speech, test mine``."""
        name = "All categories together" if self.category == ALL else category_name(self.category)
        return f"{name}, test {self.test}"

    @property
    def scale(self) -> str:
        return SCORED.get(self.type, self.type)

    @property
    def counts(self) -> str:
        """How many files, clips, conditions, listeners and ratings the metric with most files has."""
        if not self.agreements:
            return "No metric speaks of this category."
        most = max(self.agreements, key=lambda one: (one.n_files, one.n_ratings))
        return (
            f"{counted(most.n_files, 'file')}: {counted(most.n_clips, 'clip')} of {counted(most.n_sources, 'source')}, "
            f"{counted(most.n_conditions, 'condition')}; {counted(most.n_ratings, 'rating')} of "
            f"{counted(most.n_listeners, 'listener')}."
        )


def scopes(findings: Findings) -> list[Scope]:
    """Every test and category, in order."""
    keys = dict.fromkeys((one.test, one.category) for one in findings.agreements)
    return [
        Scope(
            test, findings.tests[test], category,
            tuple(one for one in findings.agreements if (one.test, one.category) == (test, category) and _tried(one)),
            tuple(one for one in findings.comparisons if (one.test, one.category) == (test, category)),
        )
        for test, category in keys
    ]  # fmt: skip


def row(one: Agreement, columns: Sequence[str] = tuple(COLUMNS)) -> list[Cell]:
    """The cells of a metric."""
    return [_files(one) if name == "files" else _cell(one[name], 1 if "rmse" in name else 2) for name in columns]


def pair_row(one: Comparison) -> list[Cell]:
    """The cells of two metrics, under PAIR_COLUMNS."""
    return [
        Cell(one.first), Cell(one.second), Cell(str(one.n_files), value=one.n_files),
        *(Cell(number(r), value=r) for r in (one.pearson_first, one.pearson_second)), _cell(one.difference, 2),
        *(Cell(probability(p), value=p) for p in (one.p_williams, one.p_holm, one.p_fisher)),
        *(Cell(number(rmse, 1), value=rmse) for rmse in (one.rmse_first, one.rmse_second)),
        Cell(probability(one.p_rmse), value=one.p_rmse),
    ]  # fmt: skip


def long_table(findings: Findings) -> pd.DataFrame:
    """The frame of agreement.csv: a row per test, category and quantity; each statistic with ``_low``, ``_high``."""
    return pd.DataFrame([dict(_fields(one)) for one in findings.agreements])


def pair_table(findings: Findings) -> pd.DataFrame:
    """The frame of agreement_pairs.csv."""
    rows = []
    for one in findings.comparisons:
        fields = {name: getattr(one, name) for name in Comparison.__slots__ if name != "difference"}
        difference = one.difference
        rows.append({**fields, "difference": difference.value, "difference_low": difference.low,
                     "difference_high": difference.high})  # fmt: skip
    names = [name for name in Comparison.__slots__ if name != "difference"]
    return pd.DataFrame(rows, columns=[*names, "difference", "difference_low", "difference_high"])


def _fields(one: Agreement) -> Iterator[tuple[str, object]]:
    for name in (
        "test", "category", "quantity", "unit", "higher_is_better", "n_files", "n_clips", "n_sources", "n_conditions",
        "n_listeners", "n_ratings",
    ):  # fmt: skip
        yield name, getattr(one, name)
    yield "n_without_value", sum(one.missing.values())
    yield "missing", "; ".join(f"{status} {count}" for status, count in one.missing.items())
    yield "verdict", one.verdict.kind
    yield "sentence", one.verdict.sentence
    for level in LEVELS:
        for statistic in STATISTICS[level]:
            found = one[f"{level}.{statistic}"]
            yield from (
                (f"{level}_{statistic}{end}", value)
                for end, value in (("", found.value), ("_low", found.low), ("_high", found.high), ("_n", found.n))
            )


def _tried(one: Agreement) -> bool:
    """False for a metric that does not speak of a category: agreement.csv has it, tables for people do not."""
    return one.n_files > 0 or set(one.missing) != {"not_applicable"}


def _files(one: Agreement) -> Cell:
    note = ", ".join(f"{count} {status.replace('_', ' ')}" for status, count in one.missing.items())
    return Cell(str(one.n_files), note=note, value=one.n_files)


def _cell(found: Estimate, digits: int) -> Cell:
    if math.isnan(found.value):
        return Cell(NOTHING)
    return Cell(number(found.value, digits), bounds(found.low, found.high, digits), value=found.value)
