"""`fhirserver package`: FHIR packages, such as national guides."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import click

from fhirserver.access.principal import Principal
from fhirserver.access.scopes import scopes
from fhirserver.app import open_engine
from fhirserver.cli.databases import migrated_database
from fhirserver.cli.options import with_settings
from fhirserver.errors import FhirError
from fhirserver.interactions.context import Context
from fhirserver.packages.contents import Package, read
from fhirserver.packages.installing import Report
from fhirserver.packages.installing import install as install_all
from fhirserver.packages.records import records
from fhirserver.settings import Settings

# Of each kind of remark; --verbose shows all.
MOST_SHOWN: Final = 10


@click.group()
def command() -> None:
    """Install FHIR packages, or see which there are."""


@command.command()
@with_settings()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--examples", is_flag=True, help="Store the examples of the packages, too.")
@click.option(
    "--leave-out-broken", is_flag=True, help="Install without the resources that are invalid."
)
@click.option("--verbose", is_flag=True, help="Name everything that is missing.")
def install(
    settings: Settings,
    files: tuple[Path, ...],
    *,
    examples: bool,
    leave_out_broken: bool,
    verbose: bool,
) -> None:
    """Install FHIR packages (.tgz): all that are named, or nothing.

    Profiles, extensions, value sets, code systems, search parameters and other definitions become
    resources of the server, beside other versions of the same package. Says what they need that
    isn't there. A package that is installed already is brought up to date.
    """
    packages = [_read(file, examples=examples) for file in files]
    with _context(settings) as ctx:
        principal = Principal("fhirserver package install", scopes("system/*.cruds"))
        report = install_all(
            ctx, principal, packages, leave_out_broken=leave_out_broken, tell=click.echo
        )
    for line in _lines(report, None if verbose else MOST_SHOWN):
        click.echo(line)


@command.command("list")
@with_settings()
def list_(settings: Settings) -> None:
    """List the packages that are installed."""
    with _context(settings) as ctx:
        found = records(ctx.store)
    click.echo("hl7.fhir.r4.core  4.0.1  comes with the server")
    for record in found:
        when = record.installed.strftime("%Y-%m-%d")
        click.echo(f"{record.name}  {record.version}  installed {when}  {record.title}")


def _read(file: Path, *, examples: bool) -> Package:
    try:
        return read(file, examples=examples)
    except FhirError as error:
        raise type(error)(f"{file.name}: {error}") from error


@contextmanager
def _context(settings: Settings) -> Iterator[Context]:
    with migrated_database(settings) as (served, database):
        yield open_engine(served, database).own_context


def _lines(report: Report, most: int | None) -> Iterator[str]:
    types = ", ".join(f"{count} {name}" for name, count in report.types.items())
    yield f"installed {', '.join(report.packages)}: {types}"
    yield (
        f"{report.created} created, {report.updated} updated, {report.unchanged} unchanged; "
        f"{report.snapshots} snapshots generated"
    )
    yield from _listed("search parameter", report.parameters.in_force, most)
    yield from _listed("search parameter that can't be used", report.parameters.unusable, most)
    yield from _listed("missing package", report.missing, most)
    yield from _listed("missing definition", report.absent, most)
    yield from _listed("not met", report.unmet, most)
    yield from _listed("problem", report.problems, most)
    yield from _listed("left out", report.left_out, most)


def _listed(what: str, items: Sequence[object], most: int | None) -> Iterator[str]:
    for item in items[:most]:
        yield f"{what}: {item}"
    if most is not None and len(items) > most:
        yield f"{what}: and {len(items) - most} more (--verbose names them)"
