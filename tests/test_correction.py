"""Corrected shares: arithmetic, ppi-python and scipy as oracles, simulation with known truth, and what is said of each."""
import numpy as np
import pandas as pd
import pytest

from analysis import correction, tables
from analysis.correction import VOICE_NOT_VALIDATED
from analysis.estimates import UNCORRECTED

# ppi-python 0.2.3: ppi_mean_pointestimate(Y, F, U), ppi_mean_ci(Y, F, U, alpha=0.05), and the same with lam=1; U: the machine's codes of the uncoded units
BINARY = [1, 0, 0, 1, 0, 1, 0, 0, 1, 0.], [1, 0, 1, 1, 0, 0, 0, 0, 1, 0.], [1, 0, 0, 0, 1, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 1, 0, 0.]
NUMBERS = [.2, 1.5, -.3, 2.2, .9, 1.1], [.5, 1.0, .1, 1.8, 1.2, .4], [.3, .9, 1.4, -.2, .8, 2.0, 1.1, .6, .7]
PPI = [(BINARY, 0.34590909090909094, (0.08373045811116342, 0.6080877237070185), 0.28, (-0.04833930673003489, 0.6083393067300349)),
       (NUMBERS, 0.9405800249037153, (0.44211609358598125, 1.4390439562214494), 0.9444444444444446, (0.4182955100548085, 1.4705933788340808)),
       ((BINARY[0], [1 - f for f in BINARY[1]], BINARY[2]), 0.4, (0.0963636851484016, 0.7036363148515985), 0.08, (-0.48826788955811234, 0.6482678895581124))]


def stacked(hand, machine, rest):
    return np.array([*machine, *rest]), np.array([*hand, *[np.nan] * len(rest)])


def z_ends(estimate, scores):
    reach = 1.959963984540054 * np.sqrt(scores @ scores)
    return estimate - reach, estimate + reach


def frame(rows, **columns):
    return pd.DataFrame(rows, columns=["article_id", "machine", "hand"]).assign(**columns)


def corpus(seed=1, **choices):
    """One invented corpus as a table of units."""
    machine, hand, inclusion, weight, article, _ = next(correction.corpora(draws=1, seed=seed, **choices))
    return pd.DataFrame({"article_id": [f"a{i:03}" for i in article], "machine": machine, "hand": hand, "inclusion": inclusion})


def row(table, kind, group="all"):
    return table.set_index(["group", "kind"]).loc[(group, kind)]


