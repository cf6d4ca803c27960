"""`fhirserver terminology`: code systems in the formats of those who publish them."""

from __future__ import annotations

from pathlib import Path

import click
from rich.progress import Progress, TextColumn, TimeElapsedColumn

from fhirserver.app import open_engine
from fhirserver.cli.databases import migrated_database
from fhirserver.cli.options import with_settings
from fhirserver.dictionaries.loading import load as load_release
from fhirserver.dictionaries.loading import store_resource
from fhirserver.prescribing.interaction_table import SAMPLE, TITLE, About, concept_map
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


@command.command("load-interactions")
@with_settings()
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--url",
    default=SAMPLE,
    show_default=True,
    help="The address of the table; the one that is there is replaced.",
)
@click.option("--release", "version", help="Its version.")
@click.option("--title", default=TITLE, show_default=True, help="What it is called.")
@click.option("--source", help="What is told as the source of pairs that name none.")
def load_interactions(
    settings: Settings, path: Path, url: str, version: str | None, title: str, source: str | None
) -> None:
    """Load a table of interactions of medicines (CSV) that you are licensed for.

    Its columns are system, code, other_system, other_code, severity (high, moderate, low) and
    explanation; name, other_name, management and source may be added. Without --url it takes the
    place of the sample that comes with the server. A table with a mistake changes nothing.
    """
    with path.open(encoding="utf-8-sig", newline="") as lines:
        table = concept_map(lines, About(url, version, title, source))
    with migrated_database(settings) as (served, database):
        store_resource(open_engine(served, database), table, by=("url",))
    click.echo(f"{table['description']} {url}")


@command.command("list")
@with_settings()
def list_(settings: Settings) -> None:
    """List the code systems whose concepts have been loaded."""
    with migrated_database(settings) as (_, database):
        held = StoredDictionaries(database)
        for url in held.urls():
            for version in sorted(held.versions(url)):
                click.echo(f"{url} {version}")
