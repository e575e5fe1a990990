"""A small tree in the true layout of every known set; ``TREES`` says what the loader must find in it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import soundfile


def sound(path: Path, seconds: float = 0.3, rate: int = 16_000, channels: int = 1) -> None:
    """A noise burst, different for each path."""
    rng = np.random.default_rng(list(path.as_posix()[-40:].encode()))
    path.parent.mkdir(parents=True, exist_ok=True)
    shape = (round(seconds * rate), channels)
    kind = {"format": "MP3"} if path.suffix == ".mp3" else {"subtype": "PCM_16"}
    soundfile.write(path, 0.1 * rng.standard_normal(shape), rate, **kind)


def text(path: Path, *lines: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def librispeech(root: Path) -> None:
    top = root / "LibriSpeech"
    text(
        top / "SPEAKERS.TXT",
        ";ID  |SEX| SUBSET           |MINUTES| NAME",
        "1089 | M | test-clean       | 8.03  | Peter Bobbe",
        "121  | F | test-clean       | 8.13  | Nikolle Doolin",
    )
    for chapter, count in (("1089/134686", 2), ("121/121726", 1)):
        stem = chapter.replace("/", "-")
        text(
            top / "test-clean" / chapter / f"{stem}.trans.txt",
            *(f"{stem}-{number:04} HE HOPED THERE WOULD BE STEW {number}" for number in range(count)),
        )
        for number in range(count):
            sound(top / "test-clean" / chapter / f"{stem}-{number:04}.flac")


def vctk(root: Path) -> None:
    text(
        root / "speaker-info.txt",
        "ID  AGE  GENDER  ACCENTS  REGION COMMENTS",
        "p225  23  F    English    Southern  England",
        "p315  18  M    American   New England (mic2 files unavailable)",
    )
    for name in ("p225_001_mic1", "p225_001_mic2", "p225_002_mic1", "p225_002_mic2", "p315_001_mic1"):
        sound(root / "wav48_silence_trimmed" / name[:4] / f"{name}.flac", rate=48_000)
        text(root / "txt" / name[:4] / f"{name[:8]}.txt", "Please call Stella.")


def ears(root: Path) -> None:
    (root / "p102").mkdir(parents=True)
    about = {"age": "26-35", "gender": "female", "native language": "german", "weight": "not used"}
    (root / "speaker_statistics.json").write_text(json.dumps({"p102": about}))
    for name in ("p102/emo_joy_sentences", "p102/rainbow_01_fast", "p102/vegetative_eating", "p100/sentences_01_loud"):
        sound(root / f"{name}.wav", rate=48_000)


def common_voice(root: Path) -> None:
    header = "client_id\tpath\tsentence\tup_votes\tdown_votes\tage\tgender\taccents\tlocale\tsegment"
    for language, rows in (("de", ("test", "dev")), ("eo", ("test",))):
        corpus = root / "cv-corpus-17.0-2024-03-15" / language
        for number, subset in enumerate(rows):
            name = f"common_voice_{language}_{number}.mp3"
            line = f'{"a1" * 64}\t{name}\t"Das ist gut\t2\t0\ttwenties\tfemale_feminine\t\t{language}\t'
            text(corpus / f"{subset}.tsv", header, line)
            sound(corpus / "clips" / name, rate=48_000)


def dns_challenge(root: Path) -> None:
    top = root / "datasets_fullband"
    for name in (
        "clean_fullband/read_speech/book_00000_chp_0009_reader_06709_3_seg_2",
        "clean_fullband/read_speech/book_00000_chp_0009_reader_06709_3_seg_4",
        "clean_fullband/german_speech/M-AILABS/buch_f000001",
        "noise_fullband/door_Freesound_validated_1",
        "impulse_responses/SLR26/simulated_rirs_48k/smallroom/Room001/Room001-00001",
        "impulse_responses/SLR28/RIRS_NOISES/real_rirs_isotropic_noises/RVB2014_type1_rir_largeroom1_far_angla",
        "impulse_responses/SLR28/RIRS_NOISES/real_rirs_isotropic_noises/RVB2014_type1_noise_largeroom1_1",
    ):
        sound(top / f"{name}.wav", rate=48_000)


def itu_p501(root: Path) -> None:
    for name in ("english_f1_FB_48k", "german_m2_FB_48k", "english_f1_WB_16k"):
        sound(root / f"P501_C_{name}.wav", rate=48_000)
    sound(root / "P501_C_short_conditioning.wav")


def musdb18_hq(root: Path) -> None:
    for song in ("test/AM Contra - Heart Peripheral", "test/Zeno - Signs", "train/A Classic Education - NightOwl"):
        for stem in ("mixture", "vocals", "drums", "bass", "other"):
            sound(root / song / f"{stem}.wav", rate=44_100, channels=2)


def mtg_jamendo(root: Path) -> None:
    text(
        root / "raw_30s_cleantags_50artists.tsv",
        "TRACK_ID\tARTIST_ID\tALBUM_ID\tPATH\tDURATION\tTAGS",
        "track_0007400\tartist_000007\talbum_000999\t00/7400.mp3\t200.1\tgenre---rock\tmood/theme---dark",
    )
    text(
        root / "audio_licenses.txt",
        "00/7400.mp3",
        "Song by Somebody from Jamendo: http://www.jamendo.com/track/7400",
        "Licensed under CC BY-NC-SA 3.0: http://creativecommons.org/licenses/by-nc-sa/3.0/",
        "",
        "01/1.mp3",
        "Other by Nobody from Jamendo: http://www.jamendo.com/track/1",
        "Licensed under CC BY 3.0: http://creativecommons.org/licenses/by/3.0/",
    )
    for name in ("00/7400", "00/7500", "01/7401"):
        sound(root / f"{name}.mp3", rate=44_100, channels=2)


def gtzan(root: Path) -> None:
    for name in ("blues.00000", "blues.00012", "jazz.00054", "rock.00001"):
        sound(root / "genres" / name.split(".")[0] / f"{name}.wav", rate=22_050)


def ebu_sqam(root: Path) -> None:
    for track in range(1, 71):
        sound(root / f"{track:02}.flac", 0.05, 44_100, 2)


def musan(root: Path) -> None:
    for name in (
        "music/fma/music-fma-0000",
        "music/jamendo/music-jamendo-0000",
        "speech/librivox/speech-librivox-0000",
        "noise/free-sound/noise-free-sound-0000",
    ):
        sound(root / "musan" / f"{name}.wav")
        text(root / "musan" / name.rpartition("/")[0] / "LICENSE", "see here")
    text(root / "musan/music/fma/ANNOTATIONS", "music-fma-0000 baroque,classical N Fabio Bacchus")
    text(root / "musan/speech/librivox/ANNOTATIONS", "speech-librivox-0000 f portuguese")


def fsd50k(root: Path) -> None:
    text(root / "FSD50K.ground_truth/eval.csv", "fname,labels,mids", '37199,"Guitar,Music","/m/0342h,/m/04rlf"')
    text(root / "FSD50K.ground_truth/dev.csv", "fname,labels,mids,split", "64760,Bark,/m/05tny_,train")
    licence = {"37199": {"title": "a", "license": "http://creativecommons.org/licenses/by/3.0/", "uploader": "b"}}
    text(root / "FSD50K.metadata/eval_clips_info_FSD50K.json", json.dumps(licence))
    sound(root / "FSD50K.eval_audio/37199.wav", rate=44_100)


def esc50(root: Path) -> None:
    text(
        root / "ESC-50-master/meta/esc50.csv",
        "filename,fold,target,category,esc10,src_file,take",
        "1-100032-A-0.wav,1,0,dog,True,100032,A",
        "1-104089-A-22.wav,1,22,clapping,False,104089,A",
        "1-104089-B-22.wav,1,22,clapping,False,104089,B",
    )
    for name in ("1-100032-A-0", "1-104089-A-22", "1-104089-B-22"):
        sound(root / "ESC-50-master/audio" / f"{name}.wav", rate=44_100)


def openslr28(root: Path) -> None:
    for place, name in (("real_rirs_isotropic_noises", "air_office_0_1"), ("simulated_rirs/smallroom", "R/R-00001")):
        path = f"RIRS_NOISES/{place}/{name}.wav"
        text(root / "RIRS_NOISES" / place / "rir_list", f"--rir-id 00001 --room-id office {path}")
        sound(root / path)
    sound(root / "RIRS_NOISES/real_rirs_isotropic_noises/RVB2014_type1_noise_largeroom1_1.wav")


@dataclass(frozen=True)
class Tree:
    """``ids`` of the set's own split, ``all_ids`` of everything, what is told of ``ids[0]``, a file it cannot lack."""

    build: Callable[[Path], None]
    ids: list[str]
    told: Mapping[str, Any] = field(default_factory=dict)
    more_ids: tuple[str, ...] = ()
    needed: str = ""
    licence: str = ""


