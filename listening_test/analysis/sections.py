"""What stands in the report under each heading of BS.1534-3, 10.2."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bench.stats import DRAWS
from bench.wording import counted
from listening_test.analysis import sheets
from listening_test.analysis.analysed import ALL, NO_CATEGORY, Analysis
from listening_test.analysis.pictures import Picture, pictures
from listening_test.analysis.sheets import Sheet, number, role_name
from listening_test.model import Test

TYPE_NAMES = {
    "mushra": "MUSHRA (ITU-R BS.1534-3)",
    "acr": "absolute category rating (ITU-T P.800)",
    "dcr": "degradation category rating (ITU-T P.800)",
    "abx": "ABX",
    "ab": "preference of one of two",
}
NOT_KNOWN = "Not recorded: the ratings come without the test's folder."


@dataclass(frozen=True)
class Part:
    """Pictures, a table, notes and code under a heading; a ``folded`` table, and code, open on demand."""

    heading: str = ""
    figures: tuple[Picture, ...] = ()
    sheet: Sheet | None = None
    folded: bool = False
    notes: tuple[str, ...] = ()
    code: str = ""


@dataclass(frozen=True)
class Section:
    """What stands under one heading of the standard."""

    anchor: str
    title: str
    paragraphs: tuple[str, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    parts: tuple[Part, ...] = ()


def sections_of(analysis: Analysis, test: Test | None, devices: Mapping[str, int]) -> list[Section]:
    """All sections, in the order of the standard."""
    return [
        _design(analysis, test),
        _material(analysis, test),
        _processing(test),
        _transducers(test, devices),
        _training(analysis, test),
        _screening(analysis),
        _anchors(analysis, test),
        _statistics(analysis),
        _results(analysis),
    ]


def _design(analysis: Analysis, test: Test | None) -> Section:
    facts = [
        ("Type", TYPE_NAMES.get(analysis.test_type, analysis.test_type)),
        ("Listeners", str(len(analysis.listeners))),
        ("Conditions", ", ".join(dict.fromkeys(sorted(analysis.ratings["condition"].unique())))),
    ]
    if test:
        repeated = max((trial.replicate for trial in test.counted), default=0)
        facts += [
            ("Preset", test.preset),
            ("Trials", f"{len(test.counted)} that count, {len(test.training)} of training"),
            (
                "Blocks",
                f"{test.blocks}: each listener gets one" if test.blocks > 1 else "every listener gets all trials",
            ),
            ("Repetitions", str(repeated) if repeated else "none"),
            ("Orders", f"of trials and of stimuli: random for each listener, recorded; seed {test.seed}"),
            ("Needs a 100", "yes" if test.rules.needs_a_hundred else "no"),
            ("Break", f"after {counted(test.rules.trials_before_break, 'trial')}"),
        ]
        facts += [("Question", test.rules.question)] if test.rules.question else []
    return Section("design", "Test design", () if test else (NOT_KNOWN,), tuple(facts))


def _material(analysis: Analysis, test: Test | None) -> Section:
    rated = analysis.ratings[~analysis.ratings["training"].astype(bool)]
    counts = Counter(rated.drop_duplicates("clip")["category"])
    facts = [(name or NO_CATEGORY, counted(count, "clip")) for name, count in sorted(counts.items())]
    parts: tuple[Part, ...] = ()
    if test:
        by_clip = {trial.clip: trial for trial in test.counted}
        rows = [(one.clip, one.dataset, one.category, f"{one.seconds:g}") for one in by_clip.values()]
        columns = ("clip", "dataset", "category", "seconds")
        parts = (Part(sheet=Sheet("Clips", columns, tuple(rows), frozenset(columns[:3]))),)
    return Section("material", "Selection of test material", () if test else (NOT_KNOWN,), tuple(facts), parts)


def _processing(test: Test | None) -> Section:
    if test is None:
        return Section("processing", "Processing of the material", (NOT_KNOWN,))
    found: dict[str, list[Any]] = {}
    for trial in test.counted:
        for one in trial.stimuli:
            found.setdefault(one.condition, []).append(one)
    rows = []
    for name, stimuli in found.items():
        gains = sorted(one.gain_db for one in stimuli)
        rates = [one.actual_bps for one in stimuli if one.actual_bps is not None]
        origins = Counter(one.origin for one in stimuli)
        rows.append(
            (
                name,
                stimuli[0].codec,
                number(sum(rates) / len(rates) / 1000, 2) if rates else "",
                f"{gains[0]:+.1f} … {gains[-1]:+.1f}",
                origins.most_common(1)[0][0] + (f" (and {len(origins) - 1} more ways)" if len(origins) > 1 else ""),
                ", ".join(sorted({one.run for one in stimuli if one.run})),
            )
        )
    columns = ("condition", "codec", "measured kbit/s", "gain in dB", "made by", "run")
    sheet = Sheet("Conditions", columns, tuple(rows), frozenset({"codec", "made by", "run"}))
    text = "All stimuli of a trial have the same length and are 48 kHz, 24 bit."
    facts = [(name.replace("_", " "), str(value)) for name, value in sorted(test.made.items()) if _short(value)]
    config = str(test.made.get("config_text") or "")
    parts = [Part(sheet=sheet, notes=_findings(test)), *([Part("Configuration", code=config)] if config else [])]
    return Section("processing", "Processing of the material", (text,), tuple(facts), tuple(parts))


def _said(finding: Mapping[str, Any]) -> str:
    """Where, what, and what was found there."""
    place = f"{finding['where']}: " if finding.get("where") else ""
    return place + str(finding.get("what", "")) + (f", got {finding['got']}" if finding.get("got") else "")


def _findings(test: Test) -> tuple[str, ...]:
    """What the linter said when the test was built."""
    return tuple(
        f"{finding.get('severity', 'finding')} of the linter: {_said(finding)} ({finding.get('clause', '')})"
        for finding in test.made.get("findings", ())
        if isinstance(finding, Mapping)
    )


def _transducers(test: Test | None, devices: Mapping[str, int]) -> Section:
    facts = [(name or "no answer", str(count)) for name, count in sorted(devices.items())]
    if test:
        facts += [
            ("Level", f"adjustable by ±{test.rules.level_range_db:g} dB before the trials, never within one"),
            ("Check of headphones", test.rules.headphone_check),
        ]
    return Section("transducers", "Transducers and level", () if devices else ("Not recorded.",), tuple(facts))


def _training(analysis: Analysis, test: Test | None) -> Section:
    trained = analysis.ratings[analysis.ratings["training"].astype(bool)]
    trials, people = (len(trained[name].unique()) for name in ("trial", "listener"))
    sentences = [
        f"Ratings in training: {len(trained)}; trials of training that were rated: {trials}; listeners: {people}. None "
        "of them counts, neither for screening nor for results."
    ]
    if test and not test.training:
        sentences.append("The test has no training trial, which BS.1534-3 (4.1) makes mandatory.")
    return Section("training", "Training of the listeners", tuple(sentences))


def _screening(analysis: Analysis) -> Section:
    chosen = analysis.screening
    sentences = [f"Post-screening {chosen.name!r} ({chosen.source})."]
    sentences += [f"Rule: left out where {rule.text}." for rule in chosen.rules]
    out = analysis.listeners[analysis.listeners["excluded"].astype(bool)]
    sentences += [f"{row['listener']} was left out: {row['reason']}." for row in out.to_dict("records")]
    if not len(out):
        sentences.append("Nobody was left out.")
    notes = tuple(
        f"Guard: trial {row['trial']} is not used for “{row['rule']}”, which {row['broken']} of {row['listeners']} "
        "listeners would break there."
        for row in analysis.guarded.to_dict("records")
    )
    parts = (
        Part("Reliability", sheet=sheets.of_listeners(analysis), notes=_of_panel(analysis)),
        Part(sheet=sheets.of_checks(analysis), folded=True, notes=notes),
    )
    return Section("screening", "Post-screening and listeners", tuple(sentences), (), parts)


def _of_panel(analysis: Analysis) -> tuple[str, ...]:
    panel = analysis.panel
    notes = [
        "Agreement: correlation with the mean of the other listeners on the same stimuli. Repeatability: mean "
        "difference between repetitions of a trial."
    ]
    if panel:
        half, single, whole = (number(float(panel[key]), 2) for key in ("split_half", "icc_single", "icc_panel"))
        notes.append(f"Panel: split-half reliability {half or 'not computable'} (Spearman-Brown).")
        text = f"ICC(A,1) {single}, ICC(A,k) {whole} over {panel['icc_cells']} stimuli" if single else (
            "no intraclass correlation: fewer than five stimuli were rated by all listeners"
        )  # fmt: skip
        notes.append(f"{text[0].upper()}{text[1:]}.")
    return tuple(notes)


def _anchors(analysis: Analysis, test: Test | None) -> Section:
    roles = analysis.ratings.drop_duplicates(["condition", "role"])
    other = roles[~roles["role"].isin(["system", "reference"])]
    facts = []
    for row in other.sort_values(["role", "condition"]).to_dict("records"):
        origin = ""
        if test:
            origins = [
                one.origin for trial in test.trials for one in trial.stimuli if one.condition == row["condition"]
            ]
            origin = next((one for one in origins if one), "")
        facts.append((row["condition"], f"{role_name(row['role'])}{': made by ' + origin if origin else ''}"))
    return Section("anchors", "Reference and anchors", () if facts else ("There are none.",), tuple(facts))


def _statistics(analysis: Analysis) -> Section:
    if analysis.test_type in ("abx", "ab"):
        sentences = [
            "Each pair: share of the answers with Wilson's 95 % interval, which takes answers as independent, and with "
            "a bootstrap that draws whole listeners. Exact binomial test "
            f"({'one-sided, better than guessing' if analysis.test_type == 'abx' else 'two-sided'}), sign test over "
            "listeners; Holm's correction over the pairs."
        ]
    else:
        sentences = [
            "Median, quartiles (medians of the halves, which both hold the median for an odd number) and means are "
            "over all ratings that count.",
            "Intervals of 95 %: a bootstrap that draws whole listeners (10 000 draws, widened to keep its coverage "
            "with few listeners); Student's interval with listeners as units; and one for other listeners and other "
            "clips (variances clustered both ways). Only the last speaks of clips that were not in the test. "
            "All are cut at the ends of the scale.",
            f"Pairs: the listener is the unit. Paired permutation test: signs of the listeners' mean differences, "
            f"{DRAWS} draws or all, two-sided. Wilcoxon's signed-rank test (Pratt), two-sided. Both corrected after "
            "Holm within a family: systems among each other, systems against the hidden reference. The test of "
            "BS.1534-3, Attachment 3, pools both samples (here one mean for each listener), is unpaired, one-sided "
            "and not corrected; it is given because the standard names it.",
            "rm-ANOVA (p corrected for lacking sphericity after Greenhouse and Geisser, GG, and after Huynh and Feldt, "
            "HF, whom the standard names) and Friedman's test are for information.",
            "Outliers are listed, never removed.",
        ]
    return Section("statistics", "Statistical methods", (*sentences, f"Seed {analysis.seed}."))


def _results(analysis: Analysis) -> Section:
    if analysis.test_type in ("abx", "ab"):
        parts = [Part(sheet=sheets.of_pairs(analysis)), Part(sheet=sheets.of_pairs_by_listener(analysis), folded=True)]
        return Section("results", "Results", parts=tuple(parts))
    parts = [Part("All clips", pictures(analysis), sheets.of_conditions(analysis))]
    others = [name for name in dict.fromkeys(analysis.conditions["category"]) if name != ALL]
    parts += [
        Part(name or NO_CATEGORY, pictures(analysis, name), sheets.of_conditions(analysis, name)) for name in others
    ]
    note = (
        "A difference is a mean over listeners of their own differences. Families are corrected on their own; p above "
        "0.2 against the hidden reference hints at transparency, no more."
    )
    parts += [
        Part("Differences", sheet=sheets.of_comparisons(analysis), notes=(note,)),
        Part("All systems at once", sheet=sheets.of_all_systems(analysis)),
        Part("Single clips", sheet=sheets.of_items(analysis), folded=True),
        Part(sheet=sheets.of_outliers(analysis), folded=True),
    ]
    return Section("results", "Results", parts=tuple(parts))


def _short(value: object) -> bool:
    return isinstance(value, str | int | float | bool) and 0 < len(str(value)) <= 200 and "\n" not in str(value)
