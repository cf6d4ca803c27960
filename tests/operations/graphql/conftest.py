"""Two patients of one organization."""

from __future__ import annotations

import pytest

from fhirserver import ids
from tests.answers import done
from tests.builders import a_patient, a_transaction, an_entry, an_observation


@pytest.fixture
def family():
    """A name that nobody else has."""
    return f"F{ids.new()}"


@pytest.fixture
def record(client, family):
    """Stores two patients of one organization, with two observations each; the patients' ids."""
    short = family[1:13]
    organization = {"resourceType": "Organization", "id": f"o-{short}", "name": "Ward"}
    entries = [an_entry("PUT", f"Organization/o-{short}", organization)]
    patients = [f"a-{short}", f"b-{short}"]
    for number, id_ in enumerate(patients):
        patient = a_patient(
            id=id_,
            active=number == 0,
            name=[{"use": "official", "family": family, "given": ["Ada", "B"]}, {"text": "Ady"}],
            birthDate=f"197{number}-01-01",
            managingOrganization={"reference": f"Organization/o-{short}"},
        )
        entries.append(an_entry("PUT", f"Patient/{id_}", patient))
        for n in (1, 2):
            seen = an_observation(
                id=f"{id_}-{n}",
                subject={"reference": f"Patient/{id_}"},
                valueQuantity={"value": n, "unit": "kg"},
            )
            entries.append(an_entry("PUT", f"Observation/{id_}-{n}", seen))
    done(client.post("/fhir", json=a_transaction(*entries)))
    return patients
