from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bench import audio, datasets
from bench.audio import Audio
from bench.datasets.attributes import with_attributes
from bench.datasets.bandwidth import bandwidth_class, bandwidth_hz
from bench.datasets.base import sample_ids, sha256_of
from bench.datasets.folder import folder
from bench.datasets.manifest import manifest, write_manifest
from bench.datasets.sampling import ranked, strata_of, stratified, table
from bench.domain import Clip
from bench.errors import ConfigError, DatasetError
from tests.conftest import noise
from tests.datasets.known_trees import TREES

LANGUAGES, SPEAKERS = ("de", "en", "fr"), ("a", "b", "c", "d")
sizes = st.dictionaries(st.tuples(st.sampled_from(LANGUAGES), st.sampled_from(SPEAKERS)), st.integers(1, 6), min_size=1)
seeds = st.integers(0, 3)


def make(clip_id, **attributes):
    return Clip(f"x/{clip_id}", "x", "speech", f"{clip_id}.wav", "", 16_000, 1, 16_000, attributes=attributes)


def corpus(counts):
    return [
        make(f"{language}{speaker}{number}", language=language, speaker=language + speaker)
        for (language, speaker), count in counts.items()
        for number in range(count)
    ]


def fair(taken, there):
    """Every stratum that has clips left gave at least as many as any other, less one."""
    most = max(taken.values())
    return all(taken[key] == there[key] or taken[key] >= most - 1 for key in there)


@given(sizes, st.integers(1, 40), seeds)
def test_every_stratum_gives_the_same_as_long_as_its_clips_last(counts, limit, seed):
    clips = corpus(counts)
    got = stratified(clips, limit, seed, ["language", "speaker"])
    assert len(got) == min(limit, len(clips))
    for_languages = Counter(clip.attributes["language"] for clip in got)
    assert fair(for_languages, Counter(clip.attributes["language"] for clip in clips))
    for language in for_languages:
        inside = [clip for clip in clips if clip.attributes["language"] == language]
        taken = Counter(clip.attributes["speaker"] for clip in got if clip in inside)
        assert fair(taken, Counter(clip.attributes["speaker"] for clip in inside))


@given(sizes, st.integers(1, 40), seeds)
def test_a_proportional_sample_looks_like_the_whole(counts, limit, seed):
    clips = corpus(counts)
    limit = min(limit, len(clips))
    taken = Counter(clip.attributes["speaker"] for clip in stratified(clips, limit, seed, ["speaker"], "proportional"))
    there = Counter(clip.attributes["speaker"] for clip in clips)
    for key, count in there.items():
        assert abs(taken[key] - limit * count / len(clips)) < 2


@given(sizes, st.integers(1, 40), seeds, st.sampled_from(["equal", "proportional"]), st.randoms())
def test_a_smaller_sample_is_part_of_a_larger_one_whatever_the_order(counts, limit, seed, allocation, shuffle):
    clips = corpus(counts)
    mixed = list(clips)
    shuffle.shuffle(mixed)
    by = ["language", "speaker"]
    small, large = (stratified(clips, size, seed, by, allocation) for size in (limit, limit + 3))
    again = stratified(mixed, limit, seed, by, allocation)
    assert {clip.id for clip in small} <= {clip.id for clip in large}
    assert {clip.id for clip in again} == {clip.id for clip in small}
    assert again == [clip for clip in mixed if clip in again]


@given(sizes, st.integers(1, 40), seeds, st.tuples(st.sampled_from(LANGUAGES), st.sampled_from([*SPEAKERS, "e"])))
def test_one_clip_more_exchanges_one_clip_at_most(counts, limit, seed, where):
    clips = corpus(counts)
    added = make("added", language=where[0], speaker="".join(where))
    by = ["language", "speaker"]
    before = {clip.id for clip in stratified(clips, limit, seed, by)}
    after = {clip.id for clip in stratified([*clips, added], limit, seed, by)}
    assert len(after - before) <= 1
    assert len(before - after) <= 1


