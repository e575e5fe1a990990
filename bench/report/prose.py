"""The methods of a run as paragraphs for a paper, in LaTeX, made of what the run has recorded and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import pandas as pd

from bench.citations import CODECS, CURVES, MEASURES, METHODS, QUANTITIES, SOFTWARE, bibtex
from bench.report.latex import escape
from bench.report.record import category_name
from bench.runs.results import Results
from bench.stats import DRAWS, NORMAL_FROM
from bench.tables import categories, is_complete, leaves_out, source_codes
from bench.wording import counted

if TYPE_CHECKING:
    from bench.report.against import Against

ELSEWHERE = "decoded"
"""The codec that is made of files: nothing was coded or decoded here."""


def methods_tex(results: Results, seed: int, compared: Mapping[str, Against] | None = None) -> str:
    """What was measured, how, and with which versions: LaTeX that needs no package."""
    paragraphs = (_material(results), _coding(results), _measuring(results), _statistics(results, seed, compared or {}))
    return "\n\n".join(" ".join(sentences) for sentences in map(list, paragraphs)) + "\n"


def references_bib(results: Results, compared: Mapping[str, Against] | None = None) -> str:
    """BibTeX of what :func:`methods_tex` cites."""
    keys = [key for codec in _codecs(results)["name"] for key in CODECS.get(codec, ())]
    keys += [key for name in _measured(results) for key in QUANTITIES.get(name, ())]
    keys += [key for name in _measures(results) for key in MEASURES.get(name, ())]
    keys += CURVES if any(found.anchor for found in (compared or {}).values()) else ()
    return bibtex([*keys, *METHODS, *SOFTWARE])


def _material(results: Results) -> Iterator[str]:
    clips = results.clips.assign(code=source_codes(results.clips))
    seconds = results.encodings.drop_duplicates("clip").set_index("clip")["seconds"]
    parts = []
    for name in categories(results):
        rows = clips[clips["category"] == name]
        lasts = seconds.reindex(rows["clip"].astype(str)).dropna().sum()
        sets = _listed(escape(dataset) for dataset in sorted(rows["dataset"].astype(str).unique()))
        made_of = f"{counted(len(rows), 'clip')} of {category_name(name).lower()}"
        parts.append(f"{made_of} from {counted(rows['code'].nunique(), 'recording')} ({lasts:.0f}~s; {sets})")
    yield f"The test material is {_listed(parts) or 'empty'}."
    rates = _listed(f"{rate / 1000:g}" for rate in _judged_rates(results))
    resampler = escape(results.info.get("resampler") or "none")
    yield f"All signals were judged at {rates}~kHz; one resampler ({resampler}) served every conversion"
    yield "but those that belong to the definition of a metric."
    if leaves_out(results) and "edge_hz" in results.clips:
        yield (
            "References whose content ends below 88\\,\\% of the band (20~kHz at most) that codec and reference share "
            "are left out of the means of that codec."
        )


def _coding(results: Results) -> Iterator[str]:
    table = _codecs(results)
    named = [
        f"{escape(row['codec'])} ({escape(row['version'])}){_cite(CODECS.get(row['name'], ()))} "
        f"at {_bitrates(results, row['codec'])}"
        for row in table[table["name"] != ELSEWHERE].to_dict("records")
    ]
    if named:
        yield f"We coded each clip with {_listed(named)}."
        yield "Every bitstream was decoded by a fresh decoder that was given the bitstream alone."
    foreign = [
        f"{escape(row['codec'])} at {_bitrates(results, row['codec'])}"
        for row in table[table["name"] == ELSEWHERE].to_dict("records")
    ]
    if foreign:
        yield (
            f"Files that were coded and decoded elsewhere were judged as {_listed(foreign)}; they were moved by a "
            "stated constant at most."
        )
    coded, of_codecs = results.encodings, results.encodings["role"] == "codec"
    of_stated = of_codecs & (coded["bits_are"] == "stated") if "bits_are" in coded else of_codecs & False
    stated = coded.loc[of_stated, "condition"].unique()
    if len(stated) < coded.loc[of_codecs, "condition"].nunique():
        yield (
            "Bitrates are counted: payload bits, side information included, over seconds of audio; containers do not "
            "count."
        )
    if len(stated):
        yield f"The bitrates of {_listed(escape(name) for name in sorted(stated))} are stated, not counted."
    if alignment := results.info.get("alignment"):
        yield escape(alignment)
    elif named:
        yield (
            "The delay of each codec was removed to the sample, from its bitstream or a probe signal and never from "
            "the clip itself; levels were not matched."
        )
    controls = results.encodings.loc[results.encodings["role"] != "codec", "condition"]
    if len(controls):
        yield f"Controls: {_listed(escape(name) for name in map(str, controls.unique()))}."
    failed = int((results.encodings["status"] == "failed").sum())
    if failed:
        yield f"{failed} of {len(results.encodings)} encodings failed; they are counted and in no mean."


def _measuring(results: Results) -> Iterator[str]:
    about = results.quantities
    found = [
        f"{escape(name)} ({escape(about[name].get('summary') or about[name].get('unit') or 'own definition')})"
        f"{_cite(QUANTITIES.get(name, ()))}"
        for name in _measured(results)
    ]
    yield f"Quality was measured by {_listed(found) or 'no metric'}."
    sets = [f"{escape(name)}{_cite(MEASURES.get(name, ()))}" for name in _measures(results)]
    if sets:
        yield f"Whole sets were measured by {_listed(sets)}."
    versions = dict.fromkeys(str(about[name].get("metric_version") or "") for name in _measured(results))
    yield f"Implementations: {escape('; '.join(version for version in versions if version))}."


def _statistics(results: Results, seed: int, compared: Mapping[str, Against]) -> Iterator[str]:
    yield (
        "Means are over the clips of one category, with 95\\,\\% confidence intervals by a percentile bootstrap over "
        f"recordings, widened for few of them{_cite(METHODS[:1])} ({DRAWS} draws, seed {seed}; its limit for more than "
        f"{NORMAL_FROM} recordings). Conditions are ranked "
        f"by paired permutation tests over recordings, corrected for all pairs{_cite(METHODS[1:])}."
    )
    if anchored := [found for found in compared.values() if found.anchor]:
        yield (
            "Differences of curves (BD-rate, BD-quality) are against "
            f"{_listed(dict.fromkeys(escape(found.anchor) for found in anchored))} by "
            f"{_listed(dict.fromkeys(escape(found.quantity) for found in anchored))}, with monotone cubic "
            f"interpolation (PCHIP) over the logarithm of the bitrate and no extrapolation{_cite(CURVES)}."
        )
    versions = results.info.get("versions") or {}
    ours = escape(versions.get("codecbench", "of unknown version"))
    machine = results.info.get("machine") or {}
    where = ", ".join(escape(machine[key]) for key in ("cpu", "platform") if machine.get(key))
    run = f"run \\texttt{{{escape(results.name)}}}"
    yield f"All numbers were made by codecbench {ours}{_cite(SOFTWARE)}{f' ({where})' if where else ''}, {run}."
    if not is_complete(results):
        yield "The run is not complete: cells that were planned are missing."


def _codecs(results: Results) -> pd.DataFrame:
    """``codec`` as the configuration calls it, ``name`` as its identity does, ``version``; in order of the run."""
    rows = results.encodings.loc[results.encodings["role"] == "codec", ["codec", "codec_version"]].drop_duplicates(
        "codec"
    )
    identity = rows["codec_version"].astype(object).fillna("").astype(str)
    name = identity.str.split(" ").str[0]
    version = identity.str.split(" ").str[1:].str.join(" ").replace("", "version unknown")
    return pd.DataFrame({"codec": rows["codec"].astype(str), "name": name, "version": version})


def _bitrates(results: Results, codec: str) -> str:
    rates = results.encodings.loc[results.encodings["codec"] == codec, "bitrate_bps"].dropna().unique()
    return f"{_listed(f'{int(rate) / 1000:g}' for rate in sorted(rates))}~kbit/s" if len(rates) else "its own rate"


def _judged_rates(results: Results) -> Sequence[int]:
    common = results.info.get("sample_rate")
    return [int(common)] if common else sorted(int(rate) for rate in results.clips["sample_rate"].unique() if rate)


def _measured(results: Results) -> list[str]:
    used = {str(name) for name in results.scores.loc[results.scores["status"] == "ok", "quantity"].unique()}
    return [name for name in results.quantities if name in used]


def _measures(results: Results) -> list[str]:
    return sorted(results.sets["measure"].astype(str).unique())


def _cite(keys: Iterable[str]) -> str:
    listed = ",".join(keys)
    return f"~\\cite{{{listed}}}" if listed else ""


def _listed(parts: Iterable[str]) -> str:
    *first, last = list(parts) or [""]
    return f"{', '.join(first)} and {last}" if first else last
