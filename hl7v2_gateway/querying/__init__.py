"""Queries: who asks for patients, their identifiers or vaccinations is answered at once."""

from hl7v2_gateway.querying.asked import EVENTS, reads
from hl7v2_gateway.querying.responding import Responder

__all__ = ["EVENTS", "Responder", "reads"]
