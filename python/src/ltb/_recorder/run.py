"""A run: a benchmark whose evaluations are recorded while they happen."""

from __future__ import annotations

import math
import os
import signal
import sys
import threading
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from types import FrameType, TracebackType
from typing import Any, Literal, Self, cast

from .._codec import NO_TEXT, JsonText, Message, encode, encode_time, is_text, to_json
from .._endpoint import Endpoint, endpoint_of
from .._generated import models as m
from .._generated.sync_services import BENCHMARK_CREATE_BENCHMARK, BENCHMARK_UPDATE_BENCHMARK
from .._ids import uuid7
from ..client import Client
from .arguments import NAME_CHARS, PROVIDER_CHARS, count_of, labels_of, mapping_of, named, text_of, uuid_of
from .sender import before_close, exit_timeout, register_exit, sender_of
from .spool import Entry

# The service takes 64 KiB; the last line of a traceback says what happened.
MOST_ERROR_CHARS = 16_000

Status = Literal["COMPLETED", "FAILED", "CANCELLED"]

_clients: dict[tuple[Endpoint, str | None], Client] = {}
_open_runs: set[Run] = set()


def run(
    name: str,
    *,
    model: str,
    dataset: str,
    provider: str | None = None,
    total: int | None = None,
    labels: Mapping[str, str] | None = None,
    metadata: Mapping[str, Any] | None = None,
    id: str | None = None,
    client: Client | None = None,
) -> Run:
    """Begins a run. It waits for nothing: the benchmark is created behind it, and so are its evaluations.

    As a context manager it ends COMPLETED, FAILED by an exception, or CANCELLED by Ctrl-C and SIGTERM; else
    call `finish`.

    Args:
        name: Name of the benchmark, 1 to 255 characters.
        model: Model under test, 1 to 255 characters.
        dataset: Dataset that it is run on, 1 to 255 characters.
        provider: Provider of the model, 1 to 100 characters. Default: what stands before the first slash of
            `model`, else `unknown`.
        total: Planned number of evaluations, 0 to 2147483647. Default: not known.
        labels: Labels to find it by: at most 64, with keys of 1 to 63 characters and values of at most 255.
        metadata: Further data, as JSON.
        id: A UUID. That of an earlier run goes on with it. Default: a new one.
        client: Where to. Default: the client of the environment.

    Raises:
        ValueError: An argument, or LTB_URL, is wrong; the message names it.
        TypeError: An argument is of another type, or `metadata` is no JSON.
    """
    for argument, value in (("name", name), ("model", model), ("dataset", dataset)):
        named(argument, lambda one: text_of(one, 1, NAME_CHARS), value)
    first, slash, _ = model.partition("/")
    provider = provider or (first if slash and first else "unknown")
    values = {
        "id": uuid7() if id is None else named("id", uuid_of, id),
        "name": name,
        "model": model,
        "dataset": dataset,
        "provider": named("provider", lambda one: text_of(one, 1, PROVIDER_CHARS), provider),
        "total_iterations": None if total is None else named("total", count_of, total),
        "labels": None if labels is None else named("labels", labels_of, labels),
        "metadata": None if metadata is None else named("metadata", mapping_of, metadata),
    }
    return Run(client or client_of_environment(), values)


