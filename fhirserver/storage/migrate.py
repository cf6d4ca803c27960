"""Bringing a database up to the newest migration, by one process at a time.

Migrations are additive and may run while an older server works on the same database.
"""

from __future__ import annotations

from pathlib import Path

import sqlalchemy
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from fhirserver.errors import Unavailable
from fhirserver.storage.restored import settle_transactions

_SCRIPTS = Path(__file__).parent / "migrations"
_LOCK = 7_283_910_446


def upgrade(url: str) -> list[str]:
    """Run the migrations that are missing, if any; returns their names."""
    engine = sqlalchemy.create_engine(_for_sqlalchemy(url))
    try:
        with engine.connect() as connection:
            version = connection.exec_driver_sql("SHOW server_version_num").scalar_one()
            if int(str(version)) < 150_000:
                raise Unavailable("PostgreSQL 15 or newer is needed")
            # A migration waits for its turn without limit, but never long for a table.
            connection.exec_driver_sql(f"SELECT pg_advisory_lock({_LOCK})")
            connection.exec_driver_sql("SET lock_timeout = '4s'")
            before = _applied(connection)
            if before is not None and before not in _revisions():
                raise Unavailable("the database is of a newer release: install that one")
            if before != head():
                config = _config()
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
                connection.commit()
            settle_transactions(connection)
            connection.exec_driver_sql(f"SELECT pg_advisory_unlock({_LOCK})")
            connection.commit()
            return [s for s in _revisions() if before is None or s > before]
    except sqlalchemy.exc.OperationalError as error:
        raise Unavailable(f"the database can't be migrated: {error.orig}") from error
    finally:
        engine.dispose()


def head() -> str:
    """The newest migration that this release knows."""
    return _revisions()[-1]


def applied(url: str) -> str | None:
    """The newest migration that the database has; None for an empty one."""
    engine = sqlalchemy.create_engine(_for_sqlalchemy(url))
    try:
        with engine.connect() as connection:
            return _applied(connection)
    finally:
        engine.dispose()


def _applied(connection: sqlalchemy.Connection) -> str | None:
    revision = MigrationContext.configure(connection).get_current_revision()
    connection.rollback()
    return revision


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _revisions() -> list[str]:
    scripts = ScriptDirectory.from_config(_config())
    return sorted(s.revision for s in scripts.walk_revisions())


def _for_sqlalchemy(url: str) -> sqlalchemy.URL:
    parsed = sqlalchemy.make_url(url)
    return parsed.set(drivername="postgresql+psycopg")
