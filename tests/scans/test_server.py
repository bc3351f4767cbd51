"""The real server: what is slow holds up no scan, and where answers wait for the disk they still come."""

import contextlib
import http.client
import os
import random
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from tests.waiting import wait_until
from traceability.config import PROJECT
from traceability.domain import base32
from traceability.server import LARGEST_BODY, REFUSED_AFTER_S

FLASK = [sys.executable, "-m", "flask", "--app", "traceability"]
PHONE = {"User-Agent": "Mozilla/5.0 (Linux; Android 14) Mobile"}

UNFINISHED = b"\r\n".join(
    (
        b"POST /report HTTP/1.1",
        b"Host: x",
        b"Content-Type: application/x-www-form-urlencoded",
        b"Content-Length: 1000",
        b"",
        b"stamp=",
    )
)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def get(port: int, path: str, seconds: float = 10, method: str = "GET") -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=seconds)
    with contextlib.closing(connection):
        connection.request(method, path, headers=PHONE)
        answer = connection.getresponse()
        return answer.status, answer.read()


@pytest.fixture(scope="module")
def register(tmp_path_factory):
    """An environment with the sample register, and the path of one of its stamps."""
    folder = tmp_path_factory.mktemp("served")
    environment = {**os.environ, "INSTANCE": str(folder / "instance"), "WORKERS": "1", "HOST": "127.0.0.1"}
    environment.pop("DATABASE_URL", None)
    for command in ("init", "sample"):
        subprocess.run([*FLASK, command], cwd=PROJECT, env=environment, check=True, capture_output=True)
    with create_engine(f"sqlite:///{folder / 'instance' / 'traceability.db'}").connect() as connection:
        code = connection.execute(
            text("SELECT code FROM batch WHERE stamp_scope = 'batch' AND state = 'open' ORDER BY id LIMIT 1")
        ).scalar()
    return environment, f"/S/{code}"


@contextlib.contextmanager
def serving(environment, scan_sync):
    """The service's process and port."""
    port = free_port()
    settings = {**environment, "PORT": str(port), "SCAN_SYNC": scan_sync, "LOADER": "0"}
    process = subprocess.Popen([*FLASK, "serve"], cwd=PROJECT, env=settings, start_new_session=True, stdout=subprocess.DEVNULL)

    def answers() -> bool:
        with contextlib.suppress(OSError):
            return get(port, "/healthz")[0] == 200
        return False

    wait_until(answers)
    yield process, port
    # A test may have ended it.
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    process.wait(20)


@pytest.fixture(scope="module", params=["soon", "wait"])
def port(request, register):
    """Where the service listens."""
    with serving(register[0], request.param) as (_, listens):
        yield listens


def test_a_form_that_comes_slowly_holds_up_no_scan(port, register):
    path = register[1]
    assert get(port, path)[0] == 200
    with socket.create_connection(("127.0.0.1", port)) as upload:
        upload.sendall(UNFINISHED)
        # Known by heart; and, with the lease over, after the register was asked.
        for pause in (0.5, 0, 2.5):
            time.sleep(pause)
            status, page = get(port, path, seconds=5)
            assert status == 200 and path[3:7].encode() in page


def test_whoever_guesses_is_refused_a_moment_later_and_known_stamps_open_all_the_same(register):
    """A process of its own: its network is held back for the rest of the minute."""
    environment, path = register
    with serving(environment, "soon") as (_, port):
        assert get(port, path)[0] == 200
        # Guesses are counted by the minute: it must not end meanwhile.
        if time.time() % 60 > 40:
            time.sleep(61 - time.time() % 60)
        # As many as a network may try, and those that are looked up all the same.
        chance = random.Random(7)
        for _attempt in range(400):
            began = time.monotonic()
            status, page = get(port, f"/S/{base32.with_check(chance.getrandbits(55))}")
            if status == 429:
                break
            assert status == 404
        assert status == 429 and b"<html" in page and time.monotonic() - began >= REFUSED_AFTER_S
        assert get(port, f"/S/{base32.with_check(1)}", method="HEAD") == (429, b"")
        assert get(port, path)[0] == 200
        # What is no page of ours is refused as well, by the ordinary way.
        assert get(port, "/wp-login.php")[0] == 429 and get(port, "/lookup")[0] in (200, 302, 303, 400)


def test_every_kind_of_request_is_answered_by_the_threads_behind(port, register):
    path = register[1]
    assert get(port, path, method="HEAD") == (200, b"")
    assert get(port, "/nowhere")[0] == 404
    assert get(port, "/S/%FF")[0] == 400
    assert get(port, "/")[0] == 200


def send(port: int, head: list[bytes], parts: list[bytes]) -> bytes:
    """The answer's first line to a form that comes in parts."""
    with socket.create_connection(("127.0.0.1", port), 10) as phone:
        phone.sendall(
            b"\r\n".join([b"POST /report HTTP/1.1", b"Host: x", b"Content-Type: application/x-www-form-urlencoded", *head, b"", b""])
        )
        for part in parts:
            time.sleep(0.02)
            phone.sendall(part)
        answer = b""
        while chunk := phone.recv(65536):
            answer += chunk
        return answer


def test_forms_that_come_in_parts_are_read_whole(port, register):
    code = register[1][3:].encode()
    body = b"words=" + b"x" * 300 + b"&stamp=" + code
    parts = [body[start : start + 100] for start in range(0, len(body), 100)]
    close = b"Connection: close"
    whole = send(port, [close, b"Content-Length: %d" % len(body)], parts)
    chunked = [b"%x\r\n%s\r\n" % (len(part), part) for part in parts] + [b"0\r\n\r\n"]
    for answer in (whole, send(port, [close, b"Transfer-Encoding: chunked"], chunked)):
        assert code in answer, answer[:400]


def test_a_form_that_is_too_large_is_refused(port):
    answer = send(port, [b"Connection: close", b"Content-Length: %d" % (LARGEST_BODY + 2)], [b"stamp="])
    assert answer.startswith(b"HTTP/1.1 413")


def test_where_the_server_s_own_process_is_killed_its_workers_end_and_another_one_serves(register):
    with serving(register[0], "soon") as (process, listens):
        _kill_the_server(process, listens, register[1])


def _kill_the_server(process, port, path) -> None:
    [server] = children(process.pid)
    workers = children(server)
    assert workers
    os.kill(server, signal.SIGKILL)
    wait_until(lambda: not any(Path("/proc", str(worker)).exists() for worker in workers))

    def answers() -> bool:
        with contextlib.suppress(OSError):
            return get(port, path)[0] == 200
        return False

    # Within the first seconds it is taken for a start that failed, and the service ends as a whole.
    wait_until(lambda: process.poll() is not None or answers())


def children(pid: int) -> list[int]:
    return [int(child) for child in Path("/proc", str(pid), "task", str(pid), "children").read_text().split()]
