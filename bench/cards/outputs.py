"""A data card as files and as JSON."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from bench.cards.facts import Card
from bench.cards.markdown import markdown
from bench.cards.page import page
from bench.cards.plots import pictures_of
from bench.store import write_bytes

TEXT_FILE, PAGE_FILE, ATTRIBUTION_FILE = "card.md", "card.html", "ATTRIBUTION.txt"


def write_card(card: Card, folder: Path) -> list[Path]:
    """Write ``card.md``, its histograms as SVG files, ``card.html`` and ``ATTRIBUTION.txt`` into ``folder``.

    Returns the paths written. Equal cards give equal bytes.
    """
    pictures, texts = pictures_of(card, "card_{}.svg")
    texts |= {TEXT_FILE: markdown(card, pictures), PAGE_FILE: page(card), ATTRIBUTION_FILE: card.attribution}
    for name, text in texts.items():
        write_bytes(folder / name, text.encode())
    return [folder / name for name in texts]


def to_json(card: Card) -> dict[str, Any]:
    """Everything on the card, at full precision; of known sets their names."""
    return {**asdict(replace(card, sets=())), "sets": [known.name for known in card.sets]}
