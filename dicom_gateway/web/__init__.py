"""`/dicom-web`: DICOM over HTTP. PS3.18, and SMART Imaging Access for who may have what.

`/dicom` is what those who look after interfaces see of it.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Final

from flask import Blueprint

from dicom_gateway.rendering.pictures_kept import KeptPictures
from dicom_gateway.rendering.studio import Studio
from dicom_gateway.rendering.workers import Workers
from dicom_gateway.web import (
    bulkdata,
    deleting,
    frames,
    metadata,
    moving,
    operator,
    rendered,
    retrieving,
    searching,
    storing,
    wado_uri,
    workitems,
    wrapping,
)
from dicom_gateway.web.counter import Counter
from fhirserver.app import open_keyring
from fhirserver.instances import open_instances
from fhirserver.web.administration.admission import Desk

DECODING_SECONDS: Final = 30.0
SMART_CAPABILITIES: Final = (
    "smart-imaging-access",
    "http://fhir.org/argonaut/smart-imaging/capabilities/app-launch",
    "http://fhir.org/argonaut/smart-imaging/capabilities/backend-services",
)
"""https://build.fhir.org/ig/argonautproject/smart-imaging/, 0.1.0"""


_PARTS: Final = (
    searching,
    retrieving,
    metadata,
    frames,
    bulkdata,
    storing,
    deleting,
    wado_uri,
    wrapping,
    workitems,
    moving,
)


def blueprints(desk: Desk) -> Sequence[Blueprint]:
    """The addresses of DICOMweb."""
    settings = desk.engine.context.settings
    workers = Workers(min(os.cpu_count() or 1, 4), DECODING_SECONDS)
    counter = Counter(desk, open_instances(settings, desk.database), Studio(workers))
    pictures = KeptPictures(
        open_keyring(settings, desk.database), settings.data_dir / "dicom-pictures"
    )
    made = blueprint(counter, pictures)
    made.record(lambda state: state.app.extensions.update({"dicom_workers": workers}))
    return [made, operator.blueprint(operator.Operator(desk, counter.instances))]


def blueprint(counter: Counter, pictures: KeptPictures) -> Blueprint:
    """All addresses below `/dicom-web`."""
    made = Blueprint("dicom_web", __name__, url_prefix="/dicom-web")
    for part in _PARTS:
        part.add_to(made, counter)
    rendered.add_to(made, counter, pictures)
    return made
