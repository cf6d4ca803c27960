"""A response as the resources that its form says it makes.

http://hl7.org/fhir/uv/sdc/extraction.html
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from fhirserver.errors import Issue, Unprocessable
from fhirserver.forms.defining import Defining, Find, with_ids
from fhirserver.forms.entries import Made, entry
from fhirserver.forms.expressions import Expressions, Setting
from fhirserver.forms.extensions import extensions, part
from fhirserver.forms.given import Pairing
from fhirserver.forms.observing import Observing, Way
from fhirserver.forms.populating import place_of
from fhirserver.forms.templating import Templating
from fhirserver.model.bundle import bundle
from fhirserver.model.resource import Resource
from fhirserver.validation import check

_FINISHED: Final = frozenset({"completed", "amended"})


def extracted(
    questionnaire: Resource,
    response: Resource,
    expressions: Expressions,
    find: Find,
) -> Resource:
    """The transaction that creates and updates what was given; `expressions.issues` tell the rest.

    Raises Unprocessable for a response that isn't finished: half of what somebody wanted to say
    must not become part of the record.
    """
    if response.get("status") not in _FINISHED:
        raise Unprocessable("only a response that is completed or amended gives resources",
                            expression="QuestionnaireResponse.status")  # fmt: skip
    issues = expressions.issues
    items = Pairing(issues).pair(questionnaire.get("item", ()), response.get("item", ()))
    setting = Setting(
        "QuestionnaireResponse",
        response,
        response,
        {**_launched(questionnaire, response, expressions), "questionnaire": questionnaire},
        "Questionnaire",
    )
    setting = with_ids(questionnaire, expressions.with_variables(questionnaire, setting))
    observing = Observing(response, issues)
    observing.observe(items, Way().below(questionnaire))
    defining = Defining(expressions, find)
    defining.whole(questionnaire, items, setting)
    contained = {c["id"]: c for c in questionnaire.get("contained", ()) if "id" in c}
    templating = Templating(expressions, contained)
    templating.element(questionnaire, setting)
    templating.items(items, setting)
    made = [*observing.made, *defining.made, *templating.made]
    for one in made:
        issues += _found(one)
    return bundle("transaction", [entry(m) for m in made])


def _launched(
    questionnaire: Resource, response: Resource, expressions: Expressions
) -> dict[str, Any]:
    """The launch context of the form, as far as the response tells: whom it is about."""
    found: dict[str, Any] = {}
    text = response.get("subject", {}).get("reference", "")
    for launch in extensions(questionnaire, "launchContext"):
        name, wanted = part(launch, "name"), part(launch, "type")
        code = name.get("code") if isinstance(name, dict) else name
        if code:
            is_subject = wanted is not None and f"{wanted}/" in text
            found[code] = (expressions.resolve(text) if is_subject else None) or []
    return found


def _found(made: Made) -> list[Issue]:
    """What is wrong with a resource, told at the item that it was made at."""
    place = "Questionnaire" if made.link_id is None else place_of({"linkId": made.link_id})
    kind = made.resource.get("resourceType")
    return [
        replace(i, text=f"the {kind} that is made here: {i.expression}: {i.text}", expression=place)
        for i in check(made.resource)
    ]
