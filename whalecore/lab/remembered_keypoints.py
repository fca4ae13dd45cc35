"""Keypoints that were asked for lately, so that they are not read from the disk again."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Collection
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING

from whalecore.errors import SettingsError
from whalecore.photos.keypoint_matches import Keypoints
from whalecore.photos.keypoints import KeypointFinder, KeypointSettings
from whalecore.photos.packed_keypoints import kept, unpacked
from whalecore.types import Box, Photo

if TYPE_CHECKING:
    from whalecore.lab.keypoints import LabKeypoints

MOST = 20_000
"""Photos whose keypoints stay in memory, packed: 54 kB each."""


class RememberedKeypoints:
    """Keypoints of a lab's photos, those that were asked for last in memory; any thread may ask."""

    def __init__(self, lab: LabKeypoints, settings: KeypointSettings, most: int = MOST) -> None:
        self._lab = lab
        self._settings = settings
        self._most = most
        self._kept: OrderedDict[str, tuple[bytes, bytes]] = OrderedDict()
        self._state = ""
        self._last: tuple[tuple[str, str] | None, Keypoints | None] = (None, None)
        self._lock = threading.Lock()

    @cached_property
    def finder(self) -> KeypointFinder:
        """For photos whose keypoints nobody has looked for."""
        return KeypointFinder(self._settings)

    def on(self, photo: Photo, box: Box) -> Keypoints:
        """Keypoints of any photo: stored ones, or found now and as exact as stored ones are."""
        key = photo.photo_id, box.key
        last, found = self._last
        if last != key:
            found = self._lab.keypoints_on(*key, self._settings)
            found = found or kept(self.finder.find_on(photo, box))
            self._last = key, found
        return found

    def of(self, photo_ids: Collection[str]) -> dict[str, Keypoints]:
        """Keypoints of these photos' present crops, as far as the lab has them."""
        found = {}
        for one, packed in self._packed(photo_ids).items():
            # Damaged ones are as if nobody had looked yet.
            with suppress(SettingsError):
                found[one] = unpacked(*packed)
        return found

    def read(self, photo_ids: Collection[str]) -> None:
        """Remember those that will be asked for: one look at the disk instead of many."""
        self._packed(photo_ids)

    def _packed(self, photo_ids: Collection[str]) -> dict[str, tuple[bytes, bytes]]:
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
        if missing:
            stored = self._lab.packed_keypoints(missing, self._settings)
            fresh = {one: (frames, looks) for one, (_, frames, looks) in stored.items()}
            with self._lock:
                if state == self._state:
                    self._kept |= fresh
                while len(self._kept) > self._most:
                    self._kept.popitem(last=False)
            known |= fresh
        return known
