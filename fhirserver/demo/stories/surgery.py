"""Bones, joints and the appendix: fractures, a new hip, a new knee, an appendectomy."""

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
    visits,
)
from fhirserver.demo.moment import DAY


@stories.register("forearm_fracture")
def forearm_fracture(case: Case) -> History:
    """A fall on the outstretched hand: plaster in the emergency department."""
    begin = case.ago(0.08, 0.16) if case.current else case.ago(80, 800)
    signs = {
        "pain": curve(begin, (0, 8), (0.1, 5), (1, 2)),
        "pulse": curve(begin, (0, 104), (0.3, 82)),
    }
    if case.current:
        stay = Stay(
            "forearm-fracture", begin, None, (Leg("emergency"),), "emergency", signs=signs,
            panels=(("cbc", 200),), drugs=("acetaminophen", "morphine"),
            imaging=(("wrist-xray", 0.02),), note="Deformed wrist after a fall from a bicycle.",
        )  # fmt: skip
        return History(problems=(Problem("forearm-fracture", begin),), stays=(stay,))
    return History(
        problems=(Problem("forearm-fracture", begin, begin + DAY * 70),),
        courses=(Course("oxycodone", begin, begin + DAY * 7, "forearm-fracture"),),
        visits=(
            Visit(
                begin, "forearm-fracture", "emergency", emergency=True, imaging=("wrist-xray",),
                procedures=("immobilization",), drugs=("acetaminophen", "morphine"),
                note="Distal radius fracture, reduced and put in plaster.",
            ),
            *visits(case, begin + DAY * 9, 21, Visit(
                begin, "forearm-fracture", "orthopaedics", imaging=("wrist-xray",),
                procedures=("physiotherapy",), note="Fracture clinic: position held.",
            ), begin + DAY * 75),
        ),
    )  # fmt: skip


@stories.register("hip_fracture")
def hip_fracture(case: Case) -> History:
    """An old person falls: hip replaced the next day, confusion, then walking again."""
    begin = case.admission(3)
    stay = Stay(
        "hip-fracture", begin, case.ends(begin, 9), (Leg("emergency"), Leg("surgical", 0.3)),
        "orthopaedics",
        signs={
            "pain": curve(begin, (0, 9), (0.5, 5), (1.2, 7), (5, 3)),
            "pulse": curve(begin, (0, 102), (4, 84)),
            "consciousness": curve(begin, (0, 0), (1.4, 0), (1.5, 1), (2.6, 1), (2.7, 0)),
            "hemoglobin": curve(begin, (0, 11.8), (1.2, 8.1), (2.5, 9.4), (9, 10.2)),
            "crp": curve(begin, (0, 14), (2, 168), (9, 40)),
            "temperature": curve(begin, (0, 36.6), (2, 37.9), (5, 36.8)),
            "saturation": curve(begin, (0, 94), (1.5, 92), (5, 95)),
            "oxygen": curve(begin, (0, 0), (1.1, 2), (3, 0)),
            "t-score": curve(begin, (0, -2.9)),
        },
        panels=(("cbc", 24), ("metabolic", 24), ("coagulation", 200), ("inflammation", 48)),
        drugs=("morphine", "acetaminophen", "enoxaparin", "ondansetron"),
        imaging=(("hip-xray", 0.06), ("head-ct", 0.1), ("hip-xray", 2.0)),
        procedures=(("hip-arthroplasty", 1.1), ("physiotherapy", 2.2), ("physiotherapy", 3.2)),
        also=("osteoporosis",),
        note="Fell at home, leg short and rotated. Nerve block, operation tomorrow.",
    )  # fmt: skip
    after = begin + DAY * 12
    return History(
        problems=(Problem("hip-fracture", begin, stay.discharged), Problem("osteoporosis", begin)),
        courses=() if case.current else (
            Course("alendronate", min(after, case.now), reason="osteoporosis"),
        ),
        visits=visits(case, after + DAY * 20, 120, Visit(
            after, "osteoporosis", "orthopaedics", imaging=("bone-density",), measures=("t-score",),
            procedures=("physiotherapy",), note="Walking with one stick.",
        ), after + DAY * 400),
        stays=(stay,),
        flags=("High risk of falls",),
    )  # fmt: skip


@stories.register("knee_replacement")
def knee_replacement(case: Case) -> History:
    """Years of a painful knee, then a new one."""
    since = case.onset(3, 7)
    begin = case.ago(90, 500).replace(hour=7, minute=0)
    stay = Stay(
        "knee-arthritis", begin, begin + DAY * 3, (Leg("surgical"),), "orthopaedics",
        signs={
            "pain": curve(begin, (0, 4), (0.3, 8), (3, 3)),
            "hemoglobin": curve(begin, (0, 13.4), (1, 10.6), (3, 10.9)),
            "crp": curve(begin, (0, 3), (2, 140), (4, 70)),
        },
        panels=(("cbc", 24), ("metabolic", 48)),
        drugs=("oxycodone", "acetaminophen", "enoxaparin"),
        imaging=(("knee-xray", 1.0),),
        procedures=(("arthroplasty-knee", 0.15), ("physiotherapy", 1.2), ("physiotherapy", 2.2)),
        note="Planned knee replacement. Walked with a frame the same day.",
    )  # fmt: skip
    return History(
        problems=(Problem("knee-arthritis", since),),
        courses=(Course("ibuprofen", since, begin, "knee-arthritis"),),
        visits=visits(case, since, 300, Visit(
            since, "knee-arthritis", "orthopaedics", imaging=("knee-xray",),
            procedures=("physiotherapy",), note="Knee pain on stairs. Exercises shown.",
        )),
        stays=(stay,),
        trends={"pain": curve(since, (0, 3), (1500, 6), (1600, 6))},
    )  # fmt: skip


@stories.register("appendicitis")
def appendicitis(case: Case) -> History:
    """A day of belly pain, an operation that night, home in two days."""
    begin = case.ago(1.0, 1.6) if case.current else case.ago(60, 1500)
    stay = Stay(
        "appendicitis", begin, case.ends(begin, 2.5), (Leg("emergency"), Leg("surgical", 0.25)),
        "surgery",
        signs={
            "pain": curve(begin, (0, 8), (0.4, 6), (2.5, 2)),
            "temperature": curve(begin, (0, 38.4), (1, 37.4), (2.5, 36.8)),
            "pulse": curve(begin, (0, 106), (1, 88), (2.5, 74)),
            "wbc": curve(begin, (0, 16.8), (2, 9.8)), "crp": curve(begin, (0, 84), (2, 46)),
        },
        panels=(("cbc", 24), ("metabolic", 48), ("inflammation", 24), ("urinalysis", 200)),
        drugs=("ceftriaxone", "acetaminophen", "morphine", "ondansetron"),
        imaging=(("abdomen-ct", 0.1),), procedures=(("appendectomy", 0.4),),
        also=("abdominal-pain",), note="Pain moving to the right iliac fossa, guarding.",
    )  # fmt: skip
    check = () if case.current else (Visit(
        clinic_hour(case, min(begin + DAY * 14, case.now - DAY)), "appendicitis", "surgery",
        note="Wounds healed, back to sport.",
    ),)  # fmt: skip
    return History(
        problems=(Problem("appendicitis", begin, stay.discharged),), stays=(stay,), visits=check,
    )  # fmt: skip
