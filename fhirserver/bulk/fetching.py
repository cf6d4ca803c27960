"""Where the files of an import come from: a Binary here, or an address that the operator lists.

No redirect is followed, and only listed beginnings of addresses are called: see egress.py.
"""

from __future__ import annotations

import http.client
from base64 import b64decode
from collections.abc import Iterator
from typing import Final

from fhirserver.bulk.hands import Caller
from fhirserver.egress import CannotReach, egress_of
from fhirserver.errors import FhirError, Unavailable
from fhirserver.interactions.operating.imports import binary_id, hosts_of, is_listed
from fhirserver.interactions.operating.reading import read

SECONDS: Final = 30.0
MOST_BYTES: Final = 20_000_000_000
_PIECE: Final = 65_536
_OK: Final = 200


class CannotFetch(Exception):
    """The file can't be had; the message says why, without what the other side sent."""


def fetched(caller: Caller, url: str) -> Iterator[bytes]:
    """The bytes of a file. Raises CannotFetch before the first, or when they break off."""
    id_ = binary_id(url, caller.ctx.settings.fhir_base)
    if id_ is not None:
        yield _binary(caller, id_)
    else:
        yield from _called(caller.ctx.settings.bulk_import_sources, url)


def _binary(caller: Caller, id_: str) -> bytes:
    try:
        held = read(caller.ctx, caller.principal, "Binary", id_)
        return b64decode(held.get("data", ""))
    except Unavailable:
        raise
    except (FhirError, ValueError) as error:
        raise CannotFetch(f"the Binary can't be read: {error}") from error


def _called(listed: str, url: str) -> Iterator[bytes]:
    if not is_listed(url, listed):
        raise CannotFetch("the address isn't one that files may be fetched from")
    egress = egress_of(False, ",".join(hosts_of(listed)))
    size = 0
    try:
        parts = egress.checked(url)
        connection = http.client.HTTPConnection(parts.hostname or "", timeout=SECONDS)
        connection.sock = egress.connect(parts, SECONDS)
        with connection.sock:
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            headers = {"Accept": "application/fhir+ndjson", "Connection": "close",
                       "Host": parts.netloc}  # fmt: skip
            connection.request("GET", target, headers=headers)
            answer = connection.getresponse()
            if answer.status != _OK:
                raise CannotFetch(f"the other side answered {answer.status}")
            while piece := answer.read(_PIECE):
                size += len(piece)
                if size > MOST_BYTES:
                    raise CannotFetch("the file is too large")
                yield piece
            if answer.length:
                raise CannotFetch("the file broke off")
    except CannotReach as error:
        raise CannotFetch(str(error)) from error
    except (OSError, http.client.HTTPException) as error:
        raise CannotFetch(f"no answer ({type(error).__name__})") from error
