"""The settings: the only reader of the environment. A wrong setting stops the start with one clear line."""

import ipaddress
import os
import re
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
PROJECT = Path(__file__).resolve().parent.parent
LANGUAGES = ("vi", "en", "zh")
# Name, default as a person reads it, meaning. docs/operations.md repeats this table and a test compares them.
SETTINGS = (
    ("PUBLIC_URL", "where it serves", "the address that goes into codes, without a path"),
    ("DATABASE_URL", "SQLite in INSTANCE", "`sqlite:///FILE` or `postgresql+psycopg://USER:PASSWORD@HOST/NAME`"),
    ("HOST", "127.0.0.1", "the address to listen on"),
    ("PORT", "8000", "the port to listen on"),
    ("LAN", "", "`1`: listen on the machine's network address, so that phones beside it open the codes"),
    ("WORKERS", "one a core, at most 4", "how many processes serve"),
    ("INSTANCE", "instance/", "the folder of keys, secrets and the SQLite database"),
    ("TRUSTED_PROXIES", "0", "how many proxies stand in front and set `X-Forwarded-For`"),
    ("SCAN_SYNC", "soon", "`soon`: a scan is on the disk 5 ms after its answer; `wait`: before it"),
    ("SCAN_RETENTION_MONTHS", "24", "how long single scans are kept; their counts stay"),
    ("SCAN_PLACES", "", "a table of networks and their rough places (see suspects.md); without it no scan has a place"),
    ("LOADER", "1", "`0`: `serve` starts no loader of scans, since `load-scans` runs by itself"),
    ("METRICS_FROM", "127.0.0.0/8, ::1", "networks that may read `/metrics` and `/readyz`, with commas between"),
    ("LOG_FORMAT", "plain on a terminal, else json", "`json`: an object a line; `plain`"),
    ("OPERATOR", "Tem truy xuất Lào Cai (thử nghiệm)", "who runs the service, as the pages' footer says"),
    ("OPERATOR_CONTACT", "", "a phone number or e-mail address for the footer"),
    (
        "OPEN_DATA_LICENCE",
        "",
        "under which licence everybody may use the open data, such as `CC-BY-4.0`; without it the page says that none is named",
    ),
    ("SMTP_HOST", "", "the mail server that sends links; without it they are shown to whoever makes them"),
    ("SMTP_PORT", "587, of `tls` 465, of `none` 25", "the mail server's port"),
    ("SMTP_SECURITY", "starttls", "`starttls`, `tls` or `none`; certificates are checked"),
    ("SMTP_USER", "", "the login at the mail server"),
    ("SMTP_PASSWORD", "", "the password at the mail server"),
    ("SMTP_FROM", "", "the address that mails come from, needed with SMTP_HOST"),
)
# How a mail server is spoken to, each with its usual port.
SMTP_PORTS = {"starttls": 587, "tls": 465, "none": 25}
_HOST = re.compile(r"(?=.{1,253}\Z)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*", re.IGNORECASE)
_SENDER = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,253}")
_PRIVATE_SUFFIXES = (".local", ".localhost", ".internal", ".lan", ".home.arpa", ".test", ".invalid")


class SettingError(Exception):
    """A setting that cannot be used; the message is one line that says which and why."""


@dataclass(frozen=True)
class MailServer:
    """Where mails are handed in. `security` is `starttls`, `tls` or `none`."""

    host: str
    port: int
    security: str
    sender: str
    user: str = ""
    password: str = field(default="", repr=False)


