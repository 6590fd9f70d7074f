"""Requests leave in one piece: whoever reads them is woken once."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import requests
import urllib3

from api.whole_requests import MOST_TOGETHER, Adapter, connections

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Server:
    """Takes down what each single read gave, and answers what it has read whole."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/"
        self.reads: list[bytes] = []
        self.accepted = 0
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.accepted += 1
            with connection:
                while self._answer(connection):
                    pass

    def _answer(self, connection: socket.socket) -> bool:
        got = b""
        while not _whole(got):
            read = connection.recv(1 << 20)
            if not read:
                return False
            self.reads.append(read)
            got += read
        connection.sendall(ANSWER)
        return True

    def stop(self) -> None:
        self._socket.close()


def _whole(got: bytes) -> bool:
    head, end, body = got.partition(b"\r\n\r\n")
    lengths = [int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")]
    return bool(end) and len(body) >= sum(lengths)


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.stop()


@contextmanager
def session() -> Iterator[requests.Session]:
    with requests.Session() as made:
        made.mount("http://", Adapter())
        yield made


def test_headers_and_body_arrive_together(server: Server) -> None:
    with connections(retries=False) as ours:
        assert ours.request("POST", server.url, json={"message": "hello"}).data == b"ok"
        assert ours.request("POST", server.url, json={"message": "again"}).data == b"ok"
    assert [b"hello" in read for read in server.reads] == [True, False]
    assert [read.startswith(b"POST / HTTP/1.1") for read in server.reads] == [True, True]
    assert server.accepted == 1, "a kept connection is used again"


def test_a_session_of_requests_sends_them_together_too(server: Server) -> None:
    with session() as ours:
        assert ours.post(server.url, data={"Body": "Your next one is tomorrow"}).text == "ok"
    (read,) = server.reads
    assert b"Body=Your+next+one+is+tomorrow" in read


def test_a_body_that_is_long_arrives_whole(server: Server) -> None:
    body = b"x" * (MOST_TOGETHER + 1)
    with connections(retries=False) as ours:
        assert ours.request("POST", server.url, body=body).data == b"ok"
    assert b"".join(server.reads).endswith(b"\r\n\r\n" + body)


def test_a_request_without_a_body_is_sent(server: Server) -> None:
    with connections(retries=False) as ours:
        assert ours.request("GET", server.url).data == b"ok"


def test_nobody_there_is_said_as_urllib3_and_requests_say_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        nobody = f"http://127.0.0.1:{taken.getsockname()[1]}/"
    with connections(retries=False) as ours, pytest.raises(urllib3.exceptions.NewConnectionError):
        ours.request("POST", nobody, body=b"hello")
    with session() as theirs, pytest.raises(requests.exceptions.ConnectionError):
        theirs.post(nobody, data={"Body": "hello"})
