"""Tables of the services directory: the parts of Open Referral HSDS 3.0 that families need.

Column names are HSDS's own (https://docs.openreferral.org), so that import and the public API are plain mappings.
"""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import Column, ForeignKey, Table
from sqlalchemy.orm import Mapped, mapped_column, relationship

from api.database import Base, Id

service_taxonomy_terms = Table(
    "service_taxonomy_terms",
    Base.metadata,
    Column("service_id", ForeignKey("services.id"), primary_key=True),
    Column("taxonomy_term_id", ForeignKey("taxonomy_terms.id"), primary_key=True),
)


class Taxonomy(Base):
    __tablename__ = "taxonomies"

    id: Mapped[Id]
    name: Mapped[str]
    description: Mapped[str]


class TaxonomyTerm(Base):
    """A kind of need; ``code`` is one of the 14 needs of the domain (food, housing, ...)."""

    __tablename__ = "taxonomy_terms"

    id: Mapped[Id]
    taxonomy_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("taxonomies.id"))
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    description: Mapped[str]
    taxonomy: Mapped[Taxonomy] = relationship(lazy="joined")


class Organization(Base):
    __tablename__ = "organizations"

    id: Mapped[Id]
    name: Mapped[str]
    description: Mapped[str]
    website: Mapped[str] = mapped_column(default="")
    services: Mapped[list[Service]] = relationship(back_populates="organization")


class Service(Base):
    __tablename__ = "services"

    id: Mapped[Id]
    organization_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("organizations.id"), index=True)
    name: Mapped[str]
    description: Mapped[str] = mapped_column(default="")
    #: HSDS: active, inactive, defunct, temporarily closed.
    status: Mapped[str] = mapped_column(default="active")
    url: Mapped[str] = mapped_column(default="")
    email: Mapped[str] = mapped_column(default="")
    fees_description: Mapped[str] = mapped_column(default="")
    eligibility_description: Mapped[str] = mapped_column(default="")
    minimum_age: Mapped[int | None]
    maximum_age: Mapped[int | None]
    last_modified: Mapped[datetime]
    #: Works everywhere in its country (ISO code; a phone or web service): found for every place there.
    country_wide: Mapped[str] = mapped_column(default="")
    #: Languages spoken beside the country's main one ("es", "ur").
    languages: Mapped[list[str]] = mapped_column(default=list)
    organization: Mapped[Organization] = relationship(back_populates="services")
    taxonomy_terms: Mapped[list[TaxonomyTerm]] = relationship(secondary=service_taxonomy_terms)
    service_at_locations: Mapped[list[ServiceAtLocation]] = relationship(back_populates="service")
    phones: Mapped[list[Phone]] = relationship()
    schedules: Mapped[list[Schedule]] = relationship(order_by="Schedule.opens_at")
    cost_options: Mapped[list[CostOption]] = relationship(order_by="CostOption.amount")


class Location(Base):
    """``hidden``: a refuge or the like. Its address leaves the database in no form."""

    __tablename__ = "locations"

    id: Mapped[Id]
    location_type: Mapped[str] = mapped_column(default="physical")
    name: Mapped[str] = mapped_column(default="")
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    hidden: Mapped[bool] = mapped_column(default=False)
    address_1: Mapped[str] = mapped_column(default="")
    city: Mapped[str] = mapped_column(default="")
    state_province: Mapped[str] = mapped_column(default="")
    postal_code: Mapped[str] = mapped_column(default="")
    country: Mapped[str] = mapped_column(default="")


class ServiceAtLocation(Base):
    __tablename__ = "service_at_locations"

    id: Mapped[Id]
    service_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("services.id"), index=True)
    location_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("locations.id"), index=True)
    service: Mapped[Service] = relationship(back_populates="service_at_locations")
    location: Mapped[Location] = relationship()


class Phone(Base):
    __tablename__ = "phones"

    id: Mapped[Id]
    service_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("services.id"), index=True)
    number: Mapped[str]
    description: Mapped[str] = mapped_column(default="")


class Schedule(Base):
    """When a service is open, as people say it (``description``) and, where known, as an iCalendar rule (HSDS)."""

    __tablename__ = "schedules"

    id: Mapped[Id]
    service_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("services.id"), index=True)
    description: Mapped[str]
    byday: Mapped[str] = mapped_column(default="")
    opens_at: Mapped[str] = mapped_column(default="")
    closes_at: Mapped[str] = mapped_column(default="")


class CostOption(Base):
    """What it costs: amount 0 is free, no row at all means that nobody has said."""

    __tablename__ = "cost_options"

    id: Mapped[Id]
    service_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("services.id"), index=True)
    option: Mapped[str] = mapped_column(default="")
    currency: Mapped[str] = mapped_column(default="")
    amount: Mapped[float]
    amount_description: Mapped[str] = mapped_column(default="")
