from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations
from torch.utils.flop_counter import FlopCounterMode

from bench.codecs.base import Network
from bench.errors import CodecError, ConfigError
from bench.inspection import field, printed
from bench.inspection.codec import Inspection, inspect, module_of, part_of
from bench.inspection.cost import cost_of, peak_bytes
from bench.inspection.field import Field, receptive_field
from bench.inspection.layers import layers_of, totals
from bench.terminal import console
from tests.codecs.models import encodec_model

# Layer table of the encoder as published in the README of a public EnCodec implementation, leaf by leaf.
ENCODER_ROWS = [
    288, 1_568, 576, 1_088, 8_320, 6_208, 2_176, 4_224, 65_792, 24_704, 8_448, 16_640, 328_192, 98_560, 33_280, 66_048,
    2_098_176, 4_202_496, 459_008,
]  # fmt: skip


@pytest.fixture(scope="module")
def encodec() -> nn.Module:
    return encodec_model(24_000, num_filters=32, hidden_size=128)


def test_the_rows_of_encodecs_encoder(encodec: nn.Module) -> None:
    layers = layers_of(encodec.encoder, torch.zeros(1, 1, 24_000))
    assert [layer.parameters for layer in layers if layer.parameters] == ENCODER_ROWS
    assert sum(ENCODER_ROWS) == totals(layers).parameters == 7_425_792
    assert totals(layers).as_usual_summaries == 3_220_976
    assert layers[0].output == (1, 32, 24_000)


def test_the_whole_of_encodec(encodec: nn.Module) -> None:
    encoder = totals(layers_of(encodec.encoder, torch.zeros(1, 1, 24_000)))
    decoder = totals(layers_of(encodec.decoder, torch.zeros(1, 128, 75)))
    assert encoder.parameters + decoder.parameters == 14_851_810
    assert (encoder.unknown_work, decoder.unknown_work) == ((), ())


@pytest.mark.parametrize(
    ("module", "shape"),
    [
        (nn.Sequential(nn.Conv1d(3, 8, 5, stride=2), nn.ELU(), nn.Conv1d(8, 4, 3, groups=2)), (2, 3, 100)),
        (nn.ConvTranspose1d(4, 6, 8, stride=4), (1, 4, 50)),
        (nn.Conv2d(2, 4, (3, 5)), (1, 2, 20, 30)),
        (nn.Sequential(nn.Linear(12, 7), nn.ReLU(), nn.Linear(7, 3)), (5, 12)),
        (parametrizations.weight_norm(nn.Conv1d(3, 8, 5)), (1, 3, 64)),
    ],
    ids=["convolutions", "transposed", "two axes", "linear", "weight norm"],
)
def test_the_work_is_what_torchs_own_counter_finds(module: nn.Module, shape: tuple[int, ...]) -> None:
    given = torch.zeros(shape)
    with FlopCounterMode(display=False) as counter:
        module(given)
    assert totals(layers_of(module, given)).macs == counter.get_total_flops() / 2


def test_the_work_of_a_recurrent_layer_is_every_weight_once_a_step() -> None:
    found = totals(layers_of(nn.LSTM(16, 32, num_layers=2), torch.zeros(10, 1, 16)))
    assert found.macs == 10 * (4 * 32 * (16 + 32) + 4 * 32 * (32 + 32))
    assert found.recurrent == found.parameters == sum(p.numel() for p in nn.LSTM(16, 32, num_layers=2).parameters())


def test_a_layer_that_runs_twice_is_listed_once_and_works_twice() -> None:
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = nn.Linear(4, 4)

        def forward(self, given: torch.Tensor) -> torch.Tensor:
            return self.inner(self.inner(given))

    (layer,) = layers_of(Twice(), torch.zeros(1, 4))
    assert (layer.path, layer.parameters, layer.macs) == ("inner", 20, 32)


