"""What the checks say, in the languages that they speak.

What the tables of medicines tell is translated there, by FHIR's extension `translation`; names of
medicines are those of the record and the tables.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from fhirserver.model.resource import Resource
from fhirserver.terminology.languages import fits, preferred

Language = Literal["en", "de"]
Words = Mapping[str, str]

_TRANSLATION: Final = "http://hl7.org/fhir/StructureDefinition/translation"

ENGLISH: Final[Words] = {
    "substance": "a substance",
    "allergy": "allergy",
    "intolerance": "intolerance",
    "allergy.summary": "{word} to {allergen}: {medicine}",
    "allergy.detail": "{medicine} for a patient with {word} to {allergen}: {how}.",
    "allergy.reactions": " Reactions on record: {reactions}.",
    "allergy.unsure": " The allergy isn't confirmed.",
    "allergy.management": "Choose another medicine, or clear up whether the allergy holds.",
    "allergy.itself": "it is the allergen itself",
    "allergy.shared": "both contain {names}",
    "allergy.cross": "cross-reaction with {name}. {comment}",
    "allergy.holds": "it contains or belongs to: {name}",
    "allergy.unchecked": "the allergy is recorded as {what}",
    "interaction.summary": "{medicine} with {other}: {explanation}",
    "interaction.detail": "{medicine} with {other}. {explanation}",
    "interaction.unexplained": "These medicines interact.",
    "duplicate.summary": "Twice the same: {medicine} and {other} ({names})",
    "duplicate.same": "{medicine} and {other} both contain {names}.",
    "duplicate.alike": "{medicine} and {other} both belong to the same group: {names}.",
    "duplicate.management": "Stop one of them, or confirm that both are meant.",
    "result.summary": "{medicine} with {name} {shown}: {explanation}",
    "result.detail": "{medicine}, and {name} was {shown} on {day}. {explanation}",
    "result.unexplained": "The result speaks against this medicine.",
    "result.unread": "results of the laboratory couldn't be read",
    "repeat.nameless": "an examination without a name",
    "repeat.usual": "the same examination within a day",
    "repeat.open": "{name} is ordered already",
    "repeat.open.detail": "{name} was ordered, and isn't done yet.",
    "repeat.open.dated": "{name} was ordered on {day}, and isn't done yet.",
    "repeat.open.management": "Wait for that one, or say why it takes another.",
    "repeat.done": "{name} was done",
    "repeat.done.dated": "{name} was done on {day}",
    "repeat.done.detail": "{said}. Within {span} another one seldom tells anything new.",
    "repeat.done.management": "Look at that result first, or say why it takes another.",
    "day": "a day",
    "days": "{n} days",
    "unknown": "the medicine is given as {what}",
    "gap.hidden": "your access doesn't allow to search it",
    "gap.more": "there are more than {most}: only the newest of them were looked at",
    "gap.unsent": "the prefetch {key} wasn't sent",
    "gap.page": "the prefetch {key} was only the first page",
    "gap.invalid": "something in the prefetch isn't valid FHIR R4",
    "gap.another": "something in the prefetch is another patient's",
    "text only": "text only",
    "group only": "a code of which only the group is known here",
    "code unknown": "a code that isn't known here",
    "source.code": "the allergy's code",
    "source.ingredients": "the ingredients",
    "source.groups": "the groups of medicines (ATC)",
    "source.orders": "the patient's orders",
    "source": "Source: {source}.",
    "card.prescriptions": "Prescription checks",
    "card.orders": "Order checks",
    "card.leave": "Don't order {medicine}",
    "card.gaps": "Not everything could be checked: {n} entries of the record",
    "card.more": "and {n} more",
    "reason.1": "Therapy Appropriate",
    "reason.2": "Assessed Patient",
    "reason.5": "Consulted Prescriber",
    "reason.7": "Interacting Therapy No Longer Active/Planned",
    "reason.9": "Instituted Ongoing Monitoring Program",
    "reason.13": "Stopped Concurrent Therapy",
}
GERMAN: Final[Words] = {
    "substance": "einen Stoff",
    "allergy": "Allergie",
    "intolerance": "Unverträglichkeit",
    "allergy.summary": "{word} gegen {allergen}: {medicine}",
    "allergy.detail": "{medicine} bei {word} gegen {allergen}: {how}.",
    "allergy.reactions": " Dokumentierte Reaktionen: {reactions}.",
    "allergy.unsure": " Die Allergie ist nicht bestätigt.",
    "allergy.management": "Anderes Medikament wählen oder klären, ob die Allergie besteht.",
    "allergy.itself": "es ist das Allergen selbst",
    "allergy.shared": "beide enthalten {names}",
    "allergy.cross": "Kreuzreaktion mit {name}. {comment}",
    "allergy.holds": "es enthält oder gehört zu: {name}",
    "allergy.unchecked": "die Allergie ist dokumentiert als {what}",
    "interaction.summary": "{medicine} mit {other}: {explanation}",
    "interaction.detail": "{medicine} mit {other}. {explanation}",
    "interaction.unexplained": "Diese Medikamente haben eine Wechselwirkung.",
    "duplicate.summary": "Zweimal dasselbe: {medicine} und {other} ({names})",
    "duplicate.same": "{medicine} und {other} enthalten beide {names}.",
    "duplicate.alike": "{medicine} und {other} gehören zur selben Gruppe: {names}.",
    "duplicate.management": "Eines absetzen oder bestätigen, dass beide gewollt sind.",
    "result.summary": "{medicine} bei {name} {shown}: {explanation}",
    "result.detail": "{medicine}, und {name} war am {day} {shown}. {explanation}",
    "result.unexplained": "Das Ergebnis spricht gegen dieses Medikament.",
    "result.unread": "Laborergebnisse konnten nicht gelesen werden",
    "repeat.nameless": "eine Untersuchung ohne Namen",
    "repeat.usual": "dieselbe Untersuchung innerhalb eines Tages",
    "repeat.open": "{name} ist schon angefordert",
    "repeat.open.detail": "{name} wurde angefordert und ist noch nicht erledigt.",
    "repeat.open.dated": "{name} wurde am {day} angefordert und ist noch nicht erledigt.",
    "repeat.open.management": "Darauf warten oder sagen, warum noch eine nötig ist.",
    "repeat.done": "{name} ist schon erfolgt",
    "repeat.done.dated": "{name} ist am {day} erfolgt",
    "repeat.done.detail": "{said}. Innerhalb von {span} bringt eine weitere selten Neues.",
    "repeat.done.management": "Erst dieses Ergebnis ansehen oder sagen, warum noch eine nötig ist.",
    "day": "einem Tag",
    "days": "{n} Tagen",
    "unknown": "das Medikament ist angegeben als {what}",
    "gap.hidden": "Ihr Zugriff erlaubt keine Suche danach",
    "gap.more": "es sind mehr als {most}: nur die neuesten wurden angesehen",
    "gap.unsent": "der Prefetch {key} fehlte",
    "gap.page": "der Prefetch {key} war nur die erste Seite",
    "gap.invalid": "etwas im Prefetch ist kein gültiges FHIR R4",
    "gap.another": "etwas im Prefetch gehört zu einem anderen Patienten",
    "text only": "bloßer Text",
    "group only": "Code, von dem hier nur die Gruppe bekannt ist",
    "code unknown": "Code, der hier nicht bekannt ist",
    "source.code": "der Code der Allergie",
    "source.ingredients": "die Wirkstoffe",
    "source.groups": "die Gruppen der Medikamente (ATC)",
    "source.orders": "die Anforderungen des Patienten",
    "source": "Quelle: {source}.",
    "card.prescriptions": "Prüfung der Verordnung",
    "card.orders": "Prüfung der Anforderung",
    "card.leave": "{medicine} nicht anordnen",
    "card.gaps": "Nicht alles konnte geprüft werden: {n} Einträge der Akte",
    "card.more": "und {n} weitere",
    "reason.1": "Therapie ist angemessen",
    "reason.2": "Patient wurde untersucht",
    "reason.5": "Mit dem Verordnenden besprochen",
    "reason.7": "Das andere Medikament wird nicht mehr gegeben",
    "reason.9": "Überwachung ist eingeleitet",
    "reason.13": "Das andere Medikament wurde abgesetzt",
}
WORDS: Final[Mapping[Language, Words]] = {"en": ENGLISH, "de": GERMAN}


def spoken(header: str | None) -> Language:
    """The first language of an Accept-Language that is spoken here, or English.

    >>> spoken("fr, de-CH;q=0.8, en;q=0.5"), spoken(None)
    ('de', 'en')
    """
    for wanted in preferred(header or ""):
        for language in WORDS:
            if fits(wanted, language):
                return language
    return "en"


def translated(parent: Resource, name: str, language: Language) -> str | None:
    """A text of a resource in a language; as it stands where nobody has translated it.

    http://hl7.org/fhir/R4/extension-translation.html
    """
    for extension in parent.get(f"_{name}", {}).get("extension", ()):
        if extension.get("url") == _TRANSLATION:
            parts = {p.get("url"): p for p in extension.get("extension", ())}
            if fits(parts.get("lang", {}).get("valueCode"), language):
                content = parts.get("content", {})
                return str(content.get("valueString") or content.get("valueMarkdown"))
    value = parent.get(name)
    return None if value is None else str(value)
