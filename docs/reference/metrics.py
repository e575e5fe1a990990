"""Every quantity with definition, unit, range, domain, blind spots and source: what the metrics say of themselves."""

from __future__ import annotations

from bench import metrics
from bench.explain.about import About, AboutSet, about, about_set, rows
from bench.metrics import sets
from docs.reference.markdown import cell, code, table

GROUPS = {
    "core": "What a run measures unless its configuration names something else",
    "signal": "More measures of the waveform, the spectrum, the voice, the level",
    "mos": "Predictors of a mean opinion score that listen to the degraded signal alone",
    "semantic": "What is said and who says it",
    "visqol_reference": "Other implementations of metrics of ours, to compare with",
}
OF_THIS_MACHINE = ("version", "missing")


def page() -> str:
    """Markdown of the page."""
    parts = [
        "# Metrics\n",
        "Every quantity, in the words of its class. `codecbench metrics explain NAME` prints the same and measures "
        "how the metric reacts to damage of known size; [metrics](../metrics.md) says how they are chosen and where "
        "they are checked, [blind spots](../blind-spots.md) what none of them hears.\n",
        table(("quantity", "unit", "better", "range", "clips", "works at", "group"), _overview()),
    ]
    for group, what in GROUPS.items():
        parts.append(f"## Group {group}\n\n{what}: `metrics: {group}`.\n")
        parts += [_section(about(entry.name)) for entry in metrics.GROUPS[group]]
    parts.append(
        "## Measures of whole sets\n\nUnder `set_measures` of a configuration; see [sets](../metrics-sets.md).\n"
    )
    parts += [_section(about_set(name)) for name in sets.registry.names()]
    return "\n".join(parts)


def _overview() -> list[tuple[str, ...]]:
    found = []
    for group, entries in metrics.GROUPS.items():
        for name in (entry.name for entry in entries):
            one = about(name)
            assert one.quantity is not None
            domain = one.domain
            found.append(
                (
                    f"[`{name}`](#{name})",
                    one.quantity.unit or "-",
                    "higher" if one.quantity.higher_is_better else "lower",
                    f"{_bound(one.quantity.low)} to {_bound(one.quantity.high)}",
                    "speech" if len(domain.categories) < 3 else "all",
                    f"{domain.sample_rate / 1000:g} kHz" if domain.sample_rate else "own rate",
                    group,
                )
            )
    return found


def _section(found: About | AboutSet) -> str:
    lines = [(term, cell(text)) for term, text in rows(found) if term not in OF_THIS_MACHINE]
    return f"### {code(found.name)}\n\n{cell(found.summary)}\n\n{table(('', ''), lines)}"


def _bound(value: float) -> str:
    return f"{value:.10g}".replace("inf", "∞")
