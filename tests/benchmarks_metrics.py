"""How fast and how right our metrics are beside the packages for the same. Run by ``make bench-metrics``; no test.

Times are CPU seconds of one thread; whatever is compared alternates in one process, pair by pair. Real audio is read
from ``CODECBENCH_DATA`` or ``CODECBENCH_TEST_DATA``, else from where the tests look for it; the embedded clips
otherwise. ``--quick`` takes few clips, and ``--only stoi si_sdr`` some metrics.
"""

from __future__ import annotations

import os

from bench.threads import ONE_THREAD

os.environ.update(ONE_THREAD)

import argparse
import json
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from itertools import islice
from pathlib import Path
from typing import Any

from bench.errors import ConfigError
from bench.provenance import machine, now, package_versions, revision
from tests import metric_speed
from tests.metric_packages import COMPARISONS, JOB, Comparison
from tests.metric_speed import BITRATES, CLIPS, SECONDS
from tests.real_pairs import coded, real_pairs


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few clips and pairs: does it run at all")
    parser.add_argument("--only", nargs="+", metavar="QUANTITY", help="these metrics, no job and no workers")
    parser.add_argument("--clips", type=int, default=CLIPS, help=f"clips of {SECONDS} s; default: %(default)s")
    parser.add_argument(
        "--output",
        type=Path,
        help="folder of metrics_speed.md and .json; default: results/reference, and none with --quick or --only",
    )
    options = parser.parse_args(arguments)
    known = [name for comparison in COMPARISONS for name in comparison.quantities]
    if unknown := [name for name in options.only or () if name not in known]:
        parser.error(f"--only: no package to compare {', '.join(unknown)} with. Expected some of {', '.join(known)}.")
    try:
        found = measured(options.only or known, quick=options.quick, count=2 if options.quick else options.clips)
    except ConfigError as error:
        parser.error(str(error))
    text = as_markdown(found)
    print(text)
    output = options.output or (None if options.quick or options.only else Path("results", "reference"))
    if output is not None:
        output.mkdir(parents=True, exist_ok=True)
        (output / "metrics_speed.md").write_text(text, encoding="utf-8")
        (output / "metrics_speed.json").write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


def measured(only: Sequence[str], *, quick: bool, count: int) -> dict[str, Any]:
    """Everything, as data."""
    load = os.getloadavg()[0]
    folder = metric_speed.data_folder()
    wanted = [comparison for comparison in COMPARISONS if set(comparison.quantities) & set(only)]
    usable = [comparison for comparison in wanted if not comparison.missing]
    references = list(metric_speed.clips(folder, count))
    tell(f"coding {len(references)} clips")
    sets = [(reference, [coded(reference, "opus", bitrate) for bitrate in BITRATES]) for reference in references]
    rows = []
    for comparison in usable:
        tell(f"{comparison.name}: speed")
        rows.append(
            {"quantities": comparison.name, "package": package(comparison), **metric_speed.speed(comparison, sets)}
        )
    pairs = list(islice(real_pairs(folder), 4 if quick else None)) if folder else []
    for row, comparison in zip(rows, usable, strict=True):
        tell(f"{comparison.name}: values of {len(pairs)} real pairs")
        row |= metric_speed.differences(comparison, pairs)
    first = []
    for comparison in usable[: 1 if quick else None]:
        if comparison.compiles:
            tell(f"{comparison.name}: first run of a machine")
            first.append({"quantities": comparison.name, **metric_speed.first_run(comparison)})
    floor = metric_speed.floor() if "visqol_audio" in {name for one in usable for name in one.quantities} else None
    whole = scaling = None
    if set(JOB) <= {name for comparison in usable for name in comparison.quantities}:
        tell("the whole job")
        whole = metric_speed.job(sets)
        tell("1 and 2 workers")
        scaling = metric_speed.workers(references, times=1 if quick else 3)
    return {
        "made": now(),
        "revision": revision(),
        "machine": machine(),
        "load_average": [load, os.getloadavg()[0]],
        "versions": package_versions() | {name: version(name) for name in ("pystoi", "torchmetrics") if has(name)},
        "audio": {"source": "real audio" if folder else "embedded clips", "clips": len(sets), "seconds": SECONDS},
        "bitrates_bps": list(BITRATES),
        "quick": quick,
        "left_out": {c.name: ", ".join(c.missing) for c in wanted if c not in usable},
        "metrics": rows,
        "first_run": first,
        "floor": floor,
        "job": whole,
        "workers": scaling,
    }


