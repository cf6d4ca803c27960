"""UIDs and short numbers of an order and its steps, the same each time without being kept.

A study gets its UID in the worklist, before there is an image. The id of a ServiceRequest of ours
is a UUID, which is a UID already (PS3.5 B.2), so that the order is found again from its images.
"""

from __future__ import annotations

import base64
import hashlib
from typing import Final
from uuid import NAMESPACE_URL, UUID, uuid5

from fhirserver.model.resource import Resource

DICOM_UID: Final = "urn:dicom:uid"
_OID: Final = "urn:oid:"
_ROOT: Final = "2.25."
_SHORT: Final = 16
"""The most characters of a value of representation SH."""


def study_uid(request: Resource) -> str:
    """The Study Instance UID of an order: its identifier `urn:dicom:uid`, else one of its id.

    >>> study_uid({"id": "f81d4fae-7dec-11d0-a765-00a0c91e6bf6"})
    '2.25.329800735698586629295641978511506172918'
    """
    for identifier in request.get("identifier", ()):
        value = str(identifier.get("value", ""))
        if identifier.get("system") == DICOM_UID and value.startswith(_OID):
            return value.removeprefix(_OID)
    return f"{_ROOT}{_uuid_of(request['id']).int}"


def request_id(uid: str) -> str | None:
    """The id of the ServiceRequest that a Study Instance UID of ours was made of, if it was.

    >>> request_id("2.25.329800735698586629295641978511506172918")
    'f81d4fae-7dec-11d0-a765-00a0c91e6bf6'
    >>> request_id("1.2.3") is None
    True
    """
    digits = uid.removeprefix(_ROOT)
    if digits == uid or not digits.isdecimal() or len(digits) > 39 or int(digits) >> 128:
        return None
    return str(UUID(int=int(digits)))


def uid_identifier(uid: str) -> Resource:
    """A UID as an Identifier."""
    return {"system": DICOM_UID, "value": f"{_OID}{uid}"}


def short_id(id_: str) -> str:
    """An id as a short string (SH): itself if it fits, else 16 characters made of it.

    >>> short_id("order-1"), len(short_id("f81d4fae-7dec-11d0-a765-00a0c91e6bf6"))
    ('order-1', 16)
    """
    if len(id_) <= _SHORT:
        return id_
    return base64.b32encode(hashlib.sha256(id_.encode()).digest()[:10]).decode()


def _uuid_of(id_: str) -> UUID:
    try:
        found = UUID(id_)
    except ValueError:
        found = None
    return found if found is not None and str(found) == id_ else uuid5(NAMESPACE_URL, id_)
