import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from relens.metrics.neighbours import Neighbours, standardisation
from relens.metrics.outlier import OutlierModel, TooFewImages, fit, one_in_n

Floats = NDArray[np.float64]


def usual(rng: np.random.Generator, n: int) -> tuple[Floats, Floats]:
    """Backbone-like features of 32 numbers around five centres, and eight image statistics."""
    centres = np.random.default_rng(1).normal(size=(5, 32)) * 3
    return centres[rng.integers(0, 5, n)] + rng.normal(size=(n, 32)), rng.normal(size=(n, 8)) * np.arange(1, 9)


@pytest.mark.parametrize("with_features", [True, False])
def test_on_images_like_the_reference_the_p_value_is_uniform(with_features: bool) -> None:
    rng = np.random.default_rng(0)
    shares = []
    for _ in range(12):
        (bf, bs), (cf, cs), (tf, ts) = usual(rng, 600), usual(rng, 1000), usual(rng, 2000)
        if not with_features:
            bf = cf = tf = None
        p = 1 - fit(bf, bs, cf, cs, seed=3).score(tf, ts)
        shares.append([(p <= level + 1e-12).mean() for level in (0.1, 0.05, 0.01)])
    ten, five, one = np.mean(shares, axis=0)
    assert ten == pytest.approx(0.10, abs=0.015)
    assert five == pytest.approx(0.05, abs=0.010)
    assert one == pytest.approx(0.01, abs=0.004)


def test_a_bank_that_calibrates_itself_is_judged_without_its_own_images() -> None:
    rng = np.random.default_rng(0)
    shares = []
    for _ in range(10):
        (bf, bs), (tf, ts) = usual(rng, 600), usual(rng, 1000)
        p = 1 - fit(bf, bs, bf.copy(), bs.copy()).score(tf, ts)
        assert np.array_equal(p, 1 - fit(bf, bs).score(tf, ts))
        shares.append((p <= 0.1).mean())
    assert np.mean(shares) == pytest.approx(0.1, abs=0.02)


def test_an_image_strange_in_either_way_is_strange() -> None:
    rng = np.random.default_rng(2)
    (bf, bs), (cf, cs), (tf, ts) = usual(rng, 1000), usual(rng, 1000), usual(rng, 3)
    model = fit(bf, bs, cf, cs)
    tf[0] = -20 * tf[0]
    ts[1] += 60
    scores = model.score(tf, ts)
    assert scores[0] > 0.99
    assert scores[1] > 0.99
    assert scores[2] < 0.99
    assert one_in_n(scores[0]) > 100
    assert not model.appearance_only


def test_what_cannot_be_measured_is_as_strange_as_can_be() -> None:
    rng = np.random.default_rng(2)
    (bf, bs), (tf, ts) = usual(rng, 200), usual(rng, 4)
    model = fit(bf, bs)
    ts[0, 3], tf[1, 0], ts[2, 2] = np.nan, np.inf, -np.inf
    scores = model.score(tf, ts)
    assert np.all(scores[:3] >= 1 - 2 * model.resolution - 1e-12)
    assert scores[3] < scores[0]


def test_ten_images_are_enough_to_begin_and_their_resolution_is_honest() -> None:
    rng = np.random.default_rng(4)
    bf, bs = usual(rng, 10)
    model = fit(bf, bs)
    assert model.resolution == pytest.approx(1 / 11)
    assert model.score(bf[:1] * -50, bs[:1] + 1e4)[0] == pytest.approx(10 / 11)
    with pytest.raises(TooFewImages):
        fit(bf[:1], bs[:1])
    with pytest.raises(TooFewImages):
        fit(None, np.full((5, 3), np.nan))


def test_statistics_that_never_vary_do_no_harm_and_notice_a_change() -> None:
    bank = np.tile([2.0, 0.1, 0.3], (50, 1))
    model = fit(None, bank)
    assert model.appearance_only
    assert model.score(None, bank[:2]).tolist() == [0.0, 0.0]
    assert model.score(None, [[2.0, 0.1, 0.9]])[0] == pytest.approx(50 / 51)


def test_a_statistic_most_of_the_bank_lacks_is_left_out_and_single_gaps_are_survived() -> None:
    rng = np.random.default_rng(4)
    _, bs = usual(rng, 100)
    bs[:80, 2] = np.nan
    bs[7, 0] = np.nan
    model = fit(None, bs)
    assert model.columns.tolist() == [0, 1, 3, 4, 5, 6, 7]
    assert np.isfinite(model.score(None, bs)).all()


def test_without_features_now_the_appearance_alone_is_judged() -> None:
    rng = np.random.default_rng(5)
    (bf, bs), (_, ts) = usual(rng, 300), usual(rng, 50)
    both, appearance = fit(bf, bs), fit(None, bs)
    assert np.array_equal(both.score(None, ts), appearance.score(None, ts))
    assert np.array_equal(appearance.score(bf[:50], ts), appearance.score(None, ts))


@pytest.mark.parametrize("with_features", [True, False])
def test_a_model_read_back_from_a_file_scores_the_same(with_features: bool) -> None:
    rng = np.random.default_rng(6)
    (bf, bs), (tf, ts) = usual(rng, 200), usual(rng, 40)
    model = fit(bf if with_features else None, bs)
    file = io.BytesIO()
    np.savez(file, **model.to_arrays())
    file.seek(0)
    with np.load(file, allow_pickle=False) as arrays:
        again = OutlierModel.from_arrays(arrays)
    assert np.array_equal(again.score(tf, ts), model.score(tf, ts))
    assert again.appearance_only is not with_features


def test_a_large_bank_is_represented_by_ten_thousand_of_its_images_chosen_by_the_seed() -> None:
    rng = np.random.default_rng(7)
    statistics, calibration, probe = (rng.normal(size=(n, 3)) for n in (10_050, 200, 50))
    model = fit(None, statistics, None, calibration, seed=1)
    assert len(model.appearance.bank) == 10_000
    assert model.appearance.k == 5
    scores = model.score(None, probe)
    assert np.array_equal(scores, fit(None, statistics, None, calibration, seed=1).score(None, probe))
    assert not np.array_equal(model.appearance.bank, fit(None, statistics, None, calibration, seed=2).appearance.bank)


def test_no_image_to_score_is_no_score() -> None:
    model = fit(None, np.random.default_rng(0).normal(size=(20, 3)))
    assert model.score(None, np.empty((0, 3))).shape == (0,)


@given(st.integers(0, 2**32), st.integers(3, 40), st.integers(1, 6))
@settings(max_examples=30, deadline=None)
def test_distances_are_those_of_a_plain_count(seed: int, n: int, d: int) -> None:
    rng = np.random.default_rng(seed)
    bank = np.round(rng.normal(size=(n, d)), 1)
    k = int(rng.integers(1, n))
    everything = np.linalg.norm(bank[:, None] - bank[None], axis=2)
    neighbours = Neighbours(bank, k)
    np.testing.assert_allclose(neighbours.distances(bank), np.sort(everything, axis=1)[:, k - 1], atol=1e-6)
    others = np.sort(everything + np.diag(np.full(n, np.inf)), axis=1)[:, k - 1]
    np.testing.assert_allclose(neighbours.distances(bank, np.arange(n)), others, atol=1e-6)


def test_standardising_ignores_gaps() -> None:
    centre, scale = standardisation(np.array([[1.0, 5.0], [3.0, np.nan], [np.nan, 5.0]]))
    assert centre.tolist() == [2.0, 5.0]
    assert scale.tolist() == [1.0, 1.0]
