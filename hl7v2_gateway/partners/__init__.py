"""The systems that HL7 v2 messages come from and go to: senders and receivers. Pure.

Each is an Endpoint of FHIR with the profile `hl7v2-partner` (see docs/integrator/hl7v2.md); one
that is both has both extensions. https://hl7.org/fhir/R4/endpoint.html
"""

from hl7v2_gateway.partners.identifying import Call, identified, open_sender
from hl7v2_gateway.partners.receiver import Receiver, receiver_of
from hl7v2_gateway.partners.sender import Sender, sender_of

__all__ = [
    "Call", "Receiver", "Sender", "identified", "open_sender", "receiver_of", "sender_of",
]  # fmt: skip
