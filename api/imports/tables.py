"""The tables that come as CSV: what columns each has, and a template of each with an example. Pure."""

from __future__ import annotations

from api import spreadsheet
from api.imports.columns import Column, Kind, clock, day, ids, names, phone, phones, professionals, whole, yes_no

#: The family in the templates: outside the demo it is refused, so that nobody imports the example.
EXAMPLE = "example-family"

_FAMILY = (Column("agency", keeps=True, example="aire-valley"), Column("family", needed=True, example=EXAMPLE))
_ID = Column("id", needed=True)


def _with(column: Column, example: str) -> Column:
    return Column(column.name, column.read, example, column.needed, column.keeps, column.empty)


_PLAN = Column("plan", needed=True, example="plan-1")
#: Who is expected at a meeting.
_WHO = (
    Column("attendees", ids, "jo", empty=[]),
    Column("children", ids, "sam", empty=[]),
    Column("professionals", professionals, "Tom Hargreaves (social worker)", empty=[]),
)


def _where(place: str, address: str, bring: str, travel: str) -> tuple[Column, ...]:
    """Where a meeting is and what to bring, help with getting there, with these examples."""
    return (
        Column("place", example=place, empty=""),
        Column("address", example=address, empty=""),
        Column("address_hidden", yes_no, "no", keeps=True),
        Column("link", empty=""),
        Column("bring", example=bring, empty=""),
        Column("travel", example=travel, empty=""),
    )


PEOPLE = Kind(
    "people",
    "first_name",
    (
        *_FAMILY,
        Column("family_name", keeps=True, example="Example"),
        Column("lead_worker", keeps=True, example="amara"),
        Column("workers", ids, keeps=True),
        _with(_ID, "jo"),
        Column("kind", keeps=True, example="parent"),
        Column("first_name", keeps=True, example="Jo"),
        Column("last_name", example="Example", empty=""),
        Column("born", day, "1990-05-17"),
        Column("language", keeps=True, example="en"),
        Column("phone", phone, "07700 900199"),
        Column("other_phones", phones, empty=[]),
        Column("email", example="jo@example.org"),
        Column("wording", keeps=True, example="discreet"),
        Column("may_name_children", yes_no, "no", keeps=True),
        Column("safe_from", keeps=True, example="09:00"),
        Column("safe_until", keeps=True, example="18:00"),
        Column("timezone"),
    ),
)
PLANS = Kind(
    "plans",
    "started_on",
    (
        *_FAMILY,
        _with(_ID, "plan-1"),
        Column("started_on", day, "today-30", keeps=True),
        Column("review_on", day, "today+60"),
        Column("ended_on", day),
        Column("children", ids, "sam", keeps=True),
        Column("visit_every_days", whole, "10"),
        Column("contingency", example="If things get worse, we meet again within a week.", empty=""),
        Column("family_may_see_contingency", yes_no, "yes", keeps=True),
    ),
)
ACTIONS = Kind(
    "actions",
    "title",
    (
        *_FAMILY,
        _PLAN,
        _with(_ID, "gp"),
        Column("title", keeps=True, example="Register with a GP"),
        Column("why", example="So that Sam's asthma is looked after.", empty=""),
        Column("owner", example="jo"),
        Column("owner_name", empty=""),
        Column("due_on", day, "today+14"),
        Column("status", keeps=True, example="open"),
        Column("blocked_reason", empty=""),
        Column("kind", example="medical", empty=""),
        Column("measure", example="Sam has had a first appointment.", empty=""),
        Column("evidence", empty=""),
        Column("outcome"),
        Column("also_called", names, "the doctor | the surgery", empty=[]),
    ),
)
APPOINTMENTS = Kind(
    "appointments",
    "starts",
    (
        *_FAMILY,
        _with(_ID, "core-group-1"),
        Column("kind", keeps=True, example="core_group"),
        Column("starts", day, "today+7 10:00", keeps=True),
        Column("ends", day),
        Column("minutes", whole, "60"),
        *_where("the children's centre", "12 High Street", "the red book", "taxi at 9:30"),
        Column("status", keeps=True, example="scheduled"),
        *_WHO,
    ),
)
RISKS = Kind(
    "risks",
    "harm",
    (
        *_FAMILY,
        _PLAN,
        Column("description", needed=True, example="Sam's asthma goes untreated."),
        Column("harm", keeps=True, example="neglect"),
        Column("level", example="medium", empty=""),
        Column("evidence", example="No inhaler at home in May.", empty=""),
        Column("lower_when", example="Sam uses the inhaler each day.", empty=""),
        Column("kept_from_family", yes_no, "no", keeps=True),
    ),
    key="description",
)
OUTCOMES = Kind(
    "outcomes",
    "by_on",
    (
        *_FAMILY,
        _PLAN,
        _with(_ID, "healthy"),
        Column("title", keeps=True, example="Sam breathes well"),
        Column("measure", example="No night in hospital for three months.", empty=""),
        Column("by_on", day, "today+60"),
        Column("state", keeps=True, example="open"),
    ),
)
CORE_GROUP = Kind(
    "core_group",
    "responsibility",
    (
        *_FAMILY,
        _PLAN,
        Column("name", needed=True, example="Tom Hargreaves"),
        Column("role", keeps=True, example="social worker"),
        Column("organisation", example="Children's services", empty=""),
        Column("phone", phone, "020 7946 0155"),
        Column("email", empty=""),
        Column("responsibility", example="Visits every ten days.", empty=""),
    ),
    key="name",
)
SERIES = Kind(
    "series",
    "frequency",
    (
        *_FAMILY,
        _with(_ID, "visits-1"),
        Column("kind", keeps=True, example="home_visit"),
        Column("frequency", keeps=True, example="weekly"),
        Column("every_weeks", whole),
        Column("every_working_days", whole),
        Column("starts_on", day, "today+9", keeps=True),
        Column("ends_on", day),
        Column("at", clock, "16:00", keeps=True),
        Column("minutes", whole, "60", keeps=True),
        *_where("your home", "", "", ""),
        *_WHO,
        Column("follows", keeps=True),
    ),
)
#: In the order in which they are taken: what names something comes after it.
KINDS = (PEOPLE, PLANS, RISKS, OUTCOMES, CORE_GROUP, ACTIONS, SERIES, APPOINTMENTS)

#: The example's other person: a plan needs a child.
_CHILD = {"id": "sam", "kind": "child", "first_name": "Sam", "born": "2018-02-03", "phone": "", "safe_from": "",
          "safe_until": "", "wording": "", "may_name_children": "", "language": ""}  # fmt: skip


def kind_of(stem: str, header: list[str]) -> Kind | None:
    """Which of them a file is: by its name, else by the column that only one of them has."""
    for kind in KINDS:
        if stem.casefold().startswith(kind.name):
            return kind
    return next((kind for kind in KINDS if kind.marks in header), None)


def template(kind: Kind) -> str:
    """The table's header and its example, as CSV."""
    examples = [{column.name: column.example for column in kind.columns}]
    if kind is PEOPLE:
        examples.append(examples[0] | _CHILD)
    header = [column.name for column in kind.columns]
    return spreadsheet.written([header, *([example[name] for name in header] for example in examples)])
