"""Submissions to the Kaggle competition "Humpback Whale Identification": ``Image,Id``.

One row a photo; ``Id`` holds up to five names with spaces between, the most probable first, and
``new_whale`` for an animal that is not known. The competition counts the mean of 1 / place of the
right name, so that every name belongs where its probability puts it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from whalecore.errors import LabError, SettingsError, WhalecoreError
from whalecore.files import write_bytes
from whalecore.lab.gallery import compared_with, extended
from whalecore.lab.lab import Lab
from whalecore.lab.measures import measured
from whalecore.photos.cells import as_cell
from whalecore.photos.decode import load_photo
from whalecore.photos.paths import is_photo_name
from whalecore.photos.quality import measure
from whalecore.reliability.evidence import Evidence, entropy, evidence_of
from whalecore.reliability.verdict import Rules, probabilities
from whalecore.types import TOP
from whalecore.workflow.export.places import writable
from whalecore.workflow.models import newest_models
from whalecore.workflow.progress import Pace, Report, silent

NEW_WHALE = "new_whale"
COLUMNS = ("Image", "Id")
WITHOUT_RULES = (
    "The lab has not learned yet how probable new whales are, so new_whale stands in no row: give "
    "the command calibrate first."
)


@dataclass(frozen=True, eq=False)
class Submission:
    """Rows of a submission, what could not be used, and what is to be known about it.

    Attributes
    ----------
    rows : DataFrame
        Columns Image and Id.
    refused : tuple of str
        Photos that could not be read, a sentence each; their row says ``new_whale``.
    remarks : tuple of str
    """

    rows: pd.DataFrame
    refused: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()

    def csv(self) -> bytes:
        """The file to be handed in."""
        safe = self.rows.map(as_cell)
        return safe.to_csv(index=False, lineterminator="\n").encode()


def ids_of(candidates: Iterable[tuple[str, float]], p_new: float | None) -> str:
    """Up to five names, the most probable first.

    Parameters
    ----------
    candidates : iterable of (str, float)
        Individuals with their scores, which hold if the animal is a known one; highest first.
    p_new : float or None
        That it is a new one; None leaves ``new_whale`` out.
    """
    known = 1 - (p_new or 0.0)
    answers = [("_".join(name.split()), known * score) for name, score in candidates]
    if p_new is not None:
        answers.append((NEW_WHALE, p_new))
    answers.sort(key=lambda answer: -answer[1])
    return " ".join(name for name, _ in answers[:TOP])


def competition_photos(lab: Lab) -> list[Path]:
    """The photos of the folder ``test`` beside the ``train.csv`` that the lab was made from.

    Raises
    ------
    LabError
        When there is no such folder.
    """
    for source in reversed(lab.info.sources):
        place = Path(source["source"])
        folder = (place if place.is_dir() else place.parent) / "test"
        if folder.is_dir() and (found := photos_in([folder])):
            return found
    raise LabError(
        f"The lab '{lab.name}' was not made from a Kaggle folder with a folder 'test': name the "
        "photos, or their folder, with --photos."
    )


def photos_in(places: Sequence[Path]) -> list[Path]:
    """Files as they are given, and the photos of given folders by name."""
    found = []
    for place in places:
        inside = sorted(place.iterdir()) if place.is_dir() else [place]
        found += [one for one in inside if not place.is_dir() or is_photo_name(one.name)]
    return found


def write_submission(
    lab: Lab, target: Path, photos: Sequence[Path] = (), report: Report = silent
) -> Submission:
    """Identify photos, by default those of the competition, and write the file.

    Raises
    ------
    SettingsError
        When the file's name does not end in ``.csv``, or there are no photos.
    LabError
        When the file cannot be written.
    """
    if target.suffix.lower() != ".csv":
        raise SettingsError(f"A submission is one CSV file: let {target.name} end in .csv.")
    paths = photos_in(photos) if photos else competition_photos(lab)
    if not paths:
        raise SettingsError("There is no photo in the folders that --photos names.")
    found = submission_of_files(lab, paths, report)
    with writable(target):
        write_bytes(target, found.csv())
    return found


def submission_of_files(lab: Lab, paths: Sequence[Path], report: Report = silent) -> Submission:
    """Identify files with the newest model; heatmaps are not needed for it, and not computed."""
    # Individuals with too few photos to train on are answers too.
    trained = lab.identifier()
    longer = extended(lab, trained)
    speaking = set(lab.further(trained.model_id).photo_ids)
    rules = _rules(lab, trained.model_id)
    galleries = {bool(one.listed): compared_with(lab, one) for one in (trained, longer)}
    rows, refused = [], []
    pace = Pace("identify photos", len(paths), report)
    for path in paths:
        try:
            photo = load_photo(path)
            own = photo.photo_id in speaking
            identifier = extended(lab, trained, {photo.photo_id}) if own else longer
            prediction = identifier.identify(photo, k=TOP)
            crop, first = prediction.crop, prediction.individuals[0]
            quality = measure(photo, crop, identifier.height, identifier.width)
            gallery = galleries[bool(identifier.listed)]
            found = measured(identifier, photo, crop, prediction.embedding, first, gallery)
            evidence = evidence_of(prediction, identifier.temperature, quality, None, found)
            scores = [(one.individual, one.score) for one in prediction.candidates]
            rows.append((path.name, ids_of(scores, _p_new(evidence, rules))))
        except WhalecoreError as error:
            refused.append(str(error))
            rows.append((path.name, NEW_WHALE))
        pace.advance()
    remarks = () if rules else (WITHOUT_RULES,)
    return Submission(pd.DataFrame(rows, columns=COLUMNS), tuple(refused), remarks)


def submission_of_scored(lab: Lab) -> Submission:
    """The lab's own photos that were kept away from training, from what is computed already."""
    # Here, so that a page opens without torch.
    from whalecore.workflow.evidence import stored_evidence

    names = {row["photo_id"]: row["name"] for row in lab.rows("photos")}
    rows, without = [], False
    for model in newest_models(lab):
        candidates = defaultdict(list)
        for row in lab.rows("scores", model_id=model["model_id"]):
            candidates[row["photo_id"]].append(row)
        rules = _rules(lab, model["model_id"])
        gathered = stored_evidence(lab, model["model_id"])
        without = without or rules is None
        for photo_id, found in candidates.items():
            if photo_id not in names:
                continue
            found.sort(key=lambda row: row["rank"])
            logits = [row["logit"] for row in found]
            evidence = Evidence(
                score=found[0]["score"],
                margin=(logits[0] - logits[1]) / model["temperature"] if logits[1:] else 0.0,
                entropy=entropy([row["score"] for row in found]),
                max_logit=logits[0],
                **gathered.get(photo_id, {}),
            )
            scores = [(row["individual"], row["score"]) for row in found]
            rows.append((names[photo_id], ids_of(scores, _p_new(evidence, rules))))
    remarks = (WITHOUT_RULES,) if without else ()
    return Submission(pd.DataFrame(sorted(rows), columns=COLUMNS), (), remarks)


def knows_new_whales(lab: Lab) -> bool:
    """Whether every model in use has rules that say how probable a new whale is."""
    return all(_rules(lab, model["model_id"]) is not None for model in newest_models(lab))


def _rules(lab: Lab, model_id: str) -> Rules | None:
    stored = lab.rules(model_id, lab.usual_clustering())
    return None if stored is None else Rules.from_dict(stored)


def _p_new(evidence: Evidence, rules: Rules | None) -> float | None:
    return None if rules is None else float(probabilities([evidence], rules)[1][0])
