"""What the commands say when something is wrong, and what `doctor` finds."""

import os
import socket

import pytest

from fhirserver import embedded


@pytest.mark.parametrize("command", ["up", "web", "worker", "beat", "push"])
def test_a_data_directory_below_a_file_is_one_line(tmp_path, command, fhirserver):
    (tmp_path / "file").write_text("")
    done = fhirserver(command, "--data-dir", str(tmp_path / "file/data"))

    assert done.returncode == 1
    assert done.stderr.startswith("Error: ")
    assert done.stderr.count("\n") == 1
    assert "--data-dir" in done.stderr


def test_a_bad_setting_is_one_line_that_names_the_variable(fhirserver):
    done = fhirserver("up", FHIRSERVER_PORT="http")

    assert (done.returncode, done.stderr) == (
        1,
        "Error: FHIRSERVER_PORT: 'http' is not a whole number\n",
    )


def test_a_port_that_is_none_is_one_line(tmp_path, fhirserver):
    done = fhirserver("up", "--port", "70000", "--data-dir", str(tmp_path))

    assert done.stderr == "Error: 70000 is not a TCP port: choose one from 1 to 65535 with --port\n"


def test_an_address_of_another_machine_is_one_line(tmp_path, fhirserver):
    done = fhirserver("up", "--host", "192.0.2.1", "--data-dir", str(tmp_path))

    assert done.stderr == (
        "Error: 192.0.2.1 is not an address of this machine: choose another with --host\n"
    )


def test_the_data_directory_is_also_a_variable(tmp_path, fhirserver):
    done = fhirserver("web", FHIRSERVER_DATA_DIR=str(tmp_path))

    assert f"fhirserver up --data-dir {tmp_path}" in done.stderr


def test_help_names_every_command(fhirserver):
    done = fhirserver("--help")

    for name in ("up", "web", "worker", "beat", "push", "queue", "doctor"):
        assert f"\n  {name} " in done.stdout


def test_doctor_is_content_with_a_machine_that_can_run_us(tmp_path, fhirserver, free_port):
    done = fhirserver("doctor", "--data-dir", str(tmp_path), "--port", str(free_port))

    assert (done.returncode, done.stderr) == (0, "")
    assert all(line.startswith("ok ") for line in done.stdout.splitlines())


def test_doctor_says_what_to_do_about_a_port_in_use(tmp_path, fhirserver):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = fhirserver("doctor", "--data-dir", str(tmp_path), "--port", str(port))

    assert done.returncode == 1
    assert f"port {port} is already in use: choose another" in done.stdout


def test_doctor_finds_external_servers_that_do_not_answer(tmp_path, fhirserver, free_port):
    done = fhirserver(
        *("doctor", "--data-dir", str(tmp_path), "--port", str(free_port)),
        FHIRSERVER_DATABASE_URL="postgresql://x@127.0.0.1:1/x",
        FHIRSERVER_BROKER_URL="redis://127.0.0.1:1",
    )

    assert done.returncode == 1
    assert done.stdout.count("FAIL") == 4
    assert "check FHIRSERVER_DATABASE_URL" in done.stdout
    assert "check FHIRSERVER_BROKER_URL" in done.stdout


def test_doctor_finds_migrations_that_are_missing(data_dir, fhirserver, free_port):
    with embedded.postgres(data_dir):
        done = fhirserver("doctor", "--data-dir", str(data_dir), "--port", str(free_port))

    assert "run `fhirserver db upgrade`" in done.stdout


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to give files away")
def test_a_data_directory_of_another_user_is_one_line(tmp_path, fhirserver):
    os.chown(tmp_path, 65534, 65534)
    tmp_path.chmod(0o500)
    done = fhirserver("doctor", "--data-dir", str(tmp_path))

    assert "Traceback" not in done.stderr
