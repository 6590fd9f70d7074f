"""What asks us not to answer, and what only sounds like it."""

from __future__ import annotations

import pytest

from api.safety.silence import asked

READS = [
    "dont reply hes reading these",
    "Don't text back he's reading my texts",
    "cant talk he has my phone",
    "he is reading this",
    "hi yes everything is lovely bye. (he is reading this)",
    "dont reply to this he reads it. send someone",
    "dont reply. dont reply. he's reading over. everything is fine",
    "He found the app. he's reading this one too probably. upstairs coming. hes going through my phone",
    "pls dnt txt me back shes looking at my screen",
    "my husband can see everything i write",
    "he will see this so be quick",
    "dont answer, hes got my phone",
    "me lee los mensajes",
    "no contestes, él está leyendo esto",
    "no respondas porque mi marido tiene mi teléfono",
    "mi novio lee lo que escribo",
    "no puedo hablar, está leyendo mis mensajes",
]
ASKS = [
    "dont reply",
    "Don't respond to this please",
    "do not text back",
    "dont text me now",
    "dont call me back",
    "please dont ring or text tonight",
    "dont call hes here",
    "its not safe to text me",
    "not safe to reply",
    "dont reply to this just send somone to the house",
    "no reply please",
    "no contestes",
    "No me respondan por favor",
    "no contesten, no llamen, solo manden a alguien",
    "nos escondimos. no conteste",
    "no me escribas ahora",
    "no es seguro que me llamen",
    "my husband just came home dont text",
    "hes in the room no texts",
    "llegó mi marido, no me escriban",
    "ella está en la cocina no llamen",
]
ORDINARY = [
    "dont reply if busy",
    "dont reply if you're busy x",
    "no need to reply",
    "you dont have to reply",
    "no rush, reply when you can",
    "why dont you reply",
    "you dont answer my texts",
    "they dont reply to my emails",
    "i dont answer private numbers",
    "if i dont answer call my mum",
    "dont answer the door to him",
    "should i reply to him",
    "he doesnt reply",
    "dont call, text me instead",
    "dont text me after 6",
    "dont text me before ten please",
    "he reads my phone",
    "what if i just dont answer the door",
    "can you read this to me",
    "my son is reading this book at school",
    "she is reading his school report this week",
    "my social worker never reads my texts so hi if ur reading",
    "phones dying 3% if i dont answer thats y",
    "somebody in this house has my phone half the day (daughter, tiktok)",
    "she has my phone playing games so sorry for the emojis",
    "is it safe to text you my address",
    "si no contesto llamen a mi mama",
    "el casero no contesta",
    "perdón que no contesté ayer",
    "no contesten si están ocupados",
    "no hace falta que contestes",
    "mi abogado dice que no conteste nada por aquí",
    "no me llames, mejor mensaje",
    "no contestes la puerta",
    "cuando es mi cita",
    "is it private, can my mum read this",
    "my public defender dont answer",
    "they dont ring back",
    "send this to ten people or your crush will never text back",
    "se me murio el telefono, por eso no contesté",
    "ella bloqueo este numero, no manden aqui",
    "me revisa el celular y me cuenta los minutos",
    "when hes home dont text",
    "shes back at college, dont ring the college",
    "ya está entregado, no me manden otro recordatorio",
    "si él está en casa no llamen",
    "mi hija está en la escuela, no hay nadie",
]


@pytest.mark.parametrize("words", READS, ids=range(len(READS)))
def test_somebody_who_reads_along_is_heard(words: str) -> None:
    found = asked(words)
    assert found.asked and found.reads and found.reasons, words


@pytest.mark.parametrize("words", ASKS, ids=range(len(ASKS)))
def test_a_wish_for_no_answer_is_heard(words: str) -> None:
    found = asked(words)
    assert found.asked and not found.reads, words


@pytest.mark.parametrize("words", ORDINARY, ids=range(len(ORDINARY)))
def test_what_only_sounds_like_it_is_answered(words: str) -> None:
    assert not asked(words).asked, words
