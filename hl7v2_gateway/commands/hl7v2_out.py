"""`fhirserver hl7v2-out`: what was sent to receivers of HL7 v2 messages, and what is to be done."""

from __future__ import annotations

from typing import Final

import click

from fhirserver.app import open_keyring
from fhirserver.cli.databases import migrated_database, recorded_database
from fhirserver.cli.options import with_settings
from fhirserver.errors import Invalid
from fhirserver.sent_messages import Head, SentMessages
from fhirserver.settings import Settings

_COLUMNS: Final = ("id", "receiver", "event", "about", "state", "attempts", "made (UTC)", "why")


@click.group()
def command() -> None:
    """Look at the HL7 v2 messages that go out, send some again, or leave some out."""


@command.command("list")
@with_settings()
@click.option("--receiver", default=None, help="To this one: the id of its Endpoint.")
@click.option(
    "--state",
    multiple=True,
    type=click.Choice(["waiting", "stopped", "accepted", "rejected", "discarded"]),
    help="Only those; several may be given.",
)
@click.option("--control", default=None, help="With this control id (MSH-10).")
@click.option("--about", default=None, help="About this resource, as Encounter/1.")
@click.option("--patient", default=None, help="About this patient: the id.")
@click.option("--limit", default=100, show_default=True, help="How many at most.")
def list_(
    settings: Settings,
    receiver: str | None,
    state: tuple[str, ...],
    control: str | None,
    about: str | None,
    patient: str | None,
    limit: int,
) -> None:
    """List messages, the newest first."""
    with migrated_database(settings) as (served, database):
        heads = SentMessages(database, open_keyring(served, database)).listed(
            receiver=receiver,
            states=state,
            control=control,
            about=about,
            patient=patient,
            limit=limit,
        )
    rows = [_COLUMNS, *(_row(head) for head in heads)]
    widths = [max(len(row[n]) for row in rows) for n in range(len(_COLUMNS))]
    for row in rows:
        click.echo("  ".join(text.ljust(w) for text, w in zip(row, widths, strict=True)).rstrip())


@command.command()
@with_settings()
@click.argument("ids", nargs=-1, type=int, required=True)
def resend(settings: Settings, ids: tuple[int, ...]) -> None:
    """Send messages with these IDS once more, with the bytes and control ids that they had."""
    with recorded_database(settings) as (served, database):
        _done(ids, SentMessages(database, open_keyring(served, database)).again(ids))


@command.command()
@with_settings()
@click.argument("ids", nargs=-1, type=int, required=True)
def discard(settings: Settings, ids: tuple[int, ...]) -> None:
    """Leave out messages that wait, or that their receiver has stopped at."""
    with recorded_database(settings) as (served, database):
        _done(ids, SentMessages(database, open_keyring(served, database)).discard(ids))


def _done(wanted: tuple[int, ...], done: list[int]) -> None:
    click.echo(f"{len(done)} of {len(wanted)}")
    missing = sorted(set(wanted) - set(done))
    if missing:
        raise Invalid(
            f"this can't be done with {', '.join(map(str, missing))}: look at their state"
        )


def _row(head: Head) -> tuple[str, ...]:
    return (
        str(head.id),
        head.receiver,
        head.event,
        f"{head.about}/_history/{head.version}",
        head.state,
        str(head.attempts),
        f"{head.made:%Y-%m-%d %H:%M:%S}",
        head.reason or "",
    )
