"""Heatmaps that are asked for by name: made of any photo, kept, and counting in nothing."""

import numpy as np
import pytest

from tests import lab_rows as row
from tests.stored_values import assert_same_once_stored
from whalecore.errors import LabError
from whalecore.explain.occlusion import occlusion_maps
from whalecore.lab import create_lab, open_lab
from whalecore.lab.named import named_heatmap, uncounted
from whalecore.types import Computing, GradCamSettings, OcclusionSettings
from whalecore.workflow import explain as explain_module
from whalecore.workflow.explain import explain_photo
from whalecore.workflow.export.heatmaps import export_heatmaps
from whalecore.workflow.faithfulness import Sample, _sample
from whalecore.workflow.named import explain_named

EXACT = Computing(engine="exact")
USUAL = OcclusionSettings(patch=16, stride=8)
OTHER = OcclusionSettings(patch=16, stride=16)


def learned_photo(lab) -> tuple[str, str, str]:
    """Model, photo that it learned from, and whom the photo shows."""
    model = lab.models().iloc[0]
    learned = lab.learned(model["model_id"])
    rows = lab.photos()
    rows = rows[rows["photo_id"].isin(learned) & rows["individual"].isin(model["individuals"])]
    return model["model_id"], rows.iloc[0]["photo_id"], rows.iloc[0]["individual"]


def scored_photo(lab) -> str:
    return min(key[0] for key in lab.computed_keys("scores", ["photo_id"]))


def stranger_of(lab, photo_id) -> str:
    """An individual that the model knows and that is not among the photo's first five."""
    model = lab.models().iloc[0]
    first = set(lab.scores(photo_id=photo_id)["individual"])
    return next(name for name in model["individuals"] if name not in first)


def made(lab, photo_id, individual, model_id, settings=USUAL):
    for _ in explain_named(lab, photo_id, individual, model_id, settings, EXACT):
        pass
    return named_heatmap(lab, model_id, photo_id, individual, settings)


def test_a_photo_that_the_model_learned_from_is_explained_and_the_map_is_kept(tiny_lab):
    model_id, photo_id, name = learned_photo(tiny_lab)
    found = made(tiny_lab, photo_id, name, model_id)
    again = open_lab(tiny_lab.folder)
    kept = again.heatmap(model_id, photo_id, name, "osm", USUAL)
    np.testing.assert_array_equal(kept.values, found.values)
    assert uncounted(again, model_id, photo_id, name) == "learned"
    (stored,) = again.rows("heatmaps", photo_id=photo_id)
    assert (stored["individual"], stored["engine"]) == (name, "exact")
    identifier = again.identifier(model_id)
    photo, crop = again.read_photo(photo_id), again.crop(photo_id)
    (said,) = [
        one
        for one in identifier.identify(photo, len(identifier.individuals), crop).candidates
        if one.individual == name
    ]
    assert stored["rank"] == said.rank
    assert stored["score"] == pytest.approx(said.score, abs=1e-5)
    prepared = identifier.prepare(photo, crop.box)
    expected = occlusion_maps(identifier, prepared, [name], 16, 8, computing=EXACT)[0]
    assert_same_once_stored(kept.values, expected)


def test_a_map_that_is_there_is_not_made_again(tiny_lab, monkeypatch):
    model_id, photo_id, name = learned_photo(tiny_lab)
    made(tiny_lab, photo_id, name, model_id)
    monkeypatch.setattr(type(tiny_lab), "read_photo", None)
    assert list(explain_named(tiny_lab, photo_id, name, model_id, USUAL)) == []


def test_what_was_stopped_goes_on(tiny_lab):
    model_id, photo_id, name = learned_photo(tiny_lab)
    fine = OcclusionSettings(patch=4, stride=2)
    growing = explain_named(tiny_lab, photo_id, name, model_id, fine, EXACT)
    next(growing)
    known = int(next(growing).computed.sum())
    growing.close()
    (stopped,) = tiny_lab.rows("unfinished_heatmaps")
    assert (stopped["individual"], stopped["computed"]) == (name, known)
    again = explain_named(tiny_lab, photo_id, name, model_id, fine, EXACT)
    assert next(again).computed.sum() > known
    again.close()


