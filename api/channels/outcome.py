"""What is known after a try at sending, whatever the channel."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Outcome:
    """``result``: accepted (with the provider's own id, if it has one), refused (never again), retry (it was not
    sent), uncertain (who knows). ``wrong_address``: it was refused because of whom it was for."""

    result: str
    provider_id: str | None = None
    error: str = ""
    wrong_address: bool = False
