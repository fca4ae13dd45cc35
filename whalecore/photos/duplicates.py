"""Find photos that are copies of one another, though their files differ.

A photo's hash is two DCT hashes of ImageHash (``phash``) side by side: a fine one of 256 bits,
by which copies are recognised, and a coarse one of 64 bits, by which look-alikes are.

Limits were chosen on 2,315 real fluke photos (2,678,455 pairs) with 36 listed pairs, of which 17
are copies, 1 shows the same animal moments apart, and 18 are different animals in one posture:

==================================  ===============  ============  ===========
hash and limit                      copies found     listed pairs  other pairs
==================================  ===============  ============  ===========
fine, 40 of 256 bits (the default)  17 of 17         17 of 36      0
fine, 60 of 256 bits                17 of 17         21 of 36      22
coarse, 4 of 64 bits                17 of 17         34 of 36      2
coarse, 6 of 64 bits                17 of 17         36 of 36      51
difference hash, 40 of 256 bits     17 of 17         17 of 36      0
==================================  ===============  ============  ===========

Copies differ in at most 14 fine bits, and no other pair in fewer than 50; so 40 leaves room for
copies that were edited further. Of edited photos it recognises all that were halved in size,
turned grey, given 1.5 times the contrast, saved at JPEG quality 30 or trimmed by 1 % on each
side, 99 % of those 1.4 times as bright, 80 % of those trimmed by 2 %, but next to none trimmed by
4 %, and none mirrored or with a printed strip added.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

import imagehash
import numpy as np
from PIL import Image

from whalecore.errors import SettingsError
from whalecore.photos.groups import tied_together
from whalecore.types import Photo

FINE_SIDE = 16
COARSE_SIDE = 8
FINE_DIGITS = FINE_SIDE**2 // 4
COARSE_DIGITS = COARSE_SIDE**2 // 4

COPY_LIMIT = 40
"""Fine bits, of 256, in which copies may differ."""

LOOK_ALIKE_LIMIT = 4
"""Coarse bits, of 64, in which look-alikes may differ."""

COMPARED_AT_ONCE = 4_000_000
"""Pairs per block: a few dozen megabytes."""


def perceptual_hash(photo: Photo) -> str:
    """What a photo looks like from afar, as 80 hexadecimal digits: 64 fine, 16 coarse."""
    picture = Image.fromarray(photo.pixels)
    fine = imagehash.phash(picture, hash_size=FINE_SIDE)
    coarse = imagehash.phash(picture, hash_size=COARSE_SIDE)
    return f"{fine}{coarse}"


def near_duplicate_groups(hashes: Sequence[str], limit: int = COPY_LIMIT) -> list[list[int]]:
    """Photos that are copies of one another, directly or through others.

    Parameters
    ----------
    hashes : sequence of str
        As ``perceptual_hash`` returns them.
    limit : int
        Fine bits, of 256, in which two copies may differ.

    Returns
    -------
    list of list of int
        Positions in ``hashes``, rising; groups of two or more only.
    """
    return _groups([text[:FINE_DIGITS] for text in _checked(hashes)], limit)


def copies_of(wanted: str, hashes: Sequence[str], limit: int = COPY_LIMIT) -> np.ndarray:
    """Which photos are copies of one photo, shape (photos,), bool; see `near_duplicate_groups`."""
    own, *others = [int(text[:FINE_DIGITS], 16) for text in _checked([wanted, *hashes])]
    return np.array([(own ^ other).bit_count() <= limit for other in others], bool)


def look_alike_groups(hashes: Sequence[str], limit: int = LOOK_ALIKE_LIMIT) -> list[list[int]]:
    """Photos alike in posture, contrast and background, copies included.

    Most are different animals. They are worth a look where labels are checked, and may be kept on
    one side of a split for caution; they are no evidence of a wrong label.

    Parameters and result are those of ``near_duplicate_groups``; ``limit`` is of 64 coarse bits.
    """
    return _groups([text[FINE_DIGITS:] for text in _checked(hashes)], limit)


def group_numbers(groups: Sequence[Sequence[int]], photos: int) -> np.ndarray:
    """A number for every photo, shared within a group and with nobody else.

    Returns
    -------
    ndarray of shape (photos,), int
        The position of the first photo of the group.
    """
    numbers = np.arange(photos)
    for group in groups:
        numbers[list(group)] = min(group)
    return numbers


def _checked(hashes: Sequence[str]) -> Sequence[str]:
    for text in hashes:
        if len(text) != FINE_DIGITS + COARSE_DIGITS or set(text) - set("0123456789abcdef"):
            raise SettingsError(
                f"The perceptual hash '{text[:90]}' does not have {FINE_DIGITS + COARSE_DIGITS} "
                "hexadecimal digits: import the photo again."
            )
    return hashes


def _groups(hashes: Sequence[str], limit: int) -> list[list[int]]:
    # Equal hashes count as one: a thousand blank photos would make half a million pairs.
    number_of: dict[str, int] = {}
    numbers = [number_of.setdefault(text, len(number_of)) for text in hashes]
    ties: list[list[tuple[int, int]]] = [[] for _ in number_of]
    for pair in close_pairs(list(number_of), limit):
        for number in pair:
            ties[number].append(pair)
    group_of = {n: i for i, members in enumerate(tied_together(ties)) for n in members}
    photos: dict[int, list[int]] = defaultdict(list)
    for photo, number in enumerate(numbers):
        photos[group_of[number]].append(photo)
    return [group for group in photos.values() if len(group) > 1]


def close_pairs(hashes: Sequence[str], limit: int) -> Iterator[tuple[int, int]]:
    """All pairs a < b of hashes of one length that differ in at most ``limit`` bits.

    Every pair is compared, in blocks: 50,000 hashes of 256 bits take about ten seconds on one
    core.
    """
    if len(hashes) < 2:
        return
    words = np.array([_words(text) for text in hashes], dtype=np.uint64).T.copy()
    half = (len(words) + 1) // 2
    rows = max(1, COMPARED_AT_ONCE // len(hashes))
    for start in range(0, len(hashes), rows):
        here, rest = words[:, start : start + rows], words[:, start:]
        # Few pairs are close by the first half of the bits, and only those are counted out.
        bits = np.zeros((here.shape[1], rest.shape[1]), dtype=np.uint8)
        for word in range(half):
            bits += np.bitwise_count(here[word][:, None] ^ rest[word][None, :])
        a, b = np.nonzero(bits <= limit)
        ahead = a < b
        a, b = a[ahead], b[ahead]
        exact = np.bitwise_count(here[:, a] ^ rest[:, b]).sum(axis=0, dtype=np.int64)
        for i, j in zip(a[exact <= limit].tolist(), b[exact <= limit].tolist(), strict=True):
            yield start + i, start + j


def _words(text: str) -> list[int]:
    return [int(text[i : i + 16], 16) for i in range(0, len(text), 16)]
