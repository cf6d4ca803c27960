"""`fhirserver dicom-export`."""

from __future__ import annotations

import pydicom
import pytest
from click.testing import CliRunner

from dicom_gateway.datasets import facts, file_head
from fhirserver.app import open_keyring
from fhirserver.cli import main
from fhirserver.instances import Arrival, Instances
from fhirserver.objects import Folder
from fhirserver.settings import Settings
from tests.dicom_gateway.written import EXPLICIT, a_dataset, element
from tests.instances.arriving import uid


@pytest.fixture
def settings(tmp_path, database_url, monkeypatch):
    keys = Settings().data_dir / "keys/master.keys"
    monkeypatch.setenv("FHIRSERVER_DATABASE_URL", database_url)
    monkeypatch.setenv("FHIRSERVER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("FHIRSERVER_KEY_FILE", str(keys))
    return Settings(data_dir=tmp_path / "data", database_url=database_url, key_file=keys)


@pytest.fixture
def record(settings, database):
    return Instances(
        database, open_keyring(settings, database), Folder(settings.data_dir / "dicom", 4)
    )


@pytest.fixture
def kept(record):
    """Keeps a CT slice of Jane Doe in a study of its own; the study."""

    def keep(*more, modality="CT"):
        study, own = uid(), uid()
        dataset = a_dataset(
            element(0x00080018, "UI", own), element(0x0020000D, "UI", study), element(0x0020000E, "UI", uid()),
            element(0x00080060, "CS", modality), *more,
            without=(0x00080018, 0x0020000D, 0x0020000E, 0x00080060),
        )  # fmt: skip
        known = facts(dataset, EXPLICIT, complete=True)
        upload = record.begin()
        upload.write(file_head(known))
        upload.dataset_begins()
        upload.write(dataset)
        upload.close()
        record.keep([Arrival(upload, known, sender="ct-1", caller="CT1")])
        return study

    return keep


@pytest.fixture
def run(settings, tmp_path):
    def call(*arguments, folder="out"):
        fixed = ["--to", str(tmp_path / folder), "--secret", str(tmp_path / "secret")]
        return CliRunner().invoke(main, ["dicom-export", *arguments, *fixed])

    return call


def files(folder):
    return [pydicom.dcmread(path) for path in sorted(folder.rglob("*.dcm"))]


def test_a_study_is_written_without_its_patient(run, kept, tmp_path):
    study = kept()

    done = run(study, "--dates", "moved")

    assert (done.exit_code, done.output) == (0, "1 written\n")
    (written,) = files(tmp_path / "out")
    assert written.PatientIdentityRemoved == "YES"
    assert str(written.PatientName).startswith("P-")
    assert [c.CodeValue for c in written.DeidentificationMethodCodeSequence] == ["113100", "113107"]
    assert written.StudyInstanceUID != study
    for path in (tmp_path / "out").rglob("*"):
        assert study not in str(path)
        assert path.is_dir() or (
            b"Doe" not in path.read_bytes() and study.encode() not in path.read_bytes()
        )


def test_one_secret_gives_the_same_pseudonyms_again(run, kept, tmp_path):
    first, second = kept(), kept()

    run(first, folder="one")
    run(second, folder="two")

    ((one,), (two,)) = files(tmp_path / "one"), files(tmp_path / "two")
    assert one.PatientID == two.PatientID
    assert one.StudyInstanceUID != two.StudyInstanceUID
    assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o600


def test_pictures_with_names_in_them_are_left_out_unless_asked_for(run, kept, tmp_path):
    study, ultrasound = kept(element(0x00280301, "CS", "YES")), kept(modality="US")

    done = run(study, ultrasound)
    again = run(study, ultrasound, "--with-suspect-pixels", folder="all")

    assert done.output == "2 left out: names may be burned into the pixels\n"
    assert not files(tmp_path / "out")
    assert again.output == "2 written\n"


def test_documents_are_left_out(run, kept):
    assert run(kept(element(0x00420011, "OB", b"%PDF-1.7 Doe"))).output == (
        "1 left out: documents, which can't be de-identified\n"
    )


def test_nothing_is_written_into_a_folder_that_is_not_empty(run, kept, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").touch()

    done = run(kept())

    assert done.exit_code != 0
    assert "isn't empty" in done.output


def test_a_study_that_is_not_there_is_named(run):
    done = run("1.2.3.9")

    assert done.exit_code != 0
    assert "there is no study 1.2.3.9" in done.output


def test_a_short_secret_is_refused(run, kept, tmp_path):
    (tmp_path / "secret").write_bytes(b"short")

    assert "32 random bytes" in run(kept()).output
