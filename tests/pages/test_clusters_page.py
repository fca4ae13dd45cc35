"""The page Clusters on a lab written by hand, and the words on a new photo's cluster."""

import json
from datetime import datetime

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from tests import lab_rows
from tests.pages.test_pages import assert_calm, opened, shown, value_of
from whalecore.lab.lab import create_lab, open_lab
from whalecore.plain_words import SPACE
from whalecore.types import ClusterEvidence

SETTINGS = "patch=16,stride=8,fill=0,target=probability"
PEOPLE = ("a", "b")
SIZE = 6
"""Photos; each has a heatmap for both individuals, in clusters 1 and 2."""


def text_of(at: AppTest) -> str:
    warnings = " ".join(one.value for one in at.warning)
    return f"{shown(at)} {warnings}".replace(SPACE, " ").replace("\\", "")


def figures_of(at: AppTest) -> dict[str, str]:
    return {metric.label: metric.value.replace(SPACE, " ") for metric in at.metric}


def old_clustering(lab, clustering_id: str, swapped: bool = False, **other) -> None:
    """A clustering as older versions wrote it: no mode, no stability, no facts."""
    rows = [
        lab_rows.assignment(
            f"{place:016x}",
            person,
            (3 - side if swapped and place else side),
            clustering_id=clustering_id,
            settings=SETTINGS,
        )
        for place in range(SIZE)
        for side, person in enumerate(PEOPLE, 1)
    ]
    lab.write("assignments", rows)
    about = {"heatmap_settings": SETTINGS, "heatmaps": 2 * SIZE, "sigma": 1.0, "settings": {}}
    about |= {"eigenvalues": [0.0, 0.1, 0.5, 0.6], "sigma_sweep": []}
    lab.write("clusterings", [lab_rows.clustering(clustering_id, **{**about, **other})])


@pytest.fixture
def old_lab(tmp_path):
    (tmp_path / "photos").mkdir()
    lab = create_lab(tmp_path / "lab", name="two", photo_root=tmp_path / "photos")
    photos = [f"{place:016x}" for place in range(SIZE)]
    lab.write("models", [lab_rows.model("m")])
    lab.write("catalogue", [lab_rows.photo(photo, "a") for photo in photos])
    for side, person in enumerate(PEOPLE, 1):
        lab.write(
            "scores",
            [
                lab_rows.score(photo, side, person, 0.9 / side, is_reference=person == "a")
                for photo in photos
            ],
        )
        lab.write(
            "heatmaps",
            [lab_rows.heatmap(photo, side, person, settings=SETTINGS) for photo in photos],
        )
    old_clustering(lab, "before")
    return lab


@pytest.fixture
def new_lab(old_lab):
    """The same, clustered again: cluster 1 was 2 before, and 2 was 1."""
    sweep = [
        {"sigma": s, "isolated": 0.1, "mean_degree": 3.0, "eigengap": 0.2, "stability": 0.8}
        for s in (1.0, 2.0)
    ]
    about = {"eigenvalues": [0.0, 0.1, 0.5, 0.6], "sigma": 1.0, "sigma_sweep": sweep}
    about |= {"mode": "exact", "matched_to": "before", "settings": {"sigma_rule": "most stable"}}
    about |= {"neighbouring": {"1": [[1, 1, SIZE], [2, 1, SIZE]]}}
    about |= {"stability": 0.59, "noise_stability": 0.6}
    old_clustering(old_lab, "now", swapped=True, **about)
    facts = [
        {
            "clustering_id": "now",
            "cluster": cluster,
            "stability": stability,
            "heatmaps": SIZE,
            "individuals": 2,
            "purity": 0.75,
            "individual": "a",
            "photo_individuals": 1,
            "photo_purity": 0.5,
            "photo_individual": "z",
            "part_shares": {"left tip": 0.6, "notch": 0.4},
            "mirrored_share": 0.5,
            "blurred_share": 0.25,
            "new_share": 0.0,
            "warnings": warnings,
        }
        for cluster, stability, warnings in ((1, 0.875, []), (2, 0.31, ["It rests on *text*."]))
    ]
    old_lab.write("clusters", facts)
    key = {"clustering_id": "now", "earlier_id": "before"}
    match = {"shared": 5, "overlap": 5 / 7}
    old_lab.write(
        "cluster_matches",
        [
            {**key, "cluster": 1, "earlier_cluster": 2, **match},
            {**key, "cluster": 2, "earlier_cluster": None, "shared": 0, "overlap": 0.0},
        ],
    )
    return old_lab


