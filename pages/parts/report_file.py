"""A page to take along, as a file that is made when somebody takes it."""

from __future__ import annotations

import logging
from collections.abc import Callable

from whalecore.errors import WhalecoreError

log = logging.getLogger("whalecore.pages")


def report_file(make: Callable[[], str]) -> bytes:
    """The page; where there is none, one that says why, as nothing else can say it then."""
    from whalecore.workflow.report.html import page

    try:
        return make().encode()
    except WhalecoreError as error:
        why = str(error)
    except Exception:
        log.exception("A page to take along could not be made.")
        why = "The page could not be made; the details are in the program's log."
    return page("No page", why, []).encode()
