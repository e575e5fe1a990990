"""A user's own networks: how they are loaded, what is refused, and a run from files to a report."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from safetensors.torch import save_file

from bench import audio, codecs, contracts, runner
from bench.align import probe
from bench.audio import Audio
from bench.codecs.entropy import integers
from bench.codecs.kmeans import search
from bench.codecs.torch_module import train
from bench.codecs.torch_module.quantisers import read_codebooks
from bench.domain import Encoded
from bench.errors import CodecError, ConfigError, MissingRequirement
from bench.inspection.codec import part_of
from bench.report import write_report

from .networks import Autoencoder, Decoder, Encoder

HERE = "tests.codecs.networks"
FRAMES = f"{HERE}:Frames(50)"
AUTOENCODER = f"{HERE}:Autoencoder(8, stages=4)"
UNIFORM = {"kind": "uniform", "step": 0.01}


def made(**options: Any) -> Any:
    return codecs.make("torch_module", {"sample_rate": 16_000, "quantiser": UNIFORM, **options})


def through(signal: Audio, bitrate: int | None = None, **options: Any) -> tuple[Encoded, Audio]:
    encoded = made(**options).encode(signal, [bitrate])[bitrate]
    return encoded, made(**options).decode(encoded)


SHAPES = st.tuples(st.integers(1, 5), st.integers(0, 30))
NUMBERS = st.integers(-(2**31) + 1, 2**31 - 1)


@given(arrays.arrays(np.int64, SHAPES, elements=NUMBERS))
def test_any_numbers_come_back(values: np.ndarray) -> None:
    assert np.array_equal(integers.expand(integers.compress(values), *values.shape), values)


@pytest.mark.parametrize("spread", [0.1, 1.0, 30.0, 3_000.0])
def test_the_rate_is_near_the_entropy(spread: float) -> None:
    """Of numbers from a Laplace distribution: 12 rows of 2000, within 3 % and a little for learning."""
    values = np.rint(np.random.default_rng(0).laplace(0, spread, (12, 2_000))).astype(np.int64)
    reach = np.arange(-60 * max(1, round(spread)), 60 * max(1, round(spread)) + 1)
    edges = np.array([reach - 0.5, reach + 0.5])
    below = np.where(edges < 0, 0.5 * np.exp(edges / spread), 1 - 0.5 * np.exp(-edges / spread))
    chances = np.diff(below, axis=0)[0]
    entropy = -(chances * np.log2(np.maximum(chances, 1e-300))).sum()
    assert 8 * len(integers.compress(values)) / values.size < 1.03 * entropy + 0.05


def test_a_number_that_is_too_large_and_damaged_bytes_are_refused() -> None:
    with pytest.raises(CodecError, match="at most 2147483647 can be coded"):
        integers.compress(np.array([[2**31]]))
    with pytest.raises(CodecError, match="words of 4 bytes"):
        integers.expand(b"abc", 1, 1)


@pytest.mark.parametrize("step", [0.1, 0.01, 0.001])
def test_the_step_is_what_is_lost(step: float) -> None:
    signal = probe(16_000).part(0, 12_345)
    encoded, heard = through(signal, module=FRAMES, quantiser={"kind": "uniform", "step": step})
    assert np.abs(heard.samples - signal.samples).max() <= step / 2 + 1e-7
    assert 0 < encoded.payload_bits <= 8 * len(encoded.stream)


def test_bits_in_a_range() -> None:
    """16 cells from -0.5 to 0.5: half a cell is lost inside, what is beyond is clipped."""
    signal = probe(16_000).part(0, 8_000)
    cells = {"kind": "uniform", "bits": 4, "range": [-0.25, 0.25]}
    _, heard = through(signal, module=FRAMES, quantiser=cells)
    inside = np.abs(signal.samples) < 0.25
    assert not inside.all()
    assert np.abs(heard.samples - signal.samples)[inside].max() <= 1 / 64 + 1e-7
    assert np.abs(heard.samples).max() == pytest.approx(0.25 - 1 / 64)
    assert len(np.unique(heard.samples)) == 16


def test_several_steps_are_several_bitrates() -> None:
    codec = made(module=FRAMES, quantiser={"kind": "uniform", "step": {24_000: 0.01, 8_000: 0.1}})
    assert codec.bitrates_bps == (8_000, 24_000)
    assert codec.takes_bitrate
    coded = codec.encode(probe(16_000).part(0, 5_000), [8_000, 24_000])
    assert coded[8_000].payload_bits < coded[24_000].payload_bits
    assert "8000, 24000" in codec.refusal(9_000, 16_000, 1)
    assert made(module=FRAMES).refusal(None, 16_000, 1) is None
    assert not made(module=FRAMES).takes_bitrate


@pytest.mark.parametrize("late", [0, 33, 700])
def test_the_delay_is_measured_and_taken_away(late: int) -> None:
    signal = probe(16_000).part(0, 12_345)
    encoded, heard = through(signal, module=f"{HERE}:Frames(50, late={late})")
    assert encoded.delay_samples == late
    assert np.abs(heard.samples - signal.samples).max() <= 0.005 + 1e-7


def test_stereo() -> None:
    signal = probe(16_000, 2).part(0, 5_000)
    _, heard = through(signal, module=f"{HERE}:Frames(40, channels=2)", channels=2)
    assert np.abs(heard.samples - signal.samples).max() <= 0.005 + 1e-7


def test_the_contract() -> None:
    options = {"sample_rate": 16_000, "quantiser": UNIFORM, "module": f"{HERE}:Frames(50, late=20)"}
    assert all(result.ok for result in contracts.check("torch_module", options=options))


@pytest.mark.parametrize("length", [1, 2, 31, 32, 33, 319, 5_000])
def test_awkward_lengths_of_the_two_small_networks(length: int) -> None:
    signal = probe(16_000).part(0, length)
    for options in ({"module": AUTOENCODER}, {"encoder": f"{HERE}:Encoder(6)", "decoder": f"{HERE}:Decoder(6)"}):
        encoded, heard = through(signal, delay_samples=0, **options)
        assert heard.samples.shape == (1, length)
        assert encoded.payload_bits > 0


@pytest.mark.parametrize("length", [1, 999, 1_000, 1_001, 12_345])
def test_networks_for_one_length_only(length: int) -> None:
    signal = probe(16_000).part(0, length)
    encoded, heard = through(signal, module=f"{HERE}:OneLength(1_000)", segment=1_000)
    assert encoded.delay_samples == 0
    assert np.abs(heard.samples - signal.samples).max() <= 0.005 + 1e-7
    with pytest.raises(CodecError, match=r"if it takes a single length, `segment`.*expected 1000 samples"):
        through(signal, module=f"{HERE}:OneLength(1_000)")


def test_the_hop_is_found() -> None:
    for stages in (1, 4, 7):
        codec = made(module=f"{HERE}:Autoencoder(4, stages={stages})", delay_samples=0)
        assert codec.facts()["frame rate"] == f"{16_000 / 2**stages:g} Hz ({2**stages} samples)"
    assert made(module=f"{HERE}:Frames(441)").facts()["latents"] == "441 numbers"


def test_a_file_of_weights(tmp_path: Path) -> None:
    network = Autoencoder(8, 4, seed=7).eval()
    torch.save(network.state_dict(), tmp_path / "a.pth")
    save_file(network.state_dict(), tmp_path / "a.safetensors")
    torch.save({"encoder": {}, "state_dict": network.state_dict()}, tmp_path / "wrapped.ckpt")
    signal = probe(16_000).part(0, 3_000)
    heard = [
        through(signal, module=AUTOENCODER, weights=str(tmp_path / name), delay_samples=0)[1].samples
        for name in ("a.pth", "a.safetensors", "wrapped.ckpt")
    ]
    assert np.array_equal(heard[0], heard[1])
    assert np.array_equal(heard[0], heard[2])
    other = made(module=AUTOENCODER, delay_samples=0)
    assert not np.array_equal(heard[0], through(signal, module=AUTOENCODER, delay_samples=0)[1].samples)
    assert made(module=AUTOENCODER, weights=str(tmp_path / "a.pth")).identity != other.identity
    with pytest.raises(MissingRequirement, match="does not fit the network"):
        through(signal, module=f"{HERE}:Autoencoder(9)", weights=str(tmp_path / "a.pth"))


def test_weights_of_two_classes(tmp_path: Path) -> None:
    encoder, decoder = Encoder(6, seed=3), Decoder(6, seed=4)
    state = {f"encoder.{k}": v for k, v in encoder.state_dict().items()}
    torch.save(state | {f"decoder.{k}": v for k, v in decoder.state_dict().items()}, tmp_path / "both.pth")
    options = {"encoder": f"{HERE}:Encoder(6)", "decoder": f"{HERE}:Decoder(6)", "delay_samples": 0}
    signal = probe(16_000).part(0, 3_200)
    codec = made(**options, weights=str(tmp_path / "both.pth"))
    with torch.inference_mode():
        expected = encoder.eval()(torch.from_numpy(signal.samples.copy())[None])[0].numpy()
    np.testing.assert_allclose(codec.latents(signal), expected, atol=1e-6)


def test_weights_cannot_run_code(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> Any:
            return (Path(tmp_path / "ran").touch, ())

    torch.save({"encoder": Evil()}, tmp_path / "evil.pth")
    with pytest.raises(MissingRequirement, match="expected the weights of a torch module"):
        through(probe(16_000).part(0, 400), module=AUTOENCODER, weights=str(tmp_path / "evil.pth"))
    assert not (tmp_path / "ran").exists()


def test_exported_and_scripted_files(tmp_path: Path) -> None:
    encoder, decoder = Encoder(6, 4).eval(), Decoder(6, 4).eval()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.script(encoder).save(tmp_path / "encoder.pt")
        torch.jit.script(decoder).save(tmp_path / "decoder.pt")
        frames = torch.export.Dim("frames", min=2, max=100_000)
        for name, network, example, size in (
            ("encoder", encoder, torch.zeros(1, 1, 320), 16 * frames),
            ("decoder", decoder, torch.zeros(1, 6, 20), frames),
        ):
            program = torch.export.export(network, (example,), dynamic_shapes=({2: size},))
            torch.export.save(program, tmp_path / f"{name}.pt2")
    signal = probe(16_000).part(0, 4_001)
    common: dict[str, Any] = {"delay_samples": 0, "hop": 16}
    reference = made(encoder=f"{HERE}:Encoder(6, 4)", decoder=f"{HERE}:Decoder(6, 4)", **common)
    for suffix in ("pt", "pt2"):
        files = {part: str(tmp_path / f"{part}.{suffix}") for part in ("encoder", "decoder")}
        np.testing.assert_allclose(made(**files, **common).latents(signal), reference.latents(signal), atol=1e-6)
        assert through(signal, **files, **common)[1].samples.shape == (1, 4_001)
    with pytest.raises(ConfigError, match="brings its own weights"):
        made(**files, weights="x.pth")


def test_a_package_in_a_folder(tmp_path: Path) -> None:
    (tmp_path / "someones_codec").mkdir()
    (tmp_path / "someones_codec" / "nets.py").write_text("from tests.codecs.networks import Frames as Net\n")
    with pytest.raises(MissingRequirement, match="name the folder that holds it"):
        made(module="someones_codec.nets:Net(50)")
    codec = made(module="someones_codec.nets:Net(50)", folder=str(tmp_path))
    before = str(codec.identity)
    assert codec.facts()["frame rate"] == "320 Hz (50 samples)"
    (tmp_path / "someones_codec" / "nets.py").write_text("from tests.codecs.networks import Frames as Net  # edited\n")
    assert str(made(module="someones_codec.nets:Net(50)", folder=str(tmp_path)).identity) != before


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("random", "other latents for the same input"),
        ("nan", "gives NaN or infinite numbers"),
        ("tuple", "one tensor of real numbers, got tuple"),
        ("integers", "got a tensor of torch.int64"),
        ("flat", r"latents of shape \(1, width, frames\)"),
        ("constant", "Expected one for every hop"),
        ("raises", "out of order"),
        ("rate", "expected the same rate behind the decoder"),
        ("stereo", r"samples of shape \(1, 1, n\)"),
    ],
)
def test_a_faulty_network_is_refused(fault: str, message: str) -> None:
    hop = 0 if fault == "constant" else 50
    with pytest.raises(CodecError, match=message):
        through(probe(16_000).part(0, 1_000), module=f"{HERE}:Wrong({fault!r})", hop=hop)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "expected the option `module`, or the options `encoder` and `decoder`"),
        ({"encoder": FRAMES}, "expected the option `module`"),
        ({"module": FRAMES, "decoder": FRAMES}, "expected the option `module`"),
        ({"module": "weights.pth"}, "holds weights, not a network"),
        ({"module": "nothing"}, "package.module:Class with literal arguments"),
        ({"module": "a.b:C(print(1))"}, "package.module:Class with literal arguments"),
        ({"module": FRAMES, "sample_rate": 10}, "sample_rate 10 Hz"),
        ({"module": FRAMES, "quantiser": {"kind": "vq"}}, "expected kind uniform or kmeans"),
        ({"module": FRAMES, "quantiser": {"kind": "uniform", "step": 0}}, "expected a number above 0, got 0"),
        ({"module": FRAMES, "quantiser": {"kind": "uniform", "step": 1, "size": 2}}, "unknown key 'size'"),
        ({"module": FRAMES, "quantiser": {"kind": "uniform", "bits": 4}}, "needs range"),
        ({"module": FRAMES, "quantiser": {"kind": "uniform", "bits": 4, "range": [1, 0]}}, r"expected \[low, high\]"),
        ({"module": FRAMES, "quantiser": {"kind": "uniform", "bits": 99, "range": [0, 1]}}, "from 1 to 16, got 99"),
        ({"module": FRAMES, "quantiser": {"kind": "uniform", "step": {"a": 1}}}, "expected bitrates in bit/s"),
    ],
)
def test_impossible_options_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        made(**options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"module": "no_such_package.nets:Net"}, "the module no_such_package.nets cannot be imported"),
        ({"module": "absent.pt2"}, "expected a file at absent.pt2"),
        ({"module": FRAMES, "weights": "absent.pth"}, "expected a file at absent.pth"),
        ({"module": FRAMES, "quantiser": {"kind": "kmeans", "file": "absent.npz"}}, "expected a file at absent.npz"),
    ],
)
def test_absent_things_are_named_at_once(options: dict[str, Any], message: str) -> None:
    with pytest.raises(MissingRequirement, match=message):
        made(**options)


@pytest.mark.parametrize(
    ("module", "message"),
    [
        (f"{HERE}:NoSuchClass", "has no attribute 'NoSuchClass'"),
        (f"{HERE}:Frames(1, 2, 3, 4, 5)", "cannot be loaded"),
        (f"{HERE}:not_a_module()", "expected .* to make a torch.nn.Module, got str"),
        (f"{HERE}:Encoder", "expected .* to have the methods encode and decode"),
    ],
)
def test_a_class_that_cannot_be_used_is_refused(module: str, message: str) -> None:
    with pytest.raises(MissingRequirement, match=message):
        through(probe(16_000).part(0, 400), module=module)


def test_a_delay_that_cannot_be_measured_says_so() -> None:
    with pytest.raises(CodecError, match="State the option `delay_samples`"):
        through(probe(16_000).part(0, 400), module=AUTOENCODER)


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four codebooks of 64 for frames of 10 samples, from two files, by the command."""
    folder = tmp_path_factory.mktemp("learned")
    for seed in (5, 6):
        audio.write(folder / f"{seed}.wav", probe(16_000, 1, seed).part(0, 16_000), "PCM_16")
    (folder / "options.yaml").write_text(f"{{module: '{HERE}:Frames(10)', sample_rate: 16000}}")
    files = [str(folder / f"{seed}.wav") for seed in (5, 6)]
    train.main([str(folder / "options.yaml"), str(folder / "books.npz"), *files, "--books", "4", "--size", "64"])
    return folder / "books.npz"


