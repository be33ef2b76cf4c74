"""LLM Test Bench: record evaluations while they happen, and read what came of them."""

from importlib import import_module
from typing import TYPE_CHECKING

from . import frames
from ._endpoint import TlsFiles
from ._generated import models
from ._recorder.run import Run, run
from ._version import __version__
from .client import Client
from .errors import LtbError, Violation

if TYPE_CHECKING:
    from ._worker.job import Job, JobAborted, PermanentError, Result, RetryLater
    from .async_client import AsyncClient
    from .worker import Worker

__all__ = [
    "AsyncClient",
    "Client",
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
    "frames",
    "models",
    "run",
]


# asyncio takes longer to import than all the rest, and many programs use none of these.
_LATER = {
    "AsyncClient": "async_client",
    "Job": "_worker.job",
    "JobAborted": "_worker.job",
    "PermanentError": "_worker.job",
    "Result": "_worker.job",
    "RetryLater": "_worker.job",
    "Worker": "worker",
}


def __getattr__(name: str) -> object:
    if name in _LATER:
        return getattr(import_module(f".{_LATER[name]}", __name__), name)
    raise AttributeError(f"module 'ltb' has no attribute {name!r}")
