"""Heart failure with an acute admission, myocardial infarction, atrial fibrillation."""

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
from fhirserver.demo.moment import DAY


@stories.register("heart_failure")
def heart_failure(case: Case) -> History:
    """A weak heart for years; fluid builds up, diuretics into a vein; a pacemaker for some."""
    since = case.onset(3, 7)
    begin = case.admission(3)
    worse = case.fatal
    stay = Stay(
        "heart-failure-acute", begin, case.ends(begin, 7),
        (Leg("emergency"), Leg("medical", 0.3)), "cardiology",
        signs={
            "saturation": curve(begin, (0, 87), (1, 92), (5, 84 if worse else 96)),
            "oxygen": curve(begin, (0, 8), (1.5, 3), (3, 10 if worse else 0)),
            "breaths": curve(begin, (0, 31), (2, 22), (5, 33 if worse else 17)),
            "pulse": curve(begin, (0, 118), (3, 88), (7, 124 if worse else 72)),
            "systolic": curve(begin, (0, 164), (2, 128), (7, 70 if worse else 118)),
            "weight": curve(begin, (0, 93.4), (7, 87.2)),
            "bnp": curve(begin, (0, 9400), (7, 14200 if worse else 2100)),
            "troponin": curve(begin, (0, 44), (4, 26)),
            "sodium": curve(begin, (0, 129), (7, 135)),
            "potassium": curve(begin, (0, 4.8), (2, 2.7), (3, 3.9)),
            "creatinine": curve(begin, (0, 1.5), (4, 1.9), (7, 3.8 if worse else 1.5)),
            "ejection-fraction": curve(begin, (0, 28)),
        },
        panels=(("metabolic", 24), ("bnp", 72), ("troponin", 48), ("cbc", 48), ("minerals", 48)),
        drugs=("furosemide-iv", "carvedilol", "spironolactone", "enoxaparin"),
        imaging=(("chest-xray", 0.08), ("echocardiogram", 1.1)),
        procedures=(("ecg", 0.05),),
        also=("respiratory-failure",), died=worse,
        note="Breathless at rest, oedema to the knees. Furosemide intravenously, daily weights.",
    )  # fmt: skip
    paced = case.chance.random() < 0.6
    return History(
        problems=(
            Problem("heart-failure", since),
            Problem("heart-failure-acute", begin, stay.discharged),
        ),
        courses=(
            Course("furosemide", since, reason="heart-failure"),
            Course("carvedilol", since + DAY * 20, reason="heart-failure"),
            Course("spironolactone", since + DAY * 90, reason="heart-failure"),
        ),
        visits=visits(case, since, 220, Visit(
            since, "heart-failure", "cardiology", panels=("metabolic", "bnp"),
            procedures=("ecg",), measures=("ejection-fraction",),
            note="Heart failure clinic. Weight diary reviewed.",
        )),
        stays=(stay,),
        trends={
            "bnp": curve(since, (-400, 120), (0, 3900), (300, 1450), (2500, 2300)),
            "ejection-fraction": curve(since, (0, 31), (500, 38), (2500, 34)),
            "weight": curve(since, (0, 91), (60, 86), (2500, 88)),
            "pulse": curve(since, (-200, 82), (0, 94), (200, 66)),
        },
        plans=(("heart-failure", since),),
        implants=(("pacemaker", since + DAY * 200),) if paced else (),
        family=("coronary-disease",),
    )  # fmt: skip


@stories.register("heart_attack")
def heart_attack(case: Case) -> History:
    """Chest pain with a rising troponin: a stent within the hour, five drugs for life."""
    begin = case.ago(0.25, 0.4) if case.current else case.ago(60, 1500)
    legs = (Leg("emergency"),) if case.current else (Leg("emergency"), Leg("medical", 0.35))
    stay = Stay(
        "myocardial-infarction", begin, case.ends(begin, 4), legs, "cardiology",
        signs={
            "troponin": curve(begin, (0, 62), (0.12, 940), (0.5, 18200), (3, 2400)),
            "pain": curve(begin, (0, 9), (0.2, 4), (0.5, 1), (1, 0)),
            "pulse": curve(begin, (0, 108), (1, 82), (4, 66)),
            "systolic": curve(begin, (0, 158), (0.3, 116), (4, 122)),
            "saturation": curve(begin, (0, 93), (1, 97)), "breaths": curve(begin, (0, 23), (1, 16)),
            "ejection-fraction": curve(begin, (0, 42)), "glucose": curve(begin, (0, 162), (2, 118)),
        },
        panels=(("troponin", 3), ("cbc", 24), ("metabolic", 24), ("lipids", 200),
                ("coagulation", 200)),
        drugs=("aspirin", "clopidogrel", "morphine", "enoxaparin"),
        imaging=(("chest-xray", 0.03), ("echocardiogram", 1.2)),
        procedures=(("ecg", 0.01), ("ecg", 0.1), ("coronary-stent", 0.3)),
        note="Crushing chest pain for two hours, ST elevation in V1-V4. Cardiology called.",
    )  # fmt: skip
    after = begin + DAY * 4
    home = () if case.current else (
        Course("clopidogrel", after, after + DAY * 365, "coronary-disease"),
        Course("carvedilol", after, reason="coronary-disease"),
        Course("lisinopril", after, reason="coronary-disease"),
    )  # fmt: skip
    return History(
        problems=(
            Problem("myocardial-infarction", begin, stay.discharged),
            Problem("coronary-disease", begin),
        ),
        courses=home,
        visits=visits(case, after + DAY * 20, 250, Visit(
            after, "coronary-disease", "cardiology", panels=("lipids", "metabolic"),
            procedures=("ecg",), note="No angina. Rehabilitation going well.",
        )),
        stays=(stay,),
        family=("coronary-disease",),
    )  # fmt: skip


@stories.register("atrial_fibrillation")
def atrial_fibrillation(case: Case) -> History:
    """An irregular pulse, slowed and anticoagulated."""
    since = case.onset(2, 6)
    return History(
        problems=(Problem("atrial-fibrillation", since),),
        courses=(
            Course("apixaban", since, reason="atrial-fibrillation"),
            Course("carvedilol", since, reason="atrial-fibrillation"),
        ),
        visits=visits(case, since, 260, Visit(
            since, "atrial-fibrillation", "cardiology", panels=("cbc", "metabolic"),
            procedures=("ecg",), note="Rate control and bleeding risk reviewed.",
        )),
        trends={"pulse": curve(since, (-90, 74), (0, 132), (20, 88), (400, 74))},
        flags=("Takes an anticoagulant",),
    )  # fmt: skip
