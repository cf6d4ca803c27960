"""Type 2 diabetes: found at a check-up, HbA1c falls with treatment and drifts up again."""

from __future__ import annotations

from fhirserver.demo.history import Case, Course, History, Problem, Visit, curve, stories, visits
from fhirserver.demo.moment import DAY


@stories.register("diabetes")
def diabetes(case: Case) -> History:
    """Metformin at once, empagliflozin when it is not enough, insulin for some."""
    since = case.onset(3, 7)
    first, second = case.chance.uniform(8.2, 11.5), since + DAY * case.chance.randrange(600, 1100)
    hba1c = curve(since, (-700, 6.1), (0, first), (240, 7.1), (900, 7.9), (1300, 6.8), (3000, 7.3))
    glucose = tuple((at, 28.7 * value - 46.7) for at, value in hba1c)  # the ADAG line, mg/dL
    courses = [
        Course("metformin", since, reason="diabetes"),
        Course("empagliflozin", second, reason="diabetes"),
    ]
    if first > 10:
        courses.append(Course("insulin", since + DAY * 30, reason="diabetes"))
    return History(
        problems=(
            Problem("diabetes", since),
            Problem("obesity", since),
            Problem("microalbuminuria", second),
        ),
        courses=tuple(courses),
        visits=(
            *visits(case, since, 190, Visit(
                since, "diabetes", "endocrinology", panels=("hba1c", "metabolic", "acr"),
                procedures=("foot-exam",),
                note="Diabetes review. Home readings, feet and medicines checked.",
            )),
            *visits(case, since + DAY * 60, 730, Visit(
                since, "diabetes", procedures=("eye-screen",),
                note="Retinal photographs taken for screening.",
            )),
        ),
        trends={
            "hba1c": hba1c,
            "glucose": glucose,
            "acr": curve(since, (0, 18), (900, 52), (2500, 74)),
            "triglycerides": curve(since, (-500, 160), (0, 240), (400, 170)),
            "weight": curve(since, (0, 96), (500, 91), (1300, 86), (2500, 88)),
        },
        plans=(("diabetes", since),),
        family=("diabetes",),
    )  # fmt: skip
