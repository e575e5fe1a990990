"""Coding workers beside those that measure: the same table, whatever is coded together and whoever dies of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from multiprocessing import Pipe
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import pandas as pd
import pytest

from bench import audio, codecs, run
from bench.audio import Audio
from bench.cells.planning import Job, Step
from bench.cells.shards import Done, Finished, Shard, Started
from bench.engines.base import Died, Idle, Message, Work, drive
from bench.engines.local import gpus_of_coders
from bench.engines.queue import CODED_AHEAD, Crew, Queue, gpus_of
from bench.engines.worker import serve
from bench.errors import MissingRequirement
from bench.models.device import CPU, Device, resolve
from bench.runner import load_plan
from bench.runs.results import load_results
from tests.conftest import noise
from tests.runs import assert_identical, jobs_of
from tests.test_engines import ray_engine

Config = dict[str, Any]


@pytest.fixture
def clips(tmp_path: Path) -> Path:
    """Five clips of 0.4 s, the second of them loud, and a longer one; mono, 24 kHz."""
    for index in range(6):
        one = noise(24_000, 0.7 if index == 5 else 0.4, seed=index)
        if index == 1:
            one = Audio(one.samples / np.abs(one.samples).max() * np.float32(0.99), one.rate)
        audio.write(tmp_path / "clips" / f"c{index}.wav", one, "PCM_16")
    return tmp_path / "clips"


def config_of(clips: Path, *entries: Any, **more: Any) -> Config:
    return {
        "name": "small",
        "datasets": [{"loader": "folder", "name": "noise", "category": "music", "path": str(clips)}],
        "codecs": ["passthrough", *entries],
        "metrics": ["si_sdr"],
        **more,
    }


def compared(tmp_path: Path, config: Config, engine: Any = None, **more: Any) -> Any:
    """A run with coding workers, whose table is that of a run without them."""
    options = {} if engine is None else {"engine": engine}
    run(config, output=tmp_path / "plain", cache=tmp_path / "c1", workers=1)
    run(config | {"batch_seconds": 2} | more, output=tmp_path / "pipe", cache=tmp_path / "c2", workers=1, **options)
    assert_identical(tmp_path / "plain", tmp_path / "pipe")
    plain, found = load_results(tmp_path / "plain"), load_results(tmp_path / "pipe")
    pd.testing.assert_frame_equal(plain.sets, found.sets, check_exact=True)
    assert found.info["invocations"][-1]["coders"] == 1
    assert plain.info["invocations"][-1]["coders"] == 0
    return found


def entry(name: str, label: str = "it", **more: Any) -> Config:
    return {"name": f"tests.codecs.batched:{name}", "label": label, **more}


def weights_of(folder: Path, rate: int) -> dict[str, str]:
    for module in ("torch", "transformers"):
        pytest.importorskip(module, reason="pip install 'codecbench[neural]'")
    from tests.codecs.models import saved

    return {"weights": str(saved(folder / f"weights{rate}", rate))}


@pytest.mark.slow
def test_small_encodec_on_the_processor(clips: Path, tmp_path: Path) -> None:
    coded = {"name": "encodec_24khz", "bitrates_bps": [1500, 24000], "options": weights_of(tmp_path, 24_000)}
    results = compared(tmp_path, config_of(clips, coded, set_measures=["codebooks"]))
    assert set(results.encodings["status"]) == {"ok"}
    assert results.info["invocations"][-1]["device"] == "cpu"


@pytest.mark.slow
@pytest.mark.parametrize("rate", [24_000, 48_000])
def test_who_is_in_a_batch_does_not_show(clips: Path, tmp_path: Path, rate: int) -> None:
    """Clips alone, and five of them together, go through a network as one batch of five rows."""
    name = f"Encodec{rate // 1000}Batched"
    coded = entry(name, bitrates_bps=[6000, 24000], options=weights_of(tmp_path, rate))
    results = compared(tmp_path, config_of(clips, coded))
    assert results.encodings["codec_version"].str.endswith("on cpu in batches of 2 s").sum() == 12


def test_what_fails_in_a_batch_fails_alone(clips: Path, tmp_path: Path) -> None:
    """Beside a codec that needs no network, and a file that cannot be read."""
    (clips / "c2.wav").write_bytes(b"RIFF and nothing else")
    opus = {"name": "opus", "bitrates_bps": [12000]}
    config = config_of(clips, entry("RaisesOnLoud"), opus)
    encodings = compared(tmp_path, config).encodings
    failed = encodings[(encodings["status"] != "ok") & (encodings["clip"] != "noise/c2")]
    assert list(zip(failed["clip"], failed["condition"], strict=True)) == [("noise/c1", "it")]
    assert failed["reason"].str.contains("ZeroDivisionError").all()
    assert set(encodings[encodings["clip"] == "noise/c2"]["status"]) == {"failed"}
    only = run(config | {"batch_seconds": 2}, output=tmp_path / "pipe", workers=1, only=["opus*"])
    assert only.info["invocations"][-1]["coders"] == 0


@pytest.mark.slow
def test_a_batch_that_its_worker_dies_of_is_coded_clip_by_clip(clips: Path, tmp_path: Path) -> None:
    results = compared(tmp_path, config_of(clips, entry("CrashesOnBatches")))
    assert set(results.encodings["status"]) == {"ok"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("CrashesOnLoud", r"the worker was ended by SIGKILL .*, 2 times, in: encode it\."),
        ("HangsOnLoud", "no answer within 4 s; .*, 2 times, in: encode it"),
    ],
)
def test_one_clip_of_a_batch_fails_alone(clips: Path, tmp_path: Path, name: str, reason: str) -> None:
    timeout = {"cell_timeout_s": 4.0} if name.startswith("Hangs") else {}
    results = compared(tmp_path, config_of(clips, entry(name), **timeout))
    failed = results.encodings[results.encodings["status"] != "ok"]
    assert list(failed["clip"]) == ["noise/c1"]
    assert failed["reason"].str.contains(reason).all()


@pytest.mark.slow
def test_a_lost_file_is_coded_again(clips: Path, tmp_path: Path) -> None:
    config = config_of(clips, entry("Batched"))
    compared(tmp_path, config)
    (lost,) = (tmp_path / "pipe" / "decoded" / "it").glob("noise__c3*")
    lost.unlink()
    run(config | {"batch_seconds": 2}, output=tmp_path / "pipe", cache=tmp_path / "c2", workers=1)
    assert lost.exists()
    assert_identical(tmp_path / "plain", tmp_path / "pipe")


@pytest.mark.slow
def test_on_ray(clips: Path, tmp_path: Path) -> None:
    coded = entry("Encodec24Batched", "encodec", bitrates_bps=[6000], options=weights_of(tmp_path, 24_000))
    results = compared(tmp_path, config_of(clips, coded, entry("CrashesOnLoud")), ray_engine())
    assert results.info["engine"] == "ray"


class Fake:
    """A worker that is told what to say."""

    def __init__(self, coding: bool = False) -> None:
        self.work: Work | None = None
        self.coding, self.ready = coding, True
        self.given: list[Shard] = []

    def give(self, shard: Shard) -> None:
        self.given.append(shard)

    def stop(self) -> None:
        """Nothing to end."""

    def finishes(self) -> Iterator[tuple[Fake, Message]]:
        for number, job in enumerate(self.given[-1].jobs):
            if self.given[-1].coding:
                yield self, Finished({todo.encoding_key: {"status": "ok", "of": job.clip.id} for todo in job.todos})
            yield self, Done(number)
        yield self, Idle()


def many(clips: Path, folder: Path, count: int) -> list[Job]:
    """Jobs that are alike, of clips of 0.7 s."""
    plan, _ = load_plan(config_of(clips, entry("Batched")))
    first = next(jobs_of(plan, folder))
    return [replace(first, clip=replace(first.clip, id=f"clip{number}")) for number in range(count)]


def clips_in(shards: list[Shard]) -> list[str]:
    return [job.clip.id for shard in shards for job in shard.jobs]


CREW = Crew(1, 60.0, coders=1, batch_seconds=2.0)


def test_coding_waits_for_measuring_and_coders_measure_at_the_end(clips: Path, tmp_path: Path) -> None:
    wanted = many(clips, tmp_path, 200)
    coder, measuring = Fake(coding=True), Fake()
    ahead: list[int] = []

    def heard() -> Iterator[tuple[Fake, Message]]:
        done = [shard for fake in (coder, measuring) for shard in fake.given]
        ahead.append(sum(len(shard.jobs) * (1 if shard.coding else -1) for shard in done))
        for fake in (coder, measuring):
            if fake.work is not None and (fake is coder or coder.work is None):
                yield from fake.finishes()

    list(drive(Queue(wanted, CREW), [measuring, coder], heard, lambda *_: None))
    coding = [shard for shard in coder.given if shard.coding]
    assert max(ahead) <= CODED_AHEAD + 2  # a batch is of two clips of 0.7 s
    assert {len(shard.jobs) for shard in coding} == {2}
    assert clips_in(coding) == [job.clip.id for job in wanted]
    helped = coder.given[len(coding) :]
    assert helped
    assert not any(shard.coding for shard in helped)
    assert sorted(clips_in(helped + measuring.given)) == sorted(clips_in(coding))
    for shard in helped + measuring.given:
        for job in shard.jobs:
            assert all(todo.finished and todo.finished["of"] == job.clip.id for todo in job.todos)


def test_a_coder_does_not_measure_what_needs_a_gpu(clips: Path, tmp_path: Path) -> None:
    coded = {"it": {"status": "failed"}}
    for device, helps in ((CPU, True), (Device("cuda"), False)):
        (job,) = many(clips, tmp_path, 1)
        queue = Queue([], CREW)
        todos = tuple(replace(todo, encoding_key="it") for todo in job.todos)
        queue.measure(replace(job, todos=todos, metrics_device=device), coded)
        assert (queue.shard(coding=True) is not None) is helps


def test_a_coder_that_dies_in_a_batch_costs_nobody_an_attempt(clips: Path, tmp_path: Path) -> None:
    wanted = many(clips, tmp_path, 6)
    coder, measuring = Fake(coding=True), Fake()

    def heard() -> Iterator[tuple[Fake, Message]]:
        if coder.work is not None and len(coder.given[-1].jobs) > 1:
            yield coder, Started(Step("encode", "it"), None)
            yield coder, Died("gone")
        for fake in (coder, measuring):
            if fake.work is not None:
                yield from fake.finishes()

    def retry(job: Job, step: Step, how: str) -> Job:
        raise AssertionError(f"{job.clip.id} is blamed")

    list(drive(Queue(wanted, CREW), [measuring, coder], heard, retry))
    coding = [shard for shard in coder.given if shard.coding]
    assert Counter(clips_in(coding)) == {job.clip.id: 2 for job in wanted}  # in a batch, and alone
    assert {len(shard.jobs) for shard in coding} == {1, 2}


def test_gpus_are_asked_for_only_where_networks_compute_on_them(clips: Path) -> None:
    for device, coded, gpus in (("cuda", "Batched", 2.0), ("cpu", "Batched", 0.0), ("cuda", "", 0.0)):
        entries = [entry(coded)] if coded else []
        plan, _ = load_plan(config_of(clips, *entries, device=device, num_gpus=2))
        assert gpus_of(plan) == gpus


def test_a_worker_sends_what_ends_a_step_with_the_start_of_the_next(clips: Path, tmp_path: Path) -> None:
    ours, theirs = Pipe()
    (job,) = many(clips, tmp_path, 1)
    ours.send(Shard((job, job)))
    serving = Thread(target=serve, args=(theirs,))
    serving.start()
    messages: list[list[Message]] = []
    while not messages or not isinstance(messages[-1][-1], Idle):
        messages.append(ours.recv())
    ours.close()
    serving.join()
    assert all(isinstance(message[-1], Started) for message in messages[:-1])
    assert [len(message) for message in messages[:2]] == [1, 2]
    assert [one.job for message in messages for one in message if isinstance(one, Done)] == [0, 1]


@pytest.mark.slow
def test_a_run_that_needs_cuda_says_so_and_measures_nothing(clips: Path, tmp_path: Path) -> None:
    torch = pytest.importorskip("torch", reason="pip install 'codecbench[neural]'")
    if torch.cuda.is_available():
        pytest.skip("needs a machine without CUDA")
    coded = {"name": "encodec_24khz", "bitrates_bps": [6000], "options": weights_of(tmp_path, 24_000)}
    for more in ({}, {"batch_seconds": 2}):
        with pytest.raises(MissingRequirement, match=r"expected a GPU for `cuda`, and this process sees none"):
            run(config_of(clips, coded, **more), output=tmp_path / "run", workers=1, device="cuda")
    assert load_results(tmp_path / "run").encodings.empty


def test_devices_and_identities(tmp_path: Path) -> None:
    assert resolve("cpu", 30.0) == CPU
    assert resolve("cuda", 30.0) == Device("cuda", 30.0)
    options = weights_of(tmp_path, 24_000)
    plain = codecs.make("encodec_24khz", options).identity
    assert codecs.make("encodec_24khz", options).on(CPU).identity == plain
    on_gpu = codecs.make("encodec_24khz", options).on(Device("cuda", 30.0)).identity
    assert str(on_gpu) == f"{plain} on cuda in batches of 30 s"
    opus = codecs.make("opus", {})
    assert opus.on(Device("cuda")).identity == codecs.make("opus", {}).identity


def test_each_coder_sees_a_gpu_of_its_own() -> None:
    assert gpus_of_coders(Crew(1, 60.0, coders=3, num_gpus=3), "0,2") == ["0", "2", "0"]
    assert gpus_of_coders(Crew(1, 60.0, coders=1, num_gpus=1), None) == [""]
    assert gpus_of_coders(Crew(1, 60.0, coders=2, num_gpus=2), "") == ["", ""]  # hidden by the user
    assert gpus_of_coders(Crew(1, 60.0, coders=2), None) == ["", ""]  # which compute on the processor


@pytest.mark.parametrize("rate", [24_000, 48_000])
def test_what_a_network_is_given_is_on_its_device(tmp_path: Path, rate: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Seen where the model takes over, on torch's device without numbers, where EnCodec itself does not run."""
    pytest.importorskip("torch", reason="pip install 'codecbench[neural]'")
    from transformers import EncodecModel

    monkeypatch.setattr("bench.models.device.require", lambda device: None)
    name = f"encodec_{rate // 1000}khz"
    options = weights_of(tmp_path, rate)
    signal = noise(rate, 0.5, rate // 24_000)
    encoded = codecs.make(name, options).encode(signal, [6000])[6000]
    elsewhere = codecs.make(name, options).on(Device("meta", 2.0))  # type: ignore[arg-type]
    seen: list[str] = []

    def taken(model: Any, first: Any, scales: Any = (), **_: Any) -> None:
        seen.extend({str(one.device) for one in (model, first, *scales) if one is not None})
        raise RuntimeError("seen")

    monkeypatch.setattr(EncodecModel, "encode", taken)
    monkeypatch.setattr(EncodecModel, "decode", taken)
    for use in (lambda: elsewhere.encode_batch([signal, signal], [6000]), lambda: elsewhere.decode_batch([encoded])):
        with pytest.raises(RuntimeError, match="seen"):
            use()
    assert seen == ["meta", "meta"]
