"""A photo by a link: asked for discreetly, sent once, kept clean; the page says nothing about anybody."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, delete, insert, select, update

from api import clock
from api.audit.models import AuditEntry
from api.database import reading, transaction
from api.evidence import asking, jobs, links, queries, sealing, service, store
from api.evidence.cleaning import Refused
from api.evidence.models import Evidence, UploadLink
from api.families.models import ContactPoint, Person
from api.messages.models import Conversation, OutboundMessage
from api.plans.models import PlanAction
from tests.evidence import files
from tests.small_town import Town


def text_to(person: Person) -> str:
    """The last text to this person."""
    with reading() as session:
        query = select(OutboundMessage.body).join(Conversation).where(Conversation.person_id == person.id)
        return session.scalars(query.order_by(OutboundMessage.seq.desc())).first() or ""


def asked(town: Town, person: Person | None = None, action: PlanAction | None = None) -> str:
    """The path of a link that a worker had sent to the person."""
    person = person or town.mine.parent
    with transaction() as session:
        asking.ask(session, session.get_one(Person, person.id), town.worker, action.id if action else None)
    found = re.search(r"http://testserver(/u/[A-Za-z0-9_-]{43})$", text_to(person))
    assert found, text_to(person)
    return found[1]


def send(client: TestClient, path: str, *contents: bytes, name: str = "x.jpg", kind: str = "image/jpeg") -> Any:
    return client.post(path, files=[("file", (name, content, kind)) for content in contents])


def kept() -> list[Evidence]:
    with reading() as session:
        return list(session.scalars(select(Evidence).order_by(Evidence.received_at)))


def on_disk(folder: Path) -> set[str]:
    return {path.name for path in folder.rglob("*") if path.is_file()} if folder.exists() else set()


def test_a_worker_asks_and_the_parent_sends_and_the_worker_sees_it(
    client: TestClient, town: Town, folder: Path
) -> None:
    cookies = town.signed_in(town.worker)
    client.cookies.update(cookies)
    there = f"/console/people/{town.mine.parent.id}/evidence"
    answer = client.post(there, data=town.form(cookies, action=str(town.mine.action.id)))
    assert answer.status_code == 303
    shown = client.get(answer.headers["location"].partition("#")[0]).text
    assert "Ashparent was asked" in shown and "They get one text" in shown
    path = re.search(r"/u/\S+", text_to(town.mine.parent))
    assert path
    client.cookies.clear()
    assert send(client, path[0], files.jpeg()).headers["location"] == path[0]
    assert "It has arrived" in client.get(path[0]).text
    (row,) = kept()
    assert (row.way, row.person_id, row.action_id, row.asked_by) == (
        "link", town.mine.parent.id, town.mine.action.id, town.worker.id,
    )  # fmt: skip
    assert on_disk(folder) == {row.sha256} and files.SECRET.encode() not in sealing.read(row.sha256)
    client.cookies.update(cookies)
    family = client.get(f"/console/families/{town.mine.family.id}").text
    assert family.count(f'href="/console/evidence/{row.id}"') == 2, "in the list, and at the action"
    assert "New photos and documents from families: 1" in family
    with reading() as session:
        verbs = session.scalars(select(AuditEntry.verb).where(AuditEntry.verb.contains("evidence"))).all()
    assert sorted(verbs) == ["asked_for_evidence", "sent_evidence"]


@pytest.mark.parametrize(
    ("wording", "language", "must", "must_not"),
    [
        ("discreet", "en", "Please send your photo", ("plan", "worker", "Ash", "course", "Hearthline", "Near")),
        ("discreet", "es", "Puedes mandar", ("plan", "trabajador", "Ash", "curso")),
        ("plain", "en", "child protection plan", ("Ash", "course")),
        ("plain", "es", "plan de protecci", ("Ash", "course")),
    ],
    ids=["discreet", "discreet spanish", "plain", "plain spanish"],
)
def test_the_text_says_no_more_than_the_safe_contact_profile_allows(
    town: Town, wording: str, language: str, must: str, must_not: tuple[str, ...]
) -> None:
    with transaction() as session:
        person = session.get_one(Person, town.mine.parent.id)
        person.wording, person.language = wording, language
    asked(town, action=town.mine.action)
    body = text_to(town.mine.parent).partition("http")[0]
    assert must in body and not [word for word in must_not if word in body]


def test_the_page_says_nothing_about_whom_or_what(client: TestClient, town: Town) -> None:
    with transaction() as session:
        session.get_one(Person, town.mine.parent.id).wording = "plain"
    path = asked(town, action=town.mine.action)
    page = client.get(path)
    assert page.status_code == 200 and "set-cookie" not in page.headers and "<script" not in page.text
    for word in ("Ash", "course", "plan", "Lena", "Near", "Hearthline", "family", "child", "console", "chat"):
        assert word not in page.text, word
    assert page.headers["cache-control"] == "no-store"
    wrong = client.get("/u/" + "a" * 43)
    assert wrong.status_code == 404 and "chat" not in wrong.text and "console" not in wrong.text


def test_a_link_ends_after_two_days_or_when_a_new_one_is_sent(client: TestClient, town: Town) -> None:
    first = asked(town)
    other = asked(town, action=town.mine.action)
    second = asked(town)
    old = client.get(first)
    assert old.status_code == 410 and "does not work any more" in old.text and "<form" not in old.text
    assert client.get(other).status_code == client.get(second).status_code == 200
    with reading() as session:
        ends = session.scalars(select(UploadLink.expires_at).order_by(UploadLink.created_at)).all()[-1]
    clock.move(ends - clock.now() + timedelta(seconds=1))
    send(client, second, files.jpeg())
    assert client.get(second).status_code == 410 and kept() == []


def test_a_text_that_waits_for_the_morning_brings_a_link_that_lasts(town: Town) -> None:
    now = clock.now()
    hours = (now + timedelta(hours=9)).time(), (now + timedelta(hours=10)).time()
    with transaction() as session:
        person = session.get_one(Person, town.mine.parent.id)
        person.contact_from, person.contact_until = hours
    asked(town)
    with reading() as session:
        link = session.scalars(select(UploadLink)).one()
    assert link.expires_at > now + timedelta(hours=48 + 7)


@pytest.mark.parametrize("name", files.REFUSED)
def test_what_is_refused_is_said_in_plain_words_and_the_link_stays(
    client: TestClient, town: Town, folder: Path, name: str
) -> None:
    content, code = files.REFUSED[name]
    path = asked(town)
    answer = send(client, path, files.jpeg(), content, name="certificate.jpg")
    from api import texts

    said = texts.render(f"upload.refused.{code}", "en").replace('"', "&#34;")
    assert answer.status_code == 400 and said in answer.text and "<form" in answer.text
    assert kept() == [] and on_disk(folder) == set(), "all or nothing"
    assert send(client, path, files.jpeg(), name="page.html", kind="text/html").status_code == 303
    assert [row.media_type for row in kept()] == ["image/jpeg"], "what it is called and said to be is not asked"


@pytest.mark.parametrize(
    ("contents", "words"),
    [([], "choose a photo or PDF first"), ([files.jpeg()] * 6, "too many")],
    ids=["none", "six"],
)
def test_none_or_too_many_is_said(client: TestClient, town: Town, contents: list[bytes], words: str) -> None:
    path = asked(town)
    answer = send(client, path, *contents) if contents else client.post(path, data={"file": "a word"})
    assert answer.status_code == 400 and words in answer.text and kept() == []


def test_an_empty_field_as_browsers_send_it_is_no_file(client: TestClient, town: Town) -> None:
    body = b'--x\r\nContent-Disposition: form-data; name="file"; filename=""\r\n\r\n\r\n--x--\r\n'
    headers = {"content-type": "multipart/form-data; boundary=x"}
    answer = client.post(asked(town), content=body, headers=headers)
    assert answer.status_code == 400 and "choose a photo or PDF first" in answer.text


def test_what_is_larger_than_the_limit_is_refused_in_words_and_messages_keep_their_own_limit(
    client: TestClient, town: Town
) -> None:
    path = asked(town)
    answer = send(client, path, b"\xff\xd8\xff" + b"x" * (15 * 1024 * 1024))
    assert answer.status_code == 413 and "too large" in answer.text and "photo" in answer.text

    def endless() -> Iterator[bytes]:
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n'
        for _ in range(17):
            yield b"x" * 1024 * 1024

    headers = {"content-type": "multipart/form-data; boundary=x"}
    assert client.post(path, content=endless(), headers=headers).status_code == 413
    assert client.get(path).status_code == 200 and kept() == []
    for elsewhere in ("/chat/messages", "/chat/plan/calendar", "/u", "/console/sign-in"):
        assert client.post(elsewhere, content=b"x" * 70_000).status_code == 413


def test_of_many_who_send_by_one_link_at_once_one_counts(client: TestClient, town: Town, folder: Path) -> None:
    token = asked(town).removeprefix("/u/")
    together, wrong = threading.Barrier(4), []

    def one(number: int) -> None:
        together.wait(10)
        try:
            service.receive_by_link(token, [io.BytesIO(files.jpeg(size=(60 + number, 40)))])
        except Exception as error:
            wrong.append(type(error))

    threads = [threading.Thread(target=one, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert wrong == [service.Used] * 3, "theirs did not arrive, and they are told"
    (row,) = kept()
    assert on_disk(folder) == {row.sha256}, "what the others sent is gone"


def test_a_link_takes_so_many_tries_and_no_more(
    client: TestClient, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "MOST_TRIES", 3)
    path = asked(town)
    for _ in range(3):
        with pytest.raises(Refused):
            service.receive_by_link(path.removeprefix("/u/"), [io.BytesIO(b"<html>")])
    send(client, path, files.jpeg())
    assert client.get(path).status_code == 410 and kept() == []


def test_the_same_file_twice_is_one_file_and_goes_with_the_last_who_sent_it(
    client: TestClient, town: Town, folder: Path
) -> None:
    for person in (town.mine.parent, town.other.parent):
        assert send(client, asked(town, person), files.jpeg()).status_code == 303
    mine, other = kept()
    assert mine.sha256 == other.sha256 and on_disk(folder) == {mine.sha256}
    for left, row in ((True, mine), (False, other)):
        with transaction() as session:
            service.remove(session, session.get_one(Evidence, row.id), town.manager, "sent by mistake")
        store.drop_unused(row.sha256)
        assert store.path_of(row.sha256).exists() == left


def test_a_crash_between_file_and_row_leaves_nothing_wrong(
    client: TestClient, town: Town, folder: Path, tmp_path: Path
) -> None:
    path = asked(town)
    (tmp_path / "photo.jpg").write_bytes(files.jpeg())
    program = (
        "import sys; from api.evidence import service;service.receive_by_link(sys.argv[1], [open(sys.argv[2], 'rb')])"
    )
    (tmp_path / "crash").write_text("evidence.after_files")
    crash = {
        "HEARTHLINE_CRASH_FILE": str(tmp_path / "crash"),
        "HEARTHLINE_EVIDENCE_DIR": str(folder),
    }
    done = subprocess.run(
        [sys.executable, "-c", program, path.removeprefix("/u/"), str(tmp_path / "photo.jpg")],
        env={**os.environ, **crash}, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == -9 and not (tmp_path / "crash").exists()
    assert kept() == [] and len(on_disk(folder)) == 1, "the file is there, its row is not"
    assert "<form" in client.get(path).text, "the link is not used up"
    assert jobs.sweep_files() == 1 and [path.parent.name for path in folder.rglob("*") if path.is_file()] == [
        "unclaimed"
    ]
    assert send(client, path, files.jpeg()).status_code == 303
    (row,) = kept()
    assert jobs.sweep_files() == 0 and on_disk(folder) == {row.sha256}
    os.utime(store.unclaimed() / row.sha256, (0, 0))
    assert jobs.sweep_files() == 1 and store.path_of(row.sha256).exists(), "after a month it goes for good"


def test_a_sweep_beside_an_empty_database_loses_nothing(client: TestClient, town: Town, database: Engine) -> None:
    """As when somebody starts it before the backup is brought back."""
    assert send(client, asked(town), files.jpeg()).status_code == 303
    (row,) = kept()
    with transaction() as session:
        session.execute(delete(Evidence))
    assert jobs.sweep_files() == 1 and not store.path_of(row.sha256).exists()
    with transaction() as session:
        session.execute(
            insert(Evidence).values(**{one.name: getattr(row, one.name) for one in Evidence.__table__.columns})
        )
    assert jobs.sweep_files() == 0 and store.path_of(row.sha256).exists(), "what a row stands for again comes back"


def test_a_crash_after_a_removal_leaves_the_file_to_the_sweep(client: TestClient, town: Town, folder: Path) -> None:
    assert send(client, asked(town), files.jpeg()).status_code == 303
    (row,) = kept()
    with transaction() as session:
        service.remove(session, session.get_one(Evidence, row.id), town.manager, "sent by mistake")
    assert on_disk(folder) == {row.sha256} and jobs.sweep_files() == 1 and on_disk(folder) == set()


def test_what_lies_half_made_is_removed_when_it_is_old(town: Town, folder: Path) -> None:
    left, fresh = store.incoming() / "left", store.incoming() / "fresh"
    left.write_bytes(b"x")
    fresh.write_bytes(b"x")
    os.utime(left, (0, 0))
    assert jobs.sweep_files() == 1 and fresh.exists()


def test_only_a_hash_of_the_link_is_kept_with_it_and_workers_do_not_read_it(client: TestClient, town: Town) -> None:
    token = asked(town).removeprefix("/u/")
    with reading() as session:
        assert session.scalars(select(UploadLink.token_hash)).one() == links.token_hash(token) != token
    client.cookies.update(town.signed_in(town.worker))
    thread = client.get(f"/console/conversations/{town.mine.conversation.id}").text
    assert "/u/..." in thread and token not in thread
    said = client.get(f"/api/v1/conversations/{town.mine.conversation.id}/messages", headers=town.program(town.worker))
    assert said.status_code == 200 and token not in said.text


def test_nobody_is_asked_who_cannot_be_written_to(client: TestClient, town: Town) -> None:
    with transaction() as session:
        session.execute(update(ContactPoint).values(state="opted_out"))
    cookies = town.signed_in(town.manager)
    client.cookies.update(cookies)
    there = f"/console/people/{town.mine.parent.id}/evidence"
    answer = client.post(there, data=town.form(cookies))
    assert answer.status_code == 400 and "no phone to write to" in answer.text
    answer = client.post(f"/console/people/{town.mine.child.id}/evidence", data=town.form(cookies))
    assert answer.status_code == 400
    foreign = client.post(there, data=town.form(cookies, action=str(town.other.action.id)))
    assert foreign.status_code == 400 and "not this person" in foreign.text
    assert client.post(there, data=town.form(cookies, action="x")).status_code == 400
    town.chatting(town.mine.parent)  # who has a chat open is asked there
    assert client.post(there, data=town.form(cookies)).status_code == 303
    with reading() as session:
        sent = session.scalars(select(OutboundMessage)).one()
    assert sent.channel == "web" and "/u/" in sent.body
