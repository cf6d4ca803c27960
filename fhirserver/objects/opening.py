"""From settings to the place where files lie."""

from __future__ import annotations

import functools
from typing import Final, Literal

from fhirserver.objects.bucket import Bucket, opened
from fhirserver.objects.files import Files
from fhirserver.objects.folder import Folder
from fhirserver.settings import Settings

Kind = Literal["blobs", "dicom"]

_DIGITS: Final[dict[Kind, int]] = {"blobs": 2, "dicom": 4}
"""Digits of an id that name a folder: chance for the ones, the minute for the others."""


def open_files(settings: Settings, kind: Kind) -> Files:
    """The files of a server, of this kind: in a bucket when one is set, else in a folder."""
    if settings.blob_store is None:
        chosen = settings.blob_dir if kind == "blobs" else settings.dicom_dir
        return Folder(chosen or settings.data_dir / kind, _DIGITS[kind])
    bucket, _, prefix = settings.blob_store.removeprefix("s3://").partition("/")
    key, secret = settings.blob_store_access_key, settings.blob_store_secret_key
    store = functools.partial(
        opened,
        bucket,
        "/".join(part for part in (prefix.strip("/"), kind) if part),
        endpoint=settings.blob_store_endpoint,
        region=settings.blob_store_region,
        keys=(key, secret) if key and secret else None,
    )
    return Bucket(store, _DIGITS[kind])
