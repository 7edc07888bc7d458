"""Means by group and their intervals: arithmetic, properties, and coverage by simulation."""
import numpy as np
import pandas as pd
import pytest
from conftest import articles_of

from analysis import estimates


def means_of(**values):
    table = pd.DataFrame([(f"{g}{i}", g, v) for g, vs in values.items() for i, v in enumerate(vs)], columns=["article_id", "group", "value"])
    return estimates.group_means(table.assign(variable="x")[["article_id", "variable", "value"]], table[["article_id", "group"]]).set_index("group")


def test_each_article_counts_once():
    assert means_of(a=[1, 2, 6])["estimate"]["a"] == (1 + 2 + 6) / 3


def test_small_groups_are_listed_and_very_small_ones_have_no_interval():
    means = means_of(a=[0.0, 1] * 2, b=[0.0, 1] * 7, c=[0.0, 1] * 8)
    assert means["low"].isna().to_dict() == {"a": True, "b": False, "c": False}
    assert means["ranked"].to_dict() == {"a": False, "b": False, "c": True} and set(means["claim"]) == {"uncorrected: not an estimate"}
    assert estimates.in_order(means.reset_index()) == ["c", "a", "b"]


def test_the_interval_holds_the_mean_and_stays_in_the_data():
    means = means_of(a=[0, 0, 0, 0, 10.0])
    assert 0 <= means["low"]["a"] < means["estimate"]["a"] < means["high"]["a"] <= 10


def test_the_interval_follows_shift_and_scale():
    x = np.random.default_rng(1).normal(size=30)
    one, two = means_of(a=x), means_of(a=10 * x + 3)
    assert np.allclose(two[["estimate", "low", "high"]], 10 * one[["estimate", "low", "high"]] + 3)


def test_the_same_run_gives_the_same_numbers():
    pd.testing.assert_frame_equal(means_of(a=range(20)), means_of(a=range(20)))


@pytest.mark.parametrize("n, skewed, least", [(15, False, 0.915), (40, False, 0.93), (15, True, 0.87), (40, True, 0.91)])
def test_coverage_of_the_interval(n, skewed, least):
    rng, covered, runs = np.random.default_rng(7), 0, 1000
    for _ in range(runs):
        x = rng.exponential(size=n) if skewed else rng.normal(1, 1, n)
        low, high = estimates.interval(x)
        covered += low <= 1 <= high
    print(f"n={n} skewed={skewed}: coverage {covered / runs:.3f}")
    assert covered / runs >= least


def test_repetitions_and_other_languages_do_not_count():
    articles = articles_of("One.", "Two.", "Three.", "Vier.", outlet=["x", "x", None, "x"], duplicate_of=[None, "a", None, None], language=["en", "en", None, "de"])
    assert estimates.groups_of(articles)["group"].tolist() == ["x", "not known"]
    assert estimates.groups_of(articles_of("One."))["group"].tolist() == ["this article"]
    assert estimates.groups_of(articles_of("One.", "Two."))["group"].tolist() == ["all articles"] * 2


def test_nothing_to_count_is_said():
    with pytest.raises(ValueError, match="No article counts"):
        estimates.groups_of(articles_of("Eins.", language=["de"]))


def test_an_unknown_group_is_refused_with_the_columns_there_are():
    with pytest.raises(ValueError, match="GROUP=desk: the articles have no such column; expected one of article_id, outlet"):
        estimates.groups_of(articles_of("One."), "desk")


def test_a_column_of_the_users_is_found_by_its_own_name():
    articles = articles_of("One.", "Two.").assign(meta_news_desk=["World", "Home"])
    assert estimates.groups_of(articles, "News desk")["group"].tolist() == ["World", "Home"]


def test_equal_values_show_no_spread_and_unknown_groups_no_rank():
    means = means_of(**{"a": [1.0] * 20, "not known": range(20)})
    assert means["low"].isna().to_dict() == {"a": True, "not known": False}
    assert means["ranked"].to_dict() == {"a": True, "not known": False}
    assert estimates.in_order(means.reset_index()) == ["a", "not known"]


def samples(rng, shift=0.0, groups=5, n=20, measures=7):
    ids = [f"{g}-{i}" for g in range(groups) for i in range(n)]
    values = pd.concat([pd.DataFrame({"article_id": ids, "variable": f"m{m}", "value": rng.normal(size=len(ids)) + shift * (np.repeat(np.arange(groups), n) == 0)}) for m in range(measures)])
    return values, pd.DataFrame({"article_id": ids, "group": np.repeat([f"g{g}" for g in range(groups)], n)})


def test_extremes_picked_by_looking_are_seldom_called_apart_by_chance():
    rng = np.random.default_rng(3)
    false = sum(estimates.extremes(*samples(rng))["apart"].ne("").any() for _ in range(60))
    print(f"runs of 60 without any difference in which two of five groups were called apart on one of seven measures: {false}")
    assert false <= 6


