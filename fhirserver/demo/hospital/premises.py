"""Organizations, Locations from the site down to the bed, and HealthcareServices.

https://hl7.org/fhir/R4/location.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from fhirserver.demo.catalogue import table
from fhirserver.demo.fhir import HL7, SNOMED, Resource, coding, concept, hl7, present
from fhirserver.demo.hospital.links import Links

OCCUPIED, FREE = ("O", "Occupied"), ("U", "Unoccupied")
# What every ninth, tenth ... empty bed is waiting for.
UPKEEP: Mapping[int, tuple[str, str]] = {
    0: ("H", "Housekeeping"), 4: ("K", "Contaminated"), 7: ("C", "Closed"),
}  # fmt: skip


def beds(ward: str) -> tuple[str, ...]:
    """The keys of a ward's beds, in order: `icu-01-1` is the first bed of room 01."""
    of = next(w for w in table("premises")["wards"] if w["key"] == ward)
    return tuple(
        f"{ward}-{room:02}-{bed}"
        for bed in range(1, of["beds"] + 1)
        for room in range(1, of["rooms"] + 1)
    )


def bed_name(key: str) -> str:
    """What people call a bed."""
    ward, room, bed = key.rsplit("-", 2)
    of = next(w for w in table("premises")["wards"] if w["key"] == ward)
    return f"{of['name']}, {of['room'].lower()} {int(room)}, bed {bed}"


def organizations(links: Links) -> Iterator[Resource]:
    """The hospital, its departments, the insurer, and a pharmacy in town."""
    premises = table("premises")
    top, shop = premises["organization"], premises["pharmacy"]
    provider = hl7("organization-type", "prov", "Healthcare Provider")
    yield _organization(links, top, [provider])
    yield _organization(links, shop, [provider, hl7("v3-RoleCode", *shop["type"])])
    yield _organization(links, premises["payer"], [hl7("organization-type", "pay", "Payer")])
    for department in premises["departments"]:
        kinds = [hl7("organization-type", "dept", "Hospital Department")]
        if "type" in department:
            kinds.append(hl7("v3-RoleCode", *department["type"]))
        yield links.head("Organization", department["key"]) | {
            "active": True,
            "type": kinds,
            "name": f"{top['name']}, {department['name']}",
            "alias": [department["name"]],
            "telecom": [{"system": "phone", "value": top["phone"], "use": "work"}],
            "partOf": links.to("Organization", "hospital", top["name"]),
        }


def _organization(links: Links, of: Resource, kinds: list[Resource]) -> Resource:
    return links.head("Organization", of["key"]) | {
        "active": True,
        "type": kinds,
        "name": of["name"],
        "telecom": [{"system": "phone", "value": of["phone"], "use": "work"}],
        "address": [_address(of)],
    }


def _address(of: Resource) -> Resource:
    return {
        "use": "work",
        "line": [of["line"]],
        "city": of["city"],
        "state": "AZ",
        "postalCode": of["zip"],
        "country": "US",
    }


def locations(links: Links, occupied: frozenset[str]) -> Iterator[Resource]:
    """Sites, buildings, wards, rooms and beds; `occupied` are the keys of beds in use."""
    premises = table("premises")
    for site in premises["sites"]:
        yield _place(links, site["key"], site["name"], "si", "Site") | {
            "type": [hl7("v3-RoleCode", "HOSP", "Hospital")],
            "address": _address(site),
            "position": _position(site["at"]),
        }
    for building in premises["buildings"]:
        yield _place(links, building["key"], building["name"], "bu", "Building") | {
            "position": _position(building["at"]),
            "partOf": links.to("Location", building["site"]),
        }
    for ward in premises["wards"]:
        yield from _ward(links, ward, occupied)


def _ward(links: Links, ward: Resource, occupied: frozenset[str]) -> Iterator[Resource]:
    department = ward["department"]
    building = next(b for b in table("premises")["buildings"] if b["key"] == ward["building"])
    yield _place(links, ward["key"], ward["name"], "wa", "Ward") | {
        "description": f"Floor {ward['floor']}",
        "type": [hl7("v3-RoleCode", *ward["type"])],
        "position": _position(building["at"]),
        "managingOrganization": links.to("Organization", department),
        "partOf": links.to("Location", ward["building"], building["name"]),
    }
    for room in range(1, ward["rooms"] + 1):
        key = f"{ward['key']}-{room:02}"
        name = f"{ward['name']}, {ward['room'].lower()} {room}"
        yield _place(links, key, name, "ro", "Room") | {
            "managingOrganization": links.to("Organization", department),
            "partOf": links.to("Location", ward["key"], ward["name"]),
        }
    for number, key in enumerate(beds(ward["key"])):
        status = OCCUPIED if key in occupied else UPKEEP.get(number % 9, FREE)
        room_key = key.rsplit("-", 1)[0]
        bed = _place(links, key, bed_name(key), "bd", "Bed") | {
            "operationalStatus": coding(HL7 + "v2-0116", *status),
            "managingOrganization": links.to("Organization", department),
            "partOf": links.to("Location", room_key),
        }
        yield bed | {"status": "suspended"} if status[0] == "C" else bed


def _place(links: Links, key: str, name: str, physical: str, display: str) -> Resource:
    return links.head("Location", key) | {
        "status": "active",
        "name": name,
        "mode": "instance",
        "physicalType": hl7("location-physical-type", physical, display),
    }


def _position(at: list[float]) -> Resource:
    latitude, longitude, altitude = at
    return {"longitude": longitude, "latitude": latitude, "altitude": altitude}


def services(links: Links) -> Iterator[Resource]:
    """What the hospital offers, and where."""
    premises = table("premises")
    specialty = {d["key"]: d.get("specialty") for d in premises["departments"]}
    for service in premises["services"]:
        of = specialty[service["department"]]
        yield links.head("HealthcareService", service["key"]) | present({
            "active": True,
            "providedBy": links.to("Organization", service["department"]),
            "category": [hl7("service-category", *service["category"])],
            "specialty": [concept(SNOMED, of)] if of else None,
            "location": [links.to("Location", service["ward"])],
            "name": service["name"],
            "appointmentRequired": service["ward"] != "emergency",
        })  # fmt: skip
