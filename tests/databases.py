"""Databases that only some tests use, on the server that all use."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from fhirserver.storage import migrate


@contextmanager
def a_database(server_url: str, name: str) -> Iterator[str]:
    """The address of a migrated database, which is gone when the block ends."""
    url = server_url.replace("/fhirserver?", f"/{name}?")
    assert url != server_url
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        connection.execute(f'CREATE DATABASE "{name}"')
        migrate.upgrade(url)
        yield url
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
