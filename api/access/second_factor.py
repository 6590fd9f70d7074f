"""The second factor: codes of an authenticator (RFC 6238, six digits, 30 seconds) and recovery codes.

Promises: the secret is kept nowhere (it is made from the installation's key and a random salt, so a copy of the
database makes no code); each code works once, whoever is quicker; a recovery code is kept as a keyed hash.
The caller counts the tries (api.access.service.count_try).
"""

from __future__ import annotations

import base64
import hmac
import re
import secrets
import uuid
from datetime import datetime

import pyotp
from sqlalchemy import delete, exists, select, update
from sqlalchemy.orm import Session

from api.access.hashes import keyed_bytes, keyed_hash
from api.access.models import RecoveryCode, SecondFactor

STEP_SECONDS = 30
#: A phone's clock may be half a minute off, and a code is typed slowly.
STEPS_EITHER_WAY = 1
RECOVERY_CODES = 10
#: No letter that looks like another.
_SIGNS = "abcdefghjkmnpqrstuvwxyz23456789"
_RECOVERY_LENGTH = 10


class HasOne(Exception):
    """There is a second factor already: it goes by one of its codes, or by an administrator."""


def enrolled(session: Session, worker_id: uuid.UUID) -> bool:
    """Is this worker asked for a code at sign-in?"""
    found = exists().where(SecondFactor.worker_id == worker_id, SecondFactor.confirmed_at.is_not(None))
    return bool(session.scalar(select(found)))


def begin(session: Session, worker_id: uuid.UUID, now: datetime) -> str:
    """A fresh secret to put into an authenticator (base32); what was begun before counts no longer. Raises HasOne."""
    if enrolled(session, worker_id):
        raise HasOne
    session.execute(delete(SecondFactor).where(SecondFactor.worker_id == worker_id))
    begun = SecondFactor(worker_id=worker_id, salt=secrets.token_hex(16), begun_at=now, last_step=0)
    session.add(begun)
    return secret(begun)


def begun(session: Session, worker_id: uuid.UUID) -> str:
    """The secret that waits for its first code, or ""."""
    factor = session.get(SecondFactor, worker_id)
    return secret(factor) if factor is not None and factor.confirmed_at is None else ""


def secret(factor: SecondFactor) -> str:
    """The authenticator's secret: 160 bits, as base32."""
    return base64.b32encode(keyed_bytes("second-factor", f"{factor.worker_id}:{factor.salt}")[:20]).decode()


def link(secret_given: str, email: str, issuer: str) -> str:
    """The otpauth link that authenticator apps open."""
    return pyotp.TOTP(secret_given).provisioning_uri(name=email, issuer_name=issuer)


def confirm(session: Session, worker_id: uuid.UUID, given: str, now: datetime) -> list[str] | None:
    """The first code shows that the authenticator works: from now on it is asked for. Returns the recovery codes, to be
    shown this once; None if the code does not fit. Raises HasOne."""
    factor = session.get(SecondFactor, worker_id, with_for_update=True)
    if factor is not None and factor.confirmed_at is not None:
        raise HasOne
    step = _step(factor, given, now) if factor else None
    if factor is None or step is None:
        return None
    factor.confirmed_at, factor.last_step = now, step
    return _fresh_recovery_codes(session, worker_id)


def use(session: Session, worker_id: uuid.UUID, given: str, now: datetime) -> str | None:
    """Use a code up: ``code`` or ``recovery``, which it was; None if it does not fit or was used before."""
    factor = session.get(SecondFactor, worker_id)
    if factor is None or factor.confirmed_at is None:
        return None
    step = _step(factor, given, now)
    if step is not None:
        used = session.scalar(
            update(SecondFactor)
            .where(SecondFactor.worker_id == worker_id, SecondFactor.last_step < step)
            .values(last_step=step)
            .returning(SecondFactor.worker_id)
        )
        return "code" if used else None
    used = session.scalar(
        update(RecoveryCode)
        .where(
            RecoveryCode.worker_id == worker_id,
            RecoveryCode.code_hash == _recovery_hash(worker_id, given),
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=now)
        .returning(RecoveryCode.id)
    )
    return "recovery" if used else None


def remove(session: Session, worker_id: uuid.UUID) -> bool:
    """No second factor any more; was there one?"""
    session.execute(delete(RecoveryCode).where(RecoveryCode.worker_id == worker_id))
    gone = session.execute(
        delete(SecondFactor).where(SecondFactor.worker_id == worker_id).returning(SecondFactor.confirmed_at)
    ).scalars()
    return any(gone)


def recovery_codes_left(session: Session, worker_id: uuid.UUID) -> int:
    return len(session.scalars(select(RecoveryCode.id).filter_by(worker_id=worker_id, used_at=None)).all())


def _step(factor: SecondFactor, given: str, now: datetime) -> int | None:
    """The 30 seconds whose code this is, near ``now``; a code of six digits, spaces allowed."""
    digits = re.sub(r"\s", "", given)
    if not re.fullmatch(r"[0-9]{6}", digits):
        return None
    codes = pyotp.TOTP(secret(factor), interval=STEP_SECONDS)
    here = int(now.timestamp()) // STEP_SECONDS
    near = range(here - STEPS_EITHER_WAY, here + STEPS_EITHER_WAY + 1)
    fitting = [step for step in near if hmac.compare_digest(codes.generate_otp(step), digits)]
    return max(fitting, default=None)


def _fresh_recovery_codes(session: Session, worker_id: uuid.UUID) -> list[str]:
    session.execute(delete(RecoveryCode).where(RecoveryCode.worker_id == worker_id))
    plain = ["".join(secrets.choice(_SIGNS) for _ in range(_RECOVERY_LENGTH)) for _ in range(RECOVERY_CODES)]
    session.add_all(RecoveryCode(worker_id=worker_id, code_hash=_recovery_hash(worker_id, code)) for code in plain)
    return [f"{code[:5]}-{code[5:]}" for code in plain]


def _recovery_hash(worker_id: uuid.UUID, given: str) -> str:
    return keyed_hash("recovery-code", f"{worker_id}:{re.sub(r'[^a-z0-9]', '', given.casefold())}")
