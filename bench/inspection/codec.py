"""Everything that can be said of a codec: what it is made of, and what it costs to run."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bench import codecs
from bench.codecs.base import Codec, Network
from bench.errors import ConfigError
from bench.inspection.cost import Cost, cost_of
from bench.inspection.field import Field, receptive_field
from bench.inspection.layers import Layer, Totals, layers_of, totals


@dataclass(frozen=True)
class Part:
    """One network of a codec."""

    name: str
    input_shape: tuple[int, ...]
    layers: list[Layer]
    totals: Totals
    field: Field | None


@dataclass(frozen=True)
class Inspection:
    """A codec, or a torch module, taken apart. ``cost`` is None for a module."""

    name: str
    parts: list[Part]
    facts: Mapping[str, str]
    cost: Cost | None

    @property
    def parameters(self) -> int:
        return sum(part.totals.parameters for part in self.parts)

    @property
    def macs(self) -> int:
        return sum(part.totals.macs for part in self.parts)


def inspect(name: str, options: Mapping[str, Any], input_shape: tuple[int, ...] | None = None) -> Inspection:
    """Take apart a codec, or, where ``input_shape`` says what goes in, a torch module.

    Raises:
        UnknownName, ConfigError: there is none of that name, or it cannot be made so.
        MissingRequirement: a package or weights that are absent.
    """
    return inspect_codec(name, options) if input_shape is None else inspect_module(name, input_shape)


def inspect_codec(name: str, options: Mapping[str, Any]) -> Inspection:
    """Take apart the codec called ``name``, and run it once in a process of its own to see what it costs."""
    codec: Codec = codecs.make(name, options)
    parts = [part_of(label, network) for label, network in codec.networks().items()]
    return Inspection(name, parts, codec.facts(), cost_of(name, options))


def inspect_module(target: str, input_shape: tuple[int, ...]) -> Inspection:
    """Take apart the torch module ``package.module:Class(arguments)``; arguments are Python literals.

    Raises:
        ConfigError: it cannot be made, or does not take an input of that shape.
    """
    module = module_of(target)
    try:
        part = part_of(type(module).__name__, Network(module, input_shape))
    except ConfigError as error:
        raise ConfigError(f"{target}: {error} Give another shape with --input, such as 1,3,128.") from None
    return Inspection(target, [part], {}, None)


def part_of(name: str, network: Network) -> Part:
    """One network: its layers on an input of noise, and its receptive field."""
    import torch

    given = torch.randn(network.input_shape, generator=torch.Generator().manual_seed(0)) * 0.1
    layers = layers_of(network.module, given)
    field = receptive_field(network.module, network.input_shape)
    return Part(name, network.input_shape, layers, totals(layers), field)


def module_of(target: str) -> Any:
    """The module that ``package.module:Class(1, x=[2])`` describes; without arguments ``package.module:Class``."""
    place, _, call = target.partition(":")
    try:
        node = ast.parse(call, mode="eval").body
        made = node.func if isinstance(node, ast.Call) else node
        given = [ast.literal_eval(one) for one in node.args] if isinstance(node, ast.Call) else []
        named = (
            {key.arg or "": ast.literal_eval(key.value) for key in node.keywords} if isinstance(node, ast.Call) else {}
        )
        found = getattr(importlib.import_module(place), ast.unparse(made))
        module = found(*given, **named)
    except (SyntaxError, ValueError, ImportError, AttributeError, TypeError) as error:
        raise ConfigError(
            f"{target}: expected package.module:Class or package.module:Class(arguments) of a torch module, got: "
            f"{type(error).__name__}: {error}. The folder of the module must be on PYTHONPATH or the current one."
        ) from None
    if not hasattr(module, "named_children"):
        raise ConfigError(f"{target}: expected a torch module, got {type(module).__name__}.")
    return module
