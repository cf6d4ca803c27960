"""`fhirserver terminology`: code systems in the formats of those who publish them."""

from __future__ import annotations

from pathlib import Path

import click
from rich.progress import Progress, TextColumn, TimeElapsedColumn

from fhirserver.app import open_engine
from fhirserver.cli.databases import migrated_database
from fhirserver.cli.options import with_settings
from fhirserver.dictionaries.loading import load as load_release
from fhirserver.settings import Settings
from fhirserver.storage.dictionaries import StoredDictionaries

_FORMATS = ["cvx", "icd-10-cm", "icd-11-mms", "loinc", "rxnorm", "snomed"]


@click.group()
def command() -> None:
    """Load code systems that you are licensed for, or see what is there."""


@command.command()
@with_settings()
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--format", "form", type=click.Choice(_FORMATS), help="What the release is [found].")
@click.option("--release", "version", help="Its version, where the files don't say it.")
def load(settings: Settings, path: Path, form: str | None, version: str | None) -> None:
    """Load a release: the archive as it was downloaded, its folder, or one file.

    Takes LOINC, SNOMED CT (RF2), RxNorm (RRF), ICD-10-CM (order file), ICD-11 MMS (table) and CVX.
    The version that is there stays in use until the new one is complete; a damaged release
    changes nothing.
    """
    # SNOMED CT takes minutes.
    with (
        migrated_database(settings) as (served, database),
        Progress(TextColumn("{task.description}"), TimeElapsedColumn(), transient=True) as progress,
    ):
        task = progress.add_task(f"reading {path.name}", total=None)
        found = load_release(
            open_engine(served, database),
            path,
            form=form,
            version=version,
            told=lambda n: progress.update(task, description=f"{n:,} concepts"),
        )
    click.echo(f"{found.title} {found.version}: {found.concepts:,} concepts as {found.url}")
    if found.value_sets:
        click.echo(f"{found.value_sets:,} value sets")


@command.command("list")
@with_settings()
def list_(settings: Settings) -> None:
    """List the code systems whose concepts have been loaded."""
    with migrated_database(settings) as (_, database):
        held = StoredDictionaries(database)
        for url in held.urls():
            for version in sorted(held.versions(url)):
                click.echo(f"{url} {version}")
