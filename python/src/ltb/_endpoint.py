"""Where the service is, and how to trust it."""

from __future__ import annotations

import ipaddress
import os
import re
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

DEFAULT_URL = "http://localhost:50053"


class TlsFiles(NamedTuple):
    """Files in PEM. What is not given comes from the environment, then from the system."""

    ca_file: str | None = None
    """Authorities to trust instead of the public ones. Default: LTB_TLS_CA_FILE."""
    cert_file: str | None = None
    """The client's certificate chain, with `key_file`. Default: LTB_TLS_CLIENT_CERT_FILE."""
    key_file: str | None = None
    """Its private key, not encrypted. Default: LTB_TLS_CLIENT_KEY_FILE."""
    server_name: str | None = None
    """The name that the server's certificate must have. Default: the host of the address."""


class Endpoint(NamedTuple):
    """An address that was checked."""

    is_grpc: bool
    is_secure: bool
    host: str
    port: int
    path: str = ""
    api_key: str | None = None
    tls: TlsFiles = TlsFiles()

    def __repr__(self) -> str:
        return f"Endpoint({self.url})"  # Not the key.

    @property
    def authority(self) -> str:
        """`host:port`, with brackets around an IPv6 host."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def url(self) -> str:
        """The whole address, in one spelling."""
        scheme = ("grpc" if self.is_grpc else "http") + ("s" if self.is_secure else "")
        return f"{scheme}://{self.authority}{self.path}"

    @property
    def is_local(self) -> bool:
        """True where only programs of this machine can be meant."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


# The ports where the address names none: the service's own in clear text, that of the Web with TLS.
_PORTS = {"http": 50053, "https": 443, "grpc": 50052, "grpcs": 443}


def endpoint_of(url: str | None, api_key: str | None, tls: TlsFiles | None) -> Endpoint:
    """Reads the address and completes it from LTB_URL, LTB_API_KEY and LTB_TLS_….

    Raises ValueError that says which part is wrong.
    """
    given = url or os.environ.get("LTB_URL") or DEFAULT_URL
    # It is looked for in the text, since an address that is wrong besides would be shown.
    if "@" in given:
        raise ValueError("url: expected no user and password in it; give api_key, or set LTB_API_KEY")
    parts = urlsplit(given)
    expected = (
        f"url: expected http(s)://host:port or grpc(s)://host:port, such as {DEFAULT_URL}, got {given!r}"
    )
    if parts.scheme not in _PORTS or not parts.hostname or parts.query or parts.fragment:
        raise ValueError(expected)
    try:
        port = parts.port or _PORTS[parts.scheme]
    except ValueError as error:
        raise ValueError(expected) from error
    is_grpc = parts.scheme.startswith("grpc")
    path = parts.path.rstrip("/")
    if is_grpc and path:
        raise ValueError(expected)
    key = (os.environ.get("LTB_API_KEY") if api_key is None else api_key) or None
    if key is not None and not re.fullmatch("[!-~]+", key):
        raise ValueError("api_key (LTB_API_KEY): expected ASCII without spaces and line breaks")
    return Endpoint(
        is_grpc,
        parts.scheme in ("https", "grpcs"),
        parts.hostname,
        port,
        path,
        key,
        _completed(tls or TlsFiles()),
    )


def _completed(tls: TlsFiles) -> TlsFiles:
    files = {
        "ca_file": ("LTB_TLS_CA_FILE", tls.ca_file),
        "cert_file": ("LTB_TLS_CLIENT_CERT_FILE", tls.cert_file),
        "key_file": ("LTB_TLS_CLIENT_KEY_FILE", tls.key_file),
    }
    found: dict[str, str | None] = {}
    for name, (variable, given) in files.items():
        file = given or os.environ.get(variable) or None
        if file is not None and not Path(file).is_file():
            raise ValueError(
                f"tls.{name} ({variable}): expected a file in PEM, got {file!r}, which is no file"
            )
        found[name] = file
    if (found["cert_file"] is None) != (found["key_file"] is None):
        raise ValueError(
            "tls: expected cert_file and key_file (LTB_TLS_CLIENT_…_FILE) together, got one of them"
        )
    return TlsFiles(found["ca_file"], found["cert_file"], found["key_file"], tls.server_name)
