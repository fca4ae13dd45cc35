"""Find the marks of every fluke, so that photos can be compared by them."""

from __future__ import annotations

from whalecore.errors import WhalecoreError
from whalecore.lab.lab import Lab
from whalecore.photos.keypoints import KeypointFinder, KeypointSettings
from whalecore.photos.packed_keypoints import packed
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
        done = {key[0] for key in lab.computed_keys("keypoints", settings=settings.key)}
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
                frames, descriptors = packed(found)
                rows.append(
                    {
                        "photo_id": row.photo_id,
                        "crop": box.key,
                        "settings": settings.key,
                        "marks": len(found.frames),
                        "frames": frames,
                        "descriptors": descriptors,
                    }
                )
                pace.advance()
            lab.write("keypoints", rows)
        return pace.done
