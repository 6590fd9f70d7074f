"""Who comes from the agency's OpenID Connect provider: which worker an identity is, and who may still use a password.

Promises: nobody is made a worker by it; the provider speaks for the workers of one agency only; the first time a
verified e-mail address says who it is, from then on the provider's own id (subject) does and no other one will, until
an administrator forgets it; whoever is refused is in the audit trail.
"""

from __future__ import annotations

import uuid

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from api import clock
from api.access.models import Agency, Worker, WorkerIdentity
from api.access.openid import Identity
from api.audit import service as audit
from api.messages.cleaning import storable
from api.settings import settings


def provider_agency(session: Session) -> uuid.UUID | None:
    """The agency whose workers the provider may sign in: the setting's, or the only one there is. None where that is
    not clear, or where there is no provider."""
    if not settings().oidc_issuer:
        return None
    query = select(Agency.id).limit(2)
    if settings().oidc_agency:
        query = query.where(Agency.external_id == settings().oidc_agency)
    found = session.scalars(query).all()
    return found[0] if len(found) == 1 else None


def password_allowed(session: Session, worker: Worker) -> bool:
    """May this worker sign in with a password? Where the agency signs in by its provider only, its administrators may:
    somebody must get in when the provider is down."""
    if not settings().oidc_only or worker.role == "administrator":
        return True
    return worker.agency_id != provider_agency(session)


def worker_of(session: Session, identity: Identity) -> Worker | None:
    """The active worker whom the provider vouches for, their subject kept from now on; None, recorded, for nobody."""
    worker, why = _find(session, identity)
    if worker is not None and not why and not worker.active:
        why = "inactive"
    if worker is not None and not why:
        return worker
    audit.record(
        session,
        actor_kind="system",
        actor_id=None,
        verb="refused_provider_sign_in",
        object_id=worker.id if worker else "",
        detail={"why": why},
    )
    return None


def forget(session: Session, colleague: Worker, by: uuid.UUID) -> bool:
    """For whoever got a new account there: their verified e-mail address says once more who they are. Was there one?"""
    gone = session.scalars(
        delete(WorkerIdentity).where(WorkerIdentity.worker_id == colleague.id).returning(WorkerIdentity.id)
    ).all()
    if gone:
        verb = "forgot_provider_identity"
        audit.record(session, actor_kind="worker", actor_id=by, verb=verb, object_id=colleague.id)
    return bool(gone)


def _find(session: Session, identity: Identity) -> tuple[Worker | None, str]:
    """The worker, and why they are refused ("" where they are not)."""
    agency_id = provider_agency(session)
    if agency_id is None:
        return None, "no_agency"
    known = _by_subject(session, identity)
    if known is not None:
        if known.agency_id != agency_id:
            return known, "other_agency"
        _used(session, identity)
        return known, ""
    if not identity.email:
        return None, "no_email"
    address = storable(identity.email).strip().casefold()
    worker = session.scalars(
        select(Worker).where(func.lower(Worker.email) == address, Worker.agency_id == agency_id)
    ).one_or_none()
    if worker is None:
        return None, "no_worker"
    if not identity.verified:
        return worker, "email_not_verified"
    if not worker.active:
        return worker, "inactive"
    return _keep(session, worker, identity)


def _keep(session: Session, worker: Worker, identity: Identity) -> tuple[Worker, str]:
    """Tie the subject to the worker. Of two at the same moment one is; the other one is another subject."""
    now = clock.now()
    kept = session.scalar(
        insert(WorkerIdentity)
        .values(
            id=uuid.uuid4(), worker_id=worker.id, issuer=identity.issuer, subject=identity.subject,
            created_at=now, last_used_at=now,
        )
        .on_conflict_do_nothing()
        .returning(WorkerIdentity.id)
    )  # fmt: skip
    if kept is None:
        same = _by_subject(session, identity)
        return worker, "" if same is not None and same.id == worker.id else "other_subject"
    audit.record(session, actor_kind="worker", actor_id=worker.id, verb="kept_provider_identity", object_id=worker.id)
    return worker, ""


def _by_subject(session: Session, identity: Identity) -> Worker | None:
    return session.scalars(
        select(Worker)
        .join(WorkerIdentity, WorkerIdentity.worker_id == Worker.id)
        .where(WorkerIdentity.issuer == identity.issuer, WorkerIdentity.subject == identity.subject)
    ).one_or_none()


def _used(session: Session, identity: Identity) -> None:
    row = session.scalars(select(WorkerIdentity).filter_by(issuer=identity.issuer, subject=identity.subject)).one()
    row.last_used_at = clock.now()
