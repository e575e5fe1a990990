"""Known defects of other programs for listening tests, each of which must not be ours.

More of them are tested where their subject is: clicks, cross-fades and stimuli that drift apart (test_engine.py),
grading what does not sound (test_player.py), a server that is killed (e2e/test_failures.py), names of conditions in
what the browser gets (test_blind.py, e2e/test_whole.py), tests that take paired ratings as independent
(analysis/test_comparisons.py), webMUSHRA's anchor that is too weak at 4.5 kHz and early (test_stimuli.py) and its
reloads that lose all (test_sessions.py), Go Listen's one address for both references (test_blind.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

import listening_test
from bench.audio import Audio
from listening_test.player import ANNOYANCE
from listening_test.player.route import audio_route
from listening_test.screens import serving, settings
from listening_test.screens.frame import Place
from listening_test.screens.trial import scale
from listening_test.session import NotComplete, Sessions
from listening_test.session.passwords import hash_password
from listening_test.stimuli import lowpass_anchor
from listening_test.texts import LANGUAGES, texts
from tests.listening.conftest import tiny_test
from tests.listening.listeners import do_trial, event, hear_all, joined, rate_all


@pytest.fixture
def sessions(tmp_path: Path) -> Iterator[Sessions]:
    opened = Sessions(tiny_test(tmp_path), tmp_path)
    yield opened
    opened.dispose()


def test_webmushra_an_untouched_slider_counts_as_100(sessions: Sessions) -> None:
    visit = joined(sessions)
    trial = visit.trial
    assert trial.scores == {}
    hear_all(visit, trial)
    visit.record([event("rate", trial, slot, 100) for slot in trial.slots[1:]])
    with pytest.raises(NotComplete) as caught:
        visit.submit(trial.id)
    assert [(problem.key, problem.slots) for problem in caught.value.problems] == [("not_rated", (trial.slots[0],))]


def test_webmushra_and_reseval_a_page_can_be_skipped(sessions: Sessions) -> None:
    """Neither without listening nor without rating."""
    visit = joined(sessions)
    trial = visit.trial
    rate_all(visit, trial)
    with pytest.raises(NotComplete, match=r".") as caught:
        visit.submit(trial.id)
    assert {problem.key for problem in caught.value.problems} == {"not_heard"}
    assert visit.trial.id == trial.id


def test_webmushra_and_go_listen_results_are_sent_at_the_end_only(sessions: Sessions) -> None:
    visit = joined(sessions)
    do_trial(visit)  # training
    done = do_trial(visit)
    rows = [row for row in sessions.export_rows() if not row["training"]]
    assert len(rows) == len(done.slots)
    assert [one.status for one in sessions.progress()] == ["running"]


def test_reseval_the_last_move_is_one_event_late(sessions: Sessions) -> None:
    visit = joined(sessions)
    trial = visit.trial
    hear_all(visit, trial)
    rate_all(visit, trial)
    visit.record([event("rate", trial, trial.slots[-1], 50), event("rate", trial, trial.slots[-1], 12)])
    visit.submit(trial.id)
    assert min(row["score"] for row in sessions.export_rows()) == 12


def test_webmushra_the_order_is_not_recorded(sessions: Sessions) -> None:
    visit = joined(sessions)
    trial = do_trial(visit)
    rows = sessions.export_rows()
    assert sorted(row["position"] for row in rows) == list(range(1, len(trial.slots) + 1))
    by_position = sorted(rows, key=lambda row: int(row["position"]))
    assert [row["score"] for row in by_position] == [
        100 - index for index in range(len(rows))
    ]  # as rate_all gives them


@pytest.mark.parametrize("rate", [24_000, 44_100, 96_000])
def test_webmushra_crashes_at_96_khz(rate: int) -> None:
    """It has filters for some rates only, and takes the rate of the sound card. Ours are made for any rate."""
    noise = np.random.default_rng(0).standard_normal((1, 2 * rate)).astype(np.float32)
    filtered = lowpass_anchor(Audio(noise, rate), 3_500)
    assert (filtered.rate, filtered.length) == (rate, 2 * rate)
    power = np.abs(np.fft.rfft(filtered.samples[0] * np.hanning(2 * rate))) ** 2
    frequency = np.fft.rfftfreq(2 * rate, 1 / rate)
    assert 10 * np.log10(power[frequency > 4_500].mean() / power[frequency < 3_500].mean()) < -50


@pytest.mark.parametrize("language", LANGUAGES)
def test_waet_its_mushra_has_the_labels_of_an_impairment_scale(sessions: Sessions, language: str) -> None:
    """BS.1534-3, 5.4: five bands of quality, from Bad to Excellent."""
    visit = joined(sessions)
    place = Place(visit, sessions.test, texts(language))
    shown = scale(visit.trial, place)
    assert (shown.kind, shown.low, shown.high) == ("sliders", 0, 100)
    assert shown.labels == tuple(place.texts(name) for name in ("bad", "poor", "fair", "good", "excellent"))
    assert not set(shown.labels) & {place.texts(name) for name in ANNOYANCE}
    if language == "en":
        assert shown.labels == ("Bad", "Poor", "Fair", "Good", "Excellent")


def _experimenters_page() -> None:
    from listening_test.screens.experimenter import page

    page.show()


@pytest.mark.parametrize("password", ["", "a password"])
def test_pymushra_its_admin_pages_are_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, password: str) -> None:
    """It lets in whoever comes from the machine itself, as everybody does behind a proxy, and a GET deletes a test."""
    tiny_test(tmp_path)
    monkeypatch.setenv(settings.TEST, str(tmp_path))
    monkeypatch.setenv(settings.PASSWORD_HASH, hash_password(password) if password else "")
    serving._opened.cache_clear()
    shown = AppTest.from_function(_experimenters_page).run(timeout=60)
    serving.sessions().dispose()
    serving._opened.cache_clear()
    assert not shown.exception
    assert not shown.tabs
    assert not shown.dataframe
    assert [one.label for one in shown.text_input] == (["Password"] if password else [])
    assert audio_route(lambda _: None).methods == {"GET", "HEAD"}, "the only route of ours changes nothing"


def test_streamlit_its_media_files_collide_and_tell_equal_sounds() -> None:
    """``st.audio`` names a file by a hash of a part of it; static serving shows names. Nothing of ours uses either."""
    for path in Path(listening_test.__file__).parent.rglob("*.py"):
        assert not re.search(r"st\.(audio|video)\(|media_file|app/static", path.read_text()), path.name