@dataclass(frozen=True)
class Settings:
    """All settings, checked. `test_mode`: the public address is not a public HTTPS one, so labels bear MẪU."""

    public_url: str
    database_url: str = field(repr=False)
    host: str
    port: int
    workers: int
    instance: Path
    trusted_proxies: int
    operator: str
    operator_contact: str
    open_data_licence: str
    test_mode: bool
    language: str = "en"
    scan_sync: str = "soon"
    scan_retention_months: int = 24
    scan_places: Path | None = None
    loader: bool = True
    metrics_from: tuple[Network, ...] = ()
    log_format: str = "plain"
    # Where workers share what they measure; set by `serve` for its children.
    metrics_folder: Path | None = None
    mail_server: MailServer | None = None

    @property
    def public_host(self) -> str:
        """The host that codes bear: in capitals, without a port."""
        host = urlsplit(self.public_url).hostname
        assert host
        return host.upper()

    @property
    def keys_folder(self) -> Path:
        """Where private keys and the key file lie."""
        return self.instance / "keys"


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """The settings from the environment. Raises SettingError."""
    given = {name: value.strip() for name, value in (os.environ if environment is None else environment).items()}
    instance = Path(given.get("INSTANCE") or PROJECT / "instance").resolve()
    port = _number(given, "PORT", 8000, 1, 65535)
    host = given.get("HOST") or (_lan_address() if given.get("LAN") in ("1", "true", "yes") else "127.0.0.1")
    public_url, test_mode = _public_url(given.get("PUBLIC_URL") or _served_at(host, port))
    return Settings(
        public_url=public_url,
        database_url=_database_url(given.get("DATABASE_URL") or f"sqlite:///{instance / 'traceability.db'}"),
        host=host,
        port=port,
        workers=_number(given, "WORKERS", min(4, os.cpu_count() or 1), 1, 64),
        instance=instance,
        trusted_proxies=_number(given, "TRUSTED_PROXIES", 0, 0, 10),
        operator=given.get("OPERATOR") or "Tem truy xuất Lào Cai (thử nghiệm)",
        operator_contact=given.get("OPERATOR_CONTACT", ""),
        open_data_licence=given.get("OPEN_DATA_LICENCE", ""),
        test_mode=test_mode,
        language=_language(given),
        scan_sync=_one_of(given, "SCAN_SYNC", ("soon", "wait")),
        scan_retention_months=_number(given, "SCAN_RETENTION_MONTHS", 24, 1, 1200),
        scan_places=Path(given["SCAN_PLACES"]).resolve() if given.get("SCAN_PLACES") else None,
        metrics_from=_networks(given.get("METRICS_FROM") or "127.0.0.0/8, ::1"),
        log_format=_one_of(given, "LOG_FORMAT", ("plain", "json") if sys.stderr.isatty() else ("json", "plain")),
        metrics_folder=Path(given["PROMETHEUS_MULTIPROC_DIR"]) if given.get("PROMETHEUS_MULTIPROC_DIR") else None,
        loader=_one_of(given, "LOADER", ("1", "0")) == "1",
        mail_server=_mail_server(given),
    )


