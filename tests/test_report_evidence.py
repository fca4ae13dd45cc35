"""The printed page says when a cluster holds too few photos, and what it counts."""

from types import SimpleNamespace

import pandas as pd
import pytest

from whalecore.types import ClusterEvidence
from whalecore.workflow.report.evidence import cluster_section


def printed(heatmaps: int) -> str:
    names = pd.DataFrame({"cluster": [], "name": []})
    lab = SimpleNamespace(usual_clustering=lambda: "c", cluster_names=lambda clustering: names)
    cluster = ClusterEvidence(3, 0.75, 0.6, 0.85, 0.7, heatmaps, 0.8)
    return str(cluster_section(lab, cluster))


@pytest.mark.parametrize(("heatmaps", "few"), [(30, False), (12, True)])
def test_a_cluster_of_few_photos_is_printed_with_a_warning(heatmaps, few):
    page = printed(heatmaps)
    assert f"Counted: {heatmaps} other photos" in page
    assert ("too few to rely on" in page) == few
    assert ('class="warning"' in page) == few
    assert "75\N{NO-BREAK SPACE}%" in page


def test_a_cluster_without_judged_photos_is_printed_without_a_share():
    page = printed(0)
    assert "not known" in page
    assert "75\N{NO-BREAK SPACE}%" not in page
