"""Who sees a photo or document: workers of that family, with a trace of it; nobody else; until it is removed."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import date, timedelta
from pathlib import Path

import psycopg
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from api import clock
from api.access.models import Worker
from api.audit.models import AuditEntry
from api.cli import app
from api.database import libpq_url, reading, transaction
from api.evidence import sealing, service, store
from api.evidence.models import Evidence, UploadLink
from api.families.models import FamilyWorker
from api.plans.models import Plan
from api.protection import agency_file, retention
from tests.evidence import files
from tests.evidence.test_links import asked, kept, on_disk
from tests.small_town import Household, Town


def sent(household: Household, content: bytes = b"", action: bool = False) -> Evidence:
    """A file from this family's parent, as if by web chat."""
    before = {row.id for row in kept()}
    given = [io.BytesIO(content or files.jpeg())]
    service.receive_from(household.parent.id, given, household.action.id if action else None)
    (row,) = [row for row in kept() if row.id not in before]
    return row


def look(client: TestClient, town: Town, worker: Worker, row: Evidence) -> int:
    client.cookies.clear()
    client.cookies.update(town.signed_in(worker))
    return client.get(f"/console/evidence/{row.id}").status_code


def test_only_workers_of_the_family_see_the_file(client: TestClient, town: Town) -> None:
    mine, other = sent(town.mine), sent(town.other)
    for worker, row, status in (
        (town.worker, mine, 200),
        (town.manager, mine, 200),
        (town.worker, other, 404),
        (town.far_manager, mine, 404),
    ):
        assert look(client, town, worker, row) == status, worker.name
    client.cookies.clear()
    assert client.get(f"/console/evidence/{mine.id}").status_code == 303, "the sign-in page"
    client.cookies.update(town.chatting(town.mine.parent)[0])
    assert client.get(f"/console/evidence/{mine.id}").status_code == 303, "no family member has that door"
    with reading() as session:
        entries = session.scalars(select(AuditEntry).where(AuditEntry.verb == "viewed_evidence")).all()
    assert {(entry.actor_id, entry.object_id, entry.family_id) for entry in entries} == {
        (worker.id, str(mine.id), town.mine.family.id) for worker in (town.worker, town.manager)
    }


def test_a_file_is_served_so_that_nothing_in_it_can_act_and_no_cache_keeps_it(client: TestClient, town: Town) -> None:
    photo, document = sent(town.mine), sent(town.mine, files.pdf())
    client.cookies.update(town.signed_in(town.worker))
    for row, kind, how in ((photo, "image/jpeg", "inline"), (document, "application/pdf", "attachment")):
        answer = client.get(f"/console/evidence/{row.id}", headers={"Range": "bytes=0-10"})
        assert answer.status_code == 200 and answer.content == sealing.read(row.sha256)
        assert answer.headers["content-type"] == kind
        disposition = answer.headers["content-disposition"]
        assert disposition.startswith(f'{how}; filename="') and row.id.hex[:8] in disposition
        assert answer.headers["x-content-type-options"] == "nosniff" and answer.headers["cache-control"] == "no-store"
        policy = answer.headers["content-security-policy"]
        assert policy.endswith("; sandbox") and "default-src 'none'" in policy
        assert not {"etag", "last-modified"} & set(answer.headers)


def test_what_is_new_is_told_to_the_familys_workers_until_one_has_looked(client: TestClient, town: Town) -> None:
    row = sent(town.mine, action=True)

    def banner(worker: Worker) -> bool:
        client.cookies.clear()
        client.cookies.update(town.signed_in(worker))
        return "New photos and documents" in client.get("/console/conversations").text

    assert banner(town.worker) and not banner(town.manager) and not banner(town.far_manager)
    with transaction() as session:
        session.execute(delete(FamilyWorker))
    assert banner(town.manager) and not banner(town.far_manager), "of a family that nobody has, whoever sees all"
    with transaction() as session:
        session.add(FamilyWorker(family_id=town.mine.family.id, worker_id=town.worker.id, lead=True))
    cookies = town.signed_in(town.worker)
    client.cookies.clear()
    client.cookies.update(cookies)
    page = client.get("/console/evidence").text
    assert "Ash course" in page and f"/console/evidence/{row.id}" in page
    for _ in range(2):
        assert client.post(f"/console/evidence/{row.id}/seen", data=town.form(cookies)).status_code == 303
    assert not banner(town.worker) and "Nothing new" in client.get("/console/evidence").text
    with reading() as session:
        assert session.scalars(select(AuditEntry.actor_id).filter_by(verb="looked_at_evidence")).all() == [
            town.worker.id
        ]


