"""EnCodec's networks in JAX: the layers of arXiv:2210.13438, figure 1, on signals that are padded to a fixed length.

A signal is an array of shape ``(steps, channels)`` of which the first ``length`` steps count; the rest is only there so
that one compiled function serves many lengths. Every layer gives what it would give for the signal alone: what lies
beyond ``length`` is masked, and the reflections at both ends are made where the signal ends.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
from jax import Array, lax

from bench.codecs.encodec_jax.parameters import Architecture

Parameters = Mapping[str, Array]
Signal = tuple[Array, Array]
"""``(steps, length)``."""

NORM_EPSILON = 1e-5


@dataclass(frozen=True, slots=True)
class Convolution:
    """A convolution with reflected ends, all padding on the left where it is causal; normalised where it says so."""

    name: str
    kernel: int
    stride: int
    dilation: int
    causal: bool
    normalised: bool

    def names(self) -> Iterator[str]:
        yield from (f"{self.name}.conv.kernel", f"{self.name}.conv.bias")
        if self.normalised:
            yield from (f"{self.name}.norm.weight", f"{self.name}.norm.bias")

    def __call__(self, parameters: Parameters, steps: Array, length: Array) -> Signal:
        span = (self.kernel - 1) * self.dilation + 1
        total = span - self.stride
        right = 0 if self.causal else total // 2
        left = total - right
        frames = -(-length // self.stride)
        missing = frames * self.stride - length
        padded = _reflected(_masked(steps, length), length, left, right + missing, right + self.stride - 1)
        weight = parameters[f"{self.name}.conv.kernel"]
        count = steps.shape[0] // self.stride
        made = _convolved(padded, weight, self.stride, self.dilation, count) + parameters[f"{self.name}.conv.bias"]
        return (_normalised(parameters, self.name, made, frames) if self.normalised else made), frames


@dataclass(frozen=True, slots=True)
class Transposed:
    """A transposed convolution whose kernel is two strides long: every output is in the reach of two inputs."""

    name: str
    stride: int
    causal: bool
    normalised: bool

    def names(self) -> Iterator[str]:
        yield from (f"{self.name}.conv.transposed_kernel", f"{self.name}.conv.bias")
        if self.normalised:
            yield from (f"{self.name}.norm.weight", f"{self.name}.norm.bias")

    def __call__(self, parameters: Parameters, steps: Array, length: Array) -> Signal:
        weight = parameters[f"{self.name}.conv.transposed_kernel"]
        inputs, taps, outputs = weight.shape
        spread = (_masked(steps, length) @ weight.reshape(inputs, taps * outputs)).reshape(-1, taps, outputs)
        first, second = spread[:, : self.stride], spread[:, self.stride :]
        nothing = jnp.zeros((1, self.stride, outputs), steps.dtype)
        blocks = jnp.concatenate([first, nothing]) + jnp.concatenate([nothing, second])
        made = blocks.reshape(-1, outputs) + parameters[f"{self.name}.conv.bias"]
        if self.normalised:
            made = _normalised(parameters, self.name, made, (length + 1) * self.stride)
        left = 0 if self.causal else self.stride - self.stride // 2
        return made[left : left + steps.shape[0] * self.stride], length * self.stride


@dataclass(frozen=True, slots=True)
class Recurrence:
    """Layers of LSTM beside a shortcut."""

    name: str
    layers: int

    def names(self) -> Iterator[str]:
        for layer in range(self.layers):
            for what in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
                yield f"{self.name}.lstm.{what}_l{layer}"

    def __call__(self, parameters: Parameters, steps: Array, length: Array) -> Signal:
        made = steps
        for layer in range(self.layers):
            of = {
                what: parameters[f"{self.name}.lstm.{what}_l{layer}"]
                for what in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
            }
            made = _lstm(made @ of["weight_ih"].T + of["bias_ih"] + of["bias_hh"], of["weight_hh"].T)
        return made + steps, length


@dataclass(frozen=True, slots=True)
class Elu:
    """The activation."""

    def names(self) -> Iterator[str]:
        yield from ()

    def __call__(self, _: Parameters, steps: Array, length: Array) -> Signal:
        return jax.nn.elu(steps), length


@dataclass(frozen=True, slots=True)
class Residual:
    """Two convolutions beside a shortcut, which is a convolution too or nothing."""

    block: tuple[Convolution, ...]
    shortcut: Convolution | None

    def names(self) -> Iterator[str]:
        for layer in (*self.block, *([self.shortcut] if self.shortcut else [])):
            yield from layer.names()

    def __call__(self, parameters: Parameters, steps: Array, length: Array) -> Signal:
        made = steps
        for convolution in self.block:
            made, _ = convolution(parameters, jax.nn.elu(made), length)
        beside = self.shortcut(parameters, steps, length)[0] if self.shortcut else steps
        return beside + made, length


Layer = Convolution | Transposed | Recurrence | Elu | Residual


@dataclass(frozen=True, slots=True)
class Network:
    """The layers of an encoder or a decoder."""

    layers: tuple[Layer, ...]

    def names(self) -> Iterator[str]:
        """Names of all its parameters."""
        for layer in self.layers:
            yield from layer.names()

    def __call__(self, parameters: Parameters, steps: Array, length: Array) -> Signal:
        for layer in self.layers:
            steps, length = layer(parameters, steps, length)
        return steps, length


def encoder_of(shape: Architecture) -> Network:
    """Samples to latents."""
    build = _Builder(shape, "encoder")
    build.convolution(shape.kernel_size)
    for ratio in reversed(shape.upsampling_ratios):
        build.residuals()
        build.add(Elu())
        build.convolution(2 * ratio, ratio)
    build.add(Recurrence(build.here, shape.num_lstm_layers))
    build.add(Elu())
    build.convolution(shape.last_kernel_size)
    return Network(tuple(build.layers))


def decoder_of(shape: Architecture) -> Network:
    """Latents to samples."""
    build = _Builder(shape, "decoder")
    build.convolution(shape.kernel_size)
    build.add(Recurrence(build.here, shape.num_lstm_layers))
    for ratio in shape.upsampling_ratios:
        build.add(Elu())
        build.add(Transposed(build.here, ratio, shape.use_causal_conv, shape.norm_type == "time_group_norm"))
        build.residuals()
    build.add(Elu())
    build.convolution(shape.last_kernel_size)
    return Network(tuple(build.layers))


class _Builder:
    """Collects layers, each under the name that its place in the list gives it."""

    def __init__(self, shape: Architecture, part: str) -> None:
        self._shape, self._part = shape, part
        self.layers: list[Layer] = []

    @property
    def here(self) -> str:
        return f"{self._part}.layers.{len(self.layers)}"

    def add(self, layer: Layer) -> None:
        self.layers.append(layer)

    def convolution(self, kernel: int, stride: int = 1) -> None:
        self.add(self._convolution(self.here, kernel, stride))

    def residuals(self) -> None:
        for number in range(self._shape.num_residual_layers):
            dilation = self._shape.dilation_growth_rate**number
            block = (
                self._convolution(f"{self.here}.block.1", self._shape.residual_kernel_size, dilation=dilation),
                self._convolution(f"{self.here}.block.3", 1),
            )
            shortcut = self._convolution(f"{self.here}.shortcut", 1) if self._shape.use_conv_shortcut else None
            self.add(Residual(block, shortcut))

    def _convolution(self, name: str, kernel: int, stride: int = 1, dilation: int = 1) -> Convolution:
        shape = self._shape
        return Convolution(name, kernel, stride, dilation, shape.use_causal_conv, shape.norm_type == "time_group_norm")


@partial(jax.jit, static_argnames=("network", "normalise"))
def encode(
    network: Network, parameters: Parameters, samples: Array, length: Array, books: Array, normalise: bool
) -> tuple[Array, Array, Array]:
    """Latents, shape ``(frames, width)``, codes, shape ``(all books, frames)``, of which ``books`` count, and scale."""
    with jax.default_matmul_precision("highest"):
        scale = jnp.ones((), samples.dtype)
        if normalise:
            power = jnp.square(_masked(samples, length).mean(axis=1)).sum() / length
            scale = jnp.sqrt(power) + 1e-8
        latents, _ = network(parameters, samples / scale, length)
        return latents, _quantised(parameters["codebooks"], latents, books), scale


@partial(jax.jit, static_argnames=("network",))
def decode(network: Network, parameters: Parameters, codes: Array, length: Array, books: Array, scale: Array) -> Array:
    """The samples of ``codes``, shape ``(all books, frames)``, of which ``books`` and ``length`` frames count."""
    with jax.default_matmul_precision("highest"):
        tables = parameters["codebooks"]

        def add(book: Array, latents: Array) -> Array:
            return latents + tables[book][codes[book]]

        latents = lax.fori_loop(0, books, add, jnp.zeros((codes.shape[1], tables.shape[2]), tables.dtype))
        samples, _ = network(parameters, latents, length)
        return samples * scale


def _quantised(tables: Array, latents: Array, books: Array) -> Array:
    """The nearest vector of each book to what the books before it have left."""

    def search(book: Array, state: tuple[Array, Array]) -> tuple[Array, Array]:
        residual, codes = state
        table = tables[book]
        own = jnp.square(residual).sum(axis=1, keepdims=True)
        distance = own - 2 * (residual @ table.T) + jnp.square(table).sum(axis=1)  # summed as torch does: same ties
        chosen = distance.argmin(axis=1).astype(jnp.int32)
        return residual - table[chosen], codes.at[book].set(chosen)

    codes = jnp.zeros((tables.shape[0], latents.shape[0]), jnp.int32)
    state: tuple[Array, Array] = lax.fori_loop(0, books, search, (latents, codes))
    return state[1]


def _masked(steps: Array, length: Array) -> Array:
    """Zeros beyond ``length``."""
    return jnp.where(jnp.arange(steps.shape[0])[:, None] < length, steps, 0)


def _reflected(steps: Array, length: Array, left: int, right: Array, most: int) -> Array:
    """``steps``, zero beyond ``length``, with ``left`` reflected steps in front and up to ``most``, ``right``, behind.

    A signal that is no longer than its reflection is first continued with zeros.
    """
    if most:
        end = jnp.maximum(length, jnp.maximum(left, right) + 1)
        places = length + jnp.arange(most)
        sources = jnp.where(places < end, places, 2 * (end - 1) - places)
        wide = jnp.pad(steps, ((0, most), (0, 0)))
        tail = jnp.take(wide, sources, axis=0, mode="clip")
        steps = lax.dynamic_update_slice(wide, tail, (length, jnp.zeros_like(length)))
    return jnp.concatenate([steps[left:0:-1], steps]) if left else steps


def _convolved(steps: Array, weight: Array, stride: int, dilation: int, count: int) -> Array:
    """The first ``count`` outputs of a convolution without padding; ``weight`` is (taps, inputs, outputs)."""
    taps, inputs, outputs = weight.shape
    if taps == 2 * stride:
        blocks = steps[: (count + 1) * stride].reshape(count + 1, stride * inputs)
        halves = weight.reshape(2, stride * inputs, outputs)
        return blocks[:-1] @ halves[0] + blocks[1:] @ halves[1]
    if taps == 1:
        return steps[:count] @ weight[0]
    made = lax.conv_general_dilated(
        steps[None], weight, (stride,), "VALID", rhs_dilation=(dilation,), dimension_numbers=("NWC", "WIO", "NWC")
    )
    return made[0, :count]


def _normalised(parameters: Parameters, name: str, steps: Array, length: Array) -> Array:
    """Mean 0 and variance 1 over all that counts, then a gain and an offset for each channel."""
    count = length * steps.shape[1]
    mean = _masked(steps, length).sum() / count
    centred = steps - mean
    variance = jnp.square(_masked(centred, length)).sum() / count
    gain, offset = parameters[f"{name}.norm.weight"], parameters[f"{name}.norm.bias"]
    return centred * lax.rsqrt(variance + NORM_EPSILON) * gain + offset


def _lstm(driven: Array, recurrent: Array) -> Array:
    """One layer of LSTM; ``driven`` is what the input gives to the four gates, shape ``(steps, 4 * width)``."""
    width = recurrent.shape[0]

    def step(state: tuple[Array, Array], drive: Array) -> tuple[tuple[Array, Array], Array]:
        hidden, cell = state
        enter, forget, candidate, leave = jnp.split(drive + hidden @ recurrent, 4)
        cell = jax.nn.sigmoid(forget) * cell + jax.nn.sigmoid(enter) * jnp.tanh(candidate)
        hidden = jax.nn.sigmoid(leave) * jnp.tanh(cell)
        return (hidden, cell), hidden

    nothing = jnp.zeros(width, driven.dtype)
    return lax.scan(step, (nothing, nothing), driven)[1]