def test_a_candidate_asked_for_by_name_has_all_five_explained_as_any(tiny_lab, forget):
    photo_id = scored_photo(tiny_lab)
    scores = tiny_lab.scores(photo_id=photo_id)
    second = scores["individual"].iloc[1]
    model_id = scores["model_id"].iloc[0]
    made(tiny_lab, photo_id, second, model_id, OTHER)
    rows = tiny_lab.rows("heatmaps", photo_id=photo_id, settings=OTHER.key)
    assert {one["individual"] for one in rows} == set(scores["individual"])
    assert uncounted(tiny_lab, model_id, photo_id, second) is None


def test_grad_cam_is_made_by_name_as_well(tiny_lab):
    model_id, photo_id, name = learned_photo(tiny_lab)
    found = made(tiny_lab, photo_id, name, model_id, GradCamSettings("layer3"))
    assert found.values.min() >= 0
    assert found.method == "gradcam"


def test_who_is_unknown_to_the_model_is_one_sentence(tiny_lab):
    model_id, photo_id, _ = learned_photo(tiny_lab)
    with pytest.raises(LabError, match="knows no other photo of that individual"):
        made(tiny_lab, photo_id, "nobody", model_id)
    with pytest.raises(LabError, match="no such model"):
        made(tiny_lab, photo_id, "nobody", "resnet18-gone")


def test_an_individual_named_by_decisions_is_explained_without_the_photo_itself(tiny_lab):
    model_id, *_ = learned_photo(tiny_lab)
    scored = sorted({key[0] for key in tiny_lab.computed_keys("scores", ["photo_id"])})[:3]
    for photo_id in scored[:1]:
        tiny_lab.decide(photo_id, "new_individual", "Salt", reviewer="Ada")
    with pytest.raises(LabError, match="knows no other photo"):
        made(tiny_lab, scored[0], "Salt", model_id)
    for photo_id in scored[1:]:
        tiny_lab.decide(photo_id, "confirm", "Salt", reviewer="Ada")
    found = made(tiny_lab, scored[0], "Salt", model_id)
    assert found.model_id.startswith(f"{model_id}.")
    assert uncounted(tiny_lab, found.model_id, scored[0], "Salt") is not None


def everything_counted(lab) -> dict:
    """All that heatmaps count in."""
    usual = lab.usual_occlusion()
    model_id = lab.newest_model_id()
    stacked = lab.heatmaps(settings=usual)
    return {
        "status": lab.status(),
        "stacked": list(zip(stacked.photo_ids, stacked.individuals, strict=True)),
        "usual": lab.heatmaps().settings,
        "doubtful": lab.count_doubtful(None, False, 0.95),
        "scored": lab.scored_heatmaps(["photo_id", "individual", "settings"]),
        "faithful": _sample(lab, model_id, usual, Sample(photos=10_000)),
        "explained": explain_module._explained(lab, model_id, usual),
        "pile": lab.review_pile().to_csv(),
        "verdicts": lab.rows("verdicts"),
        "evidence": lab.rows("evidence"),
        "clusters": lab.cluster_correctness(lab.usual_clustering()).to_dict(),
    }


@pytest.mark.slow
def test_heatmaps_by_name_count_in_nothing(tiny_lab):
    before = everything_counted(tiny_lab)
    model_id, photo_id, name = learned_photo(tiny_lab)
    scored = scored_photo(tiny_lab)
    for settings in (USUAL, GradCamSettings()):
        made(tiny_lab, photo_id, name, model_id, settings)
    made(tiny_lab, scored, stranger_of(tiny_lab, scored), model_id)
    assert len(tiny_lab.rows("heatmaps", photo_id=photo_id)) == 2
    assert everything_counted(tiny_lab) == before


