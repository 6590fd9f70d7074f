"""The JSON of tokens for programs."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, Field, StringConstraints

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


class TokenOut(BaseModel):
    """A token, shown this once: send it as ``Authorization: Bearer <token>`` until ``expires_at``."""

    token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 (a kind, no secret)
    expires_at: Moment