def test_extremes_that_differ_are_called_apart():
    found = estimates.extremes(*samples(np.random.default_rng(4), shift=3.0)).set_index("variable")
    assert all(f"g{i} below g0" in pairs for pairs in found["apart"] for i in range(1, 5)) and set(found["highest"]) == {"g0"}


# ---- differences that every instrument sees -------------------------------------------------------------------------------------

def panel(shift_default, shift_other, n=40):
    generator = np.random.default_rng(3)
    ids = [f"a{i}" for i in range(2 * n)]
    groups = pd.DataFrame({"article_id": ids, "group": ["x"] * n + ["y"] * n})
    side = np.repeat([1, 0], n)
    values = pd.concat([pd.DataFrame({"article_id": ids, "coder": c, "value": shift * side + generator.normal(scale=0.5, size=2 * n)}) for c, shift in (("news", shift_default), ("vader", shift_other))])
    return estimates.robust_differences(values, groups, default="news").set_index("group")


def test_robust_needs_every_instrument_and_the_defaults_interval():
    assert panel(1, 1)["robust"].all() and (panel(1, 1).at["x", "difference_news"] > 0 > panel(1, 1).at["y", "difference_news"])
    assert not panel(1, -1)["robust"].any(), "another instrument sees the opposite"
    assert not panel(0.02, 1)["robust"].any(), "the default's interval holds zero"


def test_a_difference_of_means_and_its_coverage():
    generator, covers = np.random.default_rng(5), 0
    for _ in range(200):
        x, y = generator.normal(0.3, 1, 25), generator.normal(0, 1, 40)
        found, low, high = estimates.difference(x, y, draws=999)
        assert low < found < high and found == pytest.approx(x.mean() - y.mean())
        covers += low <= 0.3 <= high
    assert 180 <= covers < 200, covers
    assert estimates.difference([1, 1, 1], [0, 2, 1])[1:] == (None, None)


def test_where_nothing_differs_robust_is_said_no_oftener_than_one_time_in_twenty():
    """Eight groups of twenty articles, one instrument, no true difference, skewed values: a false “robust” in at most about 5 % of corpora."""
    ids, said = [f"a{i}" for i in range(160)], 0
    groups = pd.DataFrame({"article_id": ids, "group": [f"g{i // 20}" for i in range(160)]})
    for seed in range(100):
        values = pd.DataFrame({"article_id": ids, "coder": "news", "value": np.random.default_rng(seed).exponential(size=160)})
        said += bool(estimates.robust_differences(values, groups, default="news")["robust"].any())
    print(f"false findings: {said} of 100 corpora")
    assert said <= 9, said


def test_permutation_equals_all_regroupings():
    from itertools import combinations
    x, y = [3.0, 1.0, 2.5], [0.0, 0.5, 1.5, 0.2]
    whole = x + y
    every = [abs(np.mean([whole[i] for i in pick]) - np.mean([whole[i] for i in range(7) if i not in pick])) for pick in combinations(range(7), 3)]
    exact = np.mean(np.array(every) >= abs(np.mean(x) - np.mean(y)) - 1e-12)
    assert estimates.permuted(x, y) == pytest.approx(exact, abs=0.01)


def test_widening_is_for_all_groups_looked_at():
    ids = [f"a{i}" for i in range(80)]
    values = pd.DataFrame({"article_id": ids, "coder": "news", "value": np.random.default_rng(1).normal(size=80)})
    two, four = (estimates.robust_differences(values, pd.DataFrame({"article_id": ids, "group": [f"g{i // 40 if n == 2 else i // 20}" for i in range(80)]}), default="news") for n in (2, 4))
    x, y = values["value"][:40], values["value"][40:]
    assert tuple(two.loc[0, ["low", "high"]]) == pytest.approx(estimates.difference(x, y, level=1 - 0.05 / 2)[1:])
    x, y = values["value"][:20], values["value"][20:]
    assert tuple(four.loc[0, ["low", "high"]]) == pytest.approx(estimates.difference(x, y, level=1 - 0.05 / 4)[1:]) and four.loc[0, "difference_news"] == pytest.approx(x.mean() - y.mean())


def test_without_two_ranked_groups_nothing_is_looked_at():
    ids = [f"a{i}" for i in range(20)]
    groups = pd.DataFrame({"article_id": ids, "group": ["x"] * 20})
    assert estimates.robust_differences(pd.DataFrame({"article_id": ids, "coder": "news", "value": 1.0}), groups, default="news").empty


# ---- what a result may be called ------------------------------------------------------------------------------------------------

