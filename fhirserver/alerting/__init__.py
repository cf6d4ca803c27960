"""What a hospital must notice: rules over results, vital signs and allergies. Pure.

    plan = plan_of(definition)                    # a PlanDefinition of profiles/alerts
    hits = critical(plan, observation, person_of(patient, at))

`fhirserver/workflows` reads what the rules need and makes of a hit what people see.
"""

from fhirserver.alerting.allergies import conflicts
from fhirserver.alerting.chain import Duty, chain, on_duty
from fhirserver.alerting.changes import changed, reach
from fhirserver.alerting.critical import critical, uncompared
from fhirserver.alerting.early_warning import Caution, warning
from fhirserver.alerting.hits import Hit
from fhirserver.alerting.news2 import Score, score
from fhirserver.alerting.person import Person, person_of
from fhirserver.alerting.plans import Plan, Rule, plan_of, shipped_plans
from fhirserver.alerting.readings import Reading, readings, taken_at

__all__ = [
    "Caution",
    "Duty",
    "Hit",
    "Person",
    "Plan",
    "Reading",
    "Rule",
    "Score",
    "chain",
    "changed",
    "conflicts",
    "critical",
    "on_duty",
    "person_of",
    "plan_of",
    "reach",
    "readings",
    "score",
    "shipped_plans",
    "taken_at",
    "uncompared",
    "warning",
]  # fmt: skip
