"""What the printed report of a cluster says of its stability and of whose heatmaps it holds."""

import json
import re

import numpy as np
import pytest

from tests import lab_rows as row
from whalecore.lab import create_lab
from whalecore.types import HeatmapPart, Representation
from whalecore.workflow.report import cluster as report


@pytest.fixture
def lab(tmp_path):
    """Two heatmaps in an unstable cluster; the whale of one is new to the model."""
    lab = create_lab(tmp_path / "lab", "Test", tmp_path)
    lab.write("catalogue", [row.photo("p", "a"), row.photo("q", "never learned")])
    lab.write("models", [row.model("m")])
    lab.write("scores", [row.score(name, 1, "a") for name in "pq"])
    lab.write("clusterings", [row.clustering("c", noise_stability=0.25)])
    lab.write("assignments", [row.assignment(name, "a", 1) for name in "pq"])
    facts = {
        "clustering_id": "c", "cluster": 1, "heatmaps": 2, "stability": 0.2, "individuals": 2,
        "purity": 0.5, "individual": "a", "photo_individuals": 1, "photo_purity": 0.75,
        "photo_individual": "z", "mirrored_share": 1.0, "blurred_share": 0.0,
        "new_share": 0.0, "part_shares": json.dumps({"notch": 1.0}),
    }  # fmt: skip
    lab.write("clusters", [facts])
    return lab


def words(html) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", str(html)).replace("\N{NO-BREAK SPACE}", " ").split())


def test_the_title_and_a_warning_say_that_the_cluster_is_unstable(lab):
    title, sections = report.cluster_sections(lab, 1)
    assert title == "Cluster 1 (unstable)"
    (often,) = [str(one) for one in sections if "How often it is right" in str(one)]
    assert re.search(r'class="warning">Unstable: only 20', often)
    assert "Clusters of noise reach 25 %." in words(often)


def test_whose_heatmaps_a_cluster_holds_is_told_with_what_each_word_means(lab):
    _, sections = report.cluster_sections(lab, 1)
    (whose,) = [words(one) for one in sections if "Whose heatmaps it holds" in str(one)]
    assert "Animals on the photos 1 " in whose
    assert "Candidates 2 " in whose
    assert "Photos of the most frequent animal 75 % " in whose
    assert "Of the most frequent candidate 50 % " in whose
    assert "Mirrored 100 % Heatmaps whose support lies more on the right half" in whose
    assert "Blurred 0 % " in whose
    # The catalogue's name counts for nothing where the model never learned it.
    assert "New whales 50 % Heatmaps of photos whose animal is new to the model" in whose
    assert "most frequent animal on the photos: z; the most frequent candidate: a." in whose


def test_of_several_maps_the_first_is_named_as_the_one_that_is_shown(lab, monkeypatch):
    parts = (HeatmapPart("gradcam", "layer=layer4"), HeatmapPart("gradcam", "layer=layer3"))
    monkeypatch.setattr(type(lab), "representation", lambda *given: Representation(parts))
    _, sections = report.cluster_sections(lab, 1)
    assert "of the first maps alone: Grad-CAM (layer4)." in words(sections)


def test_where_flukes_were_aligned_the_mean_is_that_of_the_turned_heatmaps(lab, monkeypatch):
    values = np.zeros((2, 2, 4))
    values[0, 1, 0], values[1, 1, 3] = 1, 1
    heatmaps = [
        row.heatmap(name, 1, "a", values=grid, cols=4)
        for name, grid in zip("pq", values, strict=True)
    ]
    lab.write("heatmaps", heatmaps)
    seen, draw = [], report.heatmap_picture

    def look(mean, *given, **named):
        seen.append(mean[1].tolist())
        return draw(mean, *given, **named)

    monkeypatch.setattr(report, "heatmap_picture", look)
    for aligned in (False, True):
        parts = [{"method": "osm", "settings": "s"}]
        about = {"parts": parts, "signed": False, "aligned": aligned}
        lab.write("clusterings", [row.clustering("c", representation=about)])
        _, sections = report.cluster_sections(lab, 1)
        assert ("left and right tip count as one" in words(sections)) is aligned
    assert seen == [[0.5, 0, 0, 0.5], [1, 0, 0, 0]]