GOOD = {"matched": True, "coded": True, "reliable": "rely", "agreeing": True, "interval": (0.02, 0.1)}
SAID = [  # one case for every row of estimates.CLAIMS, in their order
    ({"articles": (15, 90), "coded": estimates.FIT}, "a fit on these units", "other texts"),
    ({"articles": 1}, "this text contains conflict", "no sample"),
    ({"articles": 50, "coded": estimates.COUNTED}, "counts of these texts: not an estimate", "other articles"),
    ({"articles": 50, "interval": (0.1, 0.3)}, "uncorrected: not an estimate", "no hand coding"),
    ({"articles": 50, "coded": True, "reliable": "rely", "interval": (0.1, 0.3)}, "a share of conflict of 10% to 30%", "reliably"),
    ({"articles": 50, "coded": True, "reliable": "tentative", "interval": (0.1, 0.3)}, "a share of conflict of 10% to 30%", "tentative"),
    ({"articles": 50, "coded": True, "reliable": "rely", "interval": (np.nan, np.nan)}, "not an estimate", "too few"),
    ({"articles": 50, "coded": True, "reliable": "do not use", "interval": (0.1, 0.3)}, "not an estimate", "not known to be reliable"),
    (GOOD | {"articles": (15, 90), "coded": estimates.COUNTED}, "these texts differ", "no others"),
    (GOOD | {"articles": (3, 90), "agreeing": False}, "no ranking is supported", "instruments"),
    (GOOD | {"articles": (14, 90)}, "these texts differ", "fewer than 15"),
    (GOOD | {"articles": (15, 90), "matched": False}, "no ranking is supported", "not matched"),
    (GOOD | {"articles": (15, 90), "interval": (-0.02, 0.1)}, "no ranking is supported", "holds zero"),
    (GOOD | {"articles": (15, 90), "agreeing": False}, "no ranking is supported", "instruments"),
    (GOOD | {"articles": (15, 90), "coded": False}, "uncorrected: not an estimate", "no hand coding"),
    (GOOD | {"articles": (15, 90)}, "coverage by Times has more conflict than by Post (2% to 10%)", "reliably"),
    (GOOD | {"articles": (15, 90), "reliable": "tentative"}, "coverage by Times has more conflict than by Post (2% to 10%)", "tentative"),
    (GOOD | {"articles": (15, 90), "reliable": "not known"}, "no ranking is supported", "not known to be reliable"),
]


@pytest.mark.parametrize("at, case", list(enumerate(SAID)))
def test_every_row_of_the_claims(at, case):
    facts, words, because = case
    found = estimates.claim(**facts, what="conflict", more="Times", less="Post")
    assert found.words == words and because in found.because
    assert found.because == estimates.CLAIMS[at][-1] and len(SAID) == len(estimates.CLAIMS), "each case meets its own row"


def test_a_ranking_needs_everything_at_once():
    """Of all combinations of what may be known, one outlet is said to have more only where every condition holds; and nothing is left without an answer."""
    from itertools import product
    for articles, matched, coded, reliable, agreeing, ends in product([1, 14, 15, (1, 1), (14, 15), (15, 15), (15, 15, 15)], [True, False], [True, False, estimates.COUNTED, estimates.FIT], ["rely", "tentative", "do not use", "not known"],
                                                                      [True, False, None], [None, (-0.1, 0.1), (0.1, 0.2), (-0.2, -0.1)]):
        words = estimates.claim(articles=articles, matched=matched, coded=coded, reliable=reliable, agreeing=agreeing, interval=ends).words
        sure = np.min(articles) >= 15 and np.ndim(articles) and matched and coded is True and reliable in ("rely", "tentative") and agreeing is not False and ends in ((0.1, 0.2), (-0.2, -0.1))
        assert words.startswith("coverage by") == bool(sure) and (articles != 1 or coded == estimates.FIT or words.startswith("this text contains"))


def test_a_difference_below_zero_is_told_the_other_way_round():
    found = estimates.claim(**GOOD | {"interval": (-0.1, -0.02)}, articles=(20, 20), what="conflict", more="Times", less="Post")
    assert found.words == "coverage by Post has more conflict than by Times (2% to 10%)"


def test_claims_refuse_what_they_do_not_know():
    with pytest.raises(ValueError, match="at least one article in every group"):
        estimates.claim(articles=(0, 3))
    with pytest.raises(ValueError, match="reliable='good'; expected rely"):
        estimates.claim(articles=3, reliable="good")


def test_what_ends_a_caption():
    groups = pd.DataFrame({"article_id": [f"a{i}" for i in range(34)], "group": ["Times"] * 15 + ["Post"] * 16 + ["Sun"] * 3})
    said = estimates.gate(groups, "conflict")
    assert said == ("Uncorrected: not an estimate (no hand coding corrects the machine's codes here). "
                    "Between groups: no ranking is supported (they are not matched and may have covered different things).")
    assert "Between" not in estimates.gate(groups[:15], "conflict")
    assert "these texts differ (a group has fewer than 15 articles)" in estimates.gate(groups[14:32][::2], "conflict")
    assert estimates.gate(groups[:1], "conflict") == "This text contains conflict (one article is no sample of anything)."
    assert estimates.gate(groups[:15], compared=False).startswith("Uncorrected") and "Between" not in estimates.gate(groups[:15]) + estimates.gate(groups, compared=False)
