"""The layer table of a torch module, in the order in which its layers run."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bench.errors import ConfigError

if TYPE_CHECKING:
    from torch import Tensor, nn

GAIN = ("weight_g", "parametrizations.weight.original0")
USUAL = ("weight", "bias", "weight_v", "parametrizations.weight.original", "parametrizations.weight.original1")
"""Names of parameters behind what a layer shows as its ``weight`` and ``bias``."""

WITHOUT_PRODUCTS = tuple(
    f"torch.nn.modules.{name}"
    for name in (
        "activation", "batchnorm", "channelshuffle", "container", "dropout", "flatten", "fold", "instancenorm",
        "linear", "normalization", "padding", "pixelshuffle", "pooling", "sparse", "upsampling",
    )
)  # fmt: skip
"""Where torch keeps layers without products that a table of work counts; those of ``linear`` are told apart."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One leaf of the module tree, or the parameters that a module with children holds itself.

    ``output`` is the shape of what it gave (of the first tensor where it gives several); empty where it did not run.
    ``parameters`` counts those that no earlier row of the table has, so that tied ones count once: ``gains`` are those
    that weight normalisation adds, ``recurrent`` those of LSTM, GRU and RNN layers, ``usual`` the ``weight`` and
    ``bias`` of a leaf. ``macs`` are multiply-accumulates of this call; None for layers whose work is not known.
    """

    path: str
    kind: str
    output: tuple[int, ...]
    parameters: int
    gains: int
    recurrent: int
    usual: int
    macs: int | None


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over a layer table.

    ``as_usual_summaries`` is what tools find that add up the ``weight`` and ``bias`` of each leaf: they miss the gains
    of weight normalisation, all recurrent weights, and ``others``: parameters with any other name, or of a module
    with children.
    """

    parameters: int
    gains: int
    recurrent: int
    as_usual_summaries: int
    macs: int
    unknown_work: tuple[str, ...]

    @property
    def others(self) -> int:
        return self.parameters - self.gains - self.recurrent - self.as_usual_summaries


def layers_of(module: nn.Module, *inputs: Tensor) -> list[Layer]:
    """Run ``module`` on ``inputs`` and list what it is made of, each once: all its parameters are in one of the rows.

    What ran comes first, in its order; then what holds parameters and did not run.

    Of a program (:func:`is_program`) only parameters are listed: it is not run, and none of its work is known.

    Raises:
        ConfigError: it does not take the inputs.
    """
    import torch

    names: dict[nn.Module, str] = {}
    for path, one in _rows(module):
        names.setdefault(one, path)
    counted: set[nn.Parameter] = set()
    if is_program(module):
        return [_layer(path, one, (), None, counted) for one, path in names.items() if _own(one)]
    work: dict[nn.Module, int | None] = {}
    shapes: dict[nn.Module, tuple[int, ...]] = {}

    def note(one: nn.Module, given: Any, named: Any, made: Any) -> None:
        into, out = first_tensor((given, named)), first_tensor(made)
        shapes.setdefault(one, () if out is None else tuple(out.shape))
        known, more = work.get(one, 0), _macs(one, into, out)
        work[one] = None if known is None or more is None else known + more

    hooks = [one.register_forward_hook(note, with_kwargs=True) for one in names]
    was_training = module.training
    try:
        with torch.inference_mode():
            module.eval()(*inputs)
    except Exception as error:  # noqa: BLE001  # the forward of a user's module may raise anything
        shown = " and ".join(str(tuple(one.shape)) for one in inputs)
        raise ConfigError(
            f"{type(module).__name__} does not take an input of shape {shown}: {told(error)}. "
            "Give another with --input."
        ) from None
    finally:
        module.train(was_training)
        for hook in hooks:
            hook.remove()
    idle = [one for one in names if one not in shapes and _own(one)]
    return [_layer(names[one], one, shapes.get(one, ()), work.get(one, 0), counted) for one in [*shapes, *idle]]


def is_program(module: nn.Module) -> bool:
    """Whether any of it is TorchScript or of torch.export, whose layers cannot be watched while they run."""
    import torch

    if any(isinstance(one, torch.jit.ScriptModule) for one in module.modules()):
        return True
    try:
        module.train(module.training)
    except NotImplementedError:
        return True
    return False


