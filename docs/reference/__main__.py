"""Write every page of the reference below the folder that is named."""

from __future__ import annotations

import sys
from pathlib import Path

from docs.reference import PAGES

for path, make in PAGES.items():
    target = Path(sys.argv[1]) / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(make(), encoding="utf-8")
