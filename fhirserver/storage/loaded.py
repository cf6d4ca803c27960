"""What `fhirserver load` has finished, by SHA-256, so that it can go on where it stopped."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from fhirserver.storage.database import Database


def finished(database: Database, digests: Collection[bytes]) -> dict[bytes, int]:
    """Those among the digests that are on record, each with how many resources it stands for."""
    rows = database.read(
        "SELECT digest, resources FROM fhir.loaded WHERE digest = ANY(%s::bytea[])",
        (list(digests),),
    )
    return {bytes(digest): resources for digest, resources in rows}


def record(database: Database, resources: Mapping[bytes, int]) -> int:
    """Put digests on record, with how many resources each stands for; returns how many were new.

    In a transaction of this thread it is a part of that.
    """
    rows = database.write(
        "INSERT INTO fhir.loaded (digest, resources) "
        "SELECT * FROM unnest(%s::bytea[], %s::int4[]) AS n (digest, resources) ORDER BY 1 "
        "ON CONFLICT DO NOTHING RETURNING 1",
        (list(resources), list(resources.values())),
    )
    return len(rows)
