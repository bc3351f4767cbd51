"""The real server: what is slow holds up no scan, and where answers wait for the disk they still come."""

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import time

import pytest

from tests.waiting import wait_until
from traceability.config import PROJECT
from traceability.server import OTHER_THREADS

FLASK = [sys.executable, "-m", "flask", "--app", "traceability"]
PHONE = {"User-Agent": "Mozilla/5.0 (Linux; Android 14) Mobile"}


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
    from sqlalchemy import create_engine, text

    with create_engine(f"sqlite:///{folder / 'instance' / 'traceability.db'}").connect() as connection:
        code = connection.execute(
            text("SELECT code FROM batch WHERE stamp_scope = 'batch' AND state = 'open' ORDER BY id LIMIT 1")
        ).scalar()
    return environment, f"/S/{code}"


@pytest.fixture(params=["soon", "wait"])
def port(request, register):
    """Where the service listens."""
    environment, _ = register
    port = free_port()
    settings = {**environment, "PORT": str(port), "SCAN_SYNC": request.param, "LOADER": "0"}
    process = subprocess.Popen([*FLASK, "serve"], cwd=PROJECT, env=settings, start_new_session=True, stdout=subprocess.DEVNULL)

    def answers() -> bool:
        with contextlib.suppress(OSError):
            return get(port, "/healthz")[0] == 200
        return False

    wait_until(answers)
    yield port
    os.killpg(process.pid, signal.SIGTERM)
    process.wait(20)


def test_slow_uploads_hold_up_no_scan(port, register):
    path = register[1]
    assert get(port, path)[0] == 200
    slow = []
    for _ in range(OTHER_THREADS + 2):
        upload = socket.create_connection(("127.0.0.1", port))
        upload.sendall(
            b"POST /report HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000\r\n\r\nstamp="
        )
        slow.append(upload)
    time.sleep(0.5)
    with pytest.raises(TimeoutError):
        get(port, "/healthz", seconds=1)
    # Known by heart; and, with the lease over, after the register was asked.
    for pause in (0, 0, 2.5):
        time.sleep(pause)
        status, page = get(port, path, seconds=5)
        assert status == 200 and path[3:7].encode() in page
    for upload in slow:
        upload.close()
    wait_until(lambda: get(port, "/healthz")[0] == 200)


def test_every_kind_of_request_is_answered_by_the_threads_behind(port, register):
    path = register[1]
    assert get(port, path, method="HEAD") == (200, b"")
    assert get(port, "/nowhere")[0] == 404
    assert get(port, "/S/%FF")[0] == 400
    assert get(port, "/")[0] == 200
