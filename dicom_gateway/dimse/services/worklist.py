"""Modality Worklist: what a modality is to do, from orders and their appointments.

https://dicom.nema.org/medical/dicom/current/output/chtml/part04/chapter_K.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from dicom_gateway.dimse.recording import record
from dicom_gateway.dimse.service import Request, Response, serves
from dicom_gateway.matching import answered
from dicom_gateway.querying.asking import Asking, caller
from dicom_gateway.querying.encoding import encoded
from dicom_gateway.querying.reading import BadIdentifier, charset, identifier, reader_of
from dicom_gateway.querying.worklist import TooMany, items

WORKLIST: Final = "1.2.840.10008.5.1.4.31"
SUCCESS: Final = 0x0000
PENDING: Final = 0xFF00
CANCEL: Final = 0xFE00
OUT_OF_RESOURCES: Final = 0xA700
UNABLE: Final = 0xC001


@serves("C-FIND", WORKLIST, may="worklist")
def worklist(request: Request) -> Iterator[Response]:
    """The items that meet the keys, as the caller's zone and numbers have them."""
    syntax = request.context.transfer_syntax
    engine = request.gateway.engine
    asking = Asking(engine, caller(engine, request.peer))
    record(request, "dicom-worklist", "dicom-query", "E", (), with_query=True)
    try:
        keys = identifier(request.dataset, syntax)
        reader = reader_of(request.peer, request.gateway.settings)
        for item in items(asking, keys, reader):
            if request.is_cancelled():
                yield Response(CANCEL)
                return
            yield Response(PENDING, encoded(answered(keys, item), syntax, charset(keys)))
    except TooMany:
        comment = "too many steps; ask for a day, a station or a patient"
        yield Response(OUT_OF_RESOURCES, elements={"ErrorComment": comment})
    except BadIdentifier as error:
        yield Response(UNABLE, elements={"ErrorComment": str(error)[:64]})
    except ValueError:
        comment = "a date or time of the identifier can't be read"
        yield Response(UNABLE, elements={"ErrorComment": comment})
    else:
        yield Response(SUCCESS)
