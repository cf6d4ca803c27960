"""Asthma and chronic obstructive lung disease, with attacks."""

from __future__ import annotations

from fhirserver.demo.history import (
    Case,
    Course,
    History,
    Leg,
    Problem,
    Stay,
    Visit,
    curve,
    stories,
    visits,
)
from fhirserver.demo.moment import DAY, MINUTE


@stories.register("asthma")
def asthma(case: Case) -> History:
    """A reliever, a preventer a year later, and one attack in the emergency department."""
    since = case.onset(2, 6)
    attack = case.ago(60, 900)
    return History(
        problems=(
            Problem("asthma", since),
            Problem("allergic-rhinitis", since),
            Problem("asthma-attack", attack, attack + DAY * 6),
        ),
        courses=(
            Course("albuterol", since, reason="asthma"),
            Course("fluticasone", min(since + DAY * 365, case.now), reason="asthma"),
            Course("cetirizine", since, reason="allergic-rhinitis"),
        ),
        visits=(
            *visits(case, since, 310, Visit(
                since, "asthma", "respiratory", measures=("fev1-fvc",), procedures=("spirometry",),
                note="Asthma review. Inhaler technique checked.",
            )),
            Visit(
                attack, "asthma-attack", "emergency", emergency=True, imaging=("chest-xray",),
                panels=("cbc", "blood-gas"), drugs=("prednisone",),
                note="Wheeze for a day. Better after nebulisers, home on prednisone.",
            ),
        ),
        trends={
            "fev1-fvc": curve(since, (0, 64), (500, 72), (2500, 76)),
            "saturation": curve(attack, (-0.5, 97.5), (0, 91), (0.3, 96), (1, 97.5)),
            "breaths": curve(attack, (-0.5, 16), (0, 28), (1, 16)),
            "pulse": curve(attack, (-0.5, 76), (0, 122), (1, 78)),
        },
        plans=(("asthma", since),),
        family=("asthma",),
    )  # fmt: skip


@stories.register("copd")
def copd(case: Case) -> History:
    """A smoker's lungs: inhalers, spirometry that sinks, one admission with an attack."""
    since = case.onset(3, 7)
    begin = case.admission(4)
    stay = Stay(
        "copd-attack", begin, case.ends(begin, 5), (Leg("emergency"), Leg("medical", 0.25)),
        "respiratory",
        signs={
            "saturation": curve(begin, (0, 84), (1, 89), (4, 92)),
            "oxygen": curve(begin, (0, 4), (1.5, 2), (4, 0)),
            "breaths": curve(begin, (0, 30), (2, 23), (5, 18)),
            "pulse": curve(begin, (0, 114), (2, 95), (5, 84)),
            "ph": curve(begin, (0, 7.29), (1, 7.35), (3, 7.39)),
            "pco2": curve(begin, (0, 66), (1, 54), (4, 47)),
            "crp": curve(begin, (0, 46), (5, 9)), "wbc": curve(begin, (0, 13.2), (5, 9.8)),
        },
        panels=(("cbc", 24), ("metabolic", 24), ("blood-gas", 12), ("inflammation", 48)),
        drugs=("albuterol-neb", "prednisone", "amoxicillin", "enoxaparin"),
        imaging=(("chest-xray", 0.05),),
        note="Worse breathlessness and sputum for three days. Controlled oxygen, target 88-92 %.",
    )  # fmt: skip
    return History(
        problems=(Problem("copd", since), Problem("copd-attack", begin, stay.discharged)),
        courses=(
            Course("albuterol", since, reason="copd"),
            Course("fluticasone-salmeterol", since + DAY * 200, reason="copd"),
        ),
        visits=visits(case, since, 280, Visit(
            since + MINUTE, "copd", "respiratory", measures=("fev1-fvc",),
            procedures=("spirometry",), panels=("cbc",),
            note="Breathless on hills. Smoking cessation offered.",
        )),
        stays=(stay,),
        trends={
            "fev1-fvc": curve(since, (0, 62), (1500, 54), (3200, 47)),
            "saturation": curve(since, (0, 95), (3000, 92.5)),
            "breaths": curve(since, (0, 17), (3000, 20)),
        },
        plans=(("copd", since),),
        flags=("Target oxygen saturation 88-92 %",),
    )  # fmt: skip
