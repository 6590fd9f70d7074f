"""The demonstration directory, imported into the empty database."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy.engine import Engine

from api.imports.service import import_services
from api.settings import DATA

SERVICES = DATA / "directory" / "services.json"


@pytest.fixture
def directory(database: Engine) -> Iterator[list[dict[str, Any]]]:
    """The services of data/directory, as the file has them."""
    import_services(SERVICES)
    yield json.loads(SERVICES.read_text(encoding="utf-8"))["contents"]


@pytest.fixture
def secrets(directory: list[dict[str, Any]]) -> list[str]:
    """Every word that would give a hidden address away."""
    found = [
        secret
        for service in directory
        for part in service["service_at_locations"]
        if part["location"].get("hidden")
        for address in part["location"]["addresses"]
        for secret in (address["address_1"], address["postal_code"], f'"latitude":{part["location"]["latitude"]},')
    ]
    assert len(found) > 9
    return [secret for secret in found if not secret.isdigit()]  # a whole ZIP is shared with open services
