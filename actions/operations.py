"""One action for each thing people ask for. All do the same: ask the API, utter what it says.

When the API fails nothing is uttered: the gateway treats an empty answer as a failed turn, tells the person so in plain
words and shows the message to a worker. An apology from here would hide that.
"""

from __future__ import annotations

import logging
from typing import Any, ClassVar

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

import crashpoints
from actions.client import ApiClient, ApiError, from_environment

logger = logging.getLogger(__name__)

OPERATIONS = (
    "check_appointments",
    "ask_appointment_details",
    "confirm_attendance",
    "request_reschedule",
    "running_late",
    "check_actions",
    "report_action_done",
    "report_action_blocked",
    "ask_plan_status",
    "ask_about_plan",
    "share_views",
    "find_service",
    "contact_worker",
    "ask_who_is_my_worker",
    "report_immediate_danger",
    "disclose_self_harm",
    "disclose_harm",
    "express_distress",
    "stop_messages",
    "ask_privacy",
    "wrong_person",
    "change_contact_preference",
    "change_language",
    "complain",
    "greet",
    "goodbye",
    "thank",
    "affirm",
    "deny",
    "ask_if_bot",
    "ask_capabilities",
    "cancel",
    "out_of_scope",
    "fallback",
)

#: How many of the likeliest meanings the API is told of.
RANKING = 4

api: ApiClient = from_environment()


def question(message: dict[str, Any]) -> dict[str, Any]:
    """What the API is asked, from Rasa's parse of the message: text, intent, confidence, entities, ranking, and
    the requests where there are two."""
    intent = message.get("intent") or {}
    return {
        "text": message.get("text") or "",
        "intent": intent.get("name") or "",
        "confidence": float(intent.get("confidence") or 0.0),
        "entities": [
            {"entity": str(entity["entity"]), "value": str(entity["value"])}
            for entity in message.get("entities") or []
            if entity.get("entity") and entity.get("value") is not None
        ],
        "ranking": [
            {"intent": ranked["name"], "confidence": float(ranked["confidence"])}
            for ranked in (message.get("intent_ranking") or [])[:RANKING]
            if ranked.get("name") and ranked["name"] != "nlu_fallback"
        ],
        "requests": message.get("requests") or [],
    }


class AskTheApi(Action):
    """The family of all actions; a subclass only names its operation."""

    operation: ClassVar[str] = ""

    def name(self) -> str:
        return f"action_{self.operation}"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        """Utter each of the API's replies as a ``custom`` payload; on failure utter nothing."""
        message = tracker.latest_message
        token = (message.get("metadata") or {}).get("turn_token")
        if not token:
            logger.error("a turn without a token")
            return []
        crashpoints.point("actions.before_asking")
        try:
            replies = await api.ask(self.operation, str(token), question(message))
        except ApiError as error:
            logger.error("%s", error)
            return []
        crashpoints.point("actions.after_asking")
        for reply in replies:
            dispatcher.utter_message(json_message=reply)
        return []


ACTIONS: list[type[Action]] = [
    type(f"Action{operation.title().replace('_', '')}", (AskTheApi,), {"operation": operation})
    for operation in OPERATIONS
]
