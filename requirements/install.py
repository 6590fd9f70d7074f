#!/usr/bin/env python3
"""Makes the two environments under var/env from the lock files: ``api`` (Python 3.11 or newer) and ``bot`` (3.10).

Uses only the standard library, so that it runs on a fresh machine with any Python 3. Safe to run again: an environment
that is complete and up to date is left alone, a half-finished one is made anew.

    python3 requirements/install.py [api] [bot] [browser]
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENTS = ROOT / "var" / "env"
LOCKS = ROOT / "requirements"
#: Environment → (Python versions that will do, best first; lock files).
WANTED = {
    "api": (("3.11", "3.12", "3.13"), ("api.txt", "dev.txt")),
    "bot": (("3.10",), ("bot.txt",)),
}
#: What ``seconds_of_work`` runs: objects, dictionaries and calls, as a web service does.
WORK = """
import time
class Row:
    def __init__(self, value): self.value = value
    def add(self, more): return {"value": self.value + more, "more": more}
def work():
    begun = time.process_time()
    for number in range(150_000): Row(number).add(number)["value"]
    return time.process_time() - begun
print(min(work() for _ in range(3)))
"""
#: A Python that takes at most so many times as long as the quickest is as good.
SLOWER_BY_LITTLE = 1.15
#: So often something is said of a step that takes long.
SAY_EVERY_SECONDS = 15


class CannotInstall(SystemExit):
    """Something is missing on this machine; the message says what, and what to do."""


def runs_as(command: list[str], version: str) -> bool:
    """Does the command really start that Python (pyenv's shims can exist and fail), with venv in it?"""
    check = "import sys, venv, ensurepip; print('%d.%d' % sys.version_info[:2])"
    try:
        result = subprocess.run([*command, "-c", check], capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return result.returncode == 0 and result.stdout.strip() == version


def candidates(version: str) -> list[list[str]]:
    """Where a Python of that version may be: anywhere on PATH, and pyenv's."""
    found = [[sys.executable], [f"python{version}"], ["python3"]]
    found += [[str(Path(folder) / f"python{version}")] for folder in os.get_exec_path()]
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    found += [[str(path / "bin" / "python")] for path in sorted(pyenv.glob(f"{version}*"), reverse=True)]
    return found


def seconds_of_work(python: str) -> float:
    """Processor time of the same bit of work in that Python, the best of three: how a Python was built decides it."""
    result = subprocess.run([python, "-c", WORK], capture_output=True, text=True, timeout=60)
    return float(result.stdout) if result.returncode == 0 else float("inf")


def quickest(version: str) -> str | None:
    """The quickest Python of that version on this machine (the first of those that differ by little), or None."""
    found: list[str] = []
    for command in candidates(version):
        path = shutil.which(command[0])
        if path and path not in found and runs_as([path], version):
            found.append(path)
    if len(found) < 2:
        return found[0] if found else None
    seconds = {path: seconds_of_work(path) for path in found}
    enough = min(seconds.values()) * SLOWER_BY_LITTLE
    return next((path for path in found if seconds[path] <= enough), found[0])


def from_uv(version: str) -> str | None:
    """A Python that uv has or can fetch, or None."""
    uv = shutil.which("uv")
    if uv is None:
        return None
    for step in (["python", "find", version], ["python", "install", version], ["python", "find", version]):
        result = subprocess.run([uv, *step], capture_output=True, text=True)
        path = result.stdout.strip()
        if step[1] == "find" and result.returncode == 0 and runs_as([path], version):
            return path
    return None


def find_python(name: str) -> str:
    """A Python that will do for the environment. Raises CannotInstall with what to do when there is none."""
    versions = WANTED[name][0]
    for version in versions:
        path = quickest(version)
        if path:
            return path
    for version in versions:
        path = from_uv(version)
        if path:
            return path
    wanted = " or ".join(versions)
    raise CannotInstall(
        f"\nHearthline needs Python {wanted} for its {name} environment, and none on this machine runs.\n"
        f"  Looked for: python{versions[0]} on PATH, pyenv's versions, uv.\n"
        f"  Install one, for example:  pyenv install {versions[0]}\n"
        f"                        or:  pip install uv && uv python install {versions[0]}\n"
        f"  then run the same command again."
        + ("\n  (Rasa 3.6 does not run on any newer Python: that is why there are two.)" if name == "bot" else "")
    )


def fingerprint(name: str) -> str:
    """What the environment was made from: it is made anew when a lock file changes."""
    digest = hashlib.sha256()
    for lock in WANTED[name][1]:
        digest.update((LOCKS / lock).read_bytes())
    return digest.hexdigest()


def run(step: str, command: list[str], *, packages: int = 0) -> None:
    """Run one step, its output kept in var/install.log, and say now and then how far it is (``packages``: how many pip
    is to fetch). Raises CannotInstall naming the step."""
    log = ROOT / "var" / "install.log"
    begun = time.monotonic()
    with log.open("ab") as output:
        output.write(f"\n--- {step}\n".encode())
        output.flush()
        from_here = output.tell()
        with subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, cwd=ROOT) as process:
            while process.poll() is None:
                try:
                    process.wait(SAY_EVERY_SECONDS)
                except subprocess.TimeoutExpired:
                    done = how_far(log.read_bytes()[from_here:].decode(errors="replace"), packages)
                    print(f"    {step}: {done}{time.monotonic() - begun:.0f} s", flush=True)
    if process.returncode:
        tail = "\n    ".join(log.read_text(errors="replace").splitlines()[-12:])
        raise CannotInstall(
            f"\n{step} did not work:\n    {tail}\n\nThe whole log: var/install.log. Mend what it says and run the same "
            "command again: it goes on from here."
        )


def how_far(said: str, packages: int) -> str:
    """What pip's output says of how far it is, to stand before the seconds; "" where it says nothing."""
    if "Installing collected packages" in said:
        return "all packages are fetched, installing them, "
    fetched = sum(line.startswith("Collecting ") for line in said.splitlines())
    return f"{fetched} of {packages} packages, " if packages and fetched else ""


def runs(python: Path) -> bool:
    """Does it still run? An environment outlives the Python that it was made with, and a folder that was moved."""
    try:
        return subprocess.run([str(python), "-c", ""], capture_output=True, timeout=60).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def lead_here(folder: Path) -> None:
    """The environment's programs find all packages of this tree, also those that came with a newer version of it: what
    pip noted when the environment was made is a list of the packages of that day."""
    for site in (folder / "lib").glob("python*/site-packages"):
        (site / "hearthline.pth").write_text(f"{ROOT}\n")


def make(name: str) -> None:
    """Make the environment, unless it is there, complete and from these lock files."""
    folder = ENVIRONMENTS / name
    stamp = folder / "complete"
    if stamp.exists() and stamp.read_text() == fingerprint(name) and runs(folder / "bin" / "python"):
        lead_here(folder)
        return
    if folder.exists():
        print(f"  {name}: removing an unfinished or outdated environment", flush=True)
        shutil.rmtree(folder)
    ENVIRONMENTS.mkdir(parents=True, exist_ok=True)
    python = find_python(name)
    locks = [str(LOCKS / lock) for lock in WANTED[name][1]]
    print(f"  {name}: making the environment (once; some minutes) ...", flush=True)
    run(f"{name}: python -m venv", [python, "-m", "venv", str(folder)])
    pip = [str(folder / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "install"]
    pip += ["--progress-bar", "off"]
    packages = sum(Path(lock).read_text().count("==") for lock in locks)
    arguments = [argument for lock in locks for argument in ("-r", lock)]
    run(f"{name}: pip install", [*pip, "--no-deps", *arguments], packages=packages)
    if name == "api":  # Rasa's setuptools is too old to install this project; there its modules only have to be found
        run(f"{name}: pip install hearthline", [*pip, "--no-deps", "--no-build-isolation", "-e", str(ROOT)])
    lead_here(folder)
    stamp.write_text(fingerprint(name))
    print(f"  {name}: ready", flush=True)


def make_browser() -> None:
    """Find a Chromium for the browser tests: on PATH, else Playwright's, else the system's package manager when
    root."""
    for command in ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"):
        if shutil.which(command):
            return
    playwright = [str(ENVIRONMENTS / "api" / "bin" / "python"), "-m", "playwright"]
    check = "from playwright.sync_api import sync_playwright as s; import os; p=s().start(); "
    check += "assert os.path.exists(p.chromium.executable_path)"
    if subprocess.run([playwright[0], "-c", check], capture_output=True).returncode == 0:
        return
    print("  browser: getting a Chromium for the browser tests ...", flush=True)
    if subprocess.run([*playwright, "install", "chromium"], capture_output=True).returncode == 0:
        return
    if hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get"):
        run("browser: apt-get update", ["apt-get", "update", "-q"])
        run("browser: apt-get install", ["apt-get", "install", "-y", "-q", "--no-install-recommends", "chromium"])
        return
    raise CannotInstall(
        "\nThe browser tests need Chromium, and none is here. Install it (Debian, Ubuntu: apt-get install chromium) "
        "and run the same command again."
    )


def main(names: list[str]) -> None:
    (ROOT / "var").mkdir(exist_ok=True)
    for name in names or list(WANTED):
        if name not in (*WANTED, "browser"):
            raise CannotInstall(f"There is no environment {name!r}: {', '.join(WANTED)}, browser")
        if name == "browser":
            make_browser()
        else:
            make(name)


if __name__ == "__main__":
    main(sys.argv[1:])
