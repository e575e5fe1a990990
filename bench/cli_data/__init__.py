"""The commands about datasets: parse, call, print."""

from bench.cli_data import audit, card, samples, sets
from bench.cli_data.options import app

__all__ = ["app", "audit", "card", "samples", "sets"]
