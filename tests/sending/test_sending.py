"""What leaves the house, and what is said of what can't."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace

import pytest

from fhirserver.sending import email, sms
from fhirserver.sending.failures import Never, NotNow
from fhirserver.settings import InvalidSetting, Settings, read
from tests.peers.mail_server import mail_server
from tests.peers.sms_gateway import sms_gateway

HELLO = email.Email("id-1", "ada@tests.example", "Hello", "Grüße\n.\nend")
SHORT = sms.SMS("id-2", "+43 660 / 123-45.67", "Grüße")


@pytest.fixture
def mail():
    with mail_server() as server:
        yield server


@pytest.fixture
def gateway():
    with sms_gateway() as server:
        yield server


@pytest.fixture
def settings(mail, gateway):
    return Settings(
        smtp_host="127.0.0.1",
        smtp_port=mail.port,
        smtp_tls="off",
        smtp_from="ward@hospital.example",
        sms_url=gateway.url,
        sms_secret="s",
    )


def test_an_email_arrives_with_its_id(mail, settings):
    email.send(settings, HELLO)

    [got] = mail.messages
    assert (got["To"], got["From"], got["Subject"]) == (
        "ada@tests.example", "ward@hospital.example", "Hello",
    )  # fmt: skip
    assert got["Message-ID"] == "<id-1@hospital.example>"
    assert got.get_content().splitlines() == ["Grüße", ".", "end"]


@pytest.mark.parametrize(
    ("answer", "failure"), [("550 no such user", Never), ("451 later", NotNow)]
)
def test_a_refused_recipient_is_told_apart_from_a_busy_server(mail, settings, answer, failure):
    mail.refusing["ada@tests.example"] = answer

    with pytest.raises(failure) as raised:
        email.send(settings, HELLO)

    assert "ada" not in str(raised.value)
    assert mail.messages == []


@pytest.mark.parametrize(("answer", "failure"), [("554 spam", Never), ("452 full", NotNow)])
def test_a_refused_message_is_told_apart_from_a_full_server(mail, settings, answer, failure):
    mail.answer = answer

    with pytest.raises(failure):
        email.send(settings, HELLO)


@pytest.mark.parametrize(
    "address", ["nobody", "", "a@b\r\nBcc: c@d.example", "a@b.example, c@d.example\n"]
)
def test_what_is_no_address_is_not_sent(mail, settings, address):
    with pytest.raises(Never):
        email.send(settings, replace(HELLO, to=address))

    assert mail.messages == []


def test_a_server_without_tls_gets_nothing_unless_that_is_wanted(mail, settings):
    with pytest.raises(NotNow):
        email.send(replace(settings, smtp_tls="starttls"), HELLO)

    assert mail.messages == []


def test_a_mail_server_that_is_not_there_may_be_there_later(settings):
    with pytest.raises(NotNow):
        email.send(replace(settings, smtp_port=1), HELLO)
    with pytest.raises(Never, match="set up"):
        email.send(replace(settings, smtp_host=None), HELLO)


def test_an_sms_is_signed_and_has_its_id(gateway, settings):
    sms.send(settings, SHORT)

    [(headers, body)] = gateway.requests
    assert gateway.messages == [{"id": "id-2", "to": "+436601234567", "text": "Grüße"}]
    assert headers["Idempotency-Key"] == "id-2"
    signature = hmac.new(b"s", body, hashlib.sha256).hexdigest()
    assert headers["X-Signature"] == f"sha256={signature}"


@pytest.mark.parametrize(
    ("status", "failure"), [(400, Never), (404, Never), (429, NotNow), (503, NotNow), (302, NotNow)]
)
def test_a_gateway_that_refuses_is_told_apart_from_a_busy_one(gateway, settings, status, failure):
    gateway.status = status

    with pytest.raises(failure):
        sms.send(settings, SHORT)


def test_what_is_no_number_is_not_sent(gateway, settings):
    with pytest.raises(Never):
        sms.send(settings, replace(SHORT, to="call me"))
    with pytest.raises(NotNow):
        sms.send(replace(settings, sms_url="http://127.0.0.1:1/"), SHORT)
    assert gateway.messages == []


def test_a_secret_of_sending_is_never_shown(settings):
    assert "smtp_password" not in repr(replace(settings, smtp_password="x"))


@pytest.mark.parametrize(
    "more", [{"FHIRSERVER_SMTP_TLS": "maybe"}, {"FHIRSERVER_REMINDER_HOURS": "soon"}]
)
def test_a_setting_that_makes_no_sense_is_refused(more):
    with pytest.raises(InvalidSetting, match=next(iter(more))):
        read(more)
