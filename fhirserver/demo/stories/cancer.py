"""Cancers of breast and colon: found, operated on, treated in cycles, followed up."""

from __future__ import annotations

from datetime import datetime

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
    visits,
)
from fhirserver.demo.moment import DAY


def _cycles(case: Case, visit: Visit, every: int, count: int) -> tuple[Visit, ...]:
    return visits(case, visit.at, every, visit, visit.at + DAY * every * count)


@stories.register("breast_cancer")
def breast_cancer(case: Case) -> History:
    """Screening mammogram, lumpectomy, six cycles of docetaxel, five years of anastrozole."""
    found = case.onset(0.8, 3)
    chemo = found + DAY * 55
    surgery = _operation(case, "breast-cancer", found + DAY * 20, "lumpectomy", 2)
    return History(
        problems=(Problem("breast-cancer", found),),
        courses=(Course("anastrozole", chemo + DAY * 130, reason="breast-cancer"),),
        visits=(
            Visit(
                clinic_hour(case, found), "breast-cancer", "oncology", imaging=("mammogram",),
                panels=("cbc", "liver", "ca153"), note="Screening mammogram recalled: a mass.",
            ),
            *_cycles(case, Visit(
                chemo, "breast-cancer", "oncology", panels=("cbc", "metabolic", "liver"),
                drugs=("docetaxel", "ondansetron"), procedures=("chemotherapy",),
                note="Chemotherapy cycle given. Nausea controlled.",
            ), 21, 6),
            *visits(case, chemo + DAY * 190, 200, Visit(
                found, "breast-cancer", "oncology", imaging=("mammogram",), panels=("ca153", "cbc"),
                note="No sign of recurrence.",
            )),
        ),
        stays=(surgery,),
        trends={
            "wbc": curve(chemo, (-5, 6.8), (10, 2.6), (120, 2.2), (180, 5.6)),
            "hemoglobin": curve(chemo, (-5, 13.2), (120, 9.8), (240, 12.7)),
            "ca153": curve(found, (0, 58), (60, 31), (200, 17)),
        },
        plans=(("cancer", found),), family=("breast-cancer",),
        flags=("No blood pressure or venepuncture on the operated side",),
    )  # fmt: skip


@stories.register("colon_cancer")
def colon_cancer(case: Case) -> History:
    """Anaemia leads to a colonoscopy; colectomy, then eight cycles of oxaliplatin."""
    found = case.onset(0.9, 3)
    chemo = found + DAY * 60
    surgery = _operation(case, "colon-cancer", found + DAY * 18, "colectomy", 6)
    return History(
        problems=(Problem("colon-cancer", found), Problem("anemia-iron", found, found + DAY * 300)),
        courses=(Course("ferrous-sulfate", found, found + DAY * 250, "anemia-iron"),),
        visits=(
            Visit(
                clinic_hour(case, found), "colon-cancer", "surgery", imaging=("abdomen-ct",),
                panels=("cbc", "iron", "liver", "cea"), procedures=("colonoscopy",),
                note="Iron deficiency. Colonoscopy shows a stenosing sigmoid tumour.",
            ),
            *_cycles(case, Visit(
                chemo, "colon-cancer", "oncology", panels=("cbc", "metabolic", "liver"),
                drugs=("oxaliplatin", "leucovorin", "ondansetron"), procedures=("chemotherapy",),
                note="Chemotherapy cycle given. Tingling in the fingers, dose kept.",
            ), 21, 8),
            *visits(case, chemo + DAY * 200, 180, Visit(
                found, "colon-cancer", "oncology", imaging=("abdomen-ct",), panels=("cea", "cbc"),
                note="Surveillance: no recurrence.",
            )),
        ),
        stays=(surgery,),
        trends={
            "hemoglobin": curve(found, (-900, 14), (0, 8.9), (120, 10.9), (400, 13.3)),
            "mcv": curve(found, (-900, 89), (0, 71), (400, 88)),
            "ferritin": curve(found, (-900, 90), (0, 7), (400, 74)),
            "cea": curve(found, (0, 24), (60, 6.2), (250, 2.6)),
            "wbc": curve(chemo, (-5, 7.2), (14, 3.4), (160, 2.9), (230, 5.8)),
            "platelets": curve(chemo, (-5, 310), (160, 112), (300, 220)),
        },
        plans=(("cancer", found),), family=("colon-cancer",),
    )  # fmt: skip


def _operation(case: Case, reason: str, at: datetime, procedure: str, days: float) -> Stay:
    begin = min(at, case.now - DAY * (days + 1)).replace(hour=7, minute=0)
    return Stay(
        reason, begin, begin + DAY * days, (Leg("surgical"),), "surgery",
        signs={
            "pain": curve(begin, (0, 1), (0.2, 7), (days, 2)),
            "pulse": curve(begin, (0, 76), (0.3, 98), (days, 78)),
            "temperature": curve(begin, (0, 36.7), (1, 37.6), (days, 36.8)),
            "crp": curve(begin, (0, 4), (1.5, 124), (days + 3, 30)),
        },
        panels=(("cbc", 48), ("metabolic", 48), ("inflammation", 48)),
        drugs=("morphine", "acetaminophen", "enoxaparin", "ondansetron"),
        procedures=((procedure, 0.12),), note="Planned operation. Consent signed, site marked.",
    )  # fmt: skip
