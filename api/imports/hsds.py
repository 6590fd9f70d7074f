"""Services from an Open Referral HSDS 3.0 JSON file: a list of full services, or a page with ``contents``.

Two things beyond HSDS (data/directory/README.md): ``hidden`` on a location, and a country's code as the ``extent`` of a
service area for services that work everywhere in it. Fields that the directory does not keep are passed over.
"""

from __future__ import annotations

import uuid
from datetime import UTC
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field
from sqlalchemy import select

from api.directory.models import (
    CostOption,
    Location,
    Organization,
    Phone,
    Schedule,
    Service,
    ServiceAtLocation,
    Taxonomy,
    TaxonomyTerm,
)
from api.imports.problems import Problem, path_of
from api.imports.schemas import Name, Text, e164
from api.imports.writer import Model, Writer

#: What the assistant understands; other terms are kept for the public API and found by nobody's text.
NEEDS = (
    "food", "housing", "parenting", "counselling", "domestic_abuse", "substance_use", "debt", "childcare", "legal",
    "health", "youth", "disability", "employment", "baby_items",
)  # fmt: skip
DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore")
    id: uuid.UUID


def _days(text: str) -> str:
    if any(day not in DAYS for day in text.split(",") if day):
        raise ValueError(f"must be days such as MO,TU (of {', '.join(DAYS)})")
    return text


def _clock(text: str) -> str:
    """ "10:00", "10:00:00" or "10:00Z" as "10:00"."""
    return text.rstrip("Z")[:5]


Clock = Annotated[str, BeforeValidator(_clock), Field(pattern=r"^(([01]\d|2[0-3]):[0-5]\d)?$")]


class TaxonomyIn(_Part):
    name: Name
    description: Text = ""


class TermIn(_Part):
    code: str = ""
    name: Name
    description: Text = ""
    taxonomy_detail: TaxonomyIn | None = None


class AttributeIn(BaseModel):
    taxonomy_term: TermIn | None = None


class PhoneIn(_Part):
    number: Annotated[str, AfterValidator(e164)]
    description: Text = ""


class ScheduleIn(_Part):
    description: Text = ""
    byday: Annotated[str, AfterValidator(_days)] = ""
    opens_at: Clock = ""
    closes_at: Clock = ""


class CostIn(_Part):
    option: Text = ""
    currency: Text = ""
    amount: float = Field(ge=0)
    amount_description: Text = ""


class AddressIn(_Part):
    address_1: Text = ""
    city: Text = ""
    state_province: Text = ""
    postal_code: Text = ""
    country: Text = ""


class LocationIn(_Part):
    location_type: Literal["physical", "postal", "virtual"] = "physical"
    name: Text = ""
    latitude: float | None = Field(None, ge=-90, le=90)
    longitude: float | None = Field(None, ge=-180, le=180)
    hidden: bool = False
    addresses: list[AddressIn] = Field(default_factory=list)


class AtLocationIn(_Part):
    location: LocationIn


class OrganizationIn(_Part):
    name: Name
    description: Text = ""
    website: Text = ""


class LanguageIn(BaseModel):
    code: str = ""


class AreaIn(BaseModel):
    extent: str | None = None


class ServiceIn(_Part):
    name: Name
    status: Literal["active", "inactive", "defunct", "temporarily closed"]
    description: Text = ""
    url: Text = ""
    email: Text = ""
    fees_description: Text = ""
    eligibility_description: Text = ""
    minimum_age: int | None = Field(None, ge=0, le=120)
    maximum_age: int | None = Field(None, ge=0, le=120)
    last_modified: AwareDatetime | None = None
    organization: OrganizationIn
    phones: list[PhoneIn] = Field(default_factory=list)
    schedules: list[ScheduleIn] = Field(default_factory=list)
    cost_options: list[CostIn] = Field(default_factory=list)
    languages: list[LanguageIn] = Field(default_factory=list)
    service_areas: list[AreaIn] = Field(default_factory=list)
    attributes: list[AttributeIn] = Field(default_factory=list)
    service_at_locations: list[AtLocationIn] = Field(default_factory=list)


class ServicesFile(BaseModel):
    contents: list[ServiceIn]


