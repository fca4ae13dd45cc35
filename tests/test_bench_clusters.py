"""The benchmark of groupings: what is drawn, what is counted, and what is said where it stops."""

import json
import mmap
import sys
from argparse import Namespace
from dataclasses import replace

import numpy as np
import pytest
from benchmarks import clusters as script
from click.testing import CliRunner

from tests.benchmarks import (
    cluster_printed,
    cluster_real,
    cluster_stable,
    cluster_subjects,
    cluster_ways,
)
from whalecore.cli import main
from whalecore.clusters.meaning import Surroundings
from whalecore.memory import forget_peak, resident_mib
from whalecore.types import HeatmapSet, Progress
from whalecore.workflow.bench import child
from whalecore.workflow.bench.child import ChildError, Outcome, run_child
from whalecore.workflow.bench.clusters import Case, Row, bench_clusters, needed_bytes
from whalecore.workflow.bench.grouping import FEWER, METHODS, Method, Task, method_named
from whalecore.workflow.bench.planted import BLOCK, Planted, planted_heatmaps
from whalecore.workflow.bench.tables import as_json, cluster_lines

TINY = Planted(kinds=3, rows=8, cols=16)
PROMISED = {"heatmaps", "method", "seconds", "peak_mb", "ari_truth", "ari_exact"}
NEIGHBOURS = method_named("sklearn (nearest neighbours)")


def nothing(task):
    raise AssertionError("only its name is needed")


OWN = Method("exact", "", nothing)
OTHER = Method("scale", "", nothing)
KERNEL = Method("sklearn", "rbf", nothing, needs_sigma=True)


def outcome(labels, sigma=4.0):
    return Outcome(2.0, 100.0, 150.0, 0.5, sigma, np.array(labels))


def test_the_first_heatmaps_of_many_are_those_of_few():
    few, kinds_of_few = planted_heatmaps(7, TINY)
    many, kinds_of_many = planted_heatmaps(BLOCK + 5, TINY)
    assert (few == many[:7]).all()
    assert (kinds_of_few == kinds_of_many[:7]).all()
    assert many.dtype == np.float16
    assert many.shape == (BLOCK + 5, 8, 16)
    assert set(kinds_of_many) == {0, 1, 2}


def test_a_later_block_is_drawn_anew():
    heatmaps, _ = planted_heatmaps(2 * BLOCK, TINY)
    assert not (heatmaps[:BLOCK] == heatmaps[BLOCK:]).all(axis=(1, 2)).any()


def test_heatmaps_of_a_kind_are_two_spots_of_varying_strength():
    still = replace(TINY, rows=32, cols=64, grain=0, moves=0, distraction=0)
    heatmaps, kinds = planted_heatmaps(60, still)
    for kind in range(3):
        flat = heatmaps[kinds == kind].reshape((kinds == kind).sum(), -1).astype(float)
        values = np.linalg.svd(flat, compute_uv=False)
        assert values[1] > 0.02 * values[0]
        assert values[2] < 0.001 * values[0]
    assert 0.7 < heatmaps.max() < 2.6


def test_grain_is_what_is_added_to_every_cell():
    grainy, _ = planted_heatmaps(50, TINY)
    smooth, _ = planted_heatmaps(50, replace(TINY, grain=0))
    added = grainy.astype(float) - smooth
    assert added.std() == pytest.approx(TINY.grain, rel=0.03)
    assert added.mean() == pytest.approx(0, abs=0.01)


def test_the_sigma_of_the_first_method_is_handed_to_those_that_cannot_choose():
    given = []

    def run(method, heatmaps, clusters, planted, sigma, seed, seconds):
        given.append((method.title, heatmaps, clusters, sigma, seed))
        return outcome([0, 0, 1, 1], sigma=3.5 if sigma is None else sigma)

    rows = bench_clusters([Case(4, TINY, 2, seed=9)], (OWN, OTHER, KERNEL), run=run)
    assert given == [
        ("exact", 4, 2, None, 9),
        ("scale", 4, 2, None, 9),
        ("sklearn (rbf)", 4, 2, 3.5, 9),
    ]
    assert [row.sigma for row in rows] == [3.5, 3.5, 3.5]


