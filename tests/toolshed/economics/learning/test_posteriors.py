"""Beliefs about arms: inherited by new versions, tokens by class."""

import pytest

from toolshed.economics.learning.evidence import Evidence, Judgement, TokenCount
from toolshed.economics.learning.posteriors import Prior, beliefs


def test_a_new_version_inherits_part_of_what_the_old_one_did() -> None:
    evidence = Evidence()
    for _ in range(100):
        evidence.judge(Judgement("m@1", "x", False, 0.0))
    known = beliefs(evidence, ["m@2", "other"], "x", Prior())
    assert known.pass_probability[0] < 0.1
    assert known.pass_probability[1] == pytest.approx(0.8)
    assert known.n[0] == 0


def test_tokens_are_learnt_per_class() -> None:
    evidence = Evidence()
    for _ in range(50):
        evidence.count_tokens(TokenCount("m", "long", 10_000, 100))
        evidence.count_tokens(TokenCount("m", "short", 100, 10))
    long, short = (beliefs(evidence, ["m"], c, Prior()) for c in ("long", "short"))
    assert long.input_tokens[0] == pytest.approx(10_000, rel=0.2)
    assert short.input_tokens[0] == pytest.approx(100, rel=0.35)
    assert long.input_tokens_95[0] > long.input_tokens[0]
