"""What a lab says about itself: the file ``lab.json``."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from whalecore.errors import LabError
from whalecore.files import write_json
from whalecore.terminal import lab_option

FORMAT = 1
"""Version of the folder's layout; a newer one is refused, not guessed at."""

FILE = "lab.json"


@dataclass(frozen=True)
class LabInfo:
    """The description of a lab.

    Attributes
    ----------
    name, note : str
        For people.
    photo_root : str
        Folder of the photos, in full.
    drawings : bool
        True when the photos are drawings, not photographs.
    preset : str
        Settings preset the lab is computed with.
    folds : int
        Parts the photos are dealt into; each model leaves one of them out.
    least_correlation : float
        Fast heatmaps are clustered only where their estimates correlate so well with computed
        values, 0 to 1.
    error_limit : float
        Share of wrong identifications among photos called reliable that the rules must promise not
        to exceed, above 0 and under 1.
    confidence : float
        Share of photos whose set of answers is to hold the right one, above 0 and under 1.
    sources : tuple of dict
        Collections imported so far: ``source``, ``root`` and ``columns`` (mapping or None).
    created_at : str
        ISO 8601, UTC.
    """

    name: str
    photo_root: str
    note: str = ""
    drawings: bool = False
    preset: str = "laptop"
    folds: int = 4
    least_correlation: float = 0.95
    error_limit: float = 0.05
    confidence: float = 0.9
    sources: tuple[Mapping[str, Any], ...] = ()
    created_at: str = ""
    format: int = FORMAT

    @property
    def source(self) -> str | None:
        """The collection imported last."""
        return self.sources[-1]["source"] if self.sources else None

    @property
    def columns(self) -> Mapping[str, str] | None:
        """The column mapping of the collection imported last."""
        return self.sources[-1].get("columns") if self.sources else None


def new_info(folder: Path, name: str, photo_root: Path, **other: Any) -> LabInfo:
    """The description of a lab that is about to be made."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return LabInfo(name=name, photo_root=str(folder / photo_root), created_at=now, **other)


def write_info(folder: Path, info: LabInfo) -> None:
    """Write ``lab.json`` atomically; paths inside the lab are written relative to it.

    Raises
    ------
    LabError
        When an entry is not allowed; nothing is written.
    """
    try:
        _checked(info)
    except ValueError as reason:
        raise LabError(f"The lab cannot be described so: {reason}; choose another value.") from None
    write_json(folder / FILE, asdict(_with_paths(info, lambda path: _short(folder, path))))


def read_info(folder: Path) -> LabInfo:
    """Read ``lab.json``.

    Raises
    ------
    LabError
        When the folder is missing, is no lab, is damaged or has a newer format.
    """
    path = folder / FILE
    if not folder.is_dir():
        raise LabError(
            f"There is no lab folder {folder}: check the path, or make one with "
            f"'python -m whalecore run PHOTOS {lab_option(folder)}'."
        )
    if not path.is_file():
        raise LabError(
            f"The folder {folder} is not a lab (it has no {FILE}): choose a lab folder, or make "
            f"one with 'python -m whalecore run PHOTOS {lab_option(folder)}'."
        )
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
        version = entries["format"]
        if isinstance(version, int) and version > FORMAT:
            raise LabError(
                f"The lab {folder} has format {version} and this program reads formats up to "
                f"{FORMAT}: install a newer whalecore."
            )
        known = {field.name for field in fields(LabInfo)}
        info = LabInfo(**{key: value for key, value in entries.items() if key in known})
        info = _with_paths(_checked(info), lambda path: str((folder / path).resolve()))
    except (ValueError, TypeError, KeyError, AttributeError) as reason:
        raise LabError(
            f"The file {path} is damaged ({str(reason)[:80]}): restore it from a copy of the lab."
        ) from reason
    return info


def _checked(info: LabInfo) -> LabInfo:
    texts = (info.name, info.note, info.photo_root, info.preset, info.created_at)
    if not all(isinstance(text, str) for text in texts) or not isinstance(info.drawings, bool):
        raise ValueError("an entry is of the wrong kind")
    if isinstance(info.folds, bool) or not isinstance(info.folds, int) or info.folds < 2:
        raise ValueError("folds must be a whole number of at least 2")
    least = info.least_correlation
    if isinstance(least, bool) or not isinstance(least, int | float) or not 0 <= least <= 1:
        raise ValueError("least_correlation must be a number from 0 to 1")
    for name in ("error_limit", "confidence"):
        share = getattr(info, name)
        if isinstance(share, bool) or not isinstance(share, int | float) or not 0 < share < 1:
            raise ValueError(f"{name} must be a number above 0 and under 1")
    if not isinstance(info.format, int) or "\0" in info.photo_root:
        raise ValueError("format or photo_root is not allowed")
    sources = tuple(dict(source) for source in info.sources)
    paths = [source.get(key) for source in sources for key in ("source", "root")]
    if not all(isinstance(path, str) and "\0" not in path for path in paths):
        raise ValueError("a source has no path or root")
    return LabInfo(**{**asdict(info), "sources": sources})


def _with_paths(info: LabInfo, change: Callable[[str], str]) -> LabInfo:
    sources = tuple(
        {key: change(value) if key in ("source", "root") else value for key, value in one.items()}
        for one in info.sources
    )
    return replace(info, photo_root=change(info.photo_root), sources=sources)


def _short(folder: Path, path: str) -> str:
    """The path relative to the lab when it lies inside, so that the lab can be moved."""
    inner, outer = Path(path).resolve(), folder.resolve()
    return inner.relative_to(outer).as_posix() if inner.is_relative_to(outer) else str(inner)
