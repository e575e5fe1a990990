"""The bitrate that each series needs for one quality: that of the anchor at a bitrate, or a given one."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.curves.delta import Curve, curve, quality_at, rate_at
from bench.curves.family import Family, Point
from bench.curves.joint import Joint, usable
from bench.curves.savings import DRAWS, FAMILY_COLUMNS, Bootstrapped, about, interval

NEEDED_COLUMNS = (
    *FAMILY_COLUMNS, "anchor", "anchor_bps", "target", "series", "needed_bps", "ci_low", "ci_high", "computable_draws",
    "draws", "n", "n_clusters", "reason", "ci_reason", "left_out",
)  # fmt: skip


def needed_at_quality(family: Family, target: float, seed: int = 0, draws: int = DRAWS) -> list[dict[str, Any]]:
    """The bitrate at which each series reaches ``target``, in the unit of the quantity; NEEDED_COLUMNS.

    It is interpolated between the measured points, never beyond them: ``reason`` says on which side a series has no
    points. The interval draws whole clusters; a draw in which the quality is out of reach is not computable.
    """
    rows = []
    for name, points in family.series.items():
        kept, left_out = usable(points)

        def reached(joint: Joint, drawn: NDArray[np.intp] | None = None) -> tuple[float, str, float]:
            found = rate_at(curve(*joint.at(drawn)), family.sign * target)
            return found.value, found.reason, target

        same = {"anchor": "", "anchor_bps": math.nan, "series": name, "left_out": "; ".join(left_out)}
        rows.append(about(family) | same | _found(family, kept, reached, seed, draws))
    return rows


def needed_at_rate(
    family: Family, anchor: str, anchor_bps: float, seed: int = 0, draws: int = DRAWS
) -> list[dict[str, Any]]:
    """The bitrate at which each other series is as good as ``anchor`` at ``anchor_bps``; NEEDED_COLUMNS.

    Both are over the items that all points of the two series have; ``target`` is the anchor's quality on these. A draw
    takes the anchor's quality anew, too.
    """
    reference, anchor_left_out = usable(family.series.get(anchor, []))
    rows = []
    for name, points in family.series.items():
        if name == anchor:
            continue
        kept, left_out = usable(points)

        def reached(joint: Joint, drawn: NDArray[np.intp] | None = None) -> tuple[float, str, float]:
            bps, quality = joint.at(drawn)
            place = len(reference)
            wanted = quality_at(curve(bps[:place], quality[:place]), anchor_bps)
            if wanted.reason:
                return math.nan, f"the anchor's quality at this bitrate: {wanted.reason}", math.nan
            other: Curve = curve(bps[place:], quality[place:])
            found = rate_at(other, wanted.value)
            return found.value, found.reason, family.sign * wanted.value

        same = {"anchor": anchor, "anchor_bps": anchor_bps, "series": name,
                "left_out": "; ".join([*anchor_left_out, *left_out])}  # fmt: skip
        both = [*reference, *kept] if reference and kept else []
        rows.append(about(family) | same | _found(family, both, reached, seed, draws))
    return rows


def _found(
    family: Family, points: list[Point], reached: Callable[..., tuple[float, str, float]], seed: int, draws: int
) -> dict[str, Any]:
    nothing = {"needed_bps": math.nan, "target": math.nan, "ci_low": math.nan, "ci_high": math.nan,
               "computable_draws": 0, "draws": draws, "n": 0, "n_clusters": 0, "ci_reason": ""}  # fmt: skip
    if family.higher_is_better is None:
        return nothing | {"reason": "the quantity has no better direction"}
    if not points:
        return nothing | {"reason": "no points with a value and a bitrate"}
    joint = Joint(family, points)
    if not joint.n:
        return nothing | {"reason": "no clip has a value at every point"}
    value, reason, target = reached(joint)
    drawn = Bootstrapped(math.nan, math.nan, 0)
    if not reason:
        drawn = interval(joint.clusters, lambda clusters: reached(joint, clusters)[0], seed, draws)
    return {
        "needed_bps": value, "target": target, "ci_low": drawn.low, "ci_high": drawn.high, "draws": draws,
        "computable_draws": drawn.computable, "n": joint.n, "n_clusters": joint.n_clusters, "reason": reason,
        "ci_reason": drawn.reason,
    }  # fmt: skip
