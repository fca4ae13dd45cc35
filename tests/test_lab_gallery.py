"""Individuals that take part through their photos, in a lab with a network from chance."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from tests import lab_rows as row
from tests.contest import lab_contest
from tests.residual import residual_network
from whalecore.cli import main
from whalecore.errors import LabError, SettingsError
from whalecore.identifiers.checkpoint import save_identifier
from whalecore.identifiers.ensemble import Ensemble
from whalecore.identifiers.identifier import Identifier
from whalecore.lab.gallery import MOST_AT_ONCE, compared_with, extended, individuals_asked
from whalecore.lab.lab import create_lab, open_lab
from whalecore.photos.decode import load_photo
from whalecore.workflow.assess import chosen_identifier
from whalecore.workflow.score import score_photos

BOX = {"crop_x0": 4.0, "crop_y0": 2.0, "crop_x1": 60.0, "crop_y1": 30.0}
STRANGERS = 24
LATER = "z0"


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """Folder of pictures of noise: path by name."""
    folder = tmp_path_factory.mktemp("noise")
    random = np.random.default_rng(0)
    for place in range(8):
        pixels = random.integers(0, 256, (32, 64, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{place}.png")
    return folder


@pytest.fixture(scope="module")
def folder(photos, tmp_path_factory):
    """Two models that know w0 and w1, embeddings of chance, and some photos that can be read."""
    lab = create_lab(tmp_path_factory.mktemp("labs") / "lab", "noise", photos)
    random = np.random.default_rng(1)
    for fold in (0, 1):
        network = residual_network(individuals=2, seed=fold)
        one = Identifier(network, ["w0", "w1"], 32, 64)
        save_identifier(one, lab.model_folder(one.model_id))
        names = {"individuals": ["w0", "w1"], "input_height": 32, "input_width": 64}
        lab.write("models", [row.model(one.model_id, fold=fold, folds=2, **names)])
        found = random.normal(size=(STRANGERS, network.embedding_size))
        found /= np.linalg.norm(found, axis=1, keepdims=True)
        lab.write(
            "embeddings",
            [
                {
                    "model_id": one.model_id,
                    "photo_id": f"s{place}",
                    "crop": row.CROP,
                    "role": "gallery",
                    "values": values,
                }
                for place, values in enumerate(found)
            ],
        )
    lab.write("catalogue", [row.photo(f"s{n}", f"w{n % 2}") for n in range(STRANGERS)])
    lab.write("catalogue", [photo_row(photos, place) for place in range(4)])
    lab.write("crops", [{**row.crop(f"p{place}"), **BOX} for place in range(4)])
    return lab.folder


@pytest.fixture
def lab(folder, tmp_path):
    return open_lab(shutil.copytree(folder, tmp_path / "lab"))


def photo_row(folder, place: int, individual: str | None = None) -> dict:
    name = f"{place}.png"
    return row.photo(f"p{place}", individual, path=name, name=name, width=64, height=32)


def confirm(lab, photo_id: str, name: str, decision="new_individual"):
    return lab.decide(photo_id, decision, name, reviewer="Ada")


def test_without_further_individuals_the_identifier_is_itself(lab):
    identifier = lab.identifier()
    assert extended(lab, identifier) is identifier


def test_a_confirmed_new_individual_can_be_named_at_once_and_is_gone_when_taken_back(lab):
    identifier = lab.identifier()
    before = lab.further_state(identifier.model_id)
    review = confirm(lab, "p0", LATER)
    longer = extended(lab, identifier)
    assert longer.individuals == ("w0", "w1", LATER)
    assert longer.model_id == identifier.model_id
    assert lab.further_state(identifier.model_id) != before
    # Of a look at the very photo by the network; kept, so that it is looked at once.
    (kept,) = lab.rows("embeddings", photo_id="p0", model_id=identifier.model_id)
    photo = lab.read_photo("p0")
    own = identifier.identify(photo, crop=lab.crop("p0")).embedding
    np.testing.assert_allclose(np.array(kept["values"], np.float32), own, atol=1e-3)
    assert kept["role"] == "named later"
    assert extended(lab, identifier) is longer
    lab.undo(review.review_id, "Ada")
    assert extended(lab, identifier) is identifier
    assert lab.further_state(identifier.model_id) == before


def test_the_next_photo_of_a_confirmed_individual_is_recognised(lab):
    confirm(lab, "p0", LATER)
    identifier = lab.identifier()
    longer = extended(lab, identifier)
    same = longer.identify(lab.read_photo("p0"), crop=lab.crop("p0"))
    other = longer.identify(lab.read_photo("p1"), crop=lab.crop("p1"))
    score = [
        next(one.score for one in found.candidates if one.individual == LATER)
        for found in (same, other)
    ]
    assert same.individuals[0] == LATER
    assert score[0] > score[1]
    assert sum(one.score for one in same.candidates) == pytest.approx(1, abs=1e-5)


def test_no_photo_answers_for_itself_and_scored_ones_keep_their_scores(lab):
    confirm(lab, "p0", LATER)
    identifier = lab.identifier()
    assert extended(lab, identifier, {"p0"}) is identifier
    confirm(lab, "p1", LATER, "confirm")
    alone = extended(lab, identifier, {"p0"})
    both = extended(lab, identifier)
    assert alone.individuals == both.individuals
    assert alone.listed != both.listed
    score = {"model_id": identifier.model_id, "crop": lab.crop("p0").box.key}
    lab.write("scores", [row.score("p0", 1, "w0", **score)])
    assert extended(lab, identifier, {"p0"}) is identifier
    # Where only one of several photos has scores, all get the one longer list.
    assert extended(lab, identifier, {"p0", "p2"}).individuals == ("w0", "w1", LATER)


def test_new_photos_are_compared_with_the_photos_of_all_on_the_list(lab):
    confirm(lab, "p0", LATER)
    identifier = lab.identifier()
    assert set(compared_with(lab, identifier).individuals) == {"w0", "w1"}
    found = compared_with(lab, extended(lab, identifier))
    assert (len(found), found.individuals[found.photo_ids.index("p0")]) == (STRANGERS + 1, LATER)


def test_photos_that_cannot_be_read_stay_out(lab, photos):
    lab.write("catalogue", [row.photo("gone", LATER, path="gone.png")])
    identifier = lab.identifier()
    assert extended(lab, identifier) is identifier


def test_a_photo_on_which_no_fluke_was_found_answers_for_nobody_until_its_crop_is_corrected(lab):
    lab.write("crops", [{**row.crop("p0"), **BOX, "crop_source": "whole"}])
    confirm(lab, "p0", LATER)
    identifier = lab.identifier()
    assert extended(lab, identifier) is identifier
    assert not lab.rows("embeddings", photo_id="p0")
    lab.write("crops", [{**row.crop("p0"), **BOX, "crop_source": "manual"}])
    assert LATER in extended(lab, identifier).individuals


def test_a_lab_without_embeddings_keeps_the_trained_list(lab, forget):
    confirm(lab, "p0", LATER)
    lab = forget(lab, "embeddings")
    identifier = lab.identifier()
    assert extended(lab, identifier) is identifier


def test_score_looks_at_more_photos_than_a_question_does(lab, photos):
    lab.write("catalogue", [photo_row(photos, place, LATER) for place in range(4)])
    lab.write("splits", [])
    score_photos(lab)
    for model in lab.rows("models"):
        found = lab.rows("embeddings", model_id=model["model_id"], role="named later")
        assert {one["photo_id"] for one in found} == {"p0", "p1", "p2", "p3"}
    assert MOST_AT_ONCE < 1000


def test_several_models_answer_together_with_all_individuals(lab):
    confirm(lab, "p0", LATER)
    names = [one["model_id"] for one in lab.rows("models")]
    together = chosen_identifier(lab, names)
    assert isinstance(together, Ensemble)
    assert chosen_identifier(lab, ["all"]).model_id == together.model_id
    assert chosen_identifier(lab, names[:1]).model_id == names[0]
    longer = extended(lab, together)
    assert longer.individuals == ("w0", "w1", LATER)
    members = [extended(lab, one) for one in together.members]
    image = together.prepare(lab.read_photo("p1"), lab.crop("p1").box)[None]
    mean = sum(one.scores(one.logits(image)) for one in members) / 2
    np.testing.assert_allclose(longer.scores(longer.logits(image)), mean, atol=1e-6)
    assert longer.identify(lab.read_photo("p1")).heatmap_model.startswith(f"{together.model_id}.")
    with pytest.raises(LabError, match="no model 'nobody'"):
        chosen_identifier(lab, ["nobody"])
    with pytest.raises(SettingsError, match="named twice"):
        chosen_identifier(lab, names[:1] * 2)


def test_what_several_models_say_is_to_be_checked_by_hand(lab, photos):
    confirm(lab, "p0", LATER)
    photo = load_photo(photos / "5.png")
    found = lab.assess(photo, identifier=chosen_identifier(lab, ["all"]))
    assert found.verdict.verdict == "check"
    assert "together" in found.verdict.reasons[0]
    assert set(found.heatmaps) == {"w0", "w1", LATER}
    stored = lab.rows("heatmaps", photo_id=photo.photo_id)
    assert {one["model_id"] for one in stored} == {found.prediction.heatmap_model}


def test_a_contest_looks_at_one_part_alone(lab, forget):
    model_id = lab.newest_model_id()
    identifier = lab.identifier(model_id)
    (model,) = lab.rows("models", model_id=model_id)
    size = identifier.network.embedding_size
    random = np.random.default_rng(2)
    parts = {"validation": ("v0", "w0"), "test": ("t0", "w1")}
    rows, values = [], {}
    for part, names in parts.items():
        for place, name in enumerate((names[0], names[0], names[1])):
            photo_id = f"{part}{place}"
            one = random.normal(size=size)
            values[photo_id] = one / np.linalg.norm(one)
            rows.append((photo_id, part, name))
    lab.write("catalogue", [row.photo(photo_id, name) for photo_id, _, name in rows])
    lab.write(
        "splits",
        [
            {"photo_id": one, "fold": model["fold"], "part": part, "known": True, "unit": one}
            for one, part, _ in rows
        ],
    )
    about = {"model_id": model_id, "crop": row.CROP, "role": "held out"}
    lab.write("embeddings", [{**about, "photo_id": one, "values": values[one]} for one in values])
    held = lab_contest(lab, identifier, "validation")
    assert held.individuals == ("w0", "w1", "v0")
    assert sorted(held.truth) == [0, 2, 2]
    assert lab_contest(lab, identifier, "test").individuals == ("w0", "w1", "t0")


def test_the_dashboard_asks_anew_once_a_new_individual_is_named(lab):
    import streamlit as st

    from pages.parts.assessment import _key

    photo = lab.read_photo("p1")
    before = _key(lab, [photo], st.empty())
    assert _key(lab, [photo], st.empty()) == before
    review = confirm(lab, "p0", LATER)
    named = _key(lab, [photo], st.empty())
    assert named != before
    # What an assessment keeps in the lab calls for no other one.
    extended(lab, lab.identifier(), {"p1"})
    assert _key(lab, [photo], st.empty()) == named
    lab.undo(review.review_id, "Ada")
    assert _key(lab, [photo], st.empty()) != named


def test_the_number_of_individuals_asked_counts_all_on_the_list(lab):
    confirm(lab, "p0", LATER)
    identifier, photo = lab.identifier(), lab.read_photo("p1")
    assert individuals_asked(lab, identifier.identify(photo)) == 2
    assert individuals_asked(lab, extended(lab, identifier).identify(photo)) == 3


def test_the_command_line_names_a_confirmed_individual_with_one_model_and_with_all(lab, photos):
    confirm(lab, "p0", LATER)
    for chosen in ([], ["--model", "all"]):
        given = ["identify", str(photos / "6.png"), "--lab", str(lab.folder), "--json", *chosen]
        outcome = CliRunner().invoke(main, given)
        assert outcome.exit_code == 0, outcome.output
        (answer,) = json.loads(outcome.stdout)
        assert LATER in [one["individual"] for one in answer["candidates"]]
    assert answer["model"].startswith("ensemble-")
    wrong = CliRunner().invoke(main, [*given[:-2], "--model", "nobody"])
    assert wrong.exit_code == 1
    assert "no model 'nobody'" in wrong.stderr


def test_photos_of_one_sighting_do_not_answer_for_each_other(lab, photos):
    confirm(lab, "p0", LATER)
    confirm(lab, "p1", LATER, "confirm")
    together = [replace(lab.read_photo(one), photo_id=one) for one in ("p0", "p1")]
    found = lab.assess_together(together)
    lists = {one.prediction.listed for one in found.assessments}
    assert lists == {""}
    identifier = lab.identifier()
    longer = extended(lab, identifier, {"p1"})
    assert LATER in longer.individuals
    assert LATER not in compared_with(lab, longer, {"p0", "p1"}).individuals
    assert LATER in compared_with(lab, longer, {"p1"}).individuals
