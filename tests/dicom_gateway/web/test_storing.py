"""STOW-RS, and getting it back."""

import json
import tracemalloc

import pytest
from pydicom.uid import generate_uid

from tests.dicom_gateway.web.instances import (
    an_image,
    body_of,
    file_of,
    path_of,
    read_parts,
    store,
)


def dataset_of(file: bytes) -> bytes:
    return file[144 + int.from_bytes(file[140:144], "little") :]


def test_what_is_stored_comes_back_byte_for_byte(web):
    first = an_image()
    second = an_image(first.StudyInstanceUID, first.SeriesInstanceUID, InstanceNumber=2)

    answer = store(web, first, second)
    assert answer.status_code == 200, answer.data
    told = answer.json
    assert len(told["00081199"]["Value"]) == 2
    assert told["00081190"]["Value"][0].endswith(f"/dicom-web/studies/{first.StudyInstanceUID}")

    accept = {"Accept": 'multipart/related; type="application/dicom"; transfer-syntax=*'}
    got = web.get(f"/dicom-web/studies/{first.StudyInstanceUID}", headers=accept)
    assert got.status_code == 200
    files = [content for _, content in read_parts(got)]
    assert [dataset_of(f) for f in files] == [dataset_of(file_of(d)) for d in (first, second)]
    one = web.get(path_of(first), headers={"Accept": "application/dicom; transfer-syntax=*"})
    assert dataset_of(one.data) == dataset_of(file_of(first))


def test_the_same_instance_again_is_a_success_and_other_bytes_are_told(web):
    image = an_image()
    assert store(web, image).status_code == 200
    assert store(web, image).status_code == 200

    image.PatientComments = "changed"
    answer = store(web, image)
    assert answer.status_code == 409
    assert answer.json["00081198"]["Value"][0]["00081197"]["Value"] == [0x0111]


def test_an_instance_of_another_study_is_refused_and_the_rest_is_kept(web):
    right, wrong = an_image(), an_image()
    body, content_type = body_of([file_of(right), file_of(wrong)])

    answer = web.post(
        f"/dicom-web/studies/{right.StudyInstanceUID}", data=body, content_type=content_type
    )
    assert answer.status_code == 202
    [failed] = answer.json["00081198"]["Value"]
    assert failed["00081155"]["Value"] == [wrong.SOPInstanceUID]
    assert failed["00081197"]["Value"] == [0xA900]
    assert web.get(path_of(wrong)).status_code == 404


def test_what_is_no_dicom_is_told_apart(web):
    body, content_type = body_of([file_of(an_image()), b"this is no DICOM" * 20])

    answer = web.post("/dicom-web/studies", data=body, content_type=content_type)
    assert answer.status_code == 202
    assert answer.json["0008119A"]["Value"] == [{"00081197": {"vr": "US", "Value": [0xC000]}}]
    body, content_type = body_of([b"this is no DICOM" * 20])
    assert web.post("/dicom-web/studies", data=body, content_type=content_type).status_code == 409


@pytest.mark.parametrize("cut", [10, 300, 5000, 8600])
def test_of_a_request_that_breaks_off_nothing_is_kept(web, cut):
    image, other = an_image(), an_image()
    body, content_type = body_of([file_of(image), file_of(other)])
    end = len(file_of(image)) + cut

    answer = web.post("/dicom-web/studies", data=body[:end], content_type=content_type)
    assert answer.status_code == 400
    assert web.get(path_of(image)).status_code == 404


def test_a_single_file_may_come_without_a_multipart(web):
    image = an_image()
    answer = web.post("/dicom-web/studies", data=file_of(image), content_type="application/dicom")

    assert answer.status_code == 200
    assert web.get(f"{path_of(image)}/metadata").status_code == 200


