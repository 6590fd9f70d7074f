"""Whose fault an error of Twilio's is: of the recipient (final), or of ours and our account (mended, then sent). Pure.

Source: Twilio's error dictionary, https://www.twilio.com/docs/api/errors. What is not named here and came with a 4xx is
of the recipient or of the text itself: another try would end the same way.
"""

from __future__ import annotations

#: The number has opted out.
OPTED_OUT = "21610"
#: Unreachable just now (phone off): worth another try.
UNREACHABLE = "30003"
#: Asked too much at once: nothing is wrong with the account, it is only to be slower.
TOO_MANY = frozenset({"429", "14107", "20429", "21611", "30001", "30022"})
#: The account, its credentials, its sender or its settings: a human has to mend it, and everything waits until then.
ACCOUNT = frozenset(
    {
        "401", "403", "20003", "20004", "20005", "20006", "20008", "20401", "20403",  # who we are
        "404", "20404",  # no account of that name: every number's own errors are 400
        "402", "10001", "10002", "30002", "30010", "63038",  # suspended, no money, the day's limit
        "21212", "21603", "21606", "21607", "21659", "21660", "30024", "30032", "30034",  # whom it comes from
        "21701", "21702", "21703", "21704", "21705", "21706",  # the messaging service
        "21408", "21609", "21626",  # the country is not switched on; our own address for callbacks
    }
)  # fmt: skip


def try_again(code: str) -> bool:
    """Was it surely not sent, and may it be another time?"""
    return code in TOO_MANY or code in ACCOUNT or code == UNREACHABLE
