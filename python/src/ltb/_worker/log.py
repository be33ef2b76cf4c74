"""The log of workers."""

import contextlib
import logging
from typing import Any


class _Log(logging.LoggerAdapter[logging.Logger]):
    """A log whose handlers may raise, as on a full disk: the thread that writes to it goes on."""

    def log(self, level: int, msg: object, *args: object, **kwargs: Any) -> None:
        # The caller stands two frames up that are not of logging.
        with contextlib.suppress(Exception):
            super().log(level, msg, *args, stacklevel=2, **kwargs)


log = _Log(logging.getLogger("ltb.worker"))
