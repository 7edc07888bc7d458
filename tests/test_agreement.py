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


# ---- agreement by category ------------------------------------------------------------------------------------------------------

RARE = np.array([(1, 1)] * 118 + [(1, 0)] * 5 + [(0, 1)] * 2, dtype="float64")  # Gwet 2008, table 1: two coders, 125 units, a paradox


def coded_by(table, clusters=1):
    codes = pd.DataFrame([(f"u{i:03}", f"c{j}", v) for i, row in enumerate(table) for j, v in enumerate(row) if v == v], columns=["unit_id", "coder", "value"])
    return codes, pd.Series([f"a{i // clusters}" for i in range(len(table))], index=[f"u{i:03}" for i in range(len(table))])


def test_ac1_of_the_published_examples():
    assert agreement.gwet(RARE) == pytest.approx(0.9408, abs=5e-5), "Gwet 2008"
    assert agreement.alpha(RARE, level="nominal") == pytest.approx(1 - 249 * 2 * 7 / 2 * 2 / (2 * 7 * 243)), "alpha of the same table: below 0"
    assert agreement.gwet(EXAMPLE) == pytest.approx(0.77544, abs=5e-6) and agreement.raw_agreement(EXAMPLE) == pytest.approx(0.81818, abs=5e-6), "Gwet 2014, four coders with gaps (also irrCAC 0.4.4)"


def test_ac1_by_hand():
    """Two coders, four units: 3 of 4 alike; shares .625 and .375, so that chance is 2 × .625 × .375."""
    table = np.array([[1, 1], [1, 1], [0, 0], [1, 0]], dtype="float64")
    chance = 2 * 0.625 * 0.375
    assert agreement.raw_agreement(table) == 3 / 4 and agreement.prevalence(table, 1) == 0.625 and agreement.gwet(table) == pytest.approx((0.75 - chance) / (1 - chance))


def test_coefficients_have_no_value_where_there_is_nothing_to_agree_on():
    lone = np.array([[1, np.nan], [np.nan, 0]])
    assert agreement.gwet(lone) is None and agreement.raw_agreement(lone) is None and agreement.gwet(np.ones((4, 2))) is None and agreement.raw_agreement(np.ones((4, 2))) == 1


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(st.sampled_from([0, 1, 2, None]), min_size=3, max_size=3), min_size=3, max_size=12), st.integers(0, 99))
def test_weights_repeat_units_and_the_order_of_coders_is_nothing(rows, seed):
    values = np.array([[np.nan if v is None else v for v in row] for row in rows], dtype="float64")
    times = np.random.default_rng(seed).integers(0, 3, len(values))
    for measure in (agreement.raw_agreement, lambda v, weights=None: agreement.gwet(v, categories=3, weights=weights), lambda v, weights=None: agreement.prevalence(v, 1, weights=weights)):
        repeated = measure(np.repeat(values, times, axis=0)) if times.sum() else None
        assert measure(values, weights=times)[0] == (pytest.approx(repeated) if repeated is not None else pytest.approx(np.nan, nan_ok=True))
        assert measure(values) == pytest.approx(measure(values[:, ::-1]))


@pytest.mark.parametrize("seed", range(4))
def test_alpha_equals_krippendorffs(seed):
    oracle = pytest.importorskip("krippendorff", reason="the package krippendorff is not installed: its answers to the published example are tested")
    values = np.random.default_rng(seed).choice([0, 1, 2, 5, np.nan], (30, 4), p=[0.3, 0.3, 0.2, 0.1, 0.1])
    for level in ("nominal", "ordinal", "interval"):
        assert agreement.alpha(values, level=level) == pytest.approx(oracle.alpha(reliability_data=values.T, level_of_measurement=level), abs=1e-12)


