"""Addresses, certificates, proxies, and what happens where they are wrong."""

from __future__ import annotations

import os
import socket
import socketserver
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

import ltb

from conftest import ROOT, Service, started

_MAKE = """
import { writeFileSync } from "node:fs";
import { createAuthority, local } from "./test/tls/certificates.ts";
const folder = process.argv[1];
const [ours, theirs] = [await createAuthority("Ours"), await createAuthority("Theirs")];
const pairs = { server: await ours.issue(local), client: await ours.issue({ commonName: "ltb-worker" }) };
writeFileSync(`${folder}/ca.crt`, ours.cert);
writeFileSync(`${folder}/other.crt`, theirs.cert);
for (const [name, { cert, key }] of Object.entries(pairs)) {
  writeFileSync(`${folder}/${name}.crt`, cert);
  writeFileSync(`${folder}/${name}.key`, key);
}
"""


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("certificates")
    path = f"{ROOT / 'node_modules' / '.bin'}{os.pathsep}{os.environ['PATH']}"
    arguments = ["node", "--input-type=module", "--eval", _MAKE, str(folder)]
    subprocess.run(arguments, check=True, cwd=ROOT, env={**os.environ, "PATH": path})
    folder.chmod(0o755)
    return folder


@pytest.fixture(scope="module")
def tls_service(certificates: Path) -> Iterator[Service]:
    yield from started(
        LTB_TLS_CERT_FILE=str(certificates / "server.crt"),
        LTB_TLS_KEY_FILE=str(certificates / "server.key"),
        LTB_TLS_CLIENT_CA_FILE=str(certificates / "ca.crt"),
    )


@pytest.fixture(params=["http", "grpc"])
def tls_url(request: pytest.FixtureRequest, tls_service: Service) -> str:
    return tls_service.http if request.param == "http" else tls_service.grpc


def test_files_of_the_environment_are_used(
    tls_url: str, tls_service: Service, certificates: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LTB_URL", tls_url)
    monkeypatch.setenv("LTB_API_KEY", tls_service.key)
    monkeypatch.setenv("LTB_TLS_CA_FILE", str(certificates / "ca.crt"))
    monkeypatch.setenv("LTB_TLS_CLIENT_CERT_FILE", str(certificates / "client.crt"))
    monkeypatch.setenv("LTB_TLS_CLIENT_KEY_FILE", str(certificates / "client.key"))
    with ltb.Client() as client:
        assert client.users.who_am_i().user.role == "ADMIN"


def test_an_authority_that_is_not_trusted_is_named(
    tls_url: str, tls_service: Service, certificates: Path
) -> None:
    tls = ltb.TlsFiles(ca_file=str(certificates / "other.crt"))
    with (
        ltb.Client(tls_url, api_key=tls_service.key, tls=tls, attempts=1) as client,
        pytest.raises(ltb.LtbError, match=r"certificate") as caught,
    ):
        client.users.who_am_i(timeout=5)
    assert caught.value.code == "UNAVAILABLE"


def test_a_service_that_demands_a_certificate_gets_one(
    tls_url: str, tls_service: Service, certificates: Path
) -> None:
    tls = ltb.TlsFiles(ca_file=str(certificates / "ca.crt"))
    # What the client sees of a refusal depends on who is first: the refusal, or the request.
    broken = r"LTB_TLS_CLIENT_CERT_FILE|connection to .* broke|cannot reach"
    with (
        ltb.Client(tls_url, api_key=tls_service.key, tls=tls, attempts=1) as client,
        pytest.raises(ltb.LtbError, match=broken) as caught,
    ):
        client.users.who_am_i(timeout=5)
    assert caught.value.code == "UNAVAILABLE"


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("localhost:50053", "expected http"),
        ("ftp://localhost:1", "expected http"),
        ("http://user:secret@localhost:1", "no user and password"),
        ("http://user:secret@localhost:1?a=b", "no user and password"),
        ("user:secret@localhost", "no user and password"),
        ("http://localhost:99999", "expected http"),
        ("grpc://localhost:50052/path", "expected http"),
        ("http://localhost:1?a=b", "expected http"),
    ],
)
def test_a_wrong_address_is_refused(url: str, message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        ltb.Client(url)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("key", ["two words", "line\n", "☾"])
def test_a_wrong_key_is_refused_and_not_shown(key: str) -> None:
    with pytest.raises(ValueError, match=r"api_key \(LTB_API_KEY\): expected ASCII") as caught:
        ltb.Client("http://localhost:1", api_key=key)
    assert key not in str(caught.value)


def test_files_that_cannot_be_used_are_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"tls\.ca_file \(LTB_TLS_CA_FILE\): expected a file"):
        ltb.Client("https://localhost:1", tls=ltb.TlsFiles(ca_file=str(tmp_path / "missing.crt")))
    empty = tmp_path / "empty.crt"
    empty.write_text("")
    with pytest.raises(ValueError, match=r"tls\.ca_file: expected certificates"):
        ltb.Client("https://localhost:1", tls=ltb.TlsFiles(ca_file=str(empty)))
    with pytest.raises(ValueError, match="cert_file and key_file"):
        ltb.Client("https://localhost:1", tls=ltb.TlsFiles(cert_file=str(empty)))


