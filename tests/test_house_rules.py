"""The rules of the house that a program can check, on the tree as it is (CONTRIBUTING, "House rules").

Each looks at all files that git tracks or would track, so that a new one is looked at before its first commit.
"""

from __future__ import annotations

import ast
import re
import string
import subprocess
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy.engine import Engine

import crashpoints
from api import texts
from api.jurisdiction import packs
from api.messages import sms
from api.migrations import apply

ROOT = Path(__file__).resolve().parent.parent
LONGEST_FILE = 350
#: A module's name or a file's, not a text's id.
_FILE = re.compile(r"\.(css|js|html|po|ya?ml|json|csv|py|txt|md|svg)$")
_ID = re.compile(r"^[a-z][a-z0-9_]*(\.[a-z0-9_]+)+$")
#: Catalogues whose texts are read on pages only; all others may have to fit an SMS.
PAGES = (
    "account",
    "audit",
    "casework",
    "chat",
    "console",
    "demo",
    "mail",
    "oncall",
    "pages",
    "people",
    "rest",
    "uploads",
    "webhooks",
)
#: Texts of the other catalogues that only ever stand on a page.
NEVER_SMS = ("flag.", "takeover.")
#: What stands for a placeholder when lengths are measured: long for what it is, as real ones may be.
TYPICAL: dict[str, dict[str, str]] = {
    "en": {
        "name": "Oluwaseun Adeyemi-Clarke", "child": "Maximilian", "children": "Maximilian and Anastasia",
        "when": "Wednesday 23 September at 10:30", "day": "Wednesday 23 September", "time": "10:30", "later": "11:00",
        "next": "Wednesday 23 September at 10:30", "until": "11:30", "kind": "meeting at school", "minutes": "90",
        "place": "Seacroft Children's Centre, Dib Lane, LS8 3AG", "details": "It should take about 90 minutes.",
        "people": "Amara Okafor (social worker), Mrs Ellison (school)", "what": "the red book and a letter",
        "link": "https://help.example.org/a/" + "x" * 43, "page": "https://help.example.org/chat",
        "more": "12", "count": "12", "n": "12", "number": "3", "which": "for Maximilian and Anastasia",
        "reference": "12345", "agency": "Aire Valley Children's Services", "agency_phone": "020 7946 0100",
        "phone": "020 7946 0100", "need": "domestic abuse support", "example": "Leeds or LS9",
        "lines": "Seacroft Food Bank: 0.8 miles, open Wed 10:30-14:00, 020 7946 0101",
        "action": "Finish the parenting course at Seacroft", "actions": "Finish the parenting course at Seacroft",
        "first": "Amara Okafor", "last": "Mrs Ellison", "due": "Wednesday 23 September", "done": "3", "total": "11",
        "title": "Finish the parenting course at Seacroft", "reason": "there is a waiting list until spring",
        "told": "Your plan was last reviewed on Wednesday 23 September.", "town": "Huddersfield", "miles": "12.5",
        "hours": "10:30-14:00", "start": "10:30", "end": "14:00", "days": "Monday, Tuesday and Wednesday",
        "changes": "texts only between 10:30 and 14:00; only on Monday, Tuesday and Wednesday; your name left out",
        "address": "oluwaseun.adeyemi-clarke@example.org",
        "amount": "£12.50", "question": "What was the first film you saw at a cinema?",
        "words": "I want to stay at my school and see my nan.",
        "ask": "If you have questions, ask Oluwaseun Adeyemi-Clarke.",
        "moments": "3 days before, the day before and 2 hours before",
    },
    "es": {
        "when": "miércoles 23 de septiembre a las 10:30", "day": "miércoles 23 de septiembre",
        "next": "miércoles 23 de septiembre a las 10:30", "kind": "reunión en la escuela",
        "details": "Dura unos 90 minutos.", "what": "el carné de vacunas y una carta", "need": "ayuda con la vivienda",
        "lines": "Seacroft Food Bank: a 1.3 km, abre mié 10:30-14:00, 020 7946 0101",
        "due": "miércoles 23 de septiembre", "question": "¿Cómo se llamaba tu primera maestra o maestro?",
        "title": "Terminar el curso para padres en Seacroft",
        "ask": "Si tienes preguntas, habla con Oluwaseun Adeyemi-Clarke.",
        "told": "El plan se revisó por última vez el miércoles 23 de septiembre.",
    },
}  # fmt: skip