def test_agreement_is_with_the_labels_of_the_exact_mode_of_the_same_case():
    answers = iter([[0, 0, 1, 1], [1, 1, 0, 0], [0, 1, 0, 1], [0, 1, 0, 1], [0, 1, 0, 1]])

    def run(*words):
        return outcome(next(answers))

    rows = bench_clusters([Case(4, TINY, 2)], (OWN, OTHER, KERNEL), run=run)
    # Of 6 pairs each groups 2, none of them in common: (0 - 2 * 2 / 6) / (2 - 2 * 2 / 6).
    assert [row.ari_exact for row in rows] == pytest.approx([1, 1, -0.5])
    assert bench_clusters([Case(4, TINY, 2)], (OTHER,), run=run)[0].ari_exact is None


def test_the_rows_have_the_promised_keys():
    rows = bench_clusters([Case(4, TINY, 2)], (OWN,), run=lambda *words: outcome([0, 0, 1, 1]))
    (found,) = json.loads(json.dumps(as_json(rows), allow_nan=False))["rows"]
    assert set(found) >= PROMISED
    assert {key: found[key] for key in PROMISED} == {
        "heatmaps": 4, "method": "exact", "seconds": 2, "peak_mb": 150, "ari_truth": 0.5,
        "ari_exact": 1,
    }  # fmt: skip
    assert {method.name for method in FEWER} == {"exact", "scale", "sklearn", "corelay"}


def heard(methods, run, **settings):
    said = []
    rows = bench_clusters([Case(1000, TINY, 2)], methods, said.append, run, **settings)
    assert said[-1] == Progress("bench clusters", len(methods), len(methods))
    return rows, [progress.message for progress in said if progress.message]


def test_a_library_that_is_missing_is_left_out_and_said():
    absent = Method("corelay", "", nothing, module="no_such_package.part")
    rows, said = heard((OWN, absent), lambda *words: outcome([0, 1]))
    assert [row.method for row in rows] == ["exact"]
    assert said == [
        "no_such_package is not installed, so it is left out: pip install no_such_package."
    ]


def test_what_would_not_fit_in_memory_is_left_out_and_said():
    dense = Method("exact", "", nothing, bytes_per_pair=8)
    needed = 1000 * (2 * 8 * 16 + 4008) + 8 * 1000**2
    assert needed_bytes(dense, Case(1000, TINY)) == needed
    assert heard((dense,), lambda *words: outcome([0, 1]), memory=needed)[1] == []
    rows, said = heard((dense,), nothing, memory=needed - 1)
    assert rows == []
    assert said == [
        "exact with 1000 heatmaps is left out: it would take about 0.0 GB, and 0.0 GB are free."
    ]


def test_what_fails_is_left_out_and_the_others_go_on():
    def run(method, *words):
        if method is OWN:
            raise ChildError("it was stopped after 3 s")
        return outcome([0, 1])

    rows, said = heard((OWN, OTHER), run)
    assert [row.method for row in rows] == ["scale"]
    assert said == ["exact with 1000 heatmaps is left out: it was stopped after 3 s."]


def test_a_kernel_without_a_sigma_and_a_slow_method_are_left_out():
    slow = Method("sklearn", "slow", nothing, most=999)
    rows, said = heard((KERNEL, slow), nothing)
    assert rows == []
    assert "it needs a sigma" in said[0]
    assert "hours above 999 heatmaps" in said[1]


@pytest.mark.slow
def test_a_child_process_groups_what_was_planted():
    found = run_child(NEIGHBOURS, 90, 3, TINY, None, 0, 120.0)
    expected = child.measure(NEIGHBOURS, 90, 3, TINY)
    assert found.ari_truth == expected.ari_truth
    assert (found.labels == expected.labels).all()
    assert found.seconds > 0
    assert found.sigma is None
    if sys.platform == "linux":
        assert 10 < found.before_mb <= found.peak_mb < 2000


