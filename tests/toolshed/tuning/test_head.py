import numpy as np

from toolshed.tuning.head import Pairs, fit_head


def turned(seed: int) -> Pairs:
    """Requests that are their tools' vectors turned by one and the same rotation."""
    random = np.random.default_rng(seed)
    tools = random.normal(size=(60, 8)).astype(np.float32)
    tools /= np.linalg.norm(tools, axis=1, keepdims=True)
    turn = np.linalg.qr(np.random.default_rng(0).normal(size=(8, 8)) * 0.6 + np.eye(8))[0].astype(np.float32)
    return Pairs(tools @ turn, [np.array([row]) for row in range(60)], tools)


def first_right(pairs: Pairs, requests: np.ndarray) -> float:
    best = (requests @ pairs.tools.T).argmax(axis=1)
    return float((best == np.array([rows[0] for rows in pairs.relevant])).mean())


def test_a_head_learns_what_carries_over_to_another_catalog() -> None:
    head = fit_head([turned(1), turned(2)], n_steps=1_500, penalty=0.0)
    other = turned(3)
    assert first_right(other, head.vectors(other.requests)) > first_right(other, other.requests)


def test_a_penalty_keeps_it_near_the_identity_and_it_is_the_same_every_time() -> None:
    free, kept = fit_head([turned(1)], penalty=0.0), fit_head([turned(1)], penalty=10.0)
    assert np.abs(kept.matrix).sum() < np.abs(free.matrix).sum()
    np.testing.assert_array_equal(free.matrix, fit_head([turned(1)], penalty=0.0).matrix)
