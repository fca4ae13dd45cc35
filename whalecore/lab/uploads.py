"""Photos that were uploaded and become part of a lab."""

from __future__ import annotations

import re
from dataclasses import asdict
from pathlib import Path

from whalecore.errors import LabError
from whalecore.files import write_bytes
from whalecore.lab.photos import UPLOADS, LabPhotos
from whalecore.photos.text import printable
from whalecore.types import Crop, Photo

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff")
LONGEST_NAME = 120


class LabUploads(LabPhotos):
    """The part of a lab that takes photos in one by one."""

    def adopt(self, data: bytes, name: str, photo: Photo, crop: Crop | None = None) -> str:
        """Keep an uploaded photo in the lab, without an individual; nothing for one that it has.

        Parameters
        ----------
        data : bytes
            Of the file.
        name : str
            Of the file, for people.
        photo : Photo
            The same, decoded.
        crop : Crop, optional
            Where the fluke is; by default what the lab remembers or finds.

        Returns
        -------
        str
            The photo's id.

        Raises
        ------
        LabError
            When the bytes are not those of the photo, or cannot be written.
        """
        from whalecore.photos.decode import photo_id_of
        from whalecore.photos.duplicates import perceptual_hash
        from whalecore.photos.quality import measure

        photo_id = photo_id_of(data)
        if photo_id != photo.photo_id:
            raise LabError("The file and the photo are not the same: upload the photo again.")
        with self.claim("uploads", wait=10):
            if self.rows("catalogue", photo_id=photo_id):
                return photo_id
            crop = crop or self.locator()(photo)
            path = f"{UPLOADS}/{photo_id}{_suffix(name)}"
            try:
                write_bytes(self.folder / path, data)
            except OSError as reason:
                raise LabError(
                    f"The photo could not be kept ({reason.strerror or reason}): check the space "
                    f"and permissions of {self.folder}."
                ) from reason
            if self.crop(photo_id) is None:
                edges = {f"crop_{edge}": value for edge, value in asdict(crop.box).items()}
                about = {"crop_source": crop.source, "crop_confidence": crop.confidence}
                quality = asdict(measure(photo, crop, *self._input_size()))
                self.write("crops", [{"photo_id": photo_id, **edges, **about, **quality}])
            # The row comes last: what has a row is whole.
            row = {
                "photo_id": photo_id,
                "path": path,
                "name": _shown(name),
                "taken_at": photo.taken_at,
                "latitude": photo.latitude,
                "longitude": photo.longitude,
                "width": photo.width,
                "height": photo.height,
                "perceptual_hash": perceptual_hash(photo),
            }
            self.write("catalogue", [row])
        return photo_id


def _suffix(name: str) -> str:
    suffix = Path(name).suffix.lower()
    return suffix if suffix in SUFFIXES else ".jpg"


def _shown(name: str) -> str:
    """The name of a file without folders and without signs that are not seen."""
    return printable(re.split(r"[/\\]", name)[-1], LONGEST_NAME) or "upload"
