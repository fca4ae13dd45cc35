"""Labs that tests share: small real ones, computed by the real workflow."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

if "PYTEST_XDIST_WORKER" in os.environ:
    # Tests that run side by side share the cores: threads of each would only wait for the others'.
    os.environ.setdefault("OMP_NUM_THREADS", "1")

ROOT = Path(__file__).resolve().parents[1]
DEMO = ROOT / "data" / "demo"
UNTOUCHED = "untouched"
FLUKES = ROOT.parent / "shared" / "flukes"


@pytest.fixture(scope="session")
def demo_folder() -> Path:
    """The demo lab that ships; not to be written to."""
    if not (DEMO / "lab.json").is_file():
        pytest.skip("the demo lab is not built: python -m whalecore demo")
    return DEMO


@pytest.fixture
def demo_copy(demo_folder, tmp_path) -> Path:
    """A demo lab of one's own."""
    return Path(shutil.copytree(demo_folder, tmp_path / "demo"))


@pytest.fixture(scope="session")
def flukes() -> Path:
    """Real photographs, where the machine has them."""
    if not (FLUKES / "train.csv").is_file():
        pytest.skip("the folder of real fluke photographs is not on this machine")
    return FLUKES


@pytest.fixture(scope="session")
def tiny_preset():
    """The laptop preset made so small that the whole workflow takes seconds."""
    from whalecore.types import GradCamSettings, OcclusionSettings
    from whalecore.workflow.presets import preset

    laptop = preset("laptop", weights="none")
    return replace(
        laptop,
        training=replace(
            laptop.training,
            network_width=8,
            height=32,
            width=64,
            low_resolution_epochs=0,
            epochs=2,
            batch_individuals=4,
        ),
        occlusion=OcclusionSettings(patch=16, stride=8),
        gradcam=(GradCamSettings("layer4"),),
        limit=24,
        clusters=4,
        marks=None,
    )


@pytest.fixture(scope="session")
def tiny_source(tmp_path_factory) -> Path:
    """A folder with one folder per individual: 8 drawn individuals and some unknown ones."""
    from PIL import Image

    from whalecore.photos.synthetic import CollectionSettings, draw_collection

    root = tmp_path_factory.mktemp("source") / "flukes"
    settings = CollectionSettings(
        individuals=8, photos=100, new_individuals=4, new_photos=12, width=160, height=84
    )
    for drawing in draw_collection(settings):
        folder = root / (drawing.individual or "new_whale")
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(drawing.pixels).save(folder / f"{drawing.name}.jpg", quality=85)
    return root


@pytest.fixture(scope="session")
def tiny_lab_folder(tiny_source, tiny_preset, tmp_path_factory) -> Path:
    """A lab computed from `tiny_source` by every step of the workflow; not to be written to.

    Pages that show it keep heatmaps of its photos in it, so a copy of it is put aside.
    """
    from whalecore.lab.lab import create_lab
    from whalecore.workflow.run import run_all

    folder = tmp_path_factory.mktemp("labs") / "tiny"
    lab = create_lab(folder, name="tiny", photo_root=tiny_source, drawings=True, folds=2)
    run_all(lab, tiny_source, tiny_preset)
    shutil.copytree(folder, folder.parent / UNTOUCHED)
    return folder


@pytest.fixture
def tiny_lab(tiny_lab_folder, tmp_path):
    """A copy of the tiny lab, as it was made, that a test may change."""
    from whalecore.lab.lab import open_lab

    return open_lab(Path(shutil.copytree(tiny_lab_folder.parent / UNTOUCHED, tmp_path / "lab")))


ENOUGH_TO_WEIGH = 15
"""Validation photos of the tiny lab are fewer than are asked for elsewhere."""


@pytest.fixture(scope="session")
def marked_preset(tiny_preset):
    """The tiny preset with marks that are found in no time."""
    from whalecore.photos.keypoint_matches import MatchSettings
    from whalecore.photos.keypoints import KeypointSettings
    from whalecore.photos.marks import MarkSettings

    keypoints, matching = KeypointSettings(60, 64, 128), MatchSettings(tolerance=6.0)
    return replace(
        tiny_preset, marks=MarkSettings(shortlist=3, keypoints=keypoints, matching=matching)
    )


@pytest.fixture(scope="session")
def marked_lab_folder(tiny_lab_folder, marked_preset, tmp_path_factory) -> Path:
    """The tiny lab, in which marks came to count after training; not to be written to."""
    from whalecore.lab.lab import open_lab
    from whalecore.workflow import weigh
    from whalecore.workflow.marks import find_marks
    from whalecore.workflow.score import score_photos
    from whalecore.workflow.train import train_identifier

    folder = tmp_path_factory.mktemp("labs") / "marked"
    lab = open_lab(shutil.copytree(tiny_lab_folder.parent / UNTOUCHED, folder))
    find_marks(lab, marked_preset.marks.keypoints)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(weigh, "FEWEST", ENOUGH_TO_WEIGH)
        train_identifier(lab, marked_preset, 0)
    score_photos(lab)
    return folder


@pytest.fixture
def forget():
    """Takes a lab and a table, and gives the same lab without the table's rows."""
    from whalecore.lab.lab import open_lab

    def without(lab, table: str):
        shutil.rmtree(lab.folder / "tables" / table)
        return open_lab(lab.folder)

    return without