def test_no_picture_is_exported_of_a_photo_that_the_model_learned_from(tiny_lab, forget, tmp_path):
    lab = forget(tiny_lab, "heatmaps")
    model_id, photo_id, name = learned_photo(lab)
    found = made(lab, photo_id, name, model_id)
    about = {"model_id": model_id, "settings": USUAL.key, "values": found.values}
    key = {**about, "rows": found.values.shape[0], "cols": found.values.shape[1]}
    crop = found.crop
    lab.write("heatmaps", [row.heatmap(photo_id, 1, name, **{**key, "crop": crop})])
    assert export_heatmaps(lab, tmp_path) == 0
    scored = scored_photo(lab)
    crop = lab.crop(scored).box.key
    lab.write("heatmaps", [row.heatmap(scored, 1, name, **{**key, "crop": crop})])
    assert export_heatmaps(lab, tmp_path) == 1


def test_a_photo_with_nothing_but_a_map_by_name_still_waits_for_its_own(tiny_lab, forget):
    lab = forget(tiny_lab, "heatmaps")
    scored = scored_photo(lab)
    waiting = lab.status()["missing"]["heatmaps"]
    assert waiting > 0
    model_id = lab.scores(photo_id=scored)["model_id"].iloc[0]
    made(lab, scored, stranger_of(lab, scored), model_id)
    assert lab.status()["missing"]["heatmaps"] == waiting
    with pytest.raises(LabError, match="no 'osm' heatmaps"):
        lab.heatmaps()
    explain_photo(lab, scored, USUAL, computing=EXACT)
    assert lab.status()["missing"]["heatmaps"] == waiting - 1
    assert explain_module._explained(lab, model_id, USUAL) == {scored}


@pytest.fixture
def lab(tmp_path):
    (tmp_path / "photos").mkdir()
    made = create_lab(tmp_path / "lab", "Test", tmp_path / "photos")
    made.write("catalogue", [row.photo(name, "a") for name in "pqr"])
    made.write("crops", [row.crop(name) for name in "pqr"])
    made.write("models", [row.model("m", fold=0)])
    made.write("scores", [row.score("p", 1, "a"), row.score("p", 2, "b")])
    return made


def test_why_a_heatmap_counts_in_nothing(lab):
    split = {"part": "train", "known": True, "unit": "u"}
    folds = (("q", 1), ("r", 0))
    lab.write("splits", [{"photo_id": one, "fold": fold, **split} for one, fold in folds])
    lab.write("models", [row.model("m", fold=0)])
    assert uncounted(lab, "m", "p", "a") is None
    assert uncounted(lab, "m", "p", "c") == "beyond"
    assert uncounted(lab, "m", "q", "a") == "learned"
    assert uncounted(lab, "m.12345678", "q", "a") == "learned"
    assert uncounted(lab, "m", "r", "a") == "unscored"


def test_a_photo_is_explained_when_all_its_candidates_are(lab):
    lab.write("heatmaps", [row.heatmap("p", 1, "a", settings=USUAL.key)])
    assert explain_module._explained(lab, "m", USUAL) == set()
    lab.write("heatmaps", [row.heatmap("p", 2, "b", settings=USUAL.key)])
    assert explain_module._explained(lab, "m", USUAL) == {"p"}
    lab.write("heatmaps", [row.heatmap("q", 1, "a", settings=USUAL.key)])
    assert explain_module._explained(lab, "m", USUAL) == {"p"}
    assert lab.scored_heatmaps(["photo_id"]) == {("p",)}


def test_the_map_of_the_trained_list_comes_before_that_of_a_longer_one(lab):
    about = {"settings": USUAL.key}
    lab.write("heatmaps", [row.heatmap("q", 1, "a", 7.0, model_id="m.12345678", **about)])
    assert named_heatmap(lab, "m", "q", "a", USUAL).values[0, 0] == 7
    lab.write("heatmaps", [row.heatmap("q", 1, "a", 3.0, **about)])
    assert named_heatmap(lab, "m", "q", "a", USUAL).values[0, 0] == 3
    assert named_heatmap(lab, "n", "q", "a", USUAL) is None
    assert list(lab.heatmap_options("q")["scored"]) == [False, False]
