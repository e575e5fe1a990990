"""Every applicable metric of one pair of files or waveforms, without a run."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from bench import audio, metrics
from bench.align import measured_delay
from bench.audio import Audio
from bench.domain import Category
from bench.errors import AudioError, CodecbenchError, MissingRequirement, row_of
from bench.metrics.base import Metric


@dataclass(frozen=True, slots=True)
class PairScores:
    """The scores of a pair: ``rows`` as in the score table of a run, and what was noticed about the pair."""

    rows: list[dict[str, Any]]
    notes: list[str]

    @property
    def values(self) -> dict[str, float]:
        """``{quantity: value}`` of those that have one."""
        return {row["quantity"]: row["value"] for row in self.rows if row["status"] == "ok"}


def score(
    reference: str | os.PathLike[str] | Audio,
    degraded: str | os.PathLike[str] | Audio,
    metrics_wanted: Iterable[str] | None = None,
    category: Category | None = None,
    delay_samples: int = 0,
) -> PairScores:
    """Score ``degraded`` against ``reference``.

    The degraded signal is converted to the reference's rate, ``delay_samples`` (at that rate) are cut off its start,
    and it is cut or padded with zeros to the reference's length, but for metrics that align by themselves (ViSQOL);
    every such step is noted. Nothing is aligned here: a remaining lag is only reported.

    Args:
        metrics_wanted: names of quantities or groups; None: all that work here, but for ``visqol_reference``. What of a
            group does not work here has a row that says why.
        category: leaves out metrics that do not speak of it; None: all are computed.
    Raises:
        AudioError: a file that cannot be measured, or another number of channels.
        UnknownName: no such quantity.
        MissingRequirement: a quantity was asked for by name, and its package is not installed.
    """
    wanted = ["all"] if metrics_wanted is None else list(metrics_wanted)
    missing = _missing(wanted)
    chosen = [name for name in metrics.expand(wanted) if metrics_wanted is not None or name not in missing]
    made = metrics.make(name for name in chosen if name not in missing)
    clean = (reference if isinstance(reference, Audio) else audio.read(reference)).quantised()
    other = degraded if isinstance(degraded, Audio) else audio.read(degraded)
    whole, other, notes = _matched(clean, other, delay_samples)
    rows = [_row(name, None, "", "failed", missing[name]) for name in chosen if name in missing]
    for metric in made:
        values: dict[str, float] = {}
        status, reason = "ok", ""
        try:
            if category:
                metric.require(category)
            values = metric.score(metric.prepare(clean), whole if metric.aligns else other)
        except Exception as error:  # noqa: BLE001  # as in a run: a failure is a row
            status, reason = row_of(error)
        rows += [
            _row(quantity.name, values.get(quantity.name), quantity.unit, status, reason, metric)
            for quantity in metric.quantities
            if quantity.name in chosen
        ]
    order = {name: index for index, name in enumerate(chosen)}
    return PairScores(sorted(rows, key=lambda row: order[row["quantity"]]), notes)


def _missing(wanted: Iterable[str]) -> dict[str, str]:
    """What of the groups in ``wanted`` does not work here, and why; what is also named by itself has to work."""
    found = {}
    for name in metrics.expand(group for group in wanted if group == "all" or group in metrics.GROUPS):
        try:
            if name not in wanted:
                metrics.make([name])
        except MissingRequirement as error:
            found[name] = row_of(error)[1]
    return found


def _row(
    name: str, value: float | None, unit: str, status: str, reason: str, metric: Metric | None = None
) -> dict[str, Any]:
    return {
        "quantity": name,
        "value": value,
        "unit": unit,
        "status": status,
        "reason": reason,
        "metric_version": str(metric.identity) if metric else "",
        "channel_policy": metric.domain.channels if metric else "",
    }


def _matched(reference: Audio, degraded: Audio, delay_samples: int) -> tuple[Audio, Audio, list[str]]:
    """The degraded signal at the reference's rate: all of it, and at the reference's length; what was done."""
    notes = []
    if degraded.channels != reference.channels:
        raise AudioError(
            f"expected as many channels in both files, got {reference.channels} in the reference and "
            f"{degraded.channels} in the degraded one; mix or split one of them first."
        )
    if degraded.rate != reference.rate:
        notes.append(f"the degraded file was converted from {degraded.rate} Hz to the reference's {reference.rate} Hz.")
        degraded = degraded.at(reference.rate)
    if delay_samples:
        degraded = _shifted(degraded, delay_samples)
        notes.append(f"{delay_samples} samples were cut off the start of the degraded file, as asked.")
    whole = degraded.quantised()
    if degraded.length != reference.length:
        difference = degraded.length - reference.length
        done = f"{difference} samples were cut off its end" if difference > 0 else f"{-difference} zeros were appended"
        notes.append(f"the degraded file is not as long as the reference: {done}, but for ViSQOL.")
        degraded = degraded.with_length(reference.length)
    notes += _lag_note(reference, degraded)
    return whole, degraded.quantised(), notes


def _shifted(signal: Audio, delay_samples: int) -> Audio:
    if delay_samples > 0:
        return signal.part(delay_samples, signal.length)
    return Audio(np.pad(signal.samples, ((0, 0), (-delay_samples, 0))), signal.rate)


def _lag_note(reference: Audio, degraded: Audio) -> list[str]:
    try:
        lag = measured_delay(reference, degraded)
    except CodecbenchError:
        return []
    if lag == 0:
        return []
    side = "late" if lag > 0 else "early"
    return [
        f"the degraded file seems {abs(lag)} samples {side}; metrics that do not align by themselves suffer. "
        f"If that is the codec's delay and not the content, give --delay {lag}."
    ]
