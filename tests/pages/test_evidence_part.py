"""The evidence line: no share where nothing was counted, and how stable the cluster is."""

import pytest

from pages.parts.evidence import _cluster_row
from whalecore.types import ClusterEvidence

SPACE = "\N{NO-BREAK SPACE}"


def cluster(share: float, low: float, high: float, heatmaps: int, **other) -> ClusterEvidence:
    return ClusterEvidence(3, share, low, high, 0.5, heatmaps, 1.0, **other)


def test_a_cluster_of_which_nothing_was_judged_has_no_share_of_right_ones():
    row = _cluster_row(cluster(0.0, 0.0, 1.0, 0))
    assert (row.name, row.value, row.usual) == (
        "Right in cluster 3",
        "not known",
        "none of it was judged",
    )


def test_a_cluster_that_was_never_right_is_told_with_its_interval():
    row = _cluster_row(cluster(0.0, 0.0, 0.25, 12))
    assert row.value == f"0{SPACE}%"
    assert row.usual.replace(SPACE, " ") == "between 0 % and 25 %; stability not known"


@pytest.mark.parametrize(
    ("stability", "name"), [(0.45, "Right in cluster 3 (unstable)"), (0.5, "Right in cluster 3")]
)
def test_the_evidence_line_says_how_stable_the_cluster_is(stability, name):
    row = _cluster_row(cluster(0.5, 0.25, 0.75, 40, stability=stability))
    assert row.name == name
    assert row.usual.replace(SPACE, " ").endswith(f"; stability {100 * stability:.0f} %")
