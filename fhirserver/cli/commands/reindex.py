"""`fhirserver reindex`: bring the index in step with search parameters that were added."""

from __future__ import annotations

import click
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from fhirserver.app import open_engine
from fhirserver.cli.databases import migrated_database
from fhirserver.cli.options import with_settings
from fhirserver.errors import Invalid
from fhirserver.interactions.relations import rebuild
from fhirserver.settings import Settings
from fhirserver.storage.reindex import work
from fhirserver.storage.reindex_jobs import open_jobs, start

SECONDS = 1.0


@click.command()
@with_settings()
@click.argument("types", nargs=-1)
def command(settings: Settings, types: tuple[str, ...]) -> None:
    """Do what is left to reindex; with TYPES, these types from the beginning as well.

    Who cares for whom, and what consents say, is made anew from all that is stored.

    A search parameter that was added answers when its index is complete. May be stopped, or
    killed, and started again; the server goes on meanwhile.
    """
    with migrated_database(settings) as (served, database):
        context = open_engine(served, database).own_context
        unknown = [t for t in types if not context.definitions.is_resource(t)]
        if unknown:
            raise Invalid(f"there is no resource type {unknown[0][:64]!r} in FHIR R4")
        if types:
            start(database, sorted(set(types)), "fhirserver reindex")
        with Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TimeElapsedColumn(),
            transient=True,
        ) as progress:
            task = progress.add_task("reindexing", total=None)
            while not work(context.store, seconds=SECONDS):
                jobs = open_jobs(database)
                totals = [j.total for j in jobs]
                progress.update(
                    task,
                    completed=sum(j.done for j in jobs),
                    total=None if None in totals else sum(t or 0 for t in totals),
                )
        rebuild(context.store, context.site)
    click.echo("the index is complete")
