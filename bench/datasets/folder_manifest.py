"""The manifest of a folder, however large: every file read once, to be stopped and continued at any time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench import audio
from bench.datasets.attributes import pattern_problem, with_attributes
from bench.datasets.base import AUDIO_FILES, DatasetContext, clashes, warn_of_clashes
from bench.datasets.folder import clip_ids, matching
from bench.datasets.index import facts_of
from bench.datasets.manifest import write_manifest
from bench.domain import Category, Clip
from bench.errors import AudioError, ConfigError, DatasetError
from bench.storage import Place, place


@dataclass(frozen=True, slots=True)
class Written:
    """What :func:`write_folder_manifest` wrote.

    Attributes:
        output: the manifest.
        files: its number of lines.
        seconds: seconds of audio, all files together.
        unreadable: for each file that is no readable audio, why; they are in the manifest, with a rate of 0.
        unmatched: paths that the expression for attributes does not match.
    """

    output: Place
    files: int
    seconds: float
    unreadable: list[str]
    unmatched: list[str]

    @property
    def facts(self) -> dict[str, object]:
        """As JSON for programs."""
        return {
            "output": str(self.output),
            "files": self.files,
            "seconds": self.seconds,
            "unreadable": self.unreadable,
            "without_attributes": self.unmatched,
        }

    @property
    def summary(self) -> str:
        """One line for people."""
        notes = [f"{self.files} files, {self.seconds / 3600:.2f} h"]
        if self.unreadable:
            notes.append(f"{len(self.unreadable)} of them not readable, which become failed rows")
        if self.unmatched:
            notes.append(f"{len(self.unmatched)} without attributes")
        return f"{self.output}: {'; '.join(notes)}."


def write_folder_manifest(
    context: DatasetContext,
    path: str | Path,
    category: Category,
    output: Place | None = None,
    include: Sequence[str] = AUDIO_FILES,
    exclude: Sequence[str] = (),
    licence: str = "",
    attributes: str | None = None,
    workers: int | None = None,
) -> Written:
    """Write the manifest of the audio files below ``path``: ids, hashes, rates, channels, samples.

    Args:
        output: where to; default ``manifest.jsonl`` in the folder.
        include: globs, as in the loader ``folder``.
        exclude: globs of files to leave out.
        licence: of the recordings.
        attributes: a regular expression with named groups, searched in each relative path: ``(?P<speaker>p[0-9]+)``.
        workers: threads that read.
    Raises:
        ConfigError: an expression that cannot be used.
        DatasetError: no such folder, no file that matches, or files that cannot be opened, by name; nothing is written.
    """
    if attributes is not None and (problem := pattern_problem(attributes)):
        raise ConfigError(f"attributes: {problem}, got {attributes!r}.")
    root = context.place_of(path, "the manifest's folder")
    paths = matching(root, include, exclude, "manifest")
    twins = clashes(paths)
    warn_of_clashes(str(root), twins)
    facts = facts_of([str(root / one) for one in paths], context.cache_dir, "hashing", workers)
    closed = [one for one, known in zip(paths, facts, strict=True) if not known.sha256]
    if closed:
        reasons = "\n".join(_why_not_audio(root / one) for one in closed)
        raise DatasetError(
            f"{len(closed)} of the {len(paths)} files cannot be opened, so they have no hash to put into a manifest; "
            f"mend or exclude them:\n{reasons}"
        )
    clips = [
        Clip(
            clip_id, "", category, str(root / one), known.sha256, known.rate, known.channels, known.samples, licence,
            attributes={"same_name_as": twins[one]} if one in twins else {},
        )
        for one, clip_id, known in zip(paths, clip_ids(paths), facts, strict=True)
    ]  # fmt: skip
    unmatched: list[str] = []
    if attributes is not None:
        named = with_attributes(clips, attributes)
        unmatched = [one for one, bare, clip in zip(paths, clips, named, strict=True) if clip is bare]
        clips = named
    target = output or root / "manifest.jsonl"
    write_manifest(target, clips)
    return Written(
        target,
        len(clips),
        sum(clip.samples / clip.sample_rate for clip in clips if clip.sample_rate),
        [_why_not_audio(place(clip.path)) for clip in clips if not clip.samples],
        unmatched,
    )


def _why_not_audio(path: Place) -> str:
    try:
        audio.info(path)
    except AudioError as error:
        return str(error)
    return f"{path}: the file holds no samples."
