"""Datasets (PS3.5): bytes to attributes, without pydicom and without decoding a pixel.

meta, at = read_file_head(data)
known = facts(data[at:], meta.transfer_syntax)     # Facts, NeedMore or Unreadable
text = json_model(data[at:], meta.transfer_syntax, bulk_uri)
"""

from __future__ import annotations

from dicom_gateway.datasets.charsets import Charset, charset_of
from dicom_gateway.datasets.facts import facts
from dicom_gateway.datasets.files import Meta, file_head, guess, read_file_head
from dicom_gateway.datasets.json_model import json_model, model
from dicom_gateway.datasets.uids import IMPLEMENTATION, IMPLEMENTATION_VERSION, from_uuid, is_uid
from dicom_gateway.datasets.unreadable import NeedMore, Unreadable

__all__ = [
    "IMPLEMENTATION", "IMPLEMENTATION_VERSION", "Charset", "Meta", "NeedMore", "Unreadable",
    "charset_of", "facts", "file_head", "from_uuid", "guess", "is_uid", "json_model", "model",
    "read_file_head",
]  # fmt: skip
