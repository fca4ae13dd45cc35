"""What a lab keeps of a training, and which trainings it does again."""

import json
from dataclasses import replace

import pandas as pd
import pytest

from whalecore.identifiers.history import Epoch, as_text, from_text
from whalecore.lab.lab import open_lab
from whalecore.training_tables import curves, with_curves
from whalecore.workflow.presets import preset
from whalecore.workflow.train import _new_whales, _training_key, train_identifier

EPOCHS = (Epoch(1, True, 3.0, 0.1, 1.0, 9.0), Epoch(2, False, 2.0, 0.01, 1.0, 9.0, 0.5, 0.7))


def test_epochs_as_text_come_back():
    assert from_text(as_text(EPOCHS)) == EPOCHS


@pytest.mark.parametrize("text", ["{not json", "[1]", '[{"number": 1}]', '[{"other": 1}]', "3"])
def test_another_text_is_no_epochs(text):
    with pytest.raises(ValueError):  # noqa: PT011
        from_text(text)


def test_a_model_of_the_first_version_is_not_trained_again(demo_folder):
    """The key of the demo lab's model was written before there were later settings."""
    lab = open_lab(demo_folder)
    photos = lab.photos(reviewed=False).dropna(subset=["fold", "crop_x0"])
    known = photos[photos["individual"].notna()].sort_values("photo_id")
    chosen = preset("demo")
    (model,) = lab.rows("models")
    key = _training_key(known[known["fold"] != 0], _new_whales(photos, chosen, 0), chosen, 0)
    assert key == json.loads(model["settings"])["training_key"]


PHOTOS = pd.DataFrame(
    {
        "photo_id": ["d", "c", "b", "a"],
        "individual": [None, "w1", None, None],
        "fold": [1, 1, 0, 2],
        **{f"crop_{edge}": [0.0] * 4 for edge in ("x0", "y0", "x1", "y1")},
    }
)


def with_share(share):
    return preset("laptop", training={"new_whale_share": share})


def test_new_whales_are_unknown_photos_outside_the_fold_and_only_where_asked_for():
    assert _new_whales(PHOTOS, with_share(0.25), fold=0)["photo_id"].tolist() == ["a", "d"]
    assert _new_whales(PHOTOS, with_share(0.25), fold=1)["photo_id"].tolist() == ["a", "b"]
    assert _new_whales(PHOTOS, with_share(0.0), fold=0).empty


def test_other_new_whales_make_another_training_only_where_they_are_learnt_from():
    fewer = PHOTOS[PHOTOS["photo_id"] != "a"]

    def key(photos, share):
        chosen = with_share(share)
        return _training_key(PHOTOS[1:2], _new_whales(photos, chosen, 0), chosen, 0)

    assert key(PHOTOS, 0.0) == key(fewer, 0.0)
    assert key(PHOTOS, 0.25) != key(fewer, 0.25)


def test_a_training_leaves_its_curves_in_the_lab_also_where_it_was_stopped(tiny_lab, tiny_preset):
    changes = {"seed": 5, "new_whale_share": 0.25, "mirrored": True, "average": 1.0, "epochs": 3}
    chosen = replace(tiny_preset, training=replace(tiny_preset.training, **changes))

    class StoppedError(Exception):
        pass

    def stop(progress):
        if progress.step == "train" and progress.message.startswith("epoch 2"):
            raise StoppedError

    with pytest.raises(StoppedError):
        train_identifier(tiny_lab, chosen, report=stop)
    steps = set()
    model_id = train_identifier(tiny_lab, chosen, report=lambda one: steps.add(one.step))
    assert "read photos of new whales" in steps
    assert model_id in with_curves(tiny_lab.models())
    frame = curves(tiny_lab.models(), [model_id])
    assert frame["pass"].tolist() == [1, 2, 3]
    assert frame["map5"].between(0, 1).all()
    (row,) = tiny_lab.rows("models", model_id=model_id)
    assert json.loads(row["metrics"])["validation_map5"] == frame["map5"].iloc[-1]
    identifier = tiny_lab.identifier(model_id)
    assert identifier.mirrored_directions.shape == identifier.network.directions.shape
    # All of it is there: it is not trained a second time.
    steps.clear()
    assert train_identifier(tiny_lab, chosen, report=lambda one: steps.add(one.step)) == model_id
    assert not steps
