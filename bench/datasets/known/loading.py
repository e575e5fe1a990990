"""From a known set to a dataset loader: which recordings, and which part of each."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import cast

import numpy as np

from bench import audio
from bench.datasets import mixing
from bench.datasets.base import DatasetContext, checks_options
from bench.datasets.cutting import Duration, Moment, with_facts
from bench.datasets.index import facts_of
from bench.datasets.known.base import KnownSet, Recording
from bench.datasets.known.places import recordings_in
from bench.datasets.sampling import Allocation, Keys, Limit, Seed, sampled
from bench.domain import CATEGORIES, Category, Clip
from bench.errors import AudioError, ConfigError, DatasetError


def loader(known: KnownSet) -> Callable[..., list[Clip]]:
    """The dataset loader of ``known``, to be named in the registry."""

    def load(
        name: str,
        context: DatasetContext,
        path: str | None = None,
        subset: str | None = None,
        duration_s: Duration = known.clip_s,
        lead_in_s: Moment = 0.0,
        limit: Limit = None,
        seed: Seed = 0,
        stratify: Keys = (),
        allocation: Allocation = "equal",
    ) -> list[Clip]:
        found = {f"{name}/{one.id}": one for one in _recordings(known, name, context, subset, path)}

        def read(clips: Sequence[Clip]) -> list[Clip]:
            facts = facts_of([clip.path for clip in clips], context.cache_dir, f"reading {name}")
            return [
                _cut(with_facts(clip, one), found[clip.id], duration_s, lead_in_s, seed)
                for clip, one in zip(clips, facts, strict=True)
            ]

        unread = [_unread(known, name, one) for one in found.values()]
        return sampled(unread, read, limit, seed, stratify, allocation, context.cache_dir)

    load.__name__ = load.__qualname__ = known.name
    cut = f"Clips of at most {known.clip_s:g} s." if known.clip_s else "Whole recordings."
    load.__doc__ = f"""{known.title}. {cut}

    Args:
        path: where the set lies; without it, ``{known.place}`` in the data folder, the data folder itself, the cache.
        subset: {", ".join([*known.subsets, "all"])}; without it, {known.split or "all"}.
        duration_s: longest duration of a clip; of a longer recording, the loudest of four places drawn by ``seed``.
        lead_in_s: seconds before the clip that are coded too; fewer where it starts earlier.
        limit: that many clips, chosen by ``seed``.
        stratify: keys over whose values the sample is spread, see :mod:`bench.datasets.sampling`.
        allocation: ``equal`` or ``proportional``.
    Raises:
        ConfigError: options of the wrong kind, a key that no clip has, or a set that holds no clips but noise or rooms.
        DatasetError: the set is not there, or not all of it.
    """
    return checks_options(load)


def _recordings(
    known: KnownSet, name: str, context: DatasetContext, subset: str | None, path: str | None
) -> list[Recording]:
    if known.role not in CATEGORIES:
        raise ConfigError(
            f"dataset {name!r}: {known.name} holds {known.role}, not clips to be coded. Use it to make noisy or "
            f"reverberant speech: loader noisy_reverberant with `{known.role}: {{dataset: {known.name}}}`."
        )
    try:
        return recordings_in(known, context, subset, path)
    except (ConfigError, DatasetError) as error:
        raise type(error)(f"dataset {name!r}: {error}") from None


def _unread(known: KnownSet, name: str, recording: Recording) -> Clip:
    """All that is known of a recording without opening its file."""
    subset = {"subset": recording.subset} if recording.subset else {}
    return Clip(
        id=f"{name}/{recording.id}",
        dataset=name,
        category=cast("Category", known.role),
        path=str(recording.path),
        sha256="",
        sample_rate=0,
        channels=0,
        samples=0,
        licence=recording.licence or known.licence,
        source=f"{name}/{recording.source or recording.id}",
        attributes={"set": known.name, **subset, **recording.attributes},
    )


def _cut(clip: Clip, recording: Recording, duration_s: float | None, lead_in_s: float, seed: int) -> Clip:
    """``clip`` with the part that is judged."""
    rate, samples = clip.sample_rate, clip.samples
    if duration_s is None or round(duration_s * rate) >= samples:
        return clip
    start_s = loudest_start_s(recording, rate, samples, duration_s, seed)
    return replace(clip, start_s=start_s, duration_s=duration_s, lead_in_s=min(lead_in_s, start_s))


def loudest_start_s(recording: Recording, rate: int, samples: int, duration_s: float, seed: int) -> float:
    """Where the loudest of four parts starts, drawn by seed and the recording's id; 0 where it cannot be read."""
    number = int.from_bytes(hashlib.sha256(f"{seed}:{recording.id}".encode()).digest()[:8])
    last = samples - round(duration_s * rate)
    starts = [int(start) / rate for start in np.random.default_rng(number).integers(last + 1, size=mixing.PLACES)]
    try:
        return mixing.loudest(starts, lambda start_s: audio.read(recording.path, start_s, duration_s))[0]
    except AudioError:  # a clip all the same; reading it at measure time gives the reason
        return 0.0
