"""How good identification is, ours beside its peers: same photos, same split, same table.

``python tests/benchmarks/identifier.py FLUKES --out FOLDER [--low-epochs 30 --epochs 6]``

FLUKES is a folder as Kaggle users have it, with ``boxes.csv`` and ``near_duplicates.csv``; see
``tests/identifier_protocol.py``. Three networks are trained that differ in their loss alone, then
photos are matched by their marks. FOLDER keeps all that is computed, models of the photos among
it: the same command goes on where it was interrupted, and makes the tables again in seconds.
"""

from __future__ import annotations

import argparse
import json
import shlex
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import cache
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
    kept_marks,
    kept_pairs,
    lists_of,
    trained,
    trainings,
)
from tests.identifier_protocol import Lists, Protocol, deal, per_individual, wanted_pairs
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
from whalecore.types import Box

MARKS, SIFT, NEAREST = "marks", "sift", "nearest"
PARTS = (MARKS, SOFTMAX, ARCFACE, SIFT)
NAMES = {
    OURS: "ours, network alone",
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
    parser.add_argument("--shortlist", type=int, default=40, help="Individuals to match marks of.")
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
    results = {NAMES[name]: compared(protocol, logits[name]) for name in (OURS, NEAREST)}
    if MARKS not in arguments.without:
        for shortlist in (arguments.shortlist, None)[: 1 + arguments.all_pairs]:
            whose = "all" if shortlist is None else f"its first {shortlist}"
            marks = our_marks(protocol, crops, logits[OURS], shortlist, arguments)
            results[f"ours, with marks of {whose}"] = compared(
                protocol, logits[OURS], marks, shortlist
            )
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
    """Raw scores of a network, ours also by the rule of ArcFace; the minutes of its training."""
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
        rules = {OURS: OURS, NEAREST: ARCFACE} if name == OURS else {name: name}
        seen = protocol, identifier, looked["logits"], looked["looks"]
        lists = {key: lists_of(rule, *seen) for key, rule in rules.items()}
    epochs = from_text((folder / "history.json").read_text(encoding="utf-8"))
    return lists, sum(epoch.seconds for epoch in epochs) / 60


def our_marks(protocol, crops, logits: Lists, shortlist: int | None, arguments) -> Lists:
    """Most marks shared with a photo of each individual; 0 where nobody looked."""
    finder = KeypointFinder(device=choose_device(arguments.device).type)

    def shared(query: Keypoints, other: Keypoints) -> int:
        return len(match(query, other).query)

    wanted = wanted_pairs(protocol, logits, shortlist)
    return matched(protocol, crops, arguments.out / MARKS, Keypoints, finder.find, shared, wanted)


def sift_inliers(protocol, crops, nothing: Lists, arguments) -> Lists:
    """Most inliers with a photo of each individual, of the whole gallery."""
    matcher, folder = SiftMatcher(), arguments.out / SIFT
    wanted = wanted_pairs(protocol, nothing, None)
    return matched(protocol, crops, folder, SiftMarks, matcher.find, matcher.shared, wanted)


def matched(
    protocol: Protocol,
    crops: Crops,
    folder: Path,
    kind: type,
    find: Callable,
    shared: Callable,
    wanted: np.ndarray,
) -> Lists:
    """Marks of all photos asked and of the gallery, and what the wanted pairs share of them."""
    size = KeypointSettings().height, KeypointSettings().width

    @cache
    def marks_of(name: str) -> list:
        rows = protocol.rows(*{"asked": parts.ASKED, "gallery": parts.GALLERY}[name])
        photos = [lambda row=row: find(crops.one(row, *size)) for row in rows]
        return kept_marks(folder / name, kind, photos, say)

    def shared_by(query: int, other: int) -> int:
        return shared(marks_of("asked")[query], marks_of("gallery")[other])

    pairs = kept_pairs(folder / "pairs.npy", wanted, shared_by, say)
    return per_individual(protocol, np.maximum(pairs, 0))


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
