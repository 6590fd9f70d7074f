"""Table: what a provider last said of our account."""

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
    balance: Mapped[float | None]
    currency: Mapped[str] = mapped_column(default="", server_default="")
