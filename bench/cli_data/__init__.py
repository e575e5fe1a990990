"""The commands about datasets: parse, call, print."""

from bench.cli_data import audit, build, card, samples, sets
from bench.cli_data.options import app

__all__ = ["app", "audit", "build", "card", "samples", "sets"]
