"""Pregnancy: antenatal visits by the calendar, then birth on the maternity ward."""

from __future__ import annotations

from fhirserver.demo.history import (
    Case,
    Course,
    History,
    Leg,
    Problem,
    Stay,
    Visit,
    clinic_hour,
    curve,
    stories,
)
from fhirserver.demo.moment import DAY

TERM = 280
WEEKS = (8, 12, 16, 20, 24, 28, 31, 34, 36, 37, 38, 39)
MEASURED = ("gestation", "fundal-height", "fetal-heart")
SCANS = frozenset({12, 20, 34})
BLOODS = {8: ("cbc", "urinalysis", "thyroid"), 24: ("hba1c", "cbc"), 28: ("cbc", "iron"),
          36: ("cbc", "urinalysis")}  # fmt: skip


@stories.register("pregnancy")
def pregnancy(case: Case) -> History:
    """A first pregnancy; the mother who lies in now gave birth yesterday."""
    begin = case.ago(1.0, 1.5) if case.current else case.ago(-60, 700)
    conceived = begin - DAY * TERM
    delivered = begin < case.now - DAY * 3
    stay = Stay(
        "pregnancy", begin, case.ends(begin, 2.2), (Leg("maternity"),), "obstetrics",
        signs={
            "pain": curve(begin, (0, 7), (0.3, 9), (0.5, 3), (2, 1)),
            "pulse": curve(begin, (0, 98), (0.4, 112), (1, 82)),
            "hemoglobin": curve(begin, (0, 11.6), (0.8, 9.9), (2, 10.1)),
            "fetal-heart": curve(begin, (0, 138), (0.4, 152)),
        },
        panels=(("cbc", 24), ("coagulation", 200)),
        drugs=("oxytocin", "acetaminophen"),
        procedures=(("fetal-monitoring", 0.05), ("childbirth", 0.4)),
        measures=(("fetal-heart", 30),),
        note="In labour at term, membranes ruptured. Partner present.",
    )  # fmt: skip
    checks = tuple(
        Visit(
            clinic_hour(case, conceived + DAY * 7 * week), "pregnancy", "obstetrics",
            panels=BLOODS.get(week, ("urinalysis",)),
            measures=MEASURED if week >= 16 else MEASURED[:1],
            imaging=("obstetric-ultrasound",) if week in SCANS else (),
            vaccines=("tdap",) if week == 28 else (),
            note=f"Antenatal visit at {week} weeks. Movements felt, no bleeding."
            if week > 16 else f"Antenatal visit at {week} weeks.",
        )
        for week in WEEKS
        if conceived + DAY * (7 * week + 2) < case.now
    )  # fmt: skip
    over = begin if delivered else None
    weight = case.chance.uniform(56, 74)
    return History(
        problems=(Problem("pregnancy", conceived + DAY * 40, over),),
        courses=(Course("folic-acid", conceived + DAY * 42, over, "pregnancy"),),
        visits=checks,
        stays=(stay,) if delivered or case.current else (),
        trends={
            "gestation": curve(conceived, (0, 0), (TERM, TERM / 7)),
            "fundal-height": curve(conceived, (80, 11), (TERM, 38)),
            "weight": curve(conceived, (0, weight), (TERM, weight + 13), (TERM + 90, weight + 3)),
            "hemoglobin": curve(conceived, (0, 13.1), (200, 10.9), (TERM + 120, 12.8)),
        },
        plans=(("pregnancy", conceived + DAY * 50),),
    )  # fmt: skip
