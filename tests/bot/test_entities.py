"""What the understanding marks in a message: times by rules; the rest by a model that a few messages teach here.

Runs in Rasa's environment, where the components live.
"""

from __future__ import annotations

import json
import subprocess

import pytest

from api.assistant.training import bot_python
from api.settings import ROOT

TIMES = """
import json, sys
from bot.components.time_words import times
print(json.dumps([[text[start:end] for start, end in times(text)] for text in json.load(sys.stdin)]))
"""
TRAINED = """
import json, tempfile
from pathlib import Path
import numpy as np
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.nlu.tokenizers.whitespace_tokenizer import WhitespaceTokenizer
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.formats.rasa_yaml import RasaYAMLReader
from rasa.shared.nlu.training_data.message import Message
from bot.components.entity_model import EntityModel

YAML = '''
version: "3.1"
nlu:
- intent: report_action_done
  examples: |
    - done the [parenting course](action)
    - finished the [gp form](action) today
    - we did the [stair gate](action)
- intent: find_service
  examples: |
    - [food bank]{"entity": "need", "value": "food"} in [Leeds](place)
    - any [food parcels]{"entity": "need", "value": "food"} near [Hull](place)
    - [debt advice]{"entity": "need", "value": "debt"} in [Derby](place)
    - help with [debts]{"entity": "need", "value": "debt"} near [Leeds](place)
- intent: contact_worker
  examples: |
    - get [Sandra](person) to ring me
    - can [my worker](person) call
    - tell [Amir](person) im in
    - is [Joan](person) there
    - can you ring me please
    - ring me on monday
- lookup: first_name
  examples: |
    - sandra
    - amir
    - joan
    - ibrahim
'''

def seen(message):  # a stand-in for the sentence's meaning: food to one side, debts to the other
    side = message.get("text").count("debt") - message.get("text").count("food")
    message.add_features(Features(np.array([[side, 1.0]], np.float32), "sentence", "text", "test"))

with tempfile.TemporaryDirectory() as folder:
    storage, where = LocalModelStorage.create(Path(folder)), Resource("entities")
    tokenizer = WhitespaceTokenizer(WhitespaceTokenizer.get_default_config())
    data = tokenizer.process_training_data(RasaYAMLReader().reads(YAML))
    for example in data.training_examples:
        seen(example)
    EntityModel.create(EntityModel.get_default_config(), storage, where, None).train(data)
    model = EntityModel.load(EntityModel.get_default_config(), storage, where, None)

def asked(text, intent):
    message = Message(data={"text": text, "intent": {"name": intent}})
    seen(message)
    [read] = model.process(tokenizer.process([message]))
    return sorted([e["entity"], e["value"], text[e["start"]:e["end"]]] for e in read.get("entities") or [])

print(json.dumps([
    asked("get Ibrahim to ring me on friday", "contact_worker"),
    asked("any food parcels near Hull", "find_service"),
    asked("who helps with debt", "find_service"),
    asked("done the gp form", "report_action_done"),
    asked("any food parcels and the gp form", "greet"),
    asked("", "greet"),
]))
"""


def _in_rasas_environment(program: str, given: object = None) -> list[list[str]]:
    done = subprocess.run(
        [str(bot_python()), "-c", program],
        cwd=ROOT,
        input=json.dumps(given),
        capture_output=True,
        text=True,
        timeout=180,
    )
    assert done.returncode == 0, done.stderr[-1500:]
    found: list[list[str]] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


@pytest.mark.parametrize("language", ["en", "es"])
def test_times_are_found_as_people_write_them(language: str) -> None:
    said = {
        "en": {
            "can we do thurs instead": ["thurs"],
            "nothing on friday the 12th at half 3?": ["friday the 12th at half 3"],
            "are we still on for the 9th": ["the 9th"],
            "im home by 2 now": ["2"],
            "see u 2moz x": ["2moz"],
            "is it next week or after half term": ["next week", "half term"],
            "be there at 10.25, been up since 4 this morning": ["10.25", "4 this morning"],
            "i have 2 kids and one car": [],
            "my number is 07700 900123": [],
            "I sat in all day, may be late": [],
        },
        "es": {
            "¿Y el miércoles a las 5?": ["el miércoles a las 5"],
            "la cita del día 12": ["día 12"],
            "mañana por la tarde no puedo": ["mañana por la tarde"],
            "hasta febrero no hay sitio": ["febrero"],
            "tengo dos hijos": [],
        },
    }[language]
    assert dict(zip(said, _in_rasas_environment(TIMES, list(said)), strict=True)) == said


def test_a_needs_value_is_its_kind_and_needs_and_actions_count_only_where_they_are_talked_about() -> None:
    assert _in_rasas_environment(TRAINED) == [
        [["person", "Ibrahim", "Ibrahim"], ["time", "friday", "friday"]],
        [["need", "food", "food parcels"], ["place", "Hull", "Hull"]],
        [["need", "debt", "debt"]],
        [["action", "gp form", "gp form"]],
        [],
        [],
    ]
