"""The audit of a dataset: every clip measured in worker processes, kept by content, compared with the others."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bench import audio
from bench.audit.facts import AUDIT, Facts, facts_of
from bench.audit.fingerprint import duplicates, from_text, groups
from bench.audit.marks import TABLE, marks_of, with_duplicate
from bench.datasets import index
from bench.datasets.base import verify
from bench.domain import Clip
from bench.errors import DatasetError, StoreError, row_of
from bench.processes import Died, results
from bench.store import digest, write_bytes
from bench.untrusted import parse_json
from bench.wording import listed

Progress = Callable[[int, int], None]
"""Called with the number of clips that are done, and of all."""


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One clip: what was measured, and each of its marks with the reason. ``facts`` is None where it was unreadable."""

    clip: Clip
    sample_format: str
    facts: Facts | None
    marks: Mapping[str, str]

    @property
    def rt60_s(self) -> float | None:
        """The reverberation time of speech; of music the estimate says nothing."""
        return None if self.facts is None or self.clip.category == "music" else self.facts.rt60_s


def audit(clips: Sequence[Clip], cache: Path, workers: int, progress: Progress | None = None) -> list[AuditRow]:
    """Audit ``clips`` over the parts that are judged; one row each, in their order.

    What was measured of a clip is kept below ``cache`` by the content of its part, so that an audit that was stopped
    goes on where it was, and a second one only reads. A file that is not what its clip states is not taken for it,
    whatever is kept. Nothing that is wrong with a file is an error: it is a row.

    Raises:
        StoreError: the cache cannot be written.
    """
    broken = _broken(clips, cache)
    sound = [clip for place, clip in enumerate(clips) if place not in broken]
    first = {content_key(clip): clip for clip in reversed(sound)}
    measured = {key: found for key in first if (found := _kept(cache, key)) is not None}
    report = progress or (lambda _done, _all: None)
    report(len(measured), len(first))
    missing = [clip for key, clip in first.items() if key not in measured]
    for clip, result in results("bench.auditing:inspect", missing, workers):
        key = content_key(clip)
        if isinstance(result, Died):
            result = {"reason": f"reading it ended its process ({result.how})"}
        measured[key] = result
        if "facts" in result:
            write_bytes(_path(cache, key), json.dumps(result).encode())
        report(len(measured), len(first))
    rows = [_row(clip, broken.get(place) or measured[content_key(clip)]) for place, clip in enumerate(clips)]
    prints = {row.clip.id: row.facts.fingerprint for row in rows if row.facts is not None}
    same = same_recordings([row.clip for row in rows if row.facts is not None], prints)
    return [
        replace(row, marks=with_duplicate(row.marks, same[row.clip.id])) if row.clip.id in same else row for row in rows
    ]


def content_key(clip: Clip) -> str:
    """What decides the facts of a clip: its content, the part of it that is judged, and how it is measured."""
    return digest([AUDIT, audio.resampler_identity(), clip.sha256 or clip.path, clip.start_s, clip.duration_s])


def inspect(clip: Clip) -> dict[str, Any]:
    """``{"format", "facts"}`` of one clip, or ``{"reason"}`` where it cannot be read."""
    try:
        verify(clip)
        sample_format = audio.info(clip.path).subtype
        return {
            "format": sample_format,
            "facts": facts_of(audio.read(clip.path, clip.start_s, clip.duration_s)).as_dict(),
        }
    except StoreError:
        raise  # a store that cannot be reached says nothing of the file
    except Exception as error:  # noqa: BLE001  # whatever is wrong with a file is a finding of the audit
        return _reason(clip, error)


def same_recordings(clips: Iterable[Clip], fingerprints: Mapping[str, str]) -> dict[str, list[str]]:
    """For each clip that is in the set more than once, all clips of that recording, in their order.

    Args:
        clips: whose ids are keys of ``fingerprints``; what has the same content and part is the same recording too.
        fingerprints: texts of :func:`bench.audit.fingerprint.to_text` by clip id; empty ones are not compared.

    Clips that state one ``source`` are known to be one recording, and intervals cluster by it: they get no mark,
    unless they are equal. Neither do mixtures of different speech, whatever noise they share.
    """
    clips = list(clips)
    by_content: dict[str, list[str]] = {}
    for clip in clips:
        by_content.setdefault(content_key(clip), []).append(clip.id)
    one_each = {ids[0]: from_text(fingerprints[ids[0]]) for ids in by_content.values()}
    source = {clip.id: (clip.dataset, clip.source or clip.id) for clip in clips}
    speech = {clip.id: _speech_of(clip) for clip in clips}
    pairs = [
        pair
        for pair in duplicates(one_each)
        if source[pair.first] != source[pair.second] and _may_be_one(speech[pair.first], speech[pair.second])
    ]
    found = groups(pairs)
    copies = {ids[0]: ids for ids in by_content.values()}
    order = {clip.id: place for place, clip in enumerate(clips)}
    same: dict[str, list[str]] = {}
    for ids in by_content.values():
        whole = sorted((one for name in found.get(ids[0], [ids[0]]) for one in copies[name]), key=order.__getitem__)
        if len(whole) > 1:
            same.update(dict.fromkeys(ids, whole))
    return same


