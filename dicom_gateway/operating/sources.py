"""Who sent a study, as its Endpoint says it by now."""

from __future__ import annotations

from dicom_gateway.mapping.identifiers import Source
from dicom_gateway.partners import Directory
from fhirserver.instances import InstanceRow


def source_of(directory: Directory, row: InstanceRow, patient_system: str = "") -> Source:
    """The source of an instance.

    `patient_system` is the site's own, for what came by the web or from who isn't known any more.
    """
    peer = directory.named(row.sender) if row.sender else None
    if peer is None:
        return Source(
            id=row.sender,
            name=row.caller or row.sender,
            ae_title=row.caller if row.source == "dimse" else "",
            patient_system=patient_system,
        )
    return Source(
        id=peer.id,
        name=peer.name,
        ae_title=peer.ae_title,
        patient_system=peer.patient_system or patient_system,
        accession_system=peer.accession_system or "",
        issuers=peer.issuers,
        time_zone=peer.time_zone,
    )
