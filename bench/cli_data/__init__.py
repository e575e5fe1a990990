"""The commands about datasets: parse, call, print."""

from bench.cli_data import audit, build, card, manifest, samples, sets
from bench.cli_data.options import app

__all__ = ["app", "audit", "build", "card", "manifest", "samples", "sets"]
