"""DELETE of what a sender was promised to be kept."""

from __future__ import annotations

import json
from typing import Any

from conformance.faults.server import wait_until
from fhirserver.instances import open_instances
from tests.dicom_gateway.web.instances import an_image, path_of, store


def test_what_was_committed_to_takes_a_reason_which_is_on_record(web: Any, dicom_app: Any) -> None:
    image = an_image()
    assert store(web, image).status_code == 200
    engine = dicom_app.extensions["fhirserver"]
    instances = open_instances(engine.context.settings, engine.context.store.database)
    instances.promise([image.SOPInstanceUID])
    study = f"/dicom-web/studies/{image.StudyInstanceUID}"

    refused = web.delete(study)
    assert refused.status_code == 409
    assert "storage commitment" in refused.json["issue"][0]["diagnostics"]
    assert web.delete(f"{study}?reason=because").status_code == 400
    assert web.get(f"{path_of(image)}/metadata").status_code == 200

    assert web.delete(f"{study}?reason=113037").status_code == 204
    assert web.get(f"{path_of(image)}/metadata").status_code == 404

    def is_told() -> bool:
        uid = f"urn:dicom:uid|urn:oid:{image.StudyInstanceUID}"
        page = web.get(f"/fhir/AuditEvent?type=110105&outcome=0&entity:identifier={uid}").json
        return "113037 Rejected for Patient Safety Reasons" in json.dumps(page)

    wait_until(is_told, 60, "the removal is on record with its reason")