def totals(layers: list[Layer]) -> Totals:
    """The sums of a table of :func:`layers_of`."""
    return Totals(
        sum(layer.parameters for layer in layers),
        sum(layer.gains for layer in layers),
        sum(layer.recurrent for layer in layers),
        sum(layer.usual for layer in layers),
        sum(layer.macs or 0 for layer in layers),
        tuple(dict.fromkeys(layer.kind for layer in layers if layer.macs is None)),
    )


def first_tensor(value: Any) -> Tensor | None:
    """The first tensor in nested tuples, lists and mappings; None where there is none."""
    import torch

    if isinstance(value, torch.Tensor):
        return value
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, tuple | list) else ()
    return next((found for one in inner if (found := first_tensor(one)) is not None), None)


def told(error: Exception) -> str:
    """Kind and text of an error in one line of at most 300 characters."""
    return f"{type(error).__name__}: {' '.join(str(error).split())}"[:300].rstrip(": .")


def _rows(module: nn.Module, path: str = "") -> Iterator[tuple[str, nn.Module]]:
    """Leaves, and modules with children that hold parameters themselves."""
    if _is_leaf(module) or _own(module):
        yield path or type(module).__name__, module
    if not _is_leaf(module):
        for name, child in _children(module):
            yield from _rows(child, f"{path}.{name}" if path else name)


def _children(module: nn.Module) -> list[tuple[str, nn.Module]]:
    return [(name, child) for name, child in module.named_children() if name != "parametrizations"]


def _is_leaf(module: nn.Module) -> bool:
    """Whether it is one row with everything in it: attention uses the weights of its child without running it."""
    from torch import nn

    return isinstance(module, nn.MultiheadAttention) or not _children(module)


def _own(module: nn.Module) -> dict[str, nn.Parameter]:
    """The parameters of its row, by name: all of a leaf's, else those that it holds itself."""
    inner = () if _is_leaf(module) else tuple(f"{name}." for name, _ in _children(module))
    return {name: one for name, one in module.named_parameters() if not name.startswith(inner or ("\0",))}


def _layer(path: str, module: nn.Module, shape: tuple[int, ...], macs: int | None, counted: set[nn.Parameter]) -> Layer:
    """The row of ``module``; its parameters join those that are ``counted``."""
    sizes = {name: one.numel() for name, one in _own(module).items() if one not in counted}
    counted.update(_own(module).values())
    return Layer(
        path,
        getattr(module, "original_name", type(module).__name__).removeprefix("Parametrized"),
        shape,
        sum(sizes.values()),
        sum(size for name, size in sizes.items() if name in GAIN),
        sum(sizes.values()) if _is_recurrent(module) else 0,
        sum(size for name, size in sizes.items() if name in USUAL) if _is_leaf(module) else 0,
        macs,
    )


def _is_recurrent(leaf: nn.Module) -> bool:
    from torch import nn

    return isinstance(leaf, nn.RNNBase | nn.RNNCellBase)


def _macs(module: nn.Module, given: Tensor | None, made: Tensor | None) -> int | None:
    """Multiply-accumulates of one call. Additions of a bias, activations and normalisations count as none."""
    from torch import nn
    from torch.nn.modules.conv import _ConvNd, _ConvTransposeNd

    if given is not None and made is not None:
        if isinstance(module, _ConvTransposeNd):
            return given.numel() * module.out_channels // module.groups * math.prod(module.kernel_size)
        if isinstance(module, _ConvNd):
            return made.numel() * module.in_channels // module.groups * math.prod(module.kernel_size)
        if isinstance(module, nn.Linear):
            return made.numel() * module.in_features
        if isinstance(module, nn.RNNBase | nn.RNNCellBase):
            steps = given.numel() // given.shape[-1]
            return steps * sum(one.numel() for name, one in module.named_parameters() if name.startswith("weight"))
    return 0 if _is_elementwise(module) else None


def _is_elementwise(module: nn.Module) -> bool:
    """Whether its forward is that of a normalisation, activation, lookup or other layer of torch without products."""
    from torch import nn

    return not isinstance(module, nn.MultiheadAttention | nn.Bilinear) and (
        type(module).forward.__module__ in WITHOUT_PRODUCTS
    )