# ---- estimators against others' -------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("data, tuned, tuned_ends, plain, plain_ends", PPI)
def test_ppi_equals_ppi_pythons_frozen_answers(data, tuned, tuned_ends, plain, plain_ends):
    machine, hand = stacked(*data)
    estimate, scores, _ = correction.ppi_mean(machine, hand)
    assert estimate == pytest.approx(tuned, abs=1e-12) and z_ends(estimate, scores) == pytest.approx(tuned_ends, abs=1e-12)
    estimate, scores, _ = correction.ppi_mean(machine, hand, tuning=1)
    assert estimate == pytest.approx(plain, abs=1e-12) and z_ends(estimate, scores) == pytest.approx(plain_ends, abs=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_ppi_equals_ppi_python(seed):
    ppi = pytest.importorskip("ppi_py", reason="ppi-python is not installed: its frozen answers are tested")
    generator = np.random.default_rng(seed)
    hand = generator.normal(size=30)
    data = hand, hand * (seed - 1) + generator.normal(size=30), generator.normal(size=200)
    estimate, scores, _ = correction.ppi_mean(*stacked(*data))
    assert estimate == pytest.approx(ppi.ppi_mean_pointestimate(*data).item(), abs=1e-12)
    assert z_ends(estimate, scores) == pytest.approx([end.item() for end in ppi.ppi_mean_ci(*data, alpha=0.05)], abs=1e-9)


def test_with_every_unit_its_own_article_the_table_is_ppis_with_t_and_m():
    machine, hand = stacked(*BINARY)
    table = correction.corrected(pd.DataFrame({"article_id": range(len(machine)), "machine": machine, "hand": hand}).astype({"article_id": "str"}), variable="conflict", coder="rules")
    found, (low, high) = row(table, "corrected"), PPI[0][2]
    assert found["estimate"] == pytest.approx(PPI[0][1]) and found["high"] - found["low"] == pytest.approx((high - low) * np.sqrt(10 / 9) * 2.2621571627409915 / 1.959963984540054)  # t(9) for z


def test_t_quantiles_are_scipys():
    t = pytest.importorskip("scipy.stats").t
    for level in (0.5, 0.9, 0.95, 0.9987, 0.999):
        for df in (1, 2, 3, 4, 9, 10, 39, 40, 501, 3000):
            assert correction.t_quantile(level, df) == pytest.approx(t.ppf((1 + level) / 2, df), rel=1e-9)
    assert correction.t_quantile(0.95, 9) == pytest.approx(2.262157, abs=1e-6) and correction.t_quantile(0.95, 1) == pytest.approx(12.706205, abs=1e-5)


def test_three_estimates_by_hand():
    units = frame([("a", 1, 1), ("a", 1, 0), ("b", 0, 0), ("b", 1, 1), ("c", 0, 1), ("c", 0, 0), ("d", 1, np.nan), ("d", 1, np.nan)])
    table = correction.corrected(units, variable="conflict", coder="rules")
    tables.check("estimates", table)
    assert row(table, "machine")["estimate"] == 5 / 8 and row(table, "hand")["estimate"] == 3 / 6
    covariance, spread = 2 / 6 - 3 / 6 * 3 / 6, 5 / 8 * 3 / 8 * 8 / 7
    tuning = covariance / (1 + 6 / 2) / spread
    assert row(table, "corrected")["estimate"] == pytest.approx(tuning * 1 + 3 / 6 - tuning * 3 / 6)
    hand = row(table, "hand")
    by_article = np.array([(1 + 0 - 2 * 0.5) / 6, (0 + 1 - 2 * 0.5) / 6, 0])
    assert np.isnan(hand["low"]) and not by_article.any(), "the articles are equal: no spread over articles, which is not a spread of zero"
    assert table.set_index("kind")[["n_articles", "n_units", "n_coded"]].to_dict("index") == {"machine": {"n_articles": 4, "n_units": 8, "n_coded": 6}, "hand": {"n_articles": 3, "n_units": 6, "n_coded": 6},
                                                                                              "corrected": {"n_articles": 4, "n_units": 8, "n_coded": 6}}


def test_the_interval_is_over_articles(monkeypatch):
    monkeypatch.setattr(correction, "INTERVAL_FROM", 2)  # by hand, on three articles
    units = frame([("a", 0, 1), ("a", 0, 1), ("b", 0, 0), ("b", 0, 0), ("c", 0, 1), ("c", 0, 0)])
    hand = row(correction.corrected(units, variable="x", coder="c"), "hand")
    sums = np.array([2 * 0.5, -2 * 0.5, 0]) / 6
    reach = 4.302652729749462 * np.sqrt((sums ** 2).sum() * 3 / 2)  # t(2)
    assert (hand["low"], hand["high"]) == pytest.approx((max(0.5 - reach, 0), min(0.5 + reach, 1)))


def test_the_design_based_mean_by_hand():
    """Units drawn with probability 1/2 and 1/4 count 2 and 4; with the tuning at 1 the estimate is Egami et al.'s mean of f + (y - f)/p, Hájek-normalised."""
    machine, hand = np.array([1, 0, 1, 0.]), np.array([1, 0, np.nan, np.nan])
    estimate, scores, tuning = correction.design_mean(machine, hand, np.array([0.5, 0.25, 1, 1]), np.ones(4), np.arange(4))
    there, here, everywhere = (2 * 1 + 4 * 0) / 6, (2 * 1 + 4 * 0) / 6, 2 / 4
    ours = np.array([2 * (1 - there), 4 * (0 - there), 0, 0]) / 6
    theirs = np.array([1 - everywhere, 0 - everywhere, 1 - everywhere, 0 - everywhere]) / 4 - np.array([2 * (1 - here), 4 * (0 - here), 0, 0]) / 6
    assert tuning == pytest.approx(min(-(ours @ theirs) / (theirs @ theirs), 1)) and 0 < tuning <= 1
    assert estimate == pytest.approx(there + tuning * (everywhere - here)) and scores == pytest.approx(ours + tuning * theirs)


def test_with_equal_probabilities_both_forms_nearly_agree():
    machine, hand, inclusion, weight, article, size = next(correction.corpora(draws=1))
    _, _, tuning = correction.ppi_mean(machine, hand)
    rest = np.isnan(hand).mean()
    of_design = correction.design_mean(machine, hand, inclusion, weight, article)
    assert correction.ppi_mean(machine, hand, tuning=of_design[2] * rest)[0] == pytest.approx(of_design[0]) and 0 < tuning < 1


def test_a_perfect_machine_needs_no_correction_and_a_random_one_gives_the_hand_codes():
    units = corpus()
    truth = frame([(f"a{i}", float(i % 3 == 0), float(i % 3 == 0) if i < 60 else np.nan) for i in range(600)])
    table = correction.corrected(truth, variable="x", coder="c")
    assert row(table, "corrected")["estimate"] == pytest.approx(1 / 3) and row(table, "corrected")["high"] - row(table, "corrected")["low"] < row(table, "hand")["high"] - row(table, "hand")["low"]
    constant = correction.corrected(units.assign(machine=1.0), variable="x", coder="c")
    assert row(constant, "corrected")["estimate"] == pytest.approx(row(constant, "hand")["estimate"])


def test_articles_can_count_the_same():
    units = frame([("a", 1, 1), ("a", 1, 1), ("a", 1, 1), ("b", 0, 0)], weight=[1 / 3, 1 / 3, 1 / 3, 1])
    assert row(correction.corrected(units, variable="x", coder="c"), "machine")["estimate"] == pytest.approx((1 + 0) / 2)
    assert row(correction.corrected(units, variable="x", coder="c"), "hand")["estimate"] == pytest.approx((1 + 0) / 2)


# ---- simulation: the truth is known ---------------------------------------------------------------------------------------------

@pytest.mark.parametrize("design", ["equal", "by_machine"])
def test_corrected_shares_hold_what_they_say(design):
    found = correction.simulated(design=design)
    print(design, found.round(4), sep="\n")
    assert found.at["corrected", "coverage"] >= 0.925 and abs(found.at["corrected", "bias"]) <= 0.005
    assert found.at["machine", "coverage"] < 0.01 and found.at["machine", "bias"] == pytest.approx(0.20 * 0.70 + 0.80 * 0.15 - 0.20, abs=0.002)
    assert found.at["hand", "coverage"] >= 0.925 and found.at["corrected", "width"] < found.at["hand", "width"]


def test_few_coded_articles_widen_the_interval_and_cover_less():
    found = pd.concat({n: correction.simulated(coded_articles=n, draws=1000) for n in (10, 20, 40)})
    print(found.round(4))
    widths = found.xs("corrected", level=1)["width"]
    assert widths.is_monotonic_decreasing and found.loc[(10, "corrected"), "coverage"] >= 0.89


def test_intervals_over_units_would_be_too_narrow():
    covers = 0
    for machine, hand, inclusion, weight, article, _ in correction.corpora(correlation=0.5, draws=300):
        found = correction.three(machine, hand, inclusion, weight, np.arange(len(machine)), len(machine))["corrected"]
        low, high = correction.ends(found)
        covers += low <= 0.20 <= high
    assert covers / 300 < 0.85 < 0.92 <= correction.simulated(correlation=0.5, draws=300).at["corrected", "coverage"]


def test_differences_cover_the_truth():
    """Two groups whose machine errs differently: the machine's difference is wrong, the corrected one covers."""
    covers, machine = 0, []
    one = correction.corpora(share=0.3, sensitivity=0.6, articles=150, draws=300, seed=1)
    other = correction.corpora(share=0.2, specificity=0.75, articles=150, draws=300, seed=2)
    for a, b in zip(one, other):
        x, y = (correction.three(*part[:4], part[4] + shift, 300) for part, shift in ((a, 0), (b, 150)))
        low, high = correction.ends(correction.minus(x["corrected"], y["corrected"]))
        covers += low <= 0.1 <= high
        machine.append(x["machine"].estimate - y["machine"].estimate)
    assert covers / 300 >= 0.92 and np.mean(machine) == pytest.approx(0.3 * 0.6 + 0.7 * 0.15 - (0.2 * 0.7 + 0.8 * 0.25), abs=0.01)


# ---- differences, voices --------------------------------------------------------------------------------------------------------

def two_groups(**choices):
    return pd.concat([corpus(1, share=0.3).assign(group="A"), corpus(2).assign(group="B", article_id=lambda t: "b" + t["article_id"])])


def test_a_difference_changes_sign_with_its_groups():
    units = two_groups()
    one = correction.differences(units, variable="x", coder="c", pairs=[("A", "B")])
    other = correction.differences(units, variable="x", coder="c", pairs=[("B", "A")])
    tables.check("estimates", one)
    assert np.allclose(one[["estimate", "low", "high"]], -other[["estimate", "high", "low"]])
    each = correction.corrected(units, variable="x", coder="c")
    assert row(one, "corrected", "A minus B")["estimate"] == pytest.approx(row(each, "corrected", "A")["estimate"] - row(each, "corrected", "B")["estimate"])
    halves = [(row(each, "hand", g)["high"] - row(each, "hand", g)["low"]) / 2 for g in "AB"]
    assert (row(one, "hand", "A minus B")["high"] - row(one, "hand", "A minus B")["low"]) / 2 == pytest.approx(np.hypot(*halves)), "groups of different articles: variances add"
    assert row(one, "machine", "A minus B")["claim"].startswith("no ranking is supported (they are not matched") and row(one, "machine", "A minus B")["n_articles"] == 600


def test_a_matched_reliable_difference_may_be_said_and_no_other():
    apart = pd.concat([corpus(1, share=0.6).assign(group="A"), corpus(2).assign(group="B", article_id=lambda t: "b" + t["article_id"])])
    said = lambda **known: row(correction.differences(apart, variable="x", coder="c", **known), "corrected", "A minus B")["claim"]
    assert said(matched=True, reliable="rely").startswith("coverage by A has more x than by B (")
    assert said(matched=False, reliable="rely").startswith("no ranking") and said(matched=True, reliable="do not use").startswith("no ranking")
    assert row(correction.differences(apart, variable="x", coder="c", matched=True, reliable="rely"), "machine", "A minus B")["claim"].startswith("uncorrected")


def test_intervals_are_widened_for_every_pair():
    units = pd.concat([two_groups(), corpus(3).assign(group="C", article_id=lambda t: "c" + t["article_id"])])
    planned, every = (row(correction.differences(units, variable="x", coder="c", pairs=p), "corrected", "A minus B") for p in ([("A", "B")], None))
    assert (every["high"] - every["low"]) / (planned["high"] - planned["low"]) == pytest.approx(correction.t_quantile(1 - 0.05 / 3, 39) / correction.t_quantile(0.95, 39))


def test_a_group_of_the_same_articles_is_paired():
    """Own words and quotations of the same articles: what varies with the article cancels in their difference."""
    units = pd.concat([frame([(f"a{i}", float(i % 2), float(i % 2)) for i in range(40)], group=g) for g in ("own", "quoted")])
    units.loc[(units["group"] == "own") & (units["article_id"] == "a0"), "hand"] = 1
    found = row(correction.differences(units, variable="x", coder="c"), "hand", "own minus quoted")
    assert found["estimate"] == pytest.approx(1 / 40) and found["high"] - found["low"] < 0.11 and found["n_articles"] == 40


def voices(seed, articles=200, units=10, coded=60, validated=True):
    """Sentences whose voice the machine mistakes (one in five), and whose frame it mistakes more often in quotations; true share .4 of own, .1 of quoted words."""
    g = np.random.default_rng(seed)
    article = np.repeat(np.arange(articles), units)
    own = g.random(len(article)) < g.beta(4, 4, articles)[article]
    carries = g.random(len(article)) < np.where(own, 0.4, 0.1)
    said = np.where(g.random(len(article)) < 0.8, own, ~own)
    machine = np.where(carries, g.random(len(article)) < 0.7, g.random(len(article)) < 0.2)
    chosen = article < coded
    table = pd.DataFrame({"article_id": [f"a{i:03}" for i in article], "machine": machine.astype(float), "hand": np.where(chosen, carries, np.nan), "machine_voice": np.where(said, "own", "quoted")})
    return table.assign(hand_voice=pd.Series(np.where(own, "own", "quoted")).where(chosen, None)) if validated else table


def test_shares_by_voice_are_corrected_for_the_voices_error():
    tables_ = [correction.by_voice(voices(seed), variable="x", coder="c") for seed in range(60)]
    tables.check("estimates", tables_[0])
    corrected = pd.concat(tables_).query("kind == 'corrected'").groupby("group")
    assert corrected["estimate"].mean().to_dict() == pytest.approx({"own": 0.4, "quoted": 0.1}, abs=0.01)
    cover = corrected.apply(lambda t: ((t["low"] <= {"own": 0.4, "quoted": 0.1}[t.name]) & (t["high"] >= {"own": 0.4, "quoted": 0.1}[t.name])).mean())
    assert cover.min() >= 0.85, cover
    spread = corrected["estimate"].std() / (corrected.apply(lambda t: (t["high"] - t["low"]).mean()) / 2 / 2)
    assert spread.between(0.75, 1.25).all(), "intervals are as wide as the estimates are spread: about two standard deviations to each side"
    plain = pd.concat([correction.by_voice(voices(seed, validated=False), variable="x", coder="c") for seed in range(20)]).query("kind == 'corrected'").groupby("group")["estimate"].mean()
    assert plain["own"] == pytest.approx(0.8 * 0.4 + 0.2 * 0.1, abs=0.02), "without the voice's correction, a fifth of the other voice is mixed in"


def test_what_corrects_both_is_coded_for_both():
    units = pd.DataFrame({"article_id": "a", "sentence_id": [0, 1, 2, 3], "unit_id": ["u0", "u1", "u2", None], "machine": 1.0, "hand": [1.0, 0.0, np.nan, np.nan]})
    heard = pd.DataFrame({"article_id": "a", "sentence_id": [0, 1, 2, 3], "voice": ["own", "own", "direct", "direct"]})
    both = correction.voiced(units, heard, pd.Series({"u0": "direct", "u2": "own"}))
    assert both["machine_voice"].tolist() == ["own", "own", "direct", "direct"]
    assert both["hand"].fillna(-1).tolist() == [1, -1, -1, -1] and both["hand_voice"].fillna("").tolist() == ["direct", "", "", ""]
    alone = correction.voiced(units, heard)
    assert "hand_voice" not in alone and alone["hand"].fillna(-1).tolist() == [1, 0, -1, -1]


def test_units_of_frames_are_carried_or_not_and_of_tone_as_they_are():
    codings = pd.DataFrame({"article_id": "a", "sentence_id": [0, 1, 2], "segment_id": pd.NA, "coder": "news", "variable": "tone", "value": [-0.4, 0.0, 0.9]})
    sample, groups = pd.DataFrame({"unit_id": ["u1"], "article_id": "a", "sentence_id": 1, "probability": 0.5}), pd.DataFrame({"article_id": ["a"], "group": "x"})
    codes = pd.DataFrame({"unit_id": ["u1"], "value": [-2.0]})
    found = correction.coded_units(codings, sample, codes, "tone", coder="news", groups=groups)
    assert found["machine"].tolist() == [-0.4, 0.0, 0.9] and found["hand"].tolist()[1] == -2 and found["hand"].isna().sum() == 2 and found["inclusion"][1] == 0.5
    frames = codings.assign(variable="conflict", value=[0.0, 1.0, 3.0])
    assert correction.coded_units(frames, sample, codes, "generic_frames:conflict", coder="news", groups=groups)["machine"].tolist() == [0, 1, 1]


def test_a_mean_is_called_a_mean():
    units = corpus().assign(machine=lambda t: t["machine"] - 0.5, hand=lambda t: 4 * t["hand"] - 2)
    assert row(correction.corrected(units, variable="tone", coder="news", reliable="rely"), "corrected")["claim"].startswith("a mean of tone of -")


def test_the_mean_of_two_coders_is_still_a_share():
    units = corpus(share=0.05, coded_articles=5).assign(hand=lambda t: t["hand"].where(t["hand"] != 1, 0.5))
    found = correction.corrected(units, variable="x", coder="c")
    assert found["low"].min() >= 0 and "%" in row(found, "corrected", "all")["claim"]


def test_hand_shares_by_voice_are_counts_and_unvalidated_voices_are_stamped():
    table = voices(1)
    found, own = correction.by_voice(table, variable="x", coder="c"), table[table["hand_voice"] == "own"]
    assert row(found, "hand", "own")["estimate"] == pytest.approx(own["hand"].mean()) and row(found, "hand", "own")["n_coded"] == len(own)
    assert row(found, "machine", "own")["estimate"] == pytest.approx(table.loc[table["machine_voice"] == "own", "machine"].mean())
    assert not found["claim"].str.contains(VOICE_NOT_VALIDATED).any()
    assert correction.by_voice(voices(1, validated=False), variable="x", coder="c")["claim"].str.endswith(VOICE_NOT_VALIDATED).all()


def test_the_interval_of_a_share_by_voice_is_that_of_a_ratio_over_articles(monkeypatch):
    """Own words, 10 or 0: 2 of 3 in a, 0 of 1 in b, 1 of 2 in c; what each article adds to the ratio's error is the sum of (value − ratio) over its own words, over all six."""
    monkeypatch.setattr(correction, "INTERVAL_FROM", 2)
    rows = [("a", 1, "own"), ("a", 1, "own"), ("a", 0, "own"), ("b", 0, "own"), ("b", 1, "quoted"), ("c", 1, "own"), ("c", 0, "own"), ("c", 1, "quoted")]
    units = pd.DataFrame([(a, 10 * y, 10 * y, v, v) for a, y, v in rows], columns=["article_id", "machine", "hand", "machine_voice", "hand_voice"])
    found = row(correction.by_voice(units, variable="x", coder="c"), "hand", "own")
    sums = np.array([2 - 3 * 0.5, 0 - 1 * 0.5, 1 - 2 * 0.5]) / 6
    reach = 4.302652729749462 * np.sqrt((sums ** 2).sum() * 3 / 2)  # t(2)
    assert found["estimate"] == pytest.approx(10 * 3 / 6) and (found["low"], found["high"]) == pytest.approx((10 * (0.5 - reach), 10 * (0.5 + reach))) and found["n_articles"] == 3


def test_under_five_coded_articles_there_is_no_interval_and_without_codes_no_claim():
    coded = lambda articles: correction.corrected(frame([(a, y % 2, (y + i) % 3 == 0) for i, a in enumerate(articles) for y in range(5 + i % 2)]), variable="x", coder="c", reliable="rely")
    few = coded("abcd")
    assert row(coded("abcde"), "corrected")["low"] < row(coded("abcde"), "corrected")["high"], "from five on there is one"
    assert few["low"].isna().all() and row(few, "corrected")["claim"].startswith("not an estimate (too few articles")
    heard = pd.DataFrame({"article_id": list("aabbccddee"), "machine": 1.0, "hand": [1.0, np.nan] * 5, "machine_voice": ["own", "direct"] * 5, "hand_voice": ["own", None] * 5})
    found = correction.by_voice(heard, variable="x", coder="c", reliable="rely")  # a voice that no coded sentence has
    assert row(found, "hand", "direct")["claim"] == row(found, "corrected", "direct")["claim"] == "no unit coded" and pd.isna(row(found, "corrected", "direct")["estimate"])


# ---- the planner ----------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("pilot, more, each", [(20, 20, 5), (40, 40, 5), (40, 20, 2)])
def test_planned_widths_come_true(pilot, more, each):
    """A pilot's foreseen width, on average over pilots, beside the width that coding so many articles does give."""
    foreseen = [correction.planned(corpus(seed, coded_articles=pilot), articles=[more], per_article=[each]).iloc[0] for seed in range(40)]
    planned = pd.DataFrame(foreseen)
    units = (pilot * 5 + more * each) / (pilot + more)
    come = correction.simulated(coded_articles=pilot + more, coded_units=round(units), draws=400)["width"]
    print(f"{pilot}+{more} articles: foreseen {planned['width'].mean():.3f}, came {come['corrected']:.3f}; hand {planned['width_hand'].mean():.3f}, {come['hand']:.3f}")
    assert planned["width"].mean() == pytest.approx(come["corrected"], rel=0.15) and planned["width_hand"].mean() == pytest.approx(come["hand"], rel=0.15)


def test_the_plan_starts_at_the_width_there_is_and_ends_with_the_articles():
    units = corpus(3)
    plan = correction.planned(units, articles=[0, 10, 40, 300])
    now = row(correction.corrected(units, variable="x", coder="c"), "corrected")
    assert plan["width"][0] == pytest.approx(now["high"] - now["low"], rel=0.1) and plan["gain"][0] == 0
    assert plan["more_articles"].tolist() == [0, 10, 40] and plan["width"].is_monotonic_decreasing and plan["n_coded"].tolist() == [200, 250, 400]
    with pytest.raises(ValueError, match="2 units coded in 2 articles; at least three"):
        correction.planned(frame([("a", 1, 1), ("b", 1, 0), ("c", 0, np.nan)]))


# ---- what is said of it ---------------------------------------------------------------------------------------------------------

def test_each_row_says_what_it_may_be_called():
    table = correction.corrected(corpus(coded_articles=8, coded_units=5), variable="x", coder="c").set_index("kind")["claim"]
    assert table["machine"].startswith(UNCORRECTED) and "8 coded articles (under 40)" in table["corrected"] and "40 coded units (under 100)" in table["corrected"] and "not known" in table["hand"]
    assert correction.corrected(corpus(share=0.3), variable="x", coder="c", reliable="rely").set_index("kind").at["corrected", "claim"].startswith("a share of x of 2")
    assert "below 15 %" in correction.corrected(corpus(share=0.05), variable="x", coder="c").set_index("kind").at["corrected", "claim"]
    assert correction.corrected(corpus(), variable="x", coder="c", reliable="do not use").set_index("kind").at["corrected", "claim"].startswith("not an estimate (the hand codes are not known to be reliable")
    assert correction.warnings_of(40, 100, 0.15) == [] and correction.warnings_of(39, 99, 0.86)[0] == "39 coded articles (under 40), 99 coded units (under 100): the interval may be too narrow" and "above 85 %" in correction.warnings_of(40, 100, 0.9)[0]


def test_without_hand_codes_two_rows_are_empty_and_say_so():
    table = correction.corrected(corpus().drop(columns="hand"), variable="x", coder="c").set_index("kind")
    tables.check("estimates", table.reset_index())
    assert table["estimate"].isna().to_dict() == {"machine": False, "hand": True, "corrected": True} and table.at["machine", "claim"].startswith(UNCORRECTED) and table.at["hand", "claim"] == "no unit coded"
    lone = correction.differences(two_groups().assign(hand=lambda t: t["hand"].where(t["group"] == "A")), variable="x", coder="c").set_index("kind")
    assert lone["estimate"].notna().to_dict() == {"machine": True, "hand": False, "corrected": False}


@pytest.mark.parametrize("change, message", [({"machine": [1, np.nan, 0]}, "column `machine`: a unit of article 'b' has no machine code"), ({"inclusion": [0.5, 0.0, np.nan]}, "column `inclusion`: a unit of article 'b' has coded, but no"),
                                             ({"weight": [1, 1, 0]}, "column `weight`: a unit of article 'c'")])
def test_what_cannot_be_used_is_refused(change, message):
    with pytest.raises(ValueError, match=message):
        correction.corrected(frame([("a", 1, 1), ("b", 0, 0), ("c", 1, np.nan)], **change), variable="x", coder="c")


def test_other_refusals():
    with pytest.raises(ValueError, match="no group 'C'; expected A, B"):
        correction.differences(two_groups(), variable="x", coder="c", pairs=[("A", "C")])
    with pytest.raises(ValueError, match="a unit coded for one alone"):
        correction.by_voice(voices(1).assign(hand_voice=lambda t: t["hand_voice"].mask(t.index == 3)), variable="x", coder="c")
    machine = pd.DataFrame({"unit_id": ["u", "v"], "article_id": ["a", "b"], "value": [1, 0]})
    assert correction.beside(machine, pd.DataFrame({"unit_id": ["v"], "value": [1]}))["hand"].isna().tolist() == [True, False]
    with pytest.raises(ValueError, match="'w' is no unit of the machine's"):
        correction.beside(machine, pd.DataFrame({"unit_id": ["w"], "value": [1]}))
