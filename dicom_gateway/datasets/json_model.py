"""The DICOM JSON model (PS3.18 annex F) of a whole instance."""

from __future__ import annotations

from typing import Final

import msgspec

from dicom_gateway.datasets.inflating import inflate
from dicom_gateway.datasets.reading import Data, Model, Reader
from dicom_gateway.datasets.syntaxes import encoding_of
from dicom_gateway.datasets.unreadable import Unreadable

MOST_INFLATED: Final = 1 << 28
_encode: Final = msgspec.json.Encoder().encode


def model(
    dataset: Data,
    transfer_syntax: str,
    bulk_uri: str | None = None,
    *,
    complete: bool = True,
    exact: bool = False,
) -> Model:
    """The model as plain dicts. `bulk_uri` is the address below which values over 1 kB (texts over
    64 kB) and all pixels lie, `{bulk_uri}/7FE00010` or `{bulk_uri}/54000100/0/54001010`;
    without one every value is in the model. Pixels of the dataset's own level needn't have come
    where `complete` is false: the model ends with them. `exact`: decimal strings are texts (which
    PS3.18 F.2.3 allows, too), with the digits that they are written with.
    """
    encoding = encoding_of(transfer_syntax)
    if encoding.deflated:
        dataset, whole = inflate(dataset, MOST_INFLATED)
        if len(dataset) >= MOST_INFLATED:
            raise Unreadable("the dataset inflates to more than 256 MB")
        if complete and not whole:
            raise Unreadable("the deflated data end too early")
        complete = whole
    bulk = None if bulk_uri is None else bulk_uri.rstrip("/") + "/"
    reader = Reader(dataset, complete=complete, bulk=bulk, exact=exact)
    found, _ = reader.dataset(0, reader.size, encoding.explicit, encoding.little)
    return found


def json_model(
    dataset: Data, transfer_syntax: str, bulk_uri: str | None, *, complete: bool = True
) -> bytes:
    """The model as JSON text, UTF-8, attributes in the dataset's order: see `model`."""
    return _encode(model(dataset, transfer_syntax, bulk_uri, complete=complete))
