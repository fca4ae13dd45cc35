"""The benchmark of the occlusion engines, on a network and an input that take a moment."""

import json

import numpy as np
import pytest
import torch
from click.testing import CliRunner

from whalecore.cli import main
from whalecore.errors import SettingsError
from whalecore.explain.occlusion import occlusion_maps
from whalecore.types import Computing, OcclusionSettings
from whalecore.workflow.bench import fast, osm
from whalecore.workflow.bench.osm import (
    CAPTUM_MISSING,
    QUICK,
    Case,
    Effort,
    agreement,
    bench_osm,
    measure,
)
from whalecore.workflow.bench.subject import prepared_drawing, untrained_identifier
from whalecore.workflow.bench.tables import as_lines, markdown, osm_json
from whalecore.workflow.bench.turns import CaptumOcclusion, find_captum

TINY = Case("resnet18", 32, 64, channels=8)
SOON = Effort(rounds=3, batches=(2, 4))
PROMISED = {
    "network", "height", "width", "patch", "stride", "engine", "seconds_per_position",
    "speedup_reference", "speedup_captum", "max_deviation", "correlation",
}  # fmt: skip


@pytest.fixture(scope="module")
def captum():
    return find_captum() or pytest.skip("Captum is not installed: tests/requirements.txt names it")


@pytest.fixture(scope="module")
def rows(captum):
    return {row.engine: row for row in measure(TINY, SOON, captum)}


def test_every_engine_has_a_row_with_the_promised_keys(rows):
    answer = json.loads(json.dumps(osm_json([*rows.values()]), allow_nan=False))
    assert set(answer) == {"rows", "details"}
    objects = answer["rows"]
    assert [row["engine"] for row in objects] == ["reference", "captum", "exact"]
    for row, details in zip(objects, answer["details"], strict=True):
        assert set(row) == PROMISED
        assert None not in row.values()
        assert (row["network"], row["height"]) == ("resnet18", 32)
        assert (row["width"], row["patch"], row["stride"]) == (64, 5, 4)
        assert not set(details) & PROMISED
        assert details["positions"] == 8 * 16
        assert row["seconds_per_position"] > 0


def test_speedups_follow_from_the_seconds_of_the_same_rows(rows):
    for row in rows.values():
        own = row.seconds_per_position
        assert row.speedup_reference == rows["reference"].seconds_per_position / own
        assert row.speedup_captum == rows["captum"].seconds_per_position / own
    assert rows["reference"].speedup_reference == rows["captum"].speedup_captum == 1


def test_the_time_of_a_map_is_setup_and_all_positions(rows):
    exact = rows["exact"]
    assert exact.map_seconds == exact.setup_seconds + 128 * exact.seconds_per_position
    assert rows["captum"].map_seconds == 128 * rows["captum"].seconds_per_position


def test_the_exact_engine_agrees_with_brute_force(rows):
    assert rows["exact"].compared >= 2
    assert rows["exact"].max_deviation < 1e-3
    assert rows["exact"].correlation > 0.999


def test_brute_force_agrees_with_itself_and_captum_covers_the_same_squares(rows):
    assert (rows["reference"].max_deviation, rows["reference"].correlation) == (0, 1)
    assert rows["captum"].compared >= rows["captum"].batch
    assert rows["captum"].max_deviation < 1e-3
    assert rows["captum"].correlation > 0.999


@pytest.mark.parametrize(("patch", "stride"), [(5, 4), (4, 4), (9, 5), (60, 8)])
def test_captums_values_are_those_of_brute_force_at_every_place(captum, patch, stride):
    identifier = untrained_identifier("resnet18", 33, 47, 8)
    prepared, settings = prepared_drawing(identifier), OcclusionSettings(patch, stride)
    column = int(identifier.logits(prepared[None])[0].argmax())
    theirs = CaptumOcclusion(captum, identifier, prepared, column, settings, 10_000)
    theirs.turn((0, 0))
    name = identifier.individuals[column]
    expected = occlusion_maps(
        identifier, prepared, name, patch, stride, computing=Computing("reference")
    )
    assert theirs.drops.shape == expected.shape
    np.testing.assert_allclose(theirs.drops, expected, rtol=0, atol=1e-3 * np.ptp(expected))


