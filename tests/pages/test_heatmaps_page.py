"""The page Heatmaps with several heatmaps beside each other, on the demo lab."""

import time

import pytest

from tests.pages.test_pages import assert_calm, opened, shown, value_of
from whalecore.lab import open_lab
from whalecore.workflow.decide import Subject, decide_on_all

pytestmark = pytest.mark.slow
USUAL = "patch=16,stride=8,fill=0,target=probability"


def test_five_candidates_are_shown_beside_each_other(demo_folder):
    at = opened("heatmaps", demo_folder, look="five")
    assert_calm(at)
    assert at.selectbox(key="heatmaps_left").value == USUAL
    assert "One colour scale for all" in shown(at)


def test_two_heatmaps_are_compared_and_the_address_names_both(demo_folder):
    lab = open_lab(demo_folder)
    photo_id = sorted(lab.computed_keys("heatmaps", ["photo_id"]))[0][0]
    first, second = lab.scores(photo_id=photo_id)["individual"][:2]
    at = opened("heatmaps", demo_folder, look="compare", photo=photo_id, right=USUAL)
    assert_calm(at)
    assert at.selectbox(key="heatmaps_rival").value == first
    assert "correlate with r = 1.00" in shown(at)
    at.selectbox(key="heatmaps_rival").set_value(second).run()
    assert_calm(at)
    assert value_of(at, "rival") == second
    assert "divided by its own strongest value" in shown(at)
    assert "r = 1.00" not in shown(at)


def test_a_kind_that_is_not_computed_is_said_and_can_be_computed(demo_copy):
    at = opened("heatmaps", demo_copy, look="compare", right="layer=layer2")
    assert_calm(at)
    assert "not computed yet: Grad-CAM, layer2" in shown(at)
    at.button(key="compute_layer=layer2").click().run()
    assert_calm(at)
    assert "correlate with" in shown(at)


def test_a_patch_size_typed_beside_one_photo_is_not_meant_for_another(demo_copy):
    first, *_, other = sorted(key[0] for key in open_lab(demo_copy).scored_heatmaps(["photo_id"]))
    at = opened("heatmaps", demo_copy, look="compare", photo=first)
    usual = at.number_input(key="left_patch").value
    at.number_input(key="left_patch").set_value(32).run()
    assert at.number_input(key="left_patch").value == 32
    at.selectbox(key="heatmaps_photo").set_value(other).run()
    assert_calm(at)
    assert at.number_input(key="left_patch").value == usual != 32


def test_another_patch_size_is_asked_for_beside_the_heatmap_and_computed_there(demo_copy):
    at = opened("heatmaps", demo_copy, look="compare")
    at.number_input(key="left_patch").set_value(32).run()
    at.number_input(key="left_stride").set_value(32).run()
    at.button(key="left_sizes").click().run()
    assert_calm(at)
    asked = "patch=32,stride=32,fill=0,target=probability"
    assert value_of(at, "left") == asked
    assert "not computed yet: Occlusion, patch 32, stride 32 pixels" in shown(at)
    at.button(key=f"compute_{asked}").click().run()
    for _ in range(50):
        if "correlate with" in shown(at):
            break
        time.sleep(0.2)
        at.run()
    assert_calm(at)
    assert "correlate with" in shown(at)


def test_settings_in_the_address_that_nobody_could_choose_show_the_usual_ones(demo_folder):
    other = "patch=5,stride=1,fill=7,target=logit"
    at = opened("heatmaps", demo_folder, look="five", left=other)
    assert_calm(at)
    assert "There is no such heatmap of this photo" in shown(at).replace("\\", "")
    assert value_of(at, "left") == USUAL


def learned(lab) -> tuple[str, str]:
    """A photo that the model learned from, and whom it shows."""
    photos = lab.photos().dropna(subset=["individual"])
    photos = photos[photos["photo_id"].isin(lab.learned(lab.newest_model_id()))]
    return tuple(photos.iloc[0][["photo_id", "individual"]])


