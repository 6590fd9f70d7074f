"""Photos and documents in the console: asking for one, what is new, a file itself, taking one away."""

from __future__ import annotations

import logging
import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response

from api.access import queries as access
from api.access.guards import Visitor, from_our_page, signed_in_worker
from api.audit import service as audit
from api.console import forms
from api.console.family_routes import family_page
from api.console.inputs import an_id
from api.console.layout import console_page
from api.database import reading, transaction
from api.evidence import asking, queries, sealing, service, store
from api.messages.cleaning import storable
from api.pages.headers import content_security_policy
from api.sealed import NotOpened

log = logging.getLogger(__name__)
router = APIRouter(prefix="/console", include_in_schema=False, dependencies=[Depends(from_our_page)])

Me = Annotated[Visitor, Depends(signed_in_worker)]
Fields = Annotated[dict[str, str], Depends(forms.fields)]
#: Pictures are shown, everything else is saved; the name is ours and says nothing of anybody.
SHOWN = {"image/jpeg": 'inline; filename="photo-{}.jpg"', "application/pdf": 'attachment; filename="document-{}.pdf"'}


@router.post("/people/{person_id}/evidence")
def ask_for_evidence(request: Request, me: Me, person_id: uuid.UUID, given: Fields) -> Response:
    """Send the person one text with a link for a photo or document."""
    problem, action = "", given.get("action", "")
    with transaction() as session:
        person = access.person_or_404(session, me, person_id)
        family_id = person.family_id
        try:
            asking.ask(session, person, me.worker, an_id(action) if action else None)
        except asking.CannotAsk as error:
            problem = f"console.evidence.{error.code}"
            session.rollback()
    if problem:
        return family_page(request, me, family_id, problem=problem, status=400)
    return RedirectResponse(f"/console/families/{family_id}?asked=1#evidence", 303)


@router.get("/evidence")
def list_new(request: Request, me: Me) -> Response:
    """What nobody has looked at yet, of one's own families."""
    with reading() as session:
        rows = queries.to_see(session, me)
    return console_page(request, me, "console/evidence.html", here="families", rows=rows)


@router.get("/evidence/{evidence_id}")
def show_evidence(request: Request, me: Me, evidence_id: uuid.UUID) -> Response:
    """The file itself. No script in it could run, and no cache keeps it."""
    with transaction() as session:
        found = access.evidence_or_404(session, me, evidence_id)
        audit.record_view(
            session, worker_id=me.id, verb="viewed_evidence", family_id=found.family_id, object_id=found.id
        )
        sha256, media_type = found.sha256, found.media_type
    try:
        content = sealing.read(sha256)
    except FileNotFoundError:
        log.error("evidence %s: its file is not in the folder", evidence_id)
        raise access.NotVisible from None
    except NotOpened as problem:
        log.error("evidence %s: its file cannot be opened: %s", evidence_id, problem)
        return console_page(
            request, me, "console/evidence_unreadable.html", here="families", status=500,
            family_id=found.family_id, reason=problem.reason, key=problem.key_id,
        )  # fmt: skip
    headers = {
        "Content-Disposition": SHOWN[media_type].format(evidence_id.hex[:8]),
        "Content-Security-Policy": f"{content_security_policy()}; sandbox",
    }
    return Response(content, media_type=media_type, headers=headers)


@router.post("/evidence/{evidence_id}/seen")
def mark_seen(me: Me, evidence_id: uuid.UUID) -> Response:
    """Somebody has looked at it: it is not new any more."""
    with transaction() as session:
        found = access.evidence_or_404(session, me, evidence_id)
        service.seen(session, found, me.worker)
        family_id = found.family_id
    return RedirectResponse(f"/console/families/{family_id}#evidence", 303)


@router.post("/evidence/{evidence_id}/remove")
def remove_evidence(request: Request, me: Me, evidence_id: uuid.UUID, given: Fields) -> Response:
    """The file goes for good; that there was one, and the reason, stay."""
    with transaction() as session:
        found = access.evidence_or_404(session, me, evidence_id)
        family_id, sha256 = found.family_id, found.sha256
        why = storable(given.get("why", ""))
        if why.strip():
            service.remove(session, found, me.worker, why)
    if not why.strip():
        return family_page(
            request, me, family_id, problem="console.evidence.no_reason", status=400, file=str(evidence_id)
        )
    store.drop_unused(sha256)
    return RedirectResponse(f"/console/families/{family_id}#evidence", 303)
