"""From the tables of a run to tables, curves and pages for people. Reads only what is in the run's folder."""

from __future__ import annotations

from bench.report.outputs import to_json, write_report
from bench.report.terminal import render
from bench.report.wide import wide
from bench.tables import rates, summarise

__all__ = ["rates", "render", "summarise", "to_json", "wide", "write_report"]
