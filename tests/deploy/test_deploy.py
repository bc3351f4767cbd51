"""The deployed files, really started: the units' own command lines, and nginx with its own configuration in front."""

import http.client
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from sqlalchemy import create_engine, text

from tests.waiting import wait_until
from traceability.config import PROJECT

DEPLOY = PROJECT / "deploy"
NAME = "tem.example.vn"
PHONE = {"User-Agent": "Mozilla/5.0 (Linux; Android 14) Mobile", "Host": NAME}


def free_ports(count: int) -> list[int]:
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def unit_command(name: str) -> list[str]:
    """The command line of a unit, with this checkout in the place of the installed one."""
    line = re.search(r"^ExecStart=(.+)$", (DEPLOY / name).read_text("utf-8"), re.MULTILINE)[1]
    return line.replace("/opt/traceability/.venv/bin/flask", f"{sys.executable} -m flask").split()


def settings_of(instance: Path, port: int) -> dict[str, str]:
    """The example's settings, with a folder and a port of this test."""
    lines = (DEPLOY / "traceability.env.example").read_text("utf-8").splitlines()
    given = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    return {**os.environ, **given, "INSTANCE": str(instance), "PORT": str(port), "WORKERS": "1", "PUBLIC_URL": f"https://{NAME}"}


class Site:
    """The service by its units, and nginx in front."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.instance = folder, folder / "instance"
        self.port, self.spare, self.plain, self.tls = free_ports(4)
        self.environment = settings_of(self.instance, self.port)
        flask = [sys.executable, "-m", "flask", "--app", "traceability"]
        for command in ("init", "sample"):
            subprocess.run([*flask, command], check=True, cwd=PROJECT, env=self.environment, stdout=subprocess.DEVNULL)
        self.processes = [self.start(unit_command(f"traceability{name}.service")) for name in ("", "-loader")]
        certificate(folder)
        (folder / "nginx.conf").write_text(self.nginx_settings())
        self.processes.append(self.start(["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf")]))
        wait_until(lambda: all(map(listens, (self.port, self.plain, self.tls))), 60)

    def start(self, command: list[str]) -> subprocess.Popen:
        return subprocess.Popen(command, cwd=PROJECT, env=self.environment, start_new_session=True)

    def nginx_settings(self) -> str:
        """The deployed configuration: other ports, certificate and logs, and nothing else."""
        site = (DEPLOY / "nginx.conf").read_text("utf-8")
        site = re.sub(r"^\s*listen \[::\].*\n", "", site, flags=re.MULTILINE)
        changes = {
            "127.0.0.1:8000": f"127.0.0.1:{self.port}",
            "127.0.0.1:8001": f"127.0.0.1:{self.spare}",
            "listen 80;": f"listen 127.0.0.1:{self.plain};",
            "listen 443 ": f"listen 127.0.0.1:{self.tls} ",
            f"/etc/letsencrypt/live/{NAME}": str(self.folder),
            "/var/log/nginx": str(self.folder),
        }
        for old, new in changes.items():
            assert old in site, old
            site = site.replace(old, new)
        user = "user root;" if os.getuid() == 0 else ""
        return f"daemon off; {user} pid {self.folder}/nginx.pid; error_log stderr crit; events {{}} http {{ {site} }}"

    def ask(self, path: str, method: str = "GET", body: bytes | None = None, **headers: str) -> tuple[http.client.HTTPResponse, str]:
        """A request through nginx, its path as it is."""
        connection = http.client.HTTPSConnection("127.0.0.1", self.tls, context=ssl._create_unverified_context(), timeout=20)
        connection.request(method, path, body, {**PHONE, **headers})
        answer = connection.getresponse()
        content = answer.read().decode("utf-8")
        connection.close()
        return answer, content

    def stop(self) -> None:
        for process in reversed(self.processes):
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)
        for process in self.processes:
            process.wait(90)


def certificate(folder: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(
        name, name, key.public_key(), x509.random_serial_number(), now - timedelta(days=1), now + timedelta(days=2)
    )
    (folder / "fullchain.pem").write_bytes(made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "privkey.pem").write_bytes(key.private_bytes(*form))


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    assert shutil.which("nginx"), "nginx is missing: run `make test`, or install it"
    made = Site(tmp_path_factory.mktemp("site"))
    yield made
    made.stop()


def sample_path(site: Site, form: str = "house") -> str:
    engine = create_engine(f"sqlite:///{site.instance / 'traceability.db'}")
    with engine.connect() as connection:
        if form == "gs1":
            row = connection.execute(
                text("SELECT p.gtin, b.lot FROM batch b JOIN product p ON p.id = b.product_id WHERE p.gtin IS NOT NULL")
            ).first()
            return f"/01/{row[0]}/10/{row[1]}"
        return f"/S/{connection.scalar(text('SELECT code FROM batch WHERE stamp_scope = :scope'), {'scope': 'batch'})}"


pytestmark = pytest.mark.xdist_group("deploy")


def test_stamps_open_through_nginx_and_their_scans_are_loaded_by_the_loader_s_unit(site):
    for form in ("house", "gs1"):
        answer, page = site.ask(f"{sample_path(site, form)}?lang=en")
        assert answer.status == 200 and "Stamp issued by us" in page
        assert answer.headers["Strict-Transport-Security"] and "nginx/" not in answer.headers["Server"]
    engine = create_engine(f"sqlite:///{site.instance / 'traceability.db'}")

    def loaded() -> int:
        with engine.connect() as connection:
            return connection.scalar(text("SELECT count(*) FROM scan"))

    wait_until(loaded)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/01/09521234500018/10/A%2FB", 400),
        ("/01/09521234500018/10/%22%25%26", 404),
        ("//S//7K3MQ9X2ABCS", 400),
        ("/S/%FF%FE", 400),
        ("/S/../S/7K3MQ9X2ABCS", 400),
        ("/S/" + "7" * 30_000, 400),
    ],
)
def test_paths_reach_the_service_as_they_came(site, path, status):
    past, _ = site.ask(path)
    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=20)
    connection.request("GET", path, headers=PHONE)
    assert past.status == connection.getresponse().status == status
    connection.close()


def test_plain_http_is_sent_to_https(site):
    connection = http.client.HTTPConnection("127.0.0.1", site.plain, timeout=20)
    connection.request("GET", "/S/7K3MQ9X2ABCS?lang=vi", headers=PHONE)
    answer = connection.getresponse()
    assert answer.status == 301 and answer.headers["Location"] == f"https://{NAME}/S/7K3MQ9X2ABCS?lang=vi"
    connection.close()


def test_monitoring_is_for_this_machine_alone(site):
    for path in ("/metrics", "/readyz"):
        assert site.ask(path)[0].status == 404
        connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=20)
        connection.request("GET", path, headers=PHONE)
        assert connection.getresponse().status == 200
        connection.close()
    assert site.ask("/healthz")[0].status == 200


def test_what_a_visitor_claims_of_its_address_is_not_believed(site):
    # A request that says that it comes from this machine's monitoring is still one from outside, and one address is one visitor.
    number, _ = site.ask("/", **{"X-Forwarded-For": "127.0.0.1", "X-Request-Id": "forged-number"})
    assert number.status == 200 and number.headers["X-Request-Id"] != "forged-number"
    path = sample_path(site)
    pages = [site.ask(f"{path}?lang=en", **{"X-Forwarded-For": f"203.0.113.{number}", "User-Agent": "One phone"})[1] for number in range(4)]
    assert len({re.search(r"Scanned (\d+) time", page)[1] for page in pages}) == 1


def test_large_uploads_are_let_through_to_producers_only(site):
    body = b"x" * (17 << 20)
    assert site.ask("/photograph", "POST", body)[0].status == 413
    assert site.ask("/producer/products", "POST", body)[0].status != 413


def test_another_instance_takes_over_during_an_upgrade(site):
    path = sample_path(site)
    environment = {**site.environment, "PORT": str(site.spare)}
    spare = subprocess.Popen(unit_command("traceability.service"), cwd=PROJECT, env=environment, start_new_session=True)
    try:
        wait_until(lambda: listens(site.spare), 60)
        os.killpg(site.processes[0].pid, signal.SIGTERM)
        site.processes[0].wait(90)
        assert site.ask(path)[0].status == 200
    finally:
        site.processes[0] = site.start(unit_command("traceability.service"))
        wait_until(lambda: listens(site.port), 60)
        os.killpg(spare.pid, signal.SIGTERM)
        spare.wait(90)


def test_the_backup_s_unit_writes_a_backup(site):
    target = site.folder / "latest.backup"
    command = [
        part.replace("/var/lib/traceability/backups/latest.backup", str(target)) for part in unit_command("traceability-backup.service")
    ]
    subprocess.run(command, check=True, cwd=PROJECT, env=site.environment, stdout=subprocess.DEVNULL)
    assert target.stat().st_size > 10_000


def test_every_metric_of_the_alarms_is_told(site):
    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=20)

    def told() -> str:
        site.ask(sample_path(site))
        connection.request("GET", "/metrics", headers=PHONE)
        return connection.getresponse().read().decode()

    wanted = set(re.findall(r"traceability_[a-z_]+", (DEPLOY / "alerts.yml").read_text("utf-8"))) - {"traceability_refused_guesses_total"}
    wait_until(lambda: "traceability_scans_total" in told())
    assert sorted(name for name in wanted if name not in told()) == []
    connection.close()


def test_each_alarm_says_what_to_do():
    names = re.findall(r"alert: (\w+)", (DEPLOY / "alerts.yml").read_text("utf-8"))
    documented = (PROJECT / "docs" / "operations.md").read_text("utf-8")
    assert names and all(f"**{name}.**" in documented for name in names)
