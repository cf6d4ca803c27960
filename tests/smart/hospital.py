"""A running server with a chart, its doctor, its patient, and an app made of fhirclient."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlencode

from playwright.sync_api import Page

from conformance.faults.server import Server
from fhirserver import ids
from fhirserver.oauth.signing_in.passwords import Passwords
from fhirserver.storage import credentials, users
from fhirserver.storage.clients import Client, add_client
from tests.peers.smart_app.server import App

PASSWORD = "three blue horses"
SCOPE = "openid fhirUser offline_access patient/Patient.rs patient/Observation.rs"


@dataclass(frozen=True)
class Hospital:
    """Names of those who sign in, and ids of what there is."""

    server: Server
    app: App
    client_id: str
    doctor: str
    patient_user: str
    patient: str
    family: str

    @property
    def root(self) -> str:
        return self.server.base.removesuffix("/fhir")

    def standalone(self, scope: str = f"launch/patient {SCOPE}") -> str:
        """Where somebody opens the app by themselves."""
        values = {"iss": self.server.base, "client_id": self.client_id, "scope": scope}
        return f"{self.app.launch_uri}?{urlencode(values)}"

    def sign_in(self, page: Page, name: str) -> None:
        """Fill in the sign-in page that is shown."""
        page.get_by_label("User name").fill(name)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in", exact=True).click()


@contextlib.contextmanager
def opened(server: Server, app: App) -> Iterator[Hospital]:
    family = f"Lovelace{ids.new()[-8:]}"
    with server.client() as client:

        def create(resource: dict) -> str:
            answer = client.send("POST", resource["resourceType"], resource)
            assert answer.status == 201, answer
            return answer.json["id"]

        doctor = create({"resourceType": "Practitioner", "name": [{"family": "Hopper"}]})
        patient = create(
            {
                "resourceType": "Patient",
                "name": [{"family": family, "given": ["Ada"]}],
                "birthDate": "1980-02-03",
                "gender": "female",
                "identifier": [
                    {
                        "system": "urn:test:mrn",
                        "value": f"MRN-{family[-8:]}",
                        "type": {"coding": [{"code": "MR"}]},
                    }
                ],
                "generalPractitioner": [{"reference": f"Practitioner/{doctor}"}],
            }
        )
        create(
            {
                "resourceType": "CareTeam",
                "status": "active",
                "subject": {"reference": f"Patient/{patient}"},
                "participant": [{"member": {"reference": f"Practitioner/{doctor}"}}],
            }
        )
    client_id = f"app-{ids.new()}"
    hashed = Passwords(1).hashed(PASSWORD)
    names = []
    with server.database() as database:
        for fhir_user, role, display in (
            (f"Practitioner/{doctor}", "doctor", "Dr. Grace Hopper"),
            (f"Patient/{patient}", "patient", "Ada Lovelace"),
        ):
            name = f"{role}-{ids.new()[-12:]}"
            account = users.add(database, name, display=display, fhir_user=fhir_user, roles=[role])
            credentials.set_password(database, account.id, hashed)
            names.append(name)
        launch = {"client_id": client_id, "scope": f"launch {SCOPE}"}
        with database.transaction() as connection:
            add_client(
                connection,
                Client(
                    id=client_id,
                    name="Growth Chart",
                    kind="public",
                    redirect_uris=(app.redirect_uri,),
                    scope=f"launch launch/patient {SCOPE} patient/Condition.rs",
                    launch_uri=f"{app.launch_uri}?{urlencode(launch)}",
                ),
            )
    yield Hospital(server, app, client_id, names[0], names[1], patient, family)
