"""Photos and documents at rest: nothing of them on the disk, all of them for whoever may see them."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from api.cli import app
from api.evidence import sealing, store
from api.evidence.models import Evidence
from api.protection import data_keys, resealing
from api.sealed import MARK, NotOpened, Sealer
from tests.evidence import files
from tests.evidence.test_who_sees_it import sent
from tests.harness.words import GIVEN, NEW, Keys, key_of, keys
from tests.small_town import Town

__all__ = ["keys"]


def stored(row: Evidence) -> bytes:
    return store.path_of(row.sha256).read_bytes()


def made_plain(row: Evidence) -> bytes:
    """As a version of before kept it."""
    content = sealing.read(row.sha256)
    store.path_of(row.sha256).write_bytes(content)
    return content


def test_the_stored_file_holds_none_of_the_picture_and_serving_gives_it_back(
    client: TestClient, town: Town, folder: Path
) -> None:
    rows = [sent(town.mine), sent(town.mine, files.pdf())]
    client.cookies.update(town.signed_in(town.worker))
    for row, begins in zip(rows, (b"\xff\xd8\xff", b"%PDF-"), strict=True):
        content = client.get(f"/console/evidence/{row.id}").content
        assert content.startswith(begins) and len(content) == row.size
        assert stored(row).startswith(MARK.encode()) and begins not in stored(row)
        assert not any(content[at : at + 16] in stored(row) for at in range(0, len(content) - 16))
    assert all(path.read_bytes().startswith(MARK.encode()) for path in folder.rglob("*") if path.is_file())


def test_the_same_content_is_never_sealed_to_the_same_bytes_and_opens_in_its_own_place_only() -> None:
    sealer = Sealer([GIVEN])
    once, twice = (sealer.seal_file(b"the same", "evidence files/a") for _ in range(2))
    assert once != twice and sealer.open_file(once, "evidence files/a") == b"the same"
    for wrong, place in ((once, "evidence files/b"), (once[:-1], "evidence files/a"), (once[:20], "evidence files/a")):
        with pytest.raises(NotOpened, match="damaged"):
            sealer.open_file(wrong, place)
    with pytest.raises(NotOpened, match="no_key"):
        Sealer([NEW]).open_file(once, "evidence files/a")


def test_a_damaged_file_is_said_to_be_so_and_nothing_of_it_is_shown(
    client: TestClient, town: Town, tmp_path: Path
) -> None:
    row = sent(town.mine)
    whole, content = stored(row), sealing.read(row.sha256)
    client.cookies.update(town.signed_in(town.worker))
    for damaged in (whole[:-1] + bytes([whole[-1] ^ 1]), whole[:200], b"", content[:-1], sealed_elsewhere(content)):
        store.path_of(row.sha256).write_bytes(damaged)
        answer = client.get(f"/console/evidence/{row.id}")
        assert answer.status_code == 500 and "text/html" in answer.headers["content-type"]
        assert "damaged or changed by somebody" in answer.text and "Traceback" not in answer.text
    out = tmp_path / "person.json"
    assert CliRunner().invoke(app, ["export-person", str(town.mine.parent.id), "--out", str(out)]).exit_code == 0
    assert json.loads(out.read_text())["photos_and_documents"][0]["file"] == "cannot be opened"


def sealed_elsewhere(content: bytes) -> bytes:
    """The right picture under another content's name."""
    return Sealer([GIVEN]).seal_file(content, f"evidence files/{'0' * 64}")


def test_plain_files_of_before_are_read_and_sealed_by_the_next_seal(town: Town, folder: Path) -> None:
    row, waiting = sent(town.mine), sent(town.mine, files.png())
    content, _ = made_plain(row), made_plain(waiting)
    aside = store.unclaimed() / waiting.sha256
    os.replace(store.path_of(waiting.sha256), aside)
    os.utime(aside, (1_000_000, 1_000_000))
    assert sealing.read(row.sha256) == content
    done = resealing.reseal()
    assert done.sealed["photos and documents"] == 2 and not done.unreadable and not done.missing
    assert stored(row).startswith(MARK.encode()) and sealing.read(row.sha256) == content
    assert aside.read_bytes().startswith(MARK.encode()) and aside.stat().st_mtime == 1_000_000
    assert resealing.reseal().sealed["photos and documents"] == 0
    assert list(store.incoming().iterdir()) == []


def test_a_new_key_takes_over_files_too_and_a_key_that_a_file_needs_stays(
    client: TestClient, town: Town, keys: Keys
) -> None:
    data_keys.check()
    row, lost = sent(town.mine), sent(town.mine, files.png())
    content = sealing.read(row.sha256)
    keys(NEW, GIVEN)
    data_keys.check()
    hidden = store.path_of(lost.sha256).rename(store.folder().parent / "elsewhere")
    done = resealing.reseal()
    assert (done.missing, done.droppable) == (1, []) and "not in HEARTHLINE_EVIDENCE_DIR" in " ".join(done.in_words())
    hidden.rename(store.path_of(lost.sha256))
    assert resealing.reseal().droppable == [key_of(GIVEN)]
    keys(NEW)
    assert sealing.read(row.sha256) == content and len(sealing.read(lost.sha256)) == lost.size
    keys(GIVEN)
    client.cookies.update(town.signed_in(town.worker))
    answer = client.get(f"/console/evidence/{row.id}")
    assert answer.status_code == 500 and key_of(NEW) in answer.text


def test_what_does_not_open_is_left_as_it_is_and_counted(town: Town, keys: Keys) -> None:
    row, damaged = sent(town.mine), sent(town.mine, files.png())
    made_plain(damaged)
    store.path_of(damaged.sha256).write_bytes(b"not it")
    before = stored(row)
    keys(NEW)
    done = sealing.reseal()
    assert (done.sealed, dict(done.no_key), dict(done.damaged)) == (0, {key_of(GIVEN): 1}, {"?": 1})
    assert stored(row) == before and stored(damaged) == b"not it"
