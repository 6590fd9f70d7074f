"""Which action follows which intent: what the rules say, looked up.

Each of our rules is one intent and one action (data/rules.yml), because the API knows the rest. Rasa's RulePolicy finds
the same action by comparing every rule with every state of the conversation, and is most of what a turn's dialogue
costs. Training fails on a rule of any other shape, rather than leave it unheeded.
"""

from __future__ import annotations

import json
from typing import Any

from rasa.core.policies.policy import Policy, PolicyPrediction, SupportedData
from rasa.engine.graph import ExecutionContext
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.core.constants import ACTION_LISTEN_NAME
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.POLICY_WITHOUT_END_TO_END_SUPPORT, is_trainable=True)
class OneAction(Policy):
    """After a message, the action of its intent; after an action, listen. No configuration."""

    def __init__(
        self,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        actions: dict[str, str] | None = None,
        **_: Any,
    ) -> None:
        self.config, self.priority = config, config["priority"]
        self._storage, self._resource = model_storage, resource
        self._actions = actions or {}

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {"priority": 6}  # RulePolicy's

    @staticmethod
    def supported_data() -> SupportedData:
        return SupportedData.RULE_DATA

    def train(self, training_trackers: list[DialogueStateTracker], domain: Domain, **_: Any) -> Resource:
        """Keep each rule's intent and action. Raises ValueError for a rule that is not one of each."""
        for tracker in training_trackers:
            if not tracker.is_rule_tracker:
                continue
            intents = [event.intent_name for event in tracker.events if isinstance(event, UserUttered)]
            actions = [event.action_name for event in tracker.events if isinstance(event, ActionExecuted)]
            spoken = [name for name in actions if name != ACTION_LISTEN_NAME and not name.startswith("...")]
            if len(intents) != 1 or len(spoken) != 1:
                raise ValueError(f"the rule {tracker.sender_id!r} is not one intent and one action (data/rules.yml)")
            self._actions[str(intents[0])] = spoken[0]
        with self._storage.write_to(self._resource) as folder:
            (folder / "actions.json").write_text(json.dumps(self._actions, indent=1, sort_keys=True))
        return self._resource

    def predict_action_probabilities(self, tracker: DialogueStateTracker, domain: Domain, **_: Any) -> PolicyPrediction:
        """All of the chance to one action, or to none for an intent that no rule knows."""
        said = tracker.latest_message
        heard = tracker.latest_action_name == ACTION_LISTEN_NAME and said is not None
        action = self._actions.get(str(said.intent_name)) if heard and said is not None else ACTION_LISTEN_NAME
        chances = self._default_predictions(domain)
        if action is not None:
            chances[domain.index_for_action(action)] = 1.0
        return self._prediction(chances)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **_: Any,
    ) -> OneAction:
        """The trained policy. Raises ValueError where the resource is not there."""
        with model_storage.read_from(resource) as folder:
            actions = json.loads((folder / "actions.json").read_text())
        return cls(config, model_storage, resource, execution_context, actions=actions)
