"""An inspection as tables, in the style of the usual summaries of networks, and as JSON."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import yaml

from bench.errors import ConfigError
from bench.inspection.codec import Inspection, Part
from bench.inspection.cost import Cost

COLUMNS = ("layer", "kind", "output", "parameters", "without\ngains", "million\nMACs")
BESIDE_LAYER = 64
"""Characters in a line besides the path of a layer, where the shapes are wrapped."""


@dataclass(frozen=True, slots=True)
class Table:
    """What is printed together; the columns that are ``unbroken`` are never wrapped."""

    title: str
    columns: tuple[str, ...]
    rows: list[tuple[object, ...]]
    notes: tuple[str, ...] = ()
    unbroken: tuple[str, ...] = ()

    @property
    def least_width(self) -> int:
        """Characters in a line without which a word would be cut."""
        cells = zip(*[self.columns, *self.rows], strict=True)
        return -1 + sum(
            3
            + max(
                len(word)
                for cell in column
                for word in re.split("\n" if column[0] in self.unbroken else r"\s", str(cell))
            )
            for column in cells
        )


def options_of(texts: Iterable[str]) -> dict[str, Any]:
    """``KEY=VALUE`` as options; values as in YAML."""
    options = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not key or not equals:
            raise ConfigError(f"--option: expected KEY=VALUE, got {text!r}.")
        try:
            options[key] = yaml.safe_load(value)
        except yaml.YAMLError:
            raise ConfigError(f"--option {key}: expected a value as in YAML, got {value!r}.") from None
    return options


def shape_of(text: str) -> tuple[int, ...] | None:
    """``1,3,128`` as a shape, None for nothing."""
    if not text:
        return None
    try:
        shape = tuple(int(number) for number in text.split(","))
    except ValueError:
        shape = ()
    if not shape or min(shape) < 1:
        raise ConfigError(
            f"--input: expected whole numbers above 0, separated by commas, such as 1,3,128, got {text!r}."
        )
    return shape


def tables(found: Inspection, width: int = 80) -> list[Table]:
    """Everything about a codec or module, for lines of ``width`` characters where its names allow that."""
    return [*(_part(found, part, width) for part in found.parts), _summary(found)]


def to_json(found: Inspection) -> dict[str, Any]:
    """The same for programs."""
    return asdict(found) | {"parameters": found.parameters, "macs": found.macs}


def _part(found: Inspection, part: Part, width: int) -> Table:
    rows: list[tuple[object, ...]] = [
        (
            _broken(layer.path, width - BESIDE_LAYER),
            layer.kind,
            " x ".join(map(str, layer.output)),
            f"{layer.parameters:,}" if layer.parameters else "",
            f"{layer.parameters - layer.gains:,}" if layer.gains else "",
            "" if layer.macs is None else f"{layer.macs / 1e6:,.1f}",
        )
        for layer in part.layers
        if layer.parameters or len(part.layers) < 12
    ]
    total = part.totals
    rows.append(
        (
            "total",
            "",
            "",
            f"{total.parameters:,}",
            f"{total.parameters - total.gains:,}",
            "" if part.program else f"{total.macs / 1e6:,.1f}",
        )
    )
    title = f"{found.name}, {part.name}: input {' x '.join(map(str, part.input_shape))}"
    return Table(title, COLUMNS, rows, tuple(_notes(part)), tuple(one for one in COLUMNS if one != "output"))


def _broken(path: str, width: int) -> str:
    """``path`` in lines of at most ``width`` characters, broken after dots only."""
    lines = [""]
    for word in re.findall(r"[^.]*\.|[^.]+", path):
        if lines[-1] and len(lines[-1] + word) > width:
            lines.append("")
        lines[-1] += word
    return "\n".join(lines)


def _notes(part: Part) -> list[str]:
    """What a reader of the table of ``part`` must know."""
    total = part.totals
    notes = []
    missed = (
        (total.recurrent, "recurrent weights (they are called weight_ih_l0 and so on)"),
        (total.gains, "gains of weight normalisation"),
        (total.others, "parameters of other names or of modules with children"),
    )
    if any(count for count, _ in missed):
        left_out = ", ".join(f"{count:,} {what}" for count, what in missed if count)
        notes.append(
            "A usual summary adds up the `weight` and `bias` of every layer. It finds "
            f"{total.as_usual_summaries:,}: it leaves out {left_out}."
        )
    if part.program:
        notes.append(
            "This is a program, of TorchScript or torch.export: its layers cannot be watched while they run. Only its "
            "parameters are listed; outputs, work and receptive field are not known."
        )
        return notes
    if any(not layer.output for layer in part.layers):
        notes.append("Layers without an output did not run, or gave no tensor.")
    if total.unknown_work:
        notes.append(f"The work of {', '.join(total.unknown_work)} is not known and not in the sum.")
    if part.field:
        seen = f"{part.field.steps:,} steps of its input"
        beyond = f"; that of {' and '.join(part.field.unbounded)} has no bound" if part.field.unbounded else ""
        notes.append(f"Receptive field: {seen}{beyond}.")
    else:
        notes.append("Receptive field: not found.")
    return notes


def _summary(found: Inspection) -> Table:
    rows: list[tuple[object, ...]] = []
    if found.parts:
        rows.append(("parameters", f"{found.parameters:,}"))
        work = ("per second of audio", " without the quantiser") if found.cost else ("of this input", "")
        macs = "not known" if found.macs is None else f"{found.macs / 1e6:,.1f} million{work[1]}"
        rows.append((f"multiply-accumulates {work[0]}", macs))
    rows += list(found.facts.items())
    if found.cost:
        rows += _cost(found.cost)
    return Table(found.name, ("what", "value"), rows)


def _cost(cost: Cost) -> list[tuple[object, ...]]:
    rate = "" if cost.bitrate_bps is None else f", {cost.bitrate_bps} bit/s"
    own = cost.memory_bytes - cost.memory_before_bytes
    return [
        ("algorithmic delay", _delay(cost.algorithmic_delay_s)),
        ("measured with", f"{cost.sample_rate} Hz, {'mono' if cost.channels == 1 else 'stereo'}{rate}, one thread"),
        ("encoding speed", f"{cost.encode_rtf:.1f} x real time"),
        ("decoding speed", f"{cost.decode_rtf:.1f} x real time"),
        ("peak memory", f"{cost.memory_bytes / 1e6:,.0f} MB, {own / 1e6:,.0f} MB of it for this codec"),
        ("size on disk", f"{cost.files_bytes / 1e6:,.1f} MB" if cost.files_bytes else "no files of its own"),
    ]


def _delay(seconds: float | None) -> str:
    if seconds is None:
        return "not known"
    return "the whole clip" if math.isinf(seconds) else f"{1000 * seconds:.2f} ms"
