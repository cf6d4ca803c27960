"""Infections that need a bed: pneumonia, sepsis with a ventilator, bronchiolitis."""

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


@stories.register("pneumonia")
def pneumonia(case: Case) -> History:
    """Community-acquired pneumonia: oxygen and antibiotics, better within a week."""
    begin = case.admission(3)
    stay = Stay(
        "pneumonia", begin, case.ends(begin, 6), (Leg("emergency"), Leg("medical", 0.22)),
        signs={
            "temperature": curve(begin, (0, 39.3), (1.5, 38.4), (3, 37.4), (5, 36.8)),
            "saturation": curve(begin, (0, 88), (0.2, 93), (3, 94), (6, 96)),
            "oxygen": curve(begin, (0, 6), (1, 4), (2.5, 2), (3.5, 0)),
            "breaths": curve(begin, (0, 29), (2, 23), (5, 17)),
            "pulse": curve(begin, (0, 121), (2, 98), (5, 80)),
            "systolic": curve(begin, (0, 98), (1, 112), (4, 126)),
            "wbc": curve(begin, (0, 18.4), (3, 12.6), (6, 8.9)),
            "crp": curve(begin, (0, 212), (1, 236), (6, 38)),
            "procalcitonin": curve(begin, (0, 2.4), (6, 0.3)),
            "lactate": curve(begin, (0, 2.6), (1, 1.5)), "pain": curve(begin, (0, 4), (4, 1)),
            "sodium": curve(begin, (0, 130), (4, 137)), "po2": curve(begin, (0, 54), (2, 72)),
            "urea": curve(begin, (0, 31), (4, 17)),
        },
        panels=(("cbc", 24), ("metabolic", 24), ("inflammation", 24), ("procalcitonin", 48),
                ("lactate", 96), ("blood-gas", 60), ("sputum-culture", 200),
                ("blood-culture", 200), ("respiratory-viruses", 200)),
        drugs=("ceftriaxone", "azithromycin", "acetaminophen", "enoxaparin"),
        imaging=(("chest-xray", 0.06), ("chest-xray", 3.1)),
        note="Fever, cough and right-sided crackles. CURB-65 scored, antibiotics within an hour.",
    )  # fmt: skip
    review = () if case.current else (Visit(
        clinic_hour(case, min(begin + DAY * 34, case.now - DAY)), "pneumonia", "respiratory",
        imaging=("chest-xray",), panels=("cbc",), note="Chest clear six weeks on. Discharged.",
    ),)  # fmt: skip
    return History(
        problems=(Problem("pneumonia", begin, stay.discharged),),
        stays=(stay,), visits=review,
        courses=() if case.current else (
            Course("amoxicillin", begin + DAY * 6, begin + DAY * 11, "pneumonia"),
        ),
    )  # fmt: skip


