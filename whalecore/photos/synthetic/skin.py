"""An individual's skin in a year: colour, outline and where its features are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from whalecore.photos.synthetic import canvas, marks
from whalecore.photos.synthetic.animal import Animal
from whalecore.photos.synthetic.noise import rough_noise, smooth_noise
from whalecore.photos.synthetic.outline import FIRST_YEAR, Outline, draw_outline

OUTER_FIFTH = 0.8
"""Distance from the midline beyond which a lobe changes from year to year."""

# Level of white, middle along span and chord, half axes; by pigmentation pattern.
_PATTERNS = (
    (-1.6, 0.6, 0.5, 0.5, 0.5),
    (0.25, 0.78, 0.5, 0.2, 0.45),
    (0.45, 0.5, 0.3, 0.3, 0.3),
    (0.7, 0.62, 0.55, 0.3, 0.38),
    (0.9, 0.58, 0.5, 0.42, 0.5),
    (1.2, 0.5, 0.55, 0.5, 0.55),
    (1.9, 0.5, 0.5, 0.6, 0.6),
)


@dataclass(frozen=True, eq=False)
class Skin:
    """A drawn fluke, flat.

    Attributes
    ----------
    brightness : ndarray of shape (canvas.HEIGHT, canvas.WIDTH), float32
        0 black skin to 1 white skin.
    shape : ndarray, bool
        The fluke, with what is cut out of its trailing edge filled in.
    present : ndarray, bool
        The fluke as it is.
    features : dict from kind to ndarray, bool
        Where each identifying feature is, inside ``shape``.
    """

    brightness: np.ndarray
    shape: np.ndarray
    present: np.ndarray
    features: dict[str, np.ndarray]


def draw_skin(animal: Animal, year: int) -> Skin:
    """The individual as it looks in a year."""
    outline = draw_outline(animal, year)
    u, v = canvas.coordinates()
    span = np.abs(u)
    chord = _chord(outline, u, v)
    shape = canvas.polygon(outline.polygon) > 0.5
    present = shape
    outer = np.clip((span - OUTER_FIFTH + 0.02) / 0.04, 0, 1)

    field = _pigmentation(animal, span, chord, outer, year - FIRST_YEAR)
    white = _whiteness(field)
    features: dict[str, np.ndarray] = {}
    overlays = []
    for index, feature in enumerate(animal.features):
        rng = animal.details(4, index)
        if feature.kind == "pigment":
            patch = marks.pigment_patch(feature, outline, rng)
            centre = outline.place(feature.side, feature.span, feature.chord)
            white = _set_apart(field, patch, centre)
            features["pigment"] = patch > 0.4
        elif feature.kind == "scar":
            line = marks.scar(feature, outline, rng)
            overlays.append((line, None))
            features["scar"] = line > 0.25
        elif feature.kind == "barnacles":
            shells, mouths = marks.barnacles(feature, outline, rng)
            overlays.append((shells, mouths))
            features["barnacles"] = shells > 0.4
        else:
            missing, area = marks.bites(feature, outline, rng)
            present = present & (missing < 0.5)
            features["notches"] = area > 0.5

    brightness = _light_wear(animal, white, span, chord, outer, year - FIRST_YEAR)
    for mark, inside in overlays:
        under = float((brightness * mark).sum() / max(mark.sum(), 1e-6))
        tone = 0.92 if under < 0.5 else 0.12
        brightness = brightness * (1 - mark) + tone * mark
        if inside is not None:
            brightness = brightness * (1 - inside) + (0.25 if under < 0.5 else 0.6) * inside
    features = {kind: mask & shape for kind, mask in features.items()}
    return Skin(np.clip(brightness, 0, 1).astype(np.float32), shape, present, features)


def _chord(outline: Outline, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """0 at the leading edge to 1 at the trailing edge for every pixel of the sheet."""
    low, high = np.empty_like(u), np.empty_like(u)
    for side in (-1, 1):
        part = (u * side) >= 0
        low[part], high[part] = outline.chord_ends(side, np.abs(u[part]))
    # The tail stock has no leading edge: go on with the lobe's line beside it.
    beside = np.abs(u) < 0.2
    low = np.where(beside, np.maximum(low, -0.6), low)
    return (v - low) / np.maximum(high - low, 0.02)


def _pigmentation(
    animal: Animal, span: np.ndarray, chord: np.ndarray, outer: np.ndarray, age: int
) -> np.ndarray:
    """A field that is positive where the skin is white, with streaky, ragged borders."""
    level, middle_span, middle_chord, along, across = _PATTERNS[animal.pattern]
    size = (canvas.HEIGHT, canvas.WIDTH)
    field = level - ((span - middle_span) / along) ** 2 - ((chord - middle_chord) / across) ** 2
    # The pattern's own blotches are shared; the individual's are weaker.
    common = np.random.default_rng([animal.seed[0], 77, animal.pattern])
    own = animal.details(2)
    field = field + 0.3 * smooth_noise(common, *size, 60, 80) + own.normal(0.0, 0.15)
    field += 0.5 * smooth_noise(own, *size, 55, 65)
    field += 0.55 * rough_noise(own, *size, 16, 7, 2)
    drift = smooth_noise(own, *size, 45, 55)
    field += age * drift * (0.035 + 0.1 * outer)
    dark_edges = np.clip((0.09 - chord) / 0.09, 0, 1) + np.clip((chord - 0.86) / 0.1, 0, 1)
    if animal.pattern < 6:
        dark_edges = dark_edges + np.clip((0.22 - span) / 0.12, 0, 1)
    else:
        dark_edges = dark_edges + np.clip((0.1 - span) / 0.06, 0, 1) * (chord < 0.7)
    field -= 1.6 * dark_edges
    return field


def _whiteness(field: np.ndarray) -> np.ndarray:
    return np.clip(field * 1.9 + 0.5, 0, 1)


def _set_apart(field: np.ndarray, patch: np.ndarray, centre: tuple[float, float]) -> np.ndarray:
    """White (1) and black (0) skin with a patch in the tone that the skin around it is not."""
    u, v = canvas.coordinates()
    distance = np.hypot(u - centre[0], v - centre[1])
    halo = np.clip((0.26 - distance) / 0.12, 0, 1)
    around = float((_whiteness(field) * halo).sum() / halo.sum())
    ground = 0.0 if around < 0.5 else 1.0
    white = _whiteness(field + 1.4 * (2 * ground - 1) * halo)
    return white + (1.0 - ground - white) * patch


def _light_wear(
    animal: Animal,
    white: np.ndarray,
    span: np.ndarray,
    chord: np.ndarray,
    outer: np.ndarray,
    age: int,
) -> np.ndarray:
    """Add what does not identify: mottling, specks, thin scratches and worn tips."""
    size = (canvas.HEIGHT, canvas.WIDTH)
    rng = animal.details(3)
    mottled = 0.06 + 0.84 * white + 0.05 * rough_noise(rng, *size, 24, 18, 3)
    # Keel of the tail stock up to the notch, and the wet sheen beside it.
    mottled = mottled + 0.1 * np.exp(-((span / 0.012) ** 2)) - 0.04 * np.exp(-((span / 0.08) ** 2))
    # Tips: pale specks that come and go over the years.
    before, after = (rough_noise(rng, *size, 7, 7, 2) for _ in range(2))
    turn = 0.45 * age
    specks = np.cos(turn) * before + np.sin(turn) * after
    tips = outer * np.clip((specks + 1.2 * (span - OUTER_FIFTH) - 0.45) * 2.5, 0, 1)
    mottled = mottled + (0.7 - mottled) * 0.7 * tips
    scratches: dict[float, list[np.ndarray]] = {0.75: [], 0.2: []}
    for index in range(16):
        born = FIRST_YEAR - 3 + int(rng.integers(0, 9))
        if born <= FIRST_YEAR + age:
            scratches[0.2 if index % 3 == 0 else 0.75] += _scratch(animal.details(5, index))
    for tone, paths in scratches.items():
        mottled = mottled + (tone - mottled) * 0.6 * canvas.lines(paths, 0.008, blur=0.7)
    return mottled


def _scratch(rng: np.random.Generator) -> list[np.ndarray]:
    """A thin line, or the parallel lines that teeth leave (rake marks)."""
    start = np.array([rng.choice((-1, 1)) * rng.uniform(0.15, 0.95), rng.uniform(-0.4, 0.25)])
    tilt = rng.uniform(0, np.pi)
    step = np.array([np.cos(tilt), np.sin(tilt)]) * rng.uniform(0.05, 0.14)
    aside = np.array([-np.sin(tilt), np.cos(tilt)]) * 0.022
    bend = aside * rng.uniform(-0.6, 0.6)
    count = int(rng.integers(3, 6)) if rng.random() < 0.35 else 1
    line = np.array([start, start + step / 2 + bend, start + step])
    return [line + aside * place for place in range(count)]
