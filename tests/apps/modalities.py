"""Images of every kind of machine: real ones that nobody here made, and mammograms as there are none.

What a viewer has to show of each is rendered here by pydicom and numpy, not by any code of ours:
PS3.3 C.7.6.3 (pixels), C.11.1 (modality LUT), C.11.2 (VOI LUT).
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any, Final

import numpy as np
from PIL import Image
from pydicom import dcmread
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.pixels import pixel_array
from pydicom.pixels.processing import apply_color_lut, apply_modality_lut, apply_voi_lut
from pydicom.uid import DigitalMammographyXRayImageStorageForPresentation, ExplicitVRLittleEndian

from tests.apps.scans import uid

SAMPLES: Final = Path("/work/shared/data/dicom")
BREAST: Final = (320, 240)
"""Rows and columns of a mammogram here."""


IMAGES: Final = {
    "dx-monochrome1": "highdicom/dx_image.dcm",
    "ct-window": "pydicom_data/693_UNCR.dcm",
    "ct-jpeg2000": "pydicom_data/693_J2KR.dcm",
    "ct-no-window": "pydicom_test_files/CT_small.dcm",
    "mr-two-windows": "pydicom_data/MR-SIEMENS-DICOM-WithOverlays.dcm",
    "mr-rle": "pydicom_test_files/MR_small_RLE.dcm",
    "mr-jpeg-ls": "pydicom_test_files/MR_small_jpeg_ls_lossless.dcm",
    "mr-big-endian": "pydicom_test_files/MR_small_bigendian.dcm",
    "mr-rescaled": "pydicom_data/MR2_J2KR.dcm",
    "mr-enhanced": "pydicom_data/emri_small_jpeg_ls_lossless.dcm",
    "us-clip": "pydicom_test_files/examples_ybr_color.dcm",
    "us-palette": "pydicom_test_files/examples_palette.dcm",
    "us-palette-rle": "pydicom_data/OBXXXX1A_rle.dcm",
    "us-jpeg-lossless": "pydicom_data/JPGLosslessP14SV1_1s_1f_8b.dcm",
    "us-jpeg2000-colour": "pydicom_data/US1_J2KR.dcm",
    "us-oblong-pixels": "pydicom_data/color-pl.dcm",
    "nm-jpeg-lossless": "pydicom_data/JPEG-LL.dcm",
    "colour-jpeg": "pydicom_test_files/SC_rgb_jpeg_dcmtk.dcm",
    "colour-jpeg-ls": "pydicom_test_files/SC_rgb_jls_lossy_line.dcm",
    "colour-htj2k": "pydicom_data/HTJ2KLossless_08_RGB.dcm",
    "colour-ybr": "pydicom_data/SC_ybr_full_uncompressed.dcm",
    "colour-ybr-422": "pydicom_test_files/SC_ybr_full_422_uncompressed.dcm",
    "colour-16-bits": "pydicom_data/SC_rgb_16bit.dcm",
    "voi-lut": "pydicom_data/vlut_04.dcm",
    "modality-lut": "pydicom_data/mlut_18.dcm",
}


def read(path: str) -> Dataset:
    """A sample as it is."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return dcmread(SAMPLES / path)


