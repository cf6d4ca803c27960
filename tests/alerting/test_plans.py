"""Plans are PlanDefinitions that a hospital can replace."""

from __future__ import annotations

import pytest

from fhirserver import content
from fhirserver.alerting import plan_of, shipped_plans
from fhirserver.alerting.plans import KINDS
from fhirserver.errors import Invalid
from fhirserver.model import json
from fhirserver.validation import check

UCUM = "http://unitsofmeasure.org"
FOLDER = content.folder("profiles") / "alerts"


def definition(kind="critical-results"):
    return json.parse_object((FOLDER / f"PlanDefinition-{kind}.json").read_bytes())


@pytest.mark.parametrize("kind", KINDS)
def test_every_rule_says_its_source(kind):
    plan = shipped_plans()[kind]

    assert plan.rules
    assert all(r.source and r.title and r.text for r in plan.rules)
    assert all(plan.patience[r.priority] for r in plan.rules)


def test_a_plan_that_is_retired_has_no_rules():
    assert not plan_of(definition() | {"status": "retired"}).rules


def test_a_definition_of_something_else_is_no_plan():
    with pytest.raises(Invalid, match="no kind of alert"):
        plan_of(definition() | {"url": "http://elsewhere.example/plan"})


@pytest.mark.parametrize(
    "change",
    [
        {"extension": [{"url": "alert-limit", "extension": []}]},
        {"extension": [{"url": "alert-change", "extension": []}]},
        {"priority": "soon"},
        {"title": None},
    ],
)
def test_an_action_that_is_no_rule_is_told_with_its_place(change):
    whole = definition()
    whole["action"][3] |= change
    if change.get("title", "") is None:
        del whole["action"][3]["title"]

    with pytest.raises(Invalid) as error:
        plan_of(whole)

    assert error.value.issues[0].expression == "PlanDefinition.action[3]"


def test_a_plan_looks_back_a_month_at_most():
    url = "https://fhirserver.example/StructureDefinition/alert-fresh"
    fresh = {"url": url, "valueDuration": {"value": 32, "code": "d", "system": UCUM}}
    whole = definition()
    others = [e for e in whole.get("extension", ()) if e["url"] != url]

    with pytest.raises(Invalid, match="alert-fresh is at most 31 days"):
        plan_of(whole | {"extension": [*others, fresh]})
    fresh["valueDuration"]["value"] = 31
    assert plan_of(whole | {"extension": [*others, fresh]}).fresh.days == 31


def test_two_rules_of_one_id_are_refused():
    whole = definition()
    whole["action"][1]["id"] = whole["action"][0]["id"]

    with pytest.raises(Invalid, match="one id"):
        plan_of(whole)


@pytest.mark.parametrize("kind", KINDS)
def test_a_plan_keeps_to_the_standard(kind):
    whole = definition(kind)

    assert [i for i in check(whole) if i.severity == "error"] == []
    assert (whole["resourceType"], whole["id"]) == ("PlanDefinition", kind)


@pytest.mark.parametrize("kind", KINDS)
def test_every_rule_is_explained_to_clinicians(kind):
    page = (content.PACKAGE.parent / "docs" / "clinician" / "alerts.md").read_text()
    told = page.lower()

    missing = [r.title for r in shipped_plans()[kind].rules if words(r.title) not in told]
    assert missing == []


def words(title):
    return title.lower().removeprefix("early warning: ").removeprefix("allergy against ")
