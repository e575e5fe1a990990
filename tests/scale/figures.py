"""The plot of the simulation in docs/scaling.md."""

from __future__ import annotations

from pathlib import Path

from tests.scale.costs import Costs
from tests.scale.scenario import NFS, S3, S3_PREFIXES, Case, clip_of, outcome_of

WORKERS = (1, 10, 100, 300, 1000, 3000)
NAME = "scaling-million.svg"


def draw(costs: Costs, folder: Path) -> Path:
    """Hours of a million clips against workers; the dotted line is work divided by workers."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "codecbench", "font.size": 9})
    import matplotlib.pyplot as plt

    folder.mkdir(parents=True, exist_ok=True)
    figure, axes = plt.subplots(figsize=(6.4, 3.8), layout="constrained")
    clip = clip_of(costs)
    work_h = 1_000_000 * (clip.coding_s + clip.scoring_s) / 3600
    axes.loglog(WORKERS, [work_h / workers for workers in WORKERS], ":", color="0.5", label="work / workers")
    lines = (
        ("NFS, 1 driver", 1, NFS, "o-"),
        ("NFS, 16 drivers", 16, NFS, "s-"),
        ("S3, one prefix, 16 drivers", 16, S3, "^-"),
        ("S3, 16 prefixes, 16 drivers", 16, S3_PREFIXES, "d-"),
    )
    for label, drivers, storage, style in lines:
        hours = [outcome_of(Case(workers, drivers, storage), costs).seconds / 3600 for workers in WORKERS]
        axes.loglog(WORKERS, hours, style, label=label, markersize=4, linewidth=1.2)
    axes.set_xlabel("workers (cores)")
    axes.set_ylabel("hours")
    axes.grid(alpha=0.3)
    axes.legend()
    path = folder / NAME
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)
    return path
