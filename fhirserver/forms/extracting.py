"""A response as the resources that its form says it makes.

http://hl7.org/fhir/uv/sdc/extraction.html
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from fhirserver.errors import Issue, Unprocessable
from fhirserver.forms.defining import Defining, Find, with_ids
from fhirserver.forms.entries import Made, entry
from fhirserver.forms.expressions import Expressions, Setting
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
        {"questionnaire": questionnaire},
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


def _found(made: Made) -> list[Issue]:
    """What is wrong with a resource, told at the item that it was made at."""
    place = "Questionnaire" if made.link_id is None else place_of({"linkId": made.link_id})
    kind = made.resource.get("resourceType")
    return [
        replace(i, text=f"the {kind} that is made here: {i.expression}: {i.text}", expression=place)
        for i in check(made.resource)
    ]
