"""Pixels as people look at them: PS3.3 C.7.6.3, C.11.1, C.11.2 and C.11.6, as JPEG or PNG."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import Any, Final

import numpy as np
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.pixels.processing import apply_color_lut, apply_modality_lut, apply_voi_lut

from dicom_gateway.rendering.limits import Undecodable

MOST_SIDE: Final = 8_192
_UNSEEN: Final = 0.002
"""Pixels that are oblong by less are square to the eye, and some are by their digits only."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """How a picture is wanted.

    `window` is centre, width and function (`linear`, `linear-exact`, `sigmoid`). `viewport` is the
    width and height to fit in, `region` the x, y, width and height of the source, where a negative
    width or height turns it over (PS3.18 8.3.5.1.3).
    """

    format: str = "JPEG"
    quality: int = 90
    window: tuple[float, float, str] | None = None
    viewport: tuple[int, int] | None = None
    region: tuple[float, float, float | None, float | None] | None = None
    enlarge: bool = True


def picture(pixels: Any, dataset: Dataset, index: int, wanted: Wanted) -> bytes:
    """The picture of a frame, of which `index` is the number from 0."""
    photometric = str(dataset.get("PhotometricInterpretation", "MONOCHROME2"))
    if photometric.startswith("PALETTE"):
        shown = _bytes_of(apply_color_lut(pixels, dataset))
    elif pixels.ndim == 3:
        shown = _bytes_of(pixels)
    else:
        shown = grey(pixels, dataset, index, wanted.window)
    image = _placed(Image.fromarray(shown), wanted, _proportions(dataset, index))
    out = BytesIO()
    if wanted.format == "JPEG":
        image.save(out, "JPEG", quality=wanted.quality)
    else:
        image.save(out, wanted.format)
    return out.getvalue()


def grey(pixels: Any, dataset: Dataset, index: int, window: tuple[float, float, str] | None) -> Any:
    """Grey pixels from 0, black, to 255, white."""
    values = _modality(pixels, dataset, index)
    functional = _functional(dataset, index, "FrameVOILUTSequence")
    source = functional if functional is not None else dataset
    if window is not None:
        shown = _windowed(values, *window)
    elif source.get("WindowCenter") is not None and source.get("WindowWidth") is not None:
        function = str(source.get("VOILUTFunction") or "LINEAR").lower().replace("_", "-")
        shown = _windowed(values, _first(source.WindowCenter), _first(source.WindowWidth), function)
    elif "VOILUTSequence" in dataset:
        shown = _stretched(apply_voi_lut(values.astype(pixels.dtype), dataset, prefer_lut=True))
    else:
        shown = _stretched(values)
    is_inverse = str(dataset.get("PresentationLUTShape", "")) == "INVERSE"
    if str(dataset.get("PhotometricInterpretation", "")) == "MONOCHROME1" or is_inverse:
        shown = 255 - shown
    return shown


def _modality(pixels: Any, dataset: Dataset, index: int) -> Any:
    if "ModalityLUTSequence" in dataset:
        return apply_modality_lut(pixels, dataset)
    functional = _functional(dataset, index, "PixelValueTransformationSequence")
    source = functional if functional is not None else dataset
    slope = float(source.get("RescaleSlope") or 1)
    intercept = float(source.get("RescaleIntercept") or 0)
    values = pixels.astype(np.float32)
    return values if (slope, intercept) == (1, 0) else values * slope + intercept


def _functional(dataset: Dataset, index: int, name: str) -> Dataset | None:
    """The item of a functional group for this frame. PS3.3 C.7.6.16"""
    per_frame = dataset.get("PerFrameFunctionalGroupsSequence") or []
    groups = [per_frame[index]] if index < len(per_frame) else []
    for group in (*groups, *(dataset.get("SharedFunctionalGroupsSequence") or [])):
        if group.get(name):
            found: Dataset = group[name].value[0]
            return found
    return None


def _first(value: Any) -> float:
    return float(
        value[0] if hasattr(value, "__getitem__") and not isinstance(value, str) else value
    )


def _windowed(values: Any, center: float, width: float, function: str) -> Any:
    """PS3.3 C.11.2.1.2 and C.11.2.1.3."""
    values = values.astype(np.float32, copy=False)
    match function:
        case "sigmoid":
            shown = 255 / (1 + np.exp(np.clip(-4 * (values - center) / max(width, 1e-6), -80, 80)))
        case "linear-exact":
            shown = ((values - center) / max(width, 1e-6) + 0.5) * 255
        case _:
            shown = ((values - (center - 0.5)) / max(width - 1, 1e-6) + 0.5) * 255
    return np.clip(np.nan_to_num(shown), 0, 255).round().astype(np.uint8)


def _stretched(values: Any) -> Any:
    """From the least to the greatest value."""
    values = np.nan_to_num(values.astype(np.float32))
    low, high = float(values.min()), float(values.max())
    return ((values - low) * (255 / ((high - low) or 1))).round().astype(np.uint8)


def _bytes_of(pixels: Any) -> Any:
    """Colours of 8 bits."""
    if pixels.dtype == np.uint8:
        return pixels
    if pixels.dtype.kind != "u":
        raise Undecodable("colours are unsigned numbers")
    return (pixels >> (8 * (pixels.dtype.itemsize - 1))).astype(np.uint8)


def _proportions(dataset: Dataset, index: int) -> tuple[float, float]:
    """Height and width of a pixel, in any unit; of the detector's where there is nothing else.

    PS3.3 C.7.6.3.1.7, 10.7.1.1
    """
    measures = _functional(dataset, index, "PixelMeasuresSequence")
    for source, name in (
        (measures, "PixelSpacing"),
        (dataset, "PixelSpacing"),
        (dataset, "ImagerPixelSpacing"),
        (dataset, "NominalScannedPixelSpacing"),
        (dataset, "PixelAspectRatio"),
    ):
        value = None if source is None else source.get(name)
        if isinstance(value, MultiValue) and len(value) == 2 and all(v > 0 for v in value):
            return float(value[0]), float(value[1])
    return 1.0, 1.0


def _placed(image: Image.Image, wanted: Wanted, pixel: tuple[float, float]) -> Image.Image:
    """The region that is asked for, in the viewport, with the proportions that it has in truth."""
    if wanted.region is not None:
        image = _cut(image, *wanted.region)
    tall, wide = pixel
    if abs(tall / wide - 1) > _UNSEEN:
        # The shorter side of a pixel stays as it is, so that nothing is lost.
        size = (
            max(1, min(MOST_SIDE, round(image.width * max(1.0, wide / tall)))),
            max(1, min(MOST_SIDE, round(image.height * max(1.0, tall / wide)))),
        )
        image = image.resize(size, Image.Resampling.BICUBIC)
    if wanted.viewport is None:
        return image
    width, height = wanted.viewport
    factor = min(width / image.width, height / image.height)
    if factor > 1 and not wanted.enlarge:
        return image
    size = max(1, round(image.width * factor)), max(1, round(image.height * factor))
    return image.resize(size, Image.Resampling.LANCZOS if factor < 1 else Image.Resampling.BICUBIC)


def _cut(
    image: Image.Image, x: float, y: float, width: float | None, height: float | None
) -> Image.Image:
    across = image.width - x if width is None else width
    down = image.height - y if height is None else height
    box = (
        round(x),
        round(y),
        min(round(x + abs(across)), image.width),
        min(round(y + abs(down)), image.height),
    )
    if box[0] >= box[2] or box[1] >= box[3]:
        raise Undecodable("the region of the viewport lies outside the image")
    image = image.crop(box)
    if across < 0:
        image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    if down < 0:
        image = image.transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    return image
