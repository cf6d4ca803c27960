"""WADO-RS: files, metadata, frames, bulk data."""

import io
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.pixels import pixel_array

from tests.dicom_gateway.web.instances import an_image, path_of, read_parts, store

SAMPLES = Path("/work/shared/data/dicom")
ANY = 'multipart/related; type="application/dicom"; transfer-syntax=*'
MULTI = 'multipart/related; type="application/octet-stream"'


@pytest.fixture(scope="module")
def image():
    return an_image(
        NumberOfFrames=3, TextValue="x" * 70_000, SOPClassUID="1.2.840.10008.5.1.4.1.1.7.3"
    )


@pytest.fixture(scope="module")
def stored(web, image):
    assert store(web, image).status_code == 200
    return path_of(image)


def sample(web, name):
    """A real file, stored."""
    path = SAMPLES / name
    if not path.is_file():
        pytest.skip("the sample files are not here")
    read = dcmread(path)
    # Many samples are one instance, written differently.
    web.delete(path_of(read))
    answer = web.post(
        "/dicom-web/studies", data=path.read_bytes(), content_type="application/dicom"
    )
    assert answer.status_code == 200, answer.data
    return read, path_of(read)


def test_metadata_tells_everything_but_the_large_values(web, image, stored):
    answer = web.get(f"{stored}/metadata", headers={"Accept": "application/dicom+json"})

    assert (answer.status_code, answer.mimetype) == (200, "application/dicom+json")
    [told] = answer.json
    assert told["00100010"] == {"vr": "PN", "Value": [{"Alphabetic": "Müller^Grete"}]}
    uri = told["7FE00010"]["BulkDataURI"]
    assert uri.endswith(f"{stored}/bulkdata/7FE00010")
    assert told["0040A160"]["BulkDataURI"].endswith("/bulkdata/0040A160")
    pixels = web.get(uri[uri.index("/dicom-web") :], headers={"Accept": "application/octet-stream"})
    assert pixels.data == image.PixelData


def test_metadata_of_a_study_is_that_of_all_its_instances(web):
    first = an_image()
    rest = [
        an_image(first.StudyInstanceUID, first.SeriesInstanceUID, InstanceNumber=n)
        for n in range(2, 5)
    ]
    store(web, first, *rest)

    study = web.get(f"/dicom-web/studies/{first.StudyInstanceUID}/metadata")
    assert [m["00200013"]["Value"] for m in study.json] == [[1], [2], [3], [4]]
    assert web.get("/dicom-web/studies/1.2.3/metadata").status_code == 404
    accept = {"Accept": "application/dicom+xml"}
    assert web.get(f"{path_of(first)}/metadata", headers=accept).status_code == 406


@pytest.mark.parametrize(
    ("header", "status", "start", "stop"),
    [
        (None, 200, 0, None),
        ("bytes=0-9", 206, 0, 10),
        ("bytes=100-", 206, 100, None),
        ("bytes=-7", 206, -7, None),
        ("bytes=24575-99999", 206, 24575, None),
        ("bytes=24576-", 416, 0, 0),
        ("bytes=-0", 416, 0, 0),
        ("bytes=9-3", 200, 0, None),
        ("bytes=0-1,3-4", 200, 0, None),
        ("lines=1-2", 200, 0, None),
    ],
)
def test_bulk_data_comes_in_ranges(web, image, stored, header, status, start, stop):
    headers = {"Accept": "application/octet-stream", **({"Range": header} if header else {})}
    answer = web.get(f"{stored}/bulkdata/7FE00010", headers=headers)

    assert answer.status_code == status
    if status != 416:
        assert answer.data == image.PixelData[start:stop]
    if status == 206:
        whole = len(image.PixelData)
        first = start if start >= 0 else whole + start
        assert answer.headers["Content-Range"] == (
            f"bytes {first}-{first + len(answer.data) - 1}/{whole}"
        )


@pytest.mark.parametrize("path", ["00100099", "7FE00010/0/7FE00010", "54000100/0/54001010"])
def test_bulk_data_that_is_not_there_is_not_found(web, stored, path):
    assert web.get(f"{stored}/bulkdata/{path}").status_code == 404


@pytest.mark.parametrize("path", ["7fe0001", "PixelData", "7FE00010/x", "../x"])
def test_bulk_data_has_an_address_of_tags(web, stored, path):
    assert web.get(f"{stored}/bulkdata/{path}").status_code in {400, 404}


def test_frames_come_in_the_order_in_which_they_are_asked_for(web, image, stored):
    answer = web.get(f"{stored}/frames/3,1", headers={"Accept": MULTI})

    size = 64 * 64 * 2
    frames = [image.PixelData[n * size : (n + 1) * size] for n in (2, 0)]
    assert [content for _, content in read_parts(answer)] == frames
    one = web.get(f"{stored}/frames/2", headers={"Accept": "application/octet-stream"})
    assert one.data == image.PixelData[size : 2 * size]


