"""The public contracts: what every codec and every metric must do for its numbers to be true.

``codecbench check NAME`` runs them on a built-in or a plug-in; the test suite runs them on every built-in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from bench import codecs, metrics
from bench.contracts.breaking import Broken
from bench.contracts.codec_rules import CODEC_RULES, Trial
from bench.contracts.metric_rules import METRIC_RULES, OF_MEANING
from bench.errors import CodecbenchError, ConfigError, MetricUndefined, MissingRequirement


@dataclass(frozen=True, slots=True)
class Result:
    """How one rule came out; ``detail`` says what is wrong."""

    name: str
    ok: bool
    detail: str = ""


def check(name: str, metric: bool = False, options: Mapping[str, Any] | None = None) -> Iterator[Result]:
    """Run every rule on the codec or the metric called ``name`` (``metric``: an import path is a metric's).

    Args:
        options: of the codec.

    Raises:
        UnknownName, ConfigError: there is none of that name, or it has no such options.
        MissingRequirement: a package, program or weights that are absent.
    """
    options = options or {}
    if metric or name in metrics.registry.entries():
        if options:
            raise ConfigError(f"{name} is a metric: --option is for codecs; leave it out.")
        factory = metrics.load(name)
        yield from _run({rule: partial(rule, factory) for rule in METRIC_RULES}, factory().needs_words)
    else:
        if name in codecs.DESCRIBED and not options:
            raise ConfigError(
                f"{name} is no codec until it has its options: give them with --option KEY=VALUE, or check it by a run "
                "with --limit 1."
            )
        trial = Trial(partial(codecs.make, name, options))
        yield from _run({rule: partial(rule, trial) for rule in CODEC_RULES})


def _run(rules: dict[Callable[..., None], Callable[[], None]], needs_words: bool = False) -> Iterator[Result]:
    for rule, call in rules.items():
        title = " ".join((rule.__doc__ or rule.__name__).split()).rstrip(".")
        if needs_words and rule in OF_MEANING:
            yield Result(title, ok=True, detail="not tried: nothing is said in the test signal.")
            continue
        try:
            call()
            yield Result(title, ok=True)
        except (ConfigError, MissingRequirement):  # of what it is made from: every other rule would say the same
            raise
        except (Broken, CodecbenchError) as error:
            excused = needs_words and isinstance(error, MetricUndefined)
            yield Result(title, ok=excused, detail=" ".join(str(error).split()))
        except Exception as error:  # noqa: BLE001  # the author of a plug-in wants to see this as a broken rule
            yield Result(title, ok=False, detail=f"{type(error).__name__}: {error}")
