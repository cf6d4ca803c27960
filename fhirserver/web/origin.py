"""Where a request comes from, as the record of accesses has it."""

from __future__ import annotations

from flask import Request
from flask import request as of_flask

from fhirserver.audit.event import Origin
from fhirserver.request_id import request_id


def origin(request: Request = of_flask) -> Origin:
    """The address of a request, else of the one that Flask is answering, and its id."""
    return Origin(request.remote_addr, request_id(request.environ))
