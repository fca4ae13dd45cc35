"""The evidence line says no share where nothing was counted."""

from pages.parts.evidence import _cluster_row
from whalecore.types import ClusterEvidence


def cluster(share: float, low: float, high: float, heatmaps: int) -> ClusterEvidence:
    return ClusterEvidence(3, share, low, high, 0.5, heatmaps, 1.0)


def test_a_cluster_of_which_nothing_was_judged_has_no_share_of_right_ones():
    row = _cluster_row(cluster(0.0, 0.0, 1.0, 0))
    assert (row.name, row.value, row.usual) == (
        "Right in cluster 3",
        "not known",
        "none of it was judged",
    )


def test_a_cluster_that_was_never_right_is_told_with_its_interval():
    row = _cluster_row(cluster(0.0, 0.0, 0.25, 12))
    assert (row.value, row.usual) == (
        "0\N{NO-BREAK SPACE}%",
        "between 0\N{NO-BREAK SPACE}% to 25\N{NO-BREAK SPACE}%",
    )
