"""What a request is called in logs, in the record of accesses and to whoever sent it."""

from __future__ import annotations

import re
from collections.abc import Mapping, MutableMapping
from typing import Any, Final

from fhirserver import ids

_PLACE: Final = "fhirserver.request_id"
_ALLOWED: Final = re.compile(r"[A-Za-z0-9._\-]{1,64}")


def give(environ: MutableMapping[str, Any]) -> None:
    """Name a request, by its WSGI environment: as its X-Request-Id says, or anew.

    The environment itself: a request wraps each of its headers anew, at ten times the cost.
    """
    given = environ.get("HTTP_X_REQUEST_ID", "")
    environ[_PLACE] = given if is_name(given) else ids.new()


def is_name(text: str) -> bool:
    """Whether a text may be one.

    >>> is_name("a-1"), is_name("a b")
    (True, False)
    """
    return _ALLOWED.fullmatch(text) is not None


def request_id(environ: Mapping[str, Any]) -> str | None:
    """The name of a request; None before it has one."""
    found: str | None = environ.get(_PLACE)
    return found
