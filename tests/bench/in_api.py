"""``python -m tests.bench.in_api``: how long the safety screen takes for each of the texts on stdin (a JSON list).

Out: ``{"load": seconds, "seconds": [...]}``. A process of its own, as the api is.
"""

from __future__ import annotations

import json
import sys
import time

WARM_UP = 10


def main() -> None:
    texts = json.load(sys.stdin)
    begun = time.perf_counter()
    from api.safety.screen import screen

    screen("hello")
    loaded = time.perf_counter() - begun
    for text in texts[:WARM_UP]:
        screen(text)
    seconds = []
    for text in texts:
        begun = time.perf_counter()
        screen(text)
        seconds.append(time.perf_counter() - begun)
    json.dump({"load": loaded, "seconds": seconds}, sys.stdout)


if __name__ == "__main__":
    main()
