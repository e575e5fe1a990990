"""Small networks of the kind that a user brings: residual blocks in one dimension, an autoencoder of them, others."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Block(nn.Module):
    """Two convolutions with batch normalisation beside a shortcut; halves the length."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.BatchNorm1d(inputs),
            nn.PReLU(inputs),
            nn.Conv1d(inputs, outputs, 3, padding=1, bias=False),
            nn.BatchNorm1d(outputs),
            nn.PReLU(outputs),
            nn.Conv1d(outputs, outputs, 4, stride=2, padding=1),
        )
        self.shortcut = nn.Conv1d(inputs, outputs, 2, stride=2)

    def forward(self, signal: Tensor) -> Tensor:
        return self.body(signal) + self.shortcut(signal)


class Encoder(nn.Module):
    """An encoder with residual blocks: a latent for every ``2 ** stages`` samples."""

    def __init__(self, width: int = 8, stages: int = 5, channels: int = 1, seed: int = 0) -> None:
        super().__init__()
        torch.manual_seed(seed)
        self.first = nn.Conv1d(channels, width, 7, padding=3)
        self.blocks = nn.Sequential(*(Block(width, width) for _ in range(stages)))

    def forward(self, signal: Tensor) -> Tensor:
        return self.blocks(self.first(signal))


class Decoder(nn.Module):
    """The way back."""

    def __init__(self, width: int = 8, stages: int = 5, channels: int = 1, seed: int = 1) -> None:
        super().__init__()
        torch.manual_seed(seed)
        layers: list[nn.Module] = []
        for _ in range(stages):
            layers += [nn.PReLU(width), nn.ConvTranspose1d(width, width, 4, stride=2, padding=1)]
        self.layers = nn.Sequential(*layers, nn.Conv1d(width, channels, 7, padding=3), nn.Tanh())

    def forward(self, latents: Tensor) -> Tensor:
        return self.layers(latents)


class Autoencoder(nn.Module):
    """Both in one."""

    def __init__(self, width: int = 8, stages: int = 5, channels: int = 1, seed: int = 0) -> None:
        super().__init__()
        self.encoder = Encoder(width, stages, channels, seed)
        self.decoder = Decoder(width, stages, channels, seed + 1)

    def encode(self, signal: Tensor) -> Tensor:
        return self.encoder(signal)

    def decode(self, latents: Tensor) -> Tensor:
        return self.decoder(latents)

    def forward(self, signal: Tensor) -> Tensor:
        return self.decode(self.encode(signal))


class Frames(nn.Module):
    """Cuts into frames and back: loses nothing, so that what is lost is the quantiser's. Its decoder is ``late``."""

    def __init__(self, hop: int = 50, late: int = 0, channels: int = 1, scale: float = 1.0) -> None:
        super().__init__()
        self.hop, self.late, self.channels, self.scale = hop, late, channels, scale

    def encode(self, signal: Tensor) -> Tensor:
        frames = signal.shape[-1] // self.hop
        cut = signal[..., : frames * self.hop].reshape(1, self.channels, frames, self.hop)
        return cut.transpose(2, 3).reshape(1, self.channels * self.hop, frames) * self.scale

    def decode(self, latents: Tensor) -> Tensor:
        frames = latents.shape[-1]
        cut = latents.reshape(1, self.channels, self.hop, frames).transpose(2, 3) / self.scale
        return nn.functional.pad(cut.reshape(1, self.channels, -1), (self.late, 0))


class OneLength(Frames):
    """Takes one length only, on both sides."""

    def __init__(self, length: int = 1_000) -> None:
        super().__init__()
        self.length = length

    def encode(self, signal: Tensor) -> Tensor:
        if signal.shape[-1] != self.length:
            raise ValueError(f"expected {self.length} samples")
        return super().encode(signal)

    def decode(self, latents: Tensor) -> Tensor:
        if latents.shape[-1] * self.hop != self.length:
            raise ValueError(f"expected {self.length // self.hop} latents")
        return super().decode(latents)


class Wrong(Frames):
    """A network with a fault of the kind that is asked for."""

    def __init__(self, fault: str) -> None:
        super().__init__()
        self.fault = fault

    def encode(self, signal: Tensor) -> Tensor:
        latents = super().encode(signal)
        if self.fault == "random":
            return latents + torch.randn_like(latents)
        if self.fault == "nan":
            return latents / 0 * 0
        if self.fault == "tuple":
            return latents, latents  # type: ignore[return-value]
        if self.fault == "integers":
            return latents.round().long()
        if self.fault == "flat":
            return latents[0]
        if self.fault == "constant":
            return latents[..., :7]
        if self.fault == "raises":
            raise RuntimeError("out of order")
        return latents

    def decode(self, latents: Tensor) -> Tensor:
        sound = super().decode(latents)
        if self.fault == "rate":
            return sound[..., ::3]
        if self.fault == "stereo":
            return sound.repeat(1, 2, 1)
        return sound


def not_a_module() -> str:
    return "text"