def test_the_console_hears_of_it_when_it_comes(town: Town) -> None:
    with psycopg.connect(libpq_url(), autocommit=True) as listening:
        listening.execute("LISTEN hearthline")
        sent(town.mine)
        heard = {note.payload for note in listening.notifies(timeout=60, stop_after=2)}
    assert f"agency:{town.agency.id}" in heard


def test_a_file_is_removed_with_a_reason_and_that_it_was_there_stays(
    client: TestClient, town: Town, folder: Path
) -> None:
    row = sent(town.mine, action=True)
    cookies = town.signed_in(town.worker)
    client.cookies.update(cookies)
    there = f"/console/evidence/{row.id}/remove"
    answer = client.post(there, data=town.form(cookies, why="  "))
    assert answer.status_code == 400 and "say why" in answer.text and on_disk(folder) == {row.sha256}
    assert client.post(there, data=town.form(cookies, why="somebody else's <paper>")).status_code == 303
    assert on_disk(folder) == set()
    assert client.get(f"/console/evidence/{row.id}").status_code == 404
    assert client.post(there, data=town.form(cookies, why="again")).status_code == 404
    page = client.get(f"/console/families/{town.mine.family.id}").text
    assert "somebody else&#39;s &lt;paper&gt;" in page and f'href="/console/evidence/{row.id}"' not in page
    with reading() as session:
        entry = session.scalars(select(AuditEntry).filter_by(verb="removed_evidence")).one()
    assert (entry.actor_id, entry.object_id) == (town.worker.id, str(row.id)) and "paper" not in str(entry.detail)


def test_a_row_whose_file_is_missing_is_nothing_to_see_and_is_logged(
    client: TestClient, town: Town, caplog: pytest.LogCaptureFixture
) -> None:
    row = sent(town.mine)
    store.path_of(row.sha256).unlink()
    client.cookies.update(town.signed_in(town.worker))
    assert client.get(f"/console/evidence/{row.id}").status_code == 404
    store.sweep()
    assert str(row.id) in caplog.text and "1 files are missing" in caplog.text


def test_a_person_sends_from_my_plan_for_an_action_of_their_own_only(client: TestClient, town: Town) -> None:
    cookies, _ = town.chatting(town.mine.parent)
    client.cookies.update(cookies)
    page = client.get("/chat/plan").text
    assert f'<option value="{town.mine.action.id}">' in page and "Birch" not in page

    def send(content: bytes, action: str) -> int:
        form = town.form(cookies, action=action)
        return client.post("/chat/plan/evidence", data=form, files={"file": ("x.jpg", content)}).status_code

    assert send(files.jpeg(), str(town.mine.action.id)) == 303
    assert "It has arrived. Your worker will see it." in client.get("/chat/plan?sent=1").text
    assert send(files.png(), "") == 303
    assert [(row.way, row.action_id) for row in kept()] == [("chat", town.mine.action.id), ("chat", None)]
    for action in (str(town.other.action.id), "x", "0" * 36):
        assert send(files.jpeg(), action) == 404
    refused = client.post("/chat/plan/evidence", data=town.form(cookies), files={"file": ("x.jpg", b"<svg>")})
    assert refused.status_code == 400 and "cannot take files of that kind" in refused.text
    assert client.post("/chat/plan/evidence", files={"file": ("x.jpg", files.jpeg())}).status_code == 403
    assert len(kept()) == 2
    for _ in range(12):
        last = send(b"<svg>", "")
    assert last == 429, "so many in a quarter of an hour"


