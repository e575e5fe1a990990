from __future__ import annotations

import json
import os
import struct

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from bench import audio
from bench.errors import AudioError
from bench.headers import Header, not_audio, plain_header

WAVE = ["PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "PCM_U8", "ULAW", "MS_ADPCM"]


def expected(path):
    """What the library says; an independent reader of the same header."""
    with soundfile.SoundFile(path) as file:
        return Header(file.samplerate, file.channels, file.frames)


@given(
    subtype=st.sampled_from(WAVE),
    container=st.sampled_from(["WAV", "WAVEX"]),
    rate=st.sampled_from([8_000, 22_050, 44_100, 192_000]),
    channels=st.integers(1, 8),
    samples=st.integers(1, 3_000),
)
def test_wave_headers_are_what_the_library_reads(tmp_path_factory, subtype, container, rate, channels, samples):
    if subtype == "MS_ADPCM" and (channels > 2 or container == "WAVEX"):
        return
    path = tmp_path_factory.mktemp("wave") / "a.wav"
    soundfile.write(path, np.zeros((samples, channels)), rate, subtype=subtype, format=container)
    data = path.read_bytes()
    found = plain_header(data, len(data))
    assert found in (None, expected(path))
    assert (found is not None) == (container == "WAV" and subtype in WAVE[:5])


@given(rate=st.sampled_from([8_000, 11_025, 48_000, 96_000]), channels=st.integers(1, 8), samples=st.integers(1, 9_000))
def test_flac_headers_are_what_the_library_reads(tmp_path_factory, rate, channels, samples):
    path = tmp_path_factory.mktemp("flac") / "a.flac"
    soundfile.write(path, np.zeros((samples, channels)), rate, subtype="PCM_24")
    assert plain_header(path.read_bytes()[:42], path.stat().st_size) == expected(path) == (rate, channels, samples)


def test_what_is_not_ordinary_is_left_to_the_library(tmp_path):
    path = tmp_path / "a.wav"
    soundfile.write(path, np.zeros(1000), 16_000)
    data = path.read_bytes()
    assert plain_header(data, len(data) - 1) is None  # shorter than it says
    assert plain_header(data[:30], len(data)) is None
    assert plain_header(b"RIFF\0\0\0\0WAVEdata" + struct.pack("<I", 0), 20) is None
    assert plain_header(b"RIFF\0\0\0\0AVI " + data[12:], len(data)) is None
    assert plain_header(b"fLaC" + bytes(60), 64) is None
    with_list = data[:12] + b"LIST" + struct.pack("<I", 5) + b"INFO\0\0" + data[12:]
    assert plain_header(with_list, len(with_list)) == (16_000, 1, 1000)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"\n<!DOCTYPE html>\n<html><body>Not found</body></html>", "an HTML page, perhaps a failed download"),
        (b"\xef\xbb\xbf<head></head><HTML>", "an HTML page"),
        (b'<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>', "an XML text"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "git lfs pull"),
        (json.dumps({"error": "rate limited"}).encode(), "a JSON text, perhaps the error message of a server"),
        (b"PK\x03\x04" + bytes(100), "a ZIP archive; unpack it first"),
        (bytes(4096), "the first 512 bytes are zero"),
        (b"", "the file is empty (0 bytes)"),
    ],
)
@pytest.mark.parametrize("suffix", ["wav", "flac", "mp3", "ogg"])
def test_a_file_that_is_no_audio_says_what_it_is(tmp_path, content, reason, suffix):
    path = tmp_path / f"a.{suffix}"
    path.write_bytes(content)
    for reader in (audio.info, audio.read):
        with pytest.raises(AudioError) as error:
            reader(path)
        assert reason in str(error.value)
        assert str(path) in str(error.value)


def test_audio_is_never_called_something_else(tmp_path):
    for name, kind in (("a.wav", "WAV"), ("a.flac", "FLAC"), ("a.ogg", "OGG"), ("a.mp3", "MP3")):
        soundfile.write(tmp_path / name, np.zeros(4_800), 48_000, format=kind)
        assert not_audio((tmp_path / name).read_bytes()[:512]) == ""
    assert not_audio(b"something else") == ""


def test_a_link_in_a_circle_a_pipe_and_a_folder_say_so(tmp_path):
    (tmp_path / "a.wav").symlink_to(tmp_path / "b.wav")
    (tmp_path / "b.wav").symlink_to(tmp_path / "a.wav")
    with pytest.raises(AudioError, match="Too many levels of symbolic links"):
        audio.read(tmp_path / "a.wav")
    os.mkfifo(tmp_path / "d.wav")
    with pytest.raises(AudioError, match="got a named pipe"):
        audio.info(tmp_path / "d.wav")
    (tmp_path / "c.wav").mkdir()
    with pytest.raises(AudioError, match="Is a directory"):
        audio.read(tmp_path / "c.wav")
