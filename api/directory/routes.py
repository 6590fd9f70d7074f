"""The public directory under /hsds: Open Referral HSDS 3.0 (https://docs.openreferral.org), read only, for everybody.

Lists are pages (``total_items, total_pages, page_number, size, first_page, last_page, empty, contents``) or, with
``format=ndjson``, a stream of one object a line. Bad parameters are 422, an id that is not here 404.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Query
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response, StreamingResponse
from sqlalchemy import Select
from sqlalchemy.orm import Session

from api import database
from api.access.guards import public
from api.directory import published, queries, service
from api.directory.schemas import (
    NEARBY,
    AtLocationList,
    OneOrganization,
    OrganizationList,
    Page,
    Paging,
    ServiceList,
    TermList,
)
from api.directory.understanding import Place, understand_place
from api.pages.errors import Problem
from api.settings import settings

router = APIRouter(prefix="/hsds", tags=["HSDS"], dependencies=[Depends(public("the directory is open data"))])

#: Which profile of HSDS this is: the standard itself.
PROFILE = "https://docs.openreferral.org/en/3.0/"
#: What OpenAPI says of a list and of one object; each object's own shape is the standard's.
LIST: dict[int | str, dict[str, Any]] = {
    200: {
        "model": Page,
        "description": "A page; with `format=ndjson` everything, one object a line.",
        "content": {"application/x-ndjson": {"schema": {"type": "string"}}},
    }
}
ONE: dict[int | str, dict[str, Any]] = {404: {"model": Problem, "description": "There is nothing with this id here."}}
Show = Callable[[Any], dict[str, Any]]


@router.get("")
@router.get("/", include_in_schema=False)
def about() -> dict[str, str]:
    """What this is: version, profile, and where it is described."""
    return {"version": "3.0", "profile": PROFILE, "openapi_url": f"{settings().base_url}/openapi.json"}


@router.get("/services", responses=LIST)
def list_services(asked: Annotated[ServiceList, Query()]) -> Response:
    """The services that all filters let through."""
    show: Show = published.minimal if asked.minimal else published.full_service if asked.full else published.service
    found = queries.services(asked).options(*(queries.WHOLE if asked.full else queries.BRIEF))
    return _page(asked, found, show)


@router.get("/services/{id}", responses=ONE)
def one_service(id: str) -> dict[str, Any]:
    """One service, whole."""
    return _one("services", id, published.full_service)


@router.get("/organizations", responses=LIST)
def list_organizations(asked: Annotated[OrganizationList, Query()]) -> Response:
    """The organizations."""
    found = queries.organizations(asked.search)
    if not (asked.full or asked.full_service):
        return _page(asked, found, published.organization)
    return _page(
        asked,
        found.options(*queries.WITH_SERVICES),
        lambda row: published.full_organization(row, full_services=asked.full_service),
    )


@router.get("/organizations/{id}", responses=ONE)
def one_organization(id: str, asked: Annotated[OneOrganization, Query()]) -> dict[str, Any]:
    """One organization with its services."""

    def show(row: Any) -> dict[str, Any]:
        return published.full_organization(row, full_services=asked.full_service)

    return _one("organizations", id, show)


@router.get("/taxonomies", responses=LIST)
def list_taxonomies(asked: Annotated[Paging, Query()]) -> Response:
    """The taxonomies."""
    return _page(asked, queries.taxonomies(asked.search), published.taxonomy)


@router.get("/taxonomies/{id}", responses=ONE)
def one_taxonomy(id: str) -> dict[str, Any]:
    """One taxonomy."""
    return _one("taxonomies", id, published.taxonomy)


@router.get("/taxonomy_terms", responses=LIST)
def list_taxonomy_terms(asked: Annotated[TermList, Query()]) -> Response:
    """The kinds of need. Ours have no parents: with ``parent_id`` there are none."""
    found = queries.taxonomy_terms(asked.search, asked.taxonomy_id, with_parent=asked.parent_id is not None)
    return _page(asked, found, published.taxonomy_term)


@router.get("/taxonomy_terms/{id}", responses=ONE)
def one_taxonomy_term(id: str) -> dict[str, Any]:
    """One kind of need."""
    return _one("taxonomy_terms", id, published.taxonomy_term)


@router.get("/service_at_locations", responses=LIST)
def list_at_locations(asked: Annotated[AtLocationList, Query()]) -> Response:
    """The services at their locations; near a postcode where one is given. Hidden locations are near nothing."""
    place = _place(asked.postcode) if asked.postcode else None
    metres = asked.proximity or NEARBY
    found = queries.at_locations(asked, service.box_around(place, metres) if place else None)
    show: Show = published.full_at_location if asked.full else published.at_location
    if place is None:
        return _page(asked, found.options(*queries.WHOLE_AT_LOCATION), show)

    def near(row: Any) -> bool:
        point = (row.location.latitude or 0.0, row.location.longitude or 0.0)
        return service.miles_between(place, point) * service.METRES_A_MILE <= metres

    return _page(asked, found.options(*queries.WHOLE_AT_LOCATION), show, near)


@router.get("/service_at_locations/{id}", responses=ONE)
def one_at_location(id: str) -> dict[str, Any]:
    """One service at one location, whole."""
    return _one("service_at_locations", id, published.full_at_location)


def _place(postcode: str) -> Place:
    found = understand_place(postcode, "GB") or understand_place(postcode, "US")
    if found is None or found.kind in ("town", "district"):
        message = "is no postcode or ZIP that is known here; try its first half, such as LS9"
        raise RequestValidationError([{"loc": ("query", "postcode"), "msg": message, "type": "value_error"}])
    return found


def _one(kind: str, id_: str, show: Show) -> dict[str, Any]:
    try:
        key = uuid.UUID(id_)
    except ValueError:
        raise HTTPException(404, "There is nothing with this id here.") from None
    with database.reading() as session:
        row = queries.one(session, kind, key)
        if row is None:
            raise HTTPException(404, "There is nothing with this id here.")
        return show(row)


def _page(asked: Paging, found: Select[Any], show: Show, keep: Callable[[Any], bool] | None = None) -> Response:
    """The page asked for, or all of it as a stream. ``keep`` sorts out what the database cannot (a circle in a box)."""
    if asked.format == "ndjson":
        return StreamingResponse(_lines(found, show, keep), media_type="application/x-ndjson")
    with database.reading() as session:
        start = (asked.page - 1) * asked.per_page
        if keep is None:
            total = queries.count(session, found)
            rows = session.scalars(found.limit(asked.per_page).offset(start)).unique().all()
        else:
            kept = [row for row in session.scalars(found).unique() if keep(row)]
            total, rows = len(kept), kept[start : start + asked.per_page]
        contents = [show(row) for row in rows]
    pages = -(-total // asked.per_page)
    return JSONResponse(
        {
            "total_items": total,
            "total_pages": pages,
            "page_number": asked.page,
            "size": len(contents),
            "first_page": asked.page == 1,
            "last_page": asked.page >= pages,
            "empty": not contents,
            "contents": contents,
        }
    )


def _lines(found: Select[Any], show: Show, keep: Callable[[Any], bool] | None) -> Iterator[str]:
    with database.reading() as session:
        for row in _in_steps(session, found):
            if keep is None or keep(row):
                yield json.dumps(show(row), ensure_ascii=False) + "\n"


def _in_steps(session: Session, found: Select[Any], step: int = 200) -> Iterator[Any]:
    """All rows, a step at a time, so that a large directory is never in memory whole."""
    start = 0
    while rows := session.scalars(found.limit(step).offset(start)).unique().all():
        yield from rows
        session.expunge_all()
        start += step
