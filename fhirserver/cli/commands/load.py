"""`fhirserver load`: files, folders and archives of FHIR resources into the database."""

from __future__ import annotations

import contextlib
import json
import sys
from pathlib import Path

import click

from fhirserver import embedded
from fhirserver.cli.options import with_settings
from fhirserver.loader.demo_hospital import load_demo
from fhirserver.loader.loading import Stopped
from fhirserver.loader.loading import load as load_all
from fhirserver.loader.summary import Summary
from fhirserver.settings import Settings
from fhirserver.storage import migrate


@click.command()
@with_settings()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--demo", is_flag=True, help="Load the demo hospital, if it isn't there.")
@click.option("--jobs", type=click.IntRange(1, 64), help="Worker processes [one for each core].")
@click.option("--again", is_flag=True, help="Load also what was loaded before.")
@click.option("--report", type=click.Path(path_type=Path), help="Write the summary there as JSON.")
def command(
    settings: Settings,
    paths: tuple[Path, ...],
    demo: bool,
    jobs: int | None,
    again: bool,
    report: Path | None,
) -> None:
    """Load resources from files, folders and archives.

    Takes JSON, NDJSON, zip and tar, also compressed: Bundles of every type, single resources, FHIR
    packages. A transaction Bundle is stored as a whole or not at all. A load that was stopped, or
    killed, is simply started again. Ends with 1 when anything was refused.
    """
    if not paths and not demo:
        raise click.UsageError("name the files and folders to load, or --demo")
    with contextlib.ExitStack() as stack:
        # Before the work, so that a report that can't be written is known of at once.
        target = None if report is None else stack.enter_context(report.open("w"))
        served = stack.enter_context(embedded.services(settings))
        assert served.database_url is not None
        migrate.upgrade(served.database_url)
        stopped: Stopped | None = None
        try:
            summary = load_all(served, paths, jobs=jobs, is_again=again) if paths else Summary()
            if demo and (loaded := load_demo(served, jobs=jobs)) is not None:
                summary = loaded
            elif demo:
                click.echo("the demo hospital is there already")
        except Stopped as error:
            summary, stopped = error.summary, error
        _tell(summary)
        if target is not None:
            json.dump(summary.report(), target, indent=2, ensure_ascii=False)
    if stopped is not None:
        raise click.ClickException(f"{stopped}: run the same command again to go on")
    if summary.refused:
        sys.exit(1)


def _tell(summary: Summary) -> None:
    for line in summary.lines():
        click.echo(line)
