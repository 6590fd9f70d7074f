"""The demonstration families with hostile words in every text that the import's schema lets somebody write."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from api.imports.schemas import ImportFile
from api.imports.service import import_file
from api.settings import DATA
from tests.attacks.pages import hostile

#: Written freely, but not words: a password is kept as a hash, and a link has to begin as one.
NOT_WORDS = {"password"}


def import_hostile(path: Path) -> dict[int, str]:
    """Import such a file; returns number → the field of the schema it stands in."""
    schema = ImportFile.model_json_schema()
    whole = json.loads((DATA / "demo" / "families.json").read_text(encoding="utf-8"))
    fields: dict[int, str] = {}
    _poison(whole, schema, schema["$defs"], "file", fields)
    path.write_text(json.dumps(whole), encoding="utf-8")
    report = import_file(path)
    assert report.ok, report.problems
    return fields


def _poison(value: Any, shape: dict[str, Any], defs: dict[str, Any], name: str, fields: dict[int, str]) -> None:
    """Go down the value along its schema and put hostile words in every free text, those left out included."""
    shape = _solid(shape, defs)
    if isinstance(value, list):
        for one in value:
            _poison(one, shape.get("items", {}), defs, name, fields)
        return
    if not isinstance(value, dict):
        return
    for key, part in shape.get("properties", {}).items():
        inner = _solid(part, defs)
        if inner.get("type") == "string" and _is_words(inner) and key not in NOT_WORDS:
            if (key == "name" and "person" in value) or (key == "owner_name" and "owner" in value):
                continue  # one of the two
            number = len(fields) + 10_000
            fields[number] = f"{name}.{key}"
            words = hostile(number, inner["maxLength"])
            value[key] = f"https://example.org/{words}" if key == "link" else words
        elif key in value:
            _poison(value[key], part, defs, f"{name}.{key}", fields)


def _is_words(shape: dict[str, Any]) -> bool:
    return "maxLength" in shape and not {"pattern", "enum", "const", "format"} & set(shape)


def _solid(shape: dict[str, Any], defs: dict[str, Any]) -> dict[str, Any]:
    """What a reference, or a choice of one thing and nothing, stands for."""
    while True:
        if "$ref" in shape:
            shape = defs[shape["$ref"].rpartition("/")[2]]
        elif "anyOf" in shape:
            shape = next(one for one in shape["anyOf"] if one.get("type") != "null")
        else:
            return shape
