"""Where a text names a time: days, dates, hours, parts of the day and feasts, English and Spanish together, by rules.

What people write for a time is a small closed world: rules find it better than a model learns it from examples.
A span leaves a preposition out ("on [friday]", "by [3]", "hasta [el viernes]") and keeps an article ("[the 9th]",
"[el jueves]"), "a las 5" and the parts of a day ("[in the morning]") whole. Pure. The API resolves times by itself,
from the whole text and in the agency's zone (data/words/times.yaml): these spans only say where they are.
"""

from __future__ import annotations

import re
import unicodedata

_DAY = (
    r"(?:mon|tues?|wed|weds|thu|thur|thurs|fri|sun)(?:day)?s?|wednesdays?|wens|wensday|wednsday|wendsday|tuesdays?"
    r"|thursdays?"
    r"|thrusday|saturdays?|saterday|lunes|martes|miercoles|jueves|viernes|sabados?|domingos?"
)
_MONTH = (
    r"january|february|march|april|june|july|august|september|october|november|december|jan|feb|apr|aug|sept?"
    r"|oct|nov|dec"
    r"|enero|febrero|marzo|abril|mayo|junio|julio|agosto|sep?tiembre|octubre|noviembre|diciembre"
)
_PART = r"mornings?|mornin|morn|afternoons?|aft|arvo|evenings?|nights?|nite|tea ?time|lunch ?time|bed ?time"
_NUMBER = r"one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty"
_NUMERO = r"una|dos|tres|cuatro|cinco|seis|siete|ocho|nueve|diez|once|doce"
_HOUR = rf"(?:\d{{1,2}}(?:[:.h]\d{{2}})?|{_NUMBER})"
_HORA = rf"(?:\d{{1,2}}(?:[:.]\d{{2}})?|{_NUMERO})"
_ORDINAL = r"\d{1,2}(?:st|nd|rd|th)"
_UNIT = r"(?:minutes?|mins?|hours?|hrs?|days?|weeks?|wks?|months?|years?|yrs?)"
_UNIDAD = r"(?:minutos?|mins?|horas?|dias?|semanas?|meses|mes|anos?)"
_CLOCK = (
    rf"(?:{_HOUR} ?(?:am|pm|a\.m\.?|p\.m\.?|o ?'?clock)|\d{{1,2}}[:.]\d{{2}}(?![\d.])"
    rf"|half (?:past )?{_HOUR}|half past|(?:quarter|twenty|ten|five|\d{{1,2}}) (?:past|to)(?: {_HOUR})?(?= |$|[.,!?])"
    rf"|noon|midday|midnight|sunset|{_HOUR} in the (?:morning|afternoon|evening)|{_HOUR} at night"
    rf"|{_HOUR} this (?:morning|afternoon))"
)
_ENGLISH = (
    r"the (?:day|night|week|month) (?:before|after)(?: (?:tomorrow|last|next))?",
    rf"(?:this|last|next|nxt|every|each|that|the following|the same|same) (?:single )?(?:{_DAY}|{_MONTH}"
    rf"|{_PART}|weekends?|week|wk"
    rf"|fortnight|month|year|yr|term|summer|spring|autumn|winter|christmas|easter|day|am)(?: (?:{_PART}"
    rf"|at {_HOUR}))?|(?:last|next) time",
    rf"(?:{_DAY}|tomorrow|2moro|tmrw|tomoz|today|yesterday)(?: (?:the )?{_ORDINAL}|,? (?:at )?{_CLOCK}"
    rf"| at {_HOUR}| (?:{_PART})"
    rf"|(?: (?:the )?\d{{1,2}}(?= |$)))*",
    r"today|2day|tday|tomorrow|tomorow|tommorr?ow|tomoz|tmrw|tmr|tmw|2moz|2moro|2morrow|2mrw|the morra"
    r"|the morrow|tonight"
    r"|tonite|2nite|yesterday|yday|yest",
    rf"the morning of|(?:in the|the) (?:mornings?|afternoons?|evenings?|night)(?= |$|[.,!?])|mornings"
    rf"|afternoons|evenings|(?:{_DAY}) nites?",
    r"the \d{1,2} ?o ?'?clock(?: one)?",
    rf"(?:the )?{_ORDINAL}(?: (?:of )?(?:{_MONTH}|may))?",
    rf"(?:the )?\d{{1,2}} (?:of )?(?:{_MONTH}|may)|(?:{_MONTH}) (?:the )?\d{{1,2}}(?:st|nd|rd|th)?|(?:early "
    rf"|late |mid )?(?:{_MONTH})",
    r"christmas|xmas|easter|ramadan|eid|diwali|half ?term|thanksgiving|new year'?s?|bank holiday|boxing day|halloween"
    r"|the (?:summer |easter |christmas )?holidays|the school run|the (?:end|start|beginning) of (?:the|this"
    r"|next) (?:week|month|year|term)",
    rf"{_CLOCK}",
    rf"(?:a|an|one|two|three|four|five|six|ten|twelve|\d{{1,3}}|half an|couple of|a couple of"
    rf"|a few) {_UNIT} (?:ago|late|before|ahead|earlier|later)|\d{{1,2}} late",
    r"\d{1,2} ?(?:-|to|till?|until) ?\d{1,2}(?= |$|[.,!?])(?! (?:kids|people|months|years|year|weeks|quid))",
    r"weekends?|the weekend|midweek|sundown",
)
_SPANISH = (
    r"pasado manana|antes? de ?ayer|anteayer|antier",
    rf"(?:(?:el|los|este|proximo|el proximo) )?(?:{_DAY})(?: (?:pasado|que viene|proximo"
    rf"|\d{{1,2}}(?: de (?:{_MONTH}))?))?"
    rf"(?: (?:en|por|de) la (?:manana|tarde|noche))?(?: a las? {_HORA})?",
    rf"(?:el )?(?:dia )?\d{{1,2}} de (?:{_MONTH})|(?:el )?dia \d{{1,2}}|el \d{{1,2}}(?= |$|[.,!?])",
    r"hoy(?: mismo)?|ayer|anoche",
    r"(?:en|por|de) la (?:manana|tarde|noche)|(?:en|por) las (?:mananas|tardes|noches)|esta (?:manana|tarde|noche)"
    r"|manana (?:en|por) la (?:manana|tarde|noche)|a ?mediodia|medianoche|madrugada",
    rf"manana(?: a las? {_HORA})?",
    r"(?:esta|la (?:proxima|otra)|proxima) semana|la semana (?:pasada|que viene|proxima|entrante)|semana santa"
    r"|(?:este|el proximo|proximo) mes|el mes (?:pasado|que viene|proximo)|fin(?:es|ales)? de (?:mes|semana"
    r"|ano)|este ano"
    r"|el ano (?:pasado|que viene)|el otro dia|el mismo dia|la ultima vez|la proxima vez|(?:el )?finde"
    r"|los fines de semana",
    rf"a las? {_HORA}(?: y (?:media|cuarto|\d{{1,2}}|pico))?(?: (?:de|por|en) la (?:manana|tarde"
    rf"|noche))?(?: ?[ap]\.?m\.?)?"
    rf"|las? {_HORA}(?: y (?:media|cuarto))?(?= |$|[.,!?])(?= y las?|[.,!?]|$| de la (?:manana|tarde"
    rf"|noche))(?: de la (?:manana|tarde|noche))?"
    r"|a y (?:media|cuarto)",
    rf"(?:un|una|dos|tres|cuatro|cinco|\d{{1,2}}) {_UNIDAD} (?:antes|despues)|hace (?:un|una|dos|tres"
    rf"|\d{{1,2}}) {_UNIDAD}",
    r"navidad|nochebuena|pascua|ano nuevo",
    rf"(?:{_MONTH})",
)
#: An hour that is a bare number counts only behind one of these: "home by 2", "there for 9.30".
_BARE = re.compile(
    r"\b(?:at|by|before|after|till?|until|from|for|about|around|since|past|in|make it|be there at)\s+"
    rf"(?P<hour>(?:\d{{1,2}}|{_NUMBER}))(?=\s*(?:$|[.,!?;)]|\s(?:and|or|but|so|if|as|is|cos|coz|because|please"
    rf"|pls|plz|now|on|then|when|onwards?|we|i|he|she|not|ish)\b))"
)
_TIMES = [re.compile(rf"(?<![\w'@/-])(?:{one})(?!\w)(?!'(?!s\b))", re.IGNORECASE) for one in (*_ENGLISH, *_SPANISH)]


def unaccented(text: str) -> str:
    """Small letters without accents, letter for letter: a place in it is the same place in the text."""
    return "".join(unicodedata.normalize("NFKD", letter.lower())[:1] for letter in text)


def times(text: str) -> list[tuple[int, int]]:
    """The spans ``(start, end)`` that name times, in order, none within another; of two that overlap the longer."""
    plain = unaccented(text)
    found = [match.span() for pattern in _TIMES for match in pattern.finditer(plain)]
    found += [match.span("hour") for match in _BARE.finditer(plain)]
    chosen: list[tuple[int, int]] = []
    for start, end in sorted(found, key=lambda span: (span[0] - span[1], span[0])):
        if all(end <= other or start >= done for other, done in chosen):
            chosen.append((start, end))
    return sorted(chosen)
