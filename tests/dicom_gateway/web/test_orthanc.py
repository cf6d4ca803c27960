"""Debian's Orthanc with its DICOMweb plugin stores here, finds here, and fetches from here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydicom.uid import generate_uid

from tests.conftest import Token
from tests.dicom_gateway.dimse.peers import an_ae_title
from tests.dicom_gateway.web.instances import an_image, file_of, path_of, store
from tests.peers.orthanc import needs_orthanc_dicomweb, orthanc


def ours(address: str, token: Token) -> dict[str, dict[str, Any]]:
    """Us, as the plugin's configuration has a server."""
    header = {"Authorization": f"Bearer {token('system/*.cruds')}"}
    return {"ours": {"Url": f"{address}/", "HttpHeaders": header}}


@needs_orthanc_dicomweb
def test_orthanc_stores_here(web: Any, address: str, token: Token, tmp_path: Path) -> None:
    first = an_image()
    second = an_image(first.StudyInstanceUID, first.SeriesInstanceUID, InstanceNumber=2)

    with orthanc(tmp_path, an_ae_title(), {}, ours(address, token)) as archive:
        sent = [archive.post_file(file_of(image))["ID"] for image in (first, second)]
        archive.post("/dicom-web/servers/ours/stow", {"Resources": sent})

    for image in (first, second):
        told = web.get(f"{path_of(image)}/metadata")
        assert told.status_code == 200
        assert told.json[0]["00100010"]["Value"] == [{"Alphabetic": "Müller^Grete"}]
        frame = web.get(
            f"{path_of(image)}/frames/1", headers={"Accept": "application/octet-stream"}
        )
        assert frame.data == image.PixelData


@needs_orthanc_dicomweb
def test_orthanc_finds_and_fetches_from_here(
    web: Any, address: str, token: Token, tmp_path: Path
) -> None:
    study = generate_uid()
    images = [an_image(study, PatientID="ORTHANC-1", InstanceNumber=n) for n in range(1, 4)]
    assert store(web, *images).status_code == 200

    with orthanc(tmp_path, an_ae_title(), {}, ours(address, token)) as archive:
        query = {"Uri": "/studies", "Arguments": {"PatientID": "ORTHANC-1"}}
        [found] = archive.post("/dicom-web/servers/ours/qido", query)
        wanted = {"Resources": [{"Study": str(study)}]}
        archive.post("/dicom-web/servers/ours/retrieve", wanted)
        counts = archive.get("/statistics")

    assert found["0020000D"]["Value"] == study
    assert (counts["CountStudies"], counts["CountInstances"]) == (1, 3)
