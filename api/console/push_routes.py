"""Notifications in a worker's browsers: turned on and off on their account, shown by a script of our own origin."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from api.access import queries as access
from api.access import sessions
from api.access.guards import ACCOUNT, Visitor, from_our_page, public, signed_in_worker
from api.channels.push import service
from api.database import transaction
from api.pages.rendering import STATIC
from api.settings import settings

router = APIRouter(prefix="/console", include_in_schema=False, dependencies=[Depends(from_our_page)])

Me = Annotated[Visitor, Depends(signed_in_worker)]
SCRIPT = Depends(public("a script of ours that a browser fetches whoever is signed in; it shows nothing about anybody"))


@router.get("/notices.js", dependencies=[SCRIPT])
def service_worker() -> Response:
    """What a browser runs when a note comes in (a service worker, for the console and nothing else)."""
    script = (STATIC / "js" / "notices.js").read_bytes()  # not as a file: no answer here may be kept by its date
    return Response(script, media_type="text/javascript", headers={"Service-Worker-Allowed": "/console"})


@router.post("/browsers")
def turn_on(
    request: Request,
    me: Me,
    endpoint: Annotated[str, Form()] = "",
    p256dh: Annotated[str, Form()] = "",
    auth: Annotated[str, Form()] = "",
) -> Response:
    """Tell me in this browser too: what the browser gave, by our page's script."""
    if not settings().pushes:
        raise access.NotVisible
    browser = sessions.browser_family(request.headers.get("user-agent", ""))
    try:
        with transaction() as session:
            service.turn_on(session, me.id, endpoint=endpoint, public_key=p256dh, auth=auth, browser=browser)
    except service.CannotTurnOn as problem:
        note = "browser_too_many" if problem.code == "too_many" else "browser_refused"
        return RedirectResponse(f"{ACCOUNT}?note={note}", 303)
    return RedirectResponse(f"{ACCOUNT}?note=browser_on", 303)


@router.post("/browsers/{browser_id}/remove")
def turn_off(me: Me, browser_id: uuid.UUID) -> Response:
    """No more in one of my browsers."""
    with transaction() as session:
        if not service.turn_off(session, me.id, browser_id):
            raise access.NotVisible
    return RedirectResponse(f"{ACCOUNT}?note=browser_off", 303)