def test_a_stable_cluster_shows_its_stability_and_what_it_rests_on(new_lab):
    at = opened("clusters", new_lab.folder, clustering="now", cluster="1")
    assert_calm(at)
    figures = figures_of(at)
    assert figures["Stability"] == "88 %"
    assert (figures["Animals on the photos"], figures["Most frequent one"]) == ("1", "50 %")
    assert (figures["Candidates"], figures["Most frequent candidate"]) == ("2", "75 %")
    assert [figures[name] for name in ("Mirrored", "Blurred", "New whales")] == [
        "50 %",
        "25 %",
        "0 %",
    ]
    assert "First candidate right" in figures
    text = text_of(at)
    assert "Rests mostly on the left tip (60 %) and the notch (40 %)." in text
    assert "The most frequent animal on the photos: z; the most frequent candidate: a." in text
    assert "Was cluster 2 before; of the heatmaps both clusterings hold, 71 % are the same." in text
    assert "unstable (2), fewer than 50 %" in text
    assert "Clusters of noise reach 60 %." in text
    assert "In all, 59 % of the pairs stay together; in as many clusters of noise" in text
    assert "do not take them for kinds of heatmaps" in text


def test_an_unstable_cluster_has_its_figures_marked_and_its_warnings_shown(new_lab):
    at = opened("clusters", new_lab.folder, clustering="now", cluster="2")
    assert_calm(at)
    figures = figures_of(at)
    assert "First candidate right (unstable)" in figures
    assert "Mean score (unstable)" in figures
    assert figures["Stability"] == "31 %"
    text = text_of(at)
    assert "Unstable: only 31 % of its pairs" in text
    assert "It rests on *text*." in text
    assert "New: no cluster of the clustering before is like it." in text
    assert at.selectbox(key="page_cluster").options[1] == "2 (unstable)"


def test_an_older_clustering_works_and_says_what_to_do(old_lab):
    for tab in ("Clusters", "Families", "Two clusters", "Origin", "Changes", "Comparison"):
        at = opened("clusters", old_lab.folder, tab=tab)
        assert_calm(at)
    text = text_of(opened("clusters", old_lab.folder))
    assert "Cluster the heatmaps again to see which clusters are stable." in text
    assert "python -m whalecore cluster" in text
    text = text_of(opened("clusters", old_lab.folder, tab="Origin"))
    assert "again to see how heatmaps were compared" in text
    assert "again to see what a few clusters more or fewer would change" in text
    assert "no clustering of the same kind" in text_of(
        opened("clusters", old_lab.folder, tab="Changes")
    )
    assert "has only this clustering" in text_of(
        opened("clusters", old_lab.folder, tab="Comparison")
    )


def test_the_origin_says_mode_neighbours_and_sigma(new_lab):
    at = opened("clusters", new_lab.folder, clustering="now", tab="Origin")
    assert_calm(at)
    text = text_of(at)
    assert "compared with every other one" in text
    assert "With 1 clusters, 1 and 2 would be one." in text
    assert "2 clusters were chosen, where the step is number 1 of 2 in size" in text
    assert "most stable" in text
    for title in ("without similar ones", "Similar heatmaps", "Largest step", "Same clusters"):
        assert title in text


