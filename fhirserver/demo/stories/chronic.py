"""Slow diseases seen in clinic: kidney, thyroid, depression, eczema."""

from __future__ import annotations

from fhirserver.demo.history import Case, Course, History, Problem, Visit, curve, stories, visits
from fhirserver.demo.moment import DAY


@stories.register("kidney")
def kidney(case: Case) -> History:
    """Chronic kidney disease: creatinine rises through stages 3 and 4, haemoglobin falls."""
    since = case.onset(4, 7)
    later = since + DAY * round((case.now - since).days * 0.6)
    return History(
        problems=(Problem("ckd-3", since, later), Problem("ckd-4", later),
                  Problem("anemia-iron", later)),
        courses=(
            Course("lisinopril", since, reason="ckd-3"),
            Course("furosemide", later, reason="ckd-4"),
            Course("ferrous-sulfate", later, reason="anemia-iron"),
        ),
        visits=visits(case, since, 200, Visit(
            since, "ckd-3", "nephrology", panels=("metabolic", "cbc", "acr", "minerals"),
            note="Kidney clinic. Blood pressure, diet and avoidance of NSAIDs discussed.",
        )),
        trends={
            "creatinine": curve(since, (-700, 1.15), (0, 1.6), (1100, 2.1), (2700, 3.3)),
            "urea": curve(since, (-700, 18), (0, 27), (2700, 58)),
            "potassium": curve(since, (0, 4.7), (2700, 5.5)),
            "phosphate": curve(since, (0, 3.7), (2700, 5.2)),
            "bicarbonate": curve(since, (0, 24), (2700, 19)),
            "hemoglobin": curve(since, (0, 12.9), (2700, 9.7)),
            "acr": curve(since, (0, 120), (2700, 640)),
            "ferritin": curve(since, (0, 60), (2700, 14)),
        },
        plans=(("kidney", since),),
        flags=("Avoid NSAIDs and contrast: kidney disease",),
    )  # fmt: skip


@stories.register("thyroid")
def thyroid(case: Case) -> History:
    """Hypothyroidism: TSH comes back to normal on levothyroxine."""
    since = case.onset(2, 7)
    return History(
        problems=(Problem("hypothyroidism", since),),
        courses=(Course("levothyroxine", since, reason="hypothyroidism"),),
        visits=visits(case, since, 300, Visit(
            since, "hypothyroidism", "endocrinology", panels=("thyroid", "lipids"),
            note="Thyroid review, dose unchanged.",
        )),
        trends={
            "tsh": curve(since, (-500, 4.2), (0, 22.5), (90, 6.1), (220, 2.1)),
            "ft4": curve(since, (-500, 1.0), (0, 0.55), (90, 1.05), (220, 1.3)),
        },
    )  # fmt: skip


@stories.register("depression")
def depression(case: Case) -> History:
    """Depression: PHQ-9 falls with fluoxetine and talking, with one relapse."""
    since = case.onset(2, 6)
    return History(
        problems=(Problem("depression", since),),
        courses=(Course("fluoxetine", since, reason="depression"),),
        visits=visits(case, since, 120, Visit(
            since, "depression", "psychiatry", measures=("phq9",), procedures=("psychotherapy",),
            note="Mood, sleep and safety reviewed.",
        )),
        trends={"phq9": curve(since, (0, 19), (60, 13), (200, 7), (500, 4), (700, 14), (900, 5))},
        plans=(("depression", since),),
    )  # fmt: skip


@stories.register("eczema")
def eczema(case: Case) -> History:
    """A child with dry, itching skin that mostly grows out."""
    since = max(case.onset(0.5, 6), case.person.born + DAY * 100)
    return History(
        problems=(Problem("eczema", since), Problem("allergic-rhinitis", since)),
        courses=(Course("cetirizine", since, reason="eczema"),),
        visits=visits(case, since, 200, Visit(
            since, "eczema", "paediatrics", note="Emollients and wet wraps reviewed.",
        )),
        family=("eczema",),
    )  # fmt: skip
