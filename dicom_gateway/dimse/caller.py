"""Who we are when we call."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Caller:
    """Our AE title, the timer of answers, and TLS where it is spoken."""

    ae_title: str
    seconds: float = 60.0
    context: Callable[[], ssl.SSLContext] | None = None
