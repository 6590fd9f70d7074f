"""How each risk stood at a review comes in with a file, is given back as it came, and is not made twice."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import jsonschema
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.earlier.models import EarlierVersion
from api.families.models import Family
from api.imports import standing
from api.imports.schemas import json_schema
from api.imports.service import Report
from api.plans.models import Plan, Risk
from api.reviews.models import Review, RiskFinding

Raw = dict[str, Any]
Load = Callable[..., Report]
DOYLE = 2
PLACE = f"families[{DOYLE}].plans[0].reviews[0].risks"
ALONE = "Connor was left alone overnight when Lisa was drinking, before he moved to his gran's."
SAID = [
    {"risk": ALONE, "change": "gone", "words": "He lives with his gran."},
    {"was": "Nobody came to the clinic.", "change": "lower"},
]


def told(raw: Raw, risks: list[dict[str, str]] | None) -> Raw:
    """The file, with that said of the risks at the one review."""
    review = raw["families"][DOYLE]["plans"][0]["reviews"][0]
    review.pop("risks", None)
    review |= {} if risks is None else {"risks": [*risks]}
    return raw


def here(session: Session) -> list[tuple[str, str, str, str]]:
    """What the risk is called on the plan ("" for none), how it was described, how it stood, in which words."""
    session.expire_all()
    names = {risk.id: risk.description for risk in session.scalars(select(Risk))}
    rows = session.scalars(select(RiskFinding).order_by(RiskFinding.position))
    return [(names[one.risk_id] if one.risk_id else "", one.description, one.change, one.words) for one in rows]


def worded_anew(session: Session) -> None:
    """Somebody here has put that risk in other words."""
    next(one for one in session.scalars(select(Risk)) if one.description == ALONE).description = "Connor was alone."
    session.commit()


def plans_back(session: Session) -> list[Raw]:
    """The family's plans as the export writes them."""
    family = session.scalars(select(Family).join(Plan).where(Plan.external_id == "doyle-2026")).one()
    return list(standing.family(session, family, "aire-valley")["plans"])


def given_back(session: Session) -> list[Raw]:
    return list(plans_back(session)[0]["reviews"][0]["risks"])


def test_it_comes_in_with_its_risk_and_the_same_file_again_changes_nothing(
    load: Load, raw: Raw, session: Session
) -> None:
    load(told(raw, SAID))
    assert here(session) == [
        (ALONE, ALONE, "gone", "He lives with his gran."),
        ("", "Nobody came to the clinic.", "lower", ""),
    ]
    raw["families"][DOYLE]["plans"][0]["reviews"][0]["risks"][0] = {**SAID[0], "risk": ALONE.upper().replace(" ", "  ")}
    again = load(raw)
    assert not (again.created or again.updated or again.notes) and len(here(session)) == 2
    assert given_back(session) == [
        {"change": "gone", "words": "He lives with his gran.", "risk": ALONE},
        {"change": "lower", "words": "", "was": "Nobody came to the clinic."},
    ]
    jsonschema.Draft202012Validator(json.loads(json_schema())).validate(raw)


def test_a_correction_is_written_what_was_said_stays_to_be_read_and_silence_takes_nothing_away(
    load: Load, raw: Raw, session: Session
) -> None:
    load(told(raw, SAID))
    corrected = [{**SAID[0], "change": "lower"}]
    assert load(told(raw, corrected)).updated["reviews"] == 1
    assert [one[2] for one in here(session)] == ["lower"]
    review = session.scalars(select(Review).join(RiskFinding)).one()
    kept = session.scalars(select(EarlierVersion).filter_by(object_id=review.id)).one()
    assert {one["change"] for one in kept.content["risks"].values()} == {"gone", "lower"}
    silent = load(told(raw, None))
    assert not silent.updated and len(here(session)) == 1
    assert load(told(raw, [])).updated["reviews"] == 1 and here(session) == []


def test_a_risk_that_was_worded_anew_here_holds_nothing_up_and_is_given_back_as_both(
    load: Load, raw: Raw, session: Session
) -> None:
    load(told(raw, SAID))
    worded_anew(session)
    again = load(raw)
    assert not again.updated["reviews"] and here(session)[0][:2] == ("Connor was alone.", ALONE)
    back = given_back(session)
    assert back[0] == {
        "change": "gone", "words": "He lives with his gran.", "risk": "Connor was alone.", "was": ALONE,
    }  # fmt: skip
    raw["families"][DOYLE]["plans"] = plans_back(session)
    taken = load(raw)
    assert [one.description for one in session.scalars(select(Risk))].count("Connor was alone.") == 1
    assert not taken.updated["reviews"] and here(session)[0][:2] == ("Connor was alone.", ALONE)


def test_a_review_that_comes_later_may_tell_of_a_risk_as_the_file_has_it_still(
    load: Load, raw: Raw, session: Session
) -> None:
    load(raw)
    worded_anew(session)
    load(told(raw, SAID[:1]))
    assert here(session) == [("", ALONE, "gone", "He lives with his gran.")]
    assert not load(raw).updated["reviews"]


@pytest.mark.parametrize(
    ("risks", "place", "words"),
    [
        ([{"risk": "Nobody wrote this.", "change": "gone"}], f"{PLACE}[0].risk", "no risk of this plan"),
        ([SAID[0], SAID[0]], f"{PLACE}[1]", "has said already"),
        ([{"change": "gone"}], f"{PLACE}[0]", "give `risk`"),
        ([{"risk": ALONE, "change": "better"}], f"{PLACE}[0].change", ""),
    ],
)
def test_what_cannot_be_is_told_with_its_place_by_check_and_nothing_is_written(
    load: Load,
    refused: Callable[[Any], dict[str, str]],
    raw: Raw,
    session: Session,
    risks: list[dict[str, str]],
    place: str,
    words: str,
) -> None:
    problems = refused(told(raw, risks))
    assert words in problems[place]
    assert session.scalars(select(Family)).all() == []
    ok = load(told(raw, SAID), check_only=True)
    assert ok.created["reviews"] and here(session) == []
