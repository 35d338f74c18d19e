"""The tier `measurements`: nothing is rendered and no network runs; rows come out of tables, noise is added.

Landmarks, quality, colours and embeddings are what the real models read from the same body in the same pose;
light, camera automatics and tone curve are computed on the two colours that the light challenge looks at.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from app.errors import InputError
from app.inference.types import Demographics, FaceEngine
from app.pipeline.colour import CLIPPED, Rgb
from app.pipeline.landmarks import face_middle, face_width, inter_eye_distance
from app.pipeline.measure import may_follow
from app.pipeline.planning import FramePlan, plan_frame
from app.pipeline.pose import head_pose
from app.pipeline.types import TRACKED_LANDMARKS, FaceMeasurement, FaceQuality, FrameMeasurement
from app.sandbox.head import Head
from app.sandbox.pose import HeadPose
from app.simulation import readings as columns
from app.simulation.attempt import Exposure
from app.simulation.camera import DISPLAY_GAMMA, Webcam
from app.simulation.grid import Setting
from app.simulation.pixels import SIZE, overlaid, scene_of
from app.simulation.readings import Row, log_light, read_row
from app.simulation.server import NEEDS, Server
from app.simulation.sight import Sight
from app.simulation.tables import BodyTable, CameraNoise

# Pictures taken through each camera to learn its noise, and how far the heads on them are turned.
MOVING, STILL, NOISE_YAW, NOISE_PITCH = 5, 5, 24.0, 16.0
# Pictures of each person through each camera for the passive model.
STILL_OWN = 2
# Share of a picture that is face, for cameras that meter the whole of it.
FACE_SHARE = 0.25
LUMA = np.array([0.299, 0.587, 0.114])
TRACKED = len(TRACKED_LANDMARKS)
# What is estimated does not matter here, only when.
SOMEBODY = Demographics(age_years=30.0, male_probability=0.5)


@dataclass(slots=True)
class Library:
    """All tables and cameras of one process."""

    engine: FaceEngine
    sitters: Sequence[Head]
    """Heads that each camera's noise is measured on."""
    people: Sequence[Head] = ()
    """Heads of whom the passive model thinks something of its own through each camera."""
    _biases: dict[tuple[int, str], float] = field(default_factory=dict)
    _tables: dict[tuple[int, bool], BodyTable] = field(default_factory=dict)
    _noises: dict[str, CameraNoise] = field(default_factory=dict)

    def table(self, body: Head, on_display: bool) -> BodyTable:
        """Return a body's table."""
        key = (id(body), on_display)
        if key not in self._tables:
            self._tables[key] = BodyTable(body, on_display, self.engine)
        return self._tables[key]

    def noise(self, setting: Setting) -> CameraNoise:
        """Return what a camera adds, measured when first asked for."""
        if setting.name not in self._noises:
            self._noises[setting.name] = self._measure_noise(setting)
        return self._noises[setting.name]

    def bona_fide_bias(self, body: Head, setting: Setting) -> float | None:
        """Return what a camera adds to a person's passive score, as a logit; None for sheets."""
        if not any(body is person for person in self.people):
            return None
        key = (id(body), setting.name)
        if key not in self._biases:
            rows = self._residuals(body, setting.build(0), np.zeros((STILL_OWN, 2)))
            self._biases[key] = float(np.mean([row[columns.BONA_FIDE] for row in rows])) if rows else 0.0
        return self._biases[key]

    def _measure_noise(self, setting: Setting) -> CameraNoise:
        """Film the sitters: in random poses, and keeping still.

        What a pose changes is gone when the head keeps still; so what the light challenge and the passive
        model look at is taken from still heads, and the rest from moving ones.
        """
        rng, camera = np.random.default_rng(0), setting.build(0)
        reach = np.array([NOISE_YAW, NOISE_PITCH])
        moving = [
            self._residuals(body, camera, rng.uniform(-reach, reach, (MOVING, 2))) for body in self.sitters
        ]
        still = [self._residuals(body, camera, np.zeros((STILL, 2))) for body in self.sitters]
        mean, centred = _pooled(moving)
        still_mean, still_centred = _pooled(still)
        count = min(len(centred), len(still_centred))
        centred, still_centred = centred[:count].copy(), still_centred[:count]
        for part in columns.STILL_PARTS:
            mean[part], centred[:, part] = still_mean[part], still_centred[:, part]
        taken = len(self.sitters) * (MOVING + STILL)
        return CameraNoise(mean, centred, 1 - sum(map(len, moving + still)) / taken)

    def _residuals(self, body: Head, camera: Webcam, angles: Row) -> list[Row]:
        """Return what a camera adds to the table's rows, for each (yaw, pitch) in which it sees a face."""
        found = []
        for yaw, pitch in angles.tolist():
            expected = self.table(body, on_display=False).row(yaw, pitch)
            scene = scene_of(Sight(body, HeadPose(yaw_deg=yaw, pitch_deg=pitch)))
            row = read_row(camera.capture(scene), self.engine)
            if row is not None and expected is not None:
                found.append(row - _developed(expected, camera, np.ones(3)))
        return found