def test_metadata_with_bulk_data_makes_an_instance(web):
    image = an_image()
    pixels = image.PixelData
    model = image.to_json_dict()
    model["7FE00010"] = {"vr": "OW", "BulkDataURI": "pixels-1"}
    boundary = "b-1"
    body = (
        (
            f"--{boundary}\r\nContent-Type: application/dicom+json\r\n\r\n{json.dumps([model])}\r\n"
            f"--{boundary}\r\nContent-Type: application/octet-stream\r\nContent-Location: pixels-1\r\n"
            "\r\n"
        ).encode()
        + pixels
        + f"\r\n--{boundary}--\r\n".encode()
    )

    answer = web.post(
        "/dicom-web/studies",
        data=body,
        content_type=f'multipart/related; type="application/dicom+json"; boundary={boundary}',
    )
    assert answer.status_code == 200, answer.data
    frame = web.get(f"{path_of(image)}/frames/1", headers={"Accept": "application/octet-stream"})
    assert frame.data == pixels
    told = web.get(f"{path_of(image)}/metadata").json[0]
    assert told["00100010"]["Value"] == [{"Alphabetic": "Müller^Grete"}]


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/json", 415),
        ("text/plain", 415),
        ("multipart/related; type=text/plain; boundary=x", 415),
        ("multipart/related; type=application/dicom", 400),
        (f"multipart/related; type=application/dicom; boundary={'x' * 10240}", 400),
    ],
)
def test_other_bodies_are_refused_by_name(web, content_type, status):
    answer = web.post(
        "/dicom-web/studies", data=b"--x\r\n\r\n1\r\n--x--", content_type=content_type
    )

    assert answer.status_code == status


def test_storing_takes_a_scope_for_it(with_scope):
    body, content_type = body_of([file_of(an_image())])
    for scope in ("system/ImagingStudy.rs", "patient/ImagingStudy.cruds", "user/Patient.cruds"):
        answer = with_scope(scope).post("/dicom-web/studies", data=body, content_type=content_type)
        assert answer.status_code == 403, scope
    assert (
        with_scope("system/ImagingStudy.c")
        .post("/dicom-web/studies", data=body, content_type=content_type)
        .status_code
        == 200
    )


@pytest.mark.parametrize("uid", ["..", "1..2", "1.2.a", "9" * 65, "1.2%00", "%2e%2e", "1.2/x"])
def test_an_address_that_has_no_uid_is_refused(web, uid):
    assert web.get(f"/dicom-web/studies/{uid}").status_code in {400, 404}
    assert web.get(f"/dicom-web/studies/1.2/series/{uid}").status_code in {400, 404}


def test_nobody_gets_anything_without_a_token(dicom_app):
    client = dicom_app.test_client()
    for path in ("studies", f"studies/{generate_uid()}", "studies/1/rendered", "wado"):
        assert client.get(f"/dicom-web/{path}").status_code == 401


def test_a_large_instance_is_never_held(dicom_app):
    from dicom_gateway.web.taking import Limits, take
    from fhirserver.instances import open_instances

    engine = dicom_app.extensions["fhirserver"]
    instances = open_instances(engine.context.settings, engine.context.store.database)
    image = an_image(PixelData=b"\0" * 100_000)
    beginning, size = file_of(image)[:-100_000], 32 << 20
    # The length of the pixels is what stands before them.
    beginning = beginning[:-4] + size.to_bytes(4, "little")

    def pieces():
        yield beginning
        for _ in range(size // (1 << 16)):
            yield bytes(1 << 16)

    tracemalloc.start()
    try:
        arrival = take(instances, pieces(), Limits(None, 1 << 30), "test")
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert arrival.upload.size > size
    arrival.upload.discard()
    assert most < 6_000_000


def test_an_instance_that_is_too_large_is_refused_and_leaves_nothing(dicom_app):
    from dicom_gateway.web.taking import Limits, Refused, take
    from fhirserver.instances import open_instances

    engine = dicom_app.extensions["fhirserver"]
    instances = open_instances(engine.context.settings, engine.context.store.database)
    before = sum(1 for p in instances.files.root.rglob("*") if p.is_file())
    file = file_of(an_image())
    pieces = [file[at : at + 1000] for at in range(0, len(file), 1000)]

    with pytest.raises(Refused):
        take(instances, pieces, Limits(None, 5000), "test")
    assert sum(1 for p in instances.files.root.rglob("*") if p.is_file()) == before
