"""A JPEG or PNG as the pixels of a DICOM image: PS3.3 C.7.6.3, PS3.5 8.2.1.

A baseline JPEG keeps its code stream, without what cameras write beside it (the place, the device,
a preview); one that is turned by its Exif or progressive is compressed again; of a PNG the pixels
are kept as they are. What is transparent becomes white.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Final

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from dicom_gateway.rendering.limits import MOST_PIXELS, Undecodable
from dicom_gateway.rendering.syntaxes import EXPLICIT, JPEG_BASELINE

_QUALITY: Final = 95
_ORIENTATION: Final = 0x0112
_SCAN: Final = 0xDA
_END: Final = 0xD9
_COMMENT: Final = 0xFE
_NEEDED: Final = frozenset({(0xE0, b"JFIF\0"), (0xEE, b"Adobe")})
"""What is written beside an image and says how its colours are meant."""
_MARKER: Final = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_CODED: Final = frozenset({"L", "RGB"})


@dataclass(frozen=True, slots=True)
class Photograph:
    """Pixels, and what describes them; `ratios` are of each compression with loss."""

    pixels: bytes
    rows: int
    columns: int
    samples: int
    bits: int
    photometric: str
    transfer_syntax: str
    ratios: tuple[float, ...] = ()


def photograph(content: memoryview) -> Photograph:
    """The pixels of a JPEG or PNG. Raises Undecodable."""
    raw = bytes(content)
    try:
        image = Image.open(BytesIO(raw), formats=["JPEG", "PNG"])
        if image.width * image.height > MOST_PIXELS:
            raise Undecodable(f"{image.width} x {image.height} pixels are too many")
        image.load()
    except UnidentifiedImageError as error:
        raise Undecodable("it is no JPEG or PNG") from error
    except Image.DecompressionBombError as error:
        raise Undecodable("its pixels are too many") from error
    except (OSError, SyntaxError, ValueError) as error:
        raise Undecodable("it is cut off or damaged") from error
    if image.format == "JPEG":
        return _of_jpeg(image, raw)
    return _of_pixels(ImageOps.exif_transpose(image))


def _of_jpeg(image: Any, raw: bytes) -> Photograph:
    ratio = _ratio(image.width * image.height * len(image.getbands()), len(raw))
    if image.mode in _CODED and image.getexif().get(_ORIENTATION, 1) in {0, 1}:
        stream = _bare(raw)
        if stream is not None:
            return _compressed(image, stream, _photometric(image), (ratio,))
    turned = _flat(ImageOps.exif_transpose(image))
    out = BytesIO()
    # Pillow would write the comments again.
    turned.info.clear()
    turned.save(out, "JPEG", quality=_QUALITY, subsampling=0)
    made = out.getvalue()
    again = _ratio(turned.width * turned.height * len(turned.getbands()), len(made))
    photometric = "MONOCHROME2" if turned.mode == "L" else "YBR_FULL"
    return _compressed(turned, made, photometric, (ratio, again))


def _compressed(
    image: Any, stream: bytes, photometric: str, ratios: tuple[float, ...]
) -> Photograph:
    samples = 1 if image.mode == "L" else 3
    return Photograph(
        stream, image.height, image.width, samples, 8, photometric, JPEG_BASELINE, ratios
    )


def _ratio(size: int, compressed: int) -> float:
    return round(size / max(compressed, 1), 2)


def _photometric(image: Any) -> str:
    """What the components of a code stream are, as its decoder takes them."""
    if image.mode == "L":
        return "MONOCHROME2"
    adobe = image.info.get("adobe_transform")
    ids = bytes(layer[0] for layer in image.layer)
    if adobe == 0 or (adobe is None and "jfif" not in image.info and ids == b"RGB"):
        return "RGB"
    _, across, down, _ = image.layer[0]
    return "YBR_FULL" if (across, down) == (1, 1) else "YBR_FULL_422"


def _bare(raw: bytes) -> bytes | None:
    """A baseline code stream with nothing but the image; None for another process."""
    made, at = bytearray(b"\xff\xd8"), 2
    while at + 2 <= len(raw) and raw[at] == 0xFF:
        marker = raw[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if marker == _END:
            return bytes(made + b"\xff\xd9")
        end = at + 2 + int.from_bytes(raw[at + 2 : at + 4])
        if 0xC0 < marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC}:
            return None
        if marker == _SCAN:
            found = _MARKER.search(raw, end)
            if found is None:
                return None
            end = found.start()
        is_beside = 0xE0 <= marker <= 0xEF or marker == _COMMENT
        if not is_beside or (marker, raw[at + 4 : at + 9]) in _NEEDED:
            made += raw[at:end]
        at = end
    return None


def _of_pixels(image: Any) -> Photograph:
    if image.mode.startswith("I"):
        array = np.asarray(image)
        deep = np.clip(array, 0, 65535).astype("<u2")
        return _plain(deep, 16)
    return _plain(np.asarray(_flat(image), dtype=np.uint8), 8)


def _plain(array: Any, bits: int) -> Photograph:
    samples = array.shape[2] if array.ndim == 3 else 1
    pixels = np.ascontiguousarray(array).tobytes()
    photometric = "RGB" if samples == 3 else "MONOCHROME2"
    return Photograph(
        pixels + b"\0" * (len(pixels) % 2),
        array.shape[0],
        array.shape[1],
        samples,
        bits,
        photometric,
        EXPLICIT,
    )


def _flat(image: Any) -> Any:
    """An image of 8 bits, grey or RGB."""
    if image.mode in _CODED:
        # A PNG may call one of its colours transparent.
        if "transparency" not in image.info:
            return image
        image = image.convert("RGBA")
    if image.mode == "1":
        return image.convert("L")
    if image.mode in {"LA", "PA", "RGBA", "RGBa", "La"} or "transparency" in image.info:
        above = image.convert("RGBA")
        below = Image.new("RGBA", above.size, "white")
        below.alpha_composite(above)
        return below.convert("L" if image.mode in {"LA", "La"} else "RGB")
    return image.convert("RGB")