def test_a_photo_that_the_model_learned_from_is_explained_by_name_and_says_so(demo_copy):
    lab = open_lab(demo_copy)
    photo_id, name = learned(lab)
    # The photo comes last: the page Identify, which is opened first, would explain it as well.
    at = opened("heatmaps", demo_copy)
    at.query_params["photo"], at.query_params["individual"] = photo_id, name
    assert_calm(at.run())
    assert "The model learned from this photo" in shown(at)
    assert value_of(at, "individual") == name
    at.button(key=f"make_heatmap{USUAL}").click().run()
    assert_calm(at)
    assert f"Occlusion sensitivity map for {name}" in shown(at).replace("\\", "")
    assert lab.heatmap(lab.newest_model_id(), photo_id, name, "osm", USUAL) is not None
    again = opened("heatmaps", demo_copy)
    again.query_params["photo"], again.query_params["individual"] = photo_id, name
    assert_calm(again.run())
    assert not [one for one in again.button if one.key == f"make_heatmap{USUAL}"]
    assert "The model learned from this photo" in shown(again)


def test_the_candidates_own_photo_gets_its_heatmap_on_the_page_itself(demo_copy):
    lab = open_lab(demo_copy)
    known = lab.learned(lab.newest_model_id())
    for row in lab.scores().query("rank == 1").itertuples():
        against = next((one for one in lab.gallery(row.individual)["photo_id"] if one in known), "")
        if against:
            break
    for page in ("identify", "review"):
        at = opened(page, demo_copy, photo=row.photo_id, individual=row.individual, against=against)
        assert_calm(at)
        made = lab.heatmap(row.model_id, against, row.individual, "osm", USUAL)
        assert (made is not None) == (page == "review")
        if made is None:
            at.button(key="make_heatmap").click().run()
            assert_calm(at)
        assert not [one for one in at.button if one.key == "make_heatmap"]


def labels_of(at) -> dict[str, str]:
    """What the page calls each candidate."""
    options = [words.replace("\\", "") for words in at.radio(key="heatmaps_individual").options]
    return {words.split(" · ")[0].split(". ")[-1]: words for words in options}


def test_only_who_was_asked_for_is_called_so_and_the_name_in_the_catalogue_is_called_that(
    demo_folder,
):
    lab = open_lab(demo_folder)
    explained = {key[0] for key in lab.scored_heatmaps(["photo_id"])}
    photos = lab.photos().dropna(subset=["individual"])
    photos = photos[photos["photo_id"].isin(explained)]
    five = lab.scores().groupby("photo_id")["individual"].agg(set)
    photo_id, name = next(
        (row.photo_id, row.individual)
        for row in photos.itertuples()
        if row.individual not in five[row.photo_id] and len(lab.gallery(row.individual, limit=1))
    )
    other = next(one for one in lab.individuals() if one not in five[photo_id] | {name})
    at = opened("heatmaps", demo_folder)
    at.query_params["photo"], at.query_params["individual"] = photo_id, other
    assert_calm(at.run())
    said = labels_of(at)
    assert said[other].endswith("asked for by name")
    assert said[name].endswith("named by the catalogue")
    assert [one for one in said if said[one].endswith(("name", "catalogue"))] == [other, name]
    # To click it is no reason to call it otherwise.
    at.radio(key="heatmaps_individual").set_value(name).run()
    assert_calm(at)
    assert labels_of(at)[name].endswith("named by the catalogue")


def test_whom_reviewers_named_is_not_said_to_stand_in_the_catalogue(tiny_lab):
    scores = tiny_lab.scores()
    photo_id = scores["photo_id"].iloc[0]
    five = set(scores[scores["photo_id"] == photo_id]["individual"])
    name = next(one for one in tiny_lab.individuals() if one not in five)
    subject = Subject(photo_id, "", None, None, None)
    decide_on_all(tiny_lab, [subject], "confirm", name, "Ada", None)
    at = opened("heatmaps", tiny_lab.folder)
    at.query_params["photo"] = photo_id
    assert_calm(at.run())
    assert labels_of(at)[name].endswith("named by a decision")
    assert sum(words.endswith("named by the catalogue") for words in labels_of(at).values()) <= 1


def test_an_unknown_rival_in_the_address_is_replaced_by_the_candidate(demo_folder):
    at = opened("heatmaps", demo_folder, look="compare", rival="<b>nobody")
    assert_calm(at)
    assert value_of(at, "rival") == value_of(at, "individual")
