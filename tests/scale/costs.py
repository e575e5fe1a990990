"""What the cells of a run have cost, by codec and metric, from its tables. Pure: reads a run folder, writes nothing.

Costs are seconds of one core for each second of audio and channel: a stereo clip of 10 s counts as 20 s. The tables
hold seconds on the clock of steps that compute with one thread; on a machine that others use, too, they are longer than
the time spent computing. :class:`Usage` knows how much longer, so that costs are CPU seconds on every machine.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bench.runs.results import ENCODINGS, SCORES, Results, load_results
from tests.scale.simulation import Work


@dataclass(frozen=True, slots=True)
class Usage:
    """What a run has taken, beside its tables.

    ``idle_*`` are of the same run started again with nothing to do: its planning, its tables. ``start_cpu_s`` is what a
    worker computes before and beside its first clip: imports, models, warming up.
    """

    wall_s: float
    driver_cpu_s: float
    workers_cpu_s: float
    workers: int
    idle_wall_s: float = 0.0
    idle_cpu_s: float = 0.0
    start_cpu_s: float = 0.0

    @property
    def computing(self) -> float:
        """The share of the workers' time in which they computed; below 1 where others use the machine."""
        return min(1.0, self.workers_cpu_s / (self.workers * max(self.wall_s - self.idle_wall_s, 1e-9)))


@dataclass(frozen=True, slots=True)
class CodecCost:
    """Of one condition. Seconds and bytes are for each second of audio and channel; ``role`` is codec or control."""

    role: str
    encode_s: float
    decode_s: float
    stream_bytes: float
    decoded_bytes: float
    cells: int


@dataclass(frozen=True, slots=True)
class MetricCost:
    """Of one metric: ``score_s`` for each condition, ``prepare_s`` once for each clip, however many conditions.

    ``share``: of the audio, how much it applies to; PESQ and STOI are for speech.
    """

    prepare_s: float
    score_s: float
    quantities: int
    share: float


@dataclass(frozen=True, slots=True)
class Costs:
    """What a run has cost. ``other_s`` is for each encoding: resampling, aligning, hashing and writing audio."""

    clips: int
    audio_s: float
    channel_s: float
    codecs: Mapping[str, CodecCost]
    metrics: Mapping[str, MetricCost]
    other_s: float
    start_s: float
    row_s: float
    driver_alone_s: float
    reference_bytes: float
    journal_row_bytes: float
    table_row_bytes: float
    rows: int

    def of_codecs(self) -> Costs:
        """Without the controls, whose bitstreams are larger than those of any codec."""
        codecs = {name: codec for name, codec in self.codecs.items() if codec.role == "codec"}
        return replace(self, codecs=codecs or self.codecs)

    @property
    def coding_s(self) -> float:
        """Of a mean cell: encoding, decoding, and what goes with it."""
        return _mean([codec.encode_s + codec.decode_s for codec in self.codecs.values()]) + self.other_s

    def clip(self, channel_s: float, conditions: int) -> Work:
        """A clip of ``channel_s`` seconds, coded by ``conditions`` of the mean cost and size, as mixed as these."""
        scoring = sum((m.prepare_s + conditions * m.score_s) * m.share for m in self.metrics.values())
        sizes = _mean([codec.stream_bytes + codec.decoded_bytes for codec in self.codecs.values()])
        rows = conditions * (1 + sum(metric.quantities for metric in self.metrics.values()))
        return Work(
            coding_s=channel_s * conditions * self.coding_s,
            scoring_s=channel_s * scoring,
            rows=rows,
            read_bytes=channel_s * self.reference_bytes,
            written_bytes=channel_s * (conditions * sizes + self.reference_bytes) + rows * self.journal_row_bytes,
            operations=2 + 2 * conditions,
        )


