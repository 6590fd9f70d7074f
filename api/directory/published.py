"""The directory in the words of Open Referral HSDS 3.0, as the public API shows it.

Promise: every object that leaves is built here, field by field, and of a hidden location only its id and that its
address is kept private are built. Empty fields are left out: HSDS knows no nulls.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

from api.directory.models import (
    Location,
    Organization,
    Schedule,
    Service,
    ServiceAtLocation,
    Taxonomy,
    TaxonomyTerm,
)

Object = dict[str, Any]
#: For the parts that HSDS gives an id and we do not (a language, an area, a term's link): the same id each time.
_MADE = uuid.UUID("3b0e0e8e-6a0f-5c54-9c1c-7d6d9b1f2a90")


def minimal(service: Service) -> Object:
    """Only what tells whether a copy is still fresh."""
    return {"id": str(service.id), "last_modified": _iso(service.last_modified)}


def service(row: Service) -> Object:
    """A service as a list shows it: its own fields and its organization."""
    return _some(
        id=str(row.id),
        name=row.name,
        description=row.description,
        url=row.url,
        email=row.email,
        status=row.status,
        fees_description=row.fees_description,
        eligibility_description=row.eligibility_description,
        minimum_age=row.minimum_age,
        maximum_age=row.maximum_age,
        last_modified=_iso(row.last_modified),
        organization=organization(row.organization),
    )


def full_service(row: Service) -> Object:
    """A service with everything that belongs to it."""
    return service(row) | _some(
        phones=[
            _some(id=str(phone.id), number=phone.number, type="voice", description=phone.description)
            for phone in row.phones
        ],
        schedules=[_schedule(part) for part in row.schedules],
        cost_options=[
            _some(
                id=str(cost.id),
                option=cost.option,
                currency=cost.currency,
                amount=cost.amount,
                amount_description=cost.amount_description,
            )
            for cost in row.cost_options
        ],
        languages=[{"id": _made(row.id, "language", code), "code": code} for code in row.languages],
        service_areas=[
            {"id": _made(row.id, "area", row.country_wide), "extent": row.country_wide, "extent_type": "text"}
        ]
        if row.country_wide
        else [],
        attributes=[
            {
                "id": _made(row.id, "term", str(term.id)),
                "link_id": str(row.id),
                "link_entity": "service",
                "taxonomy_term": taxonomy_term(term),
            }
            for term in sorted(row.taxonomy_terms, key=lambda term: term.code)
        ],
        service_at_locations=[
            {"id": str(part.id), "location": _location(part.location)} for part in row.service_at_locations
        ],
    )


def at_location(row: ServiceAtLocation) -> Object:
    """A service at one of its locations, as a list shows it."""
    return {"id": str(row.id), "service": service(row.service), "location": _location(row.location, addresses=False)}


def full_at_location(row: ServiceAtLocation) -> Object:
    """A service at one of its locations, with everything that belongs to both."""
    return {"id": str(row.id), "service": full_service(row.service), "location": _location(row.location)}


def organization(row: Organization) -> Object:
    """An organization's own fields."""
    return {"description": "", **_some(id=str(row.id), name=row.name, description=row.description, website=row.website)}


def full_organization(row: Organization, *, full_services: bool = False) -> Object:
    """An organization with its services: by id and name, or whole."""
    shown = sorted(row.services, key=lambda service_: service_.name)
    return organization(row) | {
        "services": [
            full_service(part) if full_services else {"id": str(part.id), "name": part.name, "status": part.status}
            for part in shown
        ]
    }


def taxonomy(row: Taxonomy) -> Object:
    """A taxonomy."""
    return {"id": str(row.id), "name": row.name, "description": row.description}


def taxonomy_term(row: TaxonomyTerm) -> Object:
    """A term: a kind of need."""
    return {
        "id": str(row.id),
        "code": row.code,
        "name": row.name,
        "description": row.description,
        "taxonomy_detail": taxonomy(row.taxonomy),
    }


def _location(row: Location, *, addresses: bool = True) -> Object:
    if row.hidden:
        return {
            "id": str(row.id),
            "location_type": row.location_type,
            "description": "The address is kept private. Ring the service.",
        }
    shown = _some(
        id=str(row.id),
        location_type=row.location_type,
        name=row.name,
        latitude=row.latitude,
        longitude=row.longitude,
    )
    if addresses and row.address_1:
        shown["addresses"] = [
            {
                "id": _made(row.id, "address", ""),
                "address_1": row.address_1,
                "city": row.city,
                "state_province": row.state_province,
                "postal_code": row.postal_code,
                "country": row.country,
                "address_type": "physical" if row.location_type == "physical" else "postal",
            }
        ]
    return shown


def _schedule(row: Schedule) -> Object:
    return _some(
        id=str(row.id),
        freq="WEEKLY" if row.byday else "",
        byday=row.byday,
        opens_at=row.opens_at,
        closes_at=row.closes_at,
        description=row.description,
    )


def _some(**fields: Any) -> Object:
    return {name: value for name, value in fields.items() if value not in (None, "", [])}


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _made(owner: uuid.UUID, kind: str, key: str) -> str:
    return str(uuid.uuid5(_MADE, f"{owner}/{kind}/{key}"))
