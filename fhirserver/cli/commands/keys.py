"""`fhirserver keys`: how the keys stand, rotation, and what a restore needs."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from fhirserver.app import open_keyring
from fhirserver.cli.databases import Open, migrated_database, recorded_database
from fhirserver.cli.options import with_settings
from fhirserver.errors import KeyUnavailable
from fhirserver.keys.keyring import Keyring
from fhirserver.keys.sealer import Sealer
from fhirserver.oauth.signing import Signing
from fhirserver.settings import Settings
from fhirserver.storage import key_export, key_rotation
from fhirserver.storage.keys import KeyTables


@click.group()
def command() -> None:
    """Rotate the keys of sealed data, check them, back them up."""


@contextlib.contextmanager
def _keys(
    settings: Settings, opened: Open = migrated_database
) -> Iterator[tuple[Keyring, KeyTables]]:
    with opened(settings) as (served, database):
        yield open_keyring(served, database), KeyTables(database)


@command.command()
@with_settings()
def status(settings: Settings) -> None:
    """Say which keys there are, and how much is under them."""
    with _keys(settings) as (keyring, tables):
        try:
            click.echo(f"provider {keyring.provider}: {keyring.open(keyring.provider).health()}")
        except KeyUnavailable as error:
            click.echo(f"provider {keyring.provider}: {error}")
        for standing in tables.standing():
            key = standing.key
            click.echo(
                f"wrapping key {key.id} of {standing.made:%Y-%m-%d}, under {key.provider} "
                f"{key.wrapped.version}: {standing.data_keys} data keys"
            )
        click.echo(f"{tables.destroyed()} data keys destroyed")


@command.command()
@with_settings()
def rotate(settings: Settings) -> None:
    """Make a new master key and wrap all data keys anew; servers may run meanwhile.

    An interrupted rotation is finished by the next one. The old master key stays until
    `fhirserver keys retire`.
    """
    with _keys(settings, recorded_database) as (keyring, tables):
        if not key_rotation.begun(keyring, tables):
            click.echo("finishing the rotation that was interrupted")
        count = sum(key_rotation.rewrap(keyring, tables))
        newest = tables.standing()[0].key
        click.echo(f"{count} data keys are now under {newest.provider} {newest.wrapped.version}")


@command.command()
@with_settings()
@click.option("--yes", is_flag=True, help="Don't ask.")
def retire(settings: Settings, yes: bool) -> None:
    """Destroy the old versions of the master key that nothing needs any more.

    What was erased can then not be read in older backups either. Everything else in these needs
    the keys of today: export them first.
    """
    with _keys(settings, recorded_database) as (keyring, tables):
        if not yes:
            click.confirm("Older backups will need an export of today's keys. Go on?", abort=True)
        removed, versions = key_rotation.retire(keyring, tables)
        gone = f", and of the master key {', '.join(versions)}" if versions else ""
        click.echo(f"{removed} wrapping keys are gone{gone}")


@command.command()
@with_settings()
def check(settings: Settings) -> None:
    """Open every key; ends with 1 when one can't be opened."""
    with _keys(settings) as (keyring, tables):
        click.echo(f"ok    provider {keyring.open(keyring.provider).health()}")
        opened = 0
        failed: list[str] = []
        for rows in tables.all_data_keys():
            for row in rows:
                if row.wrapped is None:
                    continue
                try:
                    keyring.unwrapped(row)
                    opened += 1
                except KeyUnavailable as error:
                    failed.append(str(error))
        click.echo(f"ok    {opened} data keys can be opened")
        for text in dict.fromkeys(failed):
            click.echo(f"FAIL  {text}")
        if failed:
            click.echo(f"\n{len(failed)} data keys can't be opened")
            sys.exit(1)


@command.command(name="export")
@with_settings()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def export_(settings: Settings, file: Path) -> None:
    """Write all wrapped keys to FILE, to be kept apart from the database's backups."""
    with _keys(settings, recorded_database) as (_, tables):
        opened = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(opened, "w", encoding="utf-8") as target:
            target.write(key_export.exported(tables))
        click.echo(f"the keys are in {file}; the master key isn't: keep it elsewhere")


@command.command(name="import")
@with_settings()
@click.argument("file", type=click.Path(exists=True, path_type=Path, dir_okay=False))
def import_(settings: Settings, file: Path) -> None:
    """Take the keys of an export in, after a restore; what was destroyed stays destroyed."""
    with _keys(settings, recorded_database) as (_, tables):
        count = key_export.imported(tables, file.read_text("utf-8"))
        click.echo(f"{count} data keys taken in: restart the servers")


@command.command("rotate-signing")
@with_settings()
@click.option("--forget-old", is_flag=True, help="At once, as when a key has leaked.")
def rotate_signing(settings: Settings, forget_old: bool) -> None:
    """Sign id_tokens with a new key; the one before can be verified with for another day."""
    with recorded_database(settings) as (served, database):
        signing = Signing(database, Sealer(open_keyring(served, database)))
        click.echo(f"signing key {signing.rotate(forget_old=forget_old)}")
