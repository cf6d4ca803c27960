"""What a worker does. Each task takes bytes and returns what there is to say, and bytes.

Only worker processes import this: it loads numpy, Pillow and pydicom.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from io import BytesIO
from typing import Any, Final

from pydicom import config
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.filebase import DicomBytesIO
from pydicom.filereader import read_dataset
from pydicom.filewriter import write_dataset
from pydicom.pixels.decoders.base import get_decoder
from pydicom.pixels.processing import convert_color_space
from pydicom.pixels.utils import compress, decompress
from pydicom.uid import UID

from dicom_gateway.rendering import encoding, photographs, pictures
from dicom_gateway.rendering.limits import MOST_FRAME_BYTES, MOST_PIXELS, Undecodable
from dicom_gateway.rendering.syntaxes import (
    BIG_ENDIAN,
    DECODED,
    DEFLATED,
    EXPLICIT,
    IMPLICIT,
    JPEG_BASELINE,
    JPEG_EXTENDED,
    NATIVE,
)

config.settings.reading_validation_mode = config.IGNORE
config.settings.writing_validation_mode = config.IGNORE

_YBR_FULL: Final = "YBR_FULL"
_PIXELS: Final = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")


def decode(
    header: memoryview, frame: memoryview, *, syntax: str, **how: Any
) -> tuple[dict[str, Any], bytes]:
    """A frame's pixels as Explicit VR Little Endian has them; colours as the metadata tells."""
    dataset = _single(header, frame, syntax, **how)
    pixels = _told_pixels(dataset, syntax)
    return {"photometric": str(dataset.PhotometricInterpretation)}, encoding.native(pixels, dataset)


def encode(
    header: memoryview,
    frame: memoryview,
    *,
    syntax: str,
    target: str,
    quality: int = 90,
    **how: Any,
) -> tuple[dict[str, Any], bytes]:
    """A frame in another transfer syntax; colours as the metadata tells."""
    dataset = _single(header, frame, syntax, **how)
    # A JPEG says itself what its colours are.
    as_rgb = target == JPEG_BASELINE
    pixels = _pixels(dataset, syntax) if as_rgb else _told_pixels(dataset, syntax)
    return {}, encoding.encoded(pixels, dataset, target, quality)


def picture(
    header: memoryview,
    frame: memoryview,
    *,
    syntax: str,
    wanted: dict[str, Any],
    index: int,
    **how: Any,
) -> tuple[dict[str, Any], bytes]:
    """A frame as people look at it."""
    dataset = _single(header, frame, syntax, **how)
    pixels = _pixels(dataset, syntax)
    return {}, pictures.picture(pixels, dataset, index, pictures.Wanted(**wanted))


def whole(dataset: memoryview, *, syntax: str, target: str) -> tuple[dict[str, Any], bytes]:
    """A whole dataset in another transfer syntax, without its file head."""
    read = _whole(dataset, syntax)
    has_pixels = any(name in read for name in _PIXELS)
    if has_pixels:
        _check(read, read.get("NumberOfFrames") or 1)
    if syntax not in NATIVE and has_pixels:
        _check_bits(read, syntax)
        decompress(read, generate_instance_uid=False)
    if target not in NATIVE:
        if "PixelData" not in read:
            raise Undecodable("there are no pixels to be encoded")
        if target == JPEG_BASELINE:
            raise Undecodable("instances aren't rewritten with loss")
        compress(read, UID(target), generate_instance_uid=False)
    if syntax == BIG_ENDIAN:
        encoding.turn_words(read)
    out = DicomBytesIO()
    out.is_implicit_VR, out.is_little_endian = target == IMPLICIT, True
    write_dataset(out, read)
    return {}, out.getvalue()


def from_deflated(dataset: memoryview) -> tuple[dict[str, Any], bytes]:
    """A deflated dataset, inflated; no more than a frame may have."""
    return {}, encoding.inflated(dataset)


