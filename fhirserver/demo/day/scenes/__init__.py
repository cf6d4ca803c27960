"""What happens in a shift, a file for each patient or task: `(seed, shift) -> events`.

A scene is registered by its name; the times in it are minutes after the shift has begun.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fhirserver.demo.day.event import Event
from fhirserver.demo.day.shifts import Shift
from fhirserver.registry import Registry

Scene = Callable[[int, Shift], Sequence[Event]]

scenes: Registry[Scene] = Registry("scene")
