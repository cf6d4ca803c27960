"""Operations of other FHIR servers, called over HTTP.

https://hl7.org/fhir/R4/operations.html#request
"""

from __future__ import annotations

import logging
from typing import Final

import httpx

from fhirserver.errors import FhirError, NotFound, Unavailable
from fhirserver.model import json
from fhirserver.model.resource import Resource

log = logging.getLogger(__name__)

_TIMEOUT: Final = httpx.Timeout(10.0, connect=3.0)
_MOST_BYTES: Final = 20_000_000
_HEADERS: Final = {"Accept": "application/fhir+json", "Content-Type": "application/fhir+json"}


class RemoteServer:
    """A FHIR base, whose operations are called by POST."""

    def __init__(self, base: str) -> None:
        self.base = base.rstrip("/")
        self._client = httpx.Client(
            headers=_HEADERS, timeout=_TIMEOUT, follow_redirects=False, trust_env=False
        )

    def __call__(self, operation: str, parameters: Resource) -> Resource:
        """The answer of an operation such as `CodeSystem/$lookup`.

        Raises NotFound for what the other server doesn't know, Unavailable when it doesn't answer
        or its answer is none.
        """
        try:
            with self._client.stream(
                "POST", f"{self.base}/{operation}", content=json.dump(parameters)
            ) as answer:
                body = b""
                for part in answer.iter_bytes():
                    body += part
                    if len(body) > _MOST_BYTES:
                        raise self._silent("its answer is too large")
        except httpx.HTTPError as error:
            raise self._silent(type(error).__name__) from error
        if answer.status_code in {400, 404, 410, 422}:
            raise NotFound(f"{self.base} doesn't know this")
        if answer.status_code != 200:
            raise self._silent(f"status {answer.status_code}")
        try:
            return json.parse_object(body)
        except FhirError as error:
            raise self._silent("its answer is no JSON") from error

    def _silent(self, why: str) -> Unavailable:
        log.warning("remote_server_silent", extra={"base": self.base, "reason": why})
        return Unavailable(
            f"{self.base} doesn't answer: try again, or tell the administrator ({why})"
        )
