from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from bench import audio, config, datasets, loading
from bench.audio import Audio
from bench.datasets.base import sample_ids, verify
from bench.datasets.known import known_sets, recordings_of
from bench.datasets.known import loading as known_loading
from bench.datasets.known.absent import absent_sets
from bench.datasets.walking import matching
from bench.domain import CATEGORIES
from bench.errors import ConfigError, DatasetError, UnknownName
from tests.datasets.known_trees import TREES, sound

SETS = known_sets()
CLIPS = [name for name, known in SETS.items() if known.role in CATEGORIES]
MATERIALS = [name for name in SETS if name not in CLIPS]
DOCS = (Path(__file__).parents[2] / "docs" / "known-sets.md").read_text(encoding="utf-8")


@pytest.fixture
def build(context):
    """Write the small tree of a set below the data folder, or below another one."""

    def put(name, place=None):
        if name == "gtzan_filtered":
            pytest.importorskip("torchaudio", exc_type=ImportError)
        place = place or context.data_dir / SETS[name].place
        TREES[name].build(place)
        return place

    return put


def load(name, context, **options):
    return datasets.make(name, {"name": "mine", "context": context, **options})


def test_every_set_has_a_tree_a_registry_entry_and_a_name_of_its_own():
    assert set(TREES) == set(SETS) == {entry.name for entry in datasets.KNOWN}
    for entry in datasets.KNOWN:
        summary = entry.summary
        assert summary.startswith(SETS[entry.name].role)
        assert f"{SETS[entry.name].hours:g} h" in summary if SETS[entry.name].hours else " h" not in f"{summary} "
        assert datasets.load(entry.name).__name__ == entry.name


@pytest.mark.parametrize("name", CLIPS)
def test_the_clips_of_a_set(name, context, build):
    tree, known = TREES[name], SETS[name]
    build(name)
    clips = load(name, context)
    assert [clip.id for clip in clips] == [f"mine/{one}" for one in tree.ids]
    for clip in clips:
        verify(clip)
        header = audio.info(clip.path)
        assert (clip.dataset, clip.category) == ("mine", known.role)
        assert (clip.sample_rate, clip.channels, clip.samples) == (header.rate, header.channels, header.length)
        assert clip.licence
        assert clip.source.startswith("mine/")
    first = clips[0]
    assert first.licence == (tree.licence or known.licence)
    assert tree.told.items() <= first.attributes.items()
    assert first.attributes["set"] == name
    everything = load(name, context, subset="all")
    assert {clip.id for clip in everything} == {f"mine/{one}" for one in (*tree.ids, *tree.more_ids)}


@pytest.mark.parametrize("name", MATERIALS)
def test_the_recordings_of_a_material(name, context, build):
    tree = TREES[name]
    build(name)
    known, found = recordings_of(name, context)
    assert known is SETS[name]
    assert [one.id for one in found] == tree.ids
    assert all(audio.read(one.path).length for one in found)
    assert tree.told.items() <= found[0].attributes.items()
    assert (found[0].licence or known.licence) == (tree.licence or known.licence)
    if tree.more_ids:
        assert {one.id for one in recordings_of(name, context, "all")[1]} == {*tree.ids, *tree.more_ids}
    with pytest.raises(ConfigError, match=rf"mine.*{name} holds {known.role}.*`{known.role}: {{dataset: {name}}}`"):
        load(name, context)


@pytest.mark.parametrize("name", SETS)
def test_an_absent_set_says_where_it_is_expected_and_how_to_get_it(name, context):
    known = SETS[name]
    with pytest.raises(DatasetError) as error:
        recordings_of(name, context)
    message = str(error.value)
    assert "\n" not in message
    assert str(context.data_dir / known.place) in message
    assert str(context.cache_dir / "sets" / known.place) in message
    assert all(glob in message for glob in known.recognised_by)
    assert (f"codecbench data fetch {name}" in message) if known.archives else (known.obtain in message)


@pytest.mark.parametrize("name", SETS)
def test_a_foreign_folder_is_not_taken_for_the_set(name, context):
    place = context.data_dir / SETS[name].place
    sound(place / "holiday" / "beach.wav")
    sound(place / "a.flac")
    with pytest.raises(DatasetError, match="is not there: looked in"):
        recordings_of(name, context)


