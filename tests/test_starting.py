"""`codecbench init` on folders as people have them: what it writes is a configuration that runs."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
import yaml

from bench import audio, config
from bench.align import probe
from bench.datasets.base import DatasetContext
from bench.errors import ConfigError
from bench.loading import clips_of_config
from bench.starting.choosing import wanted_codecs
from bench.starting.writing import Answers, written
from tests.commands import codecbench
from tests.conftest import ROOT

QUICK = "opus@12000 opus@24000 pcm"


def put(path: Path, rate: int = 48_000, channels: int = 1, seconds: float = 0.5) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    audio.write(path, probe(rate, channels).part(0, round(rate * seconds)), "PCM_16")
    return path


def made(folder: Path, category: Any = "speech", codecs: str = QUICK) -> tuple[config.RunConfig, str, int]:
    """The configuration, its text, and how many clips it has."""
    text = written(Answers(folder, category, codecs)).text
    parsed = config.parse(yaml.safe_load(text))
    return parsed, text, len(clips_of_config(parsed, DatasetContext(None, folder.parent / "cache")))


def test_a_folder_of_one_kind(tmp_path: Path) -> None:
    for number in range(3):
        put(tmp_path / "takes" / f"t{number}.wav", 16_000)
    parsed, text, clips = made(tmp_path / "takes")
    assert (parsed.name, parsed.sample_rate, parsed.channels, clips) == ("takes", 16_000, 1, 3)
    assert [condition.id for condition in parsed.conditions] == [
        "passthrough", "lowpass_3500", "opus@12000", "opus@24000", "pcm",
    ]  # fmt: skip
    assert "# all files are at this rate" in text
    assert "# 3 files, 2 s together" in text
    assert parsed.metrics == ["core"]


def test_mixed_rates_and_channels_take_what_most_files_have_and_say_so(tmp_path: Path) -> None:
    for number, (rate, channels) in enumerate([(44_100, 2), (44_100, 2), (44_100, 1), (16_000, 1), (96_000, 2)]):
        put(tmp_path / "mixed" / "below" / f"{number}.wav", rate, channels)
    parsed, text, clips = made(tmp_path / "mixed", "music", "opus@64000")
    assert (parsed.sample_rate, parsed.channels, clips) == (44_100, 2, 5)
    assert "3 of 5 files are at this rate; 1 file below it is converted up" in text
    assert "3 of 5 files are stereo" in text


def test_speech_goes_where_a_codec_of_24_khz_mono_can_follow(tmp_path: Path) -> None:
    put(tmp_path / "wide" / "a.wav", 48_000, 2)
    parsed, text, _ = made(tmp_path / "wide", "speech", "toy_rvq@6000 opus@12000")
    assert (parsed.sample_rate, parsed.channels) == (24_000, 1)
    assert "# toy_rvq codes 24 kHz only; all codecs are compared with the same reference" in text
    assert "# toy_rvq codes mono only; stereo is mixed to mono" in text
    music, text, _ = made(tmp_path / "wide", "music", "toy_rvq@6000 opus@12000")
    assert (music.sample_rate, music.channels) == (48_000, 2)
    assert [codec.name for codec in music.codecs] == ["passthrough", "lowpass_3500", "opus"]
    assert "# - {name: toy_rvq, bitrates_bps: [6000]}  # toy_rvq codes 1 channels" in text


def test_more_than_two_channels_are_mixed(tmp_path: Path) -> None:
    put(tmp_path / "film" / "a.wav", 48_000, 6)
    put(tmp_path / "film" / "b.wav", 48_000, 6)
    assert made(tmp_path / "film", "music")[0].channels == 1
    for number in range(3):
        put(tmp_path / "film" / f"s{number}.wav", 48_000, 2)
    assert made(tmp_path / "film", "music")[0].channels == 1


@pytest.mark.parametrize("name", ["Größe & Klang: 1 # [a].", "2024", "yes", '-it\'s "a\ttab"'])
def test_names_that_mean_something_in_yaml_or_a_shell(tmp_path: Path, name: str) -> None:
    put(tmp_path / name / "ä ö [1].wav", 16_000)
    parsed, _, clips = made(tmp_path / name)
    assert clips == 1
    assert parsed.datasets[0].options["path"] == str(tmp_path / name)


def test_one_file(tmp_path: Path) -> None:
    put(tmp_path / "other.wav")
    parsed, _, clips = made(put(tmp_path / "the [one] *.wav", 32_000))
    assert (clips, parsed.sample_rate) == (1, 32_000)


def test_what_is_no_audio_is_told(tmp_path: Path) -> None:
    put(tmp_path / "bag" / "good.wav", 16_000)
    (tmp_path / "bag" / "bad.wav").write_bytes(b"<!DOCTYPE html><html>404</html>")
    (tmp_path / "bag" / "notes.txt").write_text("x")
    (tmp_path / "bag" / "take.m4a").write_bytes(b"x")
    _, text, clips = made(tmp_path / "bag")
    assert clips == 2  # the bad one becomes failed rows
    assert "1 file cannot be read and will stand in the tables as failed rows: bad.wav" in text
    assert "2 files of other kinds left alone" in text


def test_a_folder_without_audio_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "a.txt").write_text("x")
    (tmp_path / "torn").mkdir()
    (tmp_path / "torn" / "a.wav").write_bytes(b"RIFF")
    for name, said in (
        ("empty", "it is empty"),
        ("texts", "it holds .txt (1)"),
        ("torn", "none of 1 file can be read: a.wav"),
        ("nowhere", "there is none"),
    ):
        with pytest.raises(ConfigError, match="expected") as caught:
            written(Answers(tmp_path / name, "speech", QUICK))
        assert said in str(caught.value)


def test_only_codecs_that_start_here_are_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODECBENCH_EVS", str(tmp_path / "nowhere"))
    put(tmp_path / "a" / "a.wav", 16_000)
    done = written(Answers(tmp_path / "a", "speech", "opus@12000,evs@9600 aac@500"))
    names = [codec.name for codec in config.parse(yaml.safe_load(done.text)).codecs]
    assert names == ["passthrough", "lowpass_3500", "opus"]
    assert [choice.name for choice in done.absent] == ["evs"]
    assert "# - {name: evs, bitrates_bps: [9600]}  # to get it: download 3GPP TS 26.443" in done.text
    assert "# - {name: aac, bitrates_bps: [500]}  # aac at 16000 Hz" in done.text
    assert [why.partition(" Hz")[0] for why in done.refused] == ["aac at 16000"]


def test_a_control_that_is_named_stands_there_once(tmp_path: Path) -> None:
    parsed, _, _ = made(put(tmp_path / "a.wav"), "speech", "passthrough opus@12000")
    assert [codec.name for codec in parsed.codecs] == ["passthrough", "lowpass_3500", "opus"]


def test_a_comment_that_is_taken_away_is_a_codec(tmp_path: Path) -> None:
    put(tmp_path / "a" / "a.wav", 48_000, 2)
    text = written(Answers(tmp_path / "a", "music", "toy_rvq@6000 opus@12000")).text
    whole = yaml.safe_load(text.replace("  # - {", "  - {"))
    assert [codec if isinstance(codec, str) else codec["name"] for codec in whole["codecs"]][2:] == ["toy_rvq", "opus"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("opsu", "no codec is named 'opsu'. Did you mean 'opus'?"),
        ("opus@12k", "expected opus@BITRATE in bit/s, such as opus@12000, got 'opus@12k'"),
        (" , ", "expected look, paper, or names"),
    ],
)
def test_codecs_that_are_none(text: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        wanted_codecs(text, "speech")
    assert said in str(caught.value)


def test_the_command_with_options(tmp_path: Path) -> None:
    put(tmp_path / "my takes" / "a.wav", 16_000)
    arguments = ("init", "--data", "my takes", "--category", "noisy", "--codecs", "opus@12000")
    done = codecbench(*arguments, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["written: my_takes.yaml", "next:   codecbench run my_takes.yaml --dry-run"]
    first = (tmp_path / "my_takes.yaml").read_text(encoding="utf-8")
    planned = codecbench("run", "my_takes.yaml", "--dry-run", "--json", folder=tmp_path)
    assert json.loads(planned.stdout)["conditions"] == ["passthrough", "lowpass_3500", "opus@12000"]
    again = codecbench(*arguments, "--yes", folder=tmp_path)
    assert again.returncode == 1
    assert "my_takes.yaml: it is there already. Choose another --output, or remove it." in again.stderr
    assert (tmp_path / "my_takes.yaml").read_text(encoding="utf-8") == first


def test_without_a_terminal_or_answers_there_is_one_message(tmp_path: Path) -> None:
    put(tmp_path / "a.wav")
    done = codecbench("init", "--category", "speech", folder=tmp_path)
    assert done.returncode == 2
    assert "no terminal" in done.stderr
    assert "codecbench init --data DIR --category" in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.glob("*.yaml"))


def typed(cwd: Path, answers: str, *arguments: str) -> tuple[int, str, str]:
    """Exit code, stdout and what the terminal shows of a command whose stdin is a terminal with ``answers`` typed."""
    ours, theirs = pty.openpty()
    shown = bytearray()

    def listen() -> None:
        while True:
            try:
                if not (data := os.read(ours, 4096)):
                    return
            except OSError:
                return
            shown.extend(data)

    listener = threading.Thread(target=listen)
    listener.start()
    os.write(ours, answers.encode())
    command = [sys.executable, "-m", "bench.cli", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command, stdin=theirs, stdout=subprocess.PIPE, stderr=theirs, cwd=cwd, env=environment, check=False, timeout=120
    )
    os.close(theirs)
    listener.join(10)
    os.close(ours)
    return done.returncode, done.stdout.decode(), shown.decode()


def test_three_questions_asked_again_until_they_are_answered(tmp_path: Path) -> None:
    put(tmp_path / "songs" / "a.wav", 44_100, 2)
    code, out, shown = typed(tmp_path, "sings\nsongs\nmusik\nmusic\nopus@64000\n", "init")
    assert code == 0, shown
    assert "Folder with your audio" in shown
    assert "there is none" in shown
    assert "Did you mean 'music'?" in shown
    assert "written: songs.yaml" in out
    code, _, shown = typed(tmp_path, "n\n", "init", "--data", "songs", "--category", "music", "--codecs", "opus@96000")
    assert "songs.yaml is there already. Replace it?" in shown
    assert code == 1
    assert "64000" in (tmp_path / "songs.yaml").read_text(encoding="utf-8")
    code, _, shown = typed(tmp_path, "y\n", "init", "--data", "songs", "--category", "music", "--codecs", "opus@96000")
    assert code == 0, shown
    assert "96000" in (tmp_path / "songs.yaml").read_text(encoding="utf-8")


def test_real_speech_for_a_paper(real_data: Any, tmp_path: Path) -> None:
    folder = real_data("speech")
    done = written(Answers(folder, "speech", "paper"))
    parsed = config.parse(yaml.safe_load(done.text))
    assert parsed.sample_rate == 48_000
    assert {"opus", "aac"} <= {codec.name for codec in parsed.codecs}
    assert {choice.name for choice in done.absent}.isdisjoint(codec.name for codec in parsed.codecs)
