"""The text that names the authors of a dataset, ready to be published with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bench.datasets.known.base import KnownSet
from bench.datasets.licence_terms import ATTRIBUTION, ROLES, asks, is_stated, read
from bench.domain import Clip
from bench.wording import counted


def attribution_of(title: str, clips: Sequence[Clip], sets: Mapping[str, KnownSet]) -> str:
    """One paragraph for each set (or dataset) and licence; below it, who made which recording where clips tell.

    Clips tell by the attributes ``attribution``, or ``title``, ``artist`` (or ``author``) and ``url``. Mixtures have
    ``materials``, a list of such attributes with ``role`` and ``licence``: one paragraph for each set, in which
    everybody is named once for each role and licence. Clips without a licence have a paragraph of their own that
    says so; where a licence asks for authors who are not known, that is said. ``title`` is what clips of a single
    dataset are called.
    """
    one_dataset = len({clip.dataset for clip in clips}) == 1
    groups: dict[tuple[str, str], list[Clip]] = {}
    for clip in clips:
        origin = str(clip.attributes.get("set") or (title if one_dataset else clip.dataset))
        groups.setdefault((origin, "" if _materials(clip) else clip.licence.strip()), []).append(clip)
    paragraphs = []
    for origin, stated in sorted(groups):
        mixed = [clip for clip in groups[origin, stated] if _materials(clip)]
        others = [clip for clip in groups[origin, stated] if not _materials(clip)]
        paragraphs += [_of_mixtures(origin, mixed)] if mixed else []
        paragraphs += [_paragraph(origin, stated, others, sets)] if others else []
    return "\n\n".join(paragraphs) + "\n"


def _paragraph(origin: str, stated: str, clips: Sequence[Clip], sets: Mapping[str, KnownSet]) -> str:
    known = sets.get(origin)
    work = known.attribution or known.title if known else origin
    lines = [f"{work}: {counted(len(clips), 'clip')}{_cut(clips)}.", _terms(stated, known)]
    if known:
        lines += [f"Cite: {known.citation}"] if known.citation else []
        lines += [f"From {known.homepage}"] if known.homepage else []
    told = sorted({credit for clip in clips if (credit := _credit(clip.attributes))})
    if not known and not told and ATTRIBUTION in asks(stated):
        lines.append(f"Authors: UNKNOWN. The licence asks to {ATTRIBUTION}.")
    return "\n".join([*lines, *(f"- {credit}" for credit in told)])


def _cut(clips: Sequence[Clip]) -> str:
    """Licences that ask for attribution ask for changes too."""
    parts = sum(clip.start_s > 0 or clip.duration_s is not None for clip in clips)
    return "" if not parts else ", cut from longer recordings" if parts == len(clips) else f", {parts} of them cut"


def _terms(stated: str, known: KnownSet | None) -> str:
    if not is_stated(stated):
        return "Licence: UNKNOWN. Nothing says under which terms it may be used; ask the owner before publishing it."
    urls = [licence.url for licence in read(stated).licences]
    if known and stated == known.licence:
        urls = [known.licence_url] if known.licence_url else urls
    return f"Licence: {stated}" + (f" ({', '.join(urls)})" if urls else "")


def _materials(clip: Clip) -> Sequence[Mapping[str, Any]]:
    return clip.attributes.get("materials") or ()


def _of_mixtures(origin: str, clips: Sequence[Clip]) -> str:
    works: dict[tuple[str, str], set[str]] = {}
    for one in (one for clip in clips for one in _materials(clip)):
        stated = str(one.get("licence") or "").strip()
        known = _credit(one)
        work = known or str(one.get("collection") or one.get("name") or "a recording without a name")
        unknown = "" if known or ATTRIBUTION not in asks(stated) else f" (authors: UNKNOWN; to {ATTRIBUTION} is asked)"
        works.setdefault((str(one.get("role", "material")), stated), set()).add(work + unknown)
    order = {role: place for place, role in enumerate(ROLES)}
    lines = [f"{origin}: {counted(len(clips), 'clip')}{_cut(clips)}, mixed from the recordings below, and so changed."]
    for role, stated in sorted(works, key=lambda key: (order.get(key[0], len(order)), key)):
        lines.append(f"{role.capitalize()}. {_terms(stated, None)}")
        lines += [f"- {work}" for work in sorted(works[role, stated])]
    return "\n".join(lines)


def _credit(attributes: Mapping[str, Any]) -> str:
    told = {key: str(value).strip() for key, value in attributes.items() if isinstance(value, str)}
    if told.get("attribution"):
        return told["attribution"]
    author = told.get("artist") or told.get("author") or ""
    if not author:
        return ""
    title = f"“{told['title']}” by " if told.get("title") else ""
    return f"{title}{author}" + (f", {told['url']}" if told.get("url") else "")
