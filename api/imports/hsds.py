"""Services from an Open Referral HSDS 3.0 JSON file: a list of full services, or a page with ``contents``.

Two things beyond HSDS (data/directory/README.md): ``hidden`` on a location, and a country's code as the ``extent`` of a
service area for services that work everywhere in it. Fields that the directory does not keep are passed over.
"""

from __future__ import annotations

import uuid
from datetime import UTC
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.orm import selectinload

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
from api.imports.shapes import Name, Text, e164
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
    hidden: dict[tuple[str, str], int] = {}
    shown: dict[tuple[str, str], int] = {}
    seen: set[uuid.UUID] = set()
    for i, service in enumerate(given.contents):
        if service.id in seen:
            found.append(Problem(path=path_of(("contents", i, "id")), message="is taken by a service before"))
        seen.add(service.id)
        public = f"{service.name} {service.description} {service.eligibility_description}".lower()
        for at_location in service.service_at_locations:
            for address in at_location.location.addresses:
                key = (address.address_1.lower(), address.postal_code.lower())
                (hidden if at_location.location.hidden else shown).setdefault(key, i)
                if at_location.location.hidden and any(part and part in public for part in key):
                    message = "gives away the address of a hidden location; take it out of the service's own words"
                    found.append(Problem(path=path_of(("contents", i, "description")), message=message))
    for key in hidden.keys() & shown.keys():
        message = f"shows an address that contents[{hidden[key]}] hides; hide it here as well"
        found.append(Problem(path=path_of(("contents", shown[key], "service_at_locations")), message=message))
    return found


def write(writer: Writer, given: ServicesFile) -> None:
    """Write them all. What a file does not mention stays; a service's own parts become what the file says."""
    keep = _Keeper(writer)
    for service in given.contents:
        terms = [keep.term(attribute.taxonomy_term) for attribute in service.attributes if attribute.taxonomy_term]
        organization = service.organization
        keep.put(
            "organizations",
            Organization,
            organization.id,
            name=organization.name,
            description=organization.description,
            website=organization.website,
        )
        wide = [area.extent for area in service.service_areas if area.extent and len(area.extent) == 2]
        row = keep.put(
            "services",
            Service,
            service.id,
            organization_id=organization.id,
            **service.model_dump(include=_KEPT),
            last_modified=(service.last_modified or writer.now).astimezone(UTC),
            country_wide=wide[0].upper() if wide else "",
            languages=[language.code for language in service.languages if language.code],
        )
        if {term.id for term in row.taxonomy_terms} != {term.id for term in terms}:
            row.taxonomy_terms = terms
        for at_location in service.service_at_locations:
            keep.location(at_location.location)
        joins = [{"id": part.id, "location_id": part.location.id} for part in service.service_at_locations]
        keep.parts(Phone, row, [part.model_dump() for part in service.phones])
        keep.parts(Schedule, row, [part.model_dump() for part in service.schedules])
        keep.parts(CostOption, row, [part.model_dump() for part in service.cost_options])
        keep.parts(ServiceAtLocation, row, joins)
    writer.session.flush()


_KEPT = {"name", "status", "description", "url", "email", "fees_description"} | {
    "eligibility_description",
    "minimum_age",
    "maximum_age",
}
Part = TypeVar("Part", Phone, Schedule, CostOption, ServiceAtLocation)


class _Keeper:
    """The directory as it is, read once, so that each thing of a file is found without asking the database again."""

    def __init__(self, writer: Writer) -> None:
        self.writer = writer
        self.rows: dict[type[Any], dict[uuid.UUID, Any]] = {}
        self.of_service: dict[type[Any], dict[uuid.UUID, dict[uuid.UUID, Any]]] = {}
        self.codes = {term.code: term for term in self._all(TaxonomyTerm).values()}

    def put(self, kind: str, model: type[Model], id_: uuid.UUID, **values: Any) -> Model:
        """The row of that id with these values; one that a file repeats (an organization) is one row."""
        rows = self._all(model)
        rows[id_] = row = self.writer.put(kind, rows.get(id_), model, id=id_, **values)
        return row

    def term(self, term: TermIn) -> TaxonomyTerm:
        """The term with that code, made when it is new."""
        code = term.code or term.name.lower().replace(" ", "_")
        if code not in self.codes:
            taxonomy = term.taxonomy_detail or TaxonomyIn(id=uuid.uuid5(uuid.NAMESPACE_URL, "needs"), name="Needs")
            words = {"name": taxonomy.name, "description": taxonomy.description}
            self.put("taxonomies", Taxonomy, taxonomy.id, **words)
            words = {"name": term.name, "description": term.description}
            self.codes[code] = self.put(
                "taxonomy terms", TaxonomyTerm, term.id, taxonomy_id=taxonomy.id, code=code, **words
            )
        return self.codes[code]

    def location(self, location: LocationIn) -> None:
        """The place with its first address."""
        address = location.addresses[0] if location.addresses else None
        own = {"location_type", "name", "latitude", "longitude", "hidden"}
        parts = address.model_dump(exclude={"id"}) if address else {}
        self.put("locations", Location, location.id, **location.model_dump(include=own), **parts)

    def parts(self, model: type[Part], row: Service, given: list[dict[str, Any]]) -> None:
        """A service's parts of one kind: made, changed, and removed where the file has them no more."""
        if model not in self.of_service:
            self.of_service[model] = {}
            for part in self._all(model).values():
                self.of_service[model].setdefault(part.service_id, {})[part.id] = part
        gone = self.of_service[model].get(row.id, {})
        for values in given:
            gone.pop(values["id"], None)
            self.put("parts of services", model, values.pop("id"), service_id=row.id, **values)
        for part in gone.values():
            self.writer.session.delete(part)

    def _all(self, model: type[Model]) -> dict[uuid.UUID, Model]:
        if model not in self.rows:
            found = select(model).options(selectinload(Service.taxonomy_terms)) if model is Service else select(model)
            rows: list[Any] = list(self.writer.session.scalars(found).unique())
            self.rows[model] = {row.id: row for row in rows}
        return self.rows[model]


def as_file(raw: Any) -> Any:
    """A bare list of services as a page of them."""
    return {"contents": raw} if isinstance(raw, list) else raw
