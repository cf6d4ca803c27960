"""Raised blood pressure that comes down step by step, and raised cholesterol likewise."""

from __future__ import annotations

from fhirserver.demo.history import Case, Course, History, Problem, Visit, curve, stories, visits
from fhirserver.demo.moment import DAY


@stories.register("hypertension")
def hypertension(case: Case) -> History:
    """Lisinopril, then amlodipine, then a diuretic for those who need it."""
    since = case.onset(3, 7)
    top = case.chance.uniform(150, 182)
    courses = [
        Course("lisinopril", since, reason="hypertension"),
        Course("amlodipine", since + DAY * 120, reason="hypertension"),
    ]
    if top > 168:
        courses.append(Course("hydrochlorothiazide", since + DAY * 300, reason="hypertension"))
    return History(
        problems=(Problem("hypertension", since),),
        courses=tuple(courses),
        visits=visits(case, since, 290, Visit(
            since, "hypertension", panels=("metabolic",),
            note="Blood pressure review. Home readings discussed, salt and exercise advice.",
        )),
        trends={
            "systolic": curve(since, (-900, 134), (0, top), (150, 146), (400, 132), (3000, 136)),
            "diastolic": curve(since, (-900, 84), (0, top * 0.6), (150, 88), (400, 80)),
        },
        plans=(("hypertension", since),),
        family=("hypertension",),
    )  # fmt: skip


@stories.register("lipids")
def lipids(case: Case) -> History:
    """Hyperlipidemia: LDL falls by a third on a statin."""
    since = case.onset(2, 6)
    return History(
        problems=(Problem("hyperlipidemia", since),),
        courses=(
            Course("simvastatin", since, reason="hyperlipidemia"),
            Course("aspirin", since, reason="hyperlipidemia"),
        ),
        visits=visits(case, since, 365, Visit(
            since, "hyperlipidemia", panels=("lipids", "liver"), note="Cholesterol review.",
        )),
        trends={"cholesterol": curve(since, (-800, 238), (0, 262), (120, 188), (3000, 176))},
    )  # fmt: skip
