"""Names of families of clusters are kept with the clustering."""

import pytest

from tests import lab_rows as row
from whalecore.errors import LabError
from whalecore.lab import create_lab


@pytest.fixture
def lab(tmp_path):
    (tmp_path / "photos").mkdir()
    made = create_lab(tmp_path / "lab", name="lab", photo_root=tmp_path / "photos")
    made.write("clusterings", [row.clustering("c", clusters=12), row.clustering("d", clusters=12)])
    return made


def test_a_family_is_its_clusters_in_whatever_order_they_are_given(lab):
    lab.name_family("c", [10, 2, 2], "  trailing   edge ", "Anna")
    lab.name_family("c", (3,), "left tip")
    assert lab.family_names("c") == {(2, 10): "trailing edge", (3,): "left tip"}
    assert lab.family_names("d") == {}
    (kept,) = lab.rows("family_names", clusters="2 10")
    assert (kept["name"], kept["named_by"]) == ("trailing edge", "Anna")


def test_the_newest_name_counts_and_an_empty_one_takes_it_away(lab):
    lab.name_family("c", [1, 2], "first")
    lab.name_family("c", [2, 1], "second")
    assert lab.family_names("c") == {(1, 2): "second"}
    lab.name_family("c", [1, 2], " ")
    assert lab.family_names("c") == {}


@pytest.mark.parametrize(
    ("clusters", "name", "words"),
    [
        ([], "x", "from 1 to 12"),
        ([0], "x", "from 1 to 12"),
        ([12, 13], "x", "from 1 to 12"),
        ([1], "x" * 81, "at most 80"),
        ([1], "a\x00b", "cannot be seen"),
    ],
)
def test_what_is_no_family_or_no_name_is_refused_in_a_sentence(lab, clusters, name, words):
    with pytest.raises(LabError, match=words):
        lab.name_family("c", clusters, name)
    assert lab.family_names("c") == {}


def test_names_count_while_their_clustering_is_there(lab):
    with pytest.raises(LabError, match="no clustering 'x'"):
        lab.name_family("x", [1], "name")
