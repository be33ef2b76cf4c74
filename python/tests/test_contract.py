"""The generated part knows the whole contract, and both transports reach all of it."""

from __future__ import annotations

import inspect
import json
import re
from pathlib import Path

import ltb
from ltb._calls import Method
from ltb._codec import Message, decode, encode, encode_message
from ltb._generated import async_services, sync_services
from ltb._version import __version__

from conftest import ROOT

METHODS = [value for value in vars(sync_services).values() if isinstance(value, Method)]


def test_every_method_of_the_contract_is_there() -> None:
    protos = "".join(file.read_text() for file in (ROOT / "proto" / "ltb" / "v1").glob("*.proto"))
    assert len(METHODS) == len(re.findall(r"^  rpc ", protos, re.MULTILINE)) > 70


def test_every_method_reaches_the_service(client: ltb.Client) -> None:
    transport = client.caller.transport
    for method in METHODS:
        try:
            if method.path.endswith("StreamEvaluations"):
                transport.upload(method.path, ["{}"], {}, 5)
            elif re.search("/(Watch|Export)", method.path):
                stream = transport.stream(method.path, "{}", {}, 5)
                next(stream, None)
                stream.cancel()
            elif not method.path.endswith(("Cleanup", "Logout")):
                transport.unary(method.path, "{}", {}, 5)
        except ltb.LtbError as error:
            assert error.reason is not None, f"{method.path}: {error}"
            assert error.code != "UNIMPLEMENTED", method.path


def test_both_kinds_of_clients_have_the_same_methods() -> None:
    for name, service in inspect.getmembers(sync_services, inspect.isclass):
        if not name.endswith("Service"):
            continue
        twin = getattr(async_services, f"Async{name}")
        for method, function in inspect.getmembers(service, inspect.isfunction):
            if not method.startswith("_"):
                assert list(inspect.signature(function).parameters) == list(
                    inspect.signature(getattr(twin, method)).parameters
                )


def test_every_message_is_written_as_it_is_read() -> None:
    """An empty message goes there and back; so every kind of every field has a reader and a writer."""
    for _, cls in inspect.getmembers(ltb.models, inspect.isclass):
        if issubclass(cls, Message) and cls is not Message:
            message = cls()
            assert decode(cls, encode_message(message)) == message
            assert repr(message).startswith(f"{cls.__name__}(")


def test_a_value_of_a_later_service_is_kept_as_it_came() -> None:
    benchmark = decode(ltb.models.Benchmark, {"id": "a", "status": 77, "newField": {"a": 1}})
    assert (benchmark.id, benchmark.status) == ("a", "77")
    assert encode(ltb.models.Benchmark._fields, {"status": "RUNNING"}, False) == {
        "status": "BENCHMARK_STATUS_RUNNING"
    }


def test_the_version_is_that_of_the_service() -> None:
    assert json.loads((ROOT / "package.json").read_text())["version"] == __version__
    assert f"## {__version__}" in (Path(__file__).parents[1] / "CHANGELOG.md").read_text()