def as_markdown(found: dict[str, Any]) -> str:
    """The tables."""
    about, of = found["machine"], found["audio"]
    lines = [
        "# Metrics: ours beside the packages",
        "",
        f"{found['made']}; {about['cpu']}, {about['cores']} cores, Python {about['python']}; load "
        f"{found['load_average'][0]:.1f} before and {found['load_average'][1]:.1f} after; "
        + ", ".join(f"{name} {number}" for name, number in found["versions"].items()) + ".",
        f"{of['clips']} clips of {of['seconds']} s ({of['source']}), Opus at "
        f"{', '.join(str(bitrate // 1000) for bitrate in found['bitrates_bps'])} kbit/s. CPU seconds of one thread.",
        "",
        "Both sides get signals at the working rate of our metric. *Per condition*: the reference is kept, five "
        "conditions share it. *Single*: one pair, the reference included. Ratios say how many times less ours takes.",
        "",
    ]  # fmt: skip
    rows = [
        (
            row["quantities"], row["package"], f"{row['package_s']:.4f}", f"{row['condition_s']:.4f}",
            f"{row['condition_ratio']:.1f}", f"{row['single_s']:.4f}", f"{row['single_ratio']:.1f}",
            largest(row["differences"]), largest(row["mended"]),
            f"{row['real_pairs']} ({len(row['undefined'])})",
        )
        for row in found["metrics"]
    ]  # fmt: skip
    head = ("quantities", "package", "package", "ours, per condition", "ratio", "ours, single", "ratio",
            "largest difference", "mended", "real pairs (undefined)")  # fmt: skip
    lines += [*table(head, rows)]
    if any(row["mended"] for row in found["metrics"]):
        lines += ["", MENDED]
    lines += [f"\nLeft out: {name} ({why})." for name, why in found["left_out"].items()]
    if found["first_run"]:
        lines += ["", COLD, "", *table(COLD_HEAD, [cells for row in found["first_run"] for cells in cold(row)])]
    if floor := found["floor"]:
        least_s = SPECTROGRAM_MULTIPLY_ADDS * floor["multiply_add_s"]
        lines += [
            "", f"The spectrogram of 10 s in ViSQOL's audio mode takes {1e3 * floor['spectrogram_s']:.0f} ms. Its "
            f"{SPECTROGRAM_MULTIPLY_ADDS / 1e9:.1f}e9 multiply-adds would take {1e3 * least_s:.0f} ms at "
            f"{1e-9 / floor['multiply_add_s']:.0f}e9 a second, the rate of a product of large matrices in float64 on "
            f"one core: it is at {floor['spectrogram_s'] / least_s:.1f} times this floor.",
        ]  # fmt: skip
    if whole := found["job"]:
        ours, theirs = (sorted(whole[f"{who}_by_metric_s"].items(), key=lambda item: -item[1]) for who in JOB_SIDES)
        lines += [
            "", f"The whole job, {whole['clips']} clips x {whole['conditions']} conditions, {', '.join(JOB)}; "
            "resampling included, coding not:", "",
            *table(
                ("", "CPU seconds", "of which"),
                [
                    ("packages", f"{whole['packages_s']:.1f}", shares(theirs)),
                    ("ours", f"{whole['ours_s']:.1f}", shares(ours)),
                    ("ratio", f"{whole['ratio']:.2f}", "goal 4, aim 6"),
                ],
            ),
        ]  # fmt: skip
    if scaling := found["workers"]:
        one, two = min(scaling["one_worker_s"]), min(scaling["two_workers_s"])
        lines += [
            "", f"`codecbench run` on the same {scaling['clips']} clips, coding, start and tables included, best of "
            f"{len(scaling['one_worker_s'])}: 1 worker {one:.1f} s, 2 workers {two:.1f} s, {one / two:.2f} times "
            "faster (goal 1.7).",
        ]  # fmt: skip
    lines.append("")
    return "\n".join(lines)


def largest(differences: dict[str, tuple[float, str]]) -> str:
    return ", ".join(f"{value:.1e}" for value, _ in differences.values()) or "-"


def cold(row: dict[str, Any]) -> list[tuple[str, ...]]:
    """Rows of one metric in the table of cold processes: the package, ours, how many times less ours takes."""
    columns = [
        [f"{row[who][run]['start_s']:.2f}", f"{row[who][run]['compile_s']:.2f}"]
        for who in ("package", "ours")
        for run in ("first", "later")
    ]
    ratios = [f"{row['package'][run]['start_s'] / row['ours'][run]['start_s']:.1f}" for run in ("first", "later")]
    return [
        (row["quantities"], "package", *columns[0], *columns[1]),
        (row["quantities"], "ours", *columns[2], *columns[3]),
        (row["quantities"], "ratio", ratios[0], "", ratios[1], ""),
    ]


JOB_SIDES = ("ours", "packages")
SPECTROGRAM_MULTIPLY_ADDS = 0.4e9
MENDED = (
    "*Mended*: the largest difference to the package once it aligns by the rectified signal, as google/visqol does. By "
    "itself it aligns by a Hilbert envelope and finds other lags; nothing else is changed. torchmetrics takes the "
    "float32 samples as they are: the difference of si_sdr is of a pair at -62.5 dB; in float64 it gives our value."
)
COLD = (
    "Cold: a fresh process, from its start to the value of one pair of 10 s, imports and loading of models included. "
    "In the first run of a machine nothing is compiled yet; in later runs numba's cache is there. *Of it compiling*: "
    "what numba's compiler took. Goals: first runs 3 times cheaper, ours compiling for at most 2 s, and never later."
)
COLD_HEAD = ("quantities", "whose", "first run", "of it compiling", "later runs", "of it compiling")


def shares(seconds: list[tuple[str, float]]) -> str:
    return "; ".join(f"{name} {spent:.1f}" for name, spent in seconds)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """A Markdown table with aligned columns."""
    widths = [max(len(line[column]) for line in (head, *rows)) for column in range(len(head))]
    lines = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |"
             for line in (head, *rows)]  # fmt: skip
    return [lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:]]


def package(comparison: Comparison) -> str:
    name = comparison.package.partition("[")[0].partition(",")[0]
    return f"{comparison.package} {version(name)}"


def has(name: str) -> bool:
    try:
        return bool(version(name))
    except PackageNotFoundError:
        return False


def tell(what: str) -> None:
    print(f"{what} ...", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
