"""Families of clusters on the page Clusters: named, and the name is kept with the clustering."""

from tests.pages.test_pages import assert_calm, opened, shown
from whalecore.lab import open_lab


def test_a_family_is_named_and_keeps_its_name_while_it_has_the_same_clusters(demo_copy):
    lab = open_lab(demo_copy)
    clustering = lab.newest_clustering(ranks="top5")
    at = opened("clusters", demo_copy, tab="Families", families="4")
    assert_calm(at)
    table = at.dataframe[0].value
    clusters = tuple(map(int, table["Clusters"].iloc[1].split(", ")))
    key = f"{clustering}_{'_'.join(map(str, clusters))}"
    at.text_input(key=f"family_name_{key}").set_value("tip *left*")
    at.text_input(key=f"family_by_{key}").set_value("Ada")
    (save, *_) = [b for b in at.button if b.label == "Save" and key in str(b.form_id)]
    save.click().run()
    assert_calm(at)
    assert lab.family_names(clustering) == {clusters: "tip *left*"}
    assert at.dataframe[0].value["Name"].tolist() == ["", "tip *left*", "", ""]
    assert r"**Family 2: tip \*left\***" in shown(at) or r"tip \*left\*" in shown(at)
    (row,) = lab.rows("family_names")
    assert row["named_by"] == "Ada"