def test_the_same_on_every_machine():
    """Regression: a sample that is published must stay what it is."""
    clips = corpus({("de", "a"): 3, ("de", "b"): 1, ("en", "c"): 3})
    got = [clip.id for clip in stratified(clips, 4, 7, ["language", "speaker"])]
    assert got == ["x/dea0", "x/deb0", "x/enc1", "x/enc2"]


def test_without_keys_it_is_the_plain_sample():
    clips = corpus({("de", "a"): 6, ("en", "b"): 2})
    assert {clip.id for clip in stratified(clips, 3, 5)} == sample_ids([clip.id for clip in clips], 3, 5)
    assert stratified(clips, None, 5, ["speaker"]) == clips
    assert ranked({}, 0) == []


def test_seeds_differ():
    clips = corpus({("de", "a"): 6, ("en", "b"): 6})
    assert len({tuple(clip.id for clip in stratified(clips, 4, seed, ["language"])) for seed in range(8)}) > 4


def test_clips_without_the_attribute_are_a_stratum_of_their_own():
    clips = [
        make("a", speaker="p1"),
        make("b", speaker="p1"),
        make("c"),
        make("d", speaker=""),
        make("e", speaker=None),
    ]
    got = stratified(clips, 2, 0, ["speaker"])
    assert [(row.values, row.clips, row.chosen) for row in table(clips, got, ["speaker"])] == [
        (("p1",), 2, 1),
        (("unknown",), 3, 1),
    ]


def test_lists_and_numbers_are_values_too():
    clips = [
        make("a", genre=["rock", "pop"]),
        make("b", genre=["pop", "rock"]),
        make("c", genre=[]),
        make("d", genre=3),
    ]
    assert strata_of(clips, ["genre", "rate"]) == [
        ("pop + rock", "16000"),
        ("pop + rock", "16000"),
        ("unknown", "16000"),
        ("3", "16000"),
    ]


def test_a_key_that_no_clip_has_is_named():
    with pytest.raises(ConfigError, match=r"'speeker' to stratify by\. Did you mean 'speaker'\?"):
        stratified([make("a", speaker="p")], 1, 0, ["speeker"])


@pytest.mark.parametrize(
    ("hz", "name"), [(3_400, "NB"), (4_000, "NB"), (4_001, "WB"), (8_000, "WB"), (16_000, "SWB"), (16_001, "FB")]
)
def test_classes_end_where_the_codecs_of_the_itu_do(hz, name):
    assert bandwidth_class(hz) == name


def test_bandwidth_is_measured_once(context, tmp_path):
    path = tmp_path / "narrow.wav"
    audio.write(path, Audio(audio.resample(noise(8_000, 2.0).samples, 8_000, 48_000), 48_000))
    clip = replace(make("a"), path=str(path), sha256=sha256_of(path), sample_rate=48_000)
    measured = bandwidth_hz(clip, context.cache_dir)
    assert measured == pytest.approx(4_000, abs=400)
    path.unlink()
    assert bandwidth_hz(clip, context.cache_dir) == measured
    assert bandwidth_hz(replace(clip, sha256="0" * 64), context.cache_dir) is None
    assert strata_of([replace(clip, sha256="0" * 64)], ["bandwidth"], context.cache_dir) == [("unknown",)]
    assert bandwidth_hz(replace(clip, attributes={"bandwidth_hz": 7_000}), None) == 7_000


def test_the_folder_loader_takes_attributes_from_names(context, put):
    for name in ("p1/a.wav", "p1/b.wav", "p1/c.wav", "p2/a.wav", "other/a.wav"):
        put(name, seconds=0.1)
    clips = folder("x", context, "speech", ".", attributes=r"^(?P<speaker>p\d)/", limit=3, stratify=["speaker"])
    assert Counter(clip.attributes.get("speaker") for clip in clips) == {"p1": 1, "p2": 1, None: 1}
    assert all(clip.sha256 and clip.samples for clip in clips)


