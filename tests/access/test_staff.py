"""The agency's workers by whoever leads it: somebody new, the way in by a code, another role, who leaves; who may."""

from __future__ import annotations

import re
import threading
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, update

from api import clock
from api.access import service, staff
from api.access.models import EntryCode, Worker, WorkerSession
from api.access.queries import NotVisible
from api.audit.models import AuditEntry
from api.database import reading, transaction
from api.escalations.models import LadderRule
from api.families.models import FamilyWorker
from api.messages.models import Conversation
from tests.small_town import PASSWORD, Town

NEW = "/console/workers/new"
FIRST = "/console/first-password"
CHOSEN = "what she chose herself"


def sign_in(client: TestClient, town: Town, worker: Worker) -> dict[str, str]:
    client.cookies.clear()
    cookies = town.signed_in(worker)
    client.cookies.update(cookies)
    return cookies


def form(town: Town, cookies: dict[str, str], **more: str) -> dict[str, str]:
    given = {"name": "Nora New", "email": "Nora@Example.org", "phone": "07700 900 777", "role": "worker"}
    return town.form(cookies, **{**given, "language": "es", "team": "North", **more})


def worker_of(email: str) -> Worker | None:
    with reading() as session:
        return session.scalars(select(Worker).where(Worker.email == email)).one_or_none()


def row(worker: Worker) -> Worker:
    with reading() as session:
        return session.get_one(Worker, worker.id)


def as_administrator(worker: Worker) -> None:
    with transaction() as session:
        session.execute(update(Worker).where(Worker.id == worker.id).values(role="administrator"))


def code_on(page: str) -> str:
    found = re.search(r'<p class="code">([A-Z0-9-]{14})</p>', page)
    assert found, "no code on the page"
    return found[1]


def entries(verb: str) -> list[AuditEntry]:
    with reading() as session:
        return list(session.scalars(select(AuditEntry).where(AuditEntry.verb == verb)))


def test_somebody_new_gets_in_with_a_code_that_works_once(client: TestClient, town: Town) -> None:
    cookies = sign_in(client, town, town.manager)
    answer = client.post(NEW, data=form(town, cookies))
    nora = worker_of("nora@example.org")
    assert answer.status_code == 303 and nora is not None
    assert (nora.agency_id, nora.role, nora.phone, nora.language, nora.password_hash) == (
        town.agency.id, "worker", "+447700900777", "es", "",
    )  # fmt: skip
    there = answer.headers["location"]
    assert "has no password yet" in client.get("/console/workers").text
    first = code_on(client.post(f"{there}/code", data=town.form(cookies)).text)
    code = code_on(client.post(f"{there}/code", data=town.form(cookies)).text)
    assert code not in client.get(there).text
    with reading() as session:
        kept = session.scalars(select(EntryCode)).all()
    assert all(code.replace("-", "") not in one.code_hash for one in kept)
    client.cookies.clear()
    given = {"email": " NORA@example.org", "password": CHOSEN, "again": CHOSEN}
    assert client.post(FIRST, data={**given, "code": first}).status_code == 400, "the newer code took its place"
    assert client.post(FIRST, data={**given, "code": code.lower().replace("-", " ")}).status_code == 303
    assert client.post(FIRST, data={**given, "code": code}).status_code == 400
    signed_in = client.post("/console/sign-in", data={"email": "nora@example.org", "password": CHOSEN})
    assert signed_in.status_code == 303
    client.cookies.update(signed_in.cookies)
    assert "Familias" in client.get("/console/families").text, "her language"
    assert [entry.detail for entry in entries("added_worker")] == [{"role": "worker"}]
    assert entries("set_password_by_code")[0].actor_id == nora.id and code not in str(entries("made_entry_code"))


def test_a_code_for_a_new_password_leaves_the_old_one_until_it_is_used_and_then_ends_the_sessions(
    client: TestClient, town: Town
) -> None:
    theirs = town.signed_in(town.worker)
    cookies = sign_in(client, town, town.manager)
    code = code_on(client.post(f"/console/workers/{town.worker.id}/code", data=town.form(cookies)).text)
    client.cookies.clear()
    client.cookies.update(theirs)
    assert client.get("/console/families").status_code == 200
    given = {"email": "lena@example.org", "code": code, "password": CHOSEN, "again": CHOSEN}
    for wrong in ({"again": "another one altogether"}, {"password": "short", "again": "short"}):
        answer = client.post(FIRST, data={**given, **wrong})
        assert answer.status_code == 400 and 'value="lena@example.org"' in answer.text and code not in answer.text
    assert client.post(FIRST, data=given).status_code == 303
    assert client.get("/console/families").status_code == 303
    for password, status in ((PASSWORD, 400), (CHOSEN, 303)):
        assert client.post(
            "/console/sign-in", data={"email": "lena@example.org", "password": password}
        ).status_code == (status)


