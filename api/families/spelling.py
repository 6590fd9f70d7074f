"""How names are compared when somebody looks for one: small letters without accents (a database of the locale C knows
no capitals but ours). Pure.

The database has indexes of just this expression (migration 0032): a change here needs new ones.
"""

from __future__ import annotations

_SMALL = "áàâäãåāąčçćéèêëēęíìîïīłñńňóòôöõøōřśšúùûüūůýÿźżž"
_ACCENTS = _SMALL + _SMALL.upper()
_PLAIN = "aaaaaaaaccceeeeeeiiiiilnnnooooooorssuuuuuuyyzzz" * 2
#: In an expression of SQL, with the column's name for ``{}``.
SQL = f"lower(translate({{}}, '{_ACCENTS}', '{_PLAIN}'))"
#: Such an index is for beginnings of names (``LIKE 'ash%'``); the expression's label there is "plain".
BY_BEGINNING = {"plain": "text_pattern_ops"}
_TABLE = str.maketrans(_ACCENTS, _PLAIN)


def plain(words: str) -> str:
    """The same of what somebody typed."""
    return words.translate(_TABLE).lower()
