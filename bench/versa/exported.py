"""A run as VERSA takes it: lists of decoded files and references, and our values in its form."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.runs.results import Results
from bench.storage import required_local
from bench.store import write_bytes
from bench.versa.known import known
from bench.versa.lines import key_of, line, listing

DECODED_FILE, REFERENCE_FILE, SCORES_FILE = "pred.scp", "gt.scp", "scores.jsonl"


@dataclass(frozen=True, slots=True)
class Exported:
    """The files written; ``listed`` cells are in the lists, ``left_out`` says what is not, and why."""

    files: list[Path]
    listed: int
    left_out: dict[str, int]


def export(results: Results, folder: str | os.PathLike[str] | None = None) -> Exported:
    """Write ``pred.scp``, ``gt.scp`` and ``scores.jsonl`` into ``folder`` (default: ``versa`` in the run's folder).

    Raises:
        ConfigError: the run is at a URL.
        StoreError: the folder cannot be written.
    """
    run = required_local(results.folder, "export versa, which lists files of this machine")
    folder = Path(folder) if folder is not None else run / "versa"
    decoded, references, left_out = _files(results, run)
    texts = {
        DECODED_FILE: listing(decoded),
        REFERENCE_FILE: listing(references),
        SCORES_FILE: "".join(_scores(results)),
    }
    for name, text in texts.items():
        write_bytes(folder / name, text.encode())
    return Exported([folder / name for name in texts], len(decoded), left_out)


def _files(results: Results, run: Path) -> tuple[list[tuple[str, Path]], list[tuple[str, Path]], dict[str, int]]:
    """Decoded file and reference of every cell that has both, by its key."""
    decoded, references = [], []
    left_out = {"not decoded": 0, "audio deleted": 0}
    kept: dict[str, str] = dict(results.clips[["clip", "reference"]].itertuples(index=False))
    for cell in results.encodings.to_dict("records"):
        if cell["status"] != "ok":
            left_out["not decoded"] += 1
            continue
        pair = [(run / str(name)).resolve() for name in (cell["decoded"], kept[cell["clip"]])]
        if not all(path.is_file() for path in pair):
            left_out["audio deleted"] += 1
            continue
        key = key_of(str(cell["condition"]), str(cell["clip"]))
        decoded.append((key, pair[0]))
        references.append((key, pair[1]))
    return decoded, references, left_out


def _scores(results: Results) -> Iterator[str]:
    """A line for every cell that was coded, with the values that it has."""
    measured = results.scores[(results.scores["status"] == "ok") & results.scores["value"].notna()]
    values: dict[tuple[str, str], dict[str, float]] = {}
    names = {name: _name(name, str(about.get("unit") or "")) for name, about in results.quantities.items()}
    for row in measured[["clip", "condition", "quantity", "value"]].itertuples(index=False):
        values.setdefault((str(row[0]), str(row[1])), {})[names[str(row[2])]] = float(row[3])
    coded = results.encodings[results.encodings["status"] == "ok"]
    for clip, condition in coded[["clip", "condition"]].itertuples(index=False):
        yield line(key_of(str(condition), str(clip)), values.get((str(clip), str(condition)), {}))


def _name(quantity: str, unit: str) -> str:
    """The name of a quantity of ours, with its unit where VERSA has another unit under that name."""
    theirs = known(quantity).unit
    return f"{quantity}_{unit}" if theirs and theirs != unit else quantity