def test_a_code_is_one_workers_ends_after_three_days_and_cannot_be_guessed(client: TestClient, town: Town) -> None:
    with transaction() as session:
        manager, worker = session.get_one(Worker, town.manager.id), session.get_one(Worker, town.worker.id)
        code = staff.make_code(session, manager, worker)
    given = {"code": code, "password": CHOSEN, "again": CHOSEN}
    other = client.post(FIRST, data={**given, "email": "dora@example.org"})
    nobody = client.post(FIRST, data={**given, "email": "nobody@example.org"})
    assert other.status_code == nobody.status_code == 400
    assert other.text.replace("dora", "nobody") == nobody.text
    for _ in range(service.TRIES_PER_EMAIL):
        client.post(FIRST, data={**given, "email": "lena@example.org", "code": "ABCD-EFGH-JKMN"})
    assert client.post(FIRST, data={**given, "email": "lena@example.org"}).status_code == 429
    clock.move(staff.CODE_LIFE + timedelta(seconds=1))
    assert client.post(FIRST, data={**given, "email": "lena@example.org"}).status_code == 400


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"name": ""}, "Name"),
        ({"email": "nora"}, "E-mail"),
        ({"email": "LENA@example.org"}, "a worker&#39;s already"),
        ({"email": "fara@example.org"}, "a worker&#39;s already"),
        ({"phone": "12"}, "Phone"),
        ({"role": "owner"}, "Role"),
        ({"role": "administrator"}, "your own role at most"),
        ({"language": "tlh"}, "Language"),
    ],
    ids=lambda given: None if isinstance(given, str) else "-".join(f"{key} {value}" for key, value in given.items()),
)
def test_a_mistake_is_said_and_nobody_is_added(
    client: TestClient, town: Town, wrong: dict[str, str], said: str
) -> None:
    cookies = sign_in(client, town, town.manager)
    answer = client.post(NEW, data=form(town, cookies, **wrong))
    assert answer.status_code == 400 and said in answer.text and 'value="North"' in answer.text
    assert worker_of("nora@example.org") is None


def test_a_number_of_a_colleague_or_of_a_family_is_refused(client: TestClient, town: Town) -> None:
    cookies = sign_in(client, town, town.manager)
    for phone in (town.worker.phone or "", town.mine.conversation.address, town.far.conversation.address):
        answer = client.post(NEW, data=form(town, cookies, phone=phone))
        assert answer.status_code == 400 and "in use already" in answer.text
        assert "Ash" not in answer.text and "Cedar" not in answer.text


def test_a_manager_changes_role_and_phone_up_to_her_own_and_not_her_own(client: TestClient, town: Town) -> None:
    cookies = sign_in(client, town, town.manager)
    lena = f"/console/workers/{town.worker.id}"
    assert 'value="administrator"' not in client.get(lena).text
    given = {"name": "Lena Worker", "email": "lena@example.org", "team": "", "language": ""}
    assert client.post(lena, data=form(town, cookies, **given, role="manager")).status_code == 303
    assert (row(town.worker).role, row(town.worker).phone) == ("manager", "+447700900777")
    assert entries("changed_worker")[0].detail == {"fields": ["phone", "role"], "from": "worker", "to": "manager"}
    answer = client.post(lena, data=form(town, cookies, **given, role="administrator"))
    assert answer.status_code == 400 and row(town.worker).role == "manager"
    mona = {"name": "Mona Worker", "email": "mona@example.org", "phone": town.manager.phone or ""}
    own = f"/console/workers/{town.manager.id}"
    for wrong in ({"role": "worker"}, {"role": "administrator"}, {"role": "manager", "email": "mona@example.net"}):
        answer = client.post(own, data=form(town, cookies, **{**mona, **wrong}))
        assert answer.status_code == 400 and row(town.manager).email == "mona@example.org"
    assert row(town.manager).role == "manager"
    answer = client.post(f"{own}/code", data=town.form(cookies))
    assert answer.status_code == 400 and "on your account page" in answer.text and 'class="code"' not in answer.text


def test_who_is_above_is_out_of_a_managers_reach(client: TestClient, town: Town) -> None:
    as_administrator(town.duty)
    cookies = sign_in(client, town, town.manager)
    above = f"/console/workers/{town.duty.id}"
    assert client.get(above).status_code == 404 and above not in client.get("/console/workers").text
    for what in ("", "/code", "/deactivate", "/reactivate"):
        assert client.post(above + what, data=form(town, cookies)).status_code == 404
    assert row(town.duty).active and row(town.duty).name == "Dora Worker"
    for worker in (town.worker, town.far_manager):
        cookies = sign_in(client, town, worker)
        for what in ("", "/code", "/deactivate"):
            address = f"/console/workers/{town.manager.id}{what}"
            assert client.post(address, data=form(town, cookies)).status_code == 404
    assert client.get(NEW).status_code == 200  # the other agency's manager, for her own
    sign_in(client, town, town.worker)
    assert client.get(NEW).status_code == 404


