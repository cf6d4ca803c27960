"""Who makes which scheduled report: a lease, so that two workers don't make one at a time."""

from __future__ import annotations

from fhirserver.storage.database import Database


def claim(database: Database, key: str, seconds: float) -> bool:
    """Take a report on for so long; False if it is made, or somebody else is at it."""
    return bool(
        database.write(
            "INSERT INTO views.report_run AS r (key, leased_until) "
            "VALUES (%s, now() + make_interval(secs => %s)) "
            "ON CONFLICT (key) DO UPDATE SET leased_until = excluded.leased_until "
            "WHERE r.made IS NULL AND r.leased_until < now() RETURNING key",
            (key, seconds),
        )
    )


def made(database: Database, key: str) -> None:
    """The report is stored."""
    database.write("UPDATE views.report_run SET made = now() WHERE key = %s", (key,))


def release(database: Database, key: str, seconds: float) -> None:
    """It couldn't be made: to be tried again after so long."""
    database.write(
        "UPDATE views.report_run SET leased_until = now() + make_interval(secs => %s) "
        "WHERE key = %s AND made IS NULL",
        (seconds, key),
    )
