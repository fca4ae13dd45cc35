"""By what means heatmaps are computed, on the command line."""

from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from whalecore.cli import main
from whalecore.explain import occlusion, together
from whalecore.types import Computing
from whalecore.workflow.run import run_all


def give(*words):
    return CliRunner().invoke(main, [str(word) for word in words])


@pytest.fixture
def means(monkeypatch):
    """By what means engines were made."""
    found = set()
    for module in (occlusion, together):

        def noting(identifier, images, settings, computing, limit=None, make=module.make_engine):
            found.add((computing.precision, computing.memory))
            return make(identifier, images, settings, computing, limit)

        monkeypatch.setattr(module, "make_engine", noting)
    return found


@pytest.mark.parametrize(
    ("command", "engines"),
    [(("explain",), True), (("run",), True), (("identify",), True), (("bench", "osm"), False)],
)
def test_commands_that_compute_heatmaps_offer_the_means(command, engines):
    said = give(*command, "--help").stdout
    assert "--precision [float32|tf32|bfloat16]" in said
    assert "half of what a GPU has free" in " ".join(said.split())
    assert ("--engine [auto|exact|reference]" in said) == engines


def test_a_new_photo_is_explained_by_the_means_that_are_given(tiny_lab, means, tmp_path):
    pixels = np.random.default_rng(0).integers(0, 255, (80, 160, 3)).astype(np.uint8)
    Image.fromarray(pixels).save(tmp_path / "new.png")
    words = ("identify", tmp_path / "new.png", "--lab", tiny_lab.folder, "--memory", 300)
    for others in ((), ("--one-encounter", "--precision", "bfloat16")):
        means.clear()
        answer = give(*words, *others)
        assert answer.exit_code == 0, answer.stderr
        assert {memory for _, memory in means} == {300}
        assert ("bfloat16" in {precision for precision, _ in means}) == bool(others)


def test_everything_in_order_is_computed_by_the_means_that_are_given(
    tiny_lab, tiny_source, tiny_preset, means, forget
):
    lab = forget(forget(tiny_lab, "heatmaps"), "evidence")
    run_all(lab, tiny_source, replace(tiny_preset, limit=3), computing=Computing(memory=300))
    assert means == {("float32", 300)}
    assert lab.rows("heatmaps")


def test_means_that_are_not_possible_are_refused_in_one_sentence(tiny_lab):
    answer = give("identify", "nothing.jpg", "--lab", tiny_lab.folder, "--memory", 2)
    assert answer.exit_code == 1
    assert answer.stderr == "Error: A memory of 2 MiB is too little: allow at least 16.\n"