def test_learned_codebooks(learned: Path) -> None:
    signal = probe(16_000).part(0, 12_345)
    quantiser = {"kind": "kmeans", "file": str(learned), "books": {9_600: 1, 19_200: 2, 38_400: 4}}
    options = {"module": f"{HERE}:Frames(10)", "quantiser": quantiser}
    codec = made(**options)
    coded = codec.encode(signal, codec.bitrates_bps)
    errors = [np.square(made(**options).decode(one).samples - signal.samples).mean() for one in coded.values()]
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < 0.1 * np.square(signal.samples).mean()
    tables = read_codebooks(learned)
    assert tables.shape == (4, 64, 10)
    assert not tables[:, 0].any()
    for bitrate, books in ((9_600, 1), (38_400, 4)):
        assert 0 < coded[bitrate].payload_bits <= 1 + 6 * books * 1_235
        codes = search(codec.latents(signal).T, [(slice(None), table) for table in tables[:books]])
        heard = sum(table[one] for table, one in zip(tables, codes, strict=False)).reshape(1, -1)[:, :12_345]
        np.testing.assert_allclose(codec.decode(coded[bitrate]).samples, heard, atol=1e-6)


def test_other_codebooks_are_refused(learned: Path, tmp_path: Path) -> None:
    books = {"kind": "kmeans", "file": str(learned)}
    with pytest.raises(CodecError, match="the codebooks are for latents of 10 numbers; the encoder gives 50"):
        through(probe(16_000).part(0, 400), module=FRAMES, quantiser=books)
    (tmp_path / "no.npz").write_bytes(b"nothing")
    with pytest.raises(ConfigError, match="holds no codebooks"):
        made(module=FRAMES, quantiser={"kind": "kmeans", "file": str(tmp_path / "no.npz")})
    with pytest.raises(ConfigError, match="from 1 to 4, got 5"):
        made(module=FRAMES, quantiser=books | {"books": 5})
    with pytest.raises(ConfigError, match="Give it more audio"):
        train.train(np.ones((10, 3), np.float32), 1, 64, 0)


