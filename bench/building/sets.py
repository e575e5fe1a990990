"""Building a set: mix what is not there yet, then write manifest, hashes, licences and data card."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from bench import audio, auditing, provenance
from bench.auditing import AuditRow
from bench.building import card
from bench.building.plans import SHA256, SetPlan
from bench.datasets.base import json_object, sha256_of
from bench.datasets.manifest import read_manifest, write_manifest
from bench.datasets.noisy_reverberant import BUILDER
from bench.datasets.recipe import identities
from bench.domain import Clip
from bench.errors import DatasetError, WorkerDied
from bench.journal import Journal, Records
from bench.processes import Died, results
from bench.store import locked, write_bytes, write_json
from bench.wording import listed

JOURNAL = ".journal"
CLIP = re.compile(r"\d{4,}_[^.]*\.flac$|\.\d{4,}_[^.]*\.flac\.\d+\.flac$")
"""Names of clips, and of those that a process was writing."""

Progress = Callable[[int, int], None]
"""Called with the number of finished clips and of all."""


@dataclass(frozen=True)
class BuiltSet:
    """A finished set. ``mixed`` clips were made by this call, in ``seconds`` of it; the others were there."""

    folder: Path
    clips: list[Clip]
    set_sha256: str
    mixed: int
    seconds: float

    @property
    def audio_s(self) -> float:
        """Duration of all clips."""
        return sum(clip.samples / clip.sample_rate for clip in self.clips)


def build(plan: SetPlan, folder: Path, workers: int = 1, progress: Progress | None = None) -> BuiltSet:
    """Write the set of ``plan`` into ``folder``; clips of earlier calls, with fewer clips too, are verified and kept.

    Raises:
        DatasetError: recordings that cannot be used, all of them; a folder that holds something else, or more
            clips; or clips that are not those that the recipe expects.
        FolderInUse, StoreError: the folder cannot be written.
    """
    folder = Path(os.path.abspath(folder))  # noqa: PTH100
    _require_own(folder, plan)
    with locked(folder):
        with closing(Journal(folder / JOURNAL)) as journal:
            clips, count, seconds = _clips(plan, folder, journal, workers, progress or (lambda *_: None))
        built = BuiltSet(folder, clips, set_sha256(clips), count, seconds)
        if count or not _is_described(built, plan):
            _describe(built, plan, auditing.audit(built.clips, plan.cache, workers))
        shutil.rmtree(folder / JOURNAL)
    (folder / ".lock").unlink(missing_ok=True)
    if differences := compared(built, plan):
        raise DatasetError("\n".join(differences))
    return built


def _is_described(built: BuiltSet, plan: SetPlan) -> bool:
    """Whether all that goes with the audio is there, and says what the recipe and the clips say."""
    made = json_object(built.folder / "build.json")
    return (
        (made.get("recipe_key"), made.get("clips"), made.get("recipe")) == (plan.key, len(built.clips), plan.text)
        and _listed(built.folder) == built.clips
        and card.is_whole(built.folder)
    )


def _listed(folder: Path) -> list[Clip]:
    """The clips of the manifest; none where it is not there or cannot be read, as it is written again."""
    try:
        return read_manifest(folder / "manifest.jsonl")
    except DatasetError:
        return []


def set_sha256(clips: Iterable[Clip]) -> str:
    """Hash of a set: SHA-256 of the lines ``id samples_sha256``, sorted by id, each ended by a line feed."""
    lines = sorted(f"{clip.id} {clip.attributes['samples_sha256']}\n" for clip in clips)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def compared(built: BuiltSet, plan: SetPlan) -> list[str]:
    """What differs from the set that the recipe expects, clip by clip where it names a manifest."""
    expected = plan.about.expect
    if not expected or expected == built.set_sha256:
        return []
    where = f"{built.folder}: the clips are not those that {plan.file} expects"
    if SHA256.fullmatch(expected):
        return [
            f"{where}: expected set_sha256 {expected}, got {built.set_sha256}. Recordings, the recipe or versions of "
            "libraries differ (see build.json); `expect` with the path of the published manifest names the clips."
        ]
    theirs = plan.expected
    ours = {clip.id: clip.attributes["samples_sha256"] for clip in built.clips}
    lines = [f"{one}: expected, but not made" for one in sorted(theirs.keys() - ours.keys())]
    lines += [f"{one}: made, but not expected" for one in sorted(ours.keys() - theirs.keys())]
    lines += [
        f"{one}: expected samples_sha256 {theirs[one]}, got {ours[one]}"
        for one in sorted(theirs.keys() & ours.keys())
        if theirs[one] != ours[one]
    ]
    return [f"{where}; {len(lines)} differ:", *(f"  {line}" for line in lines)] if lines else []


def _require_own(folder: Path, plan: SetPlan) -> None:
    """Raise DatasetError where ``folder`` holds something else than this set or the beginning of it."""
    if not folder.exists() or (folder.is_dir() and {path.name for path in folder.iterdir()} <= {".lock", ".owner"}):
        return
    begun = _begun(folder) if folder.is_dir() else None
    if begun is None:
        raise DatasetError(f"{folder}: expected an empty or no folder, or a set built here; choose another --output.")
    key, count = begun
    if key != plan.key:
        raise DatasetError(
            f"{folder}: it holds a set of another recipe, other recordings or other versions. Choose another "
            "--output, or delete the folder."
        )
    if count > plan.recipe.count:
        raise DatasetError(
            f"{folder}: it holds this set with {count} clips, or the beginning of it; the recipe asks for fewer, "
            f"{plan.recipe.count}, and no clip is deleted. Write count: {count} or more, or choose another --output."
        )
    if foreign := _foreign(folder):
        raise DatasetError(
            f"{folder / 'audio'}: expected only clips of the set, got {listed(foreign)}. Move them elsewhere."
        )


def _begun(folder: Path) -> tuple[str, int] | None:
    """Key and number of clips of the set that was built or begun in ``folder``; None where there is none."""
    with closing(Records(folder / JOURNAL)) as records:
        if (begun := records.get("recipe")) is not None:
            return str(begun["key"]), int(begun.get("count", 0))
    made = json_object(folder / "build.json")
    return (str(made["recipe_key"]), int(made["clips"])) if made.get("recipe_key") else None


def _foreign(folder: Path) -> list[str]:
    """Names of what stands among the clips and cannot be one, whole or half-written."""
    place = folder / "audio"
    return sorted(path.name for path in place.iterdir() if not CLIP.match(path.name)) if place.is_dir() else []


def _clips(
    plan: SetPlan, folder: Path, journal: Journal, workers: int, progress: Progress
) -> tuple[list[Clip], int, float]:
    """All clips of the set in their order, how many of them were mixed, and how long that took."""
    journal.append({"recipe": {"key": plan.key, "count": plan.recipe.count}})
    (folder / "audio").mkdir(exist_ok=True)
    clips = _kept(folder, journal)
    todo = [number for number in range(plan.recipe.count) if number not in clips]
    problems, started = [], time.monotonic()
    progress(len(clips), plan.recipe.count)
    shared = plan.recipe, plan.materials, folder / "audio"
    for number, done in results("bench.datasets.noisy_reverberant:mixed", todo, workers, *shared):
        if isinstance(done, Died):
            raise WorkerDied(
                f"a process ended while it mixed clip {number} of {plan.recipe.count} ({done.how}; killed, or out of "
                "memory?). Finished clips are kept: start the same command again, with fewer --workers where memory "
                "was short."
            )
        if isinstance(done, str):
            problems.append(done)
            continue
        clips[number] = done
        journal.append({str(number): asdict(done)})
        progress(len(clips), plan.recipe.count)
    if problems:
        raise DatasetError("\n".join(f"dataset {plan.about.name!r}: {one}" for one in dict.fromkeys(problems)))
    found = [replace(clips[number], dataset=plan.about.name) for number in range(plan.recipe.count)]
    for file in {*(folder / "audio").iterdir()} - {Path(clip.path) for clip in found}:
        if CLIP.match(file.name):
            file.unlink()  # of a process that was killed
    return found, len(todo), time.monotonic() - started


def _kept(folder: Path, journal: Journal) -> dict[int, Clip]:
    """The clips of earlier calls whose files are still what they were, by number."""
    rows = [asdict(clip) for clip in _listed(folder)] + [row for key, row in journal.items() if key != "recipe"]
    names = {field.name for field in fields(Clip)}
    found = {}
    for row in rows:
        clip = Clip(**{key: value for key, value in row.items() if key in names})
        clip = replace(clip, path=str(folder / "audio" / Path(clip.path).name))
        if Path(clip.path).is_file() and sha256_of(Path(clip.path)) == clip.sha256:
            found[int(clip.attributes["number"])] = clip
    return found


def _describe(built: BuiltSet, plan: SetPlan, rows: Sequence[AuditRow]) -> None:
    """Write everything but the audio; ``build.json`` comes last, as the sign of a finished set."""
    folder = built.folder
    write_manifest(folder / "manifest.jsonl", built.clips)
    for name, content in card.files(rows, plan, built.set_sha256).items():
        write_bytes(folder / name, content)
    used = {
        (one["role"], one["sha256"], one["name"]): one for clip in built.clips for one in clip.attributes["materials"]
    }
    write_json(
        folder / "build.json",
        {
            "name": plan.about.name,
            "set_sha256": built.set_sha256,
            "recipe_key": plan.key,
            "recipe": plan.text,
            "seed": plan.recipe.seed,
            "clips": len(built.clips),
            "seconds": round(built.audio_s, 3),
            "builder": BUILDER,
            "made_with": {**identities(plan.recipe), "files": audio.file_library_identity()},
            "materials": [used[key] for key in sorted(used)],
            "built": {
                "at": provenance.now(),
                "versions": provenance.package_versions(),
                "revision": provenance.revision(),
                "machine": provenance.machine(),
            },
        },
    )


def default_folder(plan: SetPlan) -> Path:
    """Where a set goes that has no ``--output``."""
    return Path("results", "datasets", plan.about.name)


def summary(plan: SetPlan, folder: Path) -> dict[str, Any]:
    """What would be built, for ``--dry-run``."""
    made = json_object(folder / "build.json")
    done = int(made["clips"]) if made.get("recipe_key") == plan.key else 0
    with closing(Records(folder / JOURNAL)) as records:
        done = min(plan.recipe.count, done + sum(key != "recipe" for key in records))
    return {
        "name": plan.about.name,
        "folder": os.fspath(folder),
        "clips": plan.recipe.count,
        "to_do": plan.recipe.count - done,
        "recordings": {role: len(sources) for role, sources in plan.materials.sources.items()},
        "licences": list(plan.terms.licences),
        "duties": list(plan.terms.duties),
        "obstacles": list(plan.terms.obstacles),
        "recipe_key": plan.key,
    }
