"""The log of workers."""

import logging

log = logging.getLogger("ltb.worker")
