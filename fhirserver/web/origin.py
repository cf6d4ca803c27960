"""Where the request that is being answered came from."""

from __future__ import annotations

from flask import g, request

from fhirserver.audit.event import Origin


def origin() -> Origin:
    """The client's address, and the request's id (X-Request-Id)."""
    return Origin(request.remote_addr, g.get("request_id"))
