"""How often Python looks for garbage in circles, in a process that has loaded what it needs."""

from __future__ import annotations

import gc
from typing import Final

# What a request or a group of resources is made of is garbage soon, and in no circles: looking for
# those after every 700 objects, among all definitions now and then, would cost a tenth of the time.
AFTER: Final = 100_000


# A group of messages may come to more: who does groups looks after each of them.
IN_GROUPS: Final = 500_000


def settled(after: int = AFTER) -> None:
    """What is there by now stays: nobody looks it through for garbage again and again."""
    gc.freeze()
    gc.set_threshold(after, 20, 100)


def looked_through() -> None:
    """Look for garbage among what is new, at a moment when hardly anything new is needed.

    A group of resources comes to some hundred thousand objects: the look that is due in its midst
    would go through all of them, and find none of them to be garbage yet.
    """
    gc.collect(0)
