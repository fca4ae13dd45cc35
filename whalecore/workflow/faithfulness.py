"""Test on a sample of photos whether the lab's heatmaps tell the truth about its network."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from whalecore.errors import LabError, TooFewError, WhalecoreError
from whalecore.lab.lab import Lab
from whalecore.reliability.bootstrap import mean_effect
from whalecore.reliability.effect import Effect
from whalecore.terminal import lab_option
from whalecore.types import OcclusionSettings, settings_from_key
from whalecore.workflow.faithful_curves import curve_rows
from whalecore.workflow.models import newest_models
from whalecore.workflow.progress import Pace, Report, silent

if TYPE_CHECKING:
    from whalecore.explain.faithfulness import Curves

METHODS = {"osm": "Occlusion maps", "gradcam": "Grad-CAM maps"}
"""What is tested, and what it is called at the beginning of a sentence."""

OPPONENTS = {
    "centre": "a spot in the middle of the photo",
    "random": "a map from chance",
    "edges": "the photo's edges",
}
"""Maps that know nothing of the network."""

MUST_BEAT = ("centre", "random")
"""Opponents that a heatmap must beat to be shown without a warning."""

LAYER = "layer4"
MOST_SAME = 0.2
"""Rank correlation with a network that forgot everything up to which a heatmap depends on it."""

PART = "test"
FEWEST = 5


@dataclass(frozen=True)
class Sample:
    """How much is tested.

    Attributes
    ----------
    photos : int
        For deletion and insertion, per model.
    shuffled : int
        Of these, for comparison with networks that forgot what they learned.
    seed : int
        Which photos.
    """

    photos: int = 32
    shuffled: int = 8
    seed: int = 0


def measure_faithfulness(
    lab: Lab, sample: Sample | None = None, report: Report = silent
) -> dict[str, Effect]:
    """Measure how faithful occlusion maps and Grad-CAM are, and keep it in the lab.

    The first candidate's maps of photos of the test part are compared with maps that know
    nothing of the network. Metrics, each a mean over photos with its bootstrap interval:

    - ``deletion_X``, ``insertion_X``: areas under the curves for X of osm, gradcam, centre,
      random, edges;
    - ``faithful_X_over_Y``: insertion minus deletion of method X, less that of opponent Y;
    - ``randomised_X``: rank correlation with the map of the network with all weights shuffled;
      ``randomised_X_layer4``: with those from layer4 upwards shuffled.

    Metrics are rows of ``evaluations``, the curves themselves of ``heatmap_curves``.

    Returns
    -------
    dict of str to Effect
        By metric, over the photos of all models.

    Raises
    ------
    TooFewError
        If fewer than 5 test photos have occlusion maps.
    """
    sample = sample or Sample()
    found: dict[str, dict[str, list[float]]] = {}
    models = newest_models(lab)
    settings = lab.usual_occlusion()
    chosen = {model["model_id"]: _sample(lab, model["model_id"], settings, sample)
              for model in models}  # fmt: skip
    total = sum(map(len, chosen.values()))
    if total < FEWEST:
        raise TooFewError(
            f"Only {total} test photos have occlusion maps and at least {FEWEST} are needed to "
            "test them: compute more with "
            f"'python -m whalecore explain {lab_option(lab.folder)}'."
        )
    pace = Pace("test heatmaps", total, report)
    for model_id, keys in chosen.items():
        if not keys:
            continue
        identifier = lab.identifier(model_id)
        measured = found.setdefault(model_id, {})
        curves: dict[str, list[Curves]] = {}
        for number, key in enumerate(keys):
            try:
                figures, drawn = _tested(
                    lab, identifier, settings, *key, number, number < sample.shuffled
                )
                for metric, value in figures.items():
                    measured.setdefault(metric, []).append(value)
                for name, one in drawn.items():
                    curves.setdefault(name, []).append(one)
            except WhalecoreError as error:
                pace.advance(message=str(error))
                continue
            pace.advance()
        lab.write("heatmap_curves", list(curve_rows(model_id, curves)))
    found = {model_id: measured for model_id, measured in found.items() if measured}
    if not found:
        raise LabError("No photo of the sample can be read: check that the photos are there.")
    lab.write("evaluations", [row for one in found.items() for row in _rows(*one)])
    metrics = sorted({metric for measured in found.values() for metric in measured})
    return {
        metric: mean_effect(np.concatenate([one.get(metric, []) for one in found.values()]))
        for metric in metrics
    }


def check_heatmaps(lab: Lab, report: Report = silent) -> list[str]:
    """Measure the lab's models unless that was done, and say what the tests showed.

    Returns
    -------
    list of str
        A sentence each.

    Raises
    ------
    TooFewError
        If fewer than 5 test photos have occlusion maps.
    """
    models = newest_models(lab)
    if not any(
        lab.rows("evaluations", model_id=model["model_id"], metric="deletion_osm")
        and lab.rows("heatmap_curves", model_id=model["model_id"])
        for model in models
    ):
        measure_faithfulness(lab, report=report)
    return faithfulness_words(lab)


def explanation_warnings(lab: Lab) -> dict[str, str]:
    """What to beware of, by method (``osm``, ``gradcam``); empty where a test was passed.

    A heatmap is warned of when it is not shown to beat a spot in the middle of the photo and a
    map from chance (the interval of the difference reaches 0), or when its values keep their order
    (rank correlation beyond 0.2 either way, on at least 5 photos) after the network forgot all it
    learned.
    """
    figures = faithfulness_figures(lab)
    warnings = {}
    for method, name in METHODS.items():
        doubts = list(_doubts(method, figures))
        if doubts:
            warnings[method] = f"{name} {' and '.join(doubts)}: do not take where they point for "
            warnings[method] += "what the identification rests on."
    return warnings


def faithfulness_words(lab: Lab) -> list[str]:
    """What the tests of the heatmaps showed, a sentence each; that there was none, otherwise."""
    figures, warnings = faithfulness_figures(lab), explanation_warnings(lab)
    sentences = []
    for method, name in METHODS.items():
        margin = figures.get(f"faithful_{method}_over_centre")
        if margin is None:
            continue
        if method in warnings:
            sentences.append(warnings[method])
            continue
        changed = figures.get(f"randomised_{method}")
        forgot = (
            f", and they depend on what the network learned (rank correlation {changed.value:.2f} "
            "after it forgot that)"
            if changed
            else ""
        )
        sentences.append(
            f"{name} passed: on {margin.photos} photos they name what the score rests on better "
            f"than {listed_opponents()} (by {margin.value:.3f} against the former, "
            f"{margin.low:.3f} to {margin.high:.3f}){forgot}."
        )
    return sentences or [
        "Whether the heatmaps show what the network uses has not been tested in this lab."
    ]


def listed_opponents() -> str:
    """The opponents that must be beaten, in words."""
    return " and ".join(OPPONENTS[name] for name in MUST_BEAT)


def faithfulness_figures(lab: Lab) -> dict[str, Effect]:
    """The stored figures of the newest model that was tested, by metric."""
    rows = lab.evaluations().dropna(subset=["value"])
    rows = rows[rows["metric"].str.startswith(("deletion_", "insertion_", "faithful_", "random"))]
    if rows.empty:
        return {}
    rows = rows[rows["model_id"] == rows["model_id"].iloc[0]]
    return {
        row.metric: Effect(row.value, row.low, row.high, int(row.photos))
        for row in rows.itertuples()
    }


def _doubts(method: str, figures: dict[str, Effect]) -> Iterator[str]:
    for opponent in MUST_BEAT:
        margin = figures.get(f"faithful_{method}_over_{opponent}")
        if margin is not None and not margin.above_zero:
            found = "worse" if margin.high < 0 else "not shown to be better"
            yield (
                f"are {found} than {OPPONENTS[opponent]} at pointing out what the score rests on "
                f"({margin.value:+.3f}, {margin.low:+.3f} to {margin.high:+.3f}, where more than "
                f"0 would be better, on {margin.photos} photos)"
            )
    same = figures.get(f"randomised_{method}")
    # Of a few photos a mean beyond the limit can be chance.
    if same is not None and same.photos >= FEWEST and abs(same.value) > MOST_SAME:
        yield (
            f"are tied to the same places after the network forgot all it learned (rank "
            f"correlation {same.value:.2f} on {same.photos} photos)"
        )


def _sample(lab: Lab, model_id: str, settings: OcclusionSettings, sample: Sample) -> list[tuple]:
    """Photo and individual of the first candidates' occlusion maps that are tested."""
    test = {key[0] for key in lab.computed_keys("splits", ["photo_id"], part=PART)}
    keys = lab.scored_heatmaps(
        ["photo_id", "individual"],
        model_id=model_id,
        method="osm",
        settings=settings.key,
        rank=1,
    )
    order = sorted((key for key in keys if key[0] in test), key=lambda key: _draw(sample, key[0]))
    return order[: sample.photos]


