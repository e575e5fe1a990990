"""EnCodec at 24 kHz as a telephone would run it: 320 samples in, one frame of codes out, and back.

Every layer of the causal model keeps what it still needs of its past, so the frames are those of the whole clip; only
where two vectors are equally near may another one be chosen. The model pads the start of a clip by reflection, also
inside the networks: the first frame waits for as many frames as the last layer looks back (:attr:`Stage.waits`), after
that each frame leaves as soon as it is whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.audio import Audio
from bench.codecs.codes import Codes
from bench.codecs.encodec import Encodec24
from bench.codecs.residual import ResidualCodec


class Encodec24Streaming(Encodec24):
    """The same weights and bits as ``encodec_24khz``, computed frame by frame; see there for the options."""

    name = "encodec_24khz_streaming"
    takes_batches = False
    algorithmic_delay_s = 320 / 24_000  # a frame; once at the start of a clip, six frames more

    quantise_batch = ResidualCodec.quantise_batch
    synthesise_batch = ResidualCodec.synthesise_batch

    def quantise(self, audio: Audio, books: int) -> Codes:
        import torch
        from torch.nn.utils.parametrize import cached

        model = self.model
        hop = model.config.hop_length
        samples = torch.from_numpy(audio.samples.copy())[None].to(self.device.name)
        encoder = Stream(model.encoder.layers)
        frames: list[NDArray[np.int32]] = []
        with torch.inference_mode(), cached():  # weight norm is worked out once, not for every frame
            blocks = [samples[..., start : start + hop] for start in range(0, audio.length, hop)]
            for latents in encoder.run(blocks):
                frames += [_frame(model, latents[..., i : i + 1], books) for i in range(latents.shape[-1])]
        return Codes((np.stack(frames, axis=1),), model.bits_per_codebook)

    def synthesise(self, codes: Codes, length: int, channels: int) -> Audio:
        import torch
        from torch.nn.utils.parametrize import cached

        model = self.model
        self.require(codes, model.config.num_quantizers, model.bits_per_codebook, segments=1)
        (segment,) = codes.segments
        decoder = Stream(model.decoder.layers)
        with torch.inference_mode(), cached():
            latents = [
                model.quantizer.decode(torch.from_numpy(frame.astype(np.int64))[:, None, None].to(self.device.name))
                for frame in segment.T
            ]
            heard = [block[0].cpu().numpy() for block in decoder.run(latents)]
        return Audio(np.concatenate(heard, axis=1)[:, :length], self.sample_rates[0])


def _frame(model: Any, latent: Any, books: int) -> NDArray[np.int32]:
    bandwidth = books * model.bits_per_codebook * model.config.frame_rate / 1000
    return np.asarray(model.quantizer.encode(latent, bandwidth)[:, 0, 0].cpu(), np.int32)


class Stream:
    """The layers of an encoder or a decoder, fed block by block; tensors of shape ``(1, channels, steps)``."""

    def __init__(self, layers: Sequence[Any]) -> None:
        self._stages = [_stage(layer) for layer in layers]

    def run(self, blocks: Sequence[Any]) -> Iterator[Any]:
        """What comes out for each block, where anything does; after the last one, the rest."""
        for number, block in enumerate(blocks, start=1):
            out = self.push(block, last=number == len(blocks))
            if out.shape[-1]:
                yield out

    def push(self, block: Any, last: bool = False) -> Any:
        """What can be said after ``block``; it may have no steps."""
        for stage in self._stages:
            block = stage.push(block, last)
        return block


class Stage:
    """A layer without memory, such as an ELU."""

    waits = 0
    """Steps of its input beyond the first that the first step of its output needs."""

    def __init__(self, layer: Any) -> None:
        self._layer = layer

    def push(self, block: Any, last: bool) -> Any:
        return self._layer(block)


class _Convolution(Stage):
    """Keeps the inputs that the next output still needs. Starts when there is enough to reflect."""

    def __init__(self, layer: Any) -> None:
        super().__init__(layer)
        self._kernel, self._stride = int(layer.kernel_size), int(layer.stride)
        self.waits = int(layer.padding_total)
        self._kept: Any = None
        self._started = False

    def push(self, block: Any, last: bool) -> Any:
        import torch

        held = block if self._kept is None else torch.cat([self._kept, block], dim=-1)
        if last and not self._started:
            self._kept = None
            return self._layer(held)  # the clip is shorter than what the layer reflects
        if not self._started and held.shape[-1] <= self.waits:
            self._kept = held
            return self._nothing(held)
        if not self._started:
            held = self._layer._pad1d(held, (self.waits, 0), self._layer.pad_mode)
            self._started = True
        if last:
            beyond = (held.shape[-1] - self._kernel) % self._stride
            missing = self._stride - beyond if beyond else 0
            held = self._layer._pad1d(held, (0, missing), self._layer.pad_mode)
        count = max(0, (held.shape[-1] - self._kernel) // self._stride + 1)
        self._kept = held[..., count * self._stride :]
        if not count:
            return self._nothing(held)
        return self._layer.conv(held[..., : (count - 1) * self._stride + self._kernel])

    def _nothing(self, like: Any) -> Any:
        return like.new_zeros(1, self._layer.conv.out_channels, 0)


class _Recurrence(Stage):
    """Carries the state of the LSTM."""

    def __init__(self, layer: Any) -> None:
        super().__init__(layer)
        self._state: Any = None

    def push(self, block: Any, last: bool) -> Any:
        if not block.shape[-1]:
            return block
        steps = block.permute(2, 0, 1)
        out, self._state = self._layer.lstm(steps, self._state)
        return (out + steps).permute(1, 2, 0)


class _Transposed(Stage):
    """Adds up the overlap of neighbouring outputs; the last overlap of a clip is cut off, as in the model."""

    def __init__(self, layer: Any) -> None:
        super().__init__(layer)
        self._overlap = layer.conv.kernel_size[0] - layer.conv.stride[0]
        self._tail: Any = None

    def push(self, block: Any, last: bool) -> Any:
        from torch.nn.functional import conv_transpose1d

        convolution = self._layer.conv
        if not block.shape[-1]:
            return block.new_zeros(1, convolution.out_channels, 0)
        out = conv_transpose1d(block, convolution.weight, stride=convolution.stride)
        if self._tail is not None:
            out[..., : self._overlap] += self._tail
        self._tail = out[..., out.shape[-1] - self._overlap :].clone()
        return out[..., : out.shape[-1] - self._overlap] + convolution.bias[:, None]


class _Residual(Stage):
    """Holds the shortcut back until the block beside it has its output."""

    def __init__(self, layer: Any) -> None:
        super().__init__(layer)
        self._inner = [_stage(one) for one in layer.block]
        self._held: Any = None

    def push(self, block: Any, last: bool) -> Any:
        import torch

        self._held = block if self._held is None else torch.cat([self._held, block], dim=-1)
        for stage in self._inner:
            block = stage.push(block, last)
        beside, self._held = self._held[..., : block.shape[-1]], self._held[..., block.shape[-1] :]
        return self._layer.shortcut(beside) + block if block.shape[-1] else block


def _stage(layer: Any) -> Stage:
    kinds = {
        "EncodecConv1d": _Convolution,
        "EncodecLSTM": _Recurrence,
        "EncodecConvTranspose1d": _Transposed,
        "EncodecResnetBlock": _Residual,
    }
    return kinds.get(type(layer).__name__, Stage)(layer)
