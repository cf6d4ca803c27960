"""From settings to the record of instances."""

from __future__ import annotations

from fhirserver.instances.record import Instances
from fhirserver.keys import opening
from fhirserver.objects import open_files
from fhirserver.settings import Settings
from fhirserver.storage.database import Database
from fhirserver.storage.keys import KeyTables


def open_instances(settings: Settings, database: Database) -> Instances:
    """The record of a server on this database."""
    return Instances(
        database,
        opening.keyring(settings, KeyTables(database)),
        open_files(settings, "dicom"),
        free_bytes=settings.dicom_free_bytes,
        quota_bytes=settings.dicom_quota_bytes,
    )
