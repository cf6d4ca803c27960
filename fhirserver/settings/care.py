"""How the hospital works: prescriptions, appointments, beds, reports."""

from __future__ import annotations

from dataclasses import dataclass

from fhirserver.settings.fields import setting


@dataclass(frozen=True)
class Care:
    """How the hospital works: prescriptions, appointments, beds, reports."""

    prescription_rules: str = setting(
        "people",
        "Who is held to the life cycle of prescriptions, dispenses and administrations: people; "
        "everyone, that is clients that act for themselves, too, and can then import no history; "
        "off.",
    )
    prescription_checks: str = setting(
        "warn",
        "What becomes of findings when a prescription is signed: warn, which tells those who send "
        "Prefer: return=OperationOutcome; require, which refuses it until each of high severity "
        "has a reason to override it; off. It holds for whom prescription_rules holds.",
    )
    appointment_rules: str = setting(
        "everyone",
        "Who is refused an appointment that takes a time or a slot which somebody or something of "
        "it has another appointment for, when it is written directly: everyone; people; off. "
        "$book and $hold refuse that always.",
    )
    appointment_sources: str = setting(
        "fhirserver load*,hl7v2:*",
        "Clients whose appointments are stored even when they overlap others, because another "
        "system has booked them: client ids with commas between them; * stands for any letters. "
        "hl7v2:* are the senders of the HL7 v2 gateway.",
    )
    appointment_hold_minutes: int = setting(
        10, "How long Appointment/$hold keeps a time at most, before the hold ends by itself."
    )
    reminder_hours: str = setting(
        "24",
        "How many hours before an appointment its patient is reminded, with commas between several "
        "times; empty for no reminders.",
    )
    no_show_minutes: int = setting(
        120,
        "How long after the end of a booked appointment it is marked as noshow, if its patient "
        "hasn't been seen; 0 for never.",
    )
    waiting_offer_minutes: int = setting(
        1_440, "How long a time that has become free is kept for somebody on the waiting list."
    )
    reception: str | None = setting(
        None,
        "Who gets the Tasks of the reception, as a reference such as Organization/1.",
    )
    alert_fallback: str | None = setting(
        None,
        "Who is told of an alert when nobody responsible is known, or none of them answers: a "
        "reference such as Organization/1 (a switchboard that is always manned) or Practitioner/1.",
    )
    beds_cleaned: bool = setting(
        False,
        "Whether a bed or a machine that a patient leaves is free at once. Otherwise it waits "
        "until somebody marks it as cleaned.",
    )
    scheduled_reports: str = setting(
        "daily: occupancy admissions; monthly: length-of-stay readmission lab-turnaround no-show "
        "waiting-time alert-response medication-orders staff-load",
        "The reports of metrics that the worker makes and stores, each once a day, week or month "
        "is over; empty is none.",
    )
