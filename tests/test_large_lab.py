"""The large lab of the benchmarks is a lab whose pages work."""

import numpy as np
import pytest

from tests.benchmarks.large_lab import copy_of, enlarged
from whalecore.lab import open_lab
from whalecore.lab.flat_maps import lab_map


@pytest.mark.slow
def test_every_copy_of_a_heatmap_lies_on_the_map_where_its_original_does(demo_folder, tmp_path):
    lab = open_lab(enlarged(demo_folder, tmp_path / "large", photos=1200))
    clustering = lab.usual_clustering()
    found = lab_map(lab, clustering)
    heatmaps = found.heatmaps
    assert found.clustered == 2 * 1550
    whose = {copy_of(one, 0): one for one in open_lab(demo_folder).scores()["photo_id"].unique()}
    heatmaps = heatmaps.assign(original=heatmaps["photo_id"].replace(whose))
    pairs = heatmaps.groupby(["original", "individual"])
    assert (pairs["cluster"].nunique() == 1).all()
    np.testing.assert_allclose(pairs["x"].max(), pairs["x"].min(), atol=1e-6)
    assert (pairs.size() == 2).mean() > 0.9
