"""The plots of an analysis."""

from __future__ import annotations

from dataclasses import dataclass

from listening_test.analysis.analysed import ALL, NO_CATEGORY, Analysis
from listening_test.analysis.figures import Series, boxes, violins

LIMITS = {"mushra": (0.0, 100.0), "acr": (1.0, 5.0), "dcr": (1.0, 5.0)}


@dataclass(frozen=True)
class Picture:
    """An SVG element and what it shows."""

    svg: str
    caption: str


def pictures(analysis: Analysis, category: str = ALL) -> tuple[Picture, ...]:
    """Box plot and violins of the conditions in a category, or in all."""
    used = analysis.used
    if category != ALL:
        used = used[used["category"] == category]
    scores = {str(name): group["score"].to_numpy(dtype=float) for name, group in used.groupby("condition")}
    table = analysis.conditions[analysis.conditions["category"] == category]
    series = [
        Series(
            name=str(row["condition"]),
            values=scores[str(row["condition"])],
            mean=row["mean"],
            low=row["ci_low"],
            high=row["ci_high"],
            system=row["role"] == "system",
        )
        for row in table.to_dict("records")
    ]
    if not series:
        return ()
    limits, where = LIMITS[analysis.test_type], "" if category == ALL else f", {category or NO_CATEGORY}"
    return (
        Picture(
            boxes(series, limits, f"Box plot of the scores of each condition{where}"),
            "Box: quartiles with median; whiskers reach to the last rating within 1.5 times the box, circles lie "
            "beyond. Diamond and bar: mean with 95 % confidence interval over listeners.",
        ),
        Picture(
            violins(series, limits, f"Distribution of the scores of each condition{where}"),
            "Density of the ratings, each a tick; long lines: median, short ones: quartiles.",
        ),
    )
