"""The dataset that comes with codecbench: a dozen short clips, all synthetic, made by ``make.py`` beside this."""

from __future__ import annotations

from pathlib import Path

from bench.datasets.base import DatasetContext
from bench.datasets.manifest import manifest
from bench.domain import Category, Clip

FOLDER = Path(__file__).parent


def embedded(
    name: str, context: DatasetContext, category: Category | None = None, limit: int | None = None, seed: int = 0
) -> list[Clip]:
    """The embedded clips: speech of a synthesiser, music of our own synthesis, that speech in simulated noisy rooms.

    Good for trying things out and for tests. Results on them say little about recordings of people and instruments.

    Args:
        category: only the clips of that category.
        limit: that many of them, chosen by ``seed``.
    """
    return manifest(name, context, str(FOLDER / "manifest.jsonl"), category, limit, seed)
