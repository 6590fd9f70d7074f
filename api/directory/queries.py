"""Reading the directory: candidates for a search, and the pages of the public API.

Promise: a hidden location's address is never part of a search's conditions, so no question can be asked that would
give it away (not by text, not by postcode, not by distance).
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, bindparam, func, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from api.directory.models import Location, Organization, Service, ServiceAtLocation, Taxonomy, TaxonomyTerm
from api.directory.schemas import ServiceFilter

#: Everything that a full service shows, loaded in as many queries as there are kinds.
WHOLE = (
    joinedload(Service.organization),
    selectinload(Service.taxonomy_terms),
    selectinload(Service.phones),
    selectinload(Service.schedules),
    selectinload(Service.cost_options),
    selectinload(Service.service_at_locations).joinedload(ServiceAtLocation.location),
)
#: What a list of services shows of each.
BRIEF = (joinedload(Service.organization),)
WHOLE_AT_LOCATION = (
    joinedload(ServiceAtLocation.location),
    joinedload(ServiceAtLocation.service).options(*WHOLE),
)
WITH_SERVICES = (selectinload(Organization.services).options(*WHOLE),)
#: What an id stands for in each list of the public API, and what is loaded with it.
_ONE: dict[str, tuple[type[Any], tuple[Any, ...]]] = {
    "services": (Service, WHOLE),
    "organizations": (Organization, WITH_SERVICES),
    "taxonomies": (Taxonomy, ()),
    "taxonomy_terms": (TaxonomyTerm, ()),
    "service_at_locations": (ServiceAtLocation, WHOLE_AT_LOCATION),
}

# Made once, because making it costs as much as asking it.
_OFFERED = (
    select(Service)
    .options(*WHOLE)
    .where(
        Service.status == "active",
        Service.taxonomy_terms.any(TaxonomyTerm.code == bindparam("need")),
        or_(
            Service.country_wide == bindparam("country"),
            Service.service_at_locations.any(ServiceAtLocation.location.has(Location.country == bindparam("country"))),
        ),
    )
    .order_by(Service.name)
)


def offered(session: Session, *, need: str, country: str) -> Sequence[Service]:
    """The active services for a need that are in a country or work everywhere in it."""
    return session.scalars(_OFFERED, {"need": need, "country": country}).all()


def still_offered(session: Session, ids: Collection[uuid.UUID]) -> Sequence[Service]:
    """Those of these services that are active."""
    found = select(Service).options(*WHOLE).where(Service.id.in_(ids), Service.status == "active")
    return session.scalars(found).all()


def services(filters: ServiceFilter) -> Select[Service]:
    """The services that all filters let through."""
    return select(Service).where(*_service_conditions(filters)).order_by(Service.name, Service.id)


def at_locations(filters: ServiceFilter, box: tuple[float, float, float, float] | None) -> Select[ServiceAtLocation]:
    """The services at locations that all filters let through; ``box`` is south, west, north, east. A hidden location is
    in no box."""
    found = (
        select(ServiceAtLocation)
        .join(ServiceAtLocation.service)
        .join(ServiceAtLocation.location)
        .where(*_service_conditions(filters))
        .order_by(Service.name, ServiceAtLocation.id)
    )
    if box is not None:
        south, west, north, east = box
        found = found.where(
            Location.hidden.is_(False), Location.latitude.between(south, north), Location.longitude.between(west, east)
        )
    return found


def _service_conditions(filters: ServiceFilter) -> list[Any]:
    conditions: list[Any] = []
    if filters.search:
        for word in filters.search.split():
            like = f"%{_escaped(word)}%"
            conditions.append(
                or_(
                    Service.name.ilike(like, escape="\\"),
                    Service.description.ilike(like, escape="\\"),
                    Service.organization.has(Organization.name.ilike(like, escape="\\")),
                )
            )
    if filters.taxonomy_term_id:
        conditions.append(Service.taxonomy_terms.any(TaxonomyTerm.id == filters.taxonomy_term_id))
    if filters.taxonomy_id:
        conditions.append(Service.taxonomy_terms.any(TaxonomyTerm.taxonomy_id == filters.taxonomy_id))
    if filters.organization_id:
        conditions.append(Service.organization_id == filters.organization_id)
    if filters.modified_after:
        conditions.append(Service.last_modified >= filters.modified_after)
    return conditions


def organizations(search: str) -> Select[Organization]:
    """The organizations whose name or description holds every word."""
    return _named(select(Organization), Organization, search)


def taxonomies(search: str) -> Select[Taxonomy]:
    """The taxonomies whose name or description holds every word."""
    return _named(select(Taxonomy), Taxonomy, search)


def taxonomy_terms(search: str, taxonomy_id: uuid.UUID | None, *, with_parent: bool) -> Select[TaxonomyTerm]:
    """The terms whose name or description holds every word, of one taxonomy where that is asked for. Ours have no
    parents, so there are none ``with_parent``."""
    found = _named(select(TaxonomyTerm), TaxonomyTerm, search)
    if with_parent:
        found = found.where(TaxonomyTerm.id.is_(None))
    return found.where(TaxonomyTerm.taxonomy_id == taxonomy_id) if taxonomy_id else found


def _named(found: Select[Any], model: Any, search: str) -> Select[Any]:
    for word in search.split():
        like = f"%{_escaped(word)}%"
        found = found.where(or_(model.name.ilike(like, escape="\\"), model.description.ilike(like, escape="\\")))
    return found.order_by(model.name, model.id)


def one(session: Session, kind: str, key: uuid.UUID) -> Any | None:
    """The row with this id in the list ``kind`` ("services", "organizations", ...), whole, or None."""
    model, options = _ONE[kind]
    return session.get(model, key, options=options)


def count(session: Session, found: Select[Any]) -> int:
    """How many rows there are in all."""
    return session.scalar(select(func.count()).select_from(found.order_by(None).subquery())) or 0


def last_modified(session: Session) -> datetime | None:
    """When the directory last changed."""
    return session.scalar(select(func.max(Service.last_modified)))


def _escaped(word: str) -> str:
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
