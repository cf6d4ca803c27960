"""Acknowledgements of HL7 v2 messages: which are owed, and what they say."""

from hl7v2_gateway.acknowledging.ack import acknowledge, reply
from hl7v2_gateway.acknowledging.modes import Mode, is_enhanced, is_owed, modes
from hl7v2_gateway.acknowledging.outcome import ACCEPTED, Outcome, Verdict
from hl7v2_gateway.acknowledging.refusal import refuse

__all__ = [
    "ACCEPTED",
    "Mode",
    "Outcome",
    "Verdict",
    "acknowledge",
    "is_enhanced",
    "is_owed",
    "modes",
    "refuse",
    "reply",
]