READ = "read_speech/book_00000_chp_0009_reader_06709_3_seg_"
RECORDED = "SLR28/RIRS_NOISES/real_rirs_isotropic_noises/RVB2014_type1_rir_largeroom1_far_angla"
CV = "cv-corpus-17.0-2024-03-15"
TRACKS = [f"{track:02}" for track in range(1, 71)]

TREES = {
    "librispeech_test_clean": Tree(
        librispeech,
        ["1089-134686-0000", "1089-134686-0001", "121-121726-0000"],
        {"speaker": "1089", "gender": "male", "language": "en", "text": "HE HOPED THERE WOULD BE STEW 0"},
        needed="LibriSpeech/test-clean/1089/134686/1089-134686-0001.flac",
    ),
    "vctk": Tree(
        vctk,
        ["p225/p225_001_mic1", "p225/p225_002_mic1", "p315/p315_001_mic1"],
        {"speaker": "p225", "gender": "female", "age": 23, "accent": "English", "subset": "mic1"},
        ("p225/p225_001_mic2", "p225/p225_002_mic2"),
        needed="speaker-info.txt",
    ),
    "ears": Tree(
        ears,
        ["p102/emo_joy_sentences", "p102/rainbow_01_fast"],
        {"speaker": "p102", "gender": "female", "native_language": "german", "style": "emo_joy_sentences"},
        ("p102/vegetative_eating", "p100/sentences_01_loud"),
        needed="p102/emo_joy_sentences.wav",
    ),
    "common_voice": Tree(
        common_voice,
        [f"{CV}/de/common_voice_de_0", f"{CV}/eo/common_voice_eo_0"],
        {"speaker": "a1a1a1a1a1a1a1a1", "language": "de", "gender": "female", "text": '"Das ist gut'},
        (f"{CV}/de/common_voice_de_1",),
        needed=f"{CV}/de/clips/common_voice_de_0.mp3",
    ),
    "dns_clean": Tree(
        dns_challenge,
        [f"{READ}2", f"{READ}4"],
        {"speaker": "06709", "language": "en", "subset": "read_speech"},
        ("german_speech/M-AILABS/buch_f000001",),
        licence="public domain (LibriVox)",
    ),
    "dns_noise": Tree(dns_challenge, ["door_Freesound_validated_1"]),
    "dns_rooms": Tree(
        dns_challenge, [RECORDED], more_ids=("SLR26/simulated_rirs_48k/smallroom/Room001/Room001-00001",)
    ),
    "itu_p501": Tree(
        itu_p501,
        ["P501_C_english_f1_FB_48k", "P501_C_german_m2_FB_48k"],
        {"speaker": "english_f1", "gender": "female", "language": "en"},
        ("P501_C_english_f1_WB_16k",),
    ),
    "musdb18_hq": Tree(
        musdb18_hq,
        ["test/AM Contra - Heart Peripheral", "test/Zeno - Signs"],
        {"artist": "AM Contra", "title": "Heart Peripheral", "subset": "test"},
        ("train/A Classic Education - NightOwl",),
        needed="test/Zeno - Signs/mixture.wav",
    ),
    "mtg_jamendo": Tree(
        mtg_jamendo,
        ["00/7400", "00/7500"],
        {"genre": ["rock"], "labels": ["genre---rock", "mood/theme---dark"], "artist": "artist_000007"},
        ("01/7401",),
        licence="Licensed under CC BY-NC-SA 3.0: http://creativecommons.org/licenses/by-nc-sa/3.0/",
    ),
    "gtzan": Tree(gtzan, ["blues.00000", "blues.00012", "rock.00001"], {"genre": "blues"}),
    "gtzan_filtered": Tree(gtzan, ["blues.00012"], {"genre": "blues", "subset": "test"}, ("blues.00000", "rock.00001")),
    "ebu_sqam": Tree(
        ebu_sqam,
        TRACKS[7:48] + TRACKS[54:],
        {"genre": "instruments", "labels": ["violin"]},
        tuple(TRACKS[:7]),
        needed="35.flac",
    ),
    "ebu_sqam_speech": Tree(
        ebu_sqam, TRACKS[48:54], {"gender": "female", "language": "en", "speaker": "en_female"}, needed="50.flac"
    ),
    "musan_music": Tree(
        musan,
        ["music-fma-0000", "music-jamendo-0000"],
        {"genre": ["baroque", "classical"], "vocals": False, "subset": "fma"},
    ),
    "musan_speech": Tree(musan, ["speech-librivox-0000"], {"gender": "female", "language": "pt"}),
    "musan_noise": Tree(musan, ["noise-free-sound-0000"], {}),
    "fsd50k": Tree(
        fsd50k,
        ["37199"],
        {"labels": ["Guitar", "Music"]},
        needed="FSD50K.eval_audio/37199.wav",
        licence="http://creativecommons.org/licenses/by/3.0/",
    ),
    "esc50": Tree(
        esc50,
        ["1-100032-A-0", "1-104089-A-22", "1-104089-B-22"],
        {"labels": ["dog"], "fold": 1},
        needed="ESC-50-master/audio/1-104089-A-22.wav",
        licence="CC BY 3.0",
    ),
    "openslr28": Tree(
        openslr28,
        ["real_rirs_isotropic_noises/air_office_0_1"],
        {"room": "office"},
        ("simulated_rirs/smallroom/R/R-00001",),
        needed="RIRS_NOISES/real_rirs_isotropic_noises/air_office_0_1.wav",
    ),
}
