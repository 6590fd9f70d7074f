"""How our account with Twilio stands: are our credentials taken, and what is the balance?"""

from __future__ import annotations

from dataclasses import dataclass

import requests
from twilio.base.exceptions import TwilioException, TwilioRestException

from api.channels.twilio.client import the_client
from api.settings import settings


@dataclass(frozen=True)
class Account:
    """``state``: ok, credentials (not taken), suspended (or closed), unknown (Twilio could not be asked). The balance
    is None where Twilio tells none, as of subaccounts."""

    state: str
    balance: float | None = None
    currency: str = ""


def look() -> Account:
    """Ask Twilio. Never raises."""
    try:
        account = the_client().api.v2010.accounts(settings().twilio_account)
        if account.fetch().status != "active":
            return Account("suspended")
        told = account.balance.fetch()
        return Account("ok", float(told.balance) if told.balance else None, told.currency or "")
    except TwilioRestException as error:
        return Account("credentials" if error.status in (401, 403) else "unknown")
    except (requests.exceptions.RequestException, TwilioException, ValueError, KeyError, TypeError):
        return Account("unknown")
