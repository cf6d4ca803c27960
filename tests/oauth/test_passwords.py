"""Hashes of passwords, and how many are worked out at once. ASVS 5.0, 11.4 and appendix C."""

from __future__ import annotations

import threading

import pytest
from argon2 import PasswordHasher, extract_parameters

from fhirserver.errors import Invalid, Throttled
from fhirserver.oauth.signing_in import passwords as module
from fhirserver.oauth.signing_in.passwords import Passwords, check_new
from fhirserver.storage import credentials
from tests.oauth.people import PASSWORD


def test_hashes_are_argon2id_with_the_parameters_that_owasp_names(hashed):
    parameters = extract_parameters(hashed)

    assert parameters.type.name == "ID"
    assert (parameters.time_cost, parameters.memory_cost, parameters.parallelism) == (1, 47_104, 1)
    assert parameters.salt_len >= 16


def test_two_hashes_of_a_password_differ(hashed):
    assert Passwords(1).hashed(PASSWORD) != hashed


def test_however_the_keyboard_writes_an_accent_it_is_the_same_password():
    passwords = Passwords(1)

    stored = passwords.hashed("caf\u00e9 au lait")

    assert passwords.is_right("cafe\u0301 au lait", stored)


@pytest.mark.parametrize("stored", [None, "", "plain text", "$argon2id$v=19$nonsense"])
def test_what_is_no_hash_lets_nobody_in(stored):
    assert not Passwords(1).is_right(PASSWORD, stored)


def test_a_password_is_not_cut_off():
    passwords = Passwords(1)
    stored = passwords.hashed("a" * 127 + "b")

    assert passwords.is_right("a" * 127 + "b", stored)
    assert not passwords.is_right("a" * 127 + "c", stored)
    assert not passwords.is_right("a" * 127 + "bc", stored)
    assert not passwords.is_right("a" * 100_000, stored)


def test_no_more_are_worked_out_at_once_than_the_setting_says(monkeypatch, hashed):
    monkeypatch.setattr(module, "WAIT_SECONDS", 5.0)
    passwords, most, now, lock = Passwords(2), [0], [0], threading.Lock()
    verify = PasswordHasher.verify

    def watched(self, stored, password):
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        try:
            return verify(self, stored, password)
        finally:
            with lock:
                now[0] -= 1

    monkeypatch.setattr(PasswordHasher, "verify", watched)
    threads = [
        threading.Thread(target=passwords.is_right, args=("a guess", hashed)) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert most == [2]


def test_who_can_not_have_a_place_soon_is_told_to_come_back(monkeypatch, hashed):
    monkeypatch.setattr(module, "WAIT_SECONDS", 0.01)
    passwords = Passwords(1)

    with passwords._place(), pytest.raises(Throttled) as told:
        passwords.is_right(PASSWORD, hashed)

    assert told.value.headers["Retry-After"]


def test_a_hash_of_other_days_is_replaced_at_the_next_sign_in(browser, ada, database):
    old = PasswordHasher(time_cost=1, memory_cost=8_192, parallelism=1).hash(PASSWORD)
    credentials.set_password(database, ada.id, old)

    browser.sign_in(ada.name, PASSWORD)

    new = credentials.password_hash(database, ada.id)
    assert new != old
    assert extract_parameters(new).memory_cost == 47_104


@pytest.mark.parametrize("password", ["correct horse", "ünïcödé wörds", "12 monkeys!", "a-b-c-d-"])
def test_passwords_need_no_special_characters(password):
    check_new(password, shortest=8)


@pytest.mark.parametrize(
    "password", ["short", "password", "PASSWORD1", "11111111", "abababab", "grace1906!", ""]
)
def test_passwords_that_are_tried_first_are_refused(password):
    with pytest.raises(Invalid):
        check_new(password, shortest=8, about=("grace",))
