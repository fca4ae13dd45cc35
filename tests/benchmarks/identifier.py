"""How good identification is, ours beside its peers: same photos, same split, same table.

``python tests/benchmarks/identifier.py FLUKES --out FOLDER [--low-epochs 30 --epochs 6]``

FLUKES is a folder as Kaggle users have it, with ``boxes.csv`` and ``near_duplicates.csv``; see
``tests/identifier_protocol.py``. Three networks are trained that differ in their loss alone, then
photos are matched by their marks. FOLDER keeps all that is computed, models of the photos among
it: the same command goes on where it was interrupted, and makes the tables again in minutes.
"""

from __future__ import annotations

import argparse
import json
import shlex
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests import identifier_protocol as parts
from tests.identifier_figures import CMC_AT, compared
from tests.identifier_peers import (
    ARCFACE,
    OURS,
    SOFTMAX,
    SiftMarks,
    SiftMatcher,
    chosen_directions,
    kept_marks,
    kept_pairs,
    likeness_of,
    lists_of,
    logits_of,
    shortlisted,
    trained,
    trainings,
)
from tests.identifier_protocol import (
    Lists,
    Looked,
    Protocol,
    deal,
    everybody,
    per_individual,
    wanted_pairs,
)
from whalecore.errors import WhalecoreError
from whalecore.files import write_atomically, write_json
from whalecore.identifiers.checkpoint import load_identifier, save_identifier
from whalecore.identifiers.history import from_text
from whalecore.identifiers.network import choose_device
from whalecore.identifiers.settings import PRESETS, TrainingSettings, preset
from whalecore.photos.crop import MARGIN, cut
from whalecore.photos.decode import load_photo
from whalecore.photos.keypoint_matches import Keypoints, match
from whalecore.photos.keypoints import KeypointFinder, KeypointSettings
from whalecore.photos.marks import MarkSettings
from whalecore.types import Box

MARKS, SIFT, NEAREST, LEARNT = "marks", "sift", "nearest", "learnt"
PARTS = (MARKS, SOFTMAX, ARCFACE, SIFT)
NAMES = {
    OURS: "ours, network alone",
    LEARNT: "ours, directions learnt",
    NEAREST: "ours, nearest photo",
    SOFTMAX: "ResNet, softmax",
    ARCFACE: "ResNet, ArcFace, nearest photo",
    SIFT: "SIFT, ratio test, RANSAC",
}

CLOSED_COLUMNS = {
    "MAP@5": "map5",
    "top 1": "top1",
    "95 %": ("low", "high"),
    "top 5": "cmc_5",
    "new against known, AUROC": "auroc",
    "BAKS": "baks",
    "BAUS": "baus",
    "ECE": "ece",
    "of a perfect model": "ece_perfect",
    "at most": "ece_perfect_high",
}
CMC_COLUMNS = {str(k): f"cmc_{k}" for k in CMC_AT}
UNSEEN_COLUMNS = {
    "among": "individuals",
    "top 1": "top1",
    "95 %": ("low", "high"),
    "top 5": "top5",
    "MAP@5": "map5",
}


def main() -> None:
    arguments = parsed()
    try:
        protocol, results, minutes = measured(arguments)
    except WhalecoreError as error:
        sys.exit(str(error))
    print(f"{time.strftime('%Y-%m-%d')}, `{command(arguments)}`")
    print(report(protocol, results, minutes))


def command(arguments: argparse.Namespace) -> str:
    """What was asked for, without the names of this machine's folders."""
    folders = {str(arguments.flukes): "FLUKES", str(arguments.out): "FOLDER"}
    given = [folders.get(one.rstrip("/"), one) for one in sys.argv[1:]]
    return shlex.join(["python", "tests/benchmarks/identifier.py", *given])


