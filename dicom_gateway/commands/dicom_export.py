"""`fhirserver dicom-export`: studies without their patients, for teaching and research."""

from __future__ import annotations

import secrets
from collections import Counter
from pathlib import Path
from typing import Final

import click

from dicom_gateway.datasets import Unreadable, facts, file_head
from dicom_gateway.deidentifying import Dates, Options, Pseudonyms, Unsuitable, deidentify
from dicom_gateway.deidentifying.exporting import is_suspect
from dicom_gateway.operating.on_record import of_studies
from fhirserver import clock, ids
from fhirserver.audit.commands import record_export
from fhirserver.audit.event import Caller, DicomStudy, Event
from fhirserver.cli.databases import recorded_database
from fhirserver.cli.options import with_settings
from fhirserver.errors import Invalid
from fhirserver.instances import InstanceRow, Instances, Wanted, open_instances
from fhirserver.queues import Database
from fhirserver.search.site import site_of
from fhirserver.settings import Settings

LARGEST: Final = 1 << 30
_DATES: Final = {"removed": Dates.REMOVED, "moved": Dates.MODIFIED, "kept": Dates.KEPT}


@click.command()
@with_settings()
@click.argument("studies", nargs=-1, required=True)
@click.option(
    "--to", "folder", required=True, type=click.Path(path_type=Path), help="A new folder."
)
@click.option(
    "--secret",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="The project's secret, a file; made if it isn't there. The same file gives the same "
    "pseudonyms; whoever has it can recognize patients.",
)
@click.option(
    "--dates", default="removed", show_default=True, type=click.Choice(sorted(_DATES)),
    help="What becomes of dates; moved ones keep their intervals.",
)  # fmt: skip
@click.option("--keep-uids", is_flag=True, help="Keep UIDs.")
@click.option("--keep-characteristics", is_flag=True, help="Keep sex, age, size and weight.")
@click.option("--keep-device", is_flag=True, help="Keep which device it was.")
@click.option("--keep-institution", is_flag=True, help="Keep which institution it was.")
@click.option("--keep-safe-private", is_flag=True, help="Keep private attributes known to be safe.")
@click.option("--clean-descriptors", is_flag=True, help="Keep descriptions, cleaned.")
@click.option("--with-suspect-pixels", is_flag=True, help="Also what may have names in its pixels.")
def command(
    settings: Settings,
    studies: tuple[str, ...],
    folder: Path,
    secret: Path,
    dates: str,
    with_suspect_pixels: bool,
    **kept: bool,
) -> None:
    """Write STUDIES (Study Instance UIDs) as DICOM files, de-identified by PS3.15's basic profile.

    Pixels aren't changed: instances that may have names in them are left out, and counted.
    """
    if folder.exists() and any(folder.iterdir()):
        raise Invalid(f"{folder} isn't empty: name a new folder")
    pseudonyms = Pseudonyms(_secret(secret))
    options = Options(dates=_DATES[dates], **kept)
    with recorded_database(settings, " ".join(studies)) as (served, database):
        record = open_instances(served, database)
        done: Counter[str] = Counter()
        for study in studies:
            found = record.instances(Wanted(studies=[study]))
            if not found:
                raise Invalid(f"there is no study {study}")
            _record(served, database, found)
            for instance in found:
                outcome = _export(
                    record, instance, folder, pseudonyms, options, with_suspect_pixels
                )
                done[outcome] += 1
    for outcome, count in sorted(done.items()):
        click.echo(f"{count} {outcome}")


def _record(settings: Settings, database: Database, found: list[InstanceRow]) -> None:
    """Raises Unavailable when it can't be put on record."""
    study = found[0].study
    classes = tuple(dict.fromkeys(i.sop_class for i in found))
    event = Event(
        ids.new(),
        int(clock.now().timestamp() * 1000),
        "dicom-export",
        "R",
        Caller(),
        operation="cli-dicom-export",
    )
    counts = {study.uid: DicomStudy(study.uid, len(found), classes)}
    about = of_studies(event, "dicom-export", "R", [study], counts)
    record_export(database, site_of(settings), "dicom-export", about)


def _secret(path: Path) -> bytes:
    """The project's secret; a new one where the file isn't there, readable for its owner only."""
    if not path.exists():
        path.touch(mode=0o600)
        path.write_bytes(secrets.token_bytes(32))
    found = path.read_bytes()
    if len(found) < 32:
        raise Invalid(f"{path} is no secret: it must have 32 random bytes at least")
    return found


def _export(
    record: Instances,
    instance: InstanceRow,
    folder: Path,
    pseudonyms: Pseudonyms,
    options: Options,
    with_suspect_pixels: bool,
) -> str:
    """Write one instance, and say what was done with it. No UID from outside becomes a name."""
    if instance.size > LARGEST:
        return "left out: larger than 1 GB"
    dataset = b"".join(record.read(instance, instance.dataset_at))
    try:
        done = deidentify(dataset, instance.transfer_syntax, pseudonyms, options)
        found = facts(done.dataset, done.transfer_syntax, complete=True)
    except Unsuitable:
        return "left out: documents, which can't be de-identified"
    except Unreadable:
        return "left out: unreadable"
    modality = str(found.keys.get("00080060", {}).get("Value", [""])[0])
    if is_suspect(done.report, modality) and not with_suspect_pixels:
        return "left out: names may be burned into the pixels"
    place = folder / pseudonyms.uid(instance.study.uid) / pseudonyms.uid(instance.series.uid)
    place.mkdir(parents=True, exist_ok=True)
    path = place / f"{pseudonyms.uid(instance.uid)}.dcm"
    path.write_bytes(file_head(found) + done.dataset)
    return "written"
