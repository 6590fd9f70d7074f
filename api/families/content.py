"""What is known of a person, as their earlier versions keep it; and keeping it while somebody changes it.

Promise: a name, a birthday, the kind or anything of the safe-contact profile that is overwritten stays to be read, with
when and by whom. PINs, questions and their answers are not kept.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy.orm import Session

from api.earlier import queries as earlier
from api.earlier import service as keeping
from api.earlier.queries import OWN, Told
from api.families.models import Person

_OWN = (
    "kind first_name last_name born language wording may_name_self may_name_children contact_from contact_until "
    "contact_days contact_channel timezone code_word use_code_word phone_seen_by phone_label session_minutes proof "
    "reconfirm_on reminder_moments reminder_kinds"
)


def content_of(person: Person) -> dict[str, Any]:
    """All of it, as plain JSON."""
    return {OWN: keeping.plain(person, _OWN)}


@contextmanager
def kept(session: Session, person: Person, by: uuid.UUID | None, *, what: str = "changed") -> Iterator[None]:
    """What is changed inside is kept as it was before, if it is otherwise afterwards. ``by``: the worker who does it;
    None where the person or an import does."""
    before = content_of(person)
    yield
    if content_of(person) == before:
        return
    session.flush()  # (writing the row locks it: of two changes at once one is the first)
    keeping.keep(session, "person", person.id, person.family_id, before, what=what, by=by)


def history(session: Session, person: Person) -> list[Told]:
    """How it came to be as it is, the newest change first. The caller has checked that the viewer may see the
    family."""
    return earlier.told(session, person.id, content_of(person), {})