def costs_of(folder: Path, usage: Usage) -> Costs:
    """The costs of the finished run in ``folder``."""
    results = load_results(folder)
    clips = results.clips.set_index("clip")
    coded = results.encodings[results.encodings["status"] == "ok"]
    channels = coded["clip"].astype(str).map(clips["channels"]).astype(float)
    coded = coded.assign(channel_s=coded["seconds"] * channels)
    of_clip = coded.groupby(coded["clip"].astype(str))["channel_s"].first()
    scores = results.scores.assign(channel_s=results.scores["clip"].astype(str).map(of_clip))
    scores = scores[scores["status"] == "ok"]
    codecs = _codecs(folder, coded, usage.computing)
    metrics = _metrics(scores, usage.computing, float(coded["channel_s"].sum()))
    tabled = sum(float(coded[name].sum()) for name in ("encode_s", "decode_s"))
    tabled += sum(float(scores[name].sum()) for name in ("prepare_s", "score_s"))
    rest = usage.workers_cpu_s - usage.workers * usage.start_cpu_s - tabled * usage.computing
    rows = len(results.encodings) + len(results.scores)
    return Costs(
        clips=len(of_clip),
        audio_s=float(coded.groupby(coded["clip"].astype(str))["seconds"].first().sum()),
        channel_s=float(of_clip.sum()),
        codecs=codecs,
        metrics=metrics,
        other_s=max(0.0, rest) / float(coded["channel_s"].sum()),
        start_s=usage.start_cpu_s,
        row_s=max(0.0, usage.driver_cpu_s - usage.idle_cpu_s) / rows,
        driver_alone_s=usage.idle_cpu_s,
        reference_bytes=_bytes_of(folder / "references") / float(of_clip.sum()),
        journal_row_bytes=sum(_bytes_of(path) for path in folder.glob("journal*")) / rows,
        table_row_bytes=sum((folder / name).stat().st_size for name in (ENCODINGS, SCORES)) / rows,
        rows=rows,
    )


def works_of(results: Results, costs: Costs) -> list[Work]:
    """Each clip of a run as the cost model has it, for a simulation of the run itself."""
    conditions = len(results.conditions)
    clips = results.encodings[results.encodings["status"] == "ok"].drop_duplicates("clip")
    channels = clips["clip"].astype(str).map(results.clips.set_index("clip")["channels"]).astype(float)
    return [costs.clip(float(seconds), conditions) for seconds in clips["seconds"] * channels]


def _codecs(folder: Path, coded: Any, computing: float) -> dict[str, CodecCost]:
    found = {}
    for condition, cells in coded.groupby("condition", observed=True):
        amount = float(cells["channel_s"].sum())
        decoded = sum((folder / str(path)).stat().st_size for path in cells["decoded"])
        found[str(condition)] = CodecCost(
            role=str(cells["role"].iloc[0]),
            encode_s=computing * float(cells["encode_s"].sum()) / amount,
            decode_s=computing * float(cells["decode_s"].sum()) / amount,
            stream_bytes=float(cells["payload_bytes"].sum()) / amount,
            decoded_bytes=decoded / amount,
            cells=len(cells),
        )
    return found


def _metrics(scores: Any, computing: float, channel_s: float) -> dict[str, MetricCost]:
    found = {}
    for metric, rows in scores.groupby("metric", observed=True):
        cells = rows.drop_duplicates(["clip", "condition"])
        clips = rows.drop_duplicates("clip")
        found[str(metric)] = MetricCost(
            prepare_s=computing * float(rows["prepare_s"].sum()) / float(clips["channel_s"].sum()),
            score_s=computing * float(rows["score_s"].sum()) / float(cells["channel_s"].sum()),
            quantities=rows["quantity"].nunique(),
            share=float(cells["channel_s"].sum()) / channel_s,
        )
    return found


def _bytes_of(path: Path) -> int:
    if path.is_file():
        return path.stat().st_size
    return sum(one.stat().st_size for one in path.rglob("*") if one.is_file())


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)
