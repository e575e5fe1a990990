"""The commands about datasets: parse, call, print."""

from bench.cli.data import audit, build, card, manifest, samples, sets
from bench.cli.data.options import app

__all__ = ["app", "audit", "build", "card", "manifest", "samples", "sets"]
