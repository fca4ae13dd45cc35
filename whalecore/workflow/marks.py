"""Find the marks of every fluke, so that photos can be compared by them."""

from __future__ import annotations

from whalecore.errors import WhalecoreError
from whalecore.lab.keypoints import keypoint_row
from whalecore.lab.lab import Lab
from whalecore.photos.keypoints import KeypointFinder, KeypointSettings
from whalecore.types import Box
from whalecore.workflow.progress import Pace, Report, silent

PHOTOS_PER_SHARD = 128


def find_marks(lab: Lab, settings: KeypointSettings, report: Report = silent) -> int:
    """Write the keypoints of every photo's present crop, only what is missing.

    Returns
    -------
    int
        Number of photos looked at now.
    """
    with lab.claim("marks"):
        done = lab.photos_with_keypoints(settings)
        photos = lab.photos(reviewed=False).dropna(subset=["crop_x0"])
        waiting = photos[~photos["photo_id"].isin(done)]
        if waiting.empty:
            return 0
        finder, pace = KeypointFinder(settings), Pace("find marks", len(waiting), report)
        for start in range(0, len(waiting), PHOTOS_PER_SHARD):
            rows = []
            for row in waiting.iloc[start : start + PHOTOS_PER_SHARD].itertuples():
                box = Box(row.crop_x0, row.crop_y0, row.crop_x1, row.crop_y1)
                try:
                    found = finder.find_on(lab.read_photo(row._asdict()), box)
                except WhalecoreError as error:
                    pace.advance(message=str(error))
                    continue
                rows.append(keypoint_row(row.photo_id, box, settings, found))
                pace.advance()
            lab.write("keypoints", rows)
        return pace.done
