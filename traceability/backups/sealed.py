"""Private keys under a passphrase: scrypt (RFC 7914) makes the key, AES-256-GCM seals."""

import json
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from traceability.backups.faults import BackupFault

LEAST_PASSPHRASE = 12
_PURPOSE = b"traceability backup keys 1"
# 128 MB and about half a second for each try.
_N, _R, _P = 1 << 17, 8, 1
_LARGEST_N = 1 << 20


def seal(files: dict[str, bytes], passphrase: str) -> bytes:
    """Files by name as one sealed text. Raises BackupFault for a passphrase that is too short."""
    if len(passphrase) < LEAST_PASSPHRASE:
        raise BackupFault(f"a passphrase has {LEAST_PASSPHRASE} characters at least")
    salt, nonce = os.urandom(16), os.urandom(12)
    content = json.dumps({name: value.hex() for name, value in files.items()}).encode()
    header = {"kdf": "scrypt", "n": _N, "r": _R, "p": _P, "salt": salt.hex(), "nonce": nonce.hex()}
    sealed = AESGCM(_key(passphrase, salt, _N)).encrypt(nonce, content, _PURPOSE)
    return json.dumps(header).encode() + b"\n" + sealed


def unseal(content: bytes, passphrase: str) -> dict[str, bytes]:
    """The files. Raises BackupFault for a wrong passphrase or a changed text, which cannot be told apart."""
    line, _, sealed = content.partition(b"\n")
    try:
        header = json.loads(line)
        salt, nonce, n = bytes.fromhex(header["salt"]), bytes.fromhex(header["nonce"]), int(header["n"])
        if header["kdf"] != "scrypt" or (header["r"], header["p"]) != (_R, _P) or not 1 < n <= _LARGEST_N:
            raise BackupFault("the keys are sealed in a way that this release does not know")
        opened = AESGCM(_key(passphrase, salt, n)).decrypt(nonce, sealed, _PURPOSE)
        return {name: bytes.fromhex(value) for name, value in json.loads(opened).items()}
    except InvalidTag:
        raise BackupFault("the passphrase is not the one that sealed the keys") from None
    except (ValueError, KeyError, TypeError):
        raise BackupFault("the sealed keys are damaged") from None


def _key(passphrase: str, salt: bytes, n: int) -> bytes:
    return Scrypt(salt=salt, length=32, n=n, r=_R, p=_P).derive(passphrase.encode("utf-8"))
