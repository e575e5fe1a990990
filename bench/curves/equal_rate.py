"""Codecs with variable bitrate at one measured bitrate: an option is bisected for each set of a configuration."""

from __future__ import annotations

import inspect
import math
import os
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args, get_type_hints

from bench import codecs
from bench.cells.coding import bitstreams, reference_of, source_of
from bench.cells.planning import Plan
from bench.cells.toolbox import Toolbox
from bench.config import CodecConfig, RunConfig, parse
from bench.curves.bisection import Match, Step, bisect
from bench.domain import CATEGORIES, Clip
from bench.errors import CodecError, ConfigError, DatasetError, NotApplicable
from bench.loading import cache_folder, clips_of_config, dataset_context, load_config
from bench.models.device import resolve
from bench.storage import Files, Place

BITRATE = "bitrate_bps"
"""The option that is the bitrate which the codec is asked for: with variable bitrate it gives another."""

Tell = Callable[[int, int], None]


@dataclass(frozen=True)
class Question:
    """What is bisected: a codec with its other options, the option, and its range."""

    codec: CodecConfig
    option: str
    low: float
    high: float
    integer: bool

    def at(self, value: float, label: str = "") -> CodecConfig:
        """The entry of a configuration with the option at ``value``."""
        chosen: Any = round(value) if self.integer else value
        if self.option == BITRATE:
            return self.codec.model_copy(update={"bitrates_bps": [chosen], "label": label or self.codec.label})
        options = {**self.codec.options, self.option: chosen}
        return self.codec.model_copy(update={"options": options, "label": label or self.codec.label})


@dataclass(frozen=True)
class Matched:
    """The result for one set: the clips of one category. ``entry`` is what to write into a configuration.

    ``counted_bps`` is the bitrate of a second encode of all clips, without the cache. ``left_out`` are clips that the
    codec does not take, each with the reason.
    """

    category: str
    clips: int
    seconds: float
    match: Match
    counted_bps: float
    entry: Mapping[str, Any]
    left_out: Mapping[str, str]


def question(
    config: RunConfig, name: str, option: str, low: float, high: float, options: Mapping[str, Any] | None = None
) -> Question:
    """What is to be bisected, checked.

    Args:
        name: a codec of ``config`` (its label, or its name where only one entry has it), whose options it then takes;
            else any codec that codecbench knows.
        option: one of its options, or ``bitrate_bps``.
        options: other options, beside those of ``config``.
    Raises:
        ConfigError: no such codec or option, or an empty range.
    """
    base = _entry(config, name)
    base = base.model_copy(update={"options": {**base.options, **(options or {})}})
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise ConfigError(f"--between: expected a low and a higher number, got {low:g} and {high:g}.")
    codec = base.name
    made = [key for key in (*base.options, option) if key != BITRATE]
    if problems := codecs.registry.option_problems(codec, dict.fromkeys(made)):
        raise ConfigError(problems)
    integer = option == BITRATE or _is_integer(codec, option, low, high)
    if integer and not (low == round(low) and high == round(high)):
        raise ConfigError(f"--between: {option} of {codec} takes whole numbers, got {low:g} and {high:g}.")
    found = Question(base, option, low, high, integer)
    instance = codecs.make(codec, found.at(low).options)
    if option == BITRATE and not instance.takes_bitrate:
        raise ConfigError(f"--option {BITRATE}: {codec} has no bitrate to choose; expected one of its options.")
    if option != BITRATE and instance.takes_bitrate and len(base.bitrates_bps) != 1:
        raise ConfigError(
            f"--codec {name}: expected an entry of the configuration with exactly one bitrate, which {codec} "
            f"needs beside {option}; got {len(base.bitrates_bps)}."
        )
    return found


def match_sets(
    config: str | os.PathLike[str] | Mapping[str, Any] | RunConfig,
    asked: Callable[[RunConfig], Question],
    target_bps: float,
    *,
    tolerance: float = 0.01,
    data: str | os.PathLike[str] | None = None,
    cache: str | os.PathLike[str] | None = None,
    limit: int | None = None,
    only: Iterable[str] = (),
    tell: Tell = lambda done, total: None,
    report: Callable[[str, Step], None] = lambda category, step: None,
) -> list[Matched]:
    """Bisect what ``asked`` says of the configuration, for each category of its clips.

    A bitrate is total payload bits over total seconds of a set, as in a report. Bitstreams go to the cache that runs
    use, under the same keys: a run with the result encodes nothing again.

    Args:
        asked: from the parsed configuration to the question; see :func:`question`.
        limit, only: as of :func:`bench.runner.run`; ``only`` selects clips.
        tell: called with (clips done, clips) while a value is tried.
        report: called with the category and each step.
    Raises:
        CodecError: a clip that cannot be coded, or is coded differently the second time.
    """
    parsed, _ = load_config(config)
    what = asked(parsed)
    clips = tuple(clips_of_config(parsed, dataset_context(data, cache)))
    clips = Plan(parsed, clips, tuple(parsed.conditions), ()).restricted(only, limit).clips
    found = []
    for category in [name for name in CATEGORIES if any(clip.category == name for clip in clips)]:
        counter = _Counter(
            parsed, what, tuple(clip for clip in clips if clip.category == category), cache_folder(cache), tell
        )
        counter.leave_out()

        def rate_of(value: float, counter: _Counter = counter, category: str = category) -> float:
            bps = counter.bps(value)
            report(category, Step(value, bps))
            return bps

        match = bisect(rate_of, what.low, what.high, target_bps, tolerance, what.integer)
        counted = counter.again(match.value)
        if counted != match.bps:
            raise CodecError(
                f"{what.codec.name}, {category}: encoding again gave {counted:.1f} bit/s instead of {match.bps:.1f}: "
                "expected the same bits each time. A codec that is not deterministic has no setting for a bitrate."
            )
        label = f"{what.codec.label or what.codec.name}_{target_bps / 1000:g}k_{category}"
        entry = what.at(match.value, label).model_dump(exclude_defaults=True)
        found.append(Matched(category, len(counter.clips), counter.seconds, match, counted, entry, counter.left_out))
    return found


