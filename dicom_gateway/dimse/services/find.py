"""C-FIND on patients, studies, series and instances: Patient Root and Study Root.

https://dicom.nema.org/medical/dicom/current/output/chtml/part04/sect_C.4.html
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import tzinfo
from typing import Any, Final
from zoneinfo import ZoneInfo

from dicom_gateway.dimse.recording import record
from dicom_gateway.dimse.service import Request, Response, serves
from dicom_gateway.matching import How, Item, answered
from dicom_gateway.matching.items import in_zone, zone_of
from dicom_gateway.querying.encoding import encoded
from dicom_gateway.querying.levels import WORDS, Root, check_above, level_of
from dicom_gateway.querying.questions import Question, found, ignores
from dicom_gateway.querying.reading import BadIdentifier, charset, identifier
from dicom_gateway.querying.visible import to_peer

PATIENT_ROOT: Final = "1.2.840.10008.5.1.4.1.2.1.1"
STUDY_ROOT: Final = "1.2.840.10008.5.1.4.1.2.2.1"
ROOTS: Final[dict[str, Root]] = {PATIENT_ROOT: "patient", STUDY_ROOT: "study"}

SUCCESS: Final = 0x0000
OUT_OF_RESOURCES: Final = 0xA700
MISMATCH: Final = 0xA900
UNABLE: Final = 0xC001
CANCEL: Final = 0xFE00
PENDING: Final = 0xFF00
PENDING_WITHOUT_SOME_KEYS: Final = 0xFF01

MOST: Final = 20_000
"""Matches that one query is answered with; more are for one with more keys."""
_CANCELLED_EVERY: Final = 16
_AGREED: Final = bytes([1, 1, 1, 1, 0])
"""Relational queries, combined dates and times, fuzzy names, zones; no enhanced multi-frame."""


def agreed(proposed: bytes) -> bytes:
    """What is agreed on of what the other side proposes (PS3.4 C.5.1.1).

    >>> agreed(bytes([1, 0, 1])).hex()
    '010001'
    """
    return bytes(wish & ours for wish, ours in zip(proposed, _AGREED, strict=False))


@serves("C-FIND", PATIENT_ROOT, STUDY_ROOT, may="find", extended=agreed)
def find(request: Request) -> Iterator[Response]:
    """All that meets the keys and that the caller may see, the newest study first."""
    try:
        keys = identifier(request.dataset, request.context.transfer_syntax)
        root = ROOTS[request.context.abstract_syntax]
        level = level_of(keys, root)
        agreement = request.association.extended.get(request.context.abstract_syntax, b"")
        if agreement[:1] != b"\x01":
            check_above(keys, root, level)
        how = _how(keys, agreement, ZoneInfo(request.gateway.settings.time_zone))
        question = Question.of(level, keys, how)
    except BadIdentifier as error:
        offending = {} if error.tag is None else {"OffendingElement": (int(error.tag, 16),)}
        status = UNABLE if error.tag is None else MISMATCH
        yield Response(status, elements={"ErrorComment": str(error)[:64], **offending})
        return
    except ValueError:
        comment = "a date or time of the identifier can't be read"
        yield Response(UNABLE, elements={"ErrorComment": comment})
        return
    pending = PENDING_WITHOUT_SOME_KEYS if ignores(level, keys) else PENDING
    gateway = request.gateway
    visible = to_peer(gateway.engine, request.peer, gateway.instances)
    try:
        for sent, attributes in enumerate(found(gateway.instances, question, visible)):
            if sent % _CANCELLED_EVERY == 0 and request.is_cancelled():
                yield Response(CANCEL)
                return
            if sent == MOST:
                comment = "too many matches; ask with more keys"
                yield Response(OUT_OF_RESOURCES, elements={"ErrorComment": comment})
                return
            yield Response(pending, _written(request, keys, attributes, level, how))
    finally:
        # Also what was told before it was cancelled or cut off.
        record(
            request, "dicom-find", "dicom-query", "E", list(visible.shown.values()),
            with_query=True,
        )  # fmt: skip
    yield Response(SUCCESS)


def _how(keys: Item, agreement: bytes, home: tzinfo) -> How:
    flags = (*agreement, 0, 0, 0, 0)
    how = How(is_combined=flags[1] == 1, is_fuzzy=flags[2] == 1, home=home)
    zone = zone_of(keys)
    return replace(how, zone=zone) if flags[3] == 1 and zone is not None else how


def _written(
    request: Request, keys: Item, attributes: dict[str, Any], level: str, how: How
) -> bytes:
    if how.zone is not None:
        attributes = in_zone(attributes, how.zone, how.home)
    attributes["00080052"] = {"vr": "CS", "Value": [WORDS[level]]}
    attributes["00080054"] = {"vr": "AE", "Value": [request.association.called]}
    attributes.setdefault("00080056", {"vr": "CS", "Value": ["ONLINE"]})
    said = answered(keys, attributes)
    said["00080052"], said["00080054"] = attributes["00080052"], attributes["00080054"]
    return encoded(said, request.context.transfer_syntax, charset(keys))
