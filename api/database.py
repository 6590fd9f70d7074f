"""The one PostgreSQL database: the engine, transactions, and the base of all tables.

Promise: a transaction is committed before anybody is told that something happened. ``transaction()`` commits explicitly
on leaving; nothing relies on code that runs after a response.
"""

from __future__ import annotations

import logging
import select
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import lru_cache, wraps
from typing import Annotated, Any, ParamSpec, TypeVar

from psycopg.errors import DeadlockDetected
from sqlalchemy import BindParameter, DateTime, MetaData, bindparam, create_engine, event, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Connection, Engine, make_url
from sqlalchemy.exc import DisconnectionError, OperationalError
from sqlalchemy.orm import DeclarativeBase, Session, mapped_column

from api import clock, embedded_postgres
from api.settings import settings

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")
Id = Annotated[uuid.UUID, mapped_column(primary_key=True, default=uuid.uuid4)]


class Base(DeclarativeBase):
    """All tables. Times are stored with their zone (UTC); structured values as JSONB."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 (SQLAlchemy's own name and form)
        datetime: DateTime(timezone=True),
        dict[str, Any]: JSONB,
        list[Any]: JSONB,
        list[str]: JSONB,
    }


def database_url() -> str:
    """The database's address as SQLAlchemy wants it: the configured server, or the embedded one (started if need
    be)."""
    url = settings().database_url or embedded_postgres.ensure_running(settings().var_dir)
    return make_url(url).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)


def libpq_url() -> str:
    """The same address as libpq (psycopg, procrastinate, Rasa) wants it."""
    return make_url(database_url()).set(drivername="postgresql").render_as_string(hide_password=False)


def engine() -> Engine:
    """This process's connection pool; one, however many threads ask for it first."""
    with _one_at_a_time:
        return _engine()


_one_at_a_time = threading.Lock()
#: PostgreSQL supposes a spinning disk: for a manager's lists it then reads whole tables where an index would do. An
#: address that has ``options`` of its own keeps those.
_PLANNING = "-c random_page_cost=1.1 -c jit=off"


@lru_cache(maxsize=1)
def _engine() -> Engine:
    # A connection beyond the kept ones is made for one use, and forgets the statements that it has prepared: in a rush
    # that cost more than the work. The last one given back is the first to be taken: its statements are prepared.
    url = make_url(database_url())
    options = {} if "options" in url.query else {"options": _PLANNING}
    made = create_engine(url, pool_size=20, max_overflow=10, pool_use_lifo=True, connect_args=options)
    event.listen(made, "checkout", _replace_if_closed)
    return made


def _replace_if_closed(connection: Any, _record: object, _proxy: object) -> None:
    if connection.closed or closed(connection.fileno()):
        raise DisconnectionError("the server closed this connection")


def closed(socket: int) -> bool:
    """Has the server closed this idle connection? Costs no round trip: it would have sent its goodbye."""
    poll = select.poll()
    poll.register(socket, select.POLLIN)
    return bool(poll.poll(0))


@contextmanager
def transaction() -> Iterator[Session]:
    """One transaction: committed when the block ends well, rolled back when it raises."""
    with Session(engine(), expire_on_commit=False) as session:
        try:
            yield session
            session.commit()
        except BaseException:
            session.rollback()
            raise


#: So often work is begun anew that met a deadlock.
TRIES = 4


def again_after_deadlock(work: Callable[P, T]) -> Callable[P, T]:
    """For a function that is one transaction: where the server ends it because it and another wait for each other, it
    is begun anew, and what came in is not lost. After ``TRIES`` the error is raised."""

    @wraps(work)
    def tried(*args: P.args, **kwargs: P.kwargs) -> T:
        for _ in range(TRIES - 1):
            try:
                return work(*args, **kwargs)
            except OperationalError as error:
                if not isinstance(error.orig, DeadlockDetected):
                    raise
                log.warning("database: %s met a deadlock, and is begun anew", work.__name__)
        return work(*args, **kwargs)

    return tried


@contextmanager
def reading() -> Iterator[Session]:
    """A session for reads: nothing in it is ever committed. Each statement sees what is committed when it begins, as in
    a transaction of PostgreSQL's default isolation, but without that transaction's beginning and end."""
    with Session(_statements(), expire_on_commit=False, autoflush=False) as session:
        try:
            yield session
        finally:
            session.close()  # what was read stays readable (a rollback would expire it)


@contextmanager
def single_statement() -> Iterator[Connection]:
    """A connection whose every statement is a transaction of its own: for work that one statement does whole."""
    with _statements().connect() as connection:
        yield connection


def _statements() -> Engine:
    return _whole(engine())


@lru_cache(maxsize=1)  # making it anew for each read was one twenty-fifth of a page's time
def _whole(engine: Engine) -> Engine:
    return engine.execution_options(isolation_level="AUTOCOMMIT")  # the same pool


#: Where live pages listen.
PAGES = "hearthline"


def moment(shift: timedelta = timedelta()) -> BindParameter[datetime]:
    """The present moment (moved by ``shift``), taken when the statement is asked and not when it is made: for
    statements that are kept."""
    return bindparam(None, callable_=lambda: clock.now() + shift, type_=DateTime(timezone=True))


def notify(session: Session, topic: str, *, channel: str = PAGES) -> None:
    """Wake whoever watches ``topic``, when (and only if) the transaction commits. Carries no content."""
    session.info.setdefault(_TOPICS, set()).add((channel, topic))


_TOPICS = "topics to notify"
_NOTIFY = text("""
    SELECT pg_notify(channel, topic)
    FROM unnest(CAST(:channels AS text[]), CAST(:topics AS text[])) AS told(channel, topic)
""")


@event.listens_for(Session, "before_commit")
def _notify_all(session: Session) -> None:
    topics = session.info.pop(_TOPICS, None)
    if topics:
        channels, names = zip(*sorted(topics), strict=True)
        session.execute(_NOTIFY, {"channels": list(channels), "topics": list(names)})
