"""The JSON of tokens for programs; what a form about a worker must have."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, field_validator

from api import texts
from api.imports.shapes import Email, as_dialled
from api.messages.cleaning import refuse_unstorable
from api.rest.schemas import Given, Moment


class Credentials(Given):
    """What a worker signs in with."""

    email: Annotated[str, StringConstraints(max_length=320), AfterValidator(refuse_unstorable)] = Field(
        examples=["amara@example.org"]
    )
    password: Annotated[str, StringConstraints(max_length=1024), AfterValidator(refuse_unstorable)] = Field(
        examples=["a long enough password"]
    )
    code: Annotated[str, StringConstraints(max_length=40), AfterValidator(refuse_unstorable)] = Field(
        "", examples=["492039"], description="Of the authenticator, or a recovery code; where the worker has one."
    )


Short = Annotated[str, StringConstraints(strip_whitespace=True, max_length=100), AfterValidator(refuse_unstorable)]
Phone = Annotated[str, StringConstraints(strip_whitespace=True, max_length=40), AfterValidator(as_dialled)]


class WorkerIn(BaseModel):
    """A colleague, as whoever leads the agency enters them. ``language`` "": the agency's."""

    model_config = ConfigDict(extra="ignore")

    name: Annotated[Short, Field(min_length=1)]
    email: Email
    phone: Phone | None = None
    role: Literal["worker", "duty", "manager", "administrator"]
    language: str = ""
    team: Short = ""

    @field_validator("phone", mode="after")
    @classmethod
    def _or_none(cls, value: str | None) -> str | None:
        return value or None

    @field_validator("language")
    @classmethod
    def _known(cls, value: str) -> str:
        if value and value not in texts.languages():
            raise ValueError("is no language that there are words in")
        return value


class TokenOut(BaseModel):
    """A token, shown this once: send it as ``Authorization: Bearer <token>`` until ``expires_at``."""

    token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 (a kind, no secret)
    expires_at: Moment
