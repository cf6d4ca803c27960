"""Debian's Orthanc queries us, and retrieves what it finds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from flask.testing import FlaskClient

from tests.dicom_gateway.dimse.conftest import Listening
from tests.dicom_gateway.dimse.filed import file_study
from tests.dicom_gateway.dimse.peers import OURS, an_ae_title
from tests.peers.orthanc import needs_orthanc, orthanc


@needs_orthanc
def test_orthanc_finds_a_study_and_has_it_sent(
    client: FlaskClient, listening: Listening, enter: Callable[..., str], tmp_path: Path
) -> None:
    filed = file_study(client, listening.instances)
    title = an_ae_title()
    folder = tmp_path / "orthanc"
    folder.mkdir()

    with orthanc(folder, title, {"ours": (OURS, listening.port)}) as archive:
        enter(title, may=["find", "move"], sees="all", port=archive.dicom_port)
        query = {"Level": "Study", "Query": {"PatientID": filed.patient_id}}
        asked = archive.post("/modalities/ours/query", query)
        (number,) = archive.get(f"/queries/{asked['ID']}/answers")
        found = archive.get(f"/queries/{asked['ID']}/answers/{number}/content?simplify")
        archive.post(f"/queries/{asked['ID']}/retrieve", {"TargetAet": title})
        counts = archive.get("/statistics")

    assert found["StudyInstanceUID"] == filed.study
    assert (counts["CountStudies"], counts["CountInstances"]) == (1, 3)