@pytest.mark.slow
def test_a_child_that_fails_says_its_last_line():
    with pytest.raises(ChildError, match=r"^it ended without a result \(.+Error: .+\)$"):
        run_child(NEIGHBOURS, 90, 0, TINY, None, 0, 120.0)


def test_a_child_that_takes_too_long_is_stopped():
    with pytest.raises(ChildError, match="stopped after 0 s"):
        run_child(NEIGHBOURS, 90, 3, TINY, None, 0, 0.01)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says the peak")
def test_the_peak_is_counted_from_where_it_was_forgotten():
    before = resident_mib()
    # Pages of its own: what an array gets may have been given back by an earlier test.
    held = mmap.mmap(-1, 64 * 2**20)
    for page in range(0, len(held), mmap.PAGESIZE):
        held[page] = 1
    assert resident_mib(peak=True) >= before + 60
    held.close()
    forget_peak()
    assert resident_mib(peak=True) < before + 30


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.title)
def test_every_method_finds_kinds_that_stand_apart(method):
    pytest.importorskip(method.package)
    clear = Planted(kinds=30, rows=16, cols=32, grain=0.02, moves=0.01, distraction=0.1)
    heatmaps, kinds = planted_heatmaps(400, clear)
    labels, _ = method.group(Task(heatmaps, 30, 1.0 if method.needs_sigma else None, 0))
    assert script.agreement(kinds, np.asarray(labels))[0] > 0.6


def test_a_person_reads_a_table():
    row = Row(4, "sklearn", "rbf", 1.5, None, 0.25, None, None, 8, 16, 2, 4.0)
    lines = cluster_lines([row], "here")
    assert lines[:2] == ["here.", "4 heatmaps of 8 x 16 cells, 2 clusters."]
    headings, found = (
        [cell.strip() for cell in line.strip("|").split("|")] for line in (lines[-3], lines[-1])
    )
    cells = dict(zip(headings, found, strict=True))
    assert (cells["s"], cells["peak MiB"], cells["ARI to the kinds"]) == ("1.5", "-", "0.25")


def give(*words):
    return CliRunner().invoke(main, ["bench", "clusters", *(str(word) for word in words)])


@pytest.fixture
def asked(monkeypatch):
    cases = []

    def run(given, report):
        cases.extend(given)
        report(Progress("bench clusters", 0, 1, message="corelay is not installed."))
        return [Row(4, "exact", "", 1.5, 200.0, 0.25, 1.0, 90.0, 8, 16, 2, 4.0)]

    monkeypatch.setattr("whalecore.workflow.bench.clusters.bench_clusters", run)
    return cases


def test_json_stands_alone_on_standard_output(asked):
    answer = give("--quick", "--json")
    assert answer.exit_code == 0, answer.stderr
    assert json.loads(answer.stdout)["rows"][0]["peak_mb"] == 200
    assert "corelay is not installed." in answer.stderr
    (case,) = asked
    size = f"{case.heatmaps} heatmaps of {case.planted.rows} x {case.planted.cols} cells"
    assert size in " ".join(give("--help").stdout.split())


def test_the_command_takes_5000_heatmaps_or_as_many_as_it_is_told(asked):
    assert give().exit_code == 0
    assert "| exact " in give("--heatmaps", 300, "--heatmaps", 700).stdout
    assert [case.heatmaps for case in asked] == [5000, 300, 700]
    assert give("--heatmaps", 3).exit_code == 2


@pytest.mark.slow
def test_the_command_measures_all_that_is_installed():
    answer = give("--quick", "--heatmaps", 300, "--json")
    assert answer.exit_code == 0, answer.stderr
    rows = json.loads(answer.stdout)["rows"]
    assert [row["method"] for row in rows][:4] == ["exact", "scale", "sklearn", "sklearn"]
    assert rows[0]["ari_exact"] == 1
    assert rows[0]["sigma"] == rows[2]["sigma"] > 0


