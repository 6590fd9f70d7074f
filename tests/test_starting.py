"""``make run`` on a machine that is not as it should be says what is wrong and what to do; Ctrl-C ends all of it."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.bench import resources
from tests.bench.ours import demo_runner, give_model
from tests.harness.processes import ROOT, wait_until


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A folder with the installer and its lock files, on a machine where no Python but this one is found."""
    shutil.copytree(ROOT / "requirements", tmp_path / "requirements")
    (tmp_path / "nothing").mkdir()
    return tmp_path


def install(elsewhere: Path, name: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": str(elsewhere / "nothing"), "HOME": str(elsewhere), "PYENV_ROOT": str(elsewhere)}
    command = [sys.executable, "-I", str(elsewhere / "requirements" / "install.py"), name]
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120)


def test_a_missing_python_is_named_with_the_way_to_get_it(elsewhere: Path) -> None:
    done = install(elsewhere, "bot")
    assert done.returncode == 1
    assert "needs Python 3.10 for its bot environment" in done.stderr
    assert "pyenv install 3.10" in done.stderr and "uv python install 3.10" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_half_made_environment_is_removed_not_used(elsewhere: Path) -> None:
    half = elsewhere / "var" / "env" / "bot" / "bin"
    half.mkdir(parents=True)
    (half / "python").symlink_to(sys.executable)
    done = install(elsewhere, "bot")
    assert "removing an unfinished or outdated environment" in done.stdout
    assert not half.exists()


def test_an_environment_of_an_older_version_finds_the_packages_that_came_since(elsewhere: Path) -> None:
    """Else ``hearthline import`` ends in a missing module after an upgrade that changed no lock file."""
    made = elsewhere / "var" / "env" / "api"
    site = made / "lib" / "python3.11" / "site-packages"
    site.mkdir(parents=True)
    (made / "bin").mkdir()
    (made / "bin" / "python").symlink_to(sys.executable)
    locks = b"".join((elsewhere / "requirements" / lock).read_bytes() for lock in ("api.txt", "dev.txt"))
    (made / "complete").write_text(hashlib.sha256(locks).hexdigest())
    done = install(elsewhere, "api")
    assert (done.returncode, done.stdout) == (0, ""), "it is left as it is"
    assert (site / "hearthline.pth").read_text().strip() == str(elsewhere)


def test_an_environment_that_does_not_exist_is_said_to_be_unknown(elsewhere: Path) -> None:
    done = install(elsewhere, "bots")
    assert done.returncode == 1 and "There is no environment 'bots': api, bot, browser" in done.stderr


def test_of_two_pythons_the_one_that_works_faster_is_taken(elsewhere: Path) -> None:
    """On Debian 12 the same work takes pyenv's 3.11 1.7 times as long as the system's: it was built without care."""
    version = "{}.{}".format(*sys.version_info)
    for folder, seconds in (("first", 0.9), ("second", 0.2)):
        python = elsewhere / folder / f"python{version}"
        python.parent.mkdir()
        python.write_text(
            f'#!/bin/sh\ncase "$2" in *process_time*) echo {seconds};; *) exec {sys.executable} "$@";; esac\n'
        )
        python.chmod(0o755)
    asked = f"import install; print(install.quickest({version!r}))"
    path = f"{elsewhere / 'first'}:{elsewhere / 'second'}"
    environment = {"PATH": path, "HOME": str(elsewhere), "PYENV_ROOT": str(elsewhere)}
    asked = f"import sys; sys.path.insert(0, 'requirements'); sys.executable = ''; {asked}"
    done = subprocess.run(
        [sys.executable, "-c", asked], capture_output=True, text=True, env=environment, cwd=elsewhere, timeout=60
    )
    assert done.stdout.strip() == str(elsewhere / "second" / f"python{version}"), done.stderr


def test_a_port_in_use_is_said_before_anything_is_started(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("HEARTHLINE_", "TWILIO_"))}
        environment = {**kept, "HEARTHLINE_VAR_DIR": str(tmp_path / "var"), "HEARTHLINE_PORT": str(port)}
        done = subprocess.run(
            [sys.executable, "-m", "api.run"], cwd=ROOT, capture_output=True, text=True, env=environment, timeout=120
        )
    assert done.returncode == 1
    assert f"Port {port} is in use" in done.stderr and f"HEARTHLINE_PORT={port + 1} make run" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "var" / "postgres").exists()


@pytest.mark.slow
def test_ctrl_c_stops_every_process_and_the_database(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("run")
    give_model(folder / "var")
    runner = demo_runner(folder, [sys.executable, "-m", "api.run"])
    try:
        runner.start()
        run = runner.process
        wait_until(lambda: "Hearthline is ready" in run.tail(), "the line that says that it is ready")
        members = [*runner.members(), *resources.postgres(folder / "var")]
        assert run.started is not None and len(members) > 5
        os.killpg(run.started.pid, signal.SIGINT)  # as a terminal does: to the runner and to what shares its group
        assert run.wait_dead() == 0, run.tail()
        assert run.tail().rstrip().endswith("Hearthline has stopped.")
        assert "Traceback" not in run.tail(100_000)
        assert not [one for one in members if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]
    finally:
        runner.stop()
