"""Pixels as bytes: as they are kept uncompressed, and compressed again."""

from __future__ import annotations

import zlib
from io import BytesIO
from typing import Any, Final

import numpy as np
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.pixels.encoders.base import get_encoder
from pydicom.uid import UID

from dicom_gateway.rendering.limits import MOST_WHOLE_BYTES, Undecodable
from dicom_gateway.rendering.syntaxes import JPEG_BASELINE

_BYTE: Final = 8
_WORDS: Final = {"OW": 2, "OL": 4, "OF": 4, "OD": 8, "OV": 8}


def native(pixels: Any, dataset: Dataset) -> bytes:
    """The pixels little-endian, a pixel after the other; single bits packed as PS3.5 8.1.1 does."""
    if int(dataset.BitsAllocated) == 1:
        return np.packbits(pixels.astype(bool).ravel(), bitorder="little").tobytes()
    array = np.ascontiguousarray(pixels)
    made: bytes = array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes()
    return made + b"\0" * (len(made) % 2)


def encoded(pixels: Any, dataset: Dataset, target: str, quality: int) -> bytes:
    """The pixels as a code stream."""
    if target == JPEG_BASELINE:
        return jpeg(pixels, dataset, quality)
    array = np.ascontiguousarray(pixels)
    samples = array.shape[2] if array.ndim == 3 else 1
    allocated = array.dtype.itemsize * _BYTE
    photometric = str(dataset.PhotometricInterpretation)
    about: dict[str, Any] = {
        "rows": array.shape[0],
        "columns": array.shape[1],
        "number_of_frames": 1,
        "samples_per_pixel": samples,
        "bits_allocated": allocated,
        "bits_stored": min(int(dataset.get("BitsStored", allocated)), allocated),
        "pixel_representation": int(dataset.get("PixelRepresentation", 0)),
        "photometric_interpretation": photometric,
    }
    if samples > 1:
        about["planar_configuration"] = 0
    made = get_encoder(UID(target)).encode(array, **about)
    return bytes(made)


def jpeg(pixels: Any, dataset: Dataset, quality: int) -> bytes:
    """Pixels of 8 bits as JPEG baseline."""
    if pixels.dtype != np.uint8 or int(dataset.get("BitsStored", _BYTE)) > _BYTE:
        raise Undecodable("JPEG baseline has 8 bits: these pixels have more")
    out = BytesIO()
    Image.fromarray(pixels).save(out, "JPEG", quality=quality)
    return out.getvalue()


def shifted(content: bytes, skip: int) -> bytes:
    """Single bits that begin inside a byte, moved to its beginning."""
    bits = np.unpackbits(np.frombuffer(content, np.uint8), bitorder="little")
    return np.packbits(bits[skip:], bitorder="little").tobytes()


def turn_words(dataset: Dataset) -> None:
    """Turn the words of a big-endian dataset that pydicom keeps as bytes, at any depth.

    PS3.5 A.3: pixels of more than 16 bits are turned as a whole.
    """
    allocated = int(dataset.get("BitsAllocated") or 16)
    for element in dataset.iterall():
        size = _WORDS.get(element.VR)
        if size is not None and isinstance(element.value, bytes):
            if element.keyword == "PixelData" and allocated > size * _BYTE:
                size = allocated // _BYTE
            whole = len(element.value) // size * size
            words = np.frombuffer(element.value[:whole], f">u{size}")
            element.value = words.astype(f"<u{size}").tobytes() + element.value[whole:]


def inflated(content: memoryview) -> bytes:
    """A deflated dataset; never more than may be."""
    inflate = zlib.decompressobj(-zlib.MAX_WBITS)
    made = inflate.decompress(content, MOST_WHOLE_BYTES)
    if inflate.unconsumed_tail:
        raise Undecodable("it is too large when inflated")
    return made
