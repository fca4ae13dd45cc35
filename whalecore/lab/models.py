"""The models of a lab: checkpoints, scores, evaluations and verdict rules."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from whalecore.errors import LabError
from whalecore.files import write_json
from whalecore.lab.keypoints import LabKeypoints
from whalecore.lab.marks import MarkGallery
from whalecore.lab.photos import LabPhotos
from whalecore.lab.values import file_name
from whalecore.photos.text import printable
from whalecore.terminal import lab_option
from whalecore.types import Candidate

if TYPE_CHECKING:
    from whalecore.identifiers.identifier import AnyIdentifier, Identifier


RULES_FORMAT = 4
"""Rules of another format are not found, and to be made again: their numbers mean other things."""


class LabModels(LabPhotos, LabKeypoints):
    """The part of a lab that knows its models; they find flukes with its photos' crops."""

    def models(self) -> pd.DataFrame:
        """Models of this lab, the newest first."""
        return self._database.frame(
            "SELECT * EXCLUDE (sequence) FROM models ORDER BY trained_at DESC, model_id"
        )

    def newest_model_id(self, fold: int | None = None) -> str | None:
        """The model trained last (of a fold, when given), or None."""
        sql = """SELECT model_id FROM models WHERE $1 IS NULL OR fold = $1
                 ORDER BY trained_at DESC, model_id LIMIT 1"""
        found = self._database.rows(sql, [fold])
        return found[0][0] if found else None

    def model_folder(self, model_id: str) -> Path:
        """Folder of a model's checkpoint files."""
        return self.folder / "models" / file_name(model_id)

    def identifier(self, model_id: str | None = None, device: str = "auto") -> Identifier:
        """Load a model, by default the newest; it finds flukes the way this lab does.

        Raises
        ------
        LabError
            When the lab has no model.
        CheckpointError
            When the model's files are missing or damaged.
        """
        from whalecore.identifiers.checkpoint import load_identifier

        chosen = model_id or self.newest_model_id()
        if chosen is None:
            raise LabError(
                f"The lab '{self.name}' has no model yet: train one with "
                f"'python -m whalecore train {lab_option(self.folder)}'."
            )
        identifier = load_identifier(self.model_folder(chosen), device=device)
        identifier.locate = self.locator()
        if identifier.marks is not None:
            members = partial(self.mark_gallery, chosen)
            identifier.count_marks = MarkGallery(self, identifier.marks, members)
        return identifier

    def ensemble(self, model_ids: Sequence[str], device: str = "auto") -> AnyIdentifier:
        """Several models as one identifier; a single one as itself.

        Raises
        ------
        LabError
            When the lab has no such model.
        SettingsError
            When the models cannot identify together.
        """
        from whalecore.identifiers.ensemble import Ensemble

        known = [row["model_id"] for row in self.rows("models")]
        wrong = [one for one in model_ids if one not in known]
        if wrong or not model_ids:
            raise LabError(
                f"The lab '{self.name}' has no model '{printable(''.join(wrong[:1]), 60)}': choose "
                f"among {', '.join(known) or 'none, and train one first'}."
            )
        members = [self.identifier(one, device) for one in model_ids]
        return Ensemble(members) if len(members) > 1 else members[0]

    def scores(self, model_id: str | None = None, photo_id: str | None = None) -> pd.DataFrame:
        """Candidates by photo and rank; without ``model_id`` of each photo's newest model."""
        sql = """SELECT s.* FROM scores s LEFT JOIN models m USING (model_id)
                 WHERE ($1 IS NULL OR s.model_id = $1) AND ($2 IS NULL OR s.photo_id = $2)
                 QUALIFY dense_rank() OVER (
                     PARTITION BY s.photo_id ORDER BY m.trained_at DESC NULLS LAST, s.model_id
                 ) = 1
                 ORDER BY s.photo_id, s.rank"""
        return self._database.frame(sql, [model_id, photo_id])

    def candidates(self, model_id: str, photo_id: str) -> tuple[Candidate, ...]:
        """What a model said of a photo of the lab, the most likely first; empty without scores."""
        return tuple(
            Candidate(
                row["rank"],
                row["individual"],
                row["score"],
                row["logit"],
                row["marks"],
                row["matched_photo"],
            )
            for row in self.rows("scores", model_id=model_id, photo_id=photo_id)
        )

    def evaluations(self, model_id: str | None = None) -> pd.DataFrame:
        """How good the models are on photos they never saw, the newest figures first."""
        sql = """SELECT * EXCLUDE (sequence) FROM evaluations
                 WHERE $1 IS NULL OR model_id = $1 ORDER BY made_at DESC, metric, part"""
        return self._database.frame(sql, [model_id])

    def rules(self, model_id: str, clustering_id: str | None = None) -> dict[str, Any] | None:
        """The verdict rules of a model and a clustering, or None when there are none."""
        path = self._rules_path(model_id, clustering_id)
        if not path.is_file():
            return None
        try:
            return json.loads(path.read_text(encoding="utf-8"))
        except ValueError as reason:
            raise LabError(
                f"The file {path} is damaged: make it again with "
                f"'python -m whalecore calibrate {lab_option(self.folder)}'."
            ) from reason

    def has_rules(self, model_id: str) -> bool:
        """Whether there are verdict rules of a model, with whichever clustering."""
        pattern = f"{file_name(model_id)}--*--{RULES_FORMAT}.json"
        return any((self.folder / "rules").glob(pattern))

    def save_rules(
        self, model_id: str, clustering_id: str | None, rules: Mapping[str, Any]
    ) -> Path:
        """Write the verdict rules of a model and a clustering; returns the file."""
        path = self._rules_path(model_id, clustering_id)
        path.parent.mkdir(exist_ok=True)
        write_json(path, dict(rules))
        return path

    def _rules_path(self, model_id: str, clustering_id: str | None) -> Path:
        about = f"{file_name(model_id)}--{file_name(clustering_id or 'none')}"
        name = f"{about}--{RULES_FORMAT}.json"
        return self.folder / "rules" / name