def test_who_chats_without_a_name_sends_no_file(client: TestClient, town: Town) -> None:
    cookies, _ = town.chatting()
    client.cookies.update(cookies)
    answer = client.post("/chat/plan/evidence", data=town.form(cookies), files={"file": ("x.jpg", files.jpeg())})
    assert answer.status_code == 404 and kept() == []


def test_erasing_a_person_takes_their_files_and_links_and_nobody_elses(
    session: Session, town: Town, folder: Path
) -> None:
    shared, own, other = sent(town.mine), sent(town.mine, files.png()), sent(town.other)
    assert shared.sha256 == other.sha256
    path = asked(town)
    with transaction() as writing:
        writing.execute(update(Plan).values(ended_on=date(2026, 1, 31)))
        service.remove(writing, writing.get_one(Evidence, own.id), town.worker, "Ashparent sent it twice")
    said = CliRunner().invoke(app, ["erase-person", str(town.mine.parent.id), "--reason", "r1"])
    assert "photos and documents: 2" in said.stdout and on_disk(folder) == {shared.sha256, own.sha256}
    assert CliRunner().invoke(app, ["erase-person", str(town.mine.parent.id), "--reason", "r1", "--yes"]).exit_code == 0
    assert on_disk(folder) == {other.sha256}, "the other family sent the same"
    rows = session.scalars(select(Evidence).filter_by(person_id=town.mine.parent.id)).all()
    assert {(row.state, row.sha256, row.removed_why) for row in rows} == {("removed", "", "")} and len(rows) == 2
    with pytest.raises(service.Gone):
        service.receive_by_link(path.removeprefix("/u/"), [io.BytesIO(files.jpeg())])
    with pytest.raises(service.Gone):
        service.receive_from(town.mine.parent.id, [io.BytesIO(files.jpeg())])
    assert on_disk(folder) == {other.sha256}


def test_a_persons_file_and_an_agencys_export_have_the_files(town: Town, tmp_path: Path) -> None:
    row, other, far = sent(town.mine, action=True), sent(town.other, files.pdf()), sent(town.far, files.png())
    out = tmp_path / "person.json"
    assert CliRunner().invoke(app, ["export-person", str(town.mine.parent.id), "--out", str(out)]).exit_code == 0
    (line,) = json.loads(out.read_text())["photos_and_documents"]
    assert (line["way"], line["sha256"], line["file"]) == ("chat", row.sha256, "1.jpg")
    copied = tmp_path / "person-files"
    assert [path.name for path in copied.iterdir()] == ["1.jpg"] and copied.stat().st_mode & 0o777 == 0o700
    assert (copied / "1.jpg").read_bytes() == sealing.read(row.sha256)
    again = CliRunner().invoke(app, ["export-person", str(town.mine.parent.id), "--out", str(tmp_path / "person.json")])
    assert again.exit_code == 1
    for family, expected in (
        (None, {f"files/{row.sha256}.jpg", f"files/{other.sha256}.pdf"}),
        (town.mine.family.id, {f"files/{row.sha256}.jpg"}),
    ):
        archive = tmp_path / f"{family}.zip"
        counts = agency_file.write(agency_file.Scope(town.agency.id, "near", family), archive, by=town.manager.id)
        with zipfile.ZipFile(archive) as opened:
            names = {name for name in opened.namelist() if name.startswith("files/")}
            assert names == expected and far.sha256 not in str(opened.namelist())
            assert opened.read(f"files/{row.sha256}.jpg") == sealing.read(row.sha256)
            assert opened.read("beyond/evidence.jsonl").decode().count("\n") == counts["files"] == len(expected)
            assert b"token_hash" not in opened.read("beyond/upload_links.jsonl")


def test_used_and_ended_links_go_by_age_and_files_do_not(town: Town) -> None:
    asked(town)
    row = sent(town.mine)
    clock.move(timedelta(days=93))
    assert retention.clear()["upload_links"] == 1
    with reading() as session:
        assert session.scalars(select(UploadLink)).all() == []
    assert kept()[0].id == row.id and store.path_of(row.sha256).exists()
