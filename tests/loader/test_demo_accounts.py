"""Demo accounts are people of the demo hospital."""

from __future__ import annotations

from fhirserver.app import open_database, open_engine
from fhirserver.demo import hospital
from fhirserver.loader.demo_accounts import STAFF, SYSTEM, add_demo_accounts
from fhirserver.oauth.signing_in.passwords import Passwords
from fhirserver.settings import Settings
from fhirserver.storage import credentials, users


def test_each_role_has_an_account_that_is_a_person_of_the_hospital(empty_url, load, tmp_path):
    import json

    for number, bundle in enumerate(hospital(seed=1, patients=1)):
        (tmp_path / f"{number}.json").write_text(json.dumps(bundle, default=str))
    load(tmp_path)
    settings = Settings(database_url=empty_url)
    database = open_database(settings)
    engine = open_engine(settings, database)

    assert add_demo_accounts(engine) == [*STAFF, "patient"]

    for name in (*STAFF, "patient"):
        account = users.user_by_name(database, name)
        kind = "Patient" if name == "patient" else "Practitioner"
        assert account.roles == {name}
        assert account.fhir_user.startswith(f"{kind}/")
        assert account.display != name
    stored = credentials.password_hash(database, users.user_by_name(database, "doctor").id)
    assert Passwords(1).is_right("demo-doctor", stored)
    assert not Passwords(1).is_right("demo-nurse", stored)
    assert add_demo_accounts(engine) == [], "they are there already"
    assert SYSTEM == "https://fhirserver.example/demo-account"