def test_the_changes_are_told_and_lead_to_the_comparison(new_lab):
    at = opened("clusters", new_lab.folder, clustering="now", tab="Changes")
    assert_calm(at)
    text = text_of(at)
    assert "1 of 2 clusters continue one of the clustering before, 1 of them under" in text
    assert "New: 2." in text
    assert "Gone, as they were numbered before: 1." in text
    assert at.dataframe[0].value["Before"].tolist() == ["2", "new"]
    at.button[0].click().run()
    assert_calm(at)
    assert value_of(at, "tab") == "Comparison"
    table = at.dataframe[0].value
    assert table["Mostly in"].tolist() == ["2", "1"]
    assert json.loads(at.dataframe[0].proto.columns)["Heatmaps in both"]["width"] >= 120
    np.testing.assert_allclose(table["Share"], [0.83, 0.83])


def test_an_unknown_other_clustering_in_the_address_shows_one_that_is_there(new_lab):
    at = opened("clusters", new_lab.folder, clustering="now", tab="Comparison", other="gone")
    assert_calm(at)
    assert value_of(at, "other") == "before"


def test_a_name_and_a_note_are_kept_and_shown_and_can_be_taken_away(new_lab):
    at = opened("clusters", new_lab.folder, clustering="now", cluster="2")
    at.text_input[0].set_value("*left* tip")
    at.text_area[0].set_value("two\nlines")
    at.text_input(key="named_by").set_value("Ana")
    at.button[0].click().run()
    assert_calm(at)
    (row,) = open_lab(new_lab.folder).cluster_names("now").to_dict("records")
    assert [row[name] for name in ("cluster", "name", "note", "named_by")] == [
        2,
        "*left* tip",
        "two\nlines",
        "Ana",
    ]
    assert "Cluster 2 · *left* tip" in text_of(at)
    assert at.selectbox(key="page_cluster").options[1] == "2 · *left* tip (unstable)"
    at.text_input[0].set_value("")
    at.text_area[0].set_value("")
    at.button[0].click().run()
    assert_calm(at)
    assert open_lab(new_lab.folder).cluster_names("now").empty
    assert "left" not in at.selectbox(key="page_cluster").options[1]


EVIDENCE = ClusterEvidence(7, 0.9, 0.8, 0.95, 0.7, 60, 0.9)


def words_on_a_cluster(cluster, name) -> None:
    from pages.parts.verdict import show_cluster

    show_cluster(cluster, name)


def said_of(name=None, **changes) -> AppTest:
    from dataclasses import replace

    kwargs = {"cluster": replace(EVIDENCE, **changes), "name": name}
    return AppTest.from_function(words_on_a_cluster, kwargs=kwargs).run()


def test_a_new_photo_hears_name_membership_and_stability_of_its_cluster():
    at = said_of("notch", stability=0.8)
    assert_calm(at)
    assert at.metric[0].label == "First candidates that were right in cluster 7 · notch"
    assert "Membership 90 %" in text_of(at)
    assert "Stability: 80 % of its pairs" in text_of(at)


def test_an_unstable_cluster_of_a_new_photo_is_marked():
    at = said_of(stability=0.2)
    assert at.metric[0].label.endswith("cluster 7 (unstable)")
    assert "Do not rely on" in text_of(at)


def test_unlike_any_cluster_is_an_answer_of_its_own_that_says_what_to_do():
    at = said_of("notch", stability=0.8, unlike=True)
    assert_calm(at)
    assert not at.metric
    assert "Unlike any cluster." in text_of(at)
    assert "compare the candidates by eye" in text_of(at)
    assert "The nearest cluster is 7 · notch." in text_of(at)


def test_a_lab_that_never_measured_stability_says_what_to_do():
    at = said_of(stability=None)
    assert "Cluster the heatmaps again to see how stable this cluster is." in text_of(at)