def parsed(given: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("flukes", type=Path, help="Kaggle folder with boxes and near-duplicates.")
    parser.add_argument("--out", type=Path, required=True, help="Keeps all that is computed.")
    parser.add_argument("--preset", choices=sorted(PRESETS), default="laptop")
    parser.add_argument("--network", help="Of all three, such as resnet50.")
    parser.add_argument("--size", type=int, nargs=2, metavar=("HEIGHT", "WIDTH"))
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--low-epochs", type=int)
    parser.add_argument("--seed", type=int, default=0, help="Of the split and of the trainings.")
    parser.add_argument("--device", default="auto", choices=("auto", "cpu", "cuda"))
    parser.add_argument("--shortlist", type=int, default=40, help="Matched, by the network.")
    parser.add_argument("--alike", type=int, default=40, help="Matched beside, found by marks.")
    parser.add_argument("--all-pairs", action="store_true", help="Match all, for one row more.")
    parser.add_argument("--without", nargs="*", choices=PARTS, default=(), help="Rows left out.")
    return parser.parse_args(given)


def settings_of(arguments: argparse.Namespace) -> TrainingSettings:
    """The preset with what was asked for."""
    height, width = arguments.size or (None, None)
    changes = {
        "architecture": arguments.network,
        "height": height,
        "width": width,
        "epochs": arguments.epochs,
        "low_resolution_epochs": arguments.low_epochs,
        "seed": arguments.seed,
    }
    asked = {name: value for name, value in changes.items() if value is not None}
    return preset(arguments.preset, **asked)


def measured(arguments: argparse.Namespace) -> tuple[Protocol, dict, dict]:
    """Who plays which part, every method's figures, and the minutes of the trainings."""
    base = settings_of(arguments)
    protocol = deal(arguments.flukes, arguments.seed)
    same_run(arguments.out / "run.json", base, protocol)
    crops = Crops(arguments.flukes, protocol, base)
    logits, minutes = {}, {}
    for name, settings in trainings(base).items():
        if name not in arguments.without:
            found, minutes[name] = network(name, protocol, crops, settings, arguments)
            logits |= found
    results = {NAMES[name]: compared(protocol, logits[name]) for name in (OURS, LEARNT, NEAREST)}
    if MARKS not in arguments.without:
        ours = OurMarks(protocol, crops, arguments)
        settings = MarkSettings(shortlist=arguments.shortlist, alike=arguments.alike)
        looked = {
            "ours, with marks": ours.shortlisted(logits[OURS], settings),
            "ours, with marks of all": everybody(logits[OURS]),
        }
        for name, whose in list(looked.items())[: 1 + arguments.all_pairs]:
            results[name] = compared(protocol, logits[OURS], ours.shared(whose), whose)
    for name in (one for one in (SOFTMAX, ARCFACE) if one in logits):
        results[NAMES[name]] = compared(protocol, logits[name])
    if SIFT not in arguments.without and find_spec("cv2"):
        nothing = Lists(*(np.zeros_like(one) for one in vars(logits[OURS]).values()))
        inliers = sift_inliers(protocol, crops, nothing, arguments)
        results[NAMES[SIFT]] = compared(protocol, nothing, inliers)
    kept = {"settings": asdict(base), "minutes": minutes, "methods": results}
    write_json(arguments.out / "results.json", kept)
    return protocol, results, minutes


def same_run(file: Path, base: TrainingSettings, protocol: Protocol) -> None:
    """Refuse a folder that holds what other settings or photos came to."""
    run = {
        "settings": base.key,
        "parts": dict(zip(protocol.images, protocol.part.tolist(), strict=True)),
    }
    if file.is_file() and json.loads(file.read_text(encoding="utf-8")) != run:
        raise WhalecoreError(f"'{file.parent}' holds another run: choose another folder.")
    file.parent.mkdir(parents=True, exist_ok=True)
    write_json(file, run)


class Crops:
    """The boxed flukes of a folder, cut when asked for."""

    def __init__(self, folder: Path, protocol: Protocol, base: TrainingSettings) -> None:
        self.folder, self.protocol, self.base = folder, protocol, base
        self._all: np.ndarray | None = None

    def one(self, row: int, height: int, width: int, margin: float = MARGIN) -> np.ndarray:
        photo = load_photo(self.folder / "train" / self.protocol.images[row])
        return cut(photo, Box(*self.protocol.boxes[row]), height, width, margin)

    def all(self) -> np.ndarray:
        """All photos at the networks' size."""
        if self._all is None:
            size = self.base.height, self.base.width, self.base.crop_margin
            say(f"cut {len(self.protocol.images)} photos")
            rows = range(len(self.protocol.images))
            self._all = np.stack([self.one(row, *size) for row in rows])
        return self._all


def say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def network(
    name: str,
    protocol: Protocol,
    crops: Crops,
    settings: TrainingSettings,
    arguments: argparse.Namespace,
) -> tuple[dict[str, Lists], float]:
    """Raw scores of a network, ours also by other rules; the minutes of its training."""
    folder = arguments.out / name
    if not (folder / "identifier.json").is_file():
        found = trained(folder, protocol, crops.all(), settings, arguments.device, say)
        save_identifier(found, folder)
    identifier = load_identifier(folder, arguments.device)
    file = folder / "looked.npz"
    if not file.is_file():
        logits, looks = identifier.identify_many(crops.all())
        write_atomically(file, lambda whole: np.savez(whole, logits=logits, looks=looks))
    with np.load(file) as looked:
        seen = looked["logits"], looked["looks"]
    if name == OURS:
        rules = {LEARNT: OURS, NEAREST: ARCFACE}
        lists = {key: lists_of(rule, protocol, identifier, *seen) for key, rule in rules.items()}
        directed = chosen_directions(identifier, protocol, crops.all())
        lists[OURS] = lists_of(OURS, protocol, directed, logits_of(directed, seen[1]), seen[1])
    else:
        lists = {name: lists_of(name, protocol, identifier, *seen)}
    epochs = from_text((folder / "history.json").read_text(encoding="utf-8"))
    return lists, sum(epoch.seconds for epoch in epochs) / 60


class OurMarks:
    """The marks that ours looks for, and what photos share of them."""

    def __init__(self, protocol: Protocol, crops: Crops, arguments: argparse.Namespace) -> None:
        finder = KeypointFinder(device=choose_device(arguments.device).type)
        self.protocol, self.folder = protocol, arguments.out / MARKS
        self.asked, self.gallery = both_kept(protocol, crops, self.folder, Keypoints, finder.find)

    def shortlisted(self, logits: Lists, settings: MarkSettings) -> Looked:
        """Whose photos are compared, by the network and by the marks themselves."""
        found = likeness_of(self.protocol, self.asked, self.gallery)
        return shortlisted(logits, found, settings)

    def shared(self, looked: Looked) -> Lists:
        """Strength of the marks shared with a photo of each individual; 0 where nobody looked."""

        def strength(query: int, other: int) -> float:
            return match(self.asked[query], self.gallery[other]).strength

        wanted = wanted_pairs(self.protocol, looked)
        pairs = kept_pairs(self.folder / "strengths.npy", wanted, strength, say, np.float32)
        return per_individual(self.protocol, np.maximum(pairs, 0))


def sift_inliers(protocol, crops, nothing: Lists, arguments) -> Lists:
    """Most inliers with a photo of each individual, of the whole gallery."""
    matcher, folder = SiftMatcher(), arguments.out / SIFT
    asked, gallery = both_kept(protocol, crops, folder, SiftMarks, matcher.find)

    def shared(query: int, other: int) -> int:
        return matcher.shared(asked[query], gallery[other])

    pairs = kept_pairs(
        folder / "pairs.npy", wanted_pairs(protocol, everybody(nothing)), shared, say
    )
    return per_individual(protocol, np.maximum(pairs, 0))


def both_kept(
    protocol: Protocol, crops: Crops, folder: Path, kind: type, find: Callable
) -> tuple[list, list]:
    """Marks of all photos asked and of the gallery."""
    size = KeypointSettings().height, KeypointSettings().width

    def marks_of(name: str, group: tuple[str, ...]) -> list:
        photos = [lambda row=row: find(crops.one(row, *size)) for row in protocol.rows(*group)]
        return kept_marks(folder / name, kind, photos, say)

    return marks_of("asked", parts.ASKED), marks_of("gallery", parts.GALLERY)


def report(protocol: Protocol, results: dict, minutes: dict) -> str:
    """The tables, with what they were made from."""
    counts = {part: len(protocol.rows(part)) for part in (parts.TRAIN, *parts.ASKED)}
    photos = ", ".join(f"{count} {part}" for part, count in counts.items())
    spent = ", ".join(f"{NAMES[name]} {value:.0f}" for name, value in minutes.items())
    lines = [
        f"Photos: {photos}; {len(protocol.names(parts.TRAIN))} trained individuals, "
        f"{len(protocol.names(parts.UNSEEN_QUERY))} unseen ones asked for.",
        f"Minutes of training: {spent}.",
    ]
    tables = (
        ("closed set and new whales", "closed", CLOSED_COLUMNS),
        ("closed set, right within the first", "closed", CMC_COLUMNS),
        ("unseen population, on its own", "unseen", UNSEEN_COLUMNS),
        ("unseen population, beside the trained individuals", "joint", UNSEEN_COLUMNS),
    )
    for corner, key, columns in tables:
        lines += ["", table({name: one[key] for name, one in results.items()}, columns, corner)]
    return "\n".join(lines)


def table(
    rows: Mapping[str, Mapping[str, float]], columns: Mapping[str, str | Sequence[str]], corner: str
) -> str:
    """A markdown table, one row a method; shares to three digits, intervals to two."""
    lines = [f"| {corner} | {' | '.join(columns)} |", "| --- " * (len(columns) + 1) + "|"]
    for name, found in rows.items():
        lines.append(f"| {name} | {' | '.join(_cell(found, key) for key in columns.values())} |")
    return "\n".join(lines)


def _cell(found: Mapping[str, float], key: str | Sequence[str]) -> str:
    if not isinstance(key, str):
        return " to ".join(f"{found[one]:.2f}" for one in key)
    value = found[key]
    return str(value) if isinstance(value, int) else f"{value:.3f}"


if __name__ == "__main__":
    main()
