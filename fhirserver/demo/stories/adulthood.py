"""What every adult goes through: check-ups, influenza vaccines, the odd cold or sprain."""

from __future__ import annotations

from fhirserver.demo.history import Case, History, Problem, Visit, clinic_hour, stories
from fhirserver.demo.moment import DAY

MINOR = (
    ("sinusitis", "Facial pain and congestion for a week. Advice given.", ("ibuprofen",)),
    ("bronchitis", "Productive cough, chest clear. No antibiotic needed.", ("acetaminophen",)),
    ("pharyngitis", "Sore throat, no exudate. Fluids and rest.", ("acetaminophen",)),
    ("urinary-infection", "Dysuria for two days. Antibiotic started.", ("nitrofurantoin",)),
    ("ankle-sprain", "Twisted ankle on the stairs. Able to bear weight.", ("ibuprofen",)),
)  # fmt: skip

BLOODS = (("cbc", "metabolic", "lipids"), ("metabolic", "liver"))


@stories.register("adulthood")
def adulthood(case: Case) -> History:
    """A check-up a year for up to seven years, and a few minor illnesses in between."""
    chance = case.chance
    checks: list[Visit] = []
    at = max(case.onset(5.5, 7), case.person.born + DAY * 365 * 18)
    while at < case.now - DAY * 20:
        vaccines = ["influenza"]
        if len(checks) == 1:
            vaccines.append("td")
        if case.person.age(at) > 65 and len(checks) == 3:
            vaccines += ["pneumococcal-adult", "zoster"]
        checks.append(Visit(
            clinic_hour(case, at), "check-up", panels=BLOODS[len(checks) % 2],
            vaccines=tuple(vaccines), procedures=("depression-screen",),
            note="Annual check-up. Lifestyle, screening and vaccines discussed.",
        ))  # fmt: skip
        at += DAY * chance.randrange(340, 420)
    ills = [_illness(case) for _ in range(chance.randrange(1, 4))]
    return History(
        visits=(*checks, *ills),
        problems=tuple(Problem(v.reason, v.at, v.at + DAY * 12) for v in ills),
        family=tuple(chance.sample(("diabetes", "hypertension", "breast-cancer", "asthma"), 2)),
    )


def _illness(case: Case) -> Visit:
    reason, note, drugs = case.chance.choice(MINOR)
    sprain = reason == "ankle-sprain"
    return Visit(
        clinic_hour(case, case.onset(0.1, 6)),
        reason,
        department="emergency" if sprain else "primary",
        emergency=sprain,
        imaging=("ankle-xray",) if sprain else (),
        panels=("urinalysis", "urine-culture") if reason == "urinary-infection" else (),
        drugs=drugs,
        note=note,
    )