@pytest.mark.parametrize(
    ("frames", "status"),
    [
        ("0", 404),
        ("4", 404),
        ("1,4", 404),
        ("1000000000", 400),
        ("-1", 400),
        ("a", 400),
        ("1,", 400),
    ],
)
def test_frames_that_are_not_there_are_refused(web, stored, frames, status):
    assert web.get(f"{stored}/frames/{frames}", headers={"Accept": MULTI}).status_code == status


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ('multipart/related; type="image/jp2"', "image/jp2; transfer-syntax=1.2.840.10008.1.2.4.90"),
        (
            'multipart/related; type="image/dicom-rle"',
            "image/dicom-rle; transfer-syntax=1.2.840.10008.1.2.5",
        ),
        ("multipart/related; type=application/octet-stream; transfer-syntax=*",
         "application/octet-stream; transfer-syntax=1.2.840.10008.1.2.1"),
        ("*/*", "application/octet-stream; transfer-syntax=1.2.840.10008.1.2.1"),
    ],
)  # fmt: skip
def test_frames_are_sent_as_they_are_asked_for(web, stored, accept, content_type):
    answer = web.get(f"{stored}/frames/1", headers={"Accept": accept})

    assert answer.status_code == 200, answer.data
    [(headers, content)] = read_parts(answer)
    assert headers["content-type"] == content_type
    assert content


@pytest.mark.parametrize("accept", ["video/mp4", "text/html", "image/jxl", "image/jls"])
def test_frames_that_cannot_be_made_are_refused(web, stored, accept):
    headers = {"Accept": f'multipart/related; type="{accept}"'}

    assert web.get(f"{stored}/frames/1", headers=headers).status_code == 406


@pytest.mark.parametrize(
    "name",
    [
        "MR_small.dcm", "MR_small_implicit.dcm", "MR_small_bigendian.dcm", "MR_small_RLE.dcm",
        "MR_small_jp2klossless.dcm", "MR_small_jpeg_ls_lossless.dcm", "image_dfl.dcm",
    ],
)  # fmt: skip
def test_real_files_come_back_as_they_are_and_in_explicit_little_endian(web, name):
    read, path = sample(web, f"pydicom_test_files/{name}")
    kept = web.get(path, headers={"Accept": ANY})
    rewritten = web.get(path, headers={"Accept": "application/dicom"})

    [(headers, content)] = read_parts(kept)
    assert headers["content-type"].endswith(read.file_meta.TransferSyntaxUID)
    raw = (SAMPLES / "pydicom_test_files" / name).read_bytes()
    assert content.endswith(raw[144 + read.file_meta.FileMetaInformationGroupLength :])
    plain = dcmread(io.BytesIO(rewritten.data))
    assert plain.file_meta.TransferSyntaxUID == "1.2.840.10008.1.2.1"
    assert (pixel_array(plain) == pixel_array(read)).all()


def test_what_cannot_be_decoded_is_sent_as_it_is_only(web):
    _, path = sample(web, "pydicom_test_files/JPEG-lossy.dcm")

    assert web.get(path, headers={"Accept": "application/dicom"}).status_code == 406
    assert web.get(path, headers={"Accept": ANY}).status_code == 200
    assert web.get(f"{path}/rendered").status_code == 406
    assert web.get(f"{path}/frames/1", headers={"Accept": MULTI}).status_code == 406
    frame = web.get(f"{path}/frames/1", headers={"Accept": f"{MULTI}; transfer-syntax=*"})
    assert read_parts(frame)[0][0]["content-type"].startswith("image/jpeg;")


@pytest.mark.parametrize(
    "accept",
    ["text/html", 'multipart/related; type="image/jpeg"',
     "application/dicom; transfer-syntax=1.2.840.10008.1.2.4.57"],
)  # fmt: skip
def test_files_that_cannot_be_made_are_refused(web, stored, accept):
    answer = web.get(stored, headers={"Accept": accept})

    assert answer.status_code == 406
    assert answer.json["resourceType"] == "OperationOutcome"


def test_several_instances_need_a_multipart(web):
    first = an_image()
    store(web, first, an_image(first.StudyInstanceUID))
    study = f"/dicom-web/studies/{first.StudyInstanceUID}"

    assert web.get(study, headers={"Accept": "application/dicom"}).status_code == 406
    assert len(read_parts(web.get(study, headers={"Accept": "*/*"}))) == 2


def test_a_damaged_file_is_not_sent_as_if_it_were_whole(web, dicom_app):
    image = an_image()
    store(web, image)
    folder = dicom_app.extensions["fhirserver"].context.settings.data_dir / "dicom"
    newest = max((p for p in folder.rglob("*") if p.is_file()), key=lambda p: p.stat().st_mtime_ns)
    content = bytearray(newest.read_bytes())
    content[len(content) // 2] ^= 1
    newest.write_bytes(content)

    answer = web.get(path_of(image), headers={"Accept": "application/dicom; transfer-syntax=*"})
    assert answer.status_code == 500
