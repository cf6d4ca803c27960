"""From settings to a place where messages come in."""

from __future__ import annotations

from fhirserver.app import open_keyring
from fhirserver.messages import Messages
from fhirserver.queues import Database
from fhirserver.settings import Settings
from hl7v2_gateway.intake.directory import Directory
from hl7v2_gateway.intake.intake import Intake
from hl7v2_gateway.intake.judging import Supports


def open_messages(settings: Settings, database: Database) -> Messages:
    """The record of messages."""
    return Messages(
        database,
        open_keyring(settings, database),
        duplicate_days=settings.hl7v2_duplicate_days,
    )


def open_intake(
    settings: Settings,
    messages: Messages,
    supports: Supports,
    queries: frozenset[str] = frozenset(),
) -> Intake:
    """Where messages come in, as the site has it."""
    return Intake(
        messages,
        Directory(messages.partners),
        is_open=settings.hl7v2_unknown_senders == "accept",
        supports=supports,
        queries=queries,
    )
