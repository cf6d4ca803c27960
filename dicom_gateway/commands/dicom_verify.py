"""`fhirserver dicom-verify`: are the instances that are kept still what was received?"""

from __future__ import annotations

import sys
from collections.abc import Iterator

import click

from fhirserver.cli.databases import migrated_database
from fhirserver.cli.options import with_settings
from fhirserver.errors import NotFound
from fhirserver.instances import Condition, InstanceRow, Instances, Wanted, open_instances
from fhirserver.settings import Settings


@click.command()
@with_settings()
@click.option("--study", default=None, help="Only this one: its Study Instance UID.")
def command(settings: Settings, study: str | None) -> None:
    """Read every instance from the disk, and hash it again.

    A line tells of each that is damaged or missing: its condition, the SOP Instance UID, and its
    file. The status is 1 when there is one. It reads all files, and may take hours.
    """
    with migrated_database(settings) as (served, database):
        instances = open_instances(served, database)
        if study is not None and instances.study(study) is None:
            raise NotFound("there is no such study: give its Study Instance UID")
        checked = bad = 0
        for condition, uid, file in verified(instances, study):
            checked += 1
            if condition != "whole":
                bad += 1
                click.echo(f"{condition} {uid} {file}")
    click.echo(f"{checked} instances checked, {bad} of them damaged or missing")
    if bad:
        sys.exit(1)


def verified(
    instances: Instances, study: str | None = None
) -> Iterator[tuple[Condition, str, str]]:
    """In what condition each is, with its UID and its file; what is or was in conflict, too."""
    for row in _rows(instances, study):
        yield instances.check(row), row.uid, row.object.hex
    after = 0
    while some := instances.conflicts(study, only_open=False, after=after):
        for conflict in some:
            yield instances.check(conflict), conflict.uid, conflict.object.hex
        after = some[-1].number


def _rows(instances: Instances, study: str | None) -> Iterator[InstanceRow]:
    if study is None:
        yield from instances.all_instances()
    else:
        yield from instances.instances(Wanted(studies=[study]))