def _draw(sample: Sample, photo_id: str) -> str:
    return hashlib.sha256(f"faithfulness {sample.seed} {photo_id}".encode()).hexdigest()


def _tested(
    lab, identifier, settings, photo_id, individual, number, forgetting
) -> tuple[dict[str, float], dict[str, Curves]]:
    """The figures of one photo by metric, and its curves by kind of map."""
    from whalecore.explain.faithfulness import (
        centre_blob,
        deletion_insertion,
        edge_map,
        random_map,
    )
    from whalecore.explain.gradcam import grad_cam

    stored = lab.heatmap(identifier.model_id, photo_id, individual, "osm", settings)
    if stored is None:
        raise LabError(f"The occlusion map of photo {photo_id} is of an earlier crop: left out.")
    prepared = identifier.prepare(lab.read_photo(photo_id), lab.crop(photo_id).box)
    values = np.asarray(stored.values, np.float32)
    maps = {
        "osm": values,
        "gradcam": grad_cam(identifier, prepared, individual, LAYER),
        "centre": centre_blob(*values.shape),
        "random": random_map(*values.shape, seed=number),
        "edges": edge_map(prepared, *values.shape),
    }
    curves = {
        name: deletion_insertion(identifier, prepared, individual, heatmap, fill=settings.fill)
        for name, heatmap in maps.items()
    }
    figures = {}
    for name, one in curves.items():
        figures[f"deletion_{name}"] = one.deletion_area
        figures[f"insertion_{name}"] = one.insertion_area
    for method in METHODS:
        for opponent in OPPONENTS:
            figures[f"faithful_{method}_over_{opponent}"] = (
                curves[method].faithfulness - curves[opponent].faithfulness
            )
    if forgetting:
        figures |= dict(_forgotten(identifier, prepared, individual, settings, maps, number))
    return figures, curves