def _number(given: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    text = given.get(name) or str(default)
    if not (text.isascii() and text.isdigit() and len(text) < 10 and least <= int(text) <= most):
        raise SettingError(f"{name}={text!r}: a whole number from {least} to {most} is needed")
    return int(text)


def _served_at(host: str, port: int) -> str:
    # An address that means "all of them" is none that a phone could open.
    name = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104
    return f"http://{name}" + ("" if port == 80 else f":{port}")


def _public_url(text: str) -> tuple[str, bool]:
    try:
        parts = urlsplit(text)
    except ValueError:
        raise SettingError(f"PUBLIC_URL={text!r}: not an address") from None
    try:
        port = parts.port
    except ValueError:
        raise SettingError(f"PUBLIC_URL={text!r}: the port is not a number from 0 to 65535") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise SettingError(f"PUBLIC_URL={text!r}: it must begin with https:// (or http:// for tests) and name a host")
    if parts.path not in ("", "/") or parts.query or parts.fragment or "@" in parts.netloc:
        raise SettingError(f"PUBLIC_URL={text!r}: only scheme, host and port are allowed, no path, user or query")
    if not _HOST.fullmatch(parts.hostname):
        raise SettingError(f"PUBLIC_URL={text!r}: the host must be a name or an IPv4 address in ASCII letters")
    default_port = 443 if parts.scheme == "https" else 80
    suffix = "" if port in (None, default_port) else f":{port}"
    test_mode = parts.scheme == "http" or bool(suffix) or not is_public_host(parts.hostname)
    return f"{parts.scheme}://{parts.hostname}{suffix}", test_mode


def is_public_host(host: str) -> bool:
    """Whether a host can be reached by phones anywhere."""
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        return "." in host and not host.endswith(_PRIVATE_SUFFIXES)


def _database_url(text: str) -> str:
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise SettingError("DATABASE_URL: not a database address") from None
    if url.drivername in ("postgresql", "postgres"):
        url = url.set(drivername="postgresql+psycopg")
    if url.drivername not in ("sqlite", "postgresql+psycopg"):
        raise SettingError(f"DATABASE_URL: {url.drivername} is not served; use sqlite:///FILE or postgresql+psycopg://…")
    if url.drivername == "sqlite" and (url.database in (None, "", ":memory:") or url.query):
        raise SettingError("DATABASE_URL: SQLite needs a plain file, since several processes serve: sqlite:////PATH")
    return url.render_as_string(hide_password=False)


def _lan_address() -> str:
    """The address by which this machine is reached from its network. Connecting a datagram socket sends nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            raise SettingError("LAN=1: this machine has no network; connect it, or set HOST and PUBLIC_URL") from None
        return str(probe.getsockname()[0])


def _mail_server(given: Mapping[str, str]) -> MailServer | None:
    host, sender, user, password = (given.get(f"SMTP_{name}", "") for name in ("HOST", "FROM", "USER", "PASSWORD"))
    if not host:
        return None
    if not _HOST.fullmatch(host):
        raise SettingError(f"SMTP_HOST={host!r}: a host name or an IPv4 address is needed, without a port")
    if not _SENDER.fullmatch(sender):
        raise SettingError(f"SMTP_FROM={sender!r}: an e-mail address is needed, since SMTP_HOST is set")
    security = given.get("SMTP_SECURITY") or "starttls"
    if security not in SMTP_PORTS:
        raise SettingError(f"SMTP_SECURITY={security!r}: choose starttls, tls or none")
    if bool(user) != bool(password):
        raise SettingError("SMTP_USER and SMTP_PASSWORD: set both or neither")
    if security == "none" and password and host not in ("localhost", "127.0.0.1"):
        raise SettingError("SMTP_SECURITY='none': the password would cross the network for all to read; choose starttls or tls")
    return MailServer(host, _number(given, "SMTP_PORT", SMTP_PORTS[security], 1, 65535), security, sender, user, password)


def _one_of(given: Mapping[str, str], name: str, words: tuple[str, ...]) -> str:
    chosen = given.get(name) or words[0]
    if chosen not in words:
        raise SettingError(f"{name}={chosen!r}: choose {' or '.join(words)}")
    return chosen


def _networks(text: str) -> tuple[Network, ...]:
    try:
        return tuple(ipaddress.ip_network(part.strip()) for part in text.split(","))
    except ValueError:
        raise SettingError(f"METRICS_FROM={text!r}: networks such as 10.0.0.0/8 are needed, with commas between") from None


def environment_of_workers(folder: Path) -> dict[str, str]:
    """The environment of what `serve` starts: this process's, and the folder where workers share what they measure."""
    # Numbers of labels are added up in one thread: those that numpy's library would start for each core are only memory.
    return {"OPENBLAS_NUM_THREADS": "1", **os.environ, "PROMETHEUS_MULTIPROC_DIR": str(folder)}


def _language(given: Mapping[str, str]) -> str:
    locale = given.get("LC_ALL") or given.get("LC_MESSAGES") or given.get("LANG") or ""
    return next((language for language in ("vi", "zh") if locale.startswith(language)), "en")