def test_a_group_can_name_the_recording(context, put):
    put("take1_a.wav", seconds=0.1)
    put("take1_b.wav", seconds=0.1)
    clips = folder("x", context, "speech", ".", attributes="^(?P<source>take\\d)_")
    assert [clip.source for clip in clips] == ["take1", "take1"]
    assert [clip.attributes for clip in clips] == [{}, {}]


def test_the_folder_loader_looks_into_files_where_it_must(context, put):
    put("a.wav", rate=16_000)
    put("b.wav", rate=16_000)
    put("c.wav", rate=48_000)
    for seed in range(3):
        clips = folder("x", context, "speech", ".", limit=2, stratify=["rate"], seed=seed)
        assert {clip.sample_rate for clip in clips} == {16_000, 48_000}


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("(?P<speaker>", "expected a regular expression"),
        ("p1", "named groups"),
        ("(?P<path>p)", "other names for the groups path"),
    ],
)
def test_patterns_that_cannot_work(context, put, pattern, message):
    put("a.wav")
    with pytest.raises(ConfigError, match=message):
        folder("x", context, "speech", ".", attributes=pattern)
    with pytest.raises(ConfigError, match=message):
        with_attributes([make("p1")], pattern)


def test_a_pattern_that_matches_nothing_is_an_error(context, put):
    put("a.wav")
    with pytest.raises(DatasetError, match=r"matches none of the 1 clips, the first of which is 'a'"):
        folder("x", context, "speech", ".", attributes=r"(?P<speaker>\d+)")


def test_the_manifest_loader_stratifies(context, put):
    files = [put(f"{number}.wav", seconds=0.1, seed=number) for number in range(6)]
    clips = [
        replace(make(str(n), genre="jazz" if n else "folk"), path=str(file), sha256=sha256_of(file))
        for n, file in enumerate(files)
    ]
    write_manifest(context.data_dir / "m.jsonl", clips)
    got = manifest("x", context, "m.jsonl", limit=2, stratify=["genre"])
    assert {clip.attributes["genre"] for clip in got} == {"jazz", "folk"}
    with pytest.raises(ConfigError, match="allocation"):
        manifest("x", context, "m.jsonl", limit=2, stratify=["genre"], allocation="fair")


def test_bandwidth_of_fetched_clips(context, put):
    narrow = put("narrow.wav", rate=8_000)
    wide = [put(f"wide{n}.wav", rate=48_000, seed=n) for n in range(4)]
    clips = [replace(make(f.stem), path=f.as_uri(), sha256=sha256_of(f)) for f in (narrow, *wide)]
    write_manifest(context.data_dir / "m.jsonl", clips)
    got = manifest("x", context, "m.jsonl", limit=2, stratify=["bandwidth"])
    assert "x/narrow" in [clip.id for clip in got]


def test_the_bandwidth_is_that_of_the_audit(real_data):
    from bench.audit.facts import facts_of

    path = real_data("speech/kerstin_de_rhasspy-0013.flac")
    clip = replace(make("a"), path=str(path))
    assert bandwidth_hz(clip, None) == facts_of(audio.read(path)).bandwidth_hz


def test_known_sets_are_sampled_over_strata(context):
    TREES["vctk"].build(context.data_dir / "vctk")
    for seed in range(4):
        clips = datasets.make(
            "vctk", {"name": "v", "context": context, "limit": 2, "seed": seed, "stratify": ["speaker"]}
        )
        assert {clip.attributes["speaker"] for clip in clips} == {"p225", "p315"}
        assert all(clip.sha256 and clip.samples for clip in clips)


def test_the_pattern_of_the_document_does_what_it_says():
    text = (Path(__file__).parents[2] / "docs" / "sampling.md").read_text(encoding="utf-8")
    [examples] = [yaml.safe_load(block)["datasets"] for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)]
    clip = Clip("speech/de/anna/001", "speech", "speech", "de/anna/001.wav", "", 0, 0, 0)
    [found] = with_attributes([clip], examples[2]["attributes"])
    assert found.attributes == {"language": "de", "speaker": "anna"}
