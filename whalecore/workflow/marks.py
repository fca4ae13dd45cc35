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

    Those that are there without words are put into words.

    Returns
    -------
    int
        Number of photos looked at now.
    """
    with lab.claim("marks"):
        _put_into_words(lab, settings, report)
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


def _put_into_words(lab: Lab, settings: KeypointSettings, report: Report) -> None:
    waiting = lab.photos_without_words(settings)
    if not waiting:
        return
    pace = Pace("put marks into words", len(waiting), report)
    for start in range(0, len(waiting), PHOTOS_PER_SHARD):
        some = waiting[start : start + PHOTOS_PER_SHARD]
        rows = []
        for photo_id, (crop, keypoints) in lab.keypoints(some, settings).items():
            present = lab.crop(photo_id)
            if present is not None and present.box.key == crop:
                rows.append(keypoint_row(photo_id, present.box, settings, keypoints))
        lab.write("keypoints", rows)
        pace.advance(len(some))
