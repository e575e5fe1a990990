"""Pages that need nothing but themselves: no network, no other file."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.report.cells import number
from bench.report.record import category_name
from bench.report.svg import SERIES_COLOURS

if TYPE_CHECKING:
    from markupsafe import Markup


def rendered(template: str, values: Mapping[str, Any], filters: Mapping[str, Callable[..., Any]] | None = None) -> str:
    """A page from one of the templates; ``filters`` are added to those that all of them know."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    loader = FileSystemLoader(Path(__file__).parent / "templates")
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["order"] = _order
    environment.filters["category"] = category_name
    environment.filters["code"] = _with_code
    environment.filters["number"] = number
    environment.filters.update(filters or {})
    standard = {"players_left_out": 0, "series_colours": SERIES_COLOURS}
    text: str = environment.get_template(template).render({**standard, **values})
    return text


def _with_code(text: str) -> Markup:
    """``text`` as HTML; what stands between backticks is code."""
    from markupsafe import Markup, escape

    parts = text.split("`")
    whole = parts if len(parts) % 2 else [*parts[:-2], "`".join(parts[-2:])]
    code = Markup("<code>{}</code>")
    return Markup("").join(code.format(part) if place % 2 else escape(part) for place, part in enumerate(whole))


def _order(value: float) -> str:
    """A number for the sorting script; nothing where there is none."""
    return "" if math.isnan(value) else repr(float(value)).replace("inf", "Infinity")
