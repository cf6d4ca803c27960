"""The unmodified dicomweb-client against a server on a socket."""

from __future__ import annotations

from typing import Any

import pytest
from dicomweb_client.api import DICOMwebClient
from dicomweb_client.session_utils import create_session
from pydicom.uid import generate_uid

from tests.dicom_gateway.web.instances import an_image


@pytest.fixture(scope="module")
def client(address: str, token: Any) -> DICOMwebClient:
    session = create_session()
    session.headers["Authorization"] = f"Bearer {token('system/*.cruds')}"
    return DICOMwebClient(address, session=session)


def test_it_stores_finds_fetches_and_shows(client):
    study = generate_uid()
    first = an_image(study, PatientID="CLIENT-1", NumberOfFrames=2)
    second = an_image(study, first.SeriesInstanceUID, PatientID="CLIENT-1", InstanceNumber=2)
    series = first.SeriesInstanceUID
    told = client.store_instances([first, second])
    assert len(told.ReferencedSOPSequence) == 2

    [found] = client.search_for_studies(search_filters={"PatientID": "CLIENT-1"}, limit=5)
    assert found["0020000D"]["Value"] == [study]
    assert len(client.search_for_series(study)) == 1
    assert len(client.search_for_instances(study, series, fields=["Rows"])) == 2
    got = client.retrieve_study(study)
    assert {d.SOPInstanceUID for d in got} == {first.SOPInstanceUID, second.SOPInstanceUID}
    assert {d.PixelData for d in got} == {first.PixelData, second.PixelData}
    assert client.retrieve_instance(study, series, first.SOPInstanceUID).PatientID == "CLIENT-1"
    assert len(client.retrieve_series_metadata(study, series)) == 2
    frames = client.retrieve_instance_frames(study, series, first.SOPInstanceUID, [2, 1])
    assert frames == [first.PixelData[8192:], first.PixelData[:8192]]
    shown = client.retrieve_instance_rendered(
        study, series, first.SOPInstanceUID, media_types=["image/png"]
    )
    assert shown.startswith(b"\x89PNG")


def test_it_fetches_bulk_data_by_the_address_in_the_metadata(client):
    image = an_image()
    client.store_instances([image])
    where = (image.StudyInstanceUID, image.SeriesInstanceUID, image.SOPInstanceUID)
    metadata = client.retrieve_instance_metadata(*where)

    # The address is that of the setting; the client is told where the server is here.
    path = metadata["7FE00010"]["BulkDataURI"].partition("/dicom-web")[2]
    [pixels] = client.retrieve_bulkdata(client.base_url + path)
    assert pixels == image.PixelData


def test_it_deletes(client):
    image = an_image()
    client.store_instances([image])
    client.delete_study(image.StudyInstanceUID)

    assert not client.search_for_studies(
        search_filters={"StudyInstanceUID": image.StudyInstanceUID}
    )