def _in_place_of(before: FrameMeasurement, frame: FrameMeasurement) -> FrameMeasurement:
    """Return a frame in which the face was not looked for, but followed from the one before."""
    if frame.face is None or before.face is None:
        return replace(frame, face_count=0, face=None)
    there = before.face
    followed = replace(
        frame.face,
        center=there.center,
        width_share=there.width_share,
        pose=there.pose,
        landmarks=there.landmarks,
    )
    return replace(frame, face=followed)


def _pooled(by_sitter: Sequence[Sequence[Row]]) -> tuple[Row, Row]:
    """Return the mean residual, and all residuals, each centred on its sitter's own mean."""
    seen = [np.stack(rows) for rows in by_sitter if rows]
    if not seen:
        raise InputError("faces", "a simulated camera sees none of them")
    means = [rows.mean(axis=0) for rows in seen]
    return np.mean(means, axis=0), np.vstack([rows - mean for rows, mean in zip(seen, means, strict=True)])


class MeasurementEye:
    """Looks up and adds noise."""

    def __init__(self, library: Library, setting: Setting, camera: Webcam, rng: np.random.Generator) -> None:
        self._library, self._setting, self._camera, self._rng = library, setting, camera, rng
        self._noise = library.noise(setting)

    def measure(
        self, exposures: Sequence[Exposure], received_ms: float, server: Server
    ) -> list[FrameMeasurement]:
        """Measure a batch that follows `server.frames`."""
        known = list(server.frames)
        for exposure in exposures:
            progress = server.progress
            followed = progress.light_is_on and may_follow(len(known), known)
            plan = plan_frame(
                known, exposure.client_ms, NEEDS, quick=progress.quick, neutral=progress.neutral
            )
            frame = self._frame(exposure, len(known), received_ms, FramePlan() if followed else plan)
            known.append(_in_place_of(known[-1], frame) if followed else frame)
        return known[len(server.frames) :]

    def _frame(
        self, exposure: Exposure, number: int, received_ms: float, plan: FramePlan
    ) -> FrameMeasurement:
        still = exposure.sight.still
        rng = self._rng if still is None else np.random.default_rng(still)
        row = self._row(exposure.sight, exposure.exposed_ms / 1000, rng)
        return FrameMeasurement(
            number=number,
            client_ms=exposure.client_ms,
            received_ms=received_ms,
            digest=f"{(1 << 64) + number if still is None else still:032x}",
            size=SIZE,
            face_count=int(row is not None),
            face=None if row is None else _face(row, plan),
            noise=0.0 if row is None else max(0.0, float(row[columns.NOISE])),
        )

    def _row(self, sight: Sight, at: float, rng: np.random.Generator) -> Row | None:
        table, pose = self._library.table(sight.body, sight.on_display), sight.pose
        row = table.row(pose.yaw_deg, pose.pitch_deg)
        if row is None or rng.random() < self._noise.miss_rate:
            return None
        row = _moved(row, sight)
        _shine(row, sight, table)
        added = self._noise.draw(rng)
        own = None if sight.on_display else self._library.bona_fide_bias(sight.body, self._setting)
        if own is not None:
            added[columns.BONA_FIDE] += own - self._noise.mean[columns.BONA_FIDE]
        return _developed(row, self._camera, self._gains(row, at)) + added

    def _gains(self, row: Row, at: float) -> Row:
        face, wall = (np.exp(row[part]) for part in (columns.FACE, columns.BACKGROUND))
        return self._camera.adaptation.gains(FACE_SHARE * face + (1 - FACE_SHARE) * wall, at)


