"""False alarms written out for a person to review."""

from __future__ import annotations

import json
import stat
import uuid
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from api.audit.models import AuditEntry
from api.cli import app
from api.database import transaction
from api.escalations import service
from api.escalations.models import Escalation
from api.messages import inbox
from tests.small_town import Town

DANGER = "help he has got a knife and he is going to kill us"


def test_only_what_was_called_a_false_alarm_is_in_the_file_and_only_its_owner_reads_it(
    session: Session, town: Town, tmp_path: Path
) -> None:
    for household, outcome in ((town.mine, "False alarm: a line of a song"), (town.other, "police are there")):
        inbox.accept(channel="sms", external_id=uuid.uuid4().hex, address=household.conversation.address, body=DANGER)
        inbox.accept(
            channel="sms", external_id=uuid.uuid4().hex, address=household.conversation.address, body="sorry, hello"
        )
        number = session.scalars(select(Escalation.id).order_by(Escalation.id.desc())).first()
        assert number
        session.rollback()
        with transaction() as acting:
            service.resolve(acting, number, town.duty, outcome)
    out = tmp_path / "review.jsonl"
    said = CliRunner().invoke(app, ["false-alarms", str(out)])
    assert said.exit_code == 0, said.output
    (line,) = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert (line["text"], line["kind"], line["said"]["kind"]) == (DANGER, "none", "immediate_danger")
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert "exported_false_alarms" in set(session.scalars(select(AuditEntry.verb)))
    again = CliRunner().invoke(app, ["false-alarms", str(out)])
    assert again.exit_code == 1 and "cannot be written" in again.stderr
