"""The numbers by which one sees that what is remembered is out of date.

Nearly every request asks for two of them, whether rights have changed (epoch.py) and whether
conformance resources have (conformance.py), so that one statement reads both.
"""

from __future__ import annotations

from typing import Final

from fhirserver.storage.database import Database

_NUMBERS: Final = (
    "SELECT (SELECT number FROM access.epoch), "
    "(SELECT string_agg(number::text, ',' ORDER BY slot) FROM fhir.conformance_change)"
)


def of_rights(database: Database) -> int:
    """The number that grows when who may do what changes."""
    return int(database.row(_NUMBERS)[0])


def of_conformance(database: Database) -> str:
    """The text that is another one after every change to a conformance resource."""
    return database.row(_NUMBERS)[1]