def mammogram(study: str, series: str, side: str, view: str, number: int) -> Dataset:
    """A mammogram for presentation, MONOCHROME1 of 12 bits, as a detector has it: chest on the left.

    The breast is bright on black, with a mark at its nipple and one in its upper or outer part.
    """
    rows, columns = BREAST
    y, x = np.mgrid[0:rows, 0:columns]
    inside = (x / (columns * 0.8)) ** 2 + ((y - rows / 2) / (rows * 0.45)) ** 2 < 1
    bright = np.where(inside, 1800 + 3 * (columns - x), 0)
    bright[(x - columns * 0.72) ** 2 + (y - rows / 2) ** 2 < 60] = 4000
    bright[(x - columns * 0.3) ** 2 + (y - rows * 0.22) ** 2 < 160] = 3600
    made = Dataset()
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made.SOPClassUID = DigitalMammographyXRayImageStorageForPresentation
    made.file_meta.MediaStorageSOPClassUID = made.SOPClassUID
    made.SOPInstanceUID = made.file_meta.MediaStorageSOPInstanceUID = uid()
    made.SpecificCharacterSet = "ISO_IR 192"
    made.StudyInstanceUID, made.SeriesInstanceUID = study, series
    made.StudyID, made.Modality, made.SeriesNumber, made.InstanceNumber = "1", "MG", 1, number
    made.PresentationIntentType = "FOR PRESENTATION"
    made.ImageType = ["DERIVED", "PRIMARY"]
    made.BodyPartExamined, made.BreastImplantPresent = "BREAST", "NO"
    made.ImageLaterality, made.ViewPosition = side, view
    # The rows go away from the chest wall; the columns down, or from the outer side inwards.
    inwards = "L" if side == "R" else "R"
    made.PatientOrientation = ["A", f"F{inwards}" if view == "MLO" else inwards]
    made.Rows, made.Columns = rows, columns
    made.ImagerPixelSpacing = [0.1, 0.1]
    made.EstimatedRadiographicMagnificationFactor = 1.07
    made.SamplesPerPixel, made.PhotometricInterpretation = 1, "MONOCHROME1"
    made.PresentationLUTShape = "INVERSE"
    made.BitsAllocated, made.BitsStored, made.HighBit, made.PixelRepresentation = 16, 12, 11, 0
    made.WindowCenter, made.WindowWidth = 2048, 4096
    made.RescaleIntercept, made.RescaleSlope, made.RescaleType = 0, 1, "US"
    made.PixelData = (4095 - bright).astype("<u2").tobytes()
    return made


def rendered(dataset: Dataset, frame: int = 0) -> np.ndarray[Any, Any]:
    """What a person has to see of a frame: rows of red, green and blue, in the shape that it has."""
    photometric = str(dataset.PhotometricInterpretation)
    pixels = pixel_array(dataset, index=frame, raw=False)
    if photometric == "PALETTE COLOR":
        shown = _bytes(apply_color_lut(pixels, dataset))
    elif pixels.ndim == 3:
        shown = _bytes(pixels)
    else:
        shown = np.repeat(_grey(pixels, dataset)[:, :, None], 3, axis=2)
    tall, wide = (float(v) for v in dataset.get("PixelAspectRatio") or (1, 1))
    height, width = shown.shape[:2]
    size = (width, round(height * tall / wide))
    return np.asarray(Image.fromarray(shown).resize(size, Image.Resampling.BILINEAR))


def _grey(pixels: Any, dataset: Dataset) -> Any:
    values = apply_modality_lut(pixels, dataset).astype(np.float64)
    shared = dataset.get("SharedFunctionalGroupsSequence")
    per_frame = dataset.get("PerFrameFunctionalGroupsSequence")
    source = dataset
    for groups in (shared, per_frame):
        if groups and groups[0].get("FrameVOILUTSequence"):
            source = groups[0].FrameVOILUTSequence[0]
    if source.get("WindowCenter") is not None:
        centre, width = _first(source.WindowCenter), _first(source.WindowWidth)
        shown = ((values - (centre - 0.5)) / (width - 1) + 0.5) * 255
    elif "VOILUTSequence" in dataset:
        bits = int(dataset.VOILUTSequence[0].LUTDescriptor[2])
        shown = apply_voi_lut(pixels, dataset, prefer_lut=True) * (255 / (2**bits - 1))
    else:
        low, high = values.min(), values.max()
        shown = (values - low) * (255 / ((high - low) or 1))
    grey = np.clip(shown, 0, 255).round().astype(np.uint8)
    return 255 - grey if dataset.PhotometricInterpretation == "MONOCHROME1" else grey


def _first(value: Any) -> float:
    return float(value if isinstance(value, int | float) else value[0])


def _bytes(pixels: Any) -> Any:
    return (pixels >> (8 * (pixels.dtype.itemsize - 1))).astype(np.uint8)
