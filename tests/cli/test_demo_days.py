"""What `fhirserver up --demo` sets for the demo day, and what it leaves as it was."""

from __future__ import annotations

import socket

import pytest

from conformance.loopback import unused_port
from fhirserver.cli.demo_days import MAIL_PORT, TOLD, planned
from fhirserver.settings import Settings


@pytest.fixture
def port():
    return unused_port() - MAIL_PORT


def test_reminders_go_to_a_mailbox_of_the_demo(port):
    day = planned(Settings(port=port, push_port=port + 9), 60.0)

    assert day.arguments[-2:] == ("--mail-port", str(port + MAIL_PORT))
    assert day.settings.smtp_host == "127.0.0.1"
    assert day.settings.smtp_port == port + MAIL_PORT
    assert day.settings.time_zone == "America/Phoenix"


def test_what_somebody_has_set_stays(port):
    given = Settings(port=port, push_port=port + 9, time_zone="Europe/Vienna", reminder_hours="2")
    day = planned(given, 60.0)

    assert (day.settings.time_zone, day.settings.reminder_hours) == ("Europe/Vienna", "2")


def test_a_mail_server_that_somebody_has_set_is_used(port):
    given = Settings(port=port, push_port=port + 9, smtp_host="mail.example")
    day = planned(given, 60.0)

    assert day.settings == given
    assert "--mail-port" not in day.arguments


def test_without_a_free_port_the_day_goes_on_without_a_mailbox(port):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port + MAIL_PORT))
        taken.listen()
        day = planned(Settings(port=port, push_port=port + 9), 60.0)

    assert "--mail-port" not in day.arguments
    assert day.settings.smtp_host is None


def test_the_terminal_is_told_events_and_no_traceback():
    assert TOLD.match("07:04 arrival: Ada")
    assert not TOLD.match("Traceback (most recent call last):")
