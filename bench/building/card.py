"""The texts that go with a set: its data card, and what its licences ask for."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.auditing import AuditRow
from bench.building.plans import SetPlan
from bench.cards.facts import Card, card_of
from bench.cards.markdown import markdown
from bench.cards.plots import pictures_of
from bench.datasets.known import known_sets
from bench.datasets.levels import SnrClasses
from bench.datasets.licence_terms import NOT_STATED
from bench.datasets.terms import combined
from bench.domain import Clip

FILES = ("README.md", "ATTRIBUTION.md")
ROLES = {"speech": "speech", "noise": "noise and babble", "rooms": "rooms"}


def files(rows: Sequence[AuditRow], plan: SetPlan, set_sha256: str) -> dict[str, bytes]:
    """Content of ``FILES`` and of the card's pictures, from the set's clips as they were measured."""
    card = card_of_set(rows, plan, set_sha256)
    pictures, texts = pictures_of(card, "plots/{}.svg")
    texts |= {
        "README.md": readme(card, pictures, plan),
        "ATTRIBUTION.md": attribution([row.clip for row in rows], plan),
    }
    return {name: text.encode() for name, text in texts.items()}


def is_whole(folder: Path) -> bool:
    """Whether ``FILES`` and the pictures that the card shows are in ``folder``."""
    if not all((folder / name).is_file() for name in FILES):
        return False
    shown = re.findall(r"\]\((plots/\w+\.svg)\)", (folder / "README.md").read_text(encoding="utf-8"))
    return all((folder / name).is_file() for name in shown)


def sources(clips: Sequence[Clip]) -> list[dict[str, Any]]:
    """The recordings in a set by role, collection, licence and attribution: how many, and in how many clips."""
    recordings: dict[tuple[str, ...], set[str]] = {}
    count: Counter[tuple[str, ...]] = Counter()
    for clip in clips:
        seen = set()
        for one in clip.attributes["materials"]:
            key = tuple(one.get(name, "") for name in ("role", "collection", "licence", "attribution"))
            recordings.setdefault(key, set()).add(one["name"])
            seen.add(key)
        count.update(seen)
    order = list(ROLES)
    return [
        {
            "role": key[0], "collection": key[1], "licence": key[2], "attribution": key[3],
            "recordings": sorted(recordings[key]), "clips": count[key],
        }
        for key in sorted(recordings, key=lambda key: (order.index(key[0]), key[1:]))
    ]  # fmt: skip


def attribution(clips: Sequence[Clip], plan: SetPlan) -> str:
    """``ATTRIBUTION.md``: what the licences ask, what stands in the way of publishing, and whom to name."""
    rows = sources(clips)
    terms = combined((row["licence"] for row in rows), plan.about.licence)
    about = plan.about
    lines = [f"# {about.title or about.name}: licences and attribution", ""]
    if about.attribution or about.licence:
        stated = f"licence: {about.licence}" if about.licence else "licence of the mix: not stated by its maker"
        lines += [". ".join(filter(None, [about.attribution, stated])), ""]
    lines += ["The clips are mixes, hence changed versions, of the recordings below.", ""]
    if terms.obstacles:
        lines += ["**Before you publish this set:**", "", *(f"- {one}" for one in terms.obstacles), ""]
    if terms.duties:
        lines += ["**What the licences ask:**", "", *(f"- {one}" for one in terms.duties), ""]
    for row in rows:
        what = row["collection"] or ", ".join(row["recordings"][:3]) + (" …" if len(row["recordings"]) > 3 else "")
        lines += [
            f"## {ROLES[row['role']]}: {what}", "",
            f"- licence: **{row['licence']}**",
            f"- attribution: {row['attribution'] or '**not stated**'}",
            f"- {len(row['recordings'])} recordings in {row['clips']} clips",
            *(f"  - {name}" for name in row["recordings"]),
            "",
        ]  # fmt: skip
    return "\n".join(lines).rstrip() + "\n"


def readme(card: Card, pictures: Mapping[str, str], plan: SetPlan) -> str:
    """``README.md``: the data card, and how to make the set again."""
    return "\n".join([markdown(card, pictures), _MADE, "", "```yaml", plan.text.rstrip(), "```", ""])


def card_of_set(rows: Sequence[AuditRow], plan: SetPlan, set_sha256: str) -> Card:
    """The data card of the set, with what only its recipe tells."""
    about, recipe = plan.about, plan.recipe
    clips = [row.clip for row in rows]
    terms = combined((row["licence"] for row in sources(clips)), about.licence)
    more = [
        ("Licence of the set", about.licence or NOT_STATED),
        ("Homepage", about.homepage),
        ("Format", f"FLAC, {recipe.bits} bit, {recipe.sample_rate} Hz, {recipe.spatial}"),
        ("SNR", _snr(clips, recipe.snr_db)),
        ("Noise", _counted(_noise(clip) for clip in clips)),
        ("Noise comes from", _counted(filter(None, (clip.attributes.get("noise_field") for clip in clips)))),
        ("Rooms", _counted(_room(clip) for clip in clips)),
        ("Seed", str(recipe.seed)),
        ("set_sha256", set_sha256),
    ]
    return replace(
        card_of(about.name, rows, known_sets(), about.title, " ".join(about.description.split())),
        warning=" ".join(["Not ready to be published:", *terms.obstacles]) if terms.obstacles else "",
        licence=about.licence,
        more=tuple((term, text) for term, text in more if text),
    )


_MADE = """## How it was made

Each clip is speech in a room plus noise. `manifest.jsonl` holds for each what was drawn and measured, the recordings
in it with their hashes and licences, the hash of its file and of its decoded samples (`samples_sha256`). `build.json`
holds versions and hashes of everything, [ATTRIBUTION.md](ATTRIBUTION.md) every recording, whom to name, and what the
licences ask. The same recipe over the same recordings gives the same samples again: `codecbench data build` with this
recipe (docs/noisy-reverberant.md says what every key means):"""


def _snr(clips: Sequence[Clip], asked: object) -> str:
    if not isinstance(asked, SnrClasses):
        return ""
    moving = Counter(str(clip.attributes["snr_moving"]) for clip in clips)
    classes = Counter(clip.attributes["snr_class_db"] for clip in clips)
    text = ", ".join(f"{value:g} dB: {classes[value]}" for value in sorted(classes))
    moved = moving["ramp"] + moving["step"]
    return f"clips that start at {text}" + (f"; {moved} move to another class within the clip" if moved else "")


def _counted(names: Any) -> str:
    return ", ".join(f"{name} {count}" for name, count in Counter(names).most_common())


def _room(clip: Clip) -> str:
    if not clip.attributes["reverberation"]:
        return "none"
    return "measured" if "room_sha256" in clip.attributes else "simulated"


def _noise(clip: Clip) -> str:
    return "recorded" if "noise_sha256" in clip.attributes else str(clip.attributes["noise"])
