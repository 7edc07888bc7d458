"""Agreement: worked examples, NLTK and scikit-learn as oracles, and simulation."""
import numpy as np
import pandas as pd
import pytest
from conftest import SHARED, needs_shared
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import agreement, coding
from analysis.tokens import nltk

# Krippendorff, Computing Krippendorff's Alpha-Reliability (2011), example C: four observers, twelve units, missing data
EXAMPLE = np.array([[1, 2, 3, 3, 2, 1, 4, 1, 2, np.nan, np.nan, np.nan], [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, np.nan, 3],
                    [np.nan, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, np.nan], [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, np.nan]]).T


@pytest.mark.parametrize("level, published", [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)])
def test_alpha_of_the_published_example(level, published):
    assert agreement.alpha(EXAMPLE, level=level) == pytest.approx(published, abs=5e-4)


def test_alpha_has_no_value_where_nothing_varies_or_nobody_agrees_to_judge():
    assert agreement.alpha(np.ones((5, 3))) is None and agreement.alpha(np.array([[1, np.nan], [np.nan, 2]])) is None


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.sampled_from([-1, 0, 1, 2, None]), min_size=3, max_size=3), min_size=2, max_size=12))
def test_alpha_equals_nltks(rows):
    task, distances = nltk("metrics.agreement").AnnotationTask, nltk("metrics.distance")
    values = np.array([[np.nan if v is None else v for v in row] for row in rows], dtype="float64")
    data = [(f"c{j}", f"u{i}", v) for i, row in enumerate(rows) for j, v in enumerate(row) if v is not None and sum(w is not None for w in row) > 1]
    if len({v for *_, v in data}) < 2:
        return
    for level, distance in (("nominal", distances.binary_distance), ("interval", distances.interval_distance)):
        assert agreement.alpha(values, level=level) == pytest.approx(task(data, distance=distance).alpha(), abs=1e-9)


@pytest.mark.parametrize("level", ["nominal", "ordinal", "interval"])
def test_weights_are_repetitions(level):
    weights = np.array([0, 2, 1, 1, 3, 0, 1, 1, 1, 2, 1, 1])
    assert agreement.alpha(EXAMPLE, level=level, weights=weights)[0] == pytest.approx(agreement.alpha(np.repeat(EXAMPLE, weights, axis=0), level=level))


def test_correlation_and_f1_equal_other_peoples():
    from scipy.stats import pearsonr, spearmanr
    from sklearn.metrics import f1_score, precision_recall_fscore_support
    generator = np.random.default_rng(1)
    x = generator.normal(size=200)
    y = x + generator.normal(size=200)
    mine, theirs = agreement.sign(x, 0.5), agreement.sign(y, 0.5)
    row = agreement.measured(x, mine, y, theirs, np.arange(200))
    p, r, f, _ = precision_recall_fscore_support(theirs, mine, labels=[-1], average=None)
    assert row["pearson"] == pytest.approx(pearsonr(x, y)[0]) and row["spearman"] == pytest.approx(spearmanr(x, y)[0])
    assert row["macro_f1"] == pytest.approx(f1_score(theirs, mine, average="macro")) and (row["precision"], row["recall"], row["f1"]) == pytest.approx((p[0], r[0], f[0]))
    assert row["prevalence"] == (theirs == -1).mean() and row["agreement"] == (mine == theirs).mean() and row["n"] == 200


def test_units_that_a_coder_did_not_judge_are_left_out():
    row = agreement.measured([1, np.nan, -1], [1, np.nan, -1], [1, 1, -1], [1, 1, -1], [1, 2, 3])
    assert row["n"] == 2 and row["pearson"] == pytest.approx(1) and row["pearson_low"] is None


def test_intervals_resample_whole_articles():
    """Units of one article alike: an interval over units would be far too narrow; that over articles covers the truth about as often as it says."""
    covers = {"articles": 0, "units": 0}
    for seed in range(60):
        generator = np.random.default_rng(seed)
        article = np.repeat(np.arange(40), 10)
        x = generator.normal(size=40)[article]
        y = 0.5 * x + np.sqrt(0.75) * generator.normal(size=40)[article]
        for name, clusters in (("articles", article), ("units", np.arange(400))):
            _, low, high = agreement.with_interval(agreement.pearson, clusters, x, y)
            covers[name] += low <= 0.5 <= high
    assert covers["articles"] >= 50 and covers["units"] < 40, covers


@needs_shared
def test_alpha_of_the_public_sets_is_the_published_one():
    _, codes = coding.read_coded(SHARED / "gold" / "nyt_editorials")
    people, _ = coding.judgements(codes, "tone")
    assert agreement.alpha(agreement.matrix(people)) == pytest.approx(0.53, abs=0.01)
    _, codes = coding.read_coded(SHARED / "gold" / "loaded_language")
    people, _ = coding.judgements(codes, "biased")
    assert agreement.alpha(agreement.matrix(people), level="nominal") == pytest.approx(0.40, abs=0.005)


def test_people_one_with_the_rest():
    codes = pd.DataFrame([(u, c, v) for u, vs in {"a": (-2, -2, -1), "b": (0, 0, 0), "c": (2, 1, 2), "d": (1, 2, 2), "e": (-1, -2, -2)}.items() for c, v in zip("xyz", vs)], columns=["unit_id", "coder", "value"])
    clusters, reference = pd.Series(list("abcde"), index=list("abcde")), codes.groupby("unit_id")["value"].mean()
    row = agreement.people(codes, clusters, reference)
    assert row["n"] == 5 and 0.8 < row["alpha"] < 1 and row["macro_f1"] == 1 and row["pearson"] > 0.9 and row["prevalence"] == 2 / 5
    one = codes[codes["coder"] == "x"].set_index("unit_id")["value"]
    rest = codes[codes["coder"] != "x"].groupby("unit_id")["value"].mean()
    assert agreement.people(codes[codes["coder"] != "z"], clusters, reference)["pearson"] == pytest.approx(np.corrcoef(one, codes[codes["coder"] == "y"].set_index("unit_id")["value"])[0, 1])
    assert np.corrcoef(one, rest)[0, 1] < 1
    words = codes.assign(value=codes["value"].map({-2: "p", -1: "q", 0: "r", 1: "s", 2: "t"}))
    assert agreement.people(words, clusters, reference)["alpha"] == pytest.approx(agreement.alpha(agreement.matrix(codes), level="nominal"))


def test_an_interval_leaves_out_one_in_twenty():
    draws = agreement.pearson(*np.random.default_rng(0).normal(size=(2, 50)), weights=agreement.resamples(np.arange(50)))
    value, low, high = agreement.with_interval(agreement.pearson, np.arange(50), *np.random.default_rng(0).normal(size=(2, 50)))
    assert (draws < low).mean() == pytest.approx(0.025, abs=0.002) and (draws > high).mean() == pytest.approx(0.025, abs=0.002)
