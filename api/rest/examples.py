"""Whole examples for OpenAPI, made from the schemas: what to send, and what comes back.

Each field is given what somebody would really write there (``WORDS``), or what its schema says of itself; where a
body must not have all its fields at once, ``LEFT_OUT`` says which stay away. Invented people and reserved numbers only.
Pure.
"""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]
_ID = "5f0c2f5e-6c1b-4d0e-9a57-3b8a1c2d4e6f"
#: By the name of a field; taken only where its schema allows it.
WORDS: dict[str, Any] = {
    "acknowledged_by": "Amara Okafor",
    "acknowledged_via": "console",
    "actor_kind": "worker",
    "actor_name": "Amara Okafor",
    "address": "12 High Street, Leeds LS8",
    "agency": "Children's services",
    "also_called": ["the doctor"],
    "answer": "none",
    "answer_words": "",
    "assessment": "Sam's asthma was not looked after in spring.",
    "audience": "meeting",
    "blocked_reason": "The course is full.",
    "body": "Tuesday at ten is fine.",
    "born": "2018-02-03",
    "bring": "the red book",
    "by": "Amara Okafor",
    "chair": "Helen Pryce",
    "change_reason": "asked",
    "changed_by": "Amara Okafor",
    "changes": "The family has moved.",
    "channel": "sms",
    "contact_days": "12345",
    "contingency": "If things get worse, we meet again within a week.",
    "decision_reason": "Two visits were missed.",
    "delivery": "delivered",
    "description": "Sam's asthma goes untreated.",
    "discussion": "Everybody said what they had seen.",
    "due_on": "2026-12-16",
    "email": "amara@agency.example",
    "end_kind": "",
    "end_support": "",
    "ends_at": "2026-12-03T11:00:00Z",
    "ends_on": "2027-03-31",
    "error": "",
    "evidence": "A letter from the surgery.",
    "external_id": "case-4711",
    "family": "Example",
    "family_name": "Example",
    "first_name": "Jo",
    "flag": "",
    "frequency": "weekly",
    "from": "2026-12-01",
    "harm": "neglect",
    "held_on": "2026-12-02",
    "intent": "check_appointments",
    "jurisdiction": "uk-england",
    "kind": "home_visit",
    "language": "en",
    "last_name": "Example",
    "last_progress": "some",
    "last_words": "Two visits went well.",
    "lead_worker": "Amara Okafor",
    "level": "medium",
    "link": "https://meet.example.org/4711",
    "lower_when": "Sam has seen the nurse every month.",
    "made_by": "Amara Okafor",
    "measure": "Sam has had a first appointment.",
    "minutes": 60,
    "moment": "1d",
    "name": "Amara Okafor",
    "next_name": "Lena Ward",
    "next_review_on": "2027-02-26",
    "next_step": "modify",
    "note": "Said on the phone.",
    "number": 1,
    "organisation": "Children's services",
    "outcome": "Rang back; all are safe.",
    "outcome_kind": "",
    "owner_name": "Mr Reid",
    "page": 1,
    "password": "correct horse battery staple",
    "per_page": 50,
    "person_name": "Jo",
    "phone": "020 7946 0155",
    "place": "Seacroft Children's Centre",
    "planning": "The plan says who helps with what.",
    "priority": "routine",
    "problem": "",
    "reason": "She asked for another time.",
    "recorded_by": "Amara Okafor",
    "resolved_by": "Amara Okafor",
    "response": "The core group meets within a week.",
    "responsibility": "Visits every ten days.",
    "result": "",
    "review_on": "2027-02-26",
    "role": "social worker",
    "rrule": "FREQ=WEEKLY",
    "rule": "first_review",
    "safety_kind": "none",
    "safety_priority": "routine",
    "scope": "read",
    "source": "Working Together to Safeguard Children 2023",
    "starts_at": "2026-12-03T10:00:00Z",
    "starts_on": "2026-12-03",
    "state": "open",
    "status": "scheduled",
    "taken_over_by": "Amara Okafor",
    "support": "The family hub on Tuesdays.",
    "timezone": "Europe/London",
    "title": "Register with a GP",
    "to": "",
    "token": "hl_9Jt2mQx5bV7cR1nW",
    "travel": "a taxi comes at 9:30",
    "trigger": "No GP by the middle of December.",
    "verb": "viewed_family",
    "version": "8d5e957f",
    "way": "chat",
    "what": "changed",
    "when": "2026-12-01",
    "who": "Amara Okafor",
    "why": "So that Sam's asthma is looked after.",
    "wording": "discreet",
    "words": "I want to be asked first.",
    "worker_name": "Amara Okafor",
}
#: By the name of a schema: fields that cannot stand with the others.
LEFT_OUT: dict[str, tuple[str, ...]] = {
    "AppointmentChange": ("status",),
    "AttendeeIn": ("name", "role"),  # a family member, or a professional by name
    "SeriesIn": ("every_working_days",),
    "SeriesChange": ("every_working_days",),
}
#: By the name of a schema: fields that depend on each other, or are called as another thing is.
TOGETHER: dict[str, Schema] = {
    "FamilyGiven": {"name": "Example"},
    "FamilyChange": {"name": "Example"},
    "FamilyOut": {"name": "Example"},
    "FamilySummary": {"name": "Example"},
    "ActionOut": {"kind": "medical", "status": "open"},
    "FamilyActionOut": {"kind": "medical", "status": "open"},
    "EscalationOut": {"kind": "contact", "reasons": ["asked_for_a_person"]},
    "MessageOut": {"state": "delivered"},
    "ReminderOut": {"reason": "", "state": "queued"},
    "RemindersOut": {"moments": ["3d", "1d", "2h"], "kinds": {"court_hearing": ["7d", "1d"]}, "chosen": False},
    "ConferenceOut": {"kind": "review", "status": "held"},
}