def test_without_captum_its_row_is_empty_and_the_others_are_not_compared_with_it():
    messages = []
    rows = bench_osm([TINY], SOON, None, report=lambda progress: messages.append(progress.message))
    assert [message for message in messages if message] == [CAPTUM_MISSING]
    by_engine = {row.engine: row for row in rows}
    assert by_engine["captum"].seconds_per_position is None
    assert by_engine["captum"].map_seconds is None
    assert {row.speedup_captum for row in rows} == {None}
    assert by_engine["exact"].speedup_reference > 0
    json.dumps(osm_json(rows), allow_nan=False)
    assert any("captum" in line and " - " in line for line in as_lines(rows, "here"))


def test_captum_is_timed_over_the_windows_of_one_batch(captum):
    identifier = untrained_identifier("resnet18", 32, 64, 8)
    prepared = prepared_drawing(identifier)
    for batch, windows in ((3, 3), (500, 8 * 16)):
        turns = CaptumOcclusion(captum, identifier, prepared, 0, TINY.settings, batch)
        turn = turns.turn((0, 0))
        assert turn.positions == windows
        assert turn.seconds > 0


def test_agreement_is_a_share_of_the_range_of_all_that_is_known():
    nan = np.nan
    oracle = np.array([[[0.0, 1.0, 2.0, 4.0, nan]], [[0.0, 10.0, 20.0, 40.0, nan]]])
    drops = np.array([[[0.0, 1.0, 2.0, 3.0, 8.0]], [[0.0, 10.0, 20.0, 40.0, 0.0]]])
    deviation, correlation, compared = agreement(oracle, drops)
    assert (deviation, compared) == (1 / 8, 4)
    assert correlation == pytest.approx(np.corrcoef([0, 1, 2, 4], [0, 1, 2, 3])[0, 1])


def test_a_patch_larger_than_the_input_is_refused_before_anything_is_measured():
    told = []
    cases = [Case("resnet18", 32, 64, patch=5), Case("resnet18", 32, 64, patch=65)]
    with pytest.raises(SettingsError, match="larger than the network's whole input of 32 x 64"):
        bench_osm(cases, QUICK, None, report=told.append)
    assert told == []


def test_flat_or_missing_maps_have_no_agreement():
    flat = np.zeros((1, 2, 2))
    assert agreement(flat, flat) == (None, None, 4)
    assert agreement(np.full_like(flat, np.nan), flat) == (None, None, 0)


@pytest.fixture(scope="module")
def with_fast():
    return measure(TINY, Effort(rounds=1, batches=(2,), fast=True))


def test_the_fast_mode_is_measured_on_a_map_of_which_it_leaves_places_out(with_fast):
    fast_one = with_fast[-1]
    assert [row.engine for row in with_fast] == ["reference", "captum", "exact", "fast"]
    assert (fast_one.stride, fast_one.patch, fast_one.positions) == (1, 5, 32 * 64)
    assert {row.stride for row in with_fast[:-1]} == {4}
    assert 0 < fast_one.computed < fast_one.positions / 10
    assert fast_one.map_seconds == fast_one.positions * fast_one.seconds_per_position > 0
    own, reference = fast_one.seconds_per_position, with_fast[0].seconds_per_position
    assert fast_one.speedup_reference == reference / own


def test_the_fast_mode_is_compared_with_brute_force_at_places_that_it_estimated(with_fast):
    fast_one = with_fast[-1]
    assert fast_one.compared == 128
    assert -1 < fast_one.correlation < 1
    assert 0 < fast_one.max_deviation < 1
    (row,) = osm_json([fast_one])["rows"]
    assert set(row) == PROMISED
    assert (row["correlation"], row["stride"]) == (fast_one.correlation, 1)