def test_work_that_is_not_known_is_named() -> None:
    assert totals(layers_of(nn.Bilinear(1, 2, 3), torch.zeros(4, 1), torch.zeros(4, 2))).unknown_work == ("Bilinear",)

    class LUScale(nn.Module):
        def forward(self, given: torch.Tensor) -> torch.Tensor:
            return given @ given.T

    known = nn.Sequential(nn.GELU(), nn.LayerNorm(4), nn.Dropout(), nn.Flatten(), nn.RNNCell(4, 4))
    assert totals(layers_of(nn.Sequential(LUScale(), known), torch.zeros(4, 4))).unknown_work == ("LUScale",)


class Awkward(nn.Module):
    """Parameters in every place where they are easily overlooked."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(8))
        self.first, self.tied = nn.Linear(8, 8), nn.Linear(8, 8)
        self.tied.weight = self.first.weight
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)
        self.unused = nn.Conv1d(8, 3, 2)
        self.listed = nn.ParameterList([torch.zeros(5)])
        self.normed = parametrizations.weight_norm(nn.Linear(8, 2))

    def forward(self, given: torch.Tensor) -> dict[str, torch.Tensor]:
        inner = self.tied(self.first(input=given)) * self.scale
        return {"out": self.normed(self.attention(inner, inner, inner)[0])}


def test_no_parameter_is_left_out_and_none_counts_twice() -> None:
    module = Awkward()
    layers = layers_of(module, torch.zeros(1, 4, 8))
    assert {layer.path: (layer.kind, layer.output, layer.parameters) for layer in layers} == {
        "first": ("Linear", (1, 4, 8), 72),
        "tied": ("Linear", (1, 4, 8), 8),
        "attention": ("MultiheadAttention", (1, 4, 8), 4 * 72),
        "normed": ("Linear", (1, 4, 2), 2 * 8 + 2 + 2),
        "Awkward": ("Awkward", (1, 4, 2), 8),
        "unused": ("Conv1d", (), 51),
        "listed": ("ParameterList", (), 5),
    }
    found = totals(layers)
    assert found.parameters == sum(parameter.numel() for parameter in module.parameters())
    assert found.as_usual_summaries == 72 + 8 + 51 + 18
    assert (found.gains, found.others) == (2, 4 * 72 + 8 + 5)
    assert found.unknown_work == ("MultiheadAttention", "Awkward")
    assert found.macs == 4 * (64 + 64 + 16)


@pytest.mark.parametrize(
    ("module", "steps"),
    [
        (nn.Conv1d(1, 1, 1), 1),
        (nn.Conv1d(1, 2, 5, dilation=3), 13),
        (nn.Sequential(nn.Conv1d(1, 2, 5), nn.Conv1d(2, 1, 3, dilation=4, stride=2)), 13),
        (nn.Sequential(nn.Conv1d(1, 1, 4, stride=4), nn.Conv1d(1, 1, 3)), 12),
    ],
)
def test_the_receptive_field_of_convolutions(module: nn.Module, steps: int) -> None:
    found = receptive_field(module, (1, 1, 0))
    assert found is not None
    assert (found.steps, found.unbounded) == (steps, ())


def test_the_receptive_field_of_encodec(encodec: nn.Module) -> None:
    """By the formula: the sum over its layers of (kernel - 1) x dilation x samples per step."""
    by_hand, step = 1 + 6, 1
    for stride in (2, 4, 5, 8):
        by_hand += 2 * step  # the residual block
        by_hand += (2 * stride - 1) * step
        step *= stride
    by_hand += 6 * step
    found = receptive_field(encodec.encoder, (1, 1, 0))
    assert found is not None
    assert (found.steps, found.unbounded) == (by_hand, ("LSTM",))


def test_a_field_without_end_is_none() -> None:
    assert receptive_field(nn.Linear(64, 64), (1, 64)) is None


class Attention(nn.Module):
    """Every step sees every other one; its memory grows with the square of the length."""

    def forward(self, given: torch.Tensor) -> torch.Tensor:
        return given @ (given.mT @ given).softmax(-1)


def test_the_receptive_field_of_attention_is_given_up_before_it_takes_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(field, "LIMIT_BYTES", 2**25)
    lengths: list[int] = []
    module = Attention()
    module.register_forward_pre_hook(lambda _, given: lengths.append(given[0].shape[-1]))
    before = peak_bytes()
    assert receptive_field(module, (1, 4, 100)) is None
    assert lengths[-1] in (2_048, 4_096)
    assert peak_bytes() - before < 4e8


class Fussy(nn.Module):
    """Takes 100 steps only and gives what ``form`` says."""

    def __init__(self, form: str, error: str = "AssertionError") -> None:
        super().__init__()
        self.form, self.error = form, error
        self.inner = nn.Conv1d(2, 2, 3)

    def forward(self, given: torch.Tensor) -> object:
        if given.shape[-1] != 100 and self.form == "fixed":
            raise {"AssertionError": AssertionError, "KeyError": KeyError, "AttributeError": AttributeError}[self.error]
        made = self.inner(given)
        forms = {
            "none": None,
            "number": 3,
            "tuple": (made, 1),
            "dict": {"a": None, "b": made},
            "whole": made.argmax(-1),
        }
        return forms.get(self.form, made)


@pytest.mark.parametrize("form", ["none", "number", "whole", "fixed", "tuple", "dict"])
def test_whatever_a_forward_gives_its_layers_are_listed(form: str) -> None:
    found = inspect(f"{__name__}:Fussy({form!r}, 'KeyError')", {}, (1, 2, 100))
    assert found.parameters == 14
    seen = found.parts[0].field
    assert seen == (Field(3, ()) if form in ("tuple", "dict") else None)
    notes = " ".join(note for table in printed.tables(found) for note in table.notes)
    assert "Receptive field: 3 steps" in notes if seen else "Receptive field: not found." in notes


@pytest.mark.parametrize("error", ["AssertionError", "KeyError", "AttributeError"])
def test_a_forward_that_fails_is_one_message(error: str) -> None:
    with pytest.raises(ConfigError, match=rf"does not take an input of shape \(1, 2, 50\): {error}"):
        inspect(f"{__name__}:Fussy('fixed', {error!r})", {}, (1, 2, 50))


def test_a_module_by_its_import_path() -> None:
    module = module_of("torch.nn:Conv1d(3, 4, kernel_size=5)")
    assert isinstance(module, nn.Conv1d)
    found = inspect("torch.nn:Conv1d(3, 4, kernel_size=5)", {}, (1, 3, 128))
    assert (found.parameters, found.parts[0].layers[0].output, found.cost) == (64, (1, 4, 124), None)


@pytest.mark.parametrize(
    ("target", "what"),
    [
        ("torch.nn:Conv1", "Conv1"),
        ("torch.nn:Conv1d(3", "never closed"),
        ("torch.nn:Conv1d(open('x'))", "malformed"),
        ("no_such_module:Net", "no_such_module"),
        ("builtins:dict", "expected a torch module, got dict"),
    ],
)
def test_a_module_that_cannot_be_made(target: str, what: str) -> None:
    with pytest.raises(ConfigError, match=what):
        module_of(target)


class Small(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner, self.norm = nn.Conv1d(2, 4, 3), nn.GroupNorm(1, 4)
        self.scale = nn.Parameter(torch.ones(4, 1))

    def forward(self, given: torch.Tensor) -> torch.Tensor:
        return self.norm(self.inner(given)) * self.scale


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
@pytest.mark.parametrize("kind", ["torchscript", "export", "export within a module"])
def test_of_a_program_the_parameters_are_listed(kind: str) -> None:
    given = torch.zeros(1, 2, 50)
    if kind == "torchscript":
        program: nn.Module = torch.jit.script(Small())
    else:
        program = torch.export.export(Small(), (given,)).module()
    part = part_of("network", Network(nn.Sequential(program) if "within" in kind else program, (1, 2, 50)))
    assert (part.program, part.field, part.totals.parameters) == (True, None, 4 * 2 * 3 + 4 + 8 + 4)
    assert {layer.parameters for layer in part.layers} == {28, 8, 4}
    found = Inspection("x", [part], {}, None)
    assert found.macs is None
    shown = printed.tables(found)
    assert "Only its parameters are listed" in shown[0].notes[-1]
    assert ("multiply-accumulates of this input", "not known") in shown[-1].rows


class Unmade(nn.Module):
    def __init__(self) -> None:
        raise RuntimeError("no such folder")


@pytest.mark.parametrize(
    ("name", "options", "shape", "what"),
    [
        (f"{__name__}:Unmade", {}, (1, 2), "RuntimeError: no such folder"),
        (f"{__name__}:Unmade", {}, None, "with --input"),
        ("torch.nn:Conv1d(1, 2, 3)", {}, None, "with --input"),
        ("fractions:Fraction", {}, None, "expected a codec, got Fraction"),
        ("toy_rvq", {}, (1, 1, 100), "--input is for torch modules"),
        ("torch.nn:Conv1d(1, 2, 3)", {"depth": 2}, (1, 1, 100), "--option is for codecs"),
    ],
)
def test_a_name_or_option_in_the_wrong_place(
    name: str, options: dict[str, int], shape: tuple[int, ...] | None, what: str
) -> None:
    with pytest.raises(ConfigError, match=what):
        inspect(name, options, shape)


def test_an_input_that_does_not_fit() -> None:
    with pytest.raises(ConfigError, match="--input"):
        inspect("torch.nn:Conv1d(3, 4, kernel_size=5)", {}, (1, 2, 128))


@pytest.mark.parametrize(("width", "whole"), [(80, False), (120, True)])
def test_no_name_is_cut(
    encodec: nn.Module, width: int, whole: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setattr(console.out, "_width", width)
    part = part_of("decoder", Network(encodec.decoder, (1, 128, 75)))
    table = printed.tables(Inspection("encodec", [part], {}, None), width)[0]
    assert table.least_width <= width
    console.print_table(table.title, table.columns, table.rows, table.unbroken)
    shown = capsys.readouterr().out
    assert max(map(len, shown.splitlines())) <= width
    for layer in part.layers:
        names = [layer.path] if whole else layer.path.split(".")
        assert not layer.parameters or {*names, layer.kind, f"{layer.parameters:,}"} <= set(
            shown.split() if whole else shown.replace(".", " ").split()
        )


def test_a_name_that_is_wider_than_the_terminal_widens_the_table() -> None:
    class AKindWithAVeryLongNameThatNoColumnHolds(nn.Linear):
        pass

    inner = nn.Sequential()
    inner.add_module("a_module_with_a_long_name_without_dots", AKindWithAVeryLongNameThatNoColumnHolds(4, 4))
    table = printed.tables(Inspection("x", [part_of("x", Network(inner, (1, 4)))], {}, None), 80)[0]
    assert table.least_width > 80
    assert table.rows[0][0] == "a_module_with_a_long_name_without_dots"


def test_a_codec_without_networks_has_its_cost() -> None:
    found = inspect("toy_rvq", {})
    assert found.parts == []
    assert found.cost is not None
    assert found.cost.files_bytes > 500_000
    assert found.cost.algorithmic_delay_s == pytest.approx(640 / 24_000)
    assert 0 < found.cost.memory_before_bytes < found.cost.memory_bytes < 500e6
    assert found.cost.encode_rtf > 1
    assert "frame rate" in {row[0] for table in printed.tables(found) for row in table.rows}


def test_a_codec_that_cannot_run_says_why() -> None:
    with pytest.raises(CodecError, match="no codec is named 'opuss'"):
        cost_of("opuss", {})


@pytest.mark.parametrize("text", ["0,1", "a", "1,,2", "-1"])
def test_a_shape_that_is_none(text: str) -> None:
    with pytest.raises(ConfigError, match="--input"):
        printed.shape_of(text)


def test_options_are_read_as_yaml() -> None:
    assert printed.options_of(["vbr=off", "complexity=3", "weights=a=b"]) == {
        "vbr": False,
        "complexity": 3,
        "weights": "a=b",
    }
    with pytest.raises(ConfigError, match="KEY=VALUE"):
        printed.options_of(["vbr"])
    with pytest.raises(ConfigError, match=r"--option vbr: expected a value as in YAML, got '\[1'"):
        printed.options_of(["vbr=[1"])
