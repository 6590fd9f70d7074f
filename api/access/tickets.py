"""Between the first step of signing in and the code: a ticket that says whose it is and how they proved it, for five
minutes. It opens nothing, and a new password ends it.
"""

from __future__ import annotations

import hmac
import uuid
from datetime import timedelta

from api import clock
from api.access.hashes import keyed_hash
from api.access.models import Worker
from api.database import transaction

#: From the password, or from the agency's provider, to the code.
LIFE = timedelta(minutes=5)
#: How somebody signs in: by their password here, or by their agency's OpenID Connect provider.
PASSWORD, PROVIDER = "password", "provider"
#: By the provider, which asked them who they are although it may have known.
ASKED_ANEW = "provider_anew"


def make(worker: Worker, by: str) -> str:
    """A ticket for a worker who has come so far ``by`` PASSWORD, PROVIDER or ASKED_ANEW."""
    ends = int((clock.now() + LIFE).timestamp())
    return f"{worker.id.hex}.{ends}.{by}.{_seal(worker, ends, by)}"


def read(ticket: str) -> tuple[Worker, str]:
    """Whose it is, and by what. Raises LookupError for one that is not ours or is over."""
    try:
        whose, until, by, seal = ticket.split(".")
        worker_id, ends = uuid.UUID(whose), int(until)
    except ValueError:
        raise LookupError from None
    with transaction() as session:
        worker = session.get(Worker, worker_id)
    if worker is None or not worker.active or ends < clock.now().timestamp():
        raise LookupError
    if not hmac.compare_digest(_seal(worker, ends, by).encode(), seal.encode("utf-8", "replace")):
        raise LookupError
    return worker, by


def _seal(worker: Worker, ends: int, by: str) -> str:
    return keyed_hash("second-step", f"{worker.id}:{ends}:{by}:{worker.password_hash}")
