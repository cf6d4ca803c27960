"""What says that a dataset is de-identified, and how (PS3.15 E.1.1, PS3.3 C.7.1.1)."""

from __future__ import annotations

from typing import Final

from dicom_gateway.datasets.elements import Element, Tree
from dicom_gateway.deidentifying.options import Options

METHOD: Final = "fhirserver: DICOM PS3.15 2026c, Basic Profile"
REMOVED: Final = 0x00120062
METHOD_TEXT: Final = 0x00120063
METHOD_CODES: Final = 0x00120064
DATES: Final = 0x00280303


def marked(tree: Tree, options: Options) -> Tree:
    """The elements with these attributes, in order; earlier ones of theirs go."""
    items = tuple(
        (
            Element(0x00080100, "SH", code.encode("ascii")),
            Element(0x00080102, "SH", b"DCM"),
            Element(0x00080104, "LO", meaning.encode("ascii")),
        )
        for code, meaning in options.codes
    )
    own = (
        Element(REMOVED, "CS", b"YES"),
        Element(METHOD_TEXT, "LO", METHOD.encode("ascii")),
        Element(METHOD_CODES, "SQ", items=items),
        Element(DATES, "CS", options.dates.value.encode("ascii")),
    )
    tags = {element.tag for element in own}
    rest = [element for element in tree if element.tag not in tags]
    return tuple(sorted((*rest, *own), key=lambda element: element.tag))
