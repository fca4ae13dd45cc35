"""The photos of a lab: rows of the catalogue, files and crops."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd

from whalecore.errors import LabError
from whalecore.lab.core import LabCore
from whalecore.lab.locate import Locator
from whalecore.types import Box, Crop, Photo

DEFAULT_INPUT = (256, 512)
"""Height and width that quality is measured for while there is no model."""

UPLOADS = "uploads"
"""Folder within the lab of photos that were uploaded."""

_UPLOADED = re.compile(UPLOADS + r"/[0-9a-f]{16}\.[a-z]{3,4}")


class LabPhotos(LabCore):
    """The part of a lab that knows its photos."""

    def photos(self, reviewed: bool = True) -> pd.DataFrame:
        """All photos with individual, crop, quality and split, ordered by path.

        Parameters
        ----------
        reviewed : bool
            Whether ``individual`` follows what reviewers agree on. What is computed must keep to
            the catalogue: a name chosen among the identifier's candidates is not its judge.
        """
        found = self._database.frame("SELECT * FROM photos ORDER BY path, photo_id")
        return found if reviewed else found.assign(individual=found["catalogue_individual"])

    def photo(self, photo_id: str) -> dict[str, Any]:
        """One row of `photos`, empty values as None.

        Raises
        ------
        LabError
            When the catalogue has no such photo.
        """
        sql = "SELECT * FROM photos WHERE photo_id = $1"
        found = self._database.arrow(sql, [photo_id]).to_pylist()
        if not found:
            raise LabError(
                f"The lab '{self.name}' has no photo '{photo_id[:40]}': choose one of its "
                "catalogue, or import it first."
            )
        return found[0]

    @property
    def photo_root(self) -> Path:
        """Folder of the photos."""
        return Path(self.info.photo_root)

    def photo_path(self, photo: str | Mapping[str, Any]) -> Path:
        """Where a photo's file lies, checked to be inside the lab's photo folders.

        Parameters
        ----------
        photo : str or mapping
            As for `read_photo`.

        Raises
        ------
        LabError
            When the photo is unknown or its path leaves the photo folders.
        """
        return self._path_of(self.photo(photo) if isinstance(photo, str) else photo)

    def read_photo(self, photo: str | Mapping[str, Any]) -> Photo:
        """Decode a photo of the catalogue.

        Parameters
        ----------
        photo : str or mapping
            Its id, or its row of ``catalogue`` or ``photos``, which spares looking it up.

        Raises
        ------
        LabError
            When the photo is unknown or leaves the photo folders.
        PhotoError
            When the file is missing or unreadable.
        """
        from whalecore.photos.decode import load_photo

        row = self.photo(photo) if isinstance(photo, str) else photo
        return load_photo(self._path_of(row), name=row["name"])

    def _path_of(self, row: Mapping[str, Any]) -> Path:
        if _UPLOADED.fullmatch(row["path"]) and (self.folder / row["path"]).is_file():
            return self.folder / row["path"]
        info = self.info
        root = (self.folder / info.photo_root).resolve()
        roots = [root, *(Path(source["root"]) for source in info.sources if source.get("root"))]
        if "\0" not in row["path"]:
            path = (root / row["path"]).resolve()
            if any(path.is_relative_to(one) for one in roots):
                return path
        raise LabError(
            f"The path of photo {row['name']} leaves the photo folder {root}: move the "
            "photo into it and import again."
        )

    def gallery(self, individual: str, limit: int | None = None) -> pd.DataFrame:
        """Photos of one individual, named by the catalogue or by decisions, the newest first."""
        sql = """SELECT * FROM photos WHERE individual = $1
                 ORDER BY coalesce(taken_at, imported_at) DESC, photo_id LIMIT $2"""
        return self._database.frame(sql, [individual, limit])

    def perceptual_hashes(self) -> dict[str, str | None]:
        """By photo the code that similar pictures share, see `whalecore.photos.duplicates`."""
        return dict(self._database.rows("SELECT photo_id, perceptual_hash FROM photos"))

    def galleries(self, individuals: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
        """The galleries of several individuals in one reading: rows of `photos`, newest first."""
        sql = """SELECT * FROM photos WHERE list_contains($1, individual)
                 ORDER BY coalesce(taken_at, imported_at) DESC, photo_id"""
        found: dict[str, list[dict[str, Any]]] = {name: [] for name in individuals}
        for row in self._database.arrow(sql, [list(individuals)]).to_pylist():
            found[row["individual"]].append(row)
        return found

    def problems(self) -> pd.DataFrame:
        """What could not be imported, or deserves a look."""
        return self._database.frame(
            "SELECT * EXCLUDE (sequence) FROM problems ORDER BY source, kind, name, reason"
        )

    # Crops

    def crop(self, photo_id: str) -> Crop | None:
        """The remembered box of a photo (in the catalogue or not), or None."""
        sql = """SELECT crop_x0, crop_y0, crop_x1, crop_y1, crop_source, crop_confidence
                 FROM crops WHERE photo_id = $1"""
        found = self._database.rows(sql, [photo_id])
        if not found:
            return None
        *edges, source, confidence = found[0]
        return Crop(Box(*edges), source, 1.0 if confidence is None else confidence)

    def correct_crop(self, photo_id: str, box: Box, photo: Photo | None = None) -> Crop:
        """Remember a box drawn by hand; what was computed with another box no longer counts.

        Parameters
        ----------
        photo_id : str
            In the catalogue or not.
        box : Box
            Clipped to the photo.
        photo : Photo, optional
            The decoded photo; needed when it is not in the catalogue.
        """
        from whalecore.photos.crop import clip
        from whalecore.photos.quality import measure

        photo = photo if photo is not None else self.read_photo(photo_id)
        crop = Crop(clip(box, photo), "corrected")
        quality = measure(photo, crop, *self._input_size())
        edges = {f"crop_{name}": value for name, value in asdict(crop.box).items()}
        row = {"photo_id": photo_id, "crop_source": crop.source, "crop_confidence": 1.0}
        self.write("crops", [{**row, **edges, **asdict(quality)}])
        return crop

    def locator(self) -> Locator:
        """Finds the fluke of any photo: remembered box, else this lab's detector, else shipped."""
        return Locator(self.crop, self.folder / "detector.safetensors")

    def _input_size(self) -> tuple[int, int]:
        sql = """SELECT input_height, input_width FROM models
                 ORDER BY trained_at DESC, model_id LIMIT 1"""
        found = self._database.rows(sql)
        return found[0] if found else DEFAULT_INPUT
