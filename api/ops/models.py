"""Tables: what a provider last said of our account; which warnings stand, and who was told."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from api.database import Base


class ProviderCheck(Base):
    """One provider (``twilio``): asked again at ``due_at``. ``state``: ok, credentials, suspended, unknown (it could
    not be asked), or empty while it was never asked."""

    __tablename__ = "provider_checks"

    name: Mapped[str] = mapped_column(primary_key=True)
    due_at: Mapped[datetime]
    checked_at: Mapped[datetime | None]
    state: Mapped[str] = mapped_column(default="", server_default="")
    #: Since when it has said so.
    state_since: Mapped[datetime | None]
    balance: Mapped[float | None]
    currency: Mapped[str] = mapped_column(default="", server_default="")


class StandingWarning(Base):
    """A warning (``api.ops.watch``) that stands since ``since``, or stood until ``ended_at``. Administrators are told
    once for each time that it stands, and not oftener than ``api.ops.telling`` says."""

    __tablename__ = "standing_warnings"

    name: Mapped[str] = mapped_column(primary_key=True)
    since: Mapped[datetime]
    seen_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    told_at: Mapped[datetime | None]