BROKEN = [
    ("librispeech_test_clean", "LibriSpeech/test-clean/1089/134686/a-b-c.trans.txt", b"x", "too many values"),
    ("vctk", "speaker-info.txt", b"ID AGE\np225 23 F Espa\xf1ol\n", "no UTF-8 at byte"),
    ("common_voice", "cv-corpus-17.0-2024-03-15/de/test.tsv", b"client_id\tpath\tsentence\na\tb\n", "column sentence"),
    (
        "esc50",
        "ESC-50-master/meta/esc50.csv",
        b"<!DOCTYPE html>\n<title>Gone</title>\n",
        "expected the columns filename",
    ),
    ("esc50", "ESC-50-master/meta/esc50.csv", b"filename,fold,category,esc10,src_file\na,one,b,c,d", "invalid literal"),
    ("esc50", "ESC-50-master/meta/esc50.csv", b"filename," + b"x" * 140_000, r"field larger than field limit"),
    ("openslr28", "RIRS_NOISES/real_rirs_isotropic_noises/rir_list", b"--room-id\n\n x --room-id y.wav\n", "line 3"),
    ("fsd50k", "FSD50K.metadata/eval_clips_info_FSD50K.json", b"[]", "expected a JSON object, got list"),
    ("ears", "speaker_statistics.json", b"{", "no JSON"),
]


@pytest.mark.parametrize(("name", "file", "content", "problem"), BROKEN)
def test_a_table_that_is_broken_is_named_with_its_problem(name, file, content, problem, context, build):
    path = build(name) / file
    path.write_bytes(content)
    with pytest.raises(DatasetError, match=problem) as error:
        recordings_of(name, context)
    assert str(error.value).startswith(str(path))


def test_blank_lines_say_nothing(context, build):
    path = build("openslr28") / "RIRS_NOISES/real_rirs_isotropic_noises/rir_list"
    path.write_text(f"\n{path.read_text()}\n \n")
    assert [one.id for one in recordings_of("openslr28", context)[1]] == TREES["openslr28"].ids


def test_of_two_releases_the_newest_is_taken(context, build, caplog):
    place = build("common_voice")
    shutil.copytree(place / "cv-corpus-17.0-2024-03-15" / "eo", place / "cv-corpus-9.0-2022-04-27" / "eo")
    clips = recordings_of("common_voice", context)[1]
    assert [one.id for one in clips] == TREES["common_voice"].ids
    assert "cv-corpus-9.0-2022-04-27/eo: " in caplog.text


@pytest.mark.parametrize(
    ("stated", "gender"),
    [("do_not_wish_to_say", None), ("male_masculine", "male"), ("female", "female"), ("non-binary", "non-binary")],
)
def test_the_gender_of_common_voice(stated, gender, context, build):
    for table in build("common_voice").glob("*/*/test.tsv"):
        table.write_text(table.read_text().replace("female_feminine", stated))
    [first, *_] = recordings_of("common_voice", context)[1]
    assert first.attributes.get("gender") == gender


AS_NOBODY = """
import os, sys
from pathlib import Path
from bench.datasets.base import DatasetContext
from bench.datasets.known import known_sets, recordings_of
from bench.datasets.records import files_below
from bench.errors import DatasetError
known_sets()
os.setgroups([])
os.setgid(65534)
os.setuid(65534)
root = Path(sys.argv[1])
for look in (
    lambda: recordings_of("vctk", DatasetContext(root, root)),
    lambda: recordings_of("musdb18_hq", DatasetContext(root, root)),
    lambda: list(files_below(root)),
):
    try:
        print(look())
    except DatasetError as error:
        print(error)
"""


@pytest.mark.skipif(os.getuid() != 0, reason="needs a user who may become another one")
def test_a_folder_that_cannot_be_read_is_an_error_by_name():
    with tempfile.TemporaryDirectory() as root:
        Path(root).chmod(0o755)
        for name in ("vctk", "musdb18_hq"):
            TREES[name].build(Path(root) / name)
        closed = [Path(root) / "vctk/wav48_silence_trimmed/p225", Path(root) / "musdb18_hq/test"]
        for folder in closed:
            folder.chmod(0o700)
        command = [sys.executable, "-c", AS_NOBODY, root]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
        assert said[0] == f"{closed[0]}: cannot be read (Permission denied); make it readable."
        assert said[1] == f"{closed[1]}: cannot be read (Permission denied); make it readable."
        assert said[2].endswith(": cannot be read (Permission denied); make it readable.")


@pytest.mark.parametrize("pattern", ["*", "a/*", "**/*.wav", "a/**/*.wav", "*/", "a/x.wav", "b/[xy].wav", "**/"])
def test_what_matches_is_what_pathlib_finds(pattern, tmp_path):
    for name in ("a/x.wav", "a/deep/y.wav", "b/x.wav", "c.wav", "b/.hidden.wav"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "link").symlink_to("a")
    found = list(matching(tmp_path, pattern))
    assert sorted(found) == sorted(tmp_path.glob(pattern))
    assert found


