"""Settings from the environment, and from files that it names."""

import pytest

from fhirserver.settings import InvalidSetting, read


def test_a_value_may_be_in_a_file(tmp_path):
    file = tmp_path / "url"
    file.write_text("postgresql://one\n")

    assert read({"FHIRSERVER_DATABASE_URL_FILE": str(file)}).database_url == "postgresql://one"


def test_the_variable_itself_comes_first(tmp_path):
    file = tmp_path / "port"
    file.write_text("1")

    assert read({"FHIRSERVER_PORT": "2", "FHIRSERVER_PORT_FILE": str(file)}).port == 2


def test_a_file_that_is_not_there_is_named_with_its_variable(tmp_path):
    with pytest.raises(
        InvalidSetting, match=r"FHIRSERVER_DATABASE_URL_FILE: .*/none can't be read"
    ):
        read({"FHIRSERVER_DATABASE_URL_FILE": str(tmp_path / "none")})


def test_a_setting_whose_own_name_ends_so_is_a_path(tmp_path):
    assert read({"FHIRSERVER_KEY_FILE": str(tmp_path)}).key_file == tmp_path
