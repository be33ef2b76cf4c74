"""LLM Test Bench: record evaluations while they happen, and read what came of them."""

from typing import TYPE_CHECKING

from ._endpoint import TlsFiles
from ._generated import models
from ._recorder.run import Run, run
from ._version import __version__
from .client import Client
from .errors import LtbError, Violation

if TYPE_CHECKING:
    from .async_client import AsyncClient

__all__ = [
    "AsyncClient",
    "Client",
    "LtbError",
    "Run",
    "TlsFiles",
    "Violation",
    "__version__",
    "models",
    "run",
]


def __getattr__(name: str) -> object:
    # asyncio takes longer to import than all the rest, and many programs do not use it.
    if name == "AsyncClient":
        from .async_client import AsyncClient

        return AsyncClient
    raise AttributeError(f"module 'ltb' has no attribute {name!r}")