def test_a_mean_taken_of_heatmaps_turns_them_where_flukes_were_aligned(old_lab):
    from pages.parts.cluster_mean import mean_heatmap_of

    # Every heatmap of the lab is 0 1 2 above 3 4 5, which rests on the right.
    for aligned, expected in ((False, [[0, 1, 2], [3, 4, 5]]), (True, [[2, 1, 0], [5, 4, 3]])):
        name = f"aligned {aligned}"
        parts = [{"method": "osm", "settings": SETTINGS}]
        about = {"parts": parts, "signed": False, "aligned": aligned}
        old_clustering(old_lab, name, representation=about)
        assert mean_heatmap_of(old_lab, name, 1).tolist() == expected


def test_an_older_clustering_without_arrays_says_so_on_map_and_families(old_lab):
    at = opened("clusters", old_lab.folder, tab="Map")
    assert not at.exception
    (error,) = at.error
    said = error.value.replace("\\", "")
    assert "is missing: restore it from a copy of the lab, or cluster again" in said
    assert "kept no mean heatmaps" in text_of(opened("clusters", old_lab.folder, tab="Families"))


def test_clusters_are_filtered_by_mean_score_and_correctness_and_the_address_says_so(new_lab):
    # Cluster 1 of "now" holds one heatmap of rank 1 and five of rank 2: mean (.9 + 5 * .45) / 6.
    at = opened("clusters", new_lab.folder, clustering="now", scores="0-60")
    assert_calm(at)
    assert "1 of 2 clusters are shown, 1 are hidden." in text_of(at)
    assert at.selectbox(key="page_cluster").options == ["1"]
    at.slider(key="clusters_rights").set_value((50, 100)).run()
    assert_calm(at)
    assert value_of(at, "rights") == "50-100"
    assert "No cluster lies in both ranges: make them wider." in text_of(at)
    at.slider(key="clusters_scores").set_value((0, 100)).run()
    assert at.selectbox(key="page_cluster").options == ["2 (unstable)"]


def said_of_links(at) -> list[str]:
    return [one.value.replace("\\", "") for one in at.warning if "address" in one.value]


def test_a_cluster_that_does_not_exist_is_named_and_another_one_shown(new_lab):
    at = opened("clusters", new_lab.folder, clustering="now", cluster="999")
    assert_calm(at)
    (said,) = said_of_links(at)
    assert said.startswith("The address asks for cluster 999, but this clustering has no such")
    assert said.endswith("cluster 1 is shown.")
    assert value_of(at, "cluster") == "1"
    about = {"clustering": "now", "tab": "Two clusters"}
    for number in ("cluster", "second"):
        at = opened("clusters", new_lab.folder, **about, **{number: "999"})
        assert_calm(at)
        (said,) = said_of_links(at)
        assert "cluster 999" in said
        assert said.endswith(f"cluster {1 if number == 'cluster' else 2} is shown.")


def test_a_clustering_that_the_lab_does_not_hold_is_named(new_lab):
    at = opened("clusters", new_lab.folder, clustering="gone")
    assert_calm(at)
    (said,) = said_of_links(at)
    assert said.startswith("The address asks for clustering 'gone', but the lab does not hold it")


def test_a_cluster_that_is_only_hidden_is_not_called_unknown(new_lab):
    at = opened("clusters", new_lab.folder, clustering="now", cluster="2", scores="0-60")
    assert_calm(at)
    assert at.selectbox(key="page_cluster").options == ["1"]
    assert said_of_links(at) == []


def test_the_heatmaps_far_from_the_mean_can_be_asked_for_and_stay_in_the_address(new_lab):
    at = opened("clusters", new_lab.folder, clustering="now", cluster="1")
    assert "standard deviations" not in text_of(at)
    at.segmented_control(key="clusters_order").set_value("far").run()
    assert_calm(at)
    assert value_of(at, "order") == "far"
    # Scores .9 and five times .45: mean .525, standard deviation .168, z = 2.24.
    assert "0 of 6 scores lie more than 2 standard deviations below" in text_of(at)
    assert "1 as far above it" in text_of(at)


