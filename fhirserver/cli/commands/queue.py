"""`fhirserver queue`: what is to be done, what was given up, and how to try that again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import click

from fhirserver import clock, queues
from fhirserver.cli.databases import migrated_database, recorded_database
from fhirserver.cli.options import with_settings
from fhirserver.errors import Invalid
from fhirserver.settings import Settings


@click.group()
def command() -> None:
    """Look at the queues of the server, and revive what was given up."""


@command.command("list")
@with_settings()
def list_(settings: Settings) -> None:
    """Say how far behind each reader of the change log is, and how each topic stands."""
    with migrated_database(settings) as (_, database):
        readers = [(r.name, r.changes, _age(r.since)) for r in queues.behind(database)]
        topics = [
            (t.topic, t.waiting, _age(t.since), t.dead, t.reason) for t in queues.standing(database)
        ]
    _table(("reader", "changes behind", "oldest"), readers)
    click.echo()
    _table(("topic", "waiting", "oldest due", "dead", "latest reason"), topics)


@command.command()
@with_settings()
@click.option("--topic", default=None, help="Only of this topic.")
@click.option("--limit", default=100, show_default=True, help="How many at most.")
def dead(settings: Settings, topic: str | None, limit: int) -> None:
    """List what was given up, the latest first, with the reason."""
    with migrated_database(settings) as (_, database):
        items = queues.dead(database, topic=topic, limit=limit)
    rows = [
        (i.id, i.topic, i.lane, f"{i.dead:%Y-%m-%d %H:%M:%S}", i.attempts, i.reason) for i in items
    ]
    _table(("id", "topic", "lane", "given up (UTC)", "attempts", "reason"), rows)


@command.command()
@with_settings()
@click.option("--topic", default=None, help="All of this topic.")
@click.argument("ids", nargs=-1, type=int)
def revive(settings: Settings, topic: str | None, ids: tuple[int, ...]) -> None:
    """Let items with these IDS, or all of a topic, be tried again from the beginning.

    They come in the place of their lane that they had: before what was added later.
    """
    if topic is None and not ids:
        raise Invalid("say which: --topic TOPIC, or ids that `fhirserver queue dead` lists")
    about = " ".join(filter(None, (topic, *map(str, ids))))
    with recorded_database(settings, about) as (_, database):
        count = queues.revive(database, topic=topic, ids=ids)
    click.echo(f"{count} revived")


def _age(since: datetime | None) -> str:
    """How long ago, in words as short as they get."""
    if since is None:
        return "-"
    seconds = max(0, int((clock.now() - since).total_seconds()))
    hours, minutes = seconds // 3600, seconds // 60 % 60
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {seconds % 60} s"


def _table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Columns that are as wide as what they hold."""
    lines = [tuple(head), *(tuple(map(str, row)) for row in rows)]
    widths = [max(len(line[n]) for line in lines) for n in range(len(head))]
    for line in lines:
        click.echo("  ".join(map(str.ljust, line, widths)).rstrip())
