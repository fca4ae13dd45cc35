"""Bring photos and what is known about them into a lab; only new ones are processed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from whalecore.errors import PhotoError
from whalecore.lab.lab import Lab
from whalecore.photos.catalogue import Catalogue, CatalogueRow
from whalecore.photos.decode import MAX_BYTES, load_photo, photo_id_of
from whalecore.photos.duplicates import near_duplicate_groups, perceptual_hash
from whalecore.photos.importers import read_catalogue
from whalecore.workflow.progress import Pace, Report, silent
from whalecore.workflow.splits import groups_kept_together, plan_splits

ROWS_PER_SHARD = 250


@dataclass(frozen=True)
class ImportReport:
    """What an import found; every row of the source is counted once.

    Attributes
    ----------
    rows : int
        Photos the source names.
    new, known, changed : int
        Photos added, photos the lab had already, photos whose labels were updated.
    problems : tuple of (kind, name, reason)
        All that was refused or looks wrong, by name.
    """

    rows: int
    new: int
    known: int
    changed: int
    problems: tuple[tuple[str, str, str], ...]

    def counts(self) -> dict[str, int]:
        """Number of problems of each kind."""
        return dict(Counter(kind for kind, _, _ in self.problems))


def import_photos(
    lab: Lab, source: Path, columns: Mapping[str, str] | None = None, report: Report = silent
) -> ImportReport:
    """Read a collection into the lab.

    Parameters
    ----------
    lab : Lab
    source : Path
        A Kaggle folder, a folder with one folder per individual, or a CSV file.
    columns : mapping, optional
        For a CSV: our name of a column to the name it has in the file.

    Returns
    -------
    ImportReport

    Raises
    ------
    CatalogueError
        If the source cannot be read as a collection at all.
    LabError
        If another import into this lab is running.
    """
    catalogue = read_catalogue(source, columns)
    lab.add_source(source, catalogue.root, columns)
    with lab.claim("import"):
        importer = _Importer(lab, catalogue)
        pace = Pace("import photos", len(catalogue.rows), report)
        for row in catalogue.rows:
            importer.take(row)
            pace.advance()
        importer.finish()
        plan_splits(lab)
    return importer.report()


class _Importer:
    """The bookkeeping of one import."""

    def __init__(self, lab: Lab, catalogue: Catalogue) -> None:
        self.lab, self.catalogue = lab, catalogue
        self.known = {row["photo_id"]: row for row in lab.rows("catalogue")}
        self.names: dict[str, CatalogueRow] = {}
        self.pending: list[dict] = []
        self.problems = [("refused", one.name, one.reason) for one in catalogue.refused]
        self.problems += [("note", one.name, one.text) for one in catalogue.notes]
        self.counts: Counter[str] = Counter()

    def take(self, row: CatalogueRow) -> None:
        """Add one row of the source, or say why not."""
        path = self.catalogue.root / row.path
        try:
            if path.stat().st_size > MAX_BYTES:
                self._problem(
                    "unreadable",
                    row.path,
                    f"{row.path} has more than {MAX_BYTES // 2**20} MB, the most that is allowed: "
                    "save it smaller.",
                )
                return
            data = path.read_bytes()
        except FileNotFoundError:
            self._problem("missing", row.path, f"The file {row.path} is not in the folder.")
            return
        except OSError as error:
            self._problem("unreadable", row.path, f"{row.path} cannot be read: {error.strerror}.")
            return
        photo_id = photo_id_of(data)
        if photo_id in self.names:
            self._same_bytes(row, self.names[photo_id])
            return
        self.names[photo_id] = row
        labels = _labels(row)
        if photo_id in self.known:
            self._update(self.known[photo_id], labels, row, path)
            return
        try:
            photo = load_photo(data, name=Path(row.path).name)
        except PhotoError as error:
            self._problem("unreadable", row.path, str(error))
            return
        self.pending.append(
            {
                **labels,
                "photo_id": photo_id,
                "path": self._stored(path),
                "name": photo.name,
                "taken_at": labels["taken_at"] or photo.taken_at,
                "latitude": _first(labels["latitude"], photo.latitude),
                "longitude": _first(labels["longitude"], photo.longitude),
                "width": photo.width,
                "height": photo.height,
                "perceptual_hash": perceptual_hash(photo),
            }
        )
        self.counts["new"] += 1
        if len(self.pending) >= ROWS_PER_SHARD:
            self._flush()

    def finish(self) -> None:
        """Write what is left and look for copies among all photos of the lab."""
        self._flush()
        self._look_for_copies()
        told = {(row["kind"], row["name"], row["reason"]) for row in self.lab.rows("problems")}
        fresh = [item for item in dict.fromkeys(self.problems) if item not in told]
        self.lab.write(
            "problems",
            [
                {"source": self.catalogue.root.name, "kind": kind, "name": name, "reason": reason}
                for kind, name, reason in fresh
            ],
        )

    def report(self) -> ImportReport:
        return ImportReport(
            rows=len(self.catalogue.rows) + len(self.catalogue.refused),
            new=self.counts["new"],
            known=self.counts["known"],
            changed=self.counts["changed"],
            problems=tuple(dict.fromkeys(self.problems)),
        )

    def _stored(self, path: Path) -> str:
        """Within the lab's photo folder where possible, so that both can be moved together."""
        resolved, root = path.resolve(), self.lab.photo_root
        return str(resolved.relative_to(root) if resolved.is_relative_to(root) else resolved)

    def _problem(self, kind: str, name: str, reason: str) -> None:
        self.problems.append((kind, name, reason))

    def _same_bytes(self, row: CatalogueRow, first: CatalogueRow) -> None:
        if row.individual != first.individual:
            self._problem(
                "conflict",
                row.path,
                f"{row.path} is the same file as {first.path}, but one says "
                f"'{_named(row.individual)}' and the other '{_named(first.individual)}'; "
                f"'{_named(first.individual)}' is used until the labels are corrected.",
            )
        else:
            self._problem(
                "exact duplicate", row.path, f"{row.path} is the same file as {first.path}."
            )

    def _update(self, known: dict, labels: dict, row: CatalogueRow, path: Path) -> None:
        """Take over what the source says anew; what it leaves out stays as it was."""
        changed = {
            key: value for key, value in labels.items() if known[key] != value and value is not None
        }
        if "individual" in changed and known["individual"] is not None:
            self._problem(
                "conflict",
                row.path,
                f"{row.path} was '{known['individual']}' in this lab and is now "
                f"'{row.individual}'; the new name is used.",
            )
        if not (self.lab.photo_root / known["path"]).exists():
            changed |= {"path": self._stored(path), "name": path.name}
        if not changed:
            self.counts["known"] += 1
            return
        self.pending.append({**known, **changed, "imported_at": None})
        self.counts["changed"] += 1

    def _flush(self) -> None:
        if self.pending:
            self.lab.write("catalogue", self.pending)
            self.pending = []

    def _look_for_copies(self) -> None:
        photos = sorted(self.lab.rows("catalogue"), key=lambda row: row["path"])
        hashes = [row["perceptual_hash"] for row in photos]
        for group in near_duplicate_groups(hashes):
            first, *others = (photos[index] for index in group)
            for other in others:
                self._problem(
                    "near duplicate",
                    other["path"],
                    f"{other['path']} looks like a copy of {first['path']}.",
                )
        for group in groups_kept_together(hashes):
            named = {photos[index]["individual"] for index in group} - {None}
            if len(named) > 1:
                listing = ", ".join(
                    f"{photos[index]['path']} ({_named(photos[index]['individual'])})"
                    for index in group
                )
                self._problem(
                    "conflict",
                    photos[group[0]]["path"],
                    f"These pictures look alike but stand under different individuals: {listing}; "
                    "compare them and correct the catalogue if one is wrong.",
                )


def _labels(row: CatalogueRow) -> dict:
    box = row.box
    return {
        "individual": row.individual,
        "encounter": row.encounter,
        "taken_at": row.taken_at,
        "latitude": row.latitude,
        "longitude": row.longitude,
        "given_x0": box.x0 if box else None,
        "given_y0": box.y0 if box else None,
        "given_x1": box.x1 if box else None,
        "given_y1": box.y1 if box else None,
    }


def _first(*values: float | None) -> float | None:
    return next((value for value in values if value is not None), None)


def _named(individual: str | None) -> str:
    return "no individual yet" if individual is None else individual