@pytest.mark.parametrize("name", [name for name, tree in TREES.items() if tree.needed])
def test_a_set_that_is_there_in_part_is_an_error_that_names_what_is_missing(name, context, build):
    lost = build(name) / TREES[name].needed
    lost.unlink()
    with pytest.raises(DatasetError) as error:
        recordings_of(name, context)
    message = str(error.value)
    assert "is here only in part: 1 of " in message or "holds a part of it, but nothing that matches" in message
    assert TREES[name].needed in message or "only in part" not in message


def test_a_set_is_found_in_its_folder_then_in_the_data_folder_itself_then_in_the_cache(context, build):
    def found():
        return Path(load("vctk", context)[0].path)

    cached = build("vctk", context.cache_dir / "sets" / "vctk")
    assert found().is_relative_to(cached)
    build("vctk", context.data_dir)
    assert found().is_relative_to(context.data_dir)
    own = build("vctk")
    assert found().is_relative_to(own)
    build("vctk", context.data_dir / "elsewhere")
    [first, *_] = load("vctk", context, path="elsewhere")
    assert Path(first.path).is_relative_to(context.data_dir / "elsewhere")
    with pytest.raises(DatasetError, match=r"looked in [^,]*/nowhere\. It is"):
        load("vctk", context, path="nowhere")


def test_a_subset_that_the_set_does_not_have_lists_those_it_has(context, build):
    build("musdb18_hq")
    with pytest.raises(ConfigError, match="dataset 'mine': musdb18_hq, subset: expected train, test, all, got 'dev'"):
        load("musdb18_hq", context, subset="dev")
    (build("ears") / "p100/sentences_01_loud.wav").unlink()
    with pytest.raises(DatasetError, match=r"no recording of 'validation' here.*data fetch ears"):
        load("ears", context, subset="validation")


def test_fewer_recordings_than_published_are_reported(context, build, caplog):
    build("musdb18_hq")
    load("musdb18_hq", context)
    assert "MUSDB18-HQ has 50 recordings, 2 are here" in caplog.text
    caplog.clear()
    load("musdb18_hq", context, subset="all")
    assert not caplog.text


def test_an_unknown_set_names_a_near_one(context):
    with pytest.raises(UnknownName, match="Did you mean 'vctk'"):
        recordings_of("vtck", context)


def test_a_limit_chooses_by_seed_before_anything_is_read(context, build, monkeypatch):
    build("ebu_sqam")
    read = []
    facts_of = known_loading.facts_of
    monkeypatch.setattr(known_loading, "facts_of", lambda paths, *rest: read.extend(paths) or facts_of(paths, *rest))
    four = load("ebu_sqam", context, limit=4)
    assert len(read) == 4
    every = [f"mine/{one}" for one in TREES["ebu_sqam"].ids]
    assert {clip.id for clip in four} == sample_ids(every, 4, 0)
    assert {clip.id for clip in load("ebu_sqam", context, limit=2)} < {clip.id for clip in four}
    assert {clip.id for clip in load("ebu_sqam", context, limit=4, seed=1)} != {clip.id for clip in four}


def test_a_long_recording_is_cut_at_the_loudest_of_four_places(context, build):
    place = build("ebu_sqam")
    samples = np.full((2, 44_100 * 24), 0.001, dtype=np.float32)
    samples[:, 44_100 * 6 : 44_100 * 20] = 0.5
    audio.write(place / "08.flac", Audio(samples, 44_100))
    [clip] = [clip for clip in load("ebu_sqam", context, lead_in_s=1.0) if clip.id == "mine/08"]
    assert clip.duration_s == 10.0
    assert clip.lead_in_s == min(1.0, clip.start_s)
    assert audio.read(clip.path, clip.start_s, clip.duration_s).length == 441_000
    assert clip.start_s + 10 > 6  # each of four places alone would miss the loud part with a chance of 1 in 14
    again = {clip.start_s for seed in (0, 0) for clip in load("ebu_sqam", context, seed=seed) if clip.id == "mine/08"}
    assert again == {clip.start_s}
    starts = {
        clip.start_s for seed in range(4) for clip in load("ebu_sqam", context, seed=seed) if clip.id == "mine/08"
    }
    assert len(starts) == 4
    whole = [clip for clip in load("ebu_sqam", context, duration_s=None) if clip.id == "mine/08"]
    assert (whole[0].start_s, whole[0].duration_s) == (0.0, None)


