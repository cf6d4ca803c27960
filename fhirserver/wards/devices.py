"""Machines that patients use: whether one is free.

https://hl7.org/fhir/R4/device-definitions.html#Device.statusReason
"""

from __future__ import annotations

from typing import Final

from fhirserver.model.resource import Resource

SYSTEM: Final = "http://terminology.hl7.org/CodeSystem/device-status-reason"
IN_USE, FREE, CLEANING = "online", "standby", "not-ready"
VENTILATORS: Final = frozenset({"449071006", "706172005"})
"""SNOMED CT: mechanical ventilator, ventilator. A nasal cannula of high flow is none."""
_STATES: Final = {
    IN_USE: "in-use", FREE: "free", CLEANING: "not-ready", "paused": "not-ready",
    "offline": "out-of-order", "hw-discon": "out-of-order", "transduc-discon": "out-of-order",
    "off": "free",
}  # fmt: skip


def uses(statement: Resource | None) -> str | None:
    """The device that a DeviceUseStatement says is in use."""
    if statement is None or statement.get("status") != "active":
        return None
    reference = statement.get("device", {}).get("reference", "")
    return reference if reference.startswith("Device/") else None


def device_state(device: Resource) -> str:
    """free, in-use, not-ready or out-of-order. One that says nothing is free."""
    if device.get("status", "active") != "active":
        return "out-of-order"
    return next((_STATES[r] for r in _reasons(device) if r in _STATES), "free")


def is_free(device: Resource) -> bool:
    """Whether a device could be taken now."""
    return device_state(device) == "free"


def taken_device(device: Resource) -> Resource:
    """A device that somebody uses."""
    return device if IN_USE in _reasons(device) else _with(device, IN_USE)


def freed_device(device: Resource, *, cleaned: bool) -> Resource:
    """A device that nobody uses any more."""
    if IN_USE not in _reasons(device):
        return device
    return _with(device, FREE if cleaned else CLEANING)


def types_of(device: Resource) -> tuple[str, str]:
    """The code and the name of what a device is."""
    concept = device.get("type", {})
    codings = concept.get("coding", ())
    code = next((c["code"] for c in codings if c.get("code")), "")
    name = concept.get("text") or next((c["display"] for c in codings if c.get("display")), code)
    return code, name


def is_ventilator(device: Resource) -> bool:
    """Whether a device breathes for a patient."""
    codes = {c.get("code") for c in device.get("type", {}).get("coding", ())}
    return bool(codes & VENTILATORS)


def _reasons(device: Resource) -> tuple[str, ...]:
    return tuple(
        c["code"]
        for concept in device.get("statusReason", ())
        for c in concept.get("coding", ())
        if c.get("system") == SYSTEM and c.get("code")
    )


def _with(device: Resource, code: str) -> Resource:
    others = [
        concept
        for concept in device.get("statusReason", ())
        if not any(c.get("system") == SYSTEM for c in concept.get("coding", ()))
    ]
    return {**device, "statusReason": [*others, {"coding": [{"system": SYSTEM, "code": code}]}]}
