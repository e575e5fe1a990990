"""Which parts of two runs belong together, and what a reader must know about the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from bench.comparing.columns import rates_and_speeds
from bench.comparing.model import Gap, Matched, Unmatched
from bench.domain import CATEGORIES
from bench.errors import ConfigError
from bench.registry import nearest
from bench.runs.results import Results
from bench.tables import conditions, in_order, is_complete, judged, quantities, source_codes
from bench.tables.configured import configured_codecs
from bench.wording import counted, listed

CUT = ("start_s", "duration_s", "lead_in_s", "samples")
"""Columns that say which part of a file a clip is; those that both runs have must agree."""


def match(base: Results, new: Results, renamed: Mapping[str, str], allow_other_versions: bool) -> Matched:
    """Match conditions by id (``renamed``: id in BASE to id in NEW), clips by name and content, quantities by name.

    Raises:
        ConfigError: the runs have nothing in common.
    """
    pairs = _condition_pairs(conditions(base), conditions(new), renamed)
    shared, other_files = _clips(base, new)
    notices = [*_partial(base, "BASE"), *_partial(new, "NEW")]
    if other_files:
        done = "compared all the same" if allow_other_versions else "left out; --allow-other-versions takes them"
        notices.append(f"{_some(other_files, 'clip')} of another content or cut under the same name: {done}.")
        if not allow_other_versions:
            shared = shared[~shared["clip"].isin(other_files)]
    names = _both(quantities(base), quantities(new)), _both(_sets(base), _sets(new))
    versions = _differing(base.scores, new.scores, "metric_version", names[0])
    versions |= _differing(base.sets, new.sets, "measure_version", names[1])
    if versions:
        done = "compared all the same" if allow_other_versions else "not compared; --allow-other-versions does"
        notices += [f"{text}: {done}." for text in versions.values()]
    only_base, only_new = _unmatched(base, new, pairs)
    notices += _machines(base, new) + _one_version(base, new, pairs)
    notices += _notices(only_base, "BASE") + _notices(only_new, "NEW")
    if not pairs or shared.empty:
        what = "condition" if not pairs else "clip"
        raise ConfigError(
            " ".join(
                [
                    f"{base.folder} and {new.folder} have no {what} that can be compared.",
                    *notices,
                    *(["Renamed conditions are joined by --map OLD=NEW."] if not pairs else []),
                ]
            )
        )
    return Matched(
        pairs, in_order([*base.clips["category"], *new.clips["category"]], CATEGORIES), shared, *names,
        {} if allow_other_versions else versions, only_base, only_new, _gaps(base, new, shared, only_base.clips),
        notices,
    )  # fmt: skip


def renames(texts: Sequence[str], base: Results, new: Results) -> dict[str, str]:
    """``OLD=NEW`` of the command line: id in BASE to id in NEW. Ids may hold the sign, too: the runs tell.

    Raises:
        ConfigError: another form, a condition that its run does not have, or one that is given twice.
    """
    sides = conditions(base), conditions(new)
    found: dict[str, str] = {}
    problems = []
    for text in texts:
        cuts = [(text[:place], text[place + 1 :]) for place, sign in enumerate(text) if sign == "="]
        fitting = [(old, name) for old, name in cuts if old in sides[0] and name in sides[1]]
        if not cuts:
            problems.append(f"--map {text!r}: expected OLD=NEW, a condition of BASE and its name in NEW.")
        elif not fitting:
            old, name = cuts[len(cuts) // 2]
            if old not in sides[0]:
                problems.append(f"--map {text!r}: BASE has no condition {old!r}.{nearest(old, sides[0])}")
            if name not in sides[1]:
                problems.append(f"--map {text!r}: NEW has no condition {name!r}.{nearest(name, sides[1])}")
        elif fitting[0][0] in found or fitting[0][1] in found.values():
            problems.append(f"--map {text!r}: one of the two is given twice; each condition has one partner.")
        else:
            found[fitting[0][0]] = fitting[0][1]
    if problems:
        raise ConfigError(problems)
    return found


def _condition_pairs(base: Sequence[str], new: Sequence[str], renamed: Mapping[str, str]) -> list[tuple[str, str]]:
    taken = set(renamed.values())
    partner = {name: renamed.get(name, name) for name in base}
    found = {
        partner[name]: name for name in base if partner[name] in new and (name in renamed or partner[name] not in taken)
    }
    return [(found[name], name) for name in new if name in found]


def _clips(base: Results, new: Results) -> tuple[pd.DataFrame, list[str]]:
    """The clips of both runs, and those whose files or cuts differ. Sources are those that BASE states."""
    old = base.clips.assign(source=source_codes(base.clips))
    keys = ["clip", "category"]
    both = old.merge(new.clips, on=keys, suffixes=("", "_new")).sort_values("clip", kind="stable")
    differs = pd.Series(False, index=both.index)
    for column in ("sha256", *CUT):
        if column in base.clips and column in new.clips:
            one, two = both[column], both[f"{column}_new"]
            differs |= (one != two).fillna(False).astype(bool) & one.notna() & two.notna()
    return both[[*keys, "source"]].reset_index(drop=True), both.loc[differs, "clip"].astype(str).tolist()


def _differing(base: pd.DataFrame, new: pd.DataFrame, column: str, names: Sequence[str]) -> dict[str, str]:
    """A sentence for each quantity that was measured by other versions; a resumed run may hold several."""
    old, other = (
        {str(name): sorted(set(rows[column].astype(str))) for name, rows in pairs.groupby("quantity", observed=True)}
        for pairs in (table[["quantity", column]].drop_duplicates().dropna() for table in (base, new))
    )
    return {
        name: f"{name} is of another version: {', '.join(old[name])} in BASE, {', '.join(other[name])} in NEW"
        for name in names
        if name in old and name in other and old[name] != other[name]
    }


def _machines(base: Results, new: Results) -> list[str]:
    old, other = (results.info.get("machine") or {} for results in (base, new))
    keys = [key for key in ("cpu", "cores", "platform") if old.get(key) != other.get(key)]
    if not keys:
        return []
    told = "; ".join(f"{key} {_told(old, key)} in BASE, {_told(other, key)} in NEW" for key in keys)
    return [f"The runs were made on different machines ({told}): speeds compare the machines, too."]


def _one_version(base: Results, new: Results, pairs: Sequence[tuple[str, str]]) -> list[str]:
    """A sentence on codecs whose version is the user's word and the same in both runs.

    The cache knows a codec by its version only: code that changed under the same one is given the old bitstreams.
    """
    if base.folder == new.folder:
        return []
    old, other = (_own_codecs(run) for run in (base, new))
    same = sorted({other[after] for before, after in pairs if after in other and old.get(before) == other[after]})
    return [
        f"{codec} is `{version}` in both runs. If its code has changed, raise its version (`identity`, of a command "
        "the option `version`) and run again, or give each run a cache of its own (--cache): bitstreams of one version "
        "are shared by all runs."
        for codec, version in same
    ]


def _own_codecs(results: Results) -> dict[str, tuple[str, str]]:
    """Label and version of codecs given as ``module:Class``, or as a command with a version, by condition."""
    own = [item.get("label") or item["name"] for item in configured_codecs(results) if _says_its_version(item)]
    rows = results.encodings.drop_duplicates("condition")
    rows = rows[rows["codec"].isin(own)]
    found = zip(rows["condition"], rows["codec"], rows["codec_version"], strict=True)
    return {str(condition): (str(codec), str(version)) for condition, codec, version in found}


def _says_its_version(codec: Mapping[str, Any]) -> bool:
    return ":" in str(codec["name"]) or (codec["name"] == "command" and "version" in (codec.get("options") or ()))


def _told(machine: Mapping[str, Any], key: str) -> str:
    return str(machine.get(key) or "unknown")


def _partial(results: Results, side: str) -> list[str]:
    return [] if is_complete(results) else [f"{side} ({results.name}) is a partial run."]


def _unmatched(base: Results, new: Results, pairs: Sequence[tuple[str, str]]) -> tuple[Unmatched, Unmatched]:
    matched = {old for old, _ in pairs}, {name for _, name in pairs}
    clips = [set(zip(run.clips["clip"], run.clips["category"], strict=True)) for run in (base, new)]
    names = [[*quantities(run), *_sets(run)] for run in (base, new)]
    found = []
    for side, run in enumerate((base, new)):
        found.append(
            Unmatched(
                [name for name in conditions(run) if name not in matched[side]],
                sorted(str(clip) for clip, _ in clips[side] - clips[1 - side]),
                [name for name in names[side] if name not in names[1 - side]],
            )
        )
    return found[0], found[1]


def _gaps(base: Results, new: Results, shared: pd.DataFrame, only_base: Sequence[str]) -> list[Gap]:
    compared, found = set(shared["category"]), []
    for category, clips in base.clips.groupby("category", sort=True)["clip"]:
        gone = sorted(set(clips.astype(str)) & set(only_base))
        if category not in compared:
            found.append(Gap(str(category), gone, _spoken(base, new, str(category))))
        elif gone:
            found.append(Gap(str(category), gone, []))
    return found


def _spoken(base: Results, new: Results, category: str) -> list[str]:
    """The quantities that BASE has values of in ``category``."""
    tables = judged(base), base.sets
    there = {
        str(name)
        for table in tables
        for name in table.loc[(table["category"] == category) & (table["status"] == "ok"), "quantity"].unique()
    }
    return [*sorted(there), *(about.quantity for about in rates_and_speeds(base, new))]


def _notices(only: Unmatched, side: str) -> list[str]:
    return [
        f"Only {side} has the {_some(names, kind)}."
        for kind, names in (("condition", only.conditions), ("clip", only.clips), ("quantity", only.quantities))
        if names
    ]


def _sets(results: Results) -> list[str]:
    return in_order(results.sets["quantity"].unique(), list(results.set_quantities))


def _both(one: Sequence[str], two: Sequence[str]) -> list[str]:
    return [name for name in one if name in set(two)]


def _some(names: Sequence[str], kind: str) -> str:
    """Such as ``2 clips (a, b)``."""
    several = f"{len(names)} quantities" if kind == "quantity" and len(names) != 1 else counted(len(names), kind)
    return f"{several} ({listed(names)})"