def test_a_tenth_of_the_photos_is_held_out_with_all_their_heatmaps():
    photos = np.repeat([f"photo {number}" for number in range(40)], 5)
    out = script.held_out_photos(photos, seed=1)
    assert out.sum() == 20
    assert set(out.reshape(40, 5).sum(axis=1)) == {0, 5}
    assert (out != script.held_out_photos(photos, seed=2)).any()


def test_clusters_of_two_runs_are_named_alike_by_the_heatmaps_both_have():
    apart = np.array([1, 1, 1, 1, 2, 2, 2, 3, 3, 3])
    joint = np.array([7, 7, 7, 2, 2, 2, 2, 5, 5, 5])
    assert script.joint_names(apart, joint).tolist() == [0, 7, 2, 5]


def test_a_spoilt_photo_is_spoilt_whoever_it_shows():
    kinds = [script.photo_kind(*facts) for facts in ((True, True), (True, False), (False, False))]
    assert kinds == ["spoilt photo", "spoilt photo", "new whale"]
    assert script.photo_kind(False, True) == "known whale"


def mask(columns, rows=slice(None), shape=(8, 16)):
    found = np.zeros(shape, bool)
    found[rows, columns] = True
    return found


def test_a_heatmap_rests_on_the_feature_with_most_mass_beyond_a_uniform_map():
    masks = {"scar": mask(slice(0, 8)), "notches": mask(slice(12, 16))}
    values = np.zeros((8, 16), np.float32)
    # 0.6 of the mass in half of the picture is 0.1 more; 0.4 in a quarter of it is 0.15 more.
    values[0, 0], values[0, 15], values[5, 9] = 6, 4, -9
    assert script.rests_on(values, masks, stride=1) == "right notches"
    values[0, 0] = 8
    assert script.rests_on(values, masks, stride=1) == "left scar"


def test_a_heatmap_that_rests_on_no_feature_says_so():
    flat = np.ones((8, 16), np.float32)
    aside = np.zeros((8, 16), np.float32)
    aside[0, 10] = 1
    masks = {"scar": mask(slice(0, 8))}
    assert script.rests_on(aside, masks, stride=1) == "no feature"
    assert script.rests_on(flat, {}, stride=1) == "no feature"


def test_rank_correlation_is_over_clusters_and_its_interval_over_individuals():
    labels = np.repeat([1, 2, 3, 4], 10)
    correct = np.concatenate([np.arange(10) < right for right in (9, 7, 4, 1)])
    scores = np.repeat([0.9, 0.7, 0.8, 0.1], 10)
    units = np.tile(np.arange(10), 4)
    found, low, high = cluster_real.rank_correlation(labels, correct, scores, units, draws=200)
    # Ranks 4 3 2 1 against 4 2 3 1: 1 - 6 * 2 / (4 * 15).
    assert found == pytest.approx(0.8)
    assert low <= found <= high <= 1
    again = cluster_real.rank_correlation(labels, correct, np.repeat([4, 3, 2, 1], 10), units, 5)
    assert again[0] == 1
    upside_down = cluster_real.rank_correlation(labels, ~correct, scores, units, 5)
    assert upside_down[0] == pytest.approx(-0.8)


def test_the_samples_of_the_rank_correlation_draw_whole_individuals():
    # Everybody is the same individual: every sample is the whole.
    labels = np.array([1, 1, 2, 2, 3, 3])
    correct = np.array([1, 1, 0, 1, 0, 0], bool)
    scores = np.array([0.9, 0.8, 0.3, 0.4, 0.5, 0.6])
    found, low, high = cluster_real.rank_correlation(labels, correct, scores, np.zeros(6), 5)
    assert found == low == high == pytest.approx(0.5)


def test_shuffled_groups_show_what_scores_and_correctness_give_by_themselves():
    random = np.random.default_rng(0)
    labels = np.repeat(np.arange(1, 11), 30)
    # Right as often as the score says, whatever the cluster.
    scores = random.random(300)
    correct = random.random(300) < scores
    chance, low, high = cluster_real.shuffled_correlation(labels, correct, scores, draws=400)
    assert 0.4 < chance < 0.7
    assert low < chance < high
    # Scores that know nothing of what is right give nothing.
    nothing = cluster_real.shuffled_correlation(labels, correct, random.random(300), draws=400)
    assert nothing[0] == pytest.approx(0, abs=0.12)
    again = cluster_real.shuffled_correlation(labels, correct, scores, draws=400)
    assert again == (chance, low, high)


