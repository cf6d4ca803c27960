"""Messages that are put into a folder."""

from __future__ import annotations

from pathlib import Path

from fhirserver import ids
from fhirserver.messages import Messages
from fhirserver.storage.database import Database
from hl7v2_gateway.intake import Directory, Intake
from hl7v2_gateway.listening.folder import Folder
from tests.hl7v2_gateway.v2 import a_message


def a_folder(messages: Messages, path: Path, settled: float = 0) -> Folder:
    intake = Intake(messages, Directory(lambda _: []), is_open=True)
    return Folder(path, intake.take, most=1_000_000, settled_seconds=settled)


def test_a_batch_is_taken_in_and_its_answers_lie_beside_it(
    messages: Messages, database: Database, tmp_path: Path
) -> None:
    control = ids.new()[-20:]
    content = b"BHS|^~\\&\r" + a_message(control=control) + a_message() + b"BTS|2\r"
    (tmp_path / "a.hl7").write_bytes(content)

    assert a_folder(messages, tmp_path).look() == 1
    assert (tmp_path / "done/a.hl7").read_bytes() == content
    assert (tmp_path / "done/a.hl7.ack").read_bytes().count(b"MSA|AA|") == 2
    assert not (tmp_path / "a.hl7").exists()
    rows = database.read("SELECT source, address FROM hl7v2.message WHERE control = %s", (control,))
    assert rows == [("file", "a.hl7")]


def test_a_bad_message_does_not_keep_the_others_out(messages: Messages, tmp_path: Path) -> None:
    (tmp_path / "a.hl7").write_bytes(a_message(version="9.9") + a_message())
    (tmp_path / "b.hl7").write_bytes(b"nothing")
    (tmp_path / "c.hl7").write_bytes(b"BHS|^~\\&\r" + a_message() + b"BTS|3\r")

    a_folder(messages, tmp_path).look()

    answers = (tmp_path / "failed/a.hl7.ack").read_bytes()
    assert (answers.count(b"MSA|AR|"), answers.count(b"MSA|AA|")) == (1, 1)
    assert (tmp_path / "failed/b.hl7.ack").read_bytes() == b"# the file holds no message\r"
    assert b"BTS-1 says 3" in (tmp_path / "failed/c.hl7.ack").read_bytes()


def test_a_file_that_is_taken_in_twice_has_one_effect(
    messages: Messages, database: Database, tmp_path: Path
) -> None:
    control = ids.new()[-20:]
    folder = a_folder(messages, tmp_path)
    for _ in range(2):
        (tmp_path / "a.hl7").write_bytes(a_message(control=control))
        folder.look()

    rows = database.read("SELECT count(*) FROM hl7v2.message WHERE control = %s", (control,))
    assert rows == [(1,)]
    assert (tmp_path / "done/a-1.hl7").exists()


def test_a_file_that_is_still_written_and_a_link_are_left_alone(
    messages: Messages, tmp_path: Path
) -> None:
    (tmp_path / "a.hl7").write_bytes(a_message())
    (tmp_path / "link.hl7").symlink_to("/etc/passwd")
    (tmp_path / "a.tmp").write_bytes(a_message())

    assert a_folder(messages, tmp_path, settled=600).look() == 0
    assert (tmp_path / "a.hl7").exists()


def test_a_file_that_can_not_be_taken_in_does_not_keep_the_others_out(
    messages: Messages, tmp_path: Path
) -> None:
    (tmp_path / "a.hl7").write_bytes(a_message(control="unlucky"))
    (tmp_path / "b.hl7").write_bytes(a_message())
    intake = Intake(messages, Directory(lambda _: []), is_open=True)

    def take(batch):
        if b"unlucky" in batch[0].raw:
            raise ValueError("nobody has thought of that")
        return intake.take(batch)

    folder = Folder(tmp_path, take, most=1_000_000, settled_seconds=0)

    assert folder.look() == 1
    assert (tmp_path / "done/b.hl7").exists()
    assert (tmp_path / "a.hl7").exists()
