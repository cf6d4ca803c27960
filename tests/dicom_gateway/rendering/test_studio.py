"""Frames of real and made instances: found, decoded in worker processes, encoded, shown."""

import io
from pathlib import Path

import numpy
import pytest
from PIL import Image
from pydicom import dcmread
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate, encapsulate_extended
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset
from pydicom.pixels import convert_color_space, pixel_array
from pydicom.uid import ExplicitVRLittleEndian, JPEG2000Lossless, RLELossless

from dicom_gateway.rendering.limits import NoSuchFrame, Undecodable
from dicom_gateway.rendering.studio import NoPixels, Source, Studio
from dicom_gateway.rendering.syntaxes import JPEG_BASELINE
from dicom_gateway.rendering.workers import Workers

SAMPLES = Path("/work/shared/data/dicom")
EXPLICIT = str(ExplicitVRLittleEndian)


@pytest.fixture(scope="module")
def studio():
    workers = Workers(1, 60.0)
    yield Studio(workers)
    workers.end()


def made(frames=1, rows=6, columns=8, **attributes) -> Dataset:
    """A small grey image of 16 bits."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.7"
    dataset.SOPInstanceUID = "1.2.3"
    dataset.Rows, dataset.Columns, dataset.NumberOfFrames = rows, columns, frames
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated = dataset.BitsStored = 16
    dataset.HighBit, dataset.PixelRepresentation = 15, 0
    pixels = numpy.arange(frames * rows * columns, dtype="<u2").reshape(frames, rows, columns) * 7
    dataset.PixelData = pixels.tobytes()
    for name, value in attributes.items():
        setattr(dataset, name, value)
    return dataset


def source(dataset: Dataset) -> Source:
    out = DicomBytesIO()
    syntax = dataset.file_meta.TransferSyntaxUID
    out.is_little_endian, out.is_implicit_VR = syntax.is_little_endian, syntax.is_implicit_VR
    write_dataset(out, dataset)
    return of_bytes(out.getvalue(), str(syntax))


def of_bytes(content: bytes, syntax: str) -> Source:
    return Source(lambda start, stop: content[start:stop], len(content), syntax)


def sample(name: str) -> tuple[Source, Dataset]:
    path = SAMPLES / name
    if not path.is_file():
        pytest.skip("the sample files are not here")
    content = path.read_bytes()
    read = dcmread(io.BytesIO(content), force=True, stop_before_pixels=True)
    begins = 144 + read.file_meta.FileMetaInformationGroupLength
    return of_bytes(content[begins:], str(read.file_meta.TransferSyntaxUID)), dcmread(
        path, force=True
    )


def test_a_frame_of_many_is_read_alone(studio):
    dataset = made(frames=3)
    opened = studio.open(source(dataset))

    for number in (1, 2, 3):
        expected = dataset.PixelData[(number - 1) * 96 : number * 96]
        assert opened.kept(number) == studio.decoded(opened, number) == expected
    for number in (0, -1, 4, 10**9):
        with pytest.raises(NoSuchFrame):
            opened.kept(number)


@pytest.mark.parametrize("table", ["basic", "extended", "none"])
def test_encapsulated_frames_are_found_by_either_table_or_without(studio, table):
    dataset = made(frames=4, rows=64, columns=64)
    pixels = pixel_array(dataset)
    frames = [
        studio.encoded(studio.open(source(dataset)), n, str(JPEG2000Lossless)) for n in (1, 2, 3, 4)
    ]
    dataset.file_meta.TransferSyntaxUID = JPEG2000Lossless
    if table == "extended":
        made_of = encapsulate_extended(frames)
        dataset.PixelData, dataset.ExtendedOffsetTable, dataset.ExtendedOffsetTableLengths = made_of
    else:
        fragments = 2 if table == "none" else 1
        dataset.PixelData = encapsulate(
            frames, fragments_per_frame=fragments, has_bot=table == "basic"
        )
    dataset["PixelData"].is_undefined_length = True
    opened = studio.open(source(dataset))

    for number in (1, 4, 2):
        assert opened.kept(number).rstrip(b"\0") == frames[number - 1].rstrip(b"\0")
        assert studio.decoded(opened, number) == pixels[number - 1].tobytes()


@pytest.mark.parametrize("target", [JPEG2000Lossless, RLELossless])
def test_a_dataset_that_is_rewritten_and_rewritten_back_has_the_same_pixels(studio, target):
    dataset = made(frames=2, rows=64, columns=64)
    there = studio.whole(source(dataset), str(target))
    back = studio.whole(of_bytes(there, str(target)), EXPLICIT)
    opened = studio.open(of_bytes(back, EXPLICIT))

    assert opened.kept(1) + opened.kept(2) == dataset.PixelData


@pytest.mark.parametrize(
    "name", ["MR_small_bigendian.dcm", "MR_small_implicit.dcm", "image_dfl.dcm", "MR_small_RLE.dcm"]
)
def test_real_files_are_rewritten_with_the_same_pixels(studio, name):
    content, dataset = sample(f"pydicom_test_files/{name}")
    rewritten = studio.whole(content, EXPLICIT)
    opened = studio.open(of_bytes(rewritten, EXPLICIT))

    pixels = pixel_array(dataset)
    expected = pixels.astype(pixels.dtype.newbyteorder("<")).tobytes()
    assert opened.kept(1)[: len(expected)] == expected
    again = dcmread(io.BytesIO(rewritten), force=True)
    assert again.SOPInstanceUID == dataset.SOPInstanceUID


@pytest.mark.parametrize(("rows", "columns"), [(65_535, 65_535), (20_000, 20_000)])
def test_what_claims_to_be_huge_is_refused_before_a_worker_sees_it(rows, columns):
    class Nobody(Workers):
        def stream(self, *_a, **_k):
            raise AssertionError("a worker was asked")

    studio = Studio(Nobody(1, 1.0))
    dataset = made()
    dataset.Rows, dataset.Columns = rows, columns
    opened = studio.open(source(dataset))

    for act in (lambda: studio.decoded(opened, 1), lambda: studio.picture(opened, 1, {})):
        with pytest.raises(Undecodable, match="too large"):
            act()


def test_a_code_stream_that_is_larger_inside_than_it_says_harms_nobody(studio):
    small = made(rows=64, columns=64)
    frame = studio.encoded(studio.open(source(small)), 1, str(JPEG2000Lossless))
    small.file_meta.TransferSyntaxUID = JPEG2000Lossless
    bomb = bytearray(frame)
    at = bomb.index(b"\xff\x51") + 6
    bomb[at : at + 8] = (60_000).to_bytes(4, "big") * 2
    small.PixelData = encapsulate([bytes(bomb)])
    small["PixelData"].is_undefined_length = True

    with pytest.raises(Undecodable):
        studio.decoded(studio.open(source(small)), 1)
    assert studio.decoded(studio.open(source(made())), 1)


def test_a_worker_that_takes_too_long_is_ended_and_another_one_goes_on():
    workers = Workers(1, 60.0)
    studio = Studio(workers)
    dataset = made(rows=2000, columns=2000, PixelData=b"\1\2" * 4_000_000)
    opened = studio.open(source(dataset))
    try:
        assert studio.picture(studio.open(source(made())), 1, {})
        with pytest.raises(Undecodable, match="too long"):
            workers.do("encode", [opened.header], [opened.kept(1)], target=str(JPEG2000Lossless),
                       syntax=EXPLICIT, seconds=0.001)  # fmt: skip
        assert studio.picture(studio.open(source(made())), 1, {})
    finally:
        workers.end()


def test_a_worker_knows_nothing_of_the_servers_settings(monkeypatch):
    from dicom_gateway.rendering import workers

    monkeypatch.setenv("FHIRSERVER_DATABASE_URL", "postgresql://secret")

    assert not [k for k in workers._environment() if k.startswith("FHIRSERVER")]


def test_a_window_makes_its_centre_grey_and_inverse_images_are_turned(studio):
    dataset = made(rows=1, columns=256, RescaleSlope="1", RescaleIntercept="-100")
    dataset.PixelData = numpy.arange(256, dtype="<u2").tobytes()

    def shown(**wanted):
        opened = studio.open(source(dataset))
        png = studio.picture(opened, 1, {"format": "PNG", **wanted})
        return numpy.asarray(Image.open(io.BytesIO(png))).ravel()

    windowed = shown(window=[0, 100, "linear-exact"])
    assert (windowed[49], windowed[100], windowed[151]) == (0, 128, 255)
    assert shown()[0] == 0
    assert shown()[255] == 255
    dataset.WindowCenter, dataset.WindowWidth = "0", "101"
    assert shown()[100] in {127, 128, 129}
    dataset.PhotometricInterpretation = "MONOCHROME1"
    assert shown()[0] == 255
    assert shown()[255] == 0
    dataset.PhotometricInterpretation = "MONOCHROME2"
    assert shown(window=[0, 100, "sigmoid"])[100] == 128


def test_a_picture_fits_in_its_viewport_and_shows_its_region(studio):
    dataset = made(rows=40, columns=80)
    opened = studio.open(source(dataset))

    def size(**wanted):
        return Image.open(io.BytesIO(studio.picture(opened, 1, wanted))).size

    assert size(viewport=[20, 20]) == (20, 10)
    assert size(viewport=[160, 160]) == (160, 80)
    assert size(viewport=[160, 160], enlarge=False) == (80, 40)
    assert size(region=[10, 5, 20, -10]) == (20, 10)
    with pytest.raises(Undecodable, match="outside"):
        size(region=[500, 0, 10, 10])


@pytest.mark.parametrize(
    ("said", "size"),
    [
        ({"PixelAspectRatio": [4, 3]}, (60, 40)),
        ({"PixelAspectRatio": [1, 2]}, (120, 30)),
        ({"PixelSpacing": [0.5, 0.25], "PixelAspectRatio": [1, 1]}, (60, 60)),
        ({"ImagerPixelSpacing": [0.2, 0.1]}, (60, 60)),
        ({"PixelSpacing": [0.14, 0.14]}, (60, 30)),
        ({"PixelAspectRatio": [0, 0]}, (60, 30)),
    ],
)
def test_a_picture_has_the_shape_of_what_it_shows(studio, said, size):
    opened = studio.open(source(made(rows=30, columns=60, **said)))

    assert Image.open(io.BytesIO(studio.picture(opened, 1, {}))).size == size
    fitted = Image.open(io.BytesIO(studio.picture(opened, 1, {"viewport": [120, 120]}))).size
    assert fitted[0] / fitted[1] == pytest.approx(size[0] / size[1], abs=0.1)


def test_single_bits_that_begin_inside_a_byte_are_moved(studio):
    bits = numpy.random.default_rng(3).integers(0, 2, (5, 3, 3), dtype=numpy.uint8)
    dataset = made(frames=5, rows=3, columns=3, BitsAllocated=1, BitsStored=1, HighBit=0)
    packed = numpy.packbits(bits.ravel(), bitorder="little").tobytes()
    dataset.PixelData = packed + b"\0" * (len(packed) % 2)
    opened = studio.open(source(dataset))

    for number in (1, 2, 5):
        found = numpy.frombuffer(studio.decoded(opened, number), numpy.uint8)
        unpacked = numpy.unpackbits(found, bitorder="little")[:9]
        assert unpacked.tolist() == bits[number - 1].ravel().tolist()


def test_a_dataset_without_pixels_says_so(studio):
    dataset = made()
    del dataset.PixelData

    with pytest.raises(NoPixels):
        studio.open(source(dataset))


def test_pixels_that_end_too_early_are_refused(studio):
    content = source(made(frames=2))
    cut = of_bytes(content.read(0, content.size - 50), EXPLICIT)

    with pytest.raises(Undecodable):
        studio.decoded(studio.open(cut), 2)


@pytest.mark.parametrize(
    "name",
    [
        "pydicom_test_files/MR_small.dcm",
        "pydicom_test_files/MR_small_implicit.dcm",
        "pydicom_test_files/MR_small_bigendian.dcm",
        "pydicom_test_files/MR_small_RLE.dcm",
        "pydicom_test_files/MR_small_jp2klossless.dcm",
        "pydicom_test_files/MR_small_jpeg_ls_lossless.dcm",
        "pydicom_data/JPEG-LL.dcm",
        "pydicom_data/liver_nonbyte_aligned.dcm",
        "pydicom_test_files/image_dfl.dcm",
        "pydicom_data/US1_J2KR.dcm",
        "pydicom_data/OBXXXX1A_rle_2frame.dcm",
        "pydicom_data/HTJ2KLossless_08_RGB.dcm",
        "pydicom_test_files/liver_1frame.dcm",
        "pydicom_test_files/examples_palette.dcm",
        "pydicom_data/emri_small_jpeg_2k_lossless.dcm",
    ],
)
def test_frames_of_real_files_are_as_pydicom_has_them(studio, name):
    content, dataset = sample(name)
    opened = studio.open(content)
    pixels = pixel_array(dataset, index=0)

    decoded = studio.decoded(opened, 1)
    if dataset.BitsAllocated == 1:
        expected = numpy.packbits(pixels.astype(bool).ravel(), bitorder="little").tobytes()
        assert decoded[: len(expected)] == expected
    elif dataset.get("PlanarConfiguration") == 1 and opened.layout.pixels.length is not None:
        assert decoded == pixels.transpose(2, 0, 1).tobytes()
    elif not str(dataset.PhotometricInterpretation).startswith("YBR_FULL"):
        assert decoded.rstrip(b"\0") == pixels.astype(
            pixels.dtype.newbyteorder("<")
        ).tobytes().rstrip(b"\0")
    picture = Image.open(io.BytesIO(studio.picture(opened, 1, {"viewport": [64, 64]})))
    assert max(picture.size) == 64


def test_lossy_jpeg_of_12_bits_and_what_is_unknown_are_refused_by_name(studio):
    content, _ = sample("pydicom_test_files/JPEG-lossy.dcm")

    with pytest.raises(Undecodable, match="12 bits"):
        studio.decoded(studio.open(content), 1)
    video = of_bytes(source(made()).read(0, 10**6), "1.2.840.10008.1.2.4.102")
    with pytest.raises(Undecodable):
        studio.decoded(studio.open(video), 1)


def test_a_frame_of_8_bits_becomes_a_jpeg_and_one_of_16_does_not(studio):
    dataset = made(BitsAllocated=8, BitsStored=8, HighBit=7, PixelData=bytes(range(48)))

    jpeg = studio.encoded(studio.open(source(dataset)), 1, JPEG_BASELINE)
    assert Image.open(io.BytesIO(jpeg)).format == "JPEG"
    with pytest.raises(Undecodable, match="8 bits"):
        studio.encoded(studio.open(source(made())), 1, JPEG_BASELINE)


COLOURED = [
    "pydicom_test_files/SC_rgb_dcmtk_+eb+cy+n1.dcm",  # YBR_FULL
    "pydicom_test_files/SC_rgb_dcmtk_+eb+cy+s2.dcm",  # YBR_FULL_422
    "pydicom_test_files/SC_rgb_jpeg_lossy_gdcm.dcm",  # YBR_FULL
    "pydicom_data/US1_J2KI.dcm",  # YBR_ICT
    "pydicom_data/US1_J2KR.dcm",  # YBR_RCT
    "pydicom_data/SC_ybr_full_uncompressed.dcm",
]


@pytest.mark.parametrize("name", COLOURED)
def test_frames_have_the_colours_that_the_metadata_tells(studio, name):
    content, dataset = sample(name)
    opened = studio.open(content)
    told = str(dataset.PhotometricInterpretation)
    expected = pixel_array(dataset, index=0).astype(int)

    for syntax in ("1.2.840.10008.1.2.1", "1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.5"):
        frame = (
            studio.decoded(opened, 1)
            if syntax.endswith("2.1")
            else _opened_frame(studio.encoded(opened, 1, syntax), dataset, syntax)
        )
        pixels = numpy.frombuffer(frame, numpy.uint8)[: expected.size].reshape(expected.shape)
        if told == "YBR_FULL":
            pixels = convert_color_space(pixels, "YBR_FULL", "RGB")
        # Colours of YBR_FULL are rounded on the way.
        assert abs(pixels.astype(int) - expected).max() <= 3, syntax


def _opened_frame(frame: bytes, dataset, syntax: str) -> bytes:
    """A code stream's samples as they are, whatever they mean."""
    made = Dataset()
    for word in ("Rows", "Columns", "SamplesPerPixel", "BitsAllocated", "BitsStored", "HighBit"):
        setattr(made, word, dataset[word].value)
    made.PixelRepresentation, made.PlanarConfiguration = 0, 0
    made.PhotometricInterpretation = "RGB"
    made.PixelData = encapsulate([frame])
    made["PixelData"].is_undefined_length = True
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = syntax
    return pixel_array(made, index=0).tobytes()
