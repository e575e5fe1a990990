"""ViSQOL."""

from bench.metrics.visqol_reference import VisqolAudio, VisqolSpeech

__all__ = ["VisqolAudio", "VisqolSpeech"]