def complete(document: Schema, area: str) -> None:
    """Give every body below ``area``, and every answer of success in JSON, its example. Twice changes nothing."""
    for path, methods in document["paths"].items():
        if not path.startswith(area):
            continue
        for operation in methods.values():
            if not isinstance(operation, dict) or "responses" not in operation:
                continue
            contents = [operation.get("requestBody", {}).get("content", {})]
            contents += [answer.get("content", {}) for code, answer in operation["responses"].items() if code[0] == "2"]
            for content in contents:
                told = content.get("application/json")
                if told is not None and "example" not in told and "examples" not in told:
                    told["example"] = of(told["schema"], document)


def of(schema: Schema, document: Schema, name: str = "", deep: int = 0) -> Any:
    """A value that the schema allows; ``name``: the field that it is for."""
    if "$ref" in schema:
        title = schema["$ref"].rpartition("/")[2]
        return of({"title": title, **document["components"]["schemas"][title], "_of": title}, document, name, deep)
    if schema.get("examples") and "properties" in schema:  # one that somebody wrote; FastAPI leaves its nulls out
        made = _object(schema, document, deep)
        needed = {
            key: _nothing(schema["properties"][key], made[key]) for key in schema.get("required", ()) if key in made
        }
        return {**needed, **schema["examples"][0]}
    if schema.get("format") == "date-time" and name in WORDS:
        return WORDS[name]
    said = schema.get("examples") or ([schema["example"]] if "example" in schema else [])
    if said:
        return said[0]
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return WORDS[name] if WORDS.get(name) in schema["enum"] else next(one for one in schema["enum"] if one != "")
    for many in ("anyOf", "oneOf", "allOf"):
        if many in schema:
            kinds = [one for one in schema[many] if one.get("type") != "null"]
            return of({**{"title": ""}, **kinds[0]}, document, name, deep)
    return _plain(schema, document, name, deep)


def _nothing(field: Schema, made: Any) -> Any:
    """Null where the field may be that, else what was made for it."""
    return None if any(one.get("type") == "null" for one in field.get("anyOf", ())) else made


def _plain(schema: Schema, document: Schema, name: str, deep: int) -> Any:
    kind = schema.get("type")
    if kind == "object" or "properties" in schema:
        return _object(schema, document, deep)
    if kind == "array":
        if isinstance(WORDS.get(name), list):
            return WORDS[name]
        one = of(schema.get("items", {}), document, _single(name), deep + 1)
        return [one] * max(1, schema.get("minItems", 1)) if schema.get("maxItems") != 0 else []
    if kind == "boolean":
        return bool(schema.get("default", False))
    if kind in ("integer", "number"):
        value = WORDS[name] if isinstance(WORDS.get(name), int) else schema.get("default") or schema.get("minimum", 1)
        return int(min(value, schema["maximum"]) if "maximum" in schema else value)
    if kind == "string":
        return _text(schema, name)
    return None if kind == "null" else {}


def _object(schema: Schema, document: Schema, deep: int) -> Any:
    named = schema.get("_of", "").rpartition("__")[2]
    if "properties" not in schema:
        inner = schema.get("additionalProperties")
        return {WORDS["state"]: of(inner, document, "", deep + 1)} if isinstance(inner, dict) and inner else {}
    left_out = LEFT_OUT.get(named, ())
    made = {
        name: of(field, document, name, deep + 1)
        for name, field in schema["properties"].items()
        if name not in left_out
    }
    return {**made, **TOGETHER.get(named, {})}


def _text(schema: Schema, name: str) -> str:
    form = schema.get("format", "")
    fixed = {
        "uuid": _ID, "date-time": "2026-12-01T10:00:00Z", "time": "10:00:00", "uri": "https://agency.example/hook",
        "email": "amara@agency.example", "password": WORDS["password"],
    }  # fmt: skip
    if form in fixed:
        return str(fixed[form])
    word = WORDS.get(name)
    if form == "date":
        return word if isinstance(word, str) and word[:2] == "20" else "2026-12-01"
    if not isinstance(word, str) and (name == "id" or name.endswith("_id")):
        return _ID
    text = word if isinstance(word, str) else schema.get("default") or "in a few words"
    return str(text)[: schema.get("maxLength", len(str(text)))]


def _single(name: str) -> str:
    return name.removesuffix("s")
