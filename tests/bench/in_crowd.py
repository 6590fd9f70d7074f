"""``python -m tests.bench.in_crowd FAMILIES ASKED``: how long looking up one person takes, of so many families.

Out: ``{"whose": [seconds], "next": [seconds], "sessions": {"worker": token, "manager": token},
"key": API key of that worker}``. ``whose``: whose a
number is and the conversation with it, as for every text that comes in; ``next``: a person's next appointments.
"""

from __future__ import annotations

import json
import random
import sys
import time
import uuid

from sqlalchemy import select

from api import clock
from api.access import keys
from api.access import service as access
from api.access.models import Worker
from api.appointments import queries
from api.database import reading, transaction
from api.families.models import ContactPoint
from api.messages import inbox


def main() -> None:
    families, asked = int(sys.argv[1]), int(sys.argv[2])
    draw = random.Random(4)
    numbers = [f"+998{draw.randrange(families):08}" for _ in range(asked)]
    with reading() as session:
        found = select(ContactPoint.address, ContactPoint.person_id).where(ContactPoint.address.in_(numbers))
        people: dict[str, uuid.UUID] = dict(session.execute(found).tuples().all())
    whose, following = [], []
    for number in [*numbers[:20], *numbers]:  # the first are for warming up
        begun = time.perf_counter()
        with transaction() as session:
            # What the inbox asks of every text, no more: there is nothing to write.
            inbox._conversation(session, "sms", number, None)
        between = time.perf_counter()
        with reading() as session:
            rows = queries.own(session, people[number], after=clock.now(), limit=6)
            assert rows, "each has two to come"
        whose.append(between - begun)
        following.append(time.perf_counter() - between)
    with transaction() as session:
        agency = select(Worker).where(Worker.email.like("%.0@crowd.example")).order_by(Worker.external_id)
        workers = {worker.role: worker for worker in session.scalars(agency)}
        tokens = {role: access.start_session(session, worker).token for role, worker in workers.items()}
        key = keys.make(session, workers["worker"], "bench", "read", workers["manager"].id)
    json.dump({"whose": whose[20:], "next": following[20:], "sessions": tokens, "key": key}, sys.stdout)


if __name__ == "__main__":
    main()
