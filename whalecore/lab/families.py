"""Names that people gave to families of clusters, kept with the clustering."""

from __future__ import annotations

from collections.abc import Iterable

from whalecore.errors import LabError
from whalecore.lab.clusters import LONGEST_NAME, LabClusters
from whalecore.lab.said import LONGEST_PERSON, said

NAMES = """
SELECT clusters, name FROM family_names WHERE clustering_id = $1 AND name <> '' ORDER BY clusters
"""


class LabFamilies(LabClusters):
    """The part of a lab that knows how people call families of clusters.

    A family is its clusters. So it keeps its name while it has the same clusters, into however
    many families the clustering is regrouped.
    """

    def family_names(self, clustering_id: str) -> dict[tuple[int, ...], str]:
        """By the numbers of a family's clusters, in order: its name."""
        rows = self._database.rows(NAMES, [clustering_id])
        return {tuple(map(int, clusters.split())): name for clusters, name in rows}

    def name_family(
        self, clustering_id: str, clusters: Iterable[int], name: str, named_by: str | None = None
    ) -> None:
        """Name the family that is made of these clusters.

        Parameters
        ----------
        name : str
            At most 80 characters; empty to take a name away.

        Raises
        ------
        LabError
            When there is no such cluster, or the name is too long or not readable.
        """
        last = self._clustering_row(clustering_id)["clusters"]
        numbers = sorted({int(number) for number in clusters})
        if not numbers or numbers[0] < 1 or numbers[-1] > last:
            raise LabError(
                f"A family of the clustering '{clustering_id}' is made of its clusters: choose "
                f"from 1 to {last}."
            )
        who = said(named_by, "name", LONGEST_PERSON) if named_by else None
        key = {"clustering_id": clustering_id, "clusters": " ".join(map(str, numbers))}
        about = {"name": said(name, "family's name", LONGEST_NAME), "named_by": who}
        self.write("family_names", [{**key, **about}])
