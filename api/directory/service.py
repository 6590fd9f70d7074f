"""Finding services for somebody: near, open, fitting, and never where a hidden one is.

Promise: only active services are offered, and of a service at a hidden address nothing finer than its town is used or
shown: distance and order are reckoned from the middle of the town.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import asin, cos, degrees, radians, sin, sqrt
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from api.directory import hours, queries
from api.directory.models import Location, Service
from api.directory.understanding import Place, need_name, needs, places, understand_need, understand_place

__all__ = [
    "Found", "Place", "need_name", "needs", "search", "shown", "understand_need", "understand_place",
]  # fmt: skip

METRES_A_MILE = 1609.344
#: Miles beyond which a service is not near; it is offered only when nothing nearer is there.
NEAR = 20.0
#: Miles beyond which it is not offered at all.
FAR = 150.0
#: Within one band, open today counts for more than a mile less.
_BANDS = (2.0, 5.0, 10.0, NEAR, FAR)


@dataclass(frozen=True)
class Found:
    """A service to offer. ``miles`` is None where it works everywhere in the country; ``hidden``: only the town may be
    said. ``phone`` is E.164 or "". ``cost`` is (amount, currency, in words) or None where nobody has said."""

    id: uuid.UUID
    name: str
    organization: str
    town: str
    #: The street and postcode; "" where the address is hidden, or there is none.
    address: str
    miles: float | None
    hidden: bool
    hours: tuple[hours.Hours, ...]
    open_today: bool | None
    phone: str
    cost: tuple[float, str, str] | None
    languages: tuple[str, ...]
    url: str

    @property
    def near(self) -> bool:
        return self.miles is not None and self.miles <= NEAR

    @property
    def country_wide(self) -> bool:
        return self.miles is None


def search(
    session: Session,
    *,
    need: str,
    place: Place,
    country: str,
    limit: int = 3,
    skip: Collection[str] = (),
    now: datetime | None = None,
    zone: ZoneInfo | None = None,
    language: str = "en",
) -> list[Found]:
    """The best services for ``need`` (a code of needs.yaml) near ``place``, best first.

    Nearer bands of distance come first; within a band those that speak the person's language, then those open today
    (when ``now`` and ``zone`` are given), then the nearer. Services that work in the whole country come after the near
    ones and before the far ones. ``skip``: ids that were shown before.
    """
    local = now.astimezone(zone) if now and zone else None
    found = [
        offer
        for service in queries.offered(session, need=need, country=country)
        if str(service.id) not in skip and (offer := _offer(service, place, country, local)) is not None
    ]
    return sorted(found, key=lambda offer: _rank(offer, language))[:limit]


def shown(
    session: Session, ids: Sequence[str], *, place: Place, country: str, now: datetime, zone: ZoneInfo
) -> list[Found]:
    """These services (ids that ``search`` gave), in that order, as they are offered from there now; without those that
    are not offered any more."""
    there = {str(one.id): one for one in queries.still_offered(session, [uuid.UUID(one) for one in ids])}
    found = [_offer(there[one], place, country, now.astimezone(zone)) for one in ids if one in there]
    return [offer for offer in found if offer is not None]


def _rank(offer: Found, language: str) -> tuple[int, bool, bool, float, str]:
    if offer.miles is None:
        band = _BANDS.index(NEAR) * 2 + 1  # after everything near, before what is far
    else:
        band = 2 * next((n for n, miles in enumerate(_BANDS) if offer.miles <= miles), len(_BANDS))
    speaks = language.split("-")[0] in ("en", *offer.languages)
    return band, not speaks, offer.open_today is False, offer.miles or 0.0, offer.name


def _offer(service: Service, place: Place, country: str, local: datetime | None) -> Found | None:
    """The service as it is offered from there, or None when it is too far."""
    at = [part.location for part in service.service_at_locations if part.location.country == country]
    measured = [(miles, location) for location in at if (miles := _miles_to(location, place)) is not None]
    nearest = min(measured, key=lambda pair: pair[0], default=None)
    if service.country_wide != country and (nearest is None or nearest[0] > FAR):
        return None
    here = nearest if (nearest and nearest[0] <= NEAR) or service.country_wide != country else None
    rules = hours.read(service.schedules)
    cost = service.cost_options[0] if service.cost_options else None
    return Found(
        id=service.id,
        name=service.name,
        organization=service.organization.name,
        town=here[1].city if here else "",
        address=_address(here[1]) if here else "",
        miles=here[0] if here else None,
        hidden=bool(here and here[1].hidden),
        hours=rules,
        open_today=None if local is None or not rules else hours.today(rules, local) is not None,
        phone=service.phones[0].number if service.phones else "",
        cost=(cost.amount, cost.currency, cost.amount_description) if cost else None,
        languages=tuple(service.languages),
        url=service.url,
    )


def _address(location: Location) -> str:
    if location.hidden:
        return ""
    return ", ".join(part for part in (location.address_1, f"{location.city} {location.postal_code}".strip()) if part)


def _miles_to(location: Location, place: Place) -> float | None:
    if location.hidden:
        town = _town(location.city, location.country)
        if town is None:
            return None
        # To the same town it is no distance at all; to any other, from one town's middle to the other's.
        start = _town(place.town, place.country) or place
        return 0.0 if start.town == town.town else miles_between(start, (town.latitude, town.longitude))
    if location.latitude is None or location.longitude is None:
        return None
    return miles_between(place, (location.latitude, location.longitude))


def _town(name: str, country: str) -> Place | None:
    return next((p for p in places() if p.kind == "town" and p.name == name and p.country == country), None)


def box_around(place: Place, metres: int) -> tuple[float, float, float, float]:
    """South, west, north, east of all that may lie within so many metres of the place (a square round the circle)."""
    high = degrees(metres / 6_371_000)
    wide = high / max(cos(radians(place.latitude)), 0.01)
    return place.latitude - high, place.longitude - wide, place.latitude + high, place.longitude + wide


def miles_between(place: Place, point: tuple[float, float]) -> float:
    """Great-circle distance in miles (haversine, Earth's mean radius 3,958.8 miles)."""
    north, other = radians(place.latitude), radians(point[0])
    half_north, half_east = (other - north) / 2, radians(point[1] - place.longitude) / 2
    return 2 * 3958.8 * asin(sqrt(sin(half_north) ** 2 + cos(north) * cos(other) * sin(half_east) ** 2))
