"""The curated patterns: well formed, quick, and silenced by their guards."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import yaml

from api.safety.patterns import PATH, PatternSet, load_patterns

RULES = load_patterns()

# Written for this test: (what it says, the text). Patterns alone, without the model.
RAISED = [
    ("hiding", "im hiding in the wardrobe and hes kicking the door in"),
    ("a weapon", "my dads got a knife and hes coming up the stairs"),
    ("not breathing", "the baby isnt breathing"),
    ("a child missing", "my daughter is missing she never came home from school"),
    ("textspeak", "i dnt care ima kms i wanna kill myself tnite"),
    ("suicidal thoughts", "i dont want to be alive any more"),
    ("violence told", "my boyfriend hits me in front of the kids"),
    ("sexual abuse", "my uncle touches me under my nightie"),
    ("Spanish violence", "mi marido me pega delante de los niños"),
    ("Spanish suicide", "ya no quiero vivir"),
    ("Spanish hiding", "estoy escondida en el baño con los niños"),
    ("hiding, and no more", "me and the girls are hiding in the loft"),
    ("an emergency, and no more", "this is an emergency!!"),
    ("somebody to ring for them", "please phone the police for us"),
    ("a child that ran away", "ive run away from foster, dont tell them"),
    ("a child alone and afraid", "im on my own and so scared its dark"),
    ("what a child swallowed", "she swallowed one of them batteries"),
    ("a fit", "my little lad is having a seizure"),
    ("the house to be burnt", "my ex will burn the flat down hes outside"),
    ("Spanish child not home", "no ha llegado mi nieto y ya es de noche"),
    ("a knife, and a prescription", "hes got a knife and wants my script"),
    ("a knife, and what was broken", "hes smashed the telly and hes got a knife"),
    ("a hospital by its old name", "were in casualty he broke my arm"),
    ("stretched letters", "heeeelp hes hittiiiing my mum"),
]
SILENT = [
    ("fiction", "in the film the man is hitting his wife and she gets a knife"),
    ("a series by that name", "did you see casualty, the man has got a knife and stabs her"),
    ("a play's text", "in my film script hes got a knife and is hitting her"),
    ("homework", "for homework i have to write about a boy whose dad hits him"),
    ("past and handled", "my ex used to hit me, that was years ago"),
    ("negation", "he has never hit me or the kids"),
    ("a question about rules", "what happens if someone hits me at the centre, what counts"),
    ("an idiom with a laugh", "i want to die lol so embarrassing"),
    ("Spanish fiction", "en la serie el marido le pega y ella se escapa"),
    ("Spanish past", "mi papá nos pegaba hace muchos años, ya no"),
    ("a course", "the course is about what to do when he hits you, is it on zoom"),
    ("an idiom without a laugh", "this toddler is driving me round the bend"),
    ("hide and seek", "we are hiding in the wardrobe, playing hide and seek with nan"),
    ("a board game", "dad beat me at scrabble again"),
    ("a fit about something", "mum is having a fit about my nose ring"),
    ("a Spanish boss", "mi jefa me va a matar si llego tarde otra vez"),
    ("everyday", "can we move thursday to friday please"),
    ("Spanish everyday", "¿a qué hora es la reunión del jueves?"),
]


@pytest.mark.parametrize("text", [text for _, text in RAISED], ids=[name for name, _ in RAISED])
def test_a_pattern_raises(text: str) -> None:
    assert any(rule.priority != "routine" for rule in RULES.matches(text))


@pytest.mark.parametrize("text", [text for _, text in SILENT], ids=[name for name, _ in SILENT])
def test_a_guard_keeps_it_silent(text: str) -> None:
    assert not RULES.matches(text)


def test_a_guard_in_another_sentence_does_not_silence() -> None:
    assert RULES.matches("my homework is done. my stepdad hits me when you are not here")


def test_every_rule_matches_in_time_that_grows_with_the_text() -> None:
    for wall in ("he said ", "my mum ", "no ", "kill ", "a", "hitting me ", "el me la "):
        started = time.process_time()
        RULES.matches(wall * 3000)
        assert time.process_time() - started < 2.0


def test_every_rule_has_a_reason_a_worker_can_read() -> None:
    for rule in yaml.safe_load(PATH.read_text(encoding="utf-8"))["rules"]:
        assert len(rule["why"].split()) >= 3, rule["id"]


def test_spellings_stand_for_words_that_no_other_spelling_replaces() -> None:
    for word, meant in RULES.spellings.items():
        assert RULES.spellings.get(meant, meant) == meant, word


def broken(tmp_path: Path, text: str) -> PatternSet:
    path = tmp_path / "patterns.yaml"
    path.write_text(text, encoding="utf-8")
    return load_patterns(path)


RULE = "rules:\n- {id: one, kind: self_harm, priority: urgent, why: says so, any: ['%s']%s}\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (RULE % ("(", ""), "rule one"),
        (RULE % ("{nobody}", ""), "no macro named nobody"),
        (RULE % ("x", ", unless: [nothing]"), "no guard named nothing"),
        (RULE % ("x", "") + (RULE % ("y", "")).removeprefix("rules:\n"), "used twice"),
        (RULE.replace("urgent", "soon") % ("x", ""), "priority"),
    ],
    ids=["malformed expression", "unknown macro", "unknown guard", "id twice", "unknown priority"],
)
def test_a_malformed_file_is_refused_by_name(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        broken(tmp_path, text)
