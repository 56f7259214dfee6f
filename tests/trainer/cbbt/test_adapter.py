"""Adapters: their gradient against differences, their start, and what they learn."""

from __future__ import annotations

import numpy as np
import pytest

from trainer.cbbt.adapter import Adapter, Bottleneck, Features, Labels, NoAdapter, TipCache, accuracy, cross_entropy
from trainer.cbbt.optimiser import Adam


def unit(x: Features) -> Features:
    return np.asarray(x / np.linalg.norm(x, axis=1, keepdims=True), dtype=np.float32)


RNG = np.random.default_rng(0)
LABELS: Labels = np.arange(24) % 3
TEXTS = unit(RNG.standard_normal((3, 10)).astype(np.float32))
CENTRES = RNG.standard_normal((3, 10))
ROWS = unit((CENTRES[LABELS] + 0.4 * RNG.standard_normal((24, 10))).astype(np.float32))
ADAPTERS: list[Adapter] = [
    Bottleneck(10, hidden=24),
    Bottleneck(10, ratio=0.7),
    TipCache(ROWS[:9], LABELS[:9], 3, 1.5, 4.0),
]


@pytest.mark.parametrize("adapter", ADAPTERS, ids=["bottleneck", "wide ratio", "cache"])
def test_the_gradient_is_that_of_the_loss(adapter: Adapter) -> None:
    rng = np.random.default_rng(1)
    values = adapter.start() + 0.2 * rng.standard_normal(adapter.size)
    loss, slope = adapter.slope(values, ROWS, LABELS, TEXTS, 8.0)
    assert loss == pytest.approx(float(cross_entropy(adapter.logits(values, ROWS, TEXTS, 8.0), LABELS)), rel=1e-6)
    for _ in range(8):
        way = rng.standard_normal(adapter.size)
        ends = [cross_entropy(adapter.logits(values + e * way, ROWS, TEXTS, 8.0), LABELS) for e in (1e-4, -1e-4)]
        assert slope @ way == pytest.approx(float(ends[0] - ends[1]) / 2e-4, rel=2e-3, abs=1e-5)


def test_the_bottleneck_begins_as_the_features_themselves() -> None:
    adapter = Bottleneck(10)
    plain = NoAdapter().logits(np.zeros(0), ROWS, TEXTS, 8.0)
    np.testing.assert_allclose(adapter.logits(adapter.start(), ROWS, TEXTS, 8.0), plain, atol=1e-5)


def test_the_cache_begins_as_tip_adapter() -> None:
    """Alpha times the sum over the shots of a class of exp(-beta (1 - cosine))."""
    cache = TipCache(ROWS[:9], LABELS[:9], 3, 1.5, 4.0)
    got = cache.logits(cache.start(), ROWS[9:10], TEXTS, 0.0)[0]
    near = np.exp(-4.0 * (1 - ROWS[:9] @ ROWS[9]))
    np.testing.assert_allclose(got, [1.5 * near[LABELS[:9] == c].sum() for c in range(3)], rtol=1e-5)


@pytest.mark.parametrize("adapter", ADAPTERS, ids=["bottleneck", "wide ratio", "cache"])
def test_training_learns_the_classes(adapter: Adapter) -> None:
    values, adam = adapter.start(), Adam(adapter.size)
    before = accuracy(adapter.logits(values, ROWS, TEXTS, 8.0), LABELS)
    for _ in range(300):
        values = adam.move(values, adapter.slope(values, ROWS, LABELS, TEXTS, 8.0)[1], 1e-2)
    assert before < 1
    assert accuracy(adapter.logits(values, ROWS, TEXTS, 8.0), LABELS) == 1


def test_several_prompts_at_once() -> None:
    """Texts of ``[prompts, classes, features]`` give a loss for each prompt."""
    several = np.stack([TEXTS, TEXTS[::-1]])
    adapters: list[Adapter] = [NoAdapter(), *ADAPTERS]
    for adapter in adapters:
        values = adapter.start()
        both = cross_entropy(adapter.logits(values, ROWS, several, 8.0), LABELS)
        each = [float(cross_entropy(adapter.logits(values, ROWS, t, 8.0), LABELS)) for t in several]
        assert both.tolist() == pytest.approx(each)


def test_cross_entropy_of_large_logits_is_finite() -> None:
    assert float(cross_entropy(np.array([[1e4, 0.0]]), np.array([0]))) == 0
    assert float(cross_entropy(np.array([[1e4, 0.0]]), np.array([1]))) == 1e4
