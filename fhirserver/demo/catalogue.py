"""The clinical code tables under `data/`, read once."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "data"


@cache
def table(name: str) -> Any:
    """The table `data/<name>.json`, shared by all callers: never mutate it."""
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
