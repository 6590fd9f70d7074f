"""The domain, the rules, the training texts, the actions and the API's operations must name the same things."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import pytest
import yaml

from api import texts
from api.assistant.operations.service import OPERATIONS
from api.settings import DATA, ROOT

CONTRACT = set(
    """check_appointments ask_appointment_details confirm_attendance request_reschedule running_late check_actions
    report_action_done report_action_blocked ask_plan_status ask_about_plan share_views find_service contact_worker
    ask_who_is_my_worker report_immediate_danger disclose_self_harm disclose_harm express_distress stop_messages
    ask_privacy wrong_person change_contact_preference change_language complain greet goodbye thank affirm deny
    ask_if_bot ask_capabilities cancel out_of_scope""".split()  # noqa: SIM905
)
DOMAIN = yaml.safe_load((ROOT / "bot" / "domain.yml").read_text(encoding="utf-8"))
RULES = yaml.safe_load((DATA / "rules.yml").read_text(encoding="utf-8"))["rules"]
EXAMPLE = re.compile(r"\[([^\]]+)\](?:\{[^}]*\}|\([^)]*\))")


def trained(language: str) -> dict[str, list[str]]:
    """Intent → its examples, without the marks of entities."""
    found: dict[str, list[str]] = {}
    for path in sorted((DATA / "nlu" / language).glob("*.yml")):
        for block in yaml.safe_load(path.read_text(encoding="utf-8"))["nlu"]:
            if "intent" in block:
                lines = [line[2:].strip() for line in block["examples"].splitlines() if line.startswith("- ")]
                found.setdefault(block["intent"], []).extend(EXAMPLE.sub(r"\1", line) for line in lines)
    return found


def domain_intents() -> set[str]:
    return {name for intent in DOMAIN["intents"] for name in intent}


def test_the_domain_has_the_intents_that_other_programs_rely_on() -> None:
    assert domain_intents() == CONTRACT


def test_every_intent_has_one_rule_one_action_and_one_operation() -> None:
    pairs = {rule["steps"][0]["intent"]: rule["steps"][1]["action"] for rule in RULES}
    assert pairs == {**{intent: f"action_{intent}" for intent in CONTRACT}, "nlu_fallback": "action_fallback"}
    assert {name for action in DOMAIN["actions"] for name in action} == set(pairs.values())
    assert set(OPERATIONS) == CONTRACT | {"fallback"}


def test_the_action_server_knows_the_operations_of_the_api() -> None:
    tree = ast.parse((ROOT / "actions" / "operations.py").read_text(encoding="utf-8"))
    assigned = next(
        node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "OPERATIONS"
    )
    assert set(ast.literal_eval(assigned)) == set(OPERATIONS)


@pytest.mark.parametrize("language", ["en", "es"])
def test_every_intent_is_trained_in_every_language(language: str) -> None:
    examples = trained(language)
    assert set(examples) == CONTRACT
    assert min(len(lines) for lines in examples.values()) >= 20


def test_the_development_set_is_never_trained_on() -> None:
    lines = {line.casefold() for language in ("en", "es") for some in trained(language).values() for line in some}
    for path in (DATA / "dev").glob("intents.*.jsonl"):
        seen = [json.loads(line)["text"] for line in path.read_text(encoding="utf-8").splitlines()]
        long = [text for text in seen if len(text.split()) > 4 and text.casefold() in lines]
        assert long == [], path.name


def test_every_meaning_that_can_be_offered_has_its_words() -> None:
    from api.assistant.operations.talk import NOT_OFFERED

    assert [intent for intent in CONTRACT - NOT_OFFERED if not texts.has(f"meaning.{intent}")] == []


def test_every_text_that_an_operation_names_is_in_the_catalogues() -> None:
    named = re.compile(r'(?:say|option|text)\(\s*"([a-z_]+\.[a-z_]+)"')
    for path in (ROOT / "api" / "assistant" / "operations").glob("*.py"):
        for text_id in named.findall(path.read_text(encoding="utf-8")):
            assert texts.has(text_id), f"{path.name}: {text_id}"


def test_every_question_about_plans_that_is_recognised_has_its_explanation() -> None:
    from api.assistant.operations.words import topics

    assert [topic for topic in topics() if not texts.has(f"about.{topic}")] == []


def test_rasa_keeps_nothing_and_has_one_way_in() -> None:
    endpoints = yaml.safe_load((ROOT / "bot" / "endpoints.yml").read_text(encoding="utf-8"))
    assert endpoints["tracker_store"]["type"] == "bot.tracker_store.TurnsUnderWay"
    assert set(yaml.safe_load((ROOT / "bot" / "credentials.yml").read_text(encoding="utf-8"))) == {"rest"}
    assert "enable_api=False" in Path(ROOT / "bot" / "serve.py").read_text(encoding="utf-8")
