"""Estimates against the true gradient and against theory, the optimiser, the prompts, and the warm-up."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from trainer.cbbt.box import Budget, BudgetSpent
from trainer.cbbt.estimator import (
    Estimate,
    Losses,
    Vector,
    expected_cosine,
    one_sided,
    orthogonal,
    published_step,
    sphere,
    two_sided,
)
from trainer.cbbt.optimiser import Adam, Schedule, clip, intrinsic_clip
from trainer.cbbt.prompts import FullPrompt, LowRankPrompt
from trainer.cbbt.warmup import evolve
from tutor_app.core.errors import UserFault

D, Q = 512, 256


def curved(rng: np.random.Generator) -> tuple[Losses, Vector]:
    """A loss with curvature, and its gradient at the origin."""
    slope, bend = rng.standard_normal(D), 0.3 * rng.standard_normal((D, 8))
    return (lambda x: x @ slope + 0.5 * ((x @ bend) ** 2).sum(axis=1)), slope


def cosine(a: Vector, b: Vector) -> float:
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


@pytest.mark.parametrize(("estimate", "independent"), [(one_sided, True), (two_sided, False)])
def test_the_mean_cosine_is_that_of_theory(estimate: type, independent: bool) -> None:
    rng = np.random.default_rng(0)
    found = []
    for _ in range(20):
        losses, slope = curved(rng)
        found.append(cosine(estimate(losses, np.zeros(D), Q, rng).gradient, slope))
    theory = expected_cosine(D, Q, orthogonal=not independent)
    assert theory == pytest.approx(0.5777 if independent else 0.7071, abs=1e-4)
    assert np.mean(found) == pytest.approx(theory, rel=0.05)


def test_two_sides_are_blind_to_curvature() -> None:
    """Far from small steps, one side measures the bend of the loss for a slope; two sides do not."""
    rng = np.random.default_rng(3)
    slope = rng.standard_normal(D) / np.sqrt(D)

    def losses(x: Vector) -> Vector:
        return np.asarray(x @ slope + 500 * (x**2).sum(axis=1))

    step = 0.1
    two, one = (f(losses, np.zeros(D), Q, rng, step).gradient for f in (two_sided, one_sided))
    assert cosine(two, slope) > 0.68
    assert cosine(one, slope) < 0.2


def test_queries_are_what_the_loss_was_asked() -> None:
    asked: list[int] = []

    def losses(x: Vector) -> Vector:
        asked.append(len(x))
        return np.asarray(x.sum(axis=1))

    rng = np.random.default_rng(0)
    one: Estimate = one_sided(losses, np.ones(10), 6, rng)
    two: Estimate = two_sided(losses, np.ones(10), 6, rng)
    assert (one.queries, two.queries) == (7, 12) == tuple(asked)
    assert one.loss == two.loss == 10.0


def test_as_many_orthogonal_directions_as_dimensions_give_the_gradient_itself() -> None:
    slope = np.arange(1.0, 7.0)
    got = two_sided(lambda x: np.asarray(x @ slope), np.zeros(6), 6, np.random.default_rng(2)).gradient
    np.testing.assert_allclose(got, slope, rtol=1e-9)


def test_the_published_scale() -> None:
    """1 / epsilon, which stops at 1,000 while the dimension goes on."""
    assert published_step(512) == 1 / 512
    assert published_step(4096) == 1e-3
    slope = np.zeros(512)
    slope[0] = 1.0
    rng = np.random.default_rng(0)
    got = [one_sided(lambda x: np.asarray(x @ slope), np.zeros(512), 256, rng).gradient[0] for _ in range(40)]
    assert np.mean(got) == pytest.approx(1.0, abs=0.1)


def test_directions() -> None:
    rng = np.random.default_rng(0)
    assert np.linalg.norm(sphere(5, 7, rng), axis=1) == pytest.approx(1)
    np.testing.assert_allclose(orthogonal(4, 7, rng) @ orthogonal(4, 7, np.random.default_rng(1)).T, 0, atol=1)
    block = orthogonal(9, 4, rng)  # more than dimensions: blocks of 4, 4 and 1
    np.testing.assert_allclose(block[:4] @ block[:4].T, np.eye(4), atol=1e-12)
    np.testing.assert_allclose(block[4:8] @ block[4:8].T, np.eye(4), atol=1e-12)
    many = np.stack([orthogonal(1, 3, rng)[0] for _ in range(400)])
    np.testing.assert_allclose(many.mean(axis=0), 0, atol=0.12)  # each is uniform, signs too


def test_clip_and_its_intrinsic_norm() -> None:
    np.testing.assert_allclose(clip(np.array([30.0, 40.0]), 5), [3, 4])
    np.testing.assert_allclose(clip(np.array([0.3, 0.4]), 5), [0.3, 0.4])
    assert intrinsic_clip(64) == 8


def test_the_published_schedule() -> None:
    schedule = Schedule(steps=110, warmup=10)
    assert [schedule.at(s) for s in (0, 9)] == [1e-5, 1e-5]
    assert schedule.at(10) == pytest.approx(2e-3)
    assert schedule.at(60) == pytest.approx(1e-3)
    assert schedule.at(110) == pytest.approx(0)


def test_adam_takes_steps_of_the_rate() -> None:
    adam = Adam(2)
    point = adam.move(np.zeros(2), np.array([3.0, -0.1]), 0.01)
    np.testing.assert_allclose(point, [-0.01, 0.01], rtol=1e-5)
    for _ in range(400):
        point = adam.move(point, 2 * (point - [0.5, -0.25]), 0.01)
    np.testing.assert_allclose(point, [0.5, -0.25], atol=1e-3)


def test_prompts_begin_where_they_are_told() -> None:
    first = np.random.default_rng(0).standard_normal((3, 16))
    for prompt in (FullPrompt(first), LowRankPrompt(first, inner=4, rank=2)):
        np.testing.assert_allclose(prompt.tokens(prompt.start()[None])[0], first)
        assert prompt.tokens(np.zeros((5, prompt.size))).shape == (5, 3, 16)
    assert FullPrompt(first).size == 48
    assert LowRankPrompt(first, inner=4, rank=2).size == 2 * (3 + 4)


def test_a_low_rank_offset_has_that_rank() -> None:
    first = np.zeros((6, 32))
    prompt = LowRankPrompt(first, inner=8, rank=2)
    tokens = prompt.tokens(np.random.default_rng(0).standard_normal((1, prompt.size)))[0]
    assert np.linalg.matrix_rank(tokens) == 2


def test_the_warm_up_finds_the_basin_and_leaves_the_global_generator() -> None:
    pytest.importorskip("cma", reason="the extra cbbt is not installed")
    budget = Budget(limit=300)

    def losses(x: Vector) -> Vector:
        budget.take(len(x))
        return np.asarray(((x - 1) ** 2).sum(axis=1))

    np.random.seed(1)
    want = np.random.random(3)
    np.random.seed(1)
    runs = [
        evolve(losses, np.zeros(6), sigma=0.5, generations=15, population=10, rng=np.random.default_rng(4))
        for _ in range(2)
    ]
    assert np.random.random(3).tolist() == want.tolist()
    assert runs[0].tolist() == runs[1].tolist()
    assert np.linalg.norm(runs[0] - 1) < 0.5
    assert budget.spent == 300
    with pytest.raises(BudgetSpent):
        evolve(losses, np.zeros(6), sigma=0.5, generations=1, population=10, rng=np.random.default_rng(4))


def test_a_warm_up_that_is_judged_uphill_leaves_a_narrow_hole_for_a_wide_one() -> None:
    pytest.importorskip("cma", reason="the extra cbbt is not installed")

    narrow, wide = np.full(4, -0.3), np.full(4, 0.8)

    def losses(points: Vector) -> Vector:
        near = [np.exp(-((points - at) ** 2).sum(axis=1) / (2 * size**2)) for at, size in ((narrow, 0.3), (wide, 1.5))]
        return np.asarray(-1.3 * near[0] - near[1])

    def end(uphill: float) -> float:
        rng = np.random.default_rng(0)
        point = evolve(losses, narrow, sigma=0.15, generations=25, population=16, rng=rng, uphill=uphill)
        return float(point.mean())

    assert end(0.0) == pytest.approx(-0.29, abs=0.03)
    assert end(0.8) > 0.4


def test_a_warm_up_on_level_ground_stays_finite() -> None:
    pytest.importorskip("cma", reason="the extra cbbt is not installed")

    point = evolve(
        lambda x: np.zeros(len(x)), np.ones(3), sigma=0.1, generations=3, population=8,
        rng=np.random.default_rng(0), uphill=0.5,
    )  # fmt: skip
    assert np.isfinite(point).all()


def test_the_warm_up_needs_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cma", None)
    with pytest.raises(UserFault, match=r"pip install -e \.\[cbbt\]"):
        evolve(lambda x: x, np.zeros(2), sigma=1, generations=1, population=4, rng=np.random.default_rng(0))
