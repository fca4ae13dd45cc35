"""Keypoints that were asked for lately, so that they are not read from the disk again."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Collection
from functools import cached_property
from typing import TYPE_CHECKING

from whalecore.photos.keypoint_matches import Keypoints
from whalecore.photos.keypoints import KeypointFinder, KeypointSettings

if TYPE_CHECKING:
    from whalecore.lab.keypoints import LabKeypoints

MOST = 4000
"""Photos whose keypoints stay in memory, at most 210 kB each."""


class RememberedKeypoints:
    """Keypoints of a lab's photos, those that were asked for last in memory; any thread may ask."""

    def __init__(self, lab: LabKeypoints, settings: KeypointSettings, most: int = MOST) -> None:
        self._lab = lab
        self._settings = settings
        self._most = most
        self._kept: OrderedDict[str, Keypoints] = OrderedDict()
        self._state = ""
        self._lock = threading.Lock()

    @cached_property
    def finder(self) -> KeypointFinder:
        """For photos whose keypoints nobody has looked for."""
        return KeypointFinder(self._settings)

    def of(self, photo_ids: Collection[str]) -> dict[str, Keypoints]:
        """Keypoints of these photos' present crops, as far as the lab has them."""
        # A corrected crop has other keypoints.
        state = self._lab.state("keypoints")
        with self._lock:
            if state != self._state:
                self._kept.clear()
                self._state = state
            known = {one: self._kept[one] for one in photo_ids if one in self._kept}
            for one in known:
                self._kept.move_to_end(one)
        missing = sorted(set(photo_ids) - set(known))
        if not missing:
            return known
        found = self._lab.keypoints(missing, self._settings)
        fresh = {one: keypoints for one, (_, keypoints) in found.items()}
        with self._lock:
            if state == self._state:
                self._kept |= fresh
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return known | fresh