def test_alpha_equals_krippendorffs_frozen_answers():
    """krippendorff 0.9.0: alpha(reliability_data=EXAMPLE.T, level_of_measurement=…), and the same of a smaller table."""
    small = np.array([[0, 1, 1, 0, 2, 1, np.nan, 3], [0, 1, 2, 0, 2, np.nan, 1, 3], [1, 1, 1, 0, np.nan, 1, 1, 2]]).T
    for table, answers in ((EXAMPLE, (0.743421052631579, 0.8153875037548814, 0.8491071428571428)), (small, (0.5945945945945946, 0.8380810657596371, 0.8275862068965517))):
        assert [agreement.alpha(table, level=level) for level in ("nominal", "ordinal", "interval")] == pytest.approx(answers, abs=1e-12)


def test_tiers():
    assert [agreement.tier(a) for a in (0.8, 0.799, 0.667, 0.666, -0.1, None, float("nan"))] == ["rely", "tentative", "tentative", "do not use", "do not use", "not known", "not known"]


def test_the_paradox_is_explained_where_it_occurs_and_only_there():
    said = agreement.paradox(0.944, -0.02, 0.028)
    assert "agree on 94.4 %" in said and "rare (2.8 %)" in said and "drew lots would agree on 94.6 %" in said and "0.028" not in said
    assert "nearly always there (97.2 %)" in agreement.paradox(0.944, -0.02, 0.972)
    assert agreement.paradox(0.944, 0.85, 0.028) is None and agreement.paradox(0.6, 0.2, 0.028) is None and agreement.paradox(0.9, 0.5, 0.4) is None and agreement.paradox(None, None, None) is None


def test_each_category_against_the_rest():
    codes, clusters = coded_by(EXAMPLE)
    found = agreement.by_category(codes, clusters).set_index("category")
    assert found.index.tolist() == ["all", "1", "2", "3", "4", "5"] and (found["n"] == 11).all()
    assert found.at["all", "alpha"] == pytest.approx(0.743, abs=5e-4) and found.at["all", "ac1"] == pytest.approx(0.77544, abs=5e-6) and found.at["all", "tier"] == "tentative"
    for name in "12345":
        against = np.where(np.isnan(EXAMPLE), np.nan, EXAMPLE == float(name))
        assert found.at[name, "alpha"] == pytest.approx(agreement.alpha(against, level="nominal")) and found.at[name, "ac1"] == pytest.approx(agreement.gwet(against)), name
    assert found["prevalence"].sum() == pytest.approx(1) and found.at["5", "alpha"] == 1 and found.at["5", "tier"] == "rely"
    assert (found["alpha_low"] <= found["alpha"]).all() and (found["prevalence_high"].dropna() >= found["prevalence"].dropna()).all()
    words = agreement.by_category(codes.assign(value=codes["value"].map(dict(zip([1, 2, 3, 4, 5], "pqrst")))), clusters)
    assert words["category"].tolist() == ["all", *"pqrst"] and words["alpha"].tolist() == pytest.approx(found["alpha"].tolist())


def test_the_rare_category_carries_its_note():
    found = agreement.by_category(*coded_by(RARE, clusters=5)).set_index("category")
    assert found["note"].isna().to_dict() == {"all": True, "0": False, "1": False} and found.at["0", "tier"] == "do not use" and "rare (2.8 %)" in found.at["0", "note"]


def test_numbers_have_alpha_alone_and_ordered_categories_their_own_level():
    codes, clusters = coded_by(EXAMPLE)
    interval, ordinal = (agreement.by_category(codes, clusters, level=level) for level in ("interval", "ordinal"))
    assert interval["category"].tolist() == ["all"] and interval["alpha"][0] == pytest.approx(0.849, abs=5e-4) and interval["agreement"].isna().all()
    assert ordinal["alpha"][0] == pytest.approx(0.815, abs=5e-4) and len(ordinal) == 6 and ordinal["alpha"][1:].tolist() == pytest.approx(agreement.by_category(codes, clusters)["alpha"][1:].tolist())
