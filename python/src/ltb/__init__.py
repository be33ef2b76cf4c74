"""LLM Test Bench: record evaluations while they happen, and read what came of them."""

from importlib import import_module
from typing import TYPE_CHECKING

from ._version import __version__

if TYPE_CHECKING:
    from . import frames
    from ._compare.comparison import Comparison, compare
    from ._endpoint import TlsFiles
    from ._generated import models
    from ._recorder.run import Run, run
    from ._worker.job import Job, JobAborted, PermanentError, Result, RetryLater
    from .async_client import AsyncClient
    from .client import Client
    from .errors import LtbError, Violation
    from .worker import Worker

__all__ = [
    "AsyncClient",
    "Client",
    "Comparison",
    "Job",
    "JobAborted",
    "LtbError",
    "PermanentError",
    "Result",
    "RetryLater",
    "Run",
    "TlsFiles",
    "Violation",
    "Worker",
    "__version__",
    "compare",
    "frames",
    "models",
    "run",
]


# Every run of pytest in the environment imports this for its plugin, and many programs use few of these.
_LATER = {
    "AsyncClient": "async_client",
    "Client": "client",
    "Comparison": "_compare.comparison",
    "Job": "_worker.job",
    "JobAborted": "_worker.job",
    "LtbError": "errors",
    "PermanentError": "_worker.job",
    "Result": "_worker.job",
    "RetryLater": "_worker.job",
    "Run": "_recorder.run",
    "TlsFiles": "_endpoint",
    "Violation": "errors",
    "Worker": "worker",
    "compare": "_compare.comparison",
    "run": "_recorder.run",
}
_MODULES = {"frames": "frames", "models": "_generated.models"}


def __getattr__(name: str) -> object:
    if name in _MODULES:
        return import_module(f".{_MODULES[name]}", __name__)
    if name in _LATER:
        return getattr(import_module(f".{_LATER[name]}", __name__), name)
    raise AttributeError(f"module 'ltb' has no attribute {name!r}")
