"""Single-word messages with a meaning of their own: Twilio's opt-out words. Pure.

Source: Twilio's default opt-out, opt-in and help keywords (FACTS.md); Twilio answers them itself, we keep account.
"""

from __future__ import annotations

OPT_OUT = frozenset({"stop", "unsubscribe", "end", "quit", "stopall", "revoke", "optout", "cancel"})
OPT_IN = frozenset({"start", "yes", "unstop"})
HELP = frozenset({"help", "info"})


def carrier_keyword(body: str, opt_out_type: str = "") -> str:
    """``stop``, ``start``, ``help`` or "": what Twilio makes of this message. ``opt_out_type`` is Twilio's own word."""
    if opt_out_type.lower() in ("stop", "start", "help"):
        return opt_out_type.lower()
    word = body.strip().lower()
    if word in OPT_OUT:
        return "stop"
    if word in OPT_IN:
        return "start"
    return "help" if word in HELP else ""
