"""The systems that DICOM comes from and goes to: peers. Pure.

Each is an Endpoint of FHIR with the extension `dicom-peer` (see docs/integrator/dicom.md).
https://hl7.org/fhir/R4/endpoint.html
"""

from dicom_gateway.partners.directory import Directory
from dicom_gateway.partners.identifying import Call, identified, open_peer
from dicom_gateway.partners.peer import CONNECTION_TYPE, MAY, Peer, peer_of

__all__ = [
    "CONNECTION_TYPE", "MAY", "Call", "Directory", "Peer", "identified", "open_peer", "peer_of",
]  # fmt: skip
