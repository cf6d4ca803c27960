"""A child grows: well-child visits with the vaccines of their age, and ear infections.

Ages follow the usual North American schedule.
"""

from __future__ import annotations

from fhirserver.demo.history import Case, History, Problem, Visit, clinic_hour, stories
from fhirserver.demo.moment import DAY

VISITS: tuple[tuple[int, tuple[str, ...]], ...] = (
    (0, ("hepatitis-b",)), (1, ("hepatitis-b",)),
    (2, ("dtap", "polio", "hib", "pneumococcal", "rotavirus")),
    (4, ("dtap", "polio", "hib", "pneumococcal", "rotavirus")),
    (6, ("dtap", "polio", "hepatitis-b", "pneumococcal", "influenza")), (9, ()),
    (12, ("mmr", "varicella", "hepatitis-a", "pneumococcal")), (15, ("dtap", "hib")),
    (18, ("hepatitis-a", "influenza")), (24, ("influenza",)), (30, ()), (36, ("influenza",)),
    (48, ("dtap", "polio", "mmr", "varicella")), (60, ("influenza",)), (72, ("influenza",)),
    (84, ("influenza",)), (96, ("influenza",)), (108, ("influenza",)), (120, ("influenza",)),
    (132, ("tdap", "meningococcal", "hpv")), (138, ("hpv",)), (144, ("influenza",)),
    (156, ("influenza",)), (168, ("influenza",)), (180, ("influenza",)),
    (192, ("meningococcal", "influenza")), (204, ("influenza",)),
)  # fmt: skip


@stories.register("childhood")
def childhood(case: Case) -> History:
    """Well-child visits since birth, a few ear infections in between."""
    chance = case.chance
    born, age_days = case.person.born, (case.now - case.person.born).days
    visits: list[Visit] = []
    for months, vaccines in VISITS:
        at = born + DAY * (months * 30.44 + chance.uniform(1, 12))
        if at < case.now - DAY:
            bloods = ("cbc", "iron") if months in (12, 36, 72, 120) else ()
            visits.append(Visit(
                clinic_hour(case, at), "well-child", "paediatrics", vaccines=vaccines,
                panels=bloods, note="Growing well. Development is as expected for age.",
            ))  # fmt: skip
    ills = [
        Visit(
            clinic_hour(case, born + DAY * (240 * number + chance.uniform(150, 230))),
            "otitis-media", "paediatrics", drugs=("acetaminophen-child",),
            note="Ear pain and fever. Red, bulging drum.",
        )
        for number in range(min(age_days // 240, 4))
    ]  # fmt: skip
    return History(
        visits=(*visits, *ills),
        problems=tuple(Problem(v.reason, v.at, v.at + DAY * 10) for v in ills),
        family=("asthma",),
    )