def _speech_of(clip: Clip) -> frozenset[str] | None:
    """Hashes of the speech that a mixture states as its ``materials``; None for a clip that states none."""
    stated = clip.attributes.get("materials")
    if not isinstance(stated, Sequence):
        return None
    materials = [one for one in stated if isinstance(one, Mapping)]
    return frozenset(str(one["sha256"]) for one in materials if one.get("role") == "speech" and "sha256" in one) or None


def _may_be_one(first: frozenset[str] | None, second: frozenset[str] | None) -> bool:
    """Mixtures are one recording only if they share speech; of any other pair the sound decides."""
    return first is None or second is None or not first.isdisjoint(second)


def marks_of_run(
    clips: Sequence[Clip], inspected: Mapping[str, Mapping[str, Any]], rate: int | None, channels: int | None
) -> dict[str, dict[str, str]]:
    """The marks of each clip of a run by its id, from what its workers found.

    Args:
        inspected: by clip id: ``format`` and the fields of :class:`~bench.audit.facts.Facts`. A clip that was not
            read, or in a run from before there was an audit, has no marks.
        rate: at which the run judges its references; None for that of each file.
        channels: to which the run mixes its references; what is mixed to mono is no dual mono.
    """
    found = {clip.id: _facts_or_none(inspected[clip.id]) for clip in clips}
    prints = {one: facts.fingerprint for one, facts in found.items() if facts is not None}
    same = same_recordings([clip for clip in clips if clip.id in prints], prints)
    marks: dict[str, dict[str, str]] = {}
    for clip in clips:
        facts = found[clip.id]
        marks[clip.id] = {}
        if facts is not None:
            judged_at = rate or facts.sample_rate
            marks[clip.id] = marks_of(facts, clip.licence, str(inspected[clip.id]["format"]), judged_at)
        if channels == 1:
            marks[clip.id].pop("dual_mono", None)
        if copies := same.get(clip.id):
            marks[clip.id] = with_duplicate(marks[clip.id], copies)
    return marks


def mark_warnings(marks: Mapping[str, Mapping[str, str]]) -> list[str]:
    """One sentence for each kind of mark: how many clips have it, the first few, and what it means.

    Args:
        marks: by clip id, the reason of each mark.
    """
    warnings = []
    for mark in TABLE:
        names = [name for name, found in marks.items() if mark.name in found]
        if names:
            first = f" ({marks[names[0]][mark.name]})" if len(names) == 1 else ""
            warnings.append(
                f"{mark.name}, {len(names)} of {len(marks)} references: {listed(names)}{first}: {mark.meaning}."
            )
    return warnings


def _facts_or_none(values: Mapping[str, Any]) -> Facts | None:
    try:
        return Facts.from_dict(values)
    except KeyError:
        return None


def _broken(clips: Sequence[Clip], cache: Path) -> dict[int, dict[str, Any]]:
    """``{"reason"}`` by place of the clips whose file is gone or changed; hashes come from the index in ``cache``."""
    paths = list(dict.fromkeys(clip.path for clip in clips))
    hashes = dict(zip(paths, index.facts_of(paths, cache, "comparing"), strict=True))
    broken = {}
    for place, clip in enumerate(clips):
        if hashes[clip.path].sha256 != clip.sha256 or not clip.sha256:
            try:
                verify(clip)
            except DatasetError as error:
                broken[place] = _reason(clip, error)
    return broken


def _reason(clip: Clip, error: Exception) -> dict[str, Any]:
    return {"reason": row_of(error)[1].replace(clip.path, Path(clip.path).name)}


def _row(clip: Clip, result: Mapping[str, Any]) -> AuditRow:
    if "facts" not in result:
        return AuditRow(clip, "", None, {"unreadable": result["reason"]})
    facts = Facts.from_dict(result["facts"])
    return AuditRow(clip, result["format"], facts, marks_of(facts, clip.licence, result["format"], facts.sample_rate))


def _path(cache: Path, key: str) -> Path:
    return cache / "audit" / key[:2] / f"{key}.json"


def _kept(cache: Path, key: str) -> dict[str, Any] | None:
    """What an earlier audit has measured; an entry that cannot be read counts as absent."""
    try:
        result: dict[str, Any] = parse_json(_path(cache, key).read_bytes())
        Facts.from_dict(result["facts"])
        return result if isinstance(result["format"], str) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None
