"""Snapshots: all that a profile says, from its differential and what it is based on.

https://hl7.org/fhir/R4/profiling.html#snapshot
"""

from fhirserver.model.snapshots.generation import Generated, Snapshots

__all__ = ["Generated", "Snapshots"]