class Run:
    """A benchmark that evaluations are recorded for. Threads, loops and, over HTTP, forks may share it."""

    def __init__(self, client: Client, values: dict[str, Any]) -> None:
        self.id: str = values["id"]
        """Id of the benchmark."""
        self._client = client
        self._create = to_json(encode(BENCHMARK_CREATE_BENCHMARK.fields, values, False))
        self._begin = f'{{"benchmarkId":{to_json(self.id)},'
        self._sender = sender_of(client.caller, client.url)
        self._pid = os.getpid()
        self._former_handler: Any = None
        _open_runs.add(self)
        register_exit()
        self._put("create", self._create)

    def log(
        self,
        *,
        sample_id: str | int | None = None,
        repetition: int = 0,
        input: object = "",
        output: object = None,
        expected: object = None,
        score: float | None = None,
        metrics: Mapping[str, Any] | None = None,
        error: str | BaseException | None = None,
        latency_ms: float | None = None,
        input_tokens: int | None = None,
        output_tokens: int | None = None,
        cost_usd: float | None = None,
        metadata: Mapping[str, Any] | None = None,
        created_at: datetime | None = None,
        id: str | None = None,
        durable: bool = False,
    ) -> None:
        """Records one evaluation. It takes microseconds, waits for nothing and never raises.

        What cannot be recorded is told by the logger `ltb` and kept in `rejected.jsonl` of the spool.

        Args:
            sample_id: Id of the sample in the dataset. With it, and the repetition, an evaluation is stored
                once however often it is recorded; the first result stands.
            repetition: Repetition of the sample, 0 to 2147483647.
            input: What the model was given: text, or JSON such as a list of messages.
            output: What it answered. Default: empty, or none if there is an `error`.
            expected: What was expected. Default: nothing.
            score: Main score.
            metrics: Further metrics by name.
            error: Why the sample failed: text, or the exception with its traceback.
            latency_ms: Time that the model took, in milliseconds.
            input_tokens: Tokens that it read, 0 to 2147483647.
            output_tokens: Tokens that it wrote, 0 to 2147483647.
            cost_usd: Cost in US dollars.
            metadata: Further data, as JSON; what JSON does not know becomes text.
            created_at: When the sample was evaluated. Default: now.
            id: A UUID. Default: none with a `sample_id`, else a new one.
            durable: Returns once the evaluation is on this machine's disk, from where `ltb-sync` sends it
                even if the process is killed. It raises OSError if that fails, and ValueError or TypeError
                for what can never be stored.
        """
        try:
            at = datetime.now(UTC) if created_at is None else created_at
            values: dict[str, Any] = {"createdAt": named("created_at", encode_time, at)}
            own_id = id
            if sample_id is not None and sample_id != "":
                values["sampleId"] = str(sample_id)
            else:
                own_id = id or uuid7()
            if own_id:
                values["id"] = own_id
            if repetition:
                values["repetition"] = named("repetition", count_of, repetition)
            values["input"] = input if isinstance(input, str) else named("input", _json_of, input)
            if output is not None:
                values["output"] = output if isinstance(output, str) else named("output", _json_of, output)
            elif error is None:
                values["output"] = ""
            if expected is not None:
                values["expected"] = (
                    expected if isinstance(expected, str) else named("expected", _json_of, expected)
                )
            if score is not None:
                values["score"] = named("score", _number, score)
            if metrics:
                values["metricsJson"] = named("metrics", _json_of, metrics)
            if error is not None:
                values["error"] = _text_of(error)
            if latency_ms is not None:
                values["latencyMs"] = named("latency_ms", _number, latency_ms)
            if input_tokens is not None:
                values["inputTokens"] = named("input_tokens", count_of, input_tokens)
            if output_tokens is not None:
                values["outputTokens"] = named("output_tokens", count_of, output_tokens)
            if cost_usd is not None:
                values["costUsd"] = named("cost_usd", _number, cost_usd)
            if metadata:
                values["metadataJson"] = named("metadata", _json_of, metadata)
            item = self._begin + to_json(values, _plain)[1:]
            if not is_text(item):
                raise ValueError(f"{_not_text_in(values)}: {NO_TEXT}")
            self._sender.put(Entry("evaluation", item, self._create), durable=durable)
        except Exception as why:
            if durable:
                raise
            given: dict[str, object] = {
                "benchmarkId": self.id,
                "sampleId": sample_id,
                "id": id,
                "repetition": repetition,
                "input": input,
                "output": output,
                "expected": expected,
                "score": score,
                "metrics": metrics,
                "error": error,
                "latencyMs": latency_ms,
                "inputTokens": input_tokens,
                "outputTokens": output_tokens,
                "costUsd": cost_usd,
                "metadata": metadata,
                "createdAt": created_at,
            }
            given = {name: value for name, value in given.items() if value is not None}
            self._sender.delivery.reject(given, "".join(traceback.format_exception_only(why)).strip())

    def flush(self, timeout: float | None = None) -> bool:
        """Waits until all that was recorded is stored, and tells whether it is.

        Args:
            timeout: Seconds to wait at most. Default: LTB_EXIT_TIMEOUT, else 10.
        """
        return self._sender.flush(exit_timeout() if timeout is None else timeout)

    def finish(self, status: Status = "COMPLETED", *, error: str = "", timeout: float | None = None) -> bool:
        """Ends the run, sends what is left, and tells whether all is stored.

        What is not stored in time is in the spool. In a process that was forked off it does not end the run,
        which is its parent's.

        Args:
            status: How it ended.
            error: Why it failed. Default: nothing.
            timeout: Seconds to wait at most. Default: LTB_EXIT_TIMEOUT, else 10.
        """
        self._end(status, error)
        return self._settle(timeout)

    def _leave(self) -> bool:
        """Sends what is left, as `finish` does, of a run that another process ends."""
        _open_runs.discard(self)
        return self._settle(None)

    def _settle(self, timeout: float | None) -> bool:
        return self._sender.send_or_spill(exit_timeout() if timeout is None else timeout)

    def _end(self, status: Status, error: str, **more: Any) -> None:
        """Has the run end behind the caller; `more` are other fields of the benchmark."""
        if self in _open_runs and self._pid == os.getpid():
            error = _sendable(error[-MOST_ERROR_CHARS:])
            values = {"id": self.id, "status": status, "error": error or None, **more}
            self._put("update", to_json(encode(BENCHMARK_UPDATE_BENCHMARK.fields, values, False)))
        _open_runs.discard(self)

    def summary(self) -> m.GetBenchmarkSummaryResponse:
        """The figures of what is stored by now. Raises LtbError."""
        return self._client.benchmarks.get_benchmark_summary(self.id)

    def __enter__(self) -> Self:
        self._watch_sigterm()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        status, why = _end_of(error)
        try:
            self.finish(status, error=why)
        finally:
            self._forget_sigterm()

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        from .._async_calls import in_own_thread

        status, why = _end_of(error)
        try:
            await in_own_thread(lambda: self.finish(status, error=why))
        finally:
            self._forget_sigterm()

    def _put(self, kind: Literal["create", "update"], body: str) -> None:
        self._sender.put(Entry(kind, body, self._create))

    def _watch_sigterm(self) -> None:
        """SIGTERM ends the block as an exception does. A program's own handler stays as it is."""
        if threading.current_thread() is threading.main_thread():
            handler = signal.getsignal(signal.SIGTERM)
            if handler == signal.SIG_DFL:
                signal.signal(signal.SIGTERM, _on_sigterm)
                self._former_handler = handler

    def _forget_sigterm(self) -> None:
        if self._former_handler is not None and signal.getsignal(signal.SIGTERM) is _on_sigterm:
            signal.signal(signal.SIGTERM, self._former_handler)
            self._former_handler = None


