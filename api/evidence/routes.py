"""The page behind a link in a text: one field for files. It says neither who sent the link nor what it is for.

Looking uses nothing up (previews look, too). Nothing of a file is read before the link was found to be open.
"""

from __future__ import annotations

from functools import partial
from typing import BinaryIO

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import FormData, UploadFile

from api.access.guards import public, same_origin
from api.database import reading
from api.evidence import queries, service
from api.evidence.cleaning import Refused
from api.pages.rendering import page
from api.settings import settings

router = APIRouter(
    prefix="/u",
    include_in_schema=False,
    dependencies=[Depends(public("the link is long, random and works once")), Depends(same_origin)],
)

#: So many files are made anew at once in this process: each may take a gigabyte for some seconds.
AT_ONCE = CapacityLimiter(2)
#: More than may be sent, so that too many are told in words.
MOST_FIELDS = 40
#: How a browser narrows its choice; phones then hand over JPEG for HEIC.
ACCEPT = "image/jpeg,image/png,image/webp,application/pdf"


@router.get("/{token}")
def show_upload(request: Request, token: str) -> Response:
    """The field, or that it has arrived, or that the link works no longer."""
    return _page(request, token)


@router.post("/{token}")
async def upload(request: Request, token: str) -> Response:
    """Take what was sent; the page says thank you, also to whoever sends the same again. Whoever sends something else
    by a link that was used is told that it did not arrive."""
    found = await run_in_threadpool(_link, token)
    if found is None:
        raise HTTPException(404)
    if found.state != "old":
        try:
            if not found.takes:
                raise service.Used
            async with request.form(max_files=MOST_FIELDS, max_fields=MOST_FIELDS) as form:
                work = partial(service.receive_by_link, token, files_of(form))
                await to_thread.run_sync(work, limiter=AT_ONCE)
        except Refused as refused:
            return await run_in_threadpool(_page, request, token, refused.code)
        except service.Used:
            return await run_in_threadpool(_page, request, token, lost=True)
        except service.Gone:
            return await run_in_threadpool(_page, request, token)
    return RedirectResponse(f"/u/{token}", 303)


def files_of(form: FormData) -> list[BinaryIO]:
    """The files that somebody chose. A field without one comes as a file without a name."""
    chosen = [one for one in form.getlist("file") if isinstance(one, UploadFile)]
    return [one.file for one in chosen if one.size or one.filename]


def _link(token: str) -> queries.Link | None:
    with reading() as session:
        return queries.link(session, token)


def _page(request: Request, token: str, problem: str = "", *, lost: bool = False) -> Response:
    found = _link(token)
    if found is None:
        raise HTTPException(404)
    return page(
        request,
        "evidence/upload.html",
        language=found.language,
        status=400 if problem else 410 if lost or found.state == "old" else 200,
        state="lost" if lost else found.state,
        problem=f"upload.refused.{problem}" if problem else "",
        accept=ACCEPT,
        megabytes=settings().evidence_limit // 1024**2,
        files=service.MOST_FILES,
    )
