"""Signing in by the agency's OpenID Connect provider: from what its answer brought to a session like any other.

Promises: an answer is looked at once, in the browser that set out for it, within ten minutes; no session without a
worker who was there before; where the provider does not vouch for a second factor, ours is asked for as after a
password. Commits.
"""

from __future__ import annotations

import logging
import uuid
from dataclasses import dataclass

from api.access import identities, openid, second_factor, service, tickets
from api.access.hashes import keyed_hash
from api.access.openid import Trip
from api.access.openid_discovery import Failed
from api.database import transaction

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Answer:
    """What stood in the address that the provider sent the browser to."""

    state: str = ""
    code: str = ""
    issuer: str = ""
    error: str = ""


def sign_in(
    trip: Trip | None, answer: Answer, client: str, old_token: str, browser: str
) -> service.SignedIn | service.SecondStep:
    """A session, or the step to the second factor. Raises Failed, logged; service.TooManyTries."""
    try:
        return _sign_in(trip, answer, client, old_token, browser)
    except Failed as failed:
        log.warning("sign-in by the provider: %s", failed.why)
        raise


def _sign_in(
    trip: Trip | None, answer: Answer, client: str, old_token: str, browser: str
) -> service.SignedIn | service.SecondStep:
    if answer.error:
        raise openid.said(answer.error)
    if trip is None or not trip.fits(answer.state):
        raise Failed("over", "no_trip" if trip is None else "state")
    if not answer.code:
        raise Failed("over", "no_code")
    entries = _count(trip, client)
    identity = openid.come_back(trip, answer.code, answer.issuer)
    with transaction() as session:
        worker = identities.worker_of(session, identity)
        by = tickets.ASKED_ANEW if identity.asked_anew else tickets.PROVIDER
        if worker is not None:
            service.forget_tries(session, entries)
            if not identity.two_factors and second_factor.enrolled(session, worker.id):
                return service.SecondStep(tickets.make(worker, by))
            factor = "provider" if identity.two_factors else ""
            return service.fresh_session(session, worker, old_token, browser, factor=factor, by=by)
    raise Failed("stranger", "nobody_here")


def _count(trip: Trip, client: str) -> list[uuid.UUID]:
    """Each trip ends once, even where the provider would take its code twice."""
    try:
        service.count_try({keyed_hash("openid-trip", trip.secret): 1})
    except service.TooManyTries:
        raise Failed("over", "twice") from None
    return service.count_try({keyed_hash("sign-in-client", client): service.TRIES_PER_CLIENT})
