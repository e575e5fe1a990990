"""WebDataset shards as a dataset: the audio that is chosen is taken out of them once."""

from __future__ import annotations

import itertools
import logging
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from bench.datasets.base import (
    SUFFIXES,
    DatasetContext,
    checks_options,
    clashes,
    json_object,
    sample_ids,
    warn_of_clashes,
)
from bench.datasets.cutting import Cut, Duration, Moment, cut_all
from bench.datasets.extracted import keep, place
from bench.datasets.folder import clip_ids
from bench.datasets.index import facts_of
from bench.datasets.progress import with_progress
from bench.datasets.sampling import Limit, Seed
from bench.datasets.shards import Members, Shard, attributes_of, expanded
from bench.domain import Category, Clip
from bench.errors import DatasetError
from bench.store import write_json
from bench.wording import listed

TEXTS = ("json", "txt", "cls")

log = logging.getLogger(__name__)


@checks_options
def webdataset(
    name: str,
    context: DatasetContext,
    category: Category,
    path: str | Sequence[str],
    audio: str | None = None,
    start_s: Moment = 0.0,
    duration_s: Duration = None,
    lead_in_s: Moment = 0.0,
    limit: Limit = None,
    seed: Seed = 0,
    licence: str = "",
) -> list[Clip]:
    """Every sample of tar shards as one clip: ``name/shard/key``. Members ``json``, ``txt``, ``cls`` are attributes.

    Only the chosen audio members are extracted, byte for byte, into the cache folder; where each member lies in a shard
    is remembered. A member that is no readable audio is a clip with a rate of 0, which becomes failed rows.

    Args:
        path: shards (``.tar``, ``.tar.gz``), each a path, a glob or a range ``train-{000..009}.tar``.
        audio: extension of the audio member, such as ``flac`` or ``clean.wav``; needed where samples have several.
        start_s: where the judged part starts.
        duration_s: its longest duration.
        lead_in_s: seconds before ``start_s`` that are coded too.
        limit: that many clips, chosen by ``seed``.
        licence: of the recordings.
    Raises:
        ConfigError: options of the wrong kind, all of them.
        DatasetError: shards that are missing, truncated, damaged or hold a member twice, samples with several audio
            members, no audio at all, or audio that ends before ``start_s``; all of them.
    """
    what = f"dataset {name!r}"
    found: dict[str, tuple[Shard, str, str, Members]] = {}  # id -> shard, key, extension of the audio, members
    silent: list[str] = []
    problems: list[str] = []
    for shard in with_progress(shards := _shards(what, path, context), len(shards), f"indexing {name}"):
        try:
            samples = shard.samples(context.cache_dir)
        except DatasetError as error:
            problems.append(f"{what}: {error}")
            continue
        several: list[str] = []
        for key, members in samples.items():
            choice = [one for one in members if _is_audio(one) and audio in (None, one)]
            if len(choice) == 1:
                found[f"{name}/{shard.label}/{key}"] = (shard, key, choice[0], members)
            else:
                (several if choice else silent).append(f"{shard.label}/{key}")
        if several:
            parts = samples[several[0].removeprefix(f"{shard.label}/")]
            problems.append(
                f"{what}: {shard.path}: samples with several audio members ({', '.join(filter(_is_audio, parts))}): "
                f"{listed(several)}; say with `audio` which extension to take."
            )
    if not found and not problems:
        problems.append(
            f"{what}: no sample of the {len(shards)} shards has audio{f' .{audio}' if audio else ''}; correct "
            "`path` or `audio`."
        )
    if problems:
        raise DatasetError("\n".join(problems))
    if silent:
        log.warning("%s: %d samples without audio are no clips: %s.", what, len(silent), listed(silent))
    warn_of_clashes(what, clashes(found))
    taken = sample_ids(list(found), limit, seed)
    chosen = {clip_id: parts for clip_id, parts in found.items() if clip_id in taken}
    by_shard: dict[Shard, list[str]] = {}
    for clip_id, (shard, *_) in chosen.items():
        by_shard.setdefault(shard, []).append(clip_id)
    files: dict[str, Taken] = {}
    for shard in with_progress(by_shard, len(by_shard), f"extracting {name}"):
        files |= _taken(shard, {clip_id: chosen[clip_id] for clip_id in by_shard[shard]}, context.cache_dir)
    how = Cut(category, start_s, duration_s, lead_in_s, licence)
    return cut_all(name, {clip_id: files[clip_id] for clip_id in chosen}, how, context.cache_dir)


def _is_audio(extension: str) -> bool:
    return f".{extension}".endswith(SUFFIXES)


def _shards(what: str, path: str | Sequence[str], context: DatasetContext) -> list[Shard]:
    """The files that ``path`` names, in their order, each once; labels are unique."""
    patterns = [path] if isinstance(path, str) else path
    paths: dict[Path, None] = {}
    missing: list[str] = []
    for pattern in itertools.chain.from_iterable(map(expanded, patterns)):
        whole = context.resolve(pattern)
        matches = [whole] if whole.is_file() else sorted(filter(Path.is_file, Path("/").glob(str(whole)[1:])))
        paths |= dict.fromkeys(matches)
        if not matches:
            missing.append(str(whole))
    if missing or not paths:
        raise DatasetError(f"{what}: no such shard: {listed(missing)}. {context.remedy}")
    start = os.path.commonpath([path.parent for path in paths])
    names = [path.relative_to(start).as_posix() for path in paths]
    labels = clip_ids([one.removesuffix(".gz") for one in names])
    return [Shard(path, label) for path, label in zip(paths, labels, strict=True)]


class Taken(NamedTuple):
    """An audio member that lies in the cache folder, and what its sample says beside it."""

    path: Path
    attributes: dict[str, Any]


def _taken(shard: Shard, chosen: dict[str, tuple[Shard, str, str, Members]], cache_dir: Path) -> dict[str, Taken]:
    """The chosen members of one shard; only those that do not lie in the cache folder whole are extracted."""
    kept = shard.kept(cache_dir, "taken")
    known = json_object(kept)
    paths = {
        one: place(known[one]["sha256"], f".{chosen[one][2].rpartition('.')[2]}", cache_dir)
        for one in chosen
        if one in known
    }
    whole = facts_of([path for path in paths.values() if path.is_file()], cache_dir, "checking")
    hashes = {facts.sha256 for facts in whole}
    missing = [one for one in chosen if one not in known or known[one]["sha256"] not in hashes]
    ids = {chosen[one][1]: one for one in missing}
    wanted = [
        (key, extension, *members[extension])
        for _, key, audio, members in (chosen[one] for one in missing)
        for extension in (audio, *(one for one in members if one.rpartition(".")[2] in TEXTS))
    ]
    texts: dict[str, dict[str, bytes]] = {one: {} for one in missing}
    for key, extension, content in shard.contents(wanted):
        one = ids[key]
        if extension == chosen[one][2]:
            path, sha256 = keep(content, f"audio.{extension}", cache_dir)
            paths[one], known[one] = path, {"sha256": sha256}
        else:
            texts[one][extension] = content
    for one in missing:
        known[one]["attributes"] = _attributes(one, texts[one])
    if missing:
        write_json(kept, known)
    return {one: Taken(paths[one], known[one]["attributes"]) for one in chosen}


def _attributes(clip_id: str, texts: dict[str, bytes]) -> dict[str, Any]:
    try:
        return attributes_of(texts)
    except ValueError as error:
        log.warning(
            "%s: its %s cannot be read (%s); the clip has no attributes.", clip_id, listed(sorted(texts)), error
        )
        return {}
