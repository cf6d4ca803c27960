"""From the server's settings to what keeps studies in step."""

from __future__ import annotations

from dicom_gateway.operating.in_step import InStep
from dicom_gateway.partners import Directory
from fhirserver.engine import Engine
from fhirserver.instances import open_instances
from fhirserver.model.resource import Resource
from fhirserver.reactions.looking import looked_up


def open_in_step(engine: Engine) -> InStep:
    """What keeps the ImagingStudies of this server in step with its record."""
    settings = engine.context.settings
    instances = open_instances(settings, engine.context.store.database)

    def endpoints(connection_type: str) -> list[Resource]:
        return looked_up(engine, "Endpoint", ("connection-type", connection_type))

    return InStep(
        engine, instances, Directory(endpoints), patient_system=settings.dicom_patient_system
    )
