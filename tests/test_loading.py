from __future__ import annotations

import re

import pytest

from bench.datasets.base import DatasetContext
from bench.errors import ConfigError
from bench.loading import clips_of


def test_a_single_file_is_refused_with_what_to_give_instead(tmp_path):
    file = tmp_path / "a.wav"
    file.write_bytes(b"RIFF")
    with pytest.raises(
        ConfigError, match=rf"got a single file\. Give the folder it lies in: {re.escape(str(tmp_path))}$"
    ):
        clips_of(str(file), DatasetContext(None, tmp_path))