def _on_sigterm(_number: int, _frame: FrameType | None) -> None:
    sys.exit(128 + signal.SIGTERM)


def _end_of(error: BaseException | None) -> tuple[Status, str]:
    if error is None or (isinstance(error, SystemExit) and error.code in (None, 0)):
        return "COMPLETED", ""
    if isinstance(error, Exception):
        return "FAILED", _text_of(error)
    return "CANCELLED", ""


def _end_open_runs() -> None:
    """Runs without a context manager whose `finish` nobody called."""
    for one in list(_open_runs):
        one._end("CANCELLED", "the process ended before finish()")  # pyright: ignore[reportPrivateUsage]


before_close.append(_end_open_runs)


def _text_of(error: str | BaseException) -> str:
    if isinstance(error, str):
        return _sendable(error) or "error"
    return _sendable("".join(traceback.format_exception(error))[-MOST_ERROR_CHARS:].strip())


def _sendable(text: str) -> str:
    """The text, with halves of surrogate pairs as they are written in Python."""
    return text.encode(errors="backslashreplace").decode()


def _number(value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise ValueError(f"expected a finite number, got {value!r:.100}")
    return number


def _json_of(value: object) -> str:
    return value if isinstance(value, JsonText) else to_json(value, _plain)


def _not_text_in(values: Mapping[str, object]) -> str:
    texts = ((name, value) for name, value in values.items() if isinstance(value, str))
    return next((name for name, value in texts if not is_text(value)), "id")


def _plain(value: Any) -> Any:
    """What JSON has for a number of numpy, a tensor, a message or a set; for all else its text."""
    if isinstance(value, Message):
        return value.to_dict()
    for name in ("item", "tolist", "model_dump", "_asdict"):
        method = getattr(value, name, None)
        if callable(method):
            try:
                return method()
            except Exception:
                continue
    return list(cast("set[Any]", value)) if isinstance(value, set | frozenset) else str(value)


def client_of_environment() -> Client:
    """The client of runs that are given none."""
    # A notebook may set it after its first run.
    key = endpoint_of(None, None, None), os.environ.get("LTB_SPOOL_DIR")
    if key not in _clients:
        _clients[key] = Client()
    return _clients[key]
