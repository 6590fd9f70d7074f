"""What a worker keeps off the family's page stays off it when the agency's file comes again."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.database import transaction
from api.imports.service import Report
from api.plans import lines
from api.plans.models import Contingency, Plan, Risk

Raw = dict[str, Any]
Load = Callable[..., Report]
LETTERS = "Somebody has been watching the flat."
COLD = "The flat is cold and damp."


def parts(raw: Raw) -> Raw:
    """The parts of a plan in the file, with two risks and two contingencies that say nothing of who may see them."""
    plan: Raw = raw["families"][0]["plans"][0]
    plan["risks"] = [
        {"harm": "physical", "description": LETTERS, "level": "high"},
        {"harm": "neglect", "description": COLD},
    ]
    plan["contingencies"] = [
        {"trigger": "He comes to the school", "response": "The police are rung"},
        {"trigger": "The boiler fails", "response": "The core group meets"},
    ]
    return plan


def hidden(session: Session, raw: Raw) -> dict[str, bool]:
    session.expire_all()
    plan = session.scalars(select(Plan).where(Plan.external_id == raw["families"][0]["plans"][0]["id"])).one()
    told = {risk.description: risk.kept_from_family for risk in plan.risks}
    return told | {one.trigger: one.kept_from_family for one in plan.contingencies}


def hide(*words: str) -> None:
    with transaction() as session:
        for row in session.scalars(select(Risk)):
            row.kept_from_family = row.kept_from_family or row.description in words
        for one in session.scalars(select(Contingency)):
            one.kept_from_family = one.kept_from_family or one.trigger in words


def test_a_file_that_says_nothing_of_it_leaves_hidden_what_a_worker_hid_in_whichever_order(
    load: Load, raw: Raw, session: Session
) -> None:
    plan = parts(raw)
    load(raw)
    hide(LETTERS, "He comes to the school")
    kept = {LETTERS: True, COLD: False, "He comes to the school": True, "The boiler fails": False}
    load(raw)
    assert hidden(session, raw) == kept
    plan["risks"].reverse()
    plan["contingencies"].reverse()
    plan["risks"].insert(1, {"harm": "emotional", "description": "Shouting at night."})
    assert not load(raw).notes
    assert hidden(session, raw) == kept | {"Shouting at night.": False}
    plan["risks"][0]["kept_from_family"] = True
    plan["risks"][-1]["kept_from_family"] = False
    load(raw)
    assert hidden(session, raw) == kept | {LETTERS: False, COLD: True, "Shouting at night.": False}, "a file may say so"


def test_a_hidden_line_in_other_words_stays_hidden_and_the_report_says_where_it_was_not_sure(
    load: Load, raw: Raw, session: Session
) -> None:
    plan = parts(raw)
    load(raw)
    hide(LETTERS)
    plan["risks"] = [plan["risks"][1], {"harm": "physical", "description": "A stranger watches the flat."}]
    assert not load(raw).notes, "it can mean only one"
    assert hidden(session, raw)["A stranger watches the flat."] is True
    plan["risks"] = [{"harm": "physical", "description": "Watched."}, {"harm": "neglect", "description": "Cold."}]
    notes = load(raw).notes
    told = hidden(session, raw)
    assert told["Watched."] and told["Cold."] and COLD not in told
    assert [note.split(":")[0] for note in notes] == [f"families[0].plans[0].risks[{n}]" for n in (0, 1)]
    assert not any("Watched" in note for note in notes)


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["b", "a"], [1, 0]), (["c", "a"], [1, 0]), (["c", "d"], [None, None]), (["a"], [0]),
        (["c", "b", "A "], [None, 1, 0]),
    ],
    ids=["turned round", "one in other words", "both in other words", "one gone", "one new"],
)  # fmt: skip
def test_a_line_is_known_by_its_words_and_by_its_place_never(words: list[str], meant: list[int | None]) -> None:
    rows = [SimpleNamespace(name=word, role="x") for word in "ab"]
    found = lines.pair("core_group", rows, [{"name": word, "role": "x"} for word in words])
    assert found == [None if n is None else rows[n] for n in meant]
