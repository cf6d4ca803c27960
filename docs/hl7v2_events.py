"""Writes the page of what each HL7 v2 event becomes: `python -m docs.hl7v2_events`."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from hl7v2_gateway.mapping.convert import supported
from hl7v2_gateway.mapping.plans import plan

FILE = Path(__file__).parent / "integrator" / "hl7v2-events.md"

_HEAD = """# What HL7 v2 messages become

Messages are converted by the tables of HL7's [v2-to-FHIR
guide](https://hl7.org/fhir/uv/v2mappings/) with an overlay of ours over them, which mends rows,
decides what the guide leaves open and has the messages that it lacks. Both are data in
`hl7v2_gateway/mapping/`; every value can say which row and which field made it.

- **Which resource.** A number with an assigning authority finds what is stored
  (`Patient?identifier=...`). Anything without one gets an id made of what makes it one thing, so
  a message that comes twice changes nothing. A patient without a number is one of that message: a
  name alone makes nobody the same.
- **What changes.** An empty field changes nothing, `""` deletes. Names and addresses are
  replaced, identifiers, participants and results are added to; a transfer completes the place
  before.
- **Times** keep their precision. One without an offset has that of MSH-7, else the sender's time
  zone.
- **Authorities** become the systems that the sender's registration names, else `urn:oid:` of the
  universal id, else `urn:id:` with the name. Register your authorities before the first message:
  identifiers keep the system they came with.
- **Codes** that a table translates come first, the code as sent beside it. A code that no table
  knows stays as it is, or is left out where FHIR allows no other, and is listed.
- **Nothing is dropped silently**: a field that no row uses is listed for the message as unmapped.
- **Own segments** (`Z..`) and local habits are mapped by overlays for senders, which are data,
  too (`overlay/senders/`; `ihe-pam` maps ZBE).

## Events

`Provenance` (to the stored message) and `MessageHeader` come with every event and are left out
here. Practitioners, organizations and locations are made where a field names them.

| Event | Becomes | And |
| --- | --- | --- |
"""
_ALWAYS = frozenset({"Provenance", "MessageHeader"})


def page() -> str:
    """The page."""
    lines = []
    for name, meaning in supported().items():
        structure = plan(meaning["structure"])
        if structure is None:
            continue
        types = {a.type for slot in structure.slots for a in slot.actions} - _ALWAYS
        shown = ", ".join(sorted(types)) or "MessageHeader"
        lines.append(f"| {name.replace('^', ' ')} | {shown} | {_meaning(meaning)} |")
    return _HEAD + "\n".join(lines) + "\n"


_MOVES: Final = {
    "identifier": "the patient has another identifier",
    "identifier-to-patient": "who had the identifier of MRG-1 is merged into the patient",
    "Account": "the account goes to the patient, with what refers to it",
    "Encounter": "the visit goes to the patient, with what refers to it",
    "account-number": "the account has another number",
    "visit-number": "the visit has another number",
    "alternate-visit-number": "the visit has another alternate number",
}


def _meaning(meaning: dict[str, Any]) -> str:
    words = []
    for key, name in (
        ("encounter", "Encounter"),
        ("appointment", "Appointment"),
        ("document", "DocumentReference"),
    ):
        if key in meaning:
            words.append(f"{name} is `{meaning[key]}`")
    if meaning.get("problem"):
        words.append("Condition or Goal is `entered-in-error`")
    if meaning.get("referral"):
        words.append(f"ServiceRequest is `{meaning['referral']}`")
    if meaning.get("account"):
        words.append(f"Account is `{meaning['account']}`")
    if meaning.get("patient_inactive"):
        words.append("the patient is no longer active")
    if meaning.get("merge"):
        words.append(f"what MRG names is merged ({meaning['merge'].replace(' ', ', ')})")
    if meaning.get("link"):
        words.append("the two patients are linked (`seealso`)")
    if meaning.get("unlink"):
        words.append("the two patients are no longer linked")
    if move := meaning.get("move"):
        words.append(_MOVES[move])
    if meaning.get("clear"):
        words.append(f"`{'`, `'.join(meaning['clear'])}` is taken away")
    if meaning.get("no_encounter"):
        words.append("no Encounter without a visit number")
    return "; ".join(words)


if __name__ == "__main__":
    FILE.write_text(page(), encoding="utf-8")
