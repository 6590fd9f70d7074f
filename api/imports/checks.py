"""What a file must keep beyond its shape: ids that are there, said once, and times in order. Pure.

It walks the raw JSON and passes over whatever has the wrong shape, so that these problems and the schema's can be told
together, all at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from api.imports import dates
from api.imports.problems import Problem, path_of

Raw = dict[str, Any]
Path = tuple[int | str, ...]


@dataclass
class Known:
    """What the database has already, which a file may refer to: agencies by id, workers by (agency, id)."""

    agencies: set[str] = field(default_factory=set)
    workers: set[tuple[str, str]] = field(default_factory=set)


def references(raw: Any, known: Known, now: datetime) -> list[Problem]:
    """Every reference that leads nowhere, every id or number said twice, every end before its start."""
    if not isinstance(raw, dict):
        return []
    found: list[Problem] = []

    def problem(path: Path, message: str) -> None:
        found.append(Problem(path=path_of(path), message=message))

    agencies = known.agencies | {_key(agency) for _, agency in _items(raw, "agencies")}
    workers = known.workers | {(_key(w, "agency"), _key(w)) for _, w in _items(raw, "workers")}
    _once([(("agencies", i), _key(agency)) for i, agency in _items(raw, "agencies")], problem)
    for kind in ("workers", "families"):
        _once([((kind, i), f"{_key(x, 'agency')} {_key(x)}") for i, x in _items(raw, kind)], problem)
        for i, item in _items(raw, kind):
            if _key(item, "agency") and _key(item, "agency") not in agencies:
                problem((kind, i, "agency"), "names an agency that is neither in this file nor imported; add it")
    _numbers_once(raw, problem)
    for i, worker in _items(raw, "workers"):
        if worker.get("password") is not None and raw.get("demo") is not True:
            problem(("workers", i, "password"), "passwords are taken from demo files only; workers set their own")
        for j, shift in _items(worker, "shifts"):
            _in_order(shift, ("workers", i, "shifts", j), now, problem)
    for i, family in _items(raw, "families"):
        _family(family, ("families", i), workers, now, problem)
    return found


Say = Callable[[Path, str], None]


def _family(family: Raw, path: Path, workers: set[tuple[str, str]], now: datetime, problem: Say) -> None:
    agency = _key(family, "agency")
    people = {_key(person): str(person.get("kind")) for _, person in _items(family, "people")}
    not_here = "names nobody in this family's `people`; add them or mend the id"

    def worker(key: Any, at: Path) -> None:
        if isinstance(key, str) and key and (agency, key) not in workers:
            problem(at, "names a worker whom this agency does not have; add them to `workers` or mend the id")

    def person(key: Any, at: Path) -> None:
        if isinstance(key, str) and key not in people:
            problem(at, not_here)

    worker(family.get("lead_worker"), (*path, "lead_worker"))
    for i, key in enumerate(_list(family, "workers")):
        worker(key, (*path, "workers", i))
    for kind in ("people", "plans", "series", "appointments", "conferences", "events", "views"):
        _once([((*path, kind, i), _key(item)) for i, item in _items(family, kind)], problem)
    for i, plan in _items(family, "plans"):
        for part in ("actions", "outcomes", "reviews"):
            _once([((*path, "plans", i, part, j), _key(item)) for j, item in _items(plan, part)], problem)
        for j, key in enumerate(_list(plan, "children")):
            if people.get(key) not in (None, "child", "young_person"):
                problem((*path, "plans", i, "children", j), "names an adult; list the children the plan is for")
            person(key, (*path, "plans", i, "children", j))
        for j, action in _items(plan, "actions"):
            at = (*path, "plans", i, "actions", j)
            person(action.get("owner"), (*at, "owner"))
            for k, event in _items(action, "history"):
                person(event.get("person"), (*at, "history", k, "person"))
                worker(event.get("worker"), (*at, "history", k, "worker"))
    for i, conference in _items(family, "conferences"):
        at = (*path, "conferences", i)
        children = [((*at, "children", j), _key(one, "person")) for j, one in _items(conference, "children")]
        _once(children, problem, "is at this conference twice; keep one line with all categories of harm")
    for i, series in _items(family, "series"):
        _expected(series, (*path, "series", i), person, problem)
    days = [
        ((*path, "appointments", i, "series_on"), f"{_key(one, 'series')} {_key(one, 'series_on')}")
        for i, one in _items(family, "appointments")
    ]
    _once(days, problem, "is that series' day of another appointment already; keep one")
    for i, appointment in _items(family, "appointments"):
        at = (*path, "appointments", i)
        _in_order(appointment, at, now, problem)
        _expected(appointment, at, person, problem)


def _expected(one: Raw, at: Path, person: Callable[[Any, Path], None], problem: Say) -> None:
    """Who is expected at an appointment or at each of a series: once, and of this family."""
    there = [((*at, "attendees", j), _key(a, "person")) for j, a in _items(one, "attendees")]
    _once(there, problem, "is at this appointment twice; keep one")
    for where, key in there:
        if key:
            person(key, (*where, "person"))


def _numbers_once(raw: Raw, problem: Say) -> None:
    """One live holder a phone number, one worker an e-mail address, over the whole file."""
    seen: dict[str, str] = {}

    def once(value: Any, path: Path, what: str) -> None:
        if isinstance(value, str) and value:
            first = seen.setdefault(value.strip().lower(), path_of(path))
            if first != path_of(path):
                problem(path, f"is the same {what} as {first}; each belongs to one person")

    for i, worker in _items(raw, "workers"):
        once(worker.get("phone"), ("workers", i, "phone"), "number")
        once(worker.get("email"), ("workers", i, "email"), "e-mail address")
    for i, family in _items(raw, "families"):
        for j, person in _items(family, "people"):
            at: Path = ("families", i, "people", j)
            once(person.get("phone"), (*at, "phone"), "number")
            for k, number in enumerate(_list(person, "other_phones")):
                if number != person.get("phone"):
                    once(number, (*at, "other_phones", k), "number")


def _once(keys: list[tuple[Path, str]], problem: Say, message: str = "has an id that is taken in this list") -> None:
    seen: set[str] = set()
    for path, key in keys:
        if key.strip() and key in seen:
            problem(path, message)
        seen.add(key)


def _in_order(item: Raw, path: Path, now: datetime, problem: Say) -> None:
    try:
        starts, ends = (dates.moment(item[name], now, ZoneInfo("UTC")) for name in ("starts", "ends"))
    except (dates.DateError, KeyError, TypeError):
        return  # the schema says what is wrong there
    if ends <= starts:
        problem((*path, "ends"), "is not after `starts`")


def _items(raw: Raw, name: str) -> Iterator[tuple[int, Raw]]:
    return ((i, item) for i, item in enumerate(_list(raw, name)) if isinstance(item, dict))


def _list(raw: Raw, name: str) -> list[Any]:
    value = raw.get(name)
    return value if isinstance(value, list) else []


def _key(item: Raw, name: str = "id") -> str:
    value = item.get(name)
    return value if isinstance(value, str) else ""
