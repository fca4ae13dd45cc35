"""Join items that belong together, directly or through others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable


def tied_together(ties: Iterable[Iterable[Hashable]]) -> list[list[int]]:
    """Numbers of items that share a tie, directly or through others.

    Parameters
    ----------
    ties : iterable of iterables of hashable
        One per item; an item without ties is a group of its own.

    Returns
    -------
    list of list of int
        Every item once, groups in the order of their first item.
    """
    parent: list[int] = []
    first: dict[Hashable, int] = {}

    def find(item: int) -> int:
        while parent[item] != item:
            parent[item] = parent[parent[item]]
            item = parent[item]
        return item

    for item, own in enumerate(ties):
        parent.append(item)
        for tie in own:
            a, b = find(item), find(first.setdefault(tie, item))
            parent[max(a, b)] = min(a, b)
    groups: dict[int, list[int]] = defaultdict(list)
    for item in range(len(parent)):
        groups[find(item)].append(item)
    return list(groups.values())