class _Counter:
    """The bitrate of one set at a value of the option."""

    def __init__(self, config: RunConfig, what: Question, clips: tuple[Clip, ...], cache: Place, tell: Tell) -> None:
        self.clips, self.left_out, self.seconds = clips, dict[str, str](), 0.0
        self._config, self._what, self._cache, self._tell = config, what, cache, tell
        self._device = resolve(config.device, config.batch_seconds)
        self._tools = Toolbox(self._device)

    def leave_out(self) -> None:
        """Leave out the clips whose channels or rate the codec does not take, at either end of the range."""
        for value in (self._what.low, self._what.high):
            self._count(value, self._cache, self._tools, self.left_out)
        self.clips = tuple(clip for clip in self.clips if clip.id not in self.left_out)
        if not self.clips:
            reason = next(iter(self.left_out.values()))
            raise DatasetError(
                f"{self._what.codec.name}: expected clips that it takes, but it takes none of those chosen: {reason} "
                "Choose others with --only, or another codec."
            )

    def bps(self, value: float) -> float:
        """With the bitstreams of the cache where they are there."""
        return self._count(value, self._cache, self._tools)

    def again(self, value: float) -> float:
        """By an encoder of its own, and without the cache."""
        with tempfile.TemporaryDirectory(prefix="codecbench-") as empty:
            return self._count(value, Path(empty), Toolbox(self._device))

    def _count(self, value: float, cache: Place, tools: Toolbox, refused: dict[str, str] | None = None) -> float:
        entry = self._what.at(value)
        checked = parse({**self._config.model_dump(), "codecs": [entry.model_dump()]}, f"{self._what.option} {value:g}")
        plan = Plan(checked, self.clips, tuple(checked.conditions), ())
        bits, seconds = 0, []
        for done, clip in enumerate(self.clips):
            self._tell(done, len(self.clips))
            job = plan.job(clip, {}, Files(Path()), cache)
            try:
                reference = reference_of(job, source_of(clip))
                (coded,) = bitstreams(job, list(job.todos), tools, reference).values()
            except NotApplicable as error:
                if refused is None:
                    raise CodecError(f"clip {clip.id}, {self._what.option} {value:g}: {error}") from None
                refused[clip.id] = str(error)
                continue
            except CodecError as error:
                raise CodecError(f"clip {clip.id}, {self._what.option} {value:g}: {error}") from error
            bits += coded.encoded.payload_bits
            seconds.append(reference.whole.seconds)
        self._tell(len(self.clips), len(self.clips))
        self.seconds = math.fsum(seconds)
        return bits / self.seconds if self.seconds else math.nan


def _entry(config: RunConfig, name: str) -> CodecConfig:
    named = [entry for entry in config.codecs if entry.label == name]
    named = named or [entry for entry in config.codecs if entry.name == name]
    if len(named) > 1:
        raise ConfigError(
            f"--codec {name}: expected one entry of the configuration, but {len(named)} have that name. Give each a "
            "label and name one by it."
        )
    return named[0] if named else CodecConfig(name=name)


def _is_integer(codec: str, option: str, low: float, high: float) -> bool:
    """Whether the option takes whole numbers only: by its annotation, else by the numbers of the range."""
    factory = codecs.registry.load(codec)
    try:
        hint = get_type_hints(factory.__init__ if inspect.isclass(factory) else factory).get(option)
    except NameError:
        hint = None
    kinds = {hint, *get_args(hint)}
    if float in kinds or int in kinds:
        return float not in kinds
    return low == round(low) and high == round(high)


def target_of(kbps: float) -> float:
    """The target in bit/s."""
    if not 0 < kbps < math.inf:
        raise ConfigError(f"--target-kbps: expected a bitrate above 0, got {kbps:g}.")
    return kbps * 1000
