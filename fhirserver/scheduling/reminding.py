"""How a patient wants to be reached, and what a message about an appointment says.

It says when and where, and nothing of who or why: it can be read on its way, and on a screen that
lies on the table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any, Final, Literal

from fhirserver.model.resource import Resource
from fhirserver.scheduling.times import end_of

PREFERENCE: Final = "https://fhirserver.example/StructureDefinition/patient-reminders"
"""An extension of Patient: `email`, `sms`, or `none` for who doesn't want to be reminded."""
By = Literal["email", "sms"]
_KINDS: Final[Mapping[str, By]] = {"email": "email", "sms": "sms"}
_UNRANKED: Final = 1_000
_RESTRICTED: Final = frozenset({"R", "V"})


@dataclass(frozen=True, slots=True)
class Way:
    """By what, and to which address or number."""

    by: By
    to: str


def wants_none(patient: Resource) -> bool:
    """Whether the patient doesn't want to be written to."""
    return _preference(patient) == "none"


def ways(patient: Resource, now: datetime, zone: tzinfo) -> list[Way]:
    """The ways to a patient, the one that they like best first.

    What they have chosen comes first, then the rank of their contact points, then email. A
    telephone counts for SMS if it is a mobile one. What is old or has ended doesn't count.
    https://hl7.org/fhir/R4/datatypes.html#ContactPoint
    """
    found: list[tuple[tuple[bool, int, bool], Way]] = []
    chosen = _preference(patient)
    for point in patient.get("telecom", ()):
        by = _KINDS.get(point.get("system", ""))
        if point.get("system") == "phone" and point.get("use") == "mobile":
            by = "sms"
        ends = point.get("period", {}).get("end")
        is_over = point.get("use") == "old" or (ends is not None and end_of(ends, zone) <= now)
        if by is None or is_over or not point.get("value"):
            continue
        rank = point.get("rank", _UNRANKED)
        order = (chosen is not None and by != chosen, rank, by != "email")
        found.append((order, Way(by, point["value"])))
    return [way for _, way in sorted(found, key=lambda f: f[0])]


def _preference(patient: Resource) -> str | None:
    for extension in patient.get("extension", ()):
        if extension.get("url") == PREFERENCE:
            return str(extension.get("valueCode"))
    return None


@dataclass(frozen=True, slots=True)
class Wording:
    """What is said in one language; names of days begin with Monday."""

    subject: str
    reminder: str
    offer: str
    at: str
    days: Sequence[str]
    months: Sequence[str]
    date: str = "{day} {date} {month} {year}, {time}"


WORDINGS: Final[Mapping[str, Wording]] = {
    "en": Wording(
        "Your appointment",
        "This is a reminder of your appointment: {when}{where}. If you can't come, please tell us.",
        "A time has become free: {when}{where}. If you want it, please tell us soon.",
        ", {place}",
        ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
        ("January", "February", "March", "April", "May", "June", "July", "August", "September",
         "October", "November", "December"),
    ),
    "de": Wording(
        "Ihr Termin",
        "Wir erinnern Sie an Ihren Termin: {when}{where}. Wenn Sie nicht kommen können, sagen Sie "
        "uns bitte Bescheid.",
        "Ein Termin ist frei geworden: {when}{where}. Wenn Sie ihn möchten, melden Sie sich bitte "
        "bald.",
        ", {place}",
        ("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"),
        ("Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September",
         "Oktober", "November", "Dezember"),
        "{day}, {date}. {month} {year}, {time} Uhr",
    ),
    "fr": Wording(
        "Votre rendez-vous",
        "Nous vous rappelons votre rendez-vous : {when}{where}. Si vous ne pouvez pas venir, "
        "merci de nous prévenir.",
        "Un rendez-vous s'est libéré : {when}{where}. S'il vous convient, contactez-nous vite.",
        ", {place}",
        ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"),
        ("janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre",
         "octobre", "novembre", "décembre"),
    ),
    "es": Wording(
        "Su cita",
        "Le recordamos su cita: {when}{where}. Si no puede venir, avísenos, por favor.",
        "Ha quedado libre una cita: {when}{where}. Si la quiere, avísenos pronto, por favor.",
        ", {place}",
        ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"),
        ("enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre",
         "octubre", "noviembre", "diciembre"),
        "{day} {date} de {month} de {year}, {time}",
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Written:
    """A message: an email has its subject, too."""

    subject: str
    text: str


def reminder(patient: Resource, start: datetime, zone: tzinfo, place: str, site: str) -> Written:
    """The message that reminds of an appointment."""
    wording = _wording(patient)
    return _written(wording, wording.reminder, start.astimezone(zone), place, site)


def offer(patient: Resource, start: datetime, zone: tzinfo, place: str, site: str) -> Written:
    """The message that offers a time to somebody on the waiting list."""
    wording = _wording(patient)
    return _written(wording, wording.offer, start.astimezone(zone), place, site)


def place_of(locations: Sequence[Resource]) -> str:
    """Where to go: the name of the first place, unless it is labelled as telling too much."""
    for location in locations:
        labels = location.get("meta", {}).get("security", ())
        if location.get("name") and not any(la.get("code") in _RESTRICTED for la in labels):
            return str(location["name"])
    return ""


def _wording(patient: Resource) -> Wording:
    """In the patient's language, preferred ones first, as far as there are words in it.

    https://hl7.org/fhir/R4/patient-definitions.html#Patient.communication
    """
    spoken: list[Mapping[str, Any]] = sorted(
        patient.get("communication", ()), key=lambda c: not c.get("preferred", False)
    )
    for each in spoken:
        for coding in each.get("language", {}).get("coding", ()):
            found = WORDINGS.get(str(coding.get("code", "")).partition("-")[0].lower())
            if found is not None:
                return found
    return WORDINGS["en"]


def _written(wording: Wording, text: str, start: datetime, place: str, site: str) -> Written:
    when = wording.date.format(
        day=wording.days[start.weekday()],
        date=start.day,
        month=wording.months[start.month - 1],
        year=start.year,
        time=f"{start:%H:%M}",
    )
    where = wording.at.format(place=place) if place else ""
    return Written(wording.subject, f"{text.format(when=when, where=where)} {site}".strip())
