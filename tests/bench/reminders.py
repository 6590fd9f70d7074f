"""A hundred thousand reminders due at once: how soon all are queued, that none is twice, and that people are answered
meanwhile."""

from __future__ import annotations

import threading
import time
import uuid
from datetime import UTC, datetime, timedelta
from datetime import time as hour

from sqlalchemy import create_engine, insert
from sqlalchemy.engine import make_url

from api.appointments.models import Appointment, Attendee
from api.families.models import ContactPoint, Family, Person
from api.tables import metadata
from tests.bench import texts
from tests.bench.figures import Figure, at_least, at_most, ms, percentile
from tests.bench.load import Answer
from tests.bench.ours import PHONES, Installation
from tests.bench.sizes import Sizes

#: Rows in one statement.
CHUNK = 5000
#: One text so often, in seconds, while the reminders are queued; everything is waited for at most so long.
EVERY, PATIENCE = 0.5, 600.0
#: No country has this code: what is sent to these numbers reaches the fake Twilio only.
NOWHERE = "+999"


def tick(ours: Installation, sizes: Sizes) -> list[Figure]:
    """Everybody has an appointment tomorrow; then their reminders are due in one moment."""
    count = sizes.reminders
    _people(ours, count)
    planning = _until(ours, "SELECT count(*) AS n FROM reminder_plans", count)
    before = _said_to(ours, ours.fates(list(_texts(ours, sizes.reminder_texts))))
    alone = percentile(before, 50)
    answers: dict[str, Answer] = {}
    talking = threading.Thread(target=lambda: answers.update(_texts(ours, sizes.reminder_texts)))
    talking.start()
    begun = time.monotonic()
    ours.change(
        "UPDATE reminders SET due_at = now() WHERE moment = %(moment)s AND state = %(state)s",
        moment="1d", state="planned",
    )  # fmt: skip
    marked = time.monotonic() - begun
    queueing = _until(ours, "SELECT count(*) AS n FROM outbound_messages WHERE kind = 'reminder'", count)
    talking.join()
    fates = ours.fates(list(answers))
    took = _said_to(ours, fates)
    rows = ours.one(
        "SELECT count(*) AS n, count(DISTINCT (r.appointment_id, r.person_id, r.moment, r.starts_at)) AS different"
        " FROM outbound_messages o LEFT JOIN reminders r ON r.outbound_id = o.id WHERE o.kind = 'reminder'"
    )
    gone = ours.one("SELECT count(*) AS n FROM outbound_messages WHERE kind = 'reminder' AND state = 'sent'")
    # The rest would go on for most of an hour beside what is measured next.
    ours.change("UPDATE outbound_messages SET state = 'cancelled' WHERE kind = %(kind)s AND state = %(state)s",
                kind="reminder", state="queued")  # fmt: skip
    ours.settle(PATIENCE)
    group = f"reminders, {count:,} due at once"
    return [
        Figure("reminders", f"{group}: planned ahead", planning, "s", note="three moments each, from their import"),
        Figure("reminders", f"{group}: until all are queued", queueing, "s", floor=at_most(60),
               note=f"after {marked:.1f} s to make them due; {gone['n']} had gone out by then"),
        Figure("reminders", f"{group}: queued", rows["n"], floor=at_least(count)),
        Figure("reminders", f"{group}: twice", rows["n"] - rows["different"], floor=at_most(0)),
        Figure("reminders", f"{group}: texts replied to meanwhile", len(took), floor=at_least(len(answers))),
        Figure("reminders", f"{group}: until the reply, p50", ms(percentile(took, 50)), "ms",
               note=f"{ms(alone) or 0:.0f} ms before"),
        Figure("reminders", f"{group}: until the reply, p99", ms(percentile(took, 99)), "ms"),
    ]  # fmt: skip


def _texts(ours: Installation, count: int) -> dict[str, Answer]:
    bodies = texts.everyday(count)
    sent = ours.text_all([(PHONES[n % len(PHONES)], body, n * EVERY) for n, body in enumerate(bodies)])
    _until(ours, "SELECT count(*) AS n FROM inbound_messages WHERE state = 'queued'", 0)
    return sent


def _said_to(ours: Installation, fates: dict[str, dict[str, object]]) -> list[float]:
    """Seconds from each text's acceptance to the first try at its reply, by the product's own clock."""
    return [float(f["tried"]) - float(f["received"]) for f in fates.values() if f["tried"]]  # type: ignore[arg-type]


def _until(ours: Installation, sql: str, wanted: int) -> float:
    """Seconds until that counts ``wanted``; gives up after PATIENCE."""
    begun = time.monotonic()
    while ours.one(sql)["n"] != wanted and time.monotonic() - begun < PATIENCE:
        time.sleep(0.2)  # between two looks; more of them would be work beside what is measured
    return time.monotonic() - begun


def _people(ours: Installation, count: int) -> None:
    """So many families with one parent, one number and one appointment in a little more than a day."""
    assert metadata.tables
    engine = create_engine(make_url(ours.url).set(drivername="postgresql+psycopg"))
    key = ours.one("SELECT id FROM agencies ORDER BY external_id LIMIT 1")["id"]
    starts = datetime.now(UTC) + timedelta(hours=26)
    for begun in range(0, count, CHUNK):
        ids = [(n, uuid.uuid4(), uuid.uuid4(), uuid.uuid4()) for n in range(begun, min(begun + CHUNK, count))]
        with engine.begin() as connection:
            connection.execute(
                insert(Family),
                [{"id": f, "agency_id": key, "external_id": f"bench-{n}", "name": "Bench"} for n, f, _, _ in ids],
            )
            connection.execute(
                insert(Person),
                [
                    {"id": p, "family_id": f, "external_id": "parent", "kind": "parent", "first_name": "Bench",
                     "wording": ("discreet", "plain")[n % 2], "language": ("en", "es")[n % 5 == 0],
                     "contact_from": hour(), "contact_until": hour()}
                    for n, f, p, _ in ids
                ],
            )  # fmt: skip
            connection.execute(
                insert(ContactPoint),
                [{"person_id": p, "channel": "sms", "address": f"{NOWHERE}{n:08}"} for n, _, p, _ in ids],
            )
            connection.execute(
                insert(Appointment),
                [
                    {"id": a, "family_id": f, "external_id": "bench", "kind": "home_visit", "place": "Bench Rooms",
                     "starts_at": starts + timedelta(seconds=n % 3600),
                     "ends_at": starts + timedelta(seconds=n % 3600 + 3600)}
                    for n, f, _, a in ids
                ],
            )  # fmt: skip
            connection.execute(insert(Attendee), [{"appointment_id": a, "person_id": p} for _, _, p, a in ids])
    with engine.begin() as connection:
        connection.exec_driver_sql("ANALYZE")
    engine.dispose()