def _forgotten(
    identifier, prepared, individual, settings, maps, number
) -> Iterator[tuple[str, float]]:
    from whalecore.explain.gradcam import grad_cam
    from whalecore.explain.occlusion import occlusion_maps
    from whalecore.explain.randomisation import randomisation

    exact = settings_from_key(settings.key)

    def occlusion(network, photo, name) -> np.ndarray:
        return occlusion_maps(
            network, photo, [name], exact.patch, exact.stride, exact.fill, exact.target
        )[0]

    def cam(network, photo, name) -> np.ndarray:
        return grad_cam(network, photo, name, LAYER)

    makers: dict[str, Callable] = {"osm": occlusion, "gradcam": cam}
    for method, make in makers.items():

        def explain(network, photo, name, method=method, make=make) -> np.ndarray:
            known = network is identifier
            return maps[method] if known else make(network, photo, name)

        same = randomisation(
            identifier, prepared, individual, explain, (LAYER, "stem"), seed=number
        )
        yield f"randomised_{method}", same["stem"]
        yield f"randomised_{method}_{LAYER}", same[LAYER]


def _rows(model_id: str, measured: dict[str, list[float]]) -> Iterator[dict]:
    for metric, values in measured.items():
        effect = mean_effect(np.asarray(values))
        yield {
            "model_id": model_id,
            "metric": metric,
            "value": effect.value,
            "low": effect.low,
            "high": effect.high,
            "photos": effect.photos,
            "part": PART,
        }
