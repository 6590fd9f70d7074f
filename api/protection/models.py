"""Table: which keys have sealed what is stored. Never a key itself, nor anything that it could be found from."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from api.database import Base


class DataKey(Base):
    """A key that words were sealed with (its id as sealed values have it). ``retired_at``: since then nothing stored
    is sealed with it, and it may be dropped; None: it is needed."""

    __tablename__ = "data_keys"

    id: Mapped[str] = mapped_column(primary_key=True)
    first_used_at: Mapped[datetime]
    retired_at: Mapped[datetime | None]
