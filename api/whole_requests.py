"""HTTP requests that leave this machine's process in one piece, through urllib3 and what stands on it.

Headers and body written apart wake whoever reads them twice, for one request. Both ends of a turn's requests are on the
same machine, where being woken costs more than reading.
"""

from __future__ import annotations

from typing import Any

import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

#: A body that is longer goes by itself: copying it would cost more than it saves.
MOST_TOGETHER = 64 * 1024


class _Whole:
    """Keeps what is to be sent until the request is complete."""

    _held: bytearray | None = None

    def request(self, *args: Any, **kwargs: Any) -> None:
        self._held = bytearray()
        try:
            super().request(*args, **kwargs)  # type: ignore[misc]
            self._let_go()
        finally:
            self._held = None

    def send(self, data: Any) -> None:
        if self._held is not None and isinstance(data, bytes) and len(data) <= MOST_TOGETHER:
            self._held += data
        else:
            self._let_go()
            super().send(data)  # type: ignore[misc]

    def _let_go(self) -> None:
        held, self._held = self._held, None
        if held:
            super().send(held)  # type: ignore[misc]


class _Connection(_Whole, HTTPConnection):
    pass


class _SecureConnection(_Whole, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


_POOLS = {"http": _Pool, "https": _SecurePool}


def connections(**options: Any) -> urllib3.PoolManager:
    """urllib3's kept connections, with its own options."""
    made = urllib3.PoolManager(**options)
    made.pool_classes_by_scheme = _POOLS
    return made


class Adapter(HTTPAdapter):
    """The same for a session of ``requests``."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOLS
