"""The ceiling: what the database alone does, measured in a real PostgreSQL."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from conformance.performance import ceiling, cpu
from fhirserver import embedded


def test_ceiling_copies_the_largest_table_and_leaves_nothing(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder: Path = tmp_path_factory.mktemp("pg")
    with embedded.postgres(folder) as url, psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE small (n int)")
        connection.execute("CREATE TABLE large (key int8 PRIMARY KEY, body jsonb)")
        connection.execute(
            'INSERT INTO large SELECT n, \'{"resourceType": "Patient"}\' FROM generate_series(1, 900) n'
        )

        found = ceiling.ceiling(url, clients=2, seconds=1, rows=700)

        schemas = connection.execute(
            "SELECT count(*) FROM pg_namespace WHERE nspname = %s", (ceiling.SCHEMA,)
        ).fetchone()
        assert cpu.postmaster_of(connection.info.backend_pid)
        assert "public.large" in [table["table"] for table in ceiling.size(url).tables]
    assert (found["table"], found["rows"]) == ("public.large", 700)
    assert found["COPY rows/s without indexes"] > 0
    assert found["COPY rows/s with its indexes"] > 0
    assert found["reads/s"] > 0
    assert schemas == (0,)
