"""The page behind the link in an e-mail to a family: it ends these e-mails, and says nobody's name.

Looking ends nothing (mail programs look, too); one press does. A mail program's own "unsubscribe" (RFC 8058) posts to
the same address.
"""

from __future__ import annotations

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import Response

from api import clock
from api.access.guards import public, same_origin
from api.channels.mail import service
from api.pages.rendering import page

router = APIRouter(
    prefix="/e",
    include_in_schema=False,
    # (A mail program's server says no Origin; another site's page does.)
    dependencies=[
        Depends(public("the link is signed, and can only end e-mails to one address")),
        Depends(same_origin),
    ],
)


@router.get("/{token}")
def show_stop(request: Request, token: str) -> Response:
    """Asks whether the e-mails should end; 404 for what is no link of ours."""
    language = service.language_of(token)
    if language is None:
        raise HTTPException(404)
    return page(request, "link/mail.html", language=language, done=False)


@router.post("/{token}")
def stop(request: Request, token: str) -> Response:
    """No more e-mails to that address; a second time says the same."""
    language = service.stop(token, clock.now())
    if language is None:
        raise HTTPException(404)
    return page(request, "link/mail.html", language=language, done=True)
