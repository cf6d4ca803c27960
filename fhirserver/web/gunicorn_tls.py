"""Gunicorn's configuration for TLS: `gunicorn -c python:fhirserver.web.gunicorn_tls`.

https://docs.gunicorn.org/en/stable/settings.html#ssl-context
"""

from __future__ import annotations

import functools
import ssl
from collections.abc import Callable

from fhirserver import settings
from fhirserver.keys.tls import Listener


@functools.cache
def _listener() -> Listener:
    return Listener(settings.read())


def ssl_context(config: object, default: Callable[[], ssl.SSLContext]) -> ssl.SSLContext:
    """The context of a new connection; gunicorn asks each time."""
    return _listener().context
