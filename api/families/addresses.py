"""E-mail addresses of families: checked and written in one way, and found in what people write. Pure.

The standard library's own parser says what is an address (RFC 5322); only letters that every mail server takes.
"""

from __future__ import annotations

import re
from email.errors import MessageError
from email.headerregistry import Address

LONGEST = 254
#: An address in a sentence; what it finds, ``checked`` looks at.
IN_WORDS = re.compile(r"[A-Za-z0-9][A-Za-z0-9._%+'-]*@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")
_LOCAL = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}")


def checked(words: str) -> str:
    """The address in small letters, without blanks around it. Raises ValueError."""
    plain = words.strip().removeprefix("mailto:").lower()
    try:
        read = Address(addr_spec=plain)
    except (MessageError, ValueError, IndexError):
        raise ValueError("is not an e-mail address; write it such as jo@example.org") from None
    if len(plain) > LONGEST or not _DOMAIN.fullmatch(read.domain) or not _LOCAL.fullmatch(read.username):
        raise ValueError("is not an e-mail address; write it such as jo@example.org")
    return plain


def found_in(words: str) -> list[str]:
    """The addresses in somebody's words, as ``checked`` writes them."""
    found = []
    for match in IN_WORDS.findall(words):
        try:
            found.append(checked(match))
        except ValueError:
            continue
    return list(dict.fromkeys(found))
