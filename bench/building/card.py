"""The texts that go with a set: its data card, and what its licences ask for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from bench.building import distributions
from bench.building.plans import SetPlan
from bench.datasets.levels import SnrClasses
from bench.datasets.licence_terms import NOT_STATED
from bench.datasets.terms import combined
from bench.domain import Clip

FILES = ("README.md", "ATTRIBUTION.md", "snr.png", "rt60.png")
ROLES = {"speech": "speech", "noise": "noise and babble", "rooms": "rooms"}


def files(clips: Sequence[Clip], plan: SetPlan, set_sha256: str) -> dict[str, bytes]:
    """Content of ``FILES``."""
    return {
        "README.md": readme(clips, plan, set_sha256).encode(),
        "ATTRIBUTION.md": attribution(clips, plan).encode(),
        "snr.png": distributions.png(clips, "snr"),
        "rt60.png": distributions.png(clips, "rt60"),
    }


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


def readme(clips: Sequence[Clip], plan: SetPlan, set_sha256: str) -> str:
    """``README.md``: the data card."""
    about, recipe = plan.about, plan.recipe
    seconds = [clip.samples / clip.sample_rate for clip in clips]
    rows = sources(clips)
    terms = combined((row["licence"] for row in rows), plan.about.licence)
    facts = [
        ("clips", f"{len(clips)}, {sum(seconds) / 3600:.2f} h; {min(seconds):.1f} to {max(seconds):.1f} s each"),
        ("format", f"FLAC, {recipe.bits} bit, {recipe.sample_rate} Hz, {recipe.spatial}"),
        ("seed", str(recipe.seed)),
        ("SNR", _snr(clips, recipe.snr_db)),
        ("RT60", _spread(distributions.values_of(clips, "rt60"), "s", len(clips))),
        (
            "noise",
            _counted(_noise(clip) for clip in clips),
        ),
        ("rooms", _counted(_room(clip) for clip in clips)),
        ("talkers", _talkers(clips)),
        ("licences", ", ".join(terms.licences)),
        ("licence of the set", about.licence or NOT_STATED),
        ("homepage", about.homepage),
        ("set_sha256", f"`{set_sha256}`"),
    ]
    if recipe.spatial != "mono":
        facts.insert(6, ("noise comes from", _counted(clip.attributes.get("noise_field", "") for clip in clips)))
    lines = [f"# {about.title or about.name}", ""]
    if about.description:
        lines += [" ".join(about.description.split()), ""]
    if terms.obstacles:
        lines += ["> **Not ready to be published:** " + " ".join(terms.obstacles), ""]
    lines += ["| | |", "|---|---|", *(f"| {name} | {text} |" for name, text in facts if text), ""]
    lines += ["![Distribution of SNR](snr.png)", "", "![Distribution of RT60](rt60.png)", "", "## Sources", ""]
    lines += ["| used as | from | recordings | clips | licence |", "|---|---|---|---|---|"]
    for row in rows:
        origin = row["collection"] or _short(row["attribution"]) or "files"
        lines.append(
            f"| {ROLES[row['role']]} | {origin} | {len(row['recordings'])} | {row['clips']} | {row['licence']} |"
        )
    lines += ["", "Whom to name, and what the licences ask: [ATTRIBUTION.md](ATTRIBUTION.md).", "", _MADE]
    lines += ["", "```yaml", plan.text.rstrip(), "```"]
    return "\n".join(lines) + "\n"


_MADE = """## How it was made

Each clip is speech in a room plus noise. `manifest.jsonl` holds for each what was drawn and measured, the recordings
in it with their hashes and licences, the hash of its file and of its decoded samples (`samples_sha256`). `build.json`
holds versions and hashes of everything. The same recipe over the same recordings gives the same samples again:
`codecbench data build` with this recipe (docs/noisy-reverberant.md says what every key means):"""


def _snr(clips: Sequence[Clip], asked: object) -> str:
    if not isinstance(asked, SnrClasses):
        return _spread(distributions.values_of(clips, "snr"), "dB", len(clips))
    moving = Counter(str(clip.attributes["snr_moving"]) for clip in clips)
    classes = Counter(clip.attributes["snr_class_db"] for clip in clips)
    text = ", ".join(f"{value:g} dB: {classes[value]}" for value in sorted(classes))
    moved = moving["ramp"] + moving["step"]
    return f"clips that start at {text}" + (f"; {moved} move to another class within the clip" if moved else "")


def _spread(values: Sequence[float], unit: str, count: int) -> str:
    if not values:
        return "none"
    low, middle, high = np.percentile(values, [0, 50, 100])
    without = f"; {count - len(values)} clips have none" if len(values) < count else ""
    return f"{low:.2f} to {high:.2f} {unit}, median {middle:.2f} {unit}{without}"


def _counted(names: Any) -> str:
    return ", ".join(f"{name} {count}" for name, count in Counter(names).most_common())


def _room(clip: Clip) -> str:
    if not clip.attributes["reverberation"]:
        return "none"
    return "measured" if "room_sha256" in clip.attributes else "simulated"


def _noise(clip: Clip) -> str:
    return "recorded" if "noise_sha256" in clip.attributes else str(clip.attributes["noise"])


def _talkers(clips: Sequence[Clip]) -> str:
    spoken = [one for clip in clips for one in clip.attributes["materials"] if one["role"] == "speech"]
    speakers = {one.get("speaker", "") for one in spoken} - {""}
    unknown = sum(not one.get("speaker") for one in spoken)
    known = f"{len(speakers)} known by name" if speakers else ""
    return "; ".join(filter(None, [known, f"{unknown} clips do not say" if unknown else ""]))


def _short(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:79]}…"
