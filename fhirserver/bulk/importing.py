"""An import, part by part."""

from __future__ import annotations

from fhirserver.bulk.hands import Hands
from fhirserver.storage.jobs import Job


def import_part(hands: Hands, job: Job) -> None:
    """Do the next part of an import."""
