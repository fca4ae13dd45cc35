"""What other photos of a cluster say about a photo: its own heatmap never counts, nor twice."""

from types import SimpleNamespace

import numpy as np
import pytest

from tests import lab_rows as row
from whalecore.clusters.placing import Placement
from whalecore.lab import cluster_evidence as module
from whalecore.lab import create_lab

UPLOAD = "uploads/0123456789abcdef.jpg"


@pytest.fixture
def lab(tmp_path, monkeypatch):
    """A cluster of four first candidates: p and q are right, r is wrong, u is the tested one."""
    monkeypatch.setattr(module, "assign", lambda *_: Placement(1, 1.0, 0.0, False))
    made = create_lab(tmp_path / "lab", "Test", tmp_path)
    made.write("clusterings", [row.clustering("c")])
    made.write("catalogue", [row.photo(name, who) for name, who in zip("pqr", "aab", strict=True)])
    made.write("crops", [row.crop(name) for name in "pqru"])
    made.write("assignments", [row.assignment(name, "a", 1) for name in "pqru"])
    made.write("scores", [row.score(name, 1, "a") for name in "pqru"])
    return made


def evidence(lab, photo_id):
    described = SimpleNamespace(
        values=np.zeros((2, 3)), photo_id=photo_id, individual="a", model_id="m"
    )
    return module.cluster_evidence(lab, "c", None, [described])


@pytest.mark.parametrize(
    "about", [{"path": UPLOAD}, {"path": UPLOAD, "individual": "a"}, {"path": "u.jpg"}]
)
def test_a_photo_of_the_cluster_is_taken_from_its_counts_only_if_it_is_in_them(lab, about):
    lab.write("catalogue", [row.photo("u", **about)])
    found = evidence(lab, "u")
    assert (found.heatmaps, found.share_correct) == (3, pytest.approx(2 / 3))


def test_a_named_photo_of_the_cluster_does_not_speak_for_itself(lab):
    lab.write("catalogue", [row.photo("u", path=UPLOAD)])
    found = evidence(lab, "p")
    assert (found.heatmaps, found.share_correct) == (2, 0.5)