def test_damaged_bytes_are_refused() -> None:
    encoded, _ = through(probe(16_000).part(0, 400), module=FRAMES)
    with pytest.raises(CodecError, match="damaged"):
        made(module=FRAMES).decode(Encoded(encoded.stream[:40], 8))


def test_what_inspect_shows() -> None:
    codec = made(encoder=f"{HERE}:Encoder(6, 4)", decoder=f"{HERE}:Decoder(6, 4)", delay_samples=0)
    parts = {name: part_of(name, network) for name, network in codec.networks().items()}
    assert parts["encoder"].totals.parameters == sum(p.numel() for p in Encoder(6, 4).parameters())
    whole = made(module=f"{HERE}:Autoencoder(6, 4)", delay_samples=0)
    assert part_of("encoder", whole.networks()["encoder"]).totals.macs == parts["encoder"].totals.macs
    assert len(codec.files()) == 2


def test_from_files_to_a_report(tmp_path: Path, small_config: dict[str, Any], learned: Path) -> None:
    """An encoder with residual blocks and its decoder, an autoencoder of them, and one with learned codebooks."""
    torch.save(Autoencoder(8, 4, seed=7).state_dict(), tmp_path / "autoencoder.pth")
    common: dict[str, Any] = {"sample_rate": 16_000, "delay_samples": 0}
    networks = [
        {
            "name": "torch_module",
            "label": "resnet_encoder",
            "options": common
            | {"encoder": f"{HERE}:Encoder(6)", "decoder": f"{HERE}:Decoder(6)", "quantiser": UNIFORM},
        },
        {
            "name": "torch_module",
            "label": "autoencoder",
            "bitrates_bps": [4_000, 8_000],
            "options": common
            | {
                "module": AUTOENCODER,
                "weights": str(tmp_path / "autoencoder.pth"),
                "quantiser": {"kind": "uniform", "step": {4_000: 0.1, 8_000: 0.01}},
            },
        },
        {
            "name": "torch_module",
            "label": "learned",
            "options": common | {"module": f"{HERE}:Frames(10)", "quantiser": {"kind": "kmeans", "file": str(learned)}},
        },
    ]
    datasets = [{**one, "limit": 1} for one in small_config["datasets"]]
    config = small_config | {"datasets": datasets, "codecs": ["passthrough", *networks], "channels": 1}
    results = runner.run(config, output=tmp_path / "run", workers=1)
    rows = results.encodings
    assert set(rows["condition"]) == {
        "passthrough",
        "resnet_encoder",
        "autoencoder@4000",
        "autoencoder@8000",
        "learned",
    }
    assert set(rows["status"]) == {"ok"}
    assert (rows["actual_bps"] > 0).all()
    scores = results.scores[results.scores["metric"].eq("si_sdr") | results.scores["quantity"].eq("si_sdr")]
    mean = scores.groupby("condition")["value"].mean()
    assert mean["learned"] > 3 > mean["autoencoder@8000"]
    page = next(path for path in write_report(results, tmp_path / "run") if path.suffix == ".html")
    text = page.read_text()
    assert all(label in text for label in ("resnet_encoder", "autoencoder", "learned"))
