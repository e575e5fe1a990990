"""How much of the input one step of a network's output depends on: found by differentiating, not by a formula."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.inspection.layers import first_tensor

if TYPE_CHECKING:
    from torch import nn

SHORTEST, LONGEST = 32, 2**16  # steps of the inputs tried
LARGEST = 2**22  # values of the largest input or output
LIMIT_S, LIMIT_BYTES = 5.0, 2**28
"""What a length may cost if twice as long a one is tried: attention needs four times the memory then."""


@dataclass(frozen=True, slots=True)
class Field:
    """``steps`` of the input, along its last axis, that one step of the output sees.

    ``unbounded`` names the layers that see more: a recurrent layer sees all of the past (of both sides where it runs
    both ways), normalisation over time sees everything. They are bridged to find the field of the rest.
    """

    steps: int
    unbounded: tuple[str, ...]


def receptive_field(module: nn.Module, shape: tuple[int, ...]) -> Field | None:
    """The receptive field along the last axis; ``shape`` is that of an input, its last number is replaced.

    None where it does not fit into 65 536 steps or four million values of input or output, or takes too much time or
    memory to see; where it cannot be seen, as where activations are saturated; and where the module takes no input of
    another length or gives no tensor.
    """
    length, size = SHORTEST, 0
    with _bridged(module) as unbounded:
        while size <= LARGEST and length <= LONGEST:
            started, before = time.monotonic(), told_by_linux("VmRSS")
            found, size, held = _at(module, (*shape[:-1], length))
            if found:
                return Field(found, tuple(unbounded))
            if time.monotonic() - started > LIMIT_S or held - before > LIMIT_BYTES:
                return None
            length *= 2
            size = max(2 * size, length)
    return None


def _at(module: nn.Module, shape: tuple[int, ...]) -> tuple[int, int, int]:
    """Steps that one output step in the middle sees, 0 where they reach an end of the input; values of the larger of
    input and output; and the memory of the process with everything that differentiating needs.
    """
    import torch

    generator = torch.Generator().manual_seed(0)
    given = torch.randn(shape, generator=generator).requires_grad_()
    try:
        made = first_tensor(module(given))
        held = told_by_linux("VmRSS")
        if made is None:
            return 0, given.numel(), held
        (slope,) = torch.autograd.grad(made[..., made.shape[-1] // 2].sum(), given)
    except Exception:  # noqa: BLE001  # too short for its kernels, of a fixed length, or whatever a user's forward raises
        return 0, given.numel(), told_by_linux("VmRSS")
    size = max(given.numel(), made.numel())
    touched = torch.nonzero(slope.reshape(-1, shape[-1]).abs().sum(dim=0)).flatten()
    if not len(touched) or touched[0] == 0 or touched[-1] == shape[-1] - 1:
        return 0, size, held
    return int(touched[-1] - touched[0]) + 1, size, held


def told_by_linux(what: str) -> int:
    """Bytes of memory that this process holds (``VmRSS``) or has held at most (``VmHWM``); 0 where nobody says it."""
    status = Path("/proc/self/status")
    lines = status.read_text(encoding="ascii").splitlines() if status.exists() else []
    return next((1024 * int(line.split()[1]) for line in lines if line.startswith(what)), 0)


@contextmanager
def _bridged(module: nn.Module) -> Iterator[list[str]]:
    """Within, layers that see without bound pass their input on, step by step."""
    from torch import nn

    found: list[str] = []

    def pass_on(leaf: nn.Module, given: Any, made: Any) -> Any:
        if isinstance(leaf, nn.RNNBase):
            sound, state = made
            return sound.detach() * 0 + given[0].mean(dim=-1, keepdim=True), state
        return given[0]

    hooks = []
    for leaf in module.modules():
        if isinstance(leaf, nn.RNNBase | nn.GroupNorm | nn.InstanceNorm1d):
            hooks.append(leaf.register_forward_hook(pass_on))
            name = type(leaf).__name__
            if name not in found:
                found.append(name)
    was_training = module.training
    try:
        module.eval()
        yield found
    finally:
        module.train(was_training)
        for hook in hooks:
            hook.remove()
