"""A worker's password: set by the operator, checked at sign-in."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from api.access import service
from api.access.models import Agency, Worker, WorkerSession
from tests import once

GOOD = "correct horse battery"


@pytest.fixture
def worker(session: Session) -> Worker:
    """A worker without a password, as an import makes one."""
    agency = Agency(external_id="a", name="Agency", jurisdiction="uk-england", timezone="Europe/London")
    session.add(agency)
    session.flush()
    worker = Worker(agency_id=agency.id, external_id="w", name="Wynn", email="Wynn@example.org", role="worker")
    session.add(worker)
    session.commit()
    return worker


def test_guessing_at_a_stolen_hash_costs_time_and_memory(worker: Worker) -> None:
    """What the product has before tests put a cheaper hasher in its place (tests/once.py)."""
    assert once.product_hasher().hash(GOOD).startswith("$argon2id$v=19$m=65536,t=3,p=4$")


def test_a_worker_without_a_password_cannot_sign_in(worker: Worker) -> None:
    assert service.sign_in(worker.email, "", "client") is None


def test_a_password_that_was_set_signs_in_in_any_case_of_the_address(worker: Worker) -> None:
    service.set_password("wynn@EXAMPLE.org", GOOD)
    assert service.sign_in("WYNN@example.org", GOOD, "client") is not None
    assert service.sign_in(worker.email, GOOD + "!", "client") is None


def test_a_new_password_ends_the_sessions_of_the_old_one(worker: Worker, session: Session) -> None:
    service.set_password(worker.email, GOOD)
    service.sign_in(worker.email, GOOD, "client")
    service.set_password(worker.email, GOOD + " staple")
    assert [row.revoked_at is not None for row in session.query(WorkerSession)] == [True]
    assert service.sign_in(worker.email, GOOD, "client") is None


def test_a_short_password_and_an_unknown_address_are_refused(worker: Worker) -> None:
    with pytest.raises(ValueError, match="at least 12"):
        service.set_password(worker.email, "short")
    with pytest.raises(LookupError, match="no worker"):
        service.set_password("nobody@example.org", GOOD)


def test_the_command_asks_twice_and_says_plainly_what_is_wrong(worker: Worker) -> None:
    from api.cli import app

    runner = CliRunner()
    done = runner.invoke(app, ["password", worker.email], input=f"{GOOD}\n{GOOD}\n")
    assert done.exit_code == 0 and GOOD not in done.output
    unknown = runner.invoke(app, ["password", "nobody@example.org"], input=f"{GOOD}\n{GOOD}\n")
    assert unknown.exit_code == 1 and "no worker has this e-mail address" in unknown.output
