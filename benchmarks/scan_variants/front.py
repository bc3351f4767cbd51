"""nginx: with the page as a file, which is the limit, and in front of the service, as it is run."""

import datetime
import gzip
import os
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from benchmarks.scan_variants.bench import Server, free_port


def serve_file(folder: Path, page: bytes) -> Server:
    """nginx with the page as a file, whatever the path."""
    (folder / "file").mkdir()
    (folder / "file" / "page.html.gz").write_bytes(gzip.compress(page))
    (folder / "file" / "page.html").write_bytes(page)
    port = free_port()
    place = f"root {folder / 'file'}; gzip_static always; location / {{ try_files /page.html =404; }}"
    return _start("file", folder, port, f"default_type text/html; server {{ listen 127.0.0.1:{port}; {place} }}")


def serve_behind(folder: Path, server: Server) -> tuple[Server, str]:
    """nginx in front of a server, connections to it kept alive; and its address for TLS."""
    port, secure = free_port(), free_port()
    _make_certificate(folder)
    behind = server.base.rpartition("/")[2]
    tls = f"listen 127.0.0.1:{secure} ssl; ssl_certificate {folder}/cert.pem; ssl_certificate_key {folder}/key.pem;"
    place = 'location / { proxy_pass http://ours; proxy_http_version 1.1; proxy_set_header Connection ""; }'
    upstream = f"upstream ours {{ server {behind}; keepalive 64; }}"
    http = f"{upstream} server {{ listen 127.0.0.1:{port}; {tls} keepalive_requests 1000000; {place} }}"
    return _start("behind nginx", folder, port, http), f"https://127.0.0.1:{secure}"


def _start(name: str, folder: Path, port: int, http: str) -> Server:
    path = folder / f"nginx-{port}.conf"
    user = "user root;" if os.getuid() == 0 else ""
    head = f"daemon off; {user} pid {path}.pid; error_log stderr crit; worker_processes 2;"
    path.write_text(f"{head} events {{}} http {{ access_log off; {http} }}\n")
    return Server(name, ["nginx", "-c", str(path), "-p", str(folder)], dict(os.environ), port)


def _make_certificate(folder: Path) -> None:
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
    made = made.not_valid_before(now).not_valid_after(now + datetime.timedelta(days=1))
    (folder / "cert.pem").write_bytes(made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "key.pem").write_bytes(key.private_bytes(*form))