@stories.register("sepsis")
def sepsis(case: Case) -> History:
    """Septic shock: ventilated and on norepinephrine in intensive care; some die."""
    begin = case.admission(4)
    end = case.ends(begin, 9)
    worse = case.fatal
    late = 8 if worse else 1
    legs = [Leg("emergency"), Leg("icu", 0.15)]
    if not case.current and not worse:
        legs.append(Leg("medical", 7.2))
    stay = Stay(
        "sepsis", begin, end, tuple(legs), "intensive",
        signs={
            "temperature": curve(begin, (0, 39.6), (2, 38.7), (5, 37.6), (8, 36.9)),
            "systolic": curve(begin, (0, 76), (0.5, 94), (3, 108), (8, 72 if worse else 124)),
            "diastolic": curve(begin, (0, 41), (0.5, 54), (3, 60), (8, 38 if worse else 70)),
            "pulse": curve(begin, (0, 134), (2, 112), (5, 98), (9, 126 if worse else 84)),
            "breaths": curve(begin, (0, 34), (0.3, 18), (5, 17), (9, 26 if worse else 16)),
            "saturation": curve(begin, (0, 82), (0.4, 93), (4, 95), (9, 86 if worse else 97)),
            "oxygen": curve(begin, (0, 15), (0.3, 12), (5, 8), (7, 12 if worse else 0)),
            "consciousness": curve(begin, (0, 2), (0.25, 4), (5.5, 4), (5.8, 3 if worse else 1),
                                   (7.2, 4 if worse else 0)),
            "coma-scale": curve(begin, (0, 12), (0.3, 4), (5.5, 5), (6, 4 if worse else 15)),
            "lactate": curve(begin, (0, 6.8), (1, 4.2), (3, 2.1), (9, 9.4 if worse else 1.2)),
            "wbc": curve(begin, (0, 31.5), (3, 19), (9, 27 if worse else 9.4)),
            "crp": curve(begin, (0, 298), (4, 160), (9, 260 if worse else 32)),
            "procalcitonin": curve(begin, (0, 24), (9, 18 if worse else 0.6)),
            "creatinine": curve(begin, (0, 2.4), (2, 3.3), (9, 4.6 if worse else 1.1)),
            "urea": curve(begin, (0, 48), (2, 62), (9, 88 if worse else 24)),
            "potassium": curve(begin, (0, 5.6), (3, 4.4), (9, 6.6 if worse else 4.1)),
            "platelets": curve(begin, (0, 118), (3, 74), (9, 41 if worse else 210)),
            "bilirubin": curve(begin, (0, 2.4), (9, 4.1 if worse else 0.9)),
            "ph": curve(begin, (0, 7.18), (1, 7.29), (4, 7.38), (9, 7.11 if worse else 7.4)),
            "po2": curve(begin, (0, 48), (0.5, 78), (9, 55 if worse else 92)),
            "pco2": curve(begin, (0, 52), (1, 42)), "glucose": curve(begin, (0, 236), (4, 158)),
            "fio2": curve(begin, (0, 90), (2, 60), (5, 35), (8, 85 if worse else 30)),
            "peep": curve(begin, (0, 12), (5, 6), (8, 14 if worse else 5)),
            "urine-output": curve(begin, (0, 40), (2, 140), (8, 30 if worse else 340)),
            "inr": curve(begin, (0, 1.6), (9, 2.4 if worse else 1.1)),
            "albumin": curve(begin, (0, 2.6), (9, 2.4)),
        },
        panels=(("cbc", 24), ("metabolic", 24), ("blood-gas", 12), ("lactate", 12), ("liver", 48),
                ("inflammation", 24), ("procalcitonin", 48), ("coagulation", 24),
                ("minerals", 24), ("blood-culture", 72), ("urinalysis", 200)),
        drugs=("norepinephrine", "propofol", "fentanyl", "piperacillin", "vancomycin",
               "enoxaparin"),
        imaging=(("chest-xray", 0.1), ("chest-xray", 0.3), ("chest-ct", 1.2), ("chest-xray", 4.0)),
        procedures=(("intubation", 0.18), ("central-line", 0.22), ("arterial-line", 0.25),
                    ("ventilation", 0.2)),
        measures=(("fio2", 6), ("peep", 6), ("tidal-volume", 12), ("coma-scale", 8),
                  ("urine-output", 8)),
        ventilated=(0.2, 5.5 if late == 1 else 30.0),
        also=("septic-shock", "respiratory-failure"), died=worse,
        note="Septic shock. Cultures, antibiotics, fluids, then norepinephrine and ventilation.",
    )  # fmt: skip
    return History(
        problems=tuple(Problem(code, begin, end) for code in ("sepsis", "septic-shock")),
        stays=(stay,),
        flags=("Multi-resistant organism screening: contact precautions",),
    )


@stories.register("bronchiolitis")
def bronchiolitis(case: Case) -> History:
    """An infant with RSV: a few days of oxygen."""
    begin = case.ago(1.5, 2.2) if case.current else case.ago(30, 200)
    stay = Stay(
        "bronchiolitis", begin, case.ends(begin, 4), (Leg("emergency"), Leg("paediatric", 0.2)),
        "paediatrics",
        signs={
            "saturation": curve(begin, (0, 89), (1, 92), (3, 96)),
            "oxygen": curve(begin, (0, 2), (2, 1), (2.6, 0)),
            "breaths": curve(begin, (0, 62), (1.5, 48), (4, 32)),
            "pulse": curve(begin, (0, 168), (2, 140), (4, 122)),
            "temperature": curve(begin, (0, 38.6), (3, 37.0)),
        },
        panels=(("cbc", 72), ("respiratory-viruses", 200), ("metabolic", 96)),
        drugs=("acetaminophen-child",), imaging=(("chest-xray", 0.1),),
        note="Wheeze and poor feeding in an infant, RSV positive. Oxygen and feeds by tube.",
    )  # fmt: skip
    return History(problems=(Problem("bronchiolitis", begin, stay.discharged),), stays=(stay,))