def test_who_leaves_is_out_and_what_hangs_on_them_is_shown(client: TestClient, town: Town) -> None:
    theirs = sign_in(client, town, town.worker)
    client.post(f"/console/conversations/{town.mine.conversation.id}/take-over", data=town.form(theirs))
    with transaction() as session:
        steps = [{"tell": ["worker:Lena"], "wait_minutes": 5, "by": ["text"]}]
        session.add(
            LadderRule(
                agency_id=town.agency.id, position=1, priority="urgent", steps=steps, changed_at=clock.now(),
                changed_by=town.manager.id,
            )
        )  # fmt: skip
    cookies = sign_in(client, town, town.manager)
    client.post(f"/console/workers/{town.worker.id}/code", data=town.form(cookies))
    answer = client.post(f"/console/workers/{town.worker.id}/deactivate", data=town.form(cookies))
    assert answer.status_code == 303
    page = client.get(answer.headers["location"]).text
    assert "Please see to this" in page and "A ladder names them (Urgent)" in page
    assert f"/console/families/{town.mine.family.id}/details" in page
    with reading() as session:
        assert all(one.revoked_at for one in session.scalars(select(WorkerSession).filter_by(worker_id=town.worker.id)))
        assert session.scalars(select(EntryCode)).one().expires_at <= clock.now()
        assert session.get_one(Conversation, town.mine.conversation.id).taken_over_by is None
    code = client.post(f"/console/workers/{town.worker.id}/code", data=town.form(cookies))
    assert code.status_code == 400 and "Reactivate them first" in code.text
    client.post(f"/console/workers/{town.duty.id}/deactivate", data=town.form(cookies))
    assert "Gaps in the rota" in client.get(f"/console/workers/{town.duty.id}").text


def test_nobody_lets_herself_go_and_two_who_let_each_other_go_at_once_do_not_both(
    client: TestClient, town: Town
) -> None:
    cookies = sign_in(client, town, town.manager)
    answer = client.post(f"/console/workers/{town.manager.id}/deactivate", data=town.form(cookies))
    assert answer.status_code == 400 and "Nobody lets themself go" in answer.text and row(town.manager).active
    with transaction() as session:
        session.execute(update(Worker).where(Worker.id == town.duty.id).values(role="manager"))
    both, refused = threading.Barrier(2), []

    def let_go(by: Worker, whom: Worker) -> None:
        try:
            with transaction() as session:
                first, second = session.get_one(Worker, by.id), session.get_one(Worker, whom.id)
                both.wait(timeout=20)
                staff.leave(session, first, second)
        except NotVisible:
            refused.append(by.id)

    pairs = ((town.manager, town.duty), (town.duty, town.manager))
    threads = [threading.Thread(target=let_go, args=pair) for pair in pairs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1
    assert [row(town.manager).active, row(town.duty).active].count(True) == 1


def test_a_code_from_before_another_role_or_address_lets_nobody_in(client: TestClient, town: Town) -> None:
    as_administrator(town.duty)
    given = {"name": "Lena Worker", "phone": "", "team": "", "language": ""}
    for more in ({"email": "lena@example.org", "role": "administrator"}, {"email": "l@example.org", "role": "worker"}):
        with transaction() as session:
            manager, lena = session.get_one(Worker, town.manager.id), session.get_one(Worker, town.worker.id)
            lena.role, lena.email = "worker", "lena@example.org"
            code = staff.make_code(session, manager, lena)
        cookies = sign_in(client, town, town.duty)
        assert client.post(
            f"/console/workers/{town.worker.id}", data=form(town, cookies, **given, **more)
        ).status_code == (303)
        client.cookies.clear()
        tried = {"email": more["email"], "code": code, "password": CHOSEN, "again": CHOSEN}
        assert client.post(FIRST, data=tried).status_code == 400, more


def test_who_was_made_less_while_the_page_was_open_makes_nobody_an_administrator(town: Town) -> None:
    as_administrator(town.manager)
    with reading() as session:
        stale = session.get_one(Worker, town.manager.id)
    with transaction() as session:
        session.execute(update(Worker).where(Worker.id == town.manager.id).values(role="manager"))
    values = {"name": "Nora New", "email": "nora@example.org", "phone": None, "role": "administrator"}
    with transaction() as session:
        lena = session.get_one(Worker, town.worker.id)
        with pytest.raises(staff.CannotChange, match="above"):
            staff.add(session, stale, values)
        with pytest.raises(staff.CannotChange, match="above"):
            staff.change(session, stale, lena, values)
    assert worker_of("nora@example.org") is None and row(town.worker).role == "worker"


def test_who_sees_only_her_own_families_from_now_on_gives_back_the_others_conversations(
    client: TestClient, town: Town
) -> None:
    with transaction() as session:
        session.add(FamilyWorker(family_id=town.other.family.id, worker_id=town.duty.id, lead=False))
        for household in (town.mine, town.other):
            session.get_one(Conversation, household.conversation.id).taken_over_by = town.duty.id
    cookies = sign_in(client, town, town.manager)
    given = {"name": "Dora Worker", "email": "dora@example.org", "phone": town.duty.phone or "", "role": "worker"}
    assert client.post(f"/console/workers/{town.duty.id}", data=form(town, cookies, **given)).status_code == 303
    with reading() as session:
        assert session.get_one(Conversation, town.mine.conversation.id).taken_over_by is None
        assert session.get_one(Conversation, town.other.conversation.id).taken_over_by == town.duty.id
    assert entries("handed_back_conversation")[0].actor_id == town.manager.id