@pytest.mark.parametrize(("name", "channels"), [("common_voice", 1), ("mtg_jamendo", 2)])
def test_parts_of_mp3_files_can_be_read(name, channels, context, build):
    build(name)
    for path in context.data_dir.rglob("*.mp3"):
        sound(path, seconds=3.0, rate=48_000, channels=channels)
    for clip in load(name, context, duration_s=0.5):
        assert clip.path.endswith(".mp3")
        assert 0 < clip.start_s < 2.6
        part = audio.read(clip.path, clip.start_s, clip.duration_s)
        start = round(clip.start_s * clip.sample_rate)
        whole = audio.read(clip.path).samples[:, start : start + part.length]
        assert part.samples.shape == (channels, 24_000)
        assert np.abs(part.samples - whole).max() < 1e-3


def test_a_recording_that_cannot_be_read_is_a_clip_all_the_same(context, build):
    place = build("musan_music")
    (place / "musan/music/fma/music-fma-0000.wav").write_bytes(b"no audio")
    broken, good = load("musan_music", context, duration_s=0.1)
    assert (broken.sample_rate, broken.samples, broken.start_s, broken.duration_s) == (0, 0, 0.0, None)
    assert good.samples


def test_clips_of_one_recording_share_their_source(context, build):
    build("dns_clean")
    assert {clip.source for clip in load("dns_clean", context)} == {f"mine/{TREES['dns_clean'].ids[0][:-6]}"}
    build("librispeech_test_clean")
    assert [one.source for one in recordings_of("librispeech_test_clean", context)[1]] == [
        *("1089-134686", "1089-134686", "121-121726")
    ]
    build("esc50")
    assert [one.source for one in recordings_of("esc50", context)[1]] == ["100032", "104089", "104089"]


def test_wrong_options_are_listed_all_at_once(context):
    with pytest.raises(ConfigError) as error:
        datasets.load("vctk")("mine", context, limit=0, duration_s=-1, seed=-1)
    assert len(error.value.problems) == 3
    with pytest.raises(ConfigError) as error:
        load("vctk", context, stratify="speaker", limit=0)
    assert "stratify: expected a list of keys, such as [speaker], got 'speaker'." in error.value.problems[1]
    assert len(error.value.problems) == 2


def test_torchaudio_lists_the_same_files(context, build):
    oracle = pytest.importorskip("torchaudio.datasets", exc_type=ImportError)

    def ids(name, subset=None):
        return [one.id for one in recordings_of(name, context, subset)[1]]

    root = build("librispeech_test_clean")
    theirs = oracle.LIBRISPEECH(root, url="test-clean")
    assert [Path(theirs.get_metadata(number)[0]).stem for number in range(len(theirs))] == ids("librispeech_test_clean")
    [first, *_] = recordings_of("librispeech_test_clean", context)[1]
    assert theirs.get_metadata(0)[2] == first.attributes["text"]

    build("vctk", context.data_dir / "vctk" / "VCTK-Corpus-0.92")
    vctk = recordings_of("vctk", context, path="vctk/VCTK-Corpus-0.92")[1]
    theirs = oracle.VCTK_092(context.data_dir / "vctk", mic_id="mic1")
    assert ["_".join(pair) + "_mic1" for pair in theirs._sample_ids] == [one.path.stem for one in vctk]

    theirs = oracle.GTZAN(build("gtzan"))
    assert set(theirs._walker) - {"jazz.00054"} == set(ids("gtzan"))

    build("musdb18_hq", context.data_dir / "musdb18hq")
    theirs = oracle.MUSDB_HQ(context.data_dir, subset="test")
    songs = recordings_of("musdb18_hq", context, path="musdb18hq")[1]
    assert theirs.names == [one.path.parent.name for one in songs]

    corpus = build("common_voice") / "cv-corpus-17.0-2024-03-15" / "eo"
    theirs = oracle.COMMONVOICE(corpus, "test.tsv")
    assert [f"{corpus.parent.name}/eo/{Path(row[1]).stem}" for row in theirs._walker] == ids("common_voice")[1:]


HTTP_ONLY = ("http://marsyas.info/",)
LENGTHS = {"md5": 32, "sha1": 40, "sha256": 64}