def test_shuffled_groups_of_two_sizes_are_counted_by_hand():
    # Whichever of the three is by itself, the group with the right one has the higher mean score.
    correct, scores = np.array([1, 0, 0]), np.array([0.9, 0.2, 0.1])
    found = cluster_real.shuffled_correlation(np.array([1, 2, 2]), correct, scores, draws=50)
    assert found == pytest.approx((1, 1, 1))


def test_the_correlation_is_given_of_all_heatmaps_and_of_first_candidates():
    labels, first = np.repeat([1, 2, 3], 4), np.tile([True, True, False, False], 3)
    right = np.array([1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0], bool)
    scores = np.linspace(0.9, 0.1, 12)
    alone, *others = cluster_real.correlation_rows(
        labels, right, scores, first, np.arange(12), draws=20
    )[::-1]
    assert alone[:3] == ["first candidates alone", 6, "1.000"]
    # Two, one and one of four are right, at falling scores: ranks 3 1.5 1.5 against 3 2 1.
    assert [row[:3] for row in others] == [["all", 12, f"{0.75**0.5:.3f}"]]
    # Where all first candidates are right, nothing is left to correlate.
    (every,) = cluster_real.correlation_rows(labels, first, scores, first, np.arange(12), draws=5)
    assert every[0] == "all"


def test_correctness_of_clusters_is_counted():
    heatmaps = HeatmapSet(
        "osm", "stride=8", np.zeros((4, 2, 2)), ("m",) * 4, tuple("abcd"), ("x",) * 4,
        np.ones(4, int), np.array([0.9, 0.7, 0.2, 0.4]), np.array([True, False, False, False]),
    )  # fmt: skip
    clustering = Namespace(
        labels=np.array([1, 1, 2, 2]), clusters=2, cluster_stability=np.array([0.25, np.nan])
    )
    first, second = cluster_real.correctness(clustering, heatmaps, heatmaps.correct)
    assert first[:6] == [1, 2, "0.800", "0.100", "0.500", "0.095 to 0.905"]
    assert first[6:] == ["0.500", "0.000", "0.000", "0.000", "0.000", "0.250", "unstable"]
    assert second[:5] == [2, 2, "0.300", "0.100", "0.000"]
    assert second[-2:] == ["nan", ""]


def test_eigenvalues_stand_beside_the_step_to_the_next():
    rows = cluster_real.eigenvalue_rows(Namespace(eigenvalues=[0.0, 0.25, 0.75]))
    assert rows == [[1, "0.0000", "0.2500"], [2, "0.2500", "0.5000"], [3, "0.7500", ""]]


def test_support_on_printed_text_is_set_against_its_area():
    found = Surroundings(*np.array([[0, 0, 0], [1, 1, 1], [0.3, 0.04, 0.1], [0.1, 0.0, 0.2]]))
    everything = np.ones(3, bool)
    count, share, _, area, rests = cluster_printed.on_text(found, everything)
    # 0.3 is three times the area; 0.04 is too little to speak of, 0.1 less than the area.
    assert (count, share, area, rests) == (3, "0.147", "0.100", 1)
    assert cluster_printed.on_text(found, ~everything)[0] == 0


KINDS = np.repeat([0, 1, 2], 20)
APART = np.repeat(30 * np.eye(3), 20, axis=0) + np.random.default_rng(0).normal(0, 0.1, (60, 3))


@pytest.mark.parametrize("name", cluster_ways.WAYS)
def test_every_way_finds_groups_that_stand_far_apart(name):
    found = cluster_ways.WAYS[name](APART, 5.0, 3, 0)
    assert script.agreement(KINDS, found)[0] == 1