def test_two_clusters_are_compared_with_their_figures(new_lab):
    at = opened("clusters", new_lab.folder, clustering="now", tab="Two clusters", cluster="1")
    assert_calm(at)
    assert at.selectbox(key="pair_cluster").value == 1
    assert at.selectbox(key="pair_second").value == 2
    table = at.dataframe[0].value.set_index("Figure")
    assert table.loc["Mean score"].tolist() == ["0.53", "0.83"]
    assert table.loc["Stability"].str.replace(SPACE, " ").tolist() == ["88 %", "31 %"]
    # All heatmaps of the lab are the same, so that their pattern is.
    assert "correlate with r = 1.00" in text_of(at)
    at.selectbox(key="pair_second").set_value(1).run()
    assert_calm(at)
    assert "the same cluster" in text_of(at)


def test_a_cluster_named_in_the_table_of_all_figures_is_there(new_lab):
    new_lab.name_cluster("now", 2, "left tip")
    at = opened("clusters", new_lab.folder, clustering="now")
    # The table is drawn for who opens it.
    assert not at.dataframe
    at.session_state["figures_open"] = True
    at.run()
    table = at.dataframe[0].value
    assert table["Cluster"].tolist() == ["1", "2 · left tip (unstable)"]
    assert table["Heatmaps"].tolist() == [SIZE, SIZE]
    assert table["New whales"].tolist() == [0.0, 0.0]


@pytest.mark.slow
def test_the_table_of_all_figures_says_whole_percents(demo_folder):
    at = opened("clusters", demo_folder)
    at.session_state["figures_open"] = True
    at.run()
    table = at.dataframe[0].value
    lab = open_lab(demo_folder)
    facts = lab.cluster_facts(lab.newest_clustering(ranks="top5")).set_index("cluster")
    exact = [float(facts.loc[int(one.split(" ")[0]), "stability"]) for one in table["Cluster"]]
    assert table["Stability"].tolist() == pytest.approx(np.round(exact, 2))
    assert not np.allclose(exact, np.round(exact, 2), atol=1e-4)


def test_families_hold_all_clusters_and_their_number_is_in_the_address(demo_folder):
    at = opened("clusters", demo_folder, tab="Families", families="3")
    assert_calm(at)
    table = at.dataframe[0].value
    assert table["Family"].tolist() == [1, 2, 3]
    numbers = [one.split(" ")[0] for one in ", ".join(table["Clusters"]).split(", ")]
    assert sorted(map(int, numbers)) == list(range(1, 21))
    at.slider(key="clusters_families").set_value(20).run()
    assert_calm(at)
    assert value_of(at, "families") == "20"
    assert len(at.dataframe[0].value) == 20


@pytest.mark.slow
def test_an_outline_in_the_address_shows_what_lies_in_it(demo_folder):
    whole = "0.0.999.0.999.999.0.999"
    at = opened("clusters", demo_folder, tab="Map", outline=whole, colour="score")
    assert_calm(at)
    # The corners are 0 and 1 themselves, so that the dots on two of the edges are outside.
    count = int(text_of(at).split("Chosen on the map ")[1].split(" heatmaps")[0].replace(",", ""))
    assert 1546 <= count <= 1550
    at = opened("clusters", demo_folder, tab="Map", outline="0.0.1.0.0.1")
    assert_calm(at)
    assert "No heatmap lies in the outline" in text_of(at)


def test_clusters_of_an_earlier_model_say_so_and_stand_beside_no_new_photo(old_lab):
    at = opened("clusters", old_lab.folder)
    assert "earlier model" not in at.selectbox(key="clusters_clustering").options[0]
    assert old_lab.usual_clustering() == "before"
    old_lab.write("models", [lab_rows.model("n", trained_at=datetime(2099, 1, 1))])
    at = opened("clusters", old_lab.folder)
    assert_calm(at)
    assert "of an earlier model" in at.selectbox(key="clusters_clustering").options[0]
    assert old_lab.usual_clustering() is None
