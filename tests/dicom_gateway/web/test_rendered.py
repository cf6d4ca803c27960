"""Pictures: rendered, thumbnails, WADO-URI."""

import io

import pytest
from PIL import Image

from tests.dicom_gateway.web.instances import an_image, path_of, read_parts, store


@pytest.fixture(scope="module")
def image(web):
    made = an_image(NumberOfFrames=2, WindowCenter="100", WindowWidth="200")
    assert store(web, made).status_code == 200
    return made


def picture(answer):
    assert answer.status_code == 200, answer.data
    return Image.open(io.BytesIO(answer.data))


@pytest.mark.parametrize("below", ["", "/frames/2"])
@pytest.mark.parametrize(
    ("accept", "kind"),
    [("image/jpeg", "JPEG"), ("image/png", "PNG"), ("image/gif", "GIF"), ("*/*", "JPEG")],
)
def test_an_instance_and_a_frame_are_shown(web, image, below, accept, kind):
    answer = web.get(f"{path_of(image)}{below}/rendered", headers={"Accept": accept})

    assert picture(answer).format == kind
    assert picture(answer).size == (64, 64)


def test_a_study_and_a_series_show_one_of_their_images_or_all(web, image):
    for path in (
        f"/dicom-web/studies/{image.StudyInstanceUID}",
        path_of(image).partition("/instances")[0],
    ):
        assert picture(web.get(f"{path}/rendered?viewport=32,32")).size == (32, 32)
        accept = {"Accept": 'multipart/related; type="image/png"'}
        [(headers, content)] = read_parts(web.get(f"{path}/rendered", headers=accept))
        assert headers["content-type"] == "image/png"
        assert Image.open(io.BytesIO(content)).format == "PNG"


def test_a_window_is_applied(web, image):
    def middle(window):
        answer = web.get(
            f"{path_of(image)}/rendered?window={window}", headers={"Accept": "image/png"}
        )
        return picture(answer).getpixel((0, 0))

    assert middle("0,2,linear-exact") == 128
    assert middle("-100,2,linear") == 255
    assert middle("5000,2,linear") == 0


@pytest.mark.parametrize(
    "query",
    ["window=1", "window=1,2,cubic", "window=a,b", "window=1,0", "window=nan,1", "viewport=0,5",
     "viewport=5", "viewport=9999,9999", "viewport=1,1,-5,0,1,1", "quality=0", "quality=x",
     "annotation=patient", "iccprofile=yes", "colour=red"],
)  # fmt: skip
def test_a_wish_that_cannot_be_met_is_refused_by_name(web, image, query):
    answer = web.get(f"{path_of(image)}/rendered?{query}")

    assert answer.status_code == 400
    assert query.partition("=")[0] in answer.json["issue"][0]["diagnostics"]


def test_other_formats_are_refused(web, image):
    assert (
        web.get(f"{path_of(image)}/rendered", headers={"Accept": "image/webp"}).status_code == 406
    )
    assert web.get(f"{path_of(image)}/frames/3/rendered").status_code == 404
    assert web.get(f"{path_of(image)}/frames/1,2/rendered").status_code == 406


def test_a_document_has_no_picture(web):
    made = an_image(SOPClassUID="1.2.840.10008.5.1.4.1.1.88.11", Modality="SR")
    for name in ("PixelData", "Rows", "Columns"):
        delattr(made, name)
    store(web, made)

    for what in ("rendered", "thumbnail"):
        assert web.get(f"{path_of(made)}/{what}").status_code == 406


def test_a_thumbnail_is_kept_sealed_and_made_anew_when_it_is_damaged(web, dicom_app):
    made = an_image(PixelData=bytes(range(256)) * 32)
    store(web, made)
    first = web.get(f"{path_of(made)}/thumbnail?viewport=33,33")
    assert picture(first).size == (33, 33)

    folder = dicom_app.extensions["fhirserver"].context.settings.data_dir / "dicom-pictures"
    files = sorted(
        (p for p in folder.rglob("*") if p.is_file()), key=lambda p: p.stat().st_mtime_ns
    )
    kept = files[-1].read_bytes()
    assert first.data not in kept
    assert b"JFIF" not in kept
    assert web.get(f"{path_of(made)}/thumbnail?viewport=33,33").data == first.data
    files[-1].write_bytes(kept[:-1] + bytes([kept[-1] ^ 1]))
    assert web.get(f"{path_of(made)}/thumbnail?viewport=33,33").data == first.data
    assert files[-1].read_bytes() != kept


def test_wado_uri_sends_files_and_pictures(web, image):
    uids = (f"requestType=WADO&studyUID={image.StudyInstanceUID}&seriesUID={image.SeriesInstanceUID}"
            f"&objectUID={image.SOPInstanceUID}")  # fmt: skip

    file = web.get(f"/dicom-web/wado?{uids}&contentType=application/dicom")
    assert file.data[128:132] == b"DICM"
    assert picture(web.get(f"/dicom-web/wado?{uids}&rows=16&columns=16")).size == (16, 16)
    shown = web.get(
        f"/dicom-web/wado?{uids}&frameNumber=2&windowCenter=1&windowWidth=9&contentType=image/png"
    )
    assert picture(shown).format == "PNG"
    for wrong in ("frameNumber=x", "frameNumber=9", "contentType=text/html", "windowCenter=1"):
        assert web.get(f"/dicom-web/wado?{uids}&{wrong}").status_code in {400, 404, 406}
    assert web.get("/dicom-web/wado").status_code == 400