def photograph(content: memoryview) -> tuple[dict[str, Any], bytes]:
    """A JPEG or PNG as the pixels of an image."""
    made = photographs.photograph(content)
    about = asdict(made)
    return about, about.pop("pixels")


def _whole(content: memoryview, syntax: str) -> Dataset:
    if syntax == DEFLATED:
        content, syntax = memoryview(encoding.inflated(content)), EXPLICIT
    read = read_dataset(BytesIO(content), syntax == IMPLICIT, syntax != BIG_ENDIAN)
    read.file_meta = FileMetaDataset()
    read.file_meta.TransferSyntaxUID = UID(syntax)
    return read


def _single(
    header: memoryview, frame: memoryview, syntax: str, *, keyword: str = "PixelData", skip: int = 0
) -> Dataset:
    """A dataset with only this frame. `skip`: bits before it in its first byte."""
    read = read_dataset(BytesIO(header), syntax == IMPLICIT, syntax != BIG_ENDIAN)
    read.file_meta = FileMetaDataset()
    read.file_meta.TransferSyntaxUID = UID(syntax)
    _check(read, 1)
    read.NumberOfFrames = 1
    for name in ("ExtendedOffsetTable", "ExtendedOffsetTableLengths"):
        if name in read:
            del read[name]
    if syntax in NATIVE:
        content = encoding.shifted(bytes(frame), skip) if skip else bytes(frame)
        setattr(read, keyword, content + b"\0" * (len(content) % 2))
    else:
        _check_bits(read, syntax)
        read.PixelData = encapsulate([bytes(frame)])
        read["PixelData"].is_undefined_length = True
    return read


def _check(dataset: Dataset, frames: int) -> None:
    """Refuse what claims to be too large, before anything is made for it."""
    pixels = int(dataset.Rows) * int(dataset.Columns)
    size = pixels * int(dataset.get("SamplesPerPixel", 1)) * int(dataset.BitsAllocated) // 8
    if pixels > MOST_PIXELS or size * int(frames) > 4 * MOST_FRAME_BYTES or size > MOST_FRAME_BYTES:
        raise Undecodable(f"{dataset.Columns} x {dataset.Rows} pixels are too many")


def _check_bits(dataset: Dataset, syntax: str) -> None:
    if syntax not in DECODED:
        raise Undecodable("its transfer syntax isn't decoded here: ask for it as it is kept")
    if syntax == JPEG_EXTENDED and int(dataset.get("BitsStored", 8)) > 8:
        raise Undecodable("lossy JPEG of 12 bits isn't decoded here: ask for it as it is kept")


def _pixels(dataset: Dataset, syntax: str) -> Any:
    array, about = get_decoder(UID(syntax)).as_array(dataset, index=0)
    dataset.PhotometricInterpretation = about["photometric_interpretation"]
    return array


def _told_pixels(dataset: Dataset, syntax: str) -> Any:
    """Pixels that agree with the Photometric Interpretation that the metadata has.

    YBR_FULL stays YBR_FULL (PS3.3 C.7.6.3.1.2): nobody who has frame and metadata could tell
    otherwise. YBR_RCT and YBR_ICT exist only inside JPEG 2000, and of YBR_FULL_422 a frame is
    shorter: what has three samples a pixel is RGB then.
    """
    if str(dataset.PhotometricInterpretation) != _YBR_FULL:
        return _pixels(dataset, syntax)
    how: dict[str, Any] = {"as_rgb": False}
    array, about = get_decoder(UID(syntax)).as_array(dataset, index=0, **how)
    if str(about["photometric_interpretation"]) == "RGB":
        array = convert_color_space(array, "RGB", _YBR_FULL)
    return array


TASKS: Final[dict[str, Callable[..., tuple[dict[str, Any], bytes]]]] = {
    "decode": decode,
    "encode": encode,
    "picture": picture,
    "whole": whole,
    "inflate": from_deflated,
    "photograph": photograph,
}