@lru_cache(maxsize=1)
def tree() -> tuple[Path, ...]:
    """Every file that is, or would be, in the repository."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, check=True
    )
    paths = (ROOT / line for line in listed.stdout.decode().splitlines())
    return tuple(sorted(path for path in paths if path.is_file()))


def files(*suffixes: str, under: str = "") -> list[Path]:
    return [path for path in tree() if path.suffix in suffixes and name(path).startswith(under)]


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def code() -> list[Path]:
    return [path for part in ("api/", "actions/", "bot/") for path in files(".py", under=part)]


def test_the_catalogues_have_no_problems() -> None:
    assert texts.problems() == []


@lru_cache(maxsize=1)
def used_in_code() -> tuple[dict[str, str], dict[str, str]]:
    """``(whole ids, beginnings)`` that the code and the pages use → where. A beginning is the constant head of an
    f-string."""
    families = {text_id.split(".")[0] for text_id in texts.catalogues()[texts.FALLBACK]}
    whole: dict[str, str] = {}
    heads: dict[str, str] = {}
    for path in [*files(".py", under="api/"), *files(".py", under="actions/")]:
        if path.name == "models.py" or "migrations" in path.parts:
            continue  # "people.id" is a column there
        inside: set[int] = set()
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.JoinedStr):
                inside |= {id(part) for part in node.values}
                head = node.values[0]
                if isinstance(head, ast.Constant) and re.match(r"^[a-z][a-z0-9_]*\.", str(head.value)):
                    heads[str(head.value)] = name(path)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inside:
                whole[node.value] = name(path)
    for path in files(".html", under="api/"):
        words = path.read_text(encoding="utf-8")
        whole |= dict.fromkeys(re.findall(r"""\bt\(\s*["']([^"'~]+)["']\s*[,)]""", words), name(path))
        heads |= dict.fromkeys(re.findall(r"""["']([a-z][a-z0-9_.]*\.)["']\s*~""", words), name(path))
    points = {*crashpoints.POINTS, "bot.understand"}  # a module
    ids = {
        value: where
        for value, where in whole.items()
        if _ID.match(value) and value.split(".")[0] in families and not _FILE.search(value) and value not in points
    }
    return ids, {head: where for head, where in heads.items() if head.split(".")[0] in families}


def test_every_text_that_the_code_asks_for_is_in_the_catalogue() -> None:
    ids, heads = used_in_code()
    known = tuple(texts.catalogues()[texts.FALLBACK])
    bases = {text_id.rpartition(".")[0] for text_id in known}  # a base to which the code adds a number
    missing = [f"{where}: {i}" for i, where in ids.items() if not texts.has(i) and i not in bases]
    missing += [f"{where}: {head}…" for head, where in heads.items() if not any(i.startswith(head) for i in known)]
    assert missing == []


def test_no_text_stands_in_the_catalogue_for_nothing() -> None:
    ids, heads = used_in_code()
    bases = tuple(heads) + tuple(f"{i}." for i in ids)
    unused = [
        i
        for i in texts.catalogues()[texts.FALLBACK]
        if i not in ids and i.removesuffix("_discreet") not in ids and not i.startswith(bases)
    ]
    assert unused == []


def sms_ids() -> list[str]:
    """The ids of texts that may be sent to a phone."""
    pages: set[str] = set()
    for part in PAGES:
        words = (ROOT / "data" / "texts" / "en" / f"{part}.po").read_text(encoding="utf-8")
        pages |= set(re.findall(r'^msgid "(.+)"$', words, re.MULTILINE))
    never = {i for i in texts.catalogues()[texts.FALLBACK] if i.startswith(NEVER_SMS) and not i.endswith(".sms")}
    return [i for i in texts.catalogues()[texts.FALLBACK] if i not in pages and i not in never]


@pytest.mark.parametrize("jurisdiction", packs.names())
@pytest.mark.parametrize("language", texts.languages())
def test_every_text_fits_two_segments_of_an_sms(language: str, jurisdiction: str) -> None:
    too_long = []
    for text_id in sms_ids():
        args: dict[str, Any] = {**TYPICAL["en"], **TYPICAL.get(language, {})}
        for kind in packs.KINDS:
            args |= packs.pack(jurisdiction).text_args(language, kind)
            body = sms.to_gsm7(texts.render(text_id, language, **args))
            if sms.segments(body) > 2:
                too_long.append(f"{text_id}: {len(body)} characters, {sms.segments(body)} segments")
                break
    assert too_long == []


def test_every_placeholder_of_an_sms_has_a_typical_value() -> None:
    local = packs.pack(packs.names()[0]).text_args("en", "self_harm")
    entries = texts.catalogues()["en"]
    unknown = {
        placeholder
        for text_id in sms_ids()
        for _, placeholder, _, _ in string.Formatter().parse(entries[text_id])
        if placeholder and placeholder not in TYPICAL["en"] and placeholder not in local
    }
    assert unknown == set(), "give them a value in TYPICAL, or the lengths are measured with holes"


def test_no_file_is_so_long_that_it_is_two_things() -> None:
    long = {
        name(path): lines
        for path in files(".py", ".js", ".css", ".html")
        if "versions" not in path.parts  # a migration is one step, however many tables it makes
        and (lines := len(path.read_text(encoding="utf-8").splitlines())) > LONGEST_FILE
    }
    assert long == {}


def test_no_file_names_a_package_index_a_host_of_ours_or_a_path_of_one_machine() -> None:
    wrong = re.compile(r"index[-_]url|find[-_]links|trusted[-_]host|/(?:root|home|Users|work)/[a-z]", re.IGNORECASE)
    found = []
    for path in tree():
        if path.suffix in (".png", ".svg", ".gz", ".npz", ".npy", ".bin") or path == Path(__file__):
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
            if wrong.search(line):
                found.append(f"{name(path)}:{number}")
    assert found == []


def test_nothing_is_left_as_a_stub() -> None:
    words = ("TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK", "NotImplemented" + "Error")  # not to find itself
    left = re.compile(rf"\b({'|'.join(words)})\b")
    found = []
    for path in files(".py", ".js", ".yml", ".yaml", ".html", ".css", ".sh", ".toml"):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if left.search(line):
                found.append(f"{name(path)}:{number}")
    assert found == []


def test_every_module_says_first_what_it_is_for() -> None:
    spoken = re.compile(r'(?:#[^\n]*\n|\s)*"""\s*[^\s"]')
    looked_at = [*code(), *files(".py", under="tests/")]
    assert [name(path) for path in looked_at if not spoken.match(path.read_text(encoding="utf-8"))] == []


def test_every_folder_of_code_is_a_package() -> None:
    folders = {path.parent for path in [*code(), *files(".py", under="tests/")]}
    scripts = ("api/migrations/versions",)  # Alembic loads these by their path
    missing = [name(f) for f in sorted(folders) if not (f / "__init__.py").exists() and name(f) not in scripts]
    assert missing == []


def test_every_table_has_its_migration(migrated: Engine) -> None:
    """Raises, naming the difference, when tables and migrations are not the same."""
    command.check(apply.config())


def test_every_crash_point_stands_in_the_code_and_is_listed() -> None:
    passed = set()
    for path in files(".py"):
        if path.is_relative_to(ROOT / "tests") or not re.search(r"\bpoint\s*\(", path.read_text(encoding="utf-8")):
            continue
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("crashpoints.point", "point") and node.args:
                passed |= {node.args[0].value} if isinstance(node.args[0], ast.Constant) else set()
    assert passed == set(crashpoints.POINTS)


def test_nothing_but_the_settings_reads_the_environment() -> None:
    """What starts processes, and what runs in Rasa's environment (which has no api.settings), hands it on instead."""
    allowed = {
        "api/settings.py", "api/run.py", "api/prepare.py", "api/assistant/training.py",
        "api/assistant/understanding.py",
        "api/safety/__init__.py",  # sets what numpy reads when it is imported; says why
    }  # fmt: skip
    readers = [
        name(path)
        for path in files(".py", under="api/")
        if re.search(r"\bos\.(environ|getenv)\b", path.read_text(encoding="utf-8")) and name(path) not in allowed
    ]
    assert readers == []