def test_the_port_of_the_other_protocol_is_named(service: Service) -> None:
    for url, hint in (
        ("http://" + service.grpc.removeprefix("grpc://"), r"it speaks gRPC: .* grpc://"),
        ("grpc://" + service.http.removeprefix("http://"), r"it speaks HTTP/1\.1: .* http://"),
    ):
        with ltb.Client(url, attempts=1) as client, pytest.raises(ltb.LtbError, match=hint) as caught:
            client.system.get_stats()
        assert caught.value.code == "UNAVAILABLE"


def test_a_service_that_is_away_is_named(url: str) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    away = f"{url.split(':')[0]}://127.0.0.1:{port}"
    with (
        ltb.Client(away, attempts=1) as client,
        pytest.raises(ltb.LtbError, match=rf"cannot (connect to|reach) {away}: .*refused") as caught,
    ):
        client.users.who_am_i(timeout=5)
    assert (caught.value.code, caught.value.reason) == ("UNAVAILABLE", None)


class _Proxy(socketserver.ThreadingTCPServer):
    """Forwards what it gets to a service, whatever the host that was asked for."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, target: tuple[str, int]) -> None:
        self.target = target
        self.seen: list[bytes] = []
        super().__init__(("127.0.0.1", 0), _Forward)


class _Forward(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        proxy = self.server
        assert isinstance(proxy, _Proxy)
        client: socket.socket = self.request
        head = b""
        while b"\r\n\r\n" not in head:
            head += client.recv(65536)
        proxy.seen.append(head)
        with socket.create_connection(proxy.target) as upstream:
            if head.startswith(b"CONNECT"):
                client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            else:
                # A proxy of clear text gets the whole address, of which the service wants the path.
                upstream.sendall(head.replace(b"http://ltb.example.com:1", b"", 1))
            back = threading.Thread(target=_copy, args=(upstream, client), daemon=True)
            back.start()
            _copy(client, upstream)
            back.join(5)


def _copy(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass  # One of them is gone.


@pytest.fixture
def proxy(service: Service) -> Iterator[_Proxy]:
    host, _, port = service.settings["LTB_HTTP_ADDRESS"].rpartition(":")
    with _Proxy((host, int(port))) as proxy:
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        yield proxy
        proxy.shutdown()


def test_the_proxy_of_the_environment_is_used(
    proxy: _Proxy, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", f"http://me:p%40ss@127.0.0.1:{proxy.server_address[1]}")
    with ltb.Client("http://ltb.example.com:1", api_key=service.key) as client:
        assert client.users.who_am_i().user.id
    assert b"POST http://ltb.example.com:1/ltb.v1.UserService/WhoAmI" in proxy.seen[0]
    assert b"roxy-authorization: basic bwu6cebzcw==" in proxy.seen[0].lower()


def test_no_proxy_is_used_for_this_machine_and_for_those_left_out(
    proxy: _Proxy, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.server_address[1]}")
    monkeypatch.setenv("no_proxy", "example.com")
    with ltb.Client(service.http, api_key=service.key) as client:
        assert client.users.who_am_i().user.id
    with ltb.Client("http://ltb.example.com:1", attempts=1) as client, pytest.raises(ltb.LtbError):
        client.users.who_am_i(timeout=3)
    assert proxy.seen == []


def test_the_import_loads_nothing_that_is_not_needed() -> None:
    code = "import sys, ltb; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    heavy = {"grpc", "google.protobuf", "asyncio", "urllib3", "pandas", "pytest", "dataclasses"}
    assert heavy.isdisjoint(loaded.split())


def test_without_grpcio_its_extra_is_named() -> None:
    code = "import sys; sys.modules['grpc'] = None; import ltb; ltb.Client('grpc://localhost:50052')"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert ended.returncode == 1
    assert "pip install 'llm-test-bench[grpc]'" in ended.stderr
