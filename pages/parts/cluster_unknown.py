"""That the address asks for a cluster, or a clustering, that is not there."""

from __future__ import annotations

from collections.abc import Container

from pages.parts.state import warn_of_link


def say_unknown(asked: int | None, numbers: Container[int], instead: int) -> None:
    """Say which cluster is shown instead of one that the clustering does not have.

    Parameters
    ----------
    asked : int or None
        As the address says; None where it asks for none.
    numbers : container of int
        All clusters of the clustering.
    instead : int
        The one that is shown.
    """
    if asked is not None and asked not in numbers:
        warn_of_link(
            f"The address asks for cluster {asked}, but this clustering has no such cluster; "
            f"cluster {instead} is shown."
        )


def say_unknown_clustering(asked: str | None, names: Container[str]) -> None:
    """The same about a clustering that the lab does not hold, or no longer."""
    if asked is not None and asked not in names:
        warn_of_link(
            f"The address asks for clustering '{asked}', but the lab does not hold it; the usual "
            "one is shown."
        )
