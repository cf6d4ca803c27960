"""How often Python looks for garbage in circles, in a process that has loaded what it needs."""

from __future__ import annotations

import gc
from typing import Final

# What a request or a group of resources is made of is garbage soon, and in no circles: looking for
# those after every 700 objects, among all definitions now and then, would cost a tenth of the time.
AFTER: Final = 100_000


def settled() -> None:
    """What is there by now stays: nobody looks it through for garbage again and again."""
    gc.freeze()
    gc.set_threshold(AFTER, 20, 100)
