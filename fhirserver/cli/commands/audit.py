"""`fhirserver audit`: the seals of the audit trail."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import click

from fhirserver.app import open_keyring
from fhirserver.audit.chain import ChainKeys, chain_keys
from fhirserver.audit.recorder import FOLDER
from fhirserver.audit.refused import refused
from fhirserver.audit.sealing import seal as seal_events
from fhirserver.audit.verifying import verify as verify_chain
from fhirserver.cli.databases import migrated_database
from fhirserver.cli.options import with_settings
from fhirserver.errors import Invalid
from fhirserver.keys.sealer import Sealer
from fhirserver.model import json
from fhirserver.search.site import site_of
from fhirserver.settings import Settings
from fhirserver.storage.audit_seals import Signed, last_checkpoint
from fhirserver.storage.database import Database


@click.group()
def command() -> None:
    """Seal the audit trail, or check that nobody has changed it."""


@contextmanager
def _chain(settings: Settings) -> Iterator[tuple[Database, ChainKeys]]:
    with migrated_database(settings) as (served, database):
        yield database, chain_keys(database, Sealer(open_keyring(served, database)))


@command.command()
@with_settings()
def seal(settings: Settings) -> None:
    """Seal the events that have come; the worker does it every few seconds."""
    with _chain(settings) as (database, keys):
        count = seal_events(database, keys, wait=True)
    click.echo(f"{count:,} events were sealed")


@command.command()
@with_settings()
@click.option(
    "--checkpoint",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A checkpoint that was kept elsewhere: the chain must still lead to it.",
)
@click.option("--fast", is_flag=True, help="Leave out whether each event can still be found.")
def verify(settings: Settings, checkpoint: Path | None, *, fast: bool) -> None:
    """Check every seal; ends with 1 at the first event that isn't as it was sealed.

    It does so too when the database has refused events, which then lie in files.
    """
    kept = None if checkpoint is None else _read(checkpoint)
    site = None if fast else site_of(settings)
    with _chain(settings) as (database, keys):
        verdict = verify_chain(database, keys, site=site, kept=kept)
    for path in (aside := refused(settings.data_dir / FOLDER)):
        click.echo(f"the database refused the event in {path}: tell us, and keep the file")
    if verdict.finding is None:
        span = f" ({verdict.first:,} to {verdict.last:,})" if verdict.checked else ""
        click.echo(f"{verdict.checked:,} events are as they were sealed{span}")
        sys.exit(1 if aside else 0)
    finding = verdict.finding
    which = "" if finding.id is None else f", AuditEvent/{finding.id}"
    click.echo(f"{finding.trouble} at {finding.seq:,}{which}: {finding.text}")
    click.echo(f"the {verdict.checked:,} events before it are as they were sealed")
    sys.exit(1)


@command.command()
@with_settings()
def checkpoint(settings: Settings) -> None:
    """Print the last signed checkpoint: keep it where nobody of this machine can change it."""
    with _chain(settings) as (database, _):
        last = last_checkpoint(database)
    if last is None:
        raise click.ClickException("there is no checkpoint yet: `fhirserver audit seal` makes one")
    made = {"statement": last.statement, "signature": last.signature.hex()}
    click.echo(json.dump(made, pretty=True).decode())


@command.command()
@with_settings()
def key(settings: Settings) -> None:
    """Print the public key of the checkpoints, as PEM."""
    with _chain(settings) as (_, keys):
        click.echo(keys.public_text, nl=False)


def _read(path: Path) -> Signed:
    try:
        content = json.parse_object(path.read_bytes())
        said = json.parse_object(content["statement"].encode())
        made = datetime.fromisoformat(said["made"])
        signature = bytes.fromhex(content["signature"])
        return Signed(int(said["seq"]), b"", made, content["statement"], signature)
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise Invalid(f"{path.name} is no checkpoint of `fhirserver audit checkpoint`") from error
