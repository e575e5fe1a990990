"""What a report says in words: what was run, how, and what went wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from bench.domain import NOT_DECODED
from bench.report.cells import limits_of
from bench.runs.results import Results
from bench.stats import DRAWS, NORMAL_FROM
from bench.tables import categories, conditions, in_order, is_complete, once_per_run, roles, source_codes
from bench.wording import counted

CATEGORY_NAMES = {
    "speech": "Speech",
    "noisy_reverberant_speech": "Noisy and reverberant speech",
    "music": "Music",
}

PARTIAL = "This run is not complete: cells that were planned are missing, and means over fewer clips may move."


@dataclass(frozen=True)
class Headline:
    """What was run, in numbers."""

    complete: bool
    clips: dict[str, int]
    sources: dict[str, int]
    codec_conditions: int
    control_conditions: int
    cells: int
    cells_planned: int
    cells_failed: int
    scores: int
    scores_failed: int
    scores_undefined: int
    warnings: list[str]

    def sentences(self) -> list[str]:
        """The headline as text."""
        clips = ", ".join(
            f"{counted(n, 'clip')} of {category_name(name).lower()} from {counted(self.sources[name], 'source')}"
            for name, n in self.clips.items()
        )
        told = [
            f"{clips or 'No clips'}; {counted(self.codec_conditions, 'codec condition')} and "
            f"{counted(self.control_conditions, 'control')}.",
            f"{counted(self.cells, 'cell')} of {self.cells_planned} encoded or tried, {self.cells_failed} failed; "
            f"{counted(self.scores, 'score')}, {self.scores_failed} failed, {self.scores_undefined} undefined.",
        ]
        return told if self.complete else [PARTIAL, *told]


def category_name(category: str) -> str:
    """A category in words."""
    return CATEGORY_NAMES.get(category, category.replace("_", " ").capitalize())


def headline(results: Results) -> Headline:
    """Count what is there, and what was planned."""
    clips = results.clips.assign(code=source_codes(results.clips))
    per_category = {name: clips[clips["category"] == name] for name in in_order(clips["category"], categories(results))}
    known = list(roles(results).values())
    status = results.scores["status"]
    return Headline(
        complete=is_complete(results),
        clips={name: len(rows) for name, rows in per_category.items()},
        sources={name: rows["code"].nunique() for name, rows in per_category.items()},
        codec_conditions=known.count("codec"),
        control_conditions=len(known) - known.count("codec"),
        cells=len(results.encodings),
        cells_planned=max(len(results.clips) * len(results.conditions), len(results.encodings)),
        cells_failed=int((results.encodings["status"] == "failed").sum()),
        scores=len(results.scores),
        scores_failed=int((status == "failed").sum()),
        scores_undefined=int((status == "undefined").sum()),
        warnings=[str(text) for text in results.info.get("warnings") or []],
    )


@once_per_run
def failures(results: Results) -> pd.DataFrame:
    """What failed or was undefined: one row per clip, condition and reason, with everything it took along.

    ``what`` lists the steps ("encoding" and the names of quantities) and ``rows`` counts their table rows.
    """
    keys = ["category", "clip", "condition", "status", "reason"]
    encodings, scores = _troubled(results.encodings), _troubled(results.scores)
    rows = pd.concat(
        [encodings[keys].assign(what="encoding"), scores[keys].assign(what=scores["quantity"].astype(str))],
        ignore_index=True,
    )
    reasons = rows["reason"].astype(object).fillna("").astype(str).str.removeprefix(NOT_DECODED)
    rows = rows.astype(dict.fromkeys(keys, str)).assign(reason=reasons)
    steps = ["encoding", *results.quantities]
    grouped = [
        {**dict(zip(keys, key, strict=True)), "what": ", ".join(in_order(group["what"], steps)), "rows": len(group)}
        for key, group in rows.groupby(keys, sort=False, observed=True)
    ]
    ranks = [{name: i for i, name in enumerate(names)} for names in (categories(results), conditions(results))]
    grouped.sort(
        key=lambda row: (
            ranks[0][str(row["category"])],
            ranks[1][str(row["condition"])],
            *(str(row[key]) for key in ("clip", "reason")),
        )
    )
    return pd.DataFrame(grouped, columns=[*keys, "what", "rows"])


def _troubled(table: pd.DataFrame) -> pd.DataFrame:
    """Rows that failed or are undefined; and what was coded and decoded, but something beside it failed."""
    noted = (table["status"] == "ok") & table["reason"].notna() & (table["reason"] != "")
    return table[table["status"].isin(["failed", "undefined"]) | noted]


def methods(results: Results, seed: int) -> list[tuple[str, str]]:
    """How the numbers were made: term and text, from the record of the run."""
    info = results.info
    datasets = [str(one.get("name", one) if isinstance(one, dict) else one) for one in info.get("datasets") or []]
    machine = ", ".join(f"{key} {value}" for key, value in (info.get("machine") or {}).items())
    versions = ", ".join(f"{name} {version}" for name, version in sorted((info.get("versions") or {}).items()))
    told = [
        ("Bitrate", "Counted payload bits, side information included, over seconds of audio. Container bytes apart."),
        ("Alignment", info.get("alignment") or "Each codec's delay was found with a probe signal and is removed to "
         "the sample; no clip is aligned by its content. The decoded audio has the length of the reference."),
        ("Resampler", info.get("resampler")),
        ("Mean", "Over the clips of one category that have a value. There is no mean over categories."),
        ("Interval", "95 % percentile bootstrap over sources, widened for few sources (Hesterberg 2015); "
         f"{DRAWS} draws, seed {seed}; its limit for more than {NORMAL_FROM} sources. Clips of one source are drawn "
         "together."),
        ("Imported", "; ".join(info.get("imported") or [])),
        ("Datasets", ", ".join(datasets)),
        ("Seed of the run", info.get("seed")),
        ("Started, ended", f"{info.get('started') or 'unknown'}, {info.get('ended') or 'not yet'}"),
        ("Machine", machine),
        ("Workers", info.get("workers")),
        ("Revision", info.get("git_revision")),
        ("Versions", versions),
        ("Codecs", _codecs(results)),
    ]  # fmt: skip
    return [(term, str(text)) for term, text in told if text not in (None, "")]


def definitions(results: Results) -> list[dict[str, str]]:
    """What each quantity is and what made it."""
    rows = []
    for name, about in {**results.quantities, **results.set_quantities}.items():
        better = {True: "higher is better", False: "lower is better", None: ""}[about.get("higher_is_better")]
        rows.append(
            {
                "name": name,
                "unit": str(about.get("unit") or ""),
                "better": better,
                "range": _range(about),
                "metric": f"{about.get('metric', '')} {about.get('metric_version', '')}".strip(),
                "channels": str(about.get("channel_policy") or "").replace("_", " "),
                "categories": ", ".join(category_name(str(c)).lower() for c in about.get("categories") or []),
                "summary": str(about.get("summary") or ""),
            }
        )
    return rows


def _codecs(results: Results) -> str:
    pairs = results.encodings[["codec", "codec_version"]].drop_duplicates().dropna().sort_values("codec")
    return ", ".join(f"{codec} {version}".strip() for codec, version in pairs.itertuples(index=False))


def _range(about: dict[str, Any]) -> str:
    low, high = (f"{bound:g}".replace("inf", "∞") for bound in limits_of(about))
    return f"{low} to {high}"
