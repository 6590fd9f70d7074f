"""What the public directory's lists can be asked (Open Referral HSDS 3.0, its OpenAPI file)."""

from __future__ import annotations

import uuid
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

#: More rows than this in one page is a copy of the directory: ask for ``format=ndjson``.
LARGEST_PAGE = 500
#: Metres round a postcode that count as near it when the question does not say (five miles).
NEARBY = 8_000


def _storable(text: str) -> str:
    if "\x00" in text:
        raise ValueError("holds a character that no text has (NUL)")
    return text


def _zoned(value: object) -> object:
    """A datetime without a zone, or a date alone, is taken as UTC."""
    if isinstance(value, str) and value and not value.endswith("Z") and "+" not in value[10:] and "-" not in value[10:]:
        return f"{value}T00:00:00Z" if len(value) == 10 else f"{value}Z"
    return value


class Paging(BaseModel):
    """``page`` counts from 1; ``ndjson`` streams everything, one object a line, without pages."""

    model_config = ConfigDict(extra="forbid")

    page: int = Field(1, ge=1, le=1_000_000)
    per_page: int = Field(50, ge=1, le=LARGEST_PAGE)
    format: Literal["json", "ndjson"] = "json"
    search: Annotated[str, Field(max_length=200), AfterValidator(_storable)] = ""


class ServiceFilter(Paging):
    """Filters are cumulative: a service must pass all of them."""

    taxonomy_term_id: uuid.UUID | None = None
    taxonomy_id: uuid.UUID | None = None
    organization_id: uuid.UUID | None = None
    modified_after: Annotated[AwareDatetime, BeforeValidator(_zoned)] | None = None
    full: bool = False


class ServiceList(ServiceFilter):
    """``minimal``: only id and last_modified."""

    minimal: bool = False


class OrganizationList(Paging):
    full: bool = False
    full_service: bool = False


class TermList(Paging):
    taxonomy_id: uuid.UUID | None = None
    top_only: bool = False
    parent_id: uuid.UUID | None = None


class AtLocationList(ServiceFilter):
    """``postcode``: a postcode or ZIP; ``proximity``: metres from its middle (NEARBY unless told)."""

    postcode: Annotated[str, Field(max_length=12), AfterValidator(_storable)] = ""
    proximity: int | None = Field(None, ge=1, le=500_000)

    @model_validator(mode="after")
    def _from_somewhere(self) -> Self:
        if self.proximity is not None and not self.postcode:
            raise ValueError("proximity is measured from a postcode: give postcode as well")
        return self


class OneOrganization(BaseModel):
    """``full_service``: with its services whole."""

    model_config = ConfigDict(extra="forbid")

    full_service: bool = False


class Page(BaseModel):
    """A list: ``size`` objects of HSDS 3.0 in ``contents``, of ``total_items``."""

    total_items: int
    total_pages: int
    page_number: int
    size: int
    first_page: bool
    last_page: bool
    empty: bool
    contents: list[dict[str, Any]]