@pytest.mark.parametrize("name", SETS)
def test_the_facts_of_a_set_are_well_formed(name):
    known = SETS[name]
    urls = [known.homepage, known.licence_url, *(archive.url for archive in known.archives)]
    assert all(url.startswith(("https://", *HTTP_ONLY)) for url in urls)
    assert bool(known.archives) != bool(known.obtain)
    assert all((known.licence, known.citation, known.attribution, known.recognised_by))
    assert re.search(r"(19|20)\d\d", known.citation)
    assert known.split in ("", *known.subsets)
    assert len({archive.url for archive in known.archives}) == len(known.archives)
    for archive in known.archives:
        assert re.fullmatch(r"[\w.-]+", archive.name)
        assert archive.subset in ("", *known.subsets)
        assert archive.size_bytes is None or archive.size_bytes > 1e5
        if archive.checksum:
            kind, _, digits = archive.checksum.partition(":")
            assert re.fullmatch(rf"[0-9a-f]{{{LENGTHS[kind]}}}", digits)
    if known.clip_s is not None:
        assert known.role in CATEGORIES


def row_of(known):
    """A row of the table in docs/known-sets.md."""
    rate = "as recorded" if known.sample_rate is None else f"{known.sample_rate / 1000:g} kHz"
    channels = {1: " mono", 2: " stereo", None: ""}[known.channels]
    hours = "not stated" if known.hours is None else f"{known.hours:g}"
    cut = f"{known.clip_s:g} s" if known.clip_s else "whole"
    subsets = f"{known.subsets[0]} … {known.subsets[-1]}" if len(known.subsets) > 9 else ", ".join(known.subsets)
    split = f"{known.split or 'all'}" + (f" (of {subsets})" if subsets else "")
    sizes = [archive.size_bytes for archive in known.archives]
    size = f", {sum(filter(None, sizes)) / 1e9:.1f} GB" if sizes and all(sizes) else ""
    files = f"{len(known.archives)} file{'s' * (len(known.archives) > 1)}{size}" if known.archives else "you bring them"
    cells = (f"`{known.name}`", f"[{known.title}]({known.homepage})", known.role, rate + channels, hours, split, cut)
    return f"| {' | '.join(cells)} | {files} | [{known.licence}]({known.licence_url}) |"


def test_the_docs_list_every_set():
    rows = [line for line in DOCS.splitlines() if line.startswith("| `") and line.count("|") == 10]
    assert rows == [row_of(known) for known in SETS.values()]
    for known in SETS.values():
        assert known.citation in DOCS
        if known.obtain:
            assert known.obtain in DOCS


@cache
def preset(name):
    """As written: the codecs of the paper need weights, which are not here."""
    return config.RunConfig.model_validate(config.mapping_of(config.find(name))[0])


@pytest.mark.parametrize("name", ["encodec_24khz", "encodec_48khz"])
def test_the_presets_of_the_paper_parse_and_list_what_is_missing(name, context):
    run = preset(name)
    rate, channels = {"encodec_24khz": (24_000, 1), "encodec_48khz": (48_000, 2)}[name]
    assert (run.sample_rate, run.channels) == (rate, channels)
    assert {item.name for item in run.datasets} == {
        *("clean_speech", "noisy_speech", "reverberant_speech", "music_set_1", "music_set_2")
    }
    for item in run.datasets:
        assert item.options["duration_s"] == 5
        assert item.options.get("limit", item.options.get("count")) == 50
        assert "seed" in item.options
        if item.loader == "noisy_reverberant":
            assert (item.options["sample_rate"], item.options.get("channels", 1)) == (rate, channels)
            for key in ("speech", "noise", "rooms"):
                assert item.options[key] == "simulated" or item.options[key]["dataset"] in SETS
    with pytest.raises(DatasetError) as error:
        loading.clips_of_config(run, context)
    for missing in ("dns_clean", "mtg_jamendo", "musdb18_hq"):
        assert str(error.value).count(f"data fetch {missing}") >= 1


def test_the_sets_of_the_presets_make_the_clips_of_the_presets(context, build):
    for name in ("dns_clean", "mtg_jamendo", "musdb18_hq"):
        build(name)
    run = preset("encodec_24khz")
    for item in run.datasets:
        if item.loader != "noisy_reverberant":
            clips = datasets.make(item.loader, {"name": item.name, "context": context, **item.options})
            assert len(clips) == 2


def test_every_entry_of_a_material_that_is_not_there_is_named(context):
    speech = [{"dataset": "vctk"}, {"path": "x"}, {"dataset": "ears", "subset": "train"}]
    lines = absent_sets({"datasets": [{"loader": "noisy_reverberant", "speech": speech, "noise": "pink"}]}, context)
    assert [line.partition(": ")[0] for line in lines] == ["datasets[0].speech"] * 2
    assert "codecbench data fetch vctk" in lines[0]
    assert "codecbench data fetch ears --subset train" in lines[1]
