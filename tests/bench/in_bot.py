"""``BOT_PYTHON -m tests.bench.in_bot MODEL [ours]``: what a trained model makes of the texts on stdin, one at a time.

In: a JSON list of texts. Out, its last line: ``{"load": seconds, "resident": MB, "turns": [[seconds, intent], ...]}``;
the intent is the likeliest, whether or not it was sure. Runs in the bot's environment (Python 3.10), for both bots.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
import warnings

WARM_UP = 10


async def _parse(model: str, texts: list[str]) -> dict[str, object]:
    from rasa.core.agent import Agent  # type: ignore[import-not-found]  # in the bot's environment

    begun = time.perf_counter()
    agent = Agent.load(model)
    loaded = time.perf_counter() - begun
    for text in texts[:WARM_UP]:
        await agent.parse_message(text)
    turns = []
    for text in texts:
        begun = time.perf_counter()
        parsed = await agent.parse_message(text)
        took = time.perf_counter() - begun
        ranking = [row["name"] for row in parsed.get("intent_ranking", []) if row["name"] != "nlu_fallback"]
        turns.append((took, ranking[0] if ranking else parsed["intent"]["name"]))
    return {"load": loaded, "resident": _resident(), "turns": turns}


def _resident() -> float:
    with open("/proc/self/status") as file:
        return next((int(line.split()[1]) * 1024 / 1e6 for line in file if line.startswith("VmRSS")), 0.0)


def main() -> None:
    warnings.simplefilter("ignore")
    if "ours" in sys.argv[2:]:
        import bot.serve  # noqa: F401  # it says how many threads the libraries may take, before they are loaded
    print(json.dumps(asyncio.run(_parse(sys.argv[1], json.load(sys.stdin)))))


if __name__ == "__main__":
    main()
