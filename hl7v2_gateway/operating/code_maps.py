"""What the codes of one sender mean, as a ConceptMap: a group for each table and target system.

https://hl7.org/fhir/R4/conceptmap.html
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Final
from urllib.parse import quote, unquote

from fhirserver.model.resource import Resource
from hl7v2_gateway.mapping.context import Answers
from hl7v2_gateway.operating.questions import Answer

URL: Final = "urn:fhirserver:hl7v2:codes:"
VOCABULARY: Final = "urn:fhirserver:hl7v2:vocabulary:"
_LONGEST_ID: Final = 64


def id_of(sender: str) -> str:
    """The id of the ConceptMap of a sender."""
    found = f"hl7v2-{sender}"
    if len(found) <= _LONGEST_ID:
        return found
    return f"hl7v2-{hashlib.sha256(sender.encode()).hexdigest()[:40]}"


def sender_of(concept_map: Resource) -> str | None:
    """Whose codes a ConceptMap translates; None for one that is of no sender."""
    url = str(concept_map.get("url", ""))
    sender = unquote(url.removeprefix(URL)) if url.startswith(URL) else ""
    return sender if sender and concept_map.get("id") == id_of(sender) else None


def empty(sender: str) -> Resource:
    """The ConceptMap of a sender of which nothing was asked yet."""
    return {
        "resourceType": "ConceptMap",
        "id": id_of(sender),
        "url": URL + quote(sender, safe=""),
        "name": "Hl7v2Codes",
        "title": f"What the codes of {sender} mean",
        "status": "active",
    }


def with_answer(concept_map: Resource, answer: Answer) -> Resource:
    """A ConceptMap that gives this answer, and no other for that code."""
    source = VOCABULARY + quote(answer.question.vocabulary, safe="")
    system = answer.system or (answer.question.allowed or {}).get(answer.code, "")
    code = answer.question.code
    groups = []
    for group in concept_map.get("group", ()):
        elements = [
            e
            for e in group.get("element", ())
            if group.get("source") != source or e.get("code") != code
        ]
        if elements:
            groups.append({**group, "element": elements})
    target = {"code": answer.code, "display": answer.display, "equivalence": "equivalent"}
    element = {
        "code": code,
        "display": answer.question.text,
        "target": [{k: v for k, v in target.items() if v}],
    }
    element = {k: v for k, v in element.items() if v}
    for group in groups:
        if group.get("source") == source and group.get("target") == system:
            group["element"] = [*group["element"], element]
            break
    else:
        groups.append({"source": source, "target": system, "element": [element]})
    return {**concept_map, "group": groups}


def answers_of(concept_map: Resource) -> Answers:
    """What a ConceptMap says, for the conversion: by vocabulary and code."""
    if concept_map.get("status") == "retired":
        return {}
    return dict(_answers(concept_map))


def _answers(concept_map: Resource) -> Iterator[tuple[tuple[str, str], tuple[str, str, str]]]:
    for group in concept_map.get("group", ()):
        source = str(group.get("source", ""))
        if not source.startswith(VOCABULARY):
            continue
        vocabulary = unquote(source.removeprefix(VOCABULARY))
        for element in group.get("element", ()):
            for target in element.get("target", ())[:1]:
                if element.get("code") and target.get("code"):
                    told = (target["code"], group.get("target", ""), target.get("display", ""))
                    yield (vocabulary, element["code"]), told
