"""Where exports are written: names that suit any system, and nothing outside the folder."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from whalecore.errors import LabError

LONGEST = 80
"""Bytes of a file's or folder's name."""

LONGEST_ENDING = 8
"""Letters behind a dot that say what kind of file it is."""

_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)
"""Names that Windows keeps for devices."""


@contextmanager
def writable(path: Path) -> Iterator[None]:
    """Turn what goes wrong with a file into a sentence."""
    try:
        yield
    except OSError as error:
        raise LabError(
            f"{path} cannot be written ({error.strerror or error}): check the space left and who "
            "may write there, or choose another place."
        ) from error


def safe_name(text: str) -> str:
    """A name of a file or folder that suits any system: letters, digits, spaces, ``.``, ``_``
    and ``-``; whatever else becomes ``_``. It never begins with a dot and never leads elsewhere.
    """
    kept = "".join(
        letter if letter.isalnum() or letter in " ._-" else "_"
        for letter in unicodedata.normalize("NFC", text)
    )
    name = kept.strip(" .")
    stem, dot, ending = name.rpartition(".")
    if not stem or len(ending) > LONGEST_ENDING:
        stem, dot, ending = name, "", ""
    # Bytes count, not letters: a name of letters that take several must fit as well.
    room = LONGEST - len((dot + ending).encode())
    stem = stem.encode()[: max(1, room)].decode(errors="ignore").strip(" .")
    name = f"{stem}{dot}{ending}"
    return f"_{name}" if not name or _RESERVED.match(name) else name


def folder_names(individuals: Iterable[str], taken: Iterable[str] = ()) -> dict[str, str]:
    """A folder's name for each individual, all different, also where capitals do not count.

    Names that would fall together get a part of their own fingerprint.
    """
    names = {one: safe_name(one) for one in individuals}
    count = Counter(name.lower() for name in names.values())
    count.update(name.lower() for name in taken)
    return {
        one: name if count[name.lower()] == 1 else marked(name, one) for one, name in names.items()
    }


def marked(name: str, about: str) -> str:
    """A name with a mark that tells it from others of the same name."""
    mark = hashlib.sha256(about.encode()).hexdigest()[:8]
    stem, dot, suffix = name.rpartition(".")
    return f"{stem}-{mark}.{suffix}" if dot and stem else f"{name}-{mark}"
