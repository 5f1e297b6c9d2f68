import numpy as np
import pytest

from limner.tasks import masks


def _blob(shape=(24, 24), center=(12, 12), radius=5.0, soft=1.5) -> np.ndarray:
    """Probability of a disc with a soft border."""
    y, x = np.indices(shape)
    r = np.hypot(y - center[0], x - center[1])
    return 1 / (1 + np.exp((r - radius) / soft))


def test_kinds_of_one_thing_are_placed_by_their_sum_and_named_as_a_whole():
    lesion = _blob(radius=5.2)
    benign = lesion * np.where(np.arange(24) < 11, 0.6, 0.4)  # the left part looks benign, the larger rest malignant
    p = np.stack([1 - lesion, benign, lesion - benign])
    labels = masks.decode_masks(p, one_kind=True)
    assert ((labels > 0) == (lesion > 0.5)).all()
    assert set(np.unique(labels)) == {0, 2}
    assert set(np.unique(masks.decode_masks(p))) == {0, 1, 2}
    assert ((masks.decode_masks(p) > 0) == (labels > 0)).all()
    assert (p.argmax(0) > 0).sum() < (labels > 0).sum()  # the likeliest class alone would lose the border


def test_predicted_dice_is_the_mean_dice_of_truths_drawn_from_the_probabilities():
    p = _blob()
    labels = (p > 0.5).astype(np.uint8)
    rng = np.random.default_rng(0)
    dices = []
    for _ in range(400):
        truth = rng.random(p.shape) < p
        dices.append(2 * (truth & (labels > 0)).sum() / (truth.sum() + labels.sum()))
    assert masks.predicted_dice(np.stack([1 - p, p]), labels) == pytest.approx(np.mean(dices), abs=0.01)


def test_nothing_marked_is_as_sure_as_the_likeliest_pixel_is_unlikely():
    p = np.full((4, 4), 0.1)
    p[1, 1] = 0.4
    assert masks.predicted_dice(np.stack([1 - p, p]), np.zeros((4, 4), np.uint8)) == pytest.approx(0.6)


def test_area_thresholds_hold_the_truth_as_often_as_asked():
    """Truths whose border lies at a random probability: nine in ten of new ones fall into the interval."""
    rng = np.random.default_rng(1)

    def case() -> tuple[np.ndarray, int]:
        p = _blob((64, 64), (32, 32), rng.uniform(8, 20), soft=4)
        return p, int((p >= rng.beta(3, 3)).sum())

    low, high = masks.area_thresholds([masks.threshold_of_area(*case()) for _ in range(200)])
    assert 0 < low < 0.5 < high < 1
    held = [(p >= high).sum() <= area <= (p >= low).sum() for p, area in (case() for _ in range(400))]
    assert 0.85 <= np.mean(held) <= 0.96


def test_few_cases_give_the_widest_interval_they_know():
    assert masks.area_thresholds([0.4, 0.6]) == (0.4, 0.6)
    assert masks.area_thresholds([]) == (0.25, 0.75)


def test_views_that_part_are_unsure():
    sure = np.array([[[0.99]], [[0.01]]])
    assert masks.disagreement(np.stack([sure, sure]))[0, 0] < 0.1
    assert masks.disagreement(np.stack([sure, sure[::-1]]))[0, 0] == pytest.approx(1.0)


def test_patient_dice_pools_a_patients_pictures():
    full, none = np.ones((2, 2), np.uint8), np.zeros((2, 2), np.uint8)
    found = masks.patient_dice([full, full, none], [full, none, none], ["a", "a", "b"], (1,))
    assert found == {"a": pytest.approx(2 * 4 / 12)}


def test_the_picture_is_named_by_where_the_net_looked():
    lesion = _blob()
    p = np.stack([1 - lesion, 0.2 * lesion, 0.8 * lesion])
    none, benign, malignant = masks.picture_probabilities(p)
    assert none + benign + malignant == pytest.approx(1)
    assert malignant / (malignant + benign) == pytest.approx(0.8)
    assert none < 0.1
    assert masks.picture_probabilities(np.stack([p[0] * 0 + 1, p[1] * 0, p[2] * 0]))[0] == pytest.approx(1)