def _moved(row: Row, sight: Sight) -> Row:
    """Return the row of a head that is nearer, beside or tilted: a similarity of its landmarks."""
    moved, pose = row.copy(), sight.pose
    points = moved[columns.LANDMARKS].reshape(TRACKED, 3)
    middle = points[:, :2].mean(axis=0)
    angle = np.radians(pose.roll_deg)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    points[:, :2] = (points[:, :2] - middle) @ turn.T + middle + SIZE[0] * np.array([pose.dx, pose.dy])
    points /= pose.distance
    return moved


def _shine(row: Row, sight: Sight, table: BodyTable) -> None:
    """Add to the two colours whatever light and paint the sight has."""
    if sight.light is not None:
        shares = table.light(sight.pose.yaw_deg, sight.pose.pitch_deg)
        nearer = sight.pose.distance**-2
        screen = np.array(sight.light.screen_rgb)
        arriving = (shares.face, shares.rim, shares.background(sight.light.room))
        for part, share in zip(columns.COLOURS, arriving, strict=True):
            row[part] += np.log(sight.light.ambient + screen * share * nearer)
    for part in columns.COLOURS:
        if sight.overlay is not None:
            shown = overlaid(np.exp(row[part] / DISPLAY_GAMMA), sight.overlay)
            row[part] = log_light(shown**DISPLAY_GAMMA)
        if any(sight.glare):
            row[part] = np.log(np.exp(row[part]) + sight.glare)


def _developed(row: Row, camera: Webcam, gains: Row) -> Row:
    """Return the row with its colours as the camera's tone curve gives them."""
    developed = row.copy()
    for part in columns.COLOURS:
        shown = camera.displayed(np.exp(row[part] / DISPLAY_GAMMA), gains)
        developed[part] = log_light(shown**DISPLAY_GAMMA)
    return developed


def _face(row: Row, plan: FramePlan) -> FaceMeasurement:
    points = columns.points_of(row)
    x, y = face_middle(points).tolist()
    face = FaceMeasurement(
        center=(x / SIZE[0], y / SIZE[1]),
        width_share=face_width(points) / min(SIZE),
        pose=head_pose(points),
        quality=_quality(row, inter_eye_distance(points)),
        landmarks=points,
        face_rgb=_rgb(row[columns.FACE]),
        rim_rgb=_rgb(row[columns.RIM]),
        background_rgb=_background(row),
        presence=float(np.clip(row[columns.PRESENCE], 0, 1)),
    )
    embedding, bona_fide = None, None
    if plan.wants_embedding(face):
        vector = row[columns.EMBEDDING_BEGIN :]
        embedding = (vector / np.linalg.norm(vector)).astype(np.float32)
    if plan.wants_bona_fide(face):
        bona_fide = columns.probability(row[columns.BONA_FIDE])
    estimate = SOMEBODY if plan.wants_demographics(face) else None
    return replace(face, embedding=embedding, bona_fide=bona_fide, demographics=estimate)


def _background(row: Row) -> Rgb | None:
    rgb = _rgb(row[columns.BACKGROUND])
    readable = row[columns.READABLE] >= 0.5 and max(rgb) < (CLIPPED / 255) ** DISPLAY_GAMMA
    return rgb if readable else None


def _quality(row: Row, inter_eye: float) -> FaceQuality:
    sharpness, contrast = np.exp(row[columns.DETAIL]).tolist()
    over, under = np.clip(row[columns.CLIPPED], 0, 1).tolist()
    shown = float((np.exp(row[columns.FACE]) @ LUMA) ** (1 / DISPLAY_GAMMA))
    return FaceQuality(sharpness, min(shown, 1.0), contrast, over, under, inter_eye)


def _rgb(logs: Row) -> Rgb:
    red, green, blue = np.minimum(np.exp(logs), 1.0).tolist()
    return (red, green, blue)
