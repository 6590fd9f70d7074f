"""The documents say what is so: what they name exists, and what must be named in them is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import tomllib
from typer.main import get_command

from api.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
SOURCES = (".py", ".po", ".yml", ".yaml", ".md", ".toml", ".html", ".js", ".css")
DOCUMENTS = ("README.md", "CONTRIBUTING.md", "SECURITY.md", "DECISIONS.md", "CHANGELOG.md")


def read(document: str) -> str:
    return (ROOT / document).read_text(encoding="utf-8")


def code_in(document: str) -> str:
    """What stands in backticks or in a block of code: the rest is prose ("make sure")."""
    words = read(document)
    blocks = re.findall(r"^```.*?^```", words, re.MULTILINE | re.DOTALL)
    return "\n".join([*blocks, *re.findall(r"`[^`\n]+`", words)])


def targets() -> set[str]:
    return set(re.findall(r"^([a-z][a-z-]*):", read("Makefile"), re.MULTILINE))


@pytest.mark.parametrize("document", DOCUMENTS)
def test_make_targets_that_are_named_exist(document: str) -> None:
    named = set(re.findall(r"(?:^|`|&& |[0-9] )make ([a-z][a-z-]*)", code_in(document), re.MULTILINE))
    assert named - targets() == set()


def test_make_help_lists_every_target() -> None:
    listed = set(re.findall(r"^([a-z][a-z-]*):.*##", read("Makefile"), re.MULTILINE))
    assert targets() - listed == set()


@pytest.mark.parametrize("document", DOCUMENTS)
def test_commands_that_are_named_exist(document: str) -> None:
    from api.cli import app

    commands = getattr(get_command(app), "commands")  # noqa: B009 (Typer's type does not say that it is a group)
    named = set(re.findall(r"\bhearthline ([a-z][a-z-]+)\b", code_in(document)))
    assert named - set(commands) == set()


@pytest.mark.parametrize("document", DOCUMENTS)
def test_paths_that_are_named_exist(document: str) -> None:
    beginnings = "api|actions|bot|data|tests|requirements|shared"
    named = set(re.findall(rf"`((?:{beginnings})/[^`\s…]*)`", read(document)))
    linked = set(re.findall(r"\]\(([^)#:]+)\)", read(document)))
    paths = {path for path in named | linked if "<" not in path}
    missing = {path for path in paths if not (any(ROOT.glob(path)) if "*" in path else (ROOT / path).exists())}
    assert missing == set()


def test_headings_that_are_referred_to_exist() -> None:
    """Code and texts point into the documents as: README, "Behind a proxy"."""
    pattern = re.compile(r'\b(README|CONTRIBUTING|SECURITY|DECISIONS)(?:\.md)?, "([^"]+)"')
    missing = []
    for folder in ("api", "actions", "bot", "data", "tests", "."):
        paths = ROOT.glob("*") if folder == "." else (ROOT / folder).rglob("*")
        for path in paths:
            if path.is_file() and path.suffix in (
                ".py",
                ".po",
                ".yml",
                ".yaml",
                ".md",
                ".toml",
                ".html",
                ".js",
                ".css",
            ):
                for document, heading in pattern.findall(path.read_text(encoding="utf-8")):
                    headings = re.findall(r"^#+ (?:\d+\. )?(.+)$", read(f"{document}.md"), re.MULTILINE)
                    if heading not in headings:
                        missing.append(f'{path.relative_to(ROOT)}: {document}, "{heading}"')
    assert missing == []


def test_every_dependency_has_its_reason() -> None:
    extras = tomllib.loads(read("pyproject.toml"))["project"]["optional-dependencies"]
    reasons = read("DECISIONS.md").lower()
    names = {re.split(r"[\[<>=!~;]", wanted)[0].strip().lower() for group in extras.values() for wanted in group}
    explained = set(re.findall(r"`([a-z0-9.-]+)`", reasons.partition("## dependencies")[2]))
    assert names - explained == set()


def test_every_dependency_is_locked_and_nothing_else_is_in_a_lock_file() -> None:
    extras = tomllib.loads(read("pyproject.toml"))["project"]["optional-dependencies"]
    locks = {"api": ("api.txt",), "bot": ("bot.txt",), "dev": ("dev.txt", "api.txt")}
    for extra, names in locks.items():
        lines = [line for lock in names for line in read(f"requirements/{lock}").splitlines()]
        assert [line for line in lines if not re.fullmatch(r"[a-z0-9.-]+==[^\s@/]+", line)] == [], names
        pinned = {line.partition("==")[0] for line in lines}
        wanted = {re.split(r"[\[<>=!~;]", one)[0].strip().lower().replace("_", "-") for one in extras[extra]}
        assert wanted - pinned == set(), f"{names[0]} is older than pyproject.toml: make lock"


def test_every_setting_is_in_the_readme() -> None:
    words = read("README.md")
    missing = []
    for field, about in Settings.model_fields.items():
        alias = getattr(about.validation_alias, "choices", None)
        variable = alias[0] if alias else f"HEARTHLINE_{field.upper()}"
        if f"`{variable}`" not in words:
            missing.append(variable)
    assert missing == []


def test_settings_that_the_readme_names_are_read_somewhere() -> None:
    sources = "\n".join(
        path.read_text(encoding="utf-8") for part in ("api", "actions", "bot") for path in (ROOT / part).rglob("*.py")
    )
    fields = {f"HEARTHLINE_{field.upper()}" for field in Settings.model_fields}
    named = set(re.findall(r"\b(?:HEARTHLINE|TWILIO)_[A-Z_]*[A-Z]\b", read("README.md")))
    assert {variable for variable in named if variable not in fields and variable not in sources} == set()