def test_a_vote_goes_to_the_cluster_of_most_neighbours_and_draws_to_the_nearer():
    points = np.array([[0.0], [1.0], [2.0], [3.0]])
    clustering = Namespace(
        projection=Namespace(points=lambda heatmaps: heatmaps),
        points=points,
        point_labels=np.array([1, 2, 2, 1]),
        clusters=2,
    )
    new = np.array([[0.1], [0.9]])
    assert cluster_ways.voted_clusters(clustering, new, 1).tolist() == [1, 2]
    assert cluster_ways.voted_clusters(clustering, new, 2).tolist() == [1, 2]
    assert cluster_ways.voted_clusters(clustering, new, 3).tolist() == [2, 2]


def test_a_part_of_the_heatmaps_keeps_what_belongs_together():
    heatmaps = HeatmapSet(
        "osm", "stride=8", np.arange(12.0).reshape(3, 2, 2), tuple("mno"), tuple("abc"),
        tuple("xyz"), np.array([1, 2, 3]), np.array([0.1, 0.2, 0.3]), np.array([True, False, True]),
    )  # fmt: skip
    some = script.some_of(heatmaps, np.array([2, 0]))
    assert (some.model_ids, some.photo_ids, some.individuals) == (
        ("o", "m"),
        ("c", "a"),
        ("z", "x"),
    )
    assert some.values[:, 0, 0].tolist() == [8, 0]
    assert (some.ranks.tolist(), some.correct.tolist()) == ([3, 1], [True, True])


def test_the_clock_adds_up_the_time_between_reports(monkeypatch):
    times = iter([0.0, 2.0, 5.0, 6.0])
    monkeypatch.setattr(cluster_subjects.time, "perf_counter", lambda: next(times))
    clock = cluster_subjects.Clock()
    for step in ("points", "how stable", "how stable", "end"):
        clock(Progress(step, 0, 1))
    assert clock.seconds == {"points": 2, "how stable": 4}
    assert clock.words("stable", "the stability") == ", 4.0 s of them for the stability"
    assert clock.words("nothing", "nothing") == ""


def planted_photos(each=4):
    """Heatmaps of three kinds, of which each photo has some of one kind."""
    heatmaps, kinds = planted_heatmaps(240, replace(TINY, grain=0.02, moves=0.01))
    order = np.argsort(kinds, kind="stable")
    photos = np.array([f"photo {number}" for number in np.arange(240) // each])
    return cluster_subjects.Subject("planted", heatmaps[order], photos, 4, 3, kinds[order])


def test_heatmaps_of_a_photo_are_held_out_together_as_in_a_lab(monkeypatch):
    seen = []

    def look(heatmaps, *given, **named):
        seen.append(heatmaps)

    monkeypatch.setattr(cluster_subjects, "spectral_clustering", look)
    subject = planted_photos()
    cluster_subjects.group(subject, np.arange(240) >= 100, seed=0)
    assert seen[0].photo_ids == tuple(subject.photos[100:])
    np.testing.assert_array_equal(seen[0].values, subject.heatmaps[100:])


def test_a_kind_that_is_left_out_is_left_out_with_its_photos_and_found_where_it_stands_apart():
    subject = planted_photos()
    alone = replace(subject, photos=np.arange(240))
    assert cluster_subjects.unlike_of_kind(alone, subject.kinds, 0) > 0.9
    assert cluster_subjects.unlike_of_kind(subject, subject.kinds, 1) > 0.9
    # Kinds that are none are not missed: others like their heatmaps are still there.
    at_random = np.random.default_rng(0).integers(0, 3, 240)
    assert cluster_subjects.unlike_of_kind(alone, at_random, 0) < 0.1


def test_the_calls_that_a_clustering_makes_are_timed():
    subject = planted_photos()
    stability, noise, unstable, *seconds = cluster_stable.measured(subject)
    assert float(stability) > 0.95 > float(noise)
    assert unstable == 0
    whole, own, of_noise = map(float, seconds)
    assert 0 < own + of_noise < whole
