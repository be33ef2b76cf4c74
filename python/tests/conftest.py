"""The service that tests run against: from this repository, with its embedded PostgreSQL."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import IO, Any, TypeVar

import pytest

import ltb

T = TypeVar("T")
ROOT = Path(__file__).parents[2]
DATA = ROOT / "test" / "data"
_TIMES = ("createdAt", "startedAt", "completedAt")

# How long a test waits for something that must come, however busy the machine is.
PATIENCE_S = 60.0


class Service:
    """A service in a process of its own, which can be killed and started again at the same addresses."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.settings = {"LTB_GRPC_ADDRESS": "127.0.0.1:0", "LTB_HTTP_ADDRESS": "127.0.0.1:0", **settings}
        self.start()
        self.key = (self.data / "admin.key").read_text().strip()

    def start(self) -> None:
        kept = {name: value for name, value in os.environ.items() if not re.match("(LTB|DATABASE)_", name)}
        path = f"{ROOT / 'node_modules' / '.bin'}{os.pathsep}{os.environ['PATH']}"
        env = {**kept, "PATH": path, "LTB_DATA_DIR": str(self.data), "LTB_LOG_LEVEL": "warn", **self.settings}
        node = shutil.which("node", path=path)
        assert node is not None, "node is not installed: npm ci"
        self.process = subprocess.Popen(
            [node, str(ROOT / "src" / "main.ts"), "serve"],
            cwd=self.folder,
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        screen = ""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            screen += line
            if "Stop it" in line:
                break
        else:
            raise AssertionError(f"the service ended with {self.process.wait()}: {screen}")
        grpc = re.search(r"^ {2}gRPC +(\S+)", screen, re.MULTILINE)
        http = re.search(r"^ {2}Connect\D+(https?:\S+)$", screen, re.MULTILINE)
        assert grpc
        assert http
        is_secure = "LTB_TLS_CERT_FILE" in self.settings
        self.http = http[1]
        self.grpc = ("grpcs://" if is_secure else "grpc://") + grpc[1]
        if is_secure:
            self.http = self.http.replace("127.0.0.1", "localhost")
            self.grpc = self.grpc.replace("127.0.0.1", "localhost")
        self.settings["LTB_GRPC_ADDRESS"] = grpc[1]
        self.settings["LTB_HTTP_ADDRESS"] = re.sub("^https?://", "", http[1])
        # What it writes has to be read, or it would block.
        self.reader = threading.Thread(target=_read_to_end, args=(self.process.stdout,), daemon=True)
        self.reader.start()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        self.reader.join()

    def pause(self) -> None:
        """It keeps its connections and answers nothing."""
        self.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            assert self.process.wait(60) == 0
            self.reader.join()


def _read_to_end(output: IO[str]) -> None:
    with output:
        output.read()


def started(**settings: str) -> Iterator[Service]:
    folder = Path(tempfile.mkdtemp(prefix="ltb-python-"))
    # As root the embedded PostgreSQL runs as another user.
    folder.chmod(0o711)
    try:
        service = Service(folder, **settings)
        try:
            yield service
        finally:
            service.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def service() -> Iterator[Service]:
    yield from started(LTB_CONSOLE_HOSTS="ltb.example.com")


@pytest.fixture(scope="session")
def own_service() -> Iterator[Service]:
    """One that a test may kill."""
    yield from started()


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing of the machine's own: neither its service nor its spool."""
    for name in [
        name for name in os.environ if re.match("LTB_(?!KILLS|SEED)|.*_proxy$", name, re.IGNORECASE)
    ]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("LTB_SPOOL_DIR", str(tmp_path / "spool"))


@pytest.fixture(params=["http", "grpc"])
def url(request: pytest.FixtureRequest, service: Service) -> str:
    """The address of each port."""
    return service.http if request.param == "http" else service.grpc


@pytest.fixture
def client(url: str, service: Service) -> Iterator[ltb.Client]:
    with ltb.Client(url, api_key=service.key) as client:
        yield client


class Stub(ThreadingHTTPServer):
    """A server that answers as a test wants, and remembers the methods and bodies that it was sent."""

    daemon_threads = True

    def __init__(self) -> None:
        self.seen: list[tuple[str, bytes]] = []
        self.answer: Callable[[str, bytes], tuple[int, object]] = lambda method, body: (
            200,
            {"benchmark": {}},
        )
        super().__init__(("127.0.0.1", 0), _StubHandler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"


class _StubHandler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        assert isinstance(self.server, Stub)
        method = self.path.rpartition("/")[2]
        length = self.headers["content-length"]
        body = self.rfile.read(int(length)) if length else b"".join(self._chunks())
        self.server.seen.append((method, body))
        status, content = self.server.answer(method, body)
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _chunks(self) -> Iterator[bytes]:
        while length := int(self.rfile.readline(), 16):
            yield self.rfile.read(length)
            self.rfile.readline()
        self.rfile.readline()

    def log_message(self, format: str, *args: object) -> None:
        pass


def busy(duration: bytes) -> dict[str, object]:
    """The error of a service that asks callers to wait: for a google.protobuf.Duration of these bytes."""
    value = base64.b64encode(bytes([0x0A, len(duration)]) + duration).decode()
    detail = {"type": "google.rpc.RetryInfo", "value": value}
    return {"code": "resource_exhausted", "message": "busy", "details": [detail]}


@pytest.fixture
def stub() -> Iterator[Stub]:
    with Stub() as stub:
        threading.Thread(target=stub.serve_forever, daemon=True).start()
        yield stub
        stub.shutdown()


@pytest.fixture(params=["away", "silent"])
def unanswered_url(request: pytest.FixtureRequest, stub: Stub) -> str:
    """The address of a service that does not answer."""

    def answer(_method: str, _body: bytes) -> tuple[int, object]:
        time.sleep(30)
        return 503, {}

    stub.answer = answer
    return stub.url if request.param == "silent" else "http://127.0.0.1:9"


@pytest.fixture
def dataset() -> str:
    """A name that no other test has."""
    return f"dataset-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def over_http(service: Service, monkeypatch: pytest.MonkeyPatch) -> ltb.Client:
    monkeypatch.setenv("LTB_URL", service.http)
    monkeypatch.setenv("LTB_API_KEY", service.key)
    return ltb.Client()


def stored(client: ltb.Client, benchmark: str) -> list[str]:
    return sorted(one.sample_id for one in client.benchmarks.export_evaluations(benchmark))


def spooled() -> list[Path]:
    folder = Path(os.environ["LTB_SPOOL_DIR"])
    return sorted(folder.glob("*-*.jsonl")) if folder.exists() else []


def imported(service: Service, path: Path) -> list[dict[str, Any]]:
    """What `ltb import` says of the benchmarks of a log."""
    binaries = f"{ROOT / 'node_modules' / '.bin'}{os.pathsep}{os.environ['PATH']}"
    address = service.grpc.removeprefix("grpc://")
    answer = subprocess.check_output(
        [shutil.which("node", path=binaries) or "node", ROOT / "src" / "main.ts", "import", "--json", path],
        env={**os.environ, "PATH": binaries, "LTB_API_KEY": service.key, "LTB_ADDRESS": address},
    )
    return json.loads(answer)["benchmarks"]


def program(code: str, *arguments: str, **env: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code), *arguments],
        env={**os.environ, **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(process: subprocess.Popen[str], timeout: float = 60) -> tuple[str, str]:
    out, err = process.communicate(timeout=timeout)
    return out.strip(), err


def as_imported(found: dict[str, Any]) -> dict[str, Any]:
    """The fields by the names that golden files of the importer have, without those that are empty."""

    def camel(name: str) -> str:
        first, *others = name.split("_")
        return first + "".join(one.capitalize() for one in others)

    return {camel(name): one for name, one in found.items() if one not in ({}, [])}


def with_times(golden: dict[str, Any]) -> dict[str, Any]:
    """What a golden file has, with its times read."""
    return {name: datetime.fromisoformat(one) if name in _TIMES else one for name, one in golden.items()}


def eventually(look: Callable[[], T | None], what: str, timeout: float = PATIENCE_S) -> T:
    """What `look` gives, once that is something."""
    end = time.monotonic() + timeout
    while not (found := look()):
        assert time.monotonic() < end, f"in {timeout} s there was no {what}"
        time.sleep(0.01)
    return found
