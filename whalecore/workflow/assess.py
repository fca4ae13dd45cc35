"""New photos from files: assessed one by one, and described for machines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from whalecore.cluster_words import label_of
from whalecore.errors import WhalecoreError
from whalecore.lab.assess import Assessment
from whalecore.lab.lab import Lab
from whalecore.lab.together import JointAssessment
from whalecore.photo_words import mark_words
from whalecore.photos.decode import load_photo
from whalecore.plain_words import chance
from whalecore.reliability.evidence import Evidence
from whalecore.reliability.shown_numbers import plain_percent
from whalecore.types import AnswerSet, Computing, Crop
from whalecore.workflow.models import newest_models
from whalecore.workflow.progress import Report, silent

if TYPE_CHECKING:
    from whalecore.identifiers.identifier import AnyIdentifier

NAMED = 8
"""Members of a set that are named in a line."""


def chosen_identifier(lab: Lab, models: Sequence[str] = ()) -> AnyIdentifier:
    """The newest model, those that are named, or the newest of every fold for ``all``.

    Several models answer together, see `whalecore.identifiers.ensemble`.
    """
    if not models:
        return lab.identifier()
    if "all" in models:
        models = [row["model_id"] for row in newest_models(lab)]
    return lab.ensemble(models)


def identify_files(
    lab: Lab,
    paths: Sequence[Path],
    report: Report = silent,
    models: Sequence[str] = (),
    computing: Computing | None = None,
) -> Iterator[tuple[Path, Assessment | WhalecoreError]]:
    """Assess files one after the other; a file that cannot be used does not stop the others.

    Parameters
    ----------
    models : sequence of str
        As for `chosen_identifier`.
    computing : Computing, optional
        By what means heatmaps are computed.
    """
    identifier = chosen_identifier(lab, models)
    about = {"identifier": identifier, "report": report, "computing": computing}
    for path in paths:
        try:
            yield path, lab.assess(load_photo(path), **about)
        except WhalecoreError as error:
            yield path, error


def identify_together(
    lab: Lab,
    paths: Sequence[Path],
    report: Report = silent,
    models: Sequence[str] = (),
    computing: Computing | None = None,
) -> tuple[list[Path], JointAssessment | None, dict[Path, WhalecoreError]]:
    """Assess files of one sighting together; those that cannot be read are left out.

    Parameters are those of `identify_files`.

    Returns
    -------
    list of Path, JointAssessment or None, dict of Path to WhalecoreError
        What could be read, the answer (None if that was nothing), and what could not.
    """
    photos, refused = {}, {}
    for path in paths:
        try:
            photos[path] = load_photo(path)
        except WhalecoreError as error:
            refused[path] = error
    if not photos:
        return [], None, refused
    identifier = chosen_identifier(lab, models)
    together = lab.assess_together(
        list(photos.values()), identifier=identifier, report=report, computing=computing
    )
    return list(photos), together, refused


def describe_together(joint: JointAssessment) -> dict:
    """The object that ``identify --one-encounter --json`` prints after those of the photos."""
    return {
        "encounter": len(joint.assessments),
        "candidates": [
            {"rank": one.rank, "individual": one.individual, "score": round(one.score, 6)}
            for one in joint.candidates
        ],
        "p_correct": _rounded(joint.verdict.p_correct),
        "p_new_whale": _rounded(joint.verdict.p_new_whale),
        "verdict": joint.verdict.verdict,
        "reasons": list(joint.verdict.reasons),
    }


def spoken_together(answer: dict) -> list[str]:
    """The object that `describe_together` gives, as lines for a person."""
    photos = "1 photo" if answer["encounter"] == 1 else f"{answer['encounter']} photos"
    lines = [f"{photos} of one encounter together: {answer['verdict']}"]
    lines += [f"  {reason}" for reason in answer["reasons"]]
    return lines + [
        f"  {one['rank']}. {one['individual']}  score {one['score']:.3f}"
        for one in answer["candidates"]
    ]


def describe(name: str, assessment: Assessment) -> dict:
    """The object that ``identify --json`` prints for a photo."""
    cluster = assessment.cluster
    return {
        "photo": name,
        "model": assessment.prediction.model_id,
        "candidates": [
            {
                "rank": one.rank,
                "individual": one.individual,
                "score": round(one.score, 6),
                "marks": one.marks,
            }
            for one in assessment.prediction.candidates
        ],
        "cluster": None
        if cluster is None
        else {
            "id": cluster.id,
            "share_correct": round(cluster.share_correct, 4),
            "share_correct_low": round(cluster.share_correct_low, 4),
            "share_correct_high": round(cluster.share_correct_high, 4),
            "mean_score": round(cluster.mean_score, 4),
            "heatmaps": cluster.heatmaps,
            "membership": round(cluster.membership, 4),
            "unlike_any": cluster.unlike,
            "stability": _rounded(cluster.stability),
        },
        "quality": {
            "sharpness": round(assessment.quality.sharpness, 4),
            "exposure": round(assessment.quality.exposure, 4),
            "contrast": round(assessment.quality.contrast, 4),
            "fluke_share": round(assessment.quality.fluke_share, 4),
            "resolution": round(assessment.quality.resolution, 4),
        },
        "crop": {
            "source": assessment.prediction.crop.source,
            "box": [round(edge, 1) for edge in _edges(assessment.prediction.crop)],
        },
        "evidence": _evidence(assessment.evidence),
        "set": _answers(assessment.answers),
        "p_correct": _rounded(assessment.verdict.p_correct),
        "p_new_whale": _rounded(assessment.verdict.p_new_whale),
        "verdict": assessment.verdict.verdict,
        "reasons": list(assessment.verdict.reasons),
    }


def spoken(answer: dict) -> list[str]:
    """The object that `describe` gives, as lines for a person."""
    lines = [f"{answer['photo']}: {answer['verdict']}"]
    lines += [f"  {reason}" for reason in answer["reasons"]]
    lines += [
        f"  {one['rank']}. {one['individual']}  score {one['score']:.3f}"
        + (f"  {words}" if (words := mark_words(one["marks"])) else "")
        for one in answer["candidates"]
    ]
    if answer["p_correct"] is not None:
        lines.append(
            f"  first candidate right: {chance(answer['p_correct'])}, new animal: "
            f"{chance(answer['p_new_whale'])}"
        )
    if answer["set"] is not None:
        lines.append(f"  {_spoken_set(answer['set'])}")
    cluster = answer["cluster"]
    if cluster is not None:
        lines.append(_spoken_cluster(cluster))
    return lines


def _evidence(evidence: Evidence) -> dict:
    """Everything but what has a place of its own: quality, and where the crop comes from."""
    values = asdict(evidence)
    del values["quality"], values["crop_source"]
    # Numbers that reasons name.
    values |= {
        name: getattr(evidence, name) for name in ("lead", "equal_candidates", "nearest_likeness")
    }
    return {
        name: _rounded(value) if isinstance(value, float) else value
        for name, value in values.items()
    }


def _answers(answers: AnswerSet | None) -> dict | None:
    if answers is None:
        return None
    return {
        "confidence": answers.confidence,
        "individuals": list(answers.individuals),
        "new_whale": answers.new_whale,
        "size": answers.size,
    }


def _spoken_set(answers: dict) -> str:
    """The set in one line; long ones are cut short."""
    names = [*answers["individuals"], *(["a new whale"] if answers["new_whale"] else [])]
    shown = ", ".join(names[:NAMED]) + (f" and {len(names) - NAMED} more" * (len(names) > NAMED))
    return f"right in {plain_percent(answers['confidence'])} of photos: one of {shown or 'none'}"


def _spoken_cluster(cluster: dict) -> str:
    if cluster["unlike_any"]:
        return f"  unlike any cluster; the nearest is cluster {cluster['id']}"
    stability = cluster["stability"]
    stable = "" if stability is None else f", stability {stability:.2f}"
    return (
        f"  cluster {label_of(cluster['id'], stability=stability)}: "
        f"{cluster['share_correct']:.0%} of "
        f"{cluster['heatmaps']} first candidates right "
        f"({cluster['share_correct_low']:.0%} to {cluster['share_correct_high']:.0%}){stable}"
    )


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _edges(crop: Crop) -> tuple[float, float, float, float]:
    return crop.box.x0, crop.box.y0, crop.box.x1, crop.box.y1