def test_a_fast_map_is_judged_by_places_all_of_which_it_left_out():
    identifier = untrained_identifier("resnet18", 32, 64, 8)
    prepared, columns = prepared_drawing(identifier), torch.tensor([3, 7])
    _, maps, truth = fast.measure_fast(identifier, prepared, columns, 5, Computing("exact"))
    known = ~np.isnan(truth)
    assert known.sum(axis=(1, 2)).tolist() == [128, 128]
    assert not (known & maps.computed).any()
    names = [identifier.individuals[column] for column in (3, 7)]
    expected = occlusion_maps(identifier, prepared, names, 5, 1, computing=Computing("exact"))
    np.testing.assert_allclose(truth[known], expected[known], atol=1e-3 * np.ptp(expected))


def test_the_identifier_is_the_same_every_time():
    one, other = (untrained_identifier("resnet18", 32, 64, 8) for _ in range(2))
    assert one.fingerprint == other.fingerprint


def test_a_table_is_lined_up():
    assert markdown(["name", "s"], [["a", 0.5], ["longer", None]]) == [
        "| name   | s   |",
        "| ------ | --- |",
        "| a      | 0.5 |",
        "| longer | -   |",
    ]


def give(*words):
    return CliRunner().invoke(main, ["bench", "osm", *(str(word) for word in words)])


def test_json_stands_alone_on_standard_output():
    answer = give("--quick", "--network", "resnet18", "--height", 32, "--width", 32, "--json")
    assert answer.exit_code == 0, answer.stderr
    rows = json.loads(answer.stdout)["rows"]
    assert [row["engine"] for row in rows] == ["reference", "captum", "exact"]
    assert "bench resnet18" in answer.stderr


def test_a_person_reads_a_table():
    answer = give("--quick", "--network", "resnet18", "--height", 32, "--width", 32)
    assert answer.exit_code == 0, answer.stderr
    lines = answer.stdout.splitlines()
    assert sum(line.startswith("| resnet18 ") for line in lines) == 3
    assert "{" not in answer.stdout


@pytest.mark.parametrize("words", [("--network", "vgg16"), ("--height", 8), ("--device", "abacus")])
def test_wrong_usage_exits_with_2(words):
    assert give(*words).exit_code == 2


def test_a_stride_that_leaves_strips_uncovered_is_refused_in_one_sentence():
    answer = give("--quick", "--patch", 4, "--stride", 5)
    assert answer.exit_code == 1
    assert answer.stderr.count("\n") == 1
    assert "never be covered" in answer.stderr


def test_memory_and_precision_are_those_of_the_exact_engine(monkeypatch):
    asked, make = [], osm.make_engine

    def noting(identifier, images, settings, computing):
        asked.append(computing)
        return make(identifier, images, settings, computing)

    monkeypatch.setattr(osm, "make_engine", noting)
    words = ("--quick", "--network", "resnet18", "--height", 32, "--width", 32, "--json")
    answer = give(*words, "--memory", 300, "--precision", "bfloat16")
    assert answer.exit_code == 0, answer.stderr
    assert asked == [Computing("exact", "bfloat16", 300)]
    details = json.loads(answer.stdout)["details"]
    assert [one["precision"] for one in details] == [None, None, "bfloat16"]


def test_an_input_for_which_the_memory_does_not_suffice_is_refused_in_one_sentence():
    answer = give("--quick", "--network", "resnet18", "--memory", 16)
    assert answer.exit_code == 1
    assert "16 are allowed: allow more memory.\n" in answer.stderr
    assert "engine 'auto'" not in answer.stderr


def test_the_command_explains_itself():
    assert "--quick" in give("--help").stdout