def check(given: ServicesFile) -> list[Problem]:
    """Ids said twice, and hidden addresses that the public words would give away."""
    found = []
    seen: set[uuid.UUID] = set()
    for i, service in enumerate(given.contents):
        if service.id in seen:
            found.append(Problem(path=path_of(("contents", i, "id")), message="stands before in this file; ids are unique"))
        seen.add(service.id)
        public = f"{service.name} {service.description} {service.eligibility_description}".lower()
        for at_location in service.service_at_locations:
            for address in at_location.location.addresses if at_location.location.hidden else []:
                if any(part and part.lower() in public for part in (address.address_1, address.postal_code)):
                    message = "gives away the address of a hidden location; take it out of the service's own words"
                    found.append(Problem(path=path_of(("contents", i, "description")), message=message))
    return found


def write(writer: Writer, given: ServicesFile) -> None:
    """Write them all. What a file does not mention stays; a service's own parts become what the file says."""
    for service in given.contents:
        terms = [attribute.taxonomy_term for attribute in service.attributes if attribute.taxonomy_term]
        rows = [_term(writer, term) for term in terms]
        organization = service.organization
        _put(
            writer,
            "organizations",
            Organization,
            organization.id,
            name=organization.name,
            description=organization.description,
            website=organization.website,
        )
        wide = [area.extent for area in service.service_areas if area.extent and len(area.extent) == 2]
        row = _put(
            writer,
            "services",
            Service,
            service.id,
            organization_id=organization.id,
            **service.model_dump(
                include={
                    "name", "status", "description", "url", "email", "fees_description", "eligibility_description",
                    "minimum_age", "maximum_age",
                }
            ),
            last_modified=(service.last_modified or writer.now).astimezone(UTC),
            country_wide=wide[0].upper() if wide else "",
            languages=[language.code for language in service.languages if language.code],
        )  # fmt: skip
        if {term.id for term in row.taxonomy_terms} != {term.id for term in rows}:
            row.taxonomy_terms = rows
        _parts(writer, Phone, row, [part.model_dump() for part in service.phones])
        _parts(writer, Schedule, row, [part.model_dump() for part in service.schedules])
        _parts(writer, CostOption, row, [part.model_dump() for part in service.cost_options])
        for at_location in service.service_at_locations:
            _location(writer, at_location.location)
        joins = [{"id": part.id, "location_id": part.location.id} for part in service.service_at_locations]
        _parts(writer, ServiceAtLocation, row, joins)
        writer.session.expire(row)


def _term(writer: Writer, term: TermIn) -> TaxonomyTerm:
    code = term.code or term.name.lower().replace(" ", "_")
    known = writer.session.scalar(select(TaxonomyTerm).where(TaxonomyTerm.code == code))
    taxonomy = term.taxonomy_detail or TaxonomyIn(id=uuid.uuid5(uuid.NAMESPACE_URL, "taxonomy"), name="Needs")
    _put(writer, "taxonomies", Taxonomy, taxonomy.id, name=taxonomy.name, description=taxonomy.description)
    if known is not None:
        return known
    return _put(
        writer,
        "taxonomy terms",
        TaxonomyTerm,
        term.id,
        taxonomy_id=taxonomy.id,
        code=code,
        name=term.name,
        description=term.description,
    )


def _location(writer: Writer, location: LocationIn) -> None:
    address = location.addresses[0] if location.addresses else None
    parts = address.model_dump(exclude={"id"}) if address else {}
    _put(
        writer,
        "locations",
        Location,
        location.id,
        **location.model_dump(include={"location_type", "name", "latitude", "longitude", "hidden"}),
        **parts,
    )


def _put(writer: Writer, kind: str, model: type[Model], id_: uuid.UUID, **values: Any) -> Model:
    row = writer.put(kind, writer.session.get(model, id_), model, id=id_, **values)
    writer.session.flush()
    return row


def _parts(
    writer: Writer, model: type[Phone | Schedule | CostOption | ServiceAtLocation], row: Service, given: list[dict[str, Any]]
) -> None:
    existing = {part.id: part for part in writer.session.scalars(select(model).where(model.service_id == row.id))}
    for values in given:
        known = existing.pop(values["id"], None)
        writer.put("parts of services", known, model, service_id=row.id, **values)
    for part in existing.values():
        writer.session.delete(part)
    writer.session.flush()


def as_file(raw: Any) -> Any:
    """A bare list of services as a page of them."""
    return {"contents": raw} if isinstance(raw, list) else raw

