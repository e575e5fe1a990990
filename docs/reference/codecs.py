"""Every codec with its rates, bitrates, delay, options, packages and licences, as its class has them."""

from __future__ import annotations

import math
from contextlib import suppress
from typing import Any

from bench import codecs
from bench.codecs.licences import LICENCES, Licence
from bench.errors import CodecbenchError
from bench.explain.sections import DEFINITION, sections
from bench.models.catalogue import models
from docs.reference.markdown import cell, code, table
from docs.reference.options import options_table

NO_BREAK = "\N{NO-BREAK SPACE}"


def page() -> str:
    """Markdown of the page."""
    entries = [codecs.registry.entry(entry.name) for entry in codecs.TABLE]
    found = [(entry, *_looked_at(entry.name)) for entry in entries]
    rows = [
        (
            f"[`{entry.name}`](#{entry.name})",
            _rates(one),
            _numbers(one.channels) or "any",
            _delay(one),
            LICENCES[entry.name].software,
        )
        for entry, _, one in found
    ]
    parts = [
        "# Codecs\n",
        "Every codec that comes with codecbench, as its class says it. [Codecs](../codecs.md) has options in use, "
        "what counts as bits, and the delays that are taken away before anything is compared; `codecbench inspect "
        "NAME` takes one apart, `codecbench doctor` says which work here.\n",
        "*Delay* is the algorithmic one: how long a real-time encoder and decoder must wait for audio. *Licence* is "
        "that of the software which codes; below stand who says so, what its makers say of patents, and the licence of "
        "trained weights. What is built together can stand under other terms than its parts: the FFmpeg in PyAV's "
        "wheels, in which `opus`, `mp3`, `aac` and the telephone codecs run, calls itself LGPL-3.0-or-later.\n",
        table(("codec", "rates", "channels", "delay", "licence"), rows),
    ]
    weights = models()
    for entry, factory, one in found:
        facts = [("what", cell(" ".join(sections(factory.__doc__).get(DEFINITION, [entry.summary]))))]
        if one.bitrates_bps:
            facts.append(
                ("usual bitrates", cell(", ".join(f"{rate / 1000:g}" for rate in one.bitrates_bps) + " kbit/s"))
            )
        if one.scalable:
            facts.append(("scalable", "one encode serves all bitrates"))
        if one.exposes_codes:
            facts.append(("codes", "it has codebooks: measures of tokens, entropy-coded rates"))
        if not one.waveform:
            facts.append(("waveform", "not kept: a vocoder; metrics that compare waveforms say nothing about it"))
        facts += _licence(LICENCES[entry.name])
        if entry.name in weights:
            facts.append(("weights", f"{cell(weights[entry.name].licence)}; `codecbench weights fetch {entry.name}`"))
        if entry.install:
            facts.append(("needs", code(entry.install)))
        parts.append(f"## {code(entry.name)}\n\n{cell(entry.summary)}\n\n{table(('', ''), facts)}")
        parts.append(options_table(factory))
    return "\n".join(parts)


def _looked_at(name: str) -> tuple[Any, Any]:
    """The class, and an instance where one can be made here; else the class stands for it."""
    factory = codecs.load(name)
    made = factory
    with suppress(CodecbenchError):
        made = codecs.make(name, {})
    return factory, made


def _licence(found: Licence) -> list[tuple[str, str]]:
    named = {"licence": found.software, "who says so": found.source, "patents": found.patents}
    return [(term, cell(text)) for term, text in named.items() if text]


def _rates(one: Any) -> str:
    rates = one.sample_rates
    if not rates:
        return "any, or as its options say"
    return ", ".join(f"{rate / 1000:g}" for rate in rates) + " kHz"


def _numbers(values: Any) -> str:
    return ", ".join(map(str, values))


def _delay(one: Any) -> str:
    seconds = one.algorithmic_delay_s
    if seconds is None:
        return f"not{NO_BREAK}stated"
    return f"whole{NO_BREAK}clip" if math.isinf(seconds) else f"{1000 * seconds:.4g}{NO_BREAK}ms"
