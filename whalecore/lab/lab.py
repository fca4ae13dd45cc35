"""A lab: one folder with one collection of photos and everything computed with them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from whalecore.errors import LabError
from whalecore.files import TEMPORARY
from whalecore.lab.assess import Assessment, assess
from whalecore.lab.explained import settings_of
from whalecore.lab.families import LabFamilies
from whalecore.lab.heatmaps import LabHeatmaps
from whalecore.lab.info import FILE, new_info, read_info, write_info
from whalecore.lab.joint_reviews import LabJointReviews
from whalecore.lab.models import LabModels
from whalecore.lab.queue import LabQueue
from whalecore.lab.together import JointAssessment, assess_together
from whalecore.lab.uploads import LabUploads
from whalecore.types import OcclusionSettings, Photo

FOLDERS = ("tables", "models", "clusterings", "rules", "claims", "reports", "jobs", "uploads")


class Lab(LabModels, LabHeatmaps, LabQueue, LabFamilies, LabJointReviews, LabUploads):
    """Reads and writes one lab folder; safe to use from many threads and processes.

    Attributes
    ----------
    folder : Path
        The lab's folder, in full.
    """

    def status(self) -> dict:
        """Counts of everything, and what is missing; see `whalecore.lab.status`."""
        found = super().status()
        model_id, clustering_id = self.newest_model_id(), self.usual_clustering()
        found["missing"]["rules"] = int(
            model_id is not None and self.rules(model_id, clustering_id) is None
        )
        return found

    def usual_occlusion(self) -> OcclusionSettings:
        """Settings of the occlusion maps that a new photo of this lab gets."""
        return settings_of(self, self.usual_clustering())

    def assess(self, photo: Photo, **other: Any) -> Assessment:
        """Identify a photo, explain it and decide; see `whalecore.lab.assess.assess`."""
        return assess(self, photo, **other)

    def assess_together(self, photos: Sequence[Photo], **other: Any) -> JointAssessment:
        """Assess photos of one sighting; see `whalecore.lab.together.assess_together`."""
        return assess_together(self, photos, **other)


def create_lab(folder: str | Path, name: str, photo_root: str | Path, **other: Any) -> Lab:
    """Make an empty lab, or open the one that is there.

    Parameters
    ----------
    folder : path
        Made when missing; an existing folder must be empty or a lab.
    name : str
        For people.
    photo_root : path
        Folder of the photos, relative to the lab folder or in full; nothing is copied from it.
    **other
        Further entries of `LabInfo`: ``note``, ``drawings``, ``preset``, ``sources``.

    Raises
    ------
    LabError
        When the folder holds something else, or cannot be made.
    """
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        names = [path.name for path in folder.iterdir()]
    except OSError as reason:
        raise LabError(
            f"The lab folder {folder} cannot be made ({reason.strerror}): choose another path."
        ) from reason
    if FILE not in names:
        strange = [n for n in names if n not in FOLDERS and not n.startswith(TEMPORARY)]
        if strange:
            raise LabError(
                f"The folder {folder} is not a lab and not empty (it holds {strange[0]}): choose "
                "a new folder for the lab."
            )
        for part in FOLDERS:
            (folder / part).mkdir(exist_ok=True)
        write_info(folder, new_info(folder, name, Path(photo_root), **other))
    return open_lab(folder)


def open_lab(folder: str | Path) -> Lab:
    """Open a lab folder.

    Raises
    ------
    LabError
        When there is no such folder, it is not a lab, or it was made by a newer whalecore.
    """
    folder = Path(folder)
    read_info(folder)
    return Lab(folder.resolve())


def is_lab(folder: str | Path) -> bool:
    """Whether the folder says that it is a lab."""
    return (Path(folder) / FILE).is_file()
