"""C-ECHO: is anybody there?

https://dicom.nema.org/medical/dicom/current/output/chtml/part04/chapter_A.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from dicom_gateway.dimse.service import Request, Response, serves

VERIFICATION: Final = "1.2.840.10008.1.1"


@serves("C-ECHO", VERIFICATION, may=None)
def echo(request: Request) -> Iterator[Response]:
    """Yes."""
    yield Response(0x0000)
