"""No traceback on a page: a sentence for the reader, the rest in the log."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from whalecore.errors import WhalecoreError

log = logging.getLogger("whalecore.pages")


@contextmanager
def guarded(what: str) -> Iterator[None]:
    """Turn whatever goes wrong inside into one sentence on the page.

    Parameters
    ----------
    what : str
        What was being done, to complete the sentence "The dashboard could not ...".
    """
    try:
        yield
    except WhalecoreError as error:
        st.error(plain(str(error)), icon=":material/info:")
    except Exception:
        number = secrets.token_hex(3)
        log.exception("Problem %s: the dashboard could not %s", number, what)
        st.error(
            f"The dashboard could not {plain(what)}; the rest of the page still works, and the "
            f"details are in the program's log as problem {number}.",
            icon=":material/error:",
        )


def plain(text: str) -> str:
    """Text that Streamlit shows as it is: names of files and individuals are not Markdown."""
    return "".join(f"\\{letter}" if letter in _MARKDOWN else letter for letter in text)


_MARKDOWN = frozenset("\\`*_{}[]<>()#+-!|~:$&=")
