"""Where the screen raises, notices and calls an emergency: ``data/safety/thresholds.yaml``, with safe bounds.

Each threshold is a probability the model gives. An agency may move one within its bounds (``within``); outside them the
file or the agency's setting is refused, because a screen that is deaf or cries wolf is worse than an error at start.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, model_validator

from api.settings import DATA, SettingsError, settings

PATH = DATA / "safety" / "thresholds.yaml"


class Threshold(BaseModel):
    """One threshold and how far it may be moved."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    value: float
    least: float
    most: float
    why: str

    @model_validator(mode="after")
    def _in_bounds(self) -> Threshold:
        if not 0 <= self.least <= self.value <= self.most <= 1:
            raise ValueError(f"{self.value} is not between {self.least} and {self.most}")
        return self


class Thresholds(BaseModel):
    """All of them. ``notice`` is never above ``urgent``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    #: At or above: raised.
    urgent: Threshold
    #: At or above (and below ``urgent``): noticed.
    notice: Threshold
    #: Of a raised message, the probability that it is an emergency from which it is called one.
    emergency: Threshold
    #: Below: what a curated pattern would raise is only noticed, because the model is nearly sure that all is well.
    doubt: Threshold

    @model_validator(mode="after")
    def _in_order(self) -> Thresholds:
        if self.notice.value > self.urgent.value:
            raise ValueError("notice is above urgent: every message that is noticed would be raised")
        return self

    def within(self, wishes: Mapping[str, float]) -> Thresholds:
        """The same with an agency's own values. ValueError for an unknown name or a value out of bounds."""
        fields = self.model_dump()
        for name, value in wishes.items():
            if name not in fields:
                raise ValueError(f"there is no threshold named {name}")
            fields[name]["value"] = value
        return Thresholds.model_validate(fields)


@lru_cache(maxsize=4)
def load_thresholds(path: Path = PATH) -> Thresholds:
    """Read the file. Raises ValueError (pydantic's) naming what is wrong."""
    return Thresholds.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))


@lru_cache(maxsize=1)
def in_force() -> Thresholds:
    """The file's, with what this installation chose instead (``HEARTHLINE_SCREEN_THRESHOLDS``, such as
    ``notice=0.15,urgent=0.6``). Raises SettingsError, which says what is wrong and what may be set."""
    wishes = {}
    try:
        for part in filter(None, (part.strip() for part in settings().screen_thresholds.split(","))):
            name, _, value = part.partition("=")
            wishes[name.strip()] = float(value)
        return load_thresholds().within(wishes)
    except ValueError:
        may = load_thresholds()
        bounds = "\n".join(
            f"  - {name}: {one.least} to {one.most} (now {one.value})"
            for name in Thresholds.model_fields
            for one in [getattr(may, name)]
        )
        raise SettingsError(
            "Hearthline cannot start: HEARTHLINE_SCREEN_THRESHOLDS is to look like notice=0.15,urgent=0.6, notice not\n"
            f"above urgent, and each within its bounds:\n{bounds}"
        ) from None
