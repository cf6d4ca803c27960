"""The demo's mail server keeps what is sent to it."""

from __future__ import annotations

import email as mails
from dataclasses import replace
from email import policy

import pytest

from conformance.loopback import unused_port
from fhirserver.demo.day import mailbox as of
from fhirserver.sending import email
from fhirserver.settings import Settings

HELLO = email.Email("id-1", "ada@tests.example", "Your appointment", "Grüße\n.\nend")


@pytest.fixture
def heard():
    return []


@pytest.fixture
def box(tmp_path, heard):
    port = unused_port()
    with of.mailbox(port, tmp_path / "mail", lambda to, subject: heard.append((to, subject))):
        yield Settings(smtp_host="127.0.0.1", smtp_port=port, smtp_tls="off")


def kept(folder):
    return [
        mails.message_from_bytes(p.read_bytes(), policy=policy.default)
        for p in sorted(folder.glob("*.eml"))
    ]


def test_a_message_is_a_file_and_is_told(box, heard, tmp_path):
    email.send(box, HELLO)

    (message,) = kept(tmp_path / "mail")
    assert message["To"] == "ada@tests.example"
    assert message.get_content().replace("\r\n", "\n").strip() == "Grüße\n.\nend"
    assert heard == [("ada@tests.example", "Your appointment")]


def test_only_the_newest_messages_are_kept(box, tmp_path, monkeypatch):
    monkeypatch.setattr(of, "KEPT", 2)
    for number in range(4):
        email.send(box, replace(HELLO, id=f"id-{number}", subject=f"{number}"))

    assert [m["Subject"] for m in kept(tmp_path / "mail")] == ["2", "3"]
