"""The intake form a new patient fills in.

https://hl7.org/fhir/R4/questionnaire.html
"""

from __future__ import annotations

from typing import Final

from fhirserver.demo.fhir import OURS, Resource
from fhirserver.demo.hospital.links import Links

URL: Final = f"{OURS}Questionnaire/intake"
TOBACCO: Final = ("Never", "Formerly", "Every day")


def form(links: Links) -> Resource:
    """The Questionnaire."""
    return {
        "resourceType": "Questionnaire",
        "id": links.id("Questionnaire", "intake"),
        "url": URL,
        "version": "1",
        "name": "Intake",
        "title": "Intake form",
        "status": "active",
        "experimental": True,
        "subjectType": ["Patient"],
        "date": "2020-01-01",
        "publisher": "Saguaro General Hospital",
        "item": [
            {"linkId": "reason", "text": "Why have you come?", "type": "text", "required": True},
            {"linkId": "pain", "text": "How bad is your pain, 0 to 10?", "type": "integer"},
            {"linkId": "history", "text": "Your history", "type": "group", "item": [
                {"linkId": "smoking", "text": "Do you smoke?", "type": "choice",
                 "answerOption": [{"valueString": option} for option in TOBACCO]},
                {"linkId": "surgery", "text": "Have you had an operation?", "type": "boolean"},
                {"linkId": "allergies", "text": "Do you have allergies?", "type": "boolean"},
            ]},
            {"linkId": "interpreter", "text": "Do you need an interpreter?", "type": "boolean"},
        ],
    }  # fmt: skip


def answers(*, reason: str, pain: int, smoking: str, allergies: bool, surgery: bool,
            interpreter: bool) -> list[Resource]:  # fmt: skip
    """The items of a QuestionnaireResponse to the form."""
    return [
        _answer("reason", "Why have you come?", {"valueString": reason}),
        _answer("pain", "How bad is your pain, 0 to 10?", {"valueInteger": pain}),
        {"linkId": "history", "text": "Your history", "item": [
            _answer("smoking", "Do you smoke?", {"valueString": smoking}),
            _answer("surgery", "Have you had an operation?", {"valueBoolean": surgery}),
            _answer("allergies", "Do you have allergies?", {"valueBoolean": allergies}),
        ]},
        _answer("interpreter", "Do you need an interpreter?", {"valueBoolean": interpreter}),
    ]  # fmt: skip


def _answer(link: str, text: str, value: Resource) -> Resource:
    return {"linkId": link, "text": text, "answer": [value]}
