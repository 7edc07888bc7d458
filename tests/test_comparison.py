"""Groups compared on the same events: what is one event, what is matched, what a difference inside events is, and how sure."""
import itertools
import re

import numpy as np
import pandas as pd
import pytest
from conftest import articles_of

from analysis import comparison, corpus, estimates, figures, tables, tokens

FLOOD = "The river Arn burst its banks in Holm and flooded the old harbour. Mayor Ines Vik said that rescuers brought forty families to the school in Holm. "
VOTE = "The parliament in Velden voted on the budget after a long debate. Minister Otto Brandt defended the tax on sugar, and farmers protested in Velden. "
FILL = "It was reported that more would be known on the following day, when the engineers return to the place with their instruments and measure it. "


def cut(articles):
    return tokens.split_tokens(tokens.split_sentences(articles))


def told(*rows):
    """Articles (outlet, day, text) named a, b, c …"""
    return articles_of(*(text for _, _, text in rows), outlet=[o for o, _, _ in rows], date=pd.to_datetime([d for _, d, _ in rows]))


def fates(articles, **options):
    return comparison.matched(articles, comparison.events(articles, cut(articles)), **options).set_index("article_id")["fate"]


# ---- the same events ------------------------------------------------------------------------------------------------------------

def test_an_event_shares_days_names_and_content():
    articles = told(("A", "2024-05-01", FLOOD + "Water stood in the cellars."), ("B", "2024-05-03", "Holm counts the damage of the flood. " + FLOOD + FILL), ("A", "2024-05-01", VOTE), ("B", "2024-05-02", VOTE + FILL),
                    ("A", "2024-05-20", FLOOD + "Weeks later, the cellars are dry."), ("B", None, FLOOD + FILL))
    words = cut(articles)
    found = comparison.events(articles, words).set_index("article_id")["event"]
    assert found.drop("f").to_dict() == {"a": "a", "b": "a", "c": "c", "d": "c", "e": "e"} and pd.isna(found["f"]), "another day is another event; an undated article among dated ones has none"
    assert comparison.events(articles, words, days=None).set_index("article_id")["event"].to_dict() == {"a": "a", "b": "a", "c": "c", "d": "c", "e": "a", "f": "a"}
    assert comparison.events(articles, words, alike=1.01)["event"].dropna().is_unique and comparison.events(articles, words, names=50)["event"].dropna().is_unique
    undated = comparison.events(articles.assign(date=pd.NaT), words).set_index("article_id")["event"]
    assert undated["a"] == undated["e"] == undated["f"] != undated["c"], "without dates there is no window"


def test_no_two_articles_of_an_event_are_further_apart_than_the_window():
    articles = told(*((("A", "B")[i % 2], f"2024-05-{i + 1:02}", FLOOD + f"Day {i} of the water. " + FILL) for i in range(9)))
    found = comparison.events(articles, cut(articles), days=3).merge(articles[["article_id", "date"]])
    assert found.groupby("event")["date"].agg(lambda d: (d.max() - d.min()).days).tolist() == [3, 3, 0], "the window is not dragged along by its own articles"


def test_the_retellings_are_one_event_and_by_their_days_two():
    articles = corpus.mark_duplicates(corpus.mark_language(corpus.clean(corpus.read(tables.ROOT / "data" / "retellings")[0])[0]))
    words = cut(articles)
    assert comparison.events(articles, words, days=None)["event"].nunique() == 1
    placed = comparison.events(articles, words, days=3)
    assert placed["event"].groupby(articles["date"].dt.month).nunique().tolist() == [1, 1] and placed["event"].nunique() == 2
    sample = comparison.matched(articles, comparison.events(articles, words, days=None))
    assert sample["fate"].value_counts().to_dict() == {"matched": 10, "repetition or shared copy": 2}


# ---- what is matched ------------------------------------------------------------------------------------------------------------

def test_wire_copy_counts_once_also_where_half_of_it_is_kept():
    other = "Holm is a town of nets and ropes, writes our correspondent. Ines Vik met the families in Holm on Sunday, and Arn was calm again. "
    articles = told(("A", "2024-05-01", FLOOD + FILL), ("B", "2024-05-01", "In brief. " + FLOOD + FILL), ("C", "2024-05-02", FLOOD + other), ("D", "2024-05-02", "Arn rises. " + other + "Nobody slept in the harbour, and the mayor asked the army for boats."))
    placed = comparison.events(articles, cut(articles))
    copies = comparison.shared_copy(articles, placed)
    assert copies == {"b": "a", "c": "a"}, "the fourth shares only with what is itself a copy"
    runs = lambda text: {tuple(w[i:i + 5]) for w in [re.findall(r"\w+", text.lower())] for i in range(len(w) - 4)}
    a, c = (runs(articles["text"][i]) for i in (0, 2))
    share = len(a & c) / min(len(a), len(c))
    assert comparison.shared_copy(articles, placed, copied=share + 1e-9).get("c") is None and comparison.shared_copy(articles, placed, copied=share)["c"] == "a"


def test_every_article_has_its_fate_and_the_account_adds_up():
    long = "Holm waits for the river Arn, its harbour flooded, its families at school with the rescuers. " + " ".join(f"Street {i} in Holm lies under water and Ines Vik walks it." for i in range(40))
    articles = told(("A", "2024-05-01", FLOOD), ("B", "2024-05-02", "Holm and Ines Vik after the flood: the harbour of Holm, the river Arn, families at school, rescuers tired."), ("B", "2024-05-01", FLOOD),
                    ("C", "2024-05-02", long), (None, "2024-05-01", "Holm flooded, Arn high, says Ines Vik to the rescuers of forty families at the harbour."), ("A", "2024-05-02", VOTE), ("C", None, FLOOD + FILL), ("A", "2024-05-01", "Der Fluss."))
    articles = articles.assign(language=["en"] * 7 + ["de"], duplicate_of=[None, None, "a"] + [None] * 5)
    assert fates(articles).to_dict() == {"a": "matched", "b": "matched", "c": "repetition or shared copy", "d": "no counterpart of like length", "e": "group not known", "f": "event covered by no other group", "g": "no date", "h": "not in English"}
    assert fates(articles, ratio=1000)["d"] == "matched"
    table = comparison.account(comparison.matched(articles, comparison.events(articles, cut(articles))))
    assert table["articles"].sum() == table[comparison.FATES].to_numpy().sum() == 8 and table.set_index("group")["events"].to_dict() == {"A": 1, "B": 1, "C": 0, estimates.NOT_KNOWN: 0}


def test_any_column_can_be_the_group_and_one_group_is_matched_with_nobody():
    articles = told(("A", "2024-05-01", FLOOD), ("A", "2024-05-02", "Holm and Ines Vik after the flood: the harbour of Holm, the river Arn, families at school, rescuers tired.")).assign(meta_desk=["city", "world"])
    assert set(fates(articles)) == {"event covered by no other group"} and set(fates(articles, column="desk")) == {"matched"}
    sample = comparison.matched(articles, comparison.events(articles, cut(articles)))
    assert comparison.differences(valued([1.0, 2.0]), sample, default="news").empty


# ---- differences ----------------------------------------------------------------------------------------------------------------

def sampled(events, groups, *, words=300):
    """A `sample` of matched articles 0, 1, 2 … with these events and groups."""
    n = len(events)
    return pd.DataFrame({"article_id": [f"{i:04}" for i in range(n)], "group": groups, "date": pd.Timestamp("2024-05-01") + pd.to_timedelta(np.arange(n) // 10, "D"), "n_words": words, "event": events, "copy_of": None, "fate": "matched"})


def valued(values, *, variable="passives", family="agency", coder="agency"):
    return pd.DataFrame({"article_id": [chr(ord("a") + i) if len(values) < 3 else f"{i:04}" for i in range(len(values))], "family": family, "variable": variable, "coder": coder, "value": np.asarray(values, float), "n_units": 10})


def test_a_difference_is_taken_inside_events():
    """A writes mostly on the grim event, B on the bright one; inside each they differ by 1 and by 4."""
    sample = sampled(["grim"] * 4 + ["bright"] * 3, list("AAABABB"))
    found = comparison.differences(valued([10, 11, 12, 10, 54, 49, 51]), sample, default="news").iloc[0]
    weights = [3 * 1 / 4, 1 * 2 / 3]
    assert found["difference"] == pytest.approx((weights[0] * (11 - 10) + weights[1] * (54 - 50)) / sum(weights))
    assert found["estimate"] == pytest.approx((weights[0] * 11 + weights[1] * 54) / sum(weights)) and found["estimate_others"] == pytest.approx((weights[0] * 10 + weights[1] * 50) / sum(weights))
    assert (found["group"], found["n_articles"], found["n_others"], found["n_events"]) == ("A", 4, 3, 2) and pd.isna(found["p"]) and pd.isna(found["low"]), "under five articles on a side there is no interval"
    assert found["claim"] == estimates.DIFFER


def test_it_is_the_coefficient_of_a_regression_with_event_dummies():
    generator = np.random.default_rng(1)
    event, x = generator.integers(0, 14, 90), generator.integers(0, 2, 90)
    y = generator.normal(size=(90, 2)) + event[:, None] + x[:, None]
    dummies = np.column_stack([x, np.eye(14)[event]])
    effect, error, df = comparison.regressed(y, x, event)
    solved = np.linalg.lstsq(dummies, y, rcond=None)[0]
    assert effect == pytest.approx(solved[0])
    residual, bread = y - dummies @ solved, np.linalg.inv(dummies.T @ dummies)
    n = sum(len(set(x[event == e])) == 2 for e in range(14))
    meat = [sum(np.outer(s, s) for e in range(14) for s in [dummies[event == e].T @ residual[event == e, k]]) for k in (0, 1)]
    assert error ** 2 == pytest.approx([n / (n - 1) * (bread @ m @ bread)[0, 0] for m in meat])


def test_one_event_gives_welchs_error_and_pairs_the_paired_one():
    stats = pytest.importorskip("scipy.stats")
    generator = np.random.default_rng(2)
    a, b = generator.normal(0, 1, 9), generator.exponential(2, 14)
    effect, error, df = comparison.regressed(np.concatenate([a, b])[:, None], np.repeat([1, 0], [9, 14]), np.zeros(23, "int64"))
    assert effect[0] / error[0] == pytest.approx(stats.ttest_ind(a, b, equal_var=False).statistic) and df == 21
    a, b = generator.normal(0, 1, 20), generator.normal(1, 2, 20)
    effect, error, df = comparison.regressed(np.concatenate([a, b])[:, None], np.repeat([1, 0], 20), np.tile(np.arange(20), 2))
    assert effect[0] / error[0] == pytest.approx(stats.ttest_rel(a, b).statistic) and df == 19


@pytest.mark.parametrize("name", ["one event, skewed", "thirty events", "six events"])
def test_coverage_of_the_interval(name, capsys):
    """In 600 samples the 95 % interval holds the truth in .91 to .985 of them. Events move all their articles; in many events the difference itself varies by event."""
    n_events, varying = {"one event, skewed": (1, 0), "thirty events": (30, 0.7), "six events": (6, 0)}[name]
    generator, held = np.random.default_rng(5), 0
    for _ in range(600):
        sizes = generator.integers(12, 20, (1, 2)) if n_events == 1 else generator.integers(1, 4, (n_events, 2))
        event = np.repeat(np.repeat(np.arange(n_events), 2), sizes.ravel())
        x = np.repeat(np.tile([1, 0], n_events), sizes.ravel())
        noise = generator.exponential(1, len(x)) if n_events == 1 else generator.normal(size=len(x)) * (1 + x)
        y = noise + generator.normal(0, 3, n_events)[event] + x * (1 + generator.normal(0, varying, n_events)[event])
        effect, error, df = comparison.regressed(y[:, None], x, event)
        held += abs(effect[0] - 1) <= comparison.t_quantile(0.95, df) * error[0]
    with capsys.disabled():
        print(f"\n  coverage, {name}: {held / 600:.3f}")
    assert 0.91 <= held / 600 <= 0.985


def test_regrouping_stays_inside_events():
    """Two events of two articles: of the four regroupings two are as far apart as what is found; across events it would be other shares."""
    p = comparison.regrouped([[1.0], [0], [11], [10]], np.array([True, False, True, False]), np.array([0, 0, 1, 1]))
    assert p[0] == pytest.approx(2 / 4, abs=0.02)
    generator = np.random.default_rng(3)
    a, b = generator.normal(0.8, 1, 12), generator.normal(0, 1, 15)
    one = comparison.regrouped(np.concatenate([a, b])[:, None], np.repeat([True, False], [12, 15]), np.zeros(27, "int64"))[0]
    assert one == pytest.approx(estimates.permuted(a, b), abs=0.01)


def test_holms_correction_by_hand():
    assert comparison.holm([0.01, np.nan, 0.04, 0.03]) == pytest.approx([0.03, np.nan, 0.06, 0.06], nan_ok=True)
    assert comparison.holm([0.6, 0.5]) == pytest.approx([1, 1]) and comparison.holm([np.nan]).shape == (1,)


def twelve(shift=3.0, groups=12, per=20):
    """Events that every group covers; the first group has `shift` more."""
    names, generator = [f"g{i:02}" for i in range(groups)], np.random.default_rng(4)
    sample = sampled([f"e{i}" for i in range(per) for _ in names], names * per)
    return sample, valued(generator.normal(size=len(sample)) + shift * (sample["group"] == "g00"))


def test_twelve_groups_and_what_each_difference_may_be_called():
    sample, values = twelve()
    found = comparison.differences(values, sample, default="news").set_index("group")
    assert len(found) == 12 and found["p"].notna().all()
    assert found["p_holm"].to_numpy() == pytest.approx(comparison.holm(found["p"]))
    assert found.loc["g00", "low"] > 0 and found.loc["g00", "claim"] == estimates.UNCORRECTED, "found, matched, but nobody coded by hand"
    dull = found.drop("g00")[found.drop("g00")["p_holm"] > 0.05]
    assert (dull["claim"] == estimates.NO_RANKING).all() and len(dull) >= 8
    lone = comparison.differences(values, sample[sample["group"].isin(["g00", "g01"])], default="news").iloc[0]
    one, error, df = comparison.regressed(values["value"].to_numpy()[sample["group"].isin(["g00", "g01"])][:, None], np.tile([1, 0], 20), np.repeat(np.arange(20), 2))
    mine = comparison.sides(sample, "g00")
    one_of, error_of, df_of = comparison.regressed(values.set_index("article_id")["value"][mine["article_id"]].to_numpy()[:, None], mine["mine"], pd.factorize(mine["event"])[0])
    assert found.loc["g00", "high"] - found.loc["g00", "low"] == pytest.approx(2 * comparison.t_quantile(1 - 0.05 / 12, df_of) * error_of[0]), "one of twelve is"
    assert lone["high"] - lone["low"] == pytest.approx(2 * comparison.t_quantile(0.95, df) * error[0]), "one difference is not widened"
    few = comparison.differences(values, sample[sample["event"].isin([f"e{i}" for i in range(14)])], default="news")
    assert set(few["claim"]) == {estimates.DIFFER}, "fourteen articles rank nobody"
    tables.check("differences", found.reset_index())


def test_exchanging_the_groups_flips_the_sign_and_a_reference_is_named():
    sample, values = twelve(groups=2)
    (_, there), = comparison.differences(values, sample, default="news").iterrows()
    back = comparison.differences(values, sample.assign(group=sample["group"].map({"g00": "g01", "g01": "g00"})), default="news").iloc[0]
    assert back["difference"] == pytest.approx(-there["difference"]) and back["low"] == pytest.approx(-there["high"]) and back["p"] == there["p"]
    sample, values = twelve(groups=3)
    found = comparison.differences(values, sample, default="news", reference="g00")
    assert found["group"].tolist() == ["g01", "g02"] and set(found["against"]) == {"g00"} and (found["difference"] < -2).all()
    with pytest.raises(ValueError, match="REFERENCE=paper: found no article of that group; expected one of g00, g01, g02"):
        comparison.differences(values, sample, default="news", reference="paper")


def test_instruments_that_contradict_one_another_rank_nobody():
    sample, values = twelve(groups=2)
    tone = pd.concat([values.assign(family="tone", variable="tone", coder=c, value=v) for c, v in (("news", values["value"]), ("vader", -values["value"]))])
    found = comparison.differences(tone, sample, default="news").set_index("coder")
    assert found.loc["news", "agreeing"] == 0 and found.loc["news", "claim"] == estimates.NO_RANKING and "do not agree" in found.loc["news", "because"]
    assert found.loc["vader", "claim"] == "not tested" and pd.isna(found.loc["vader", "p"])
    agreed = comparison.differences(tone.assign(value=tone["value"].abs() * np.sign(tone["value"]) * np.where(tone["coder"] == "vader", -1, 1)), sample, default="news")
    assert (agreed["agreeing"] == 1).all() and agreed.set_index("coder").loc["news", "claim"] == estimates.UNCORRECTED


def test_an_interval_without_zero_is_not_enough_where_regrouping_finds_it_by_chance():
    row = pd.Series({"family": "agency", "variable": "passives", "group": "A", "against": "the others", "n_articles": 20, "n_others": 20, "agreeing": np.nan, "low": 0.1, "high": 2.0, "tested": True})
    said = [comparison._claim(pd.concat([row, pd.Series({"p_holm": p})]), 0.95).words for p in (0.05, 0.06)]
    assert said == [estimates.UNCORRECTED, estimates.NO_RANKING]


def test_nothing_that_varies_and_nothing_known():
    sample, values = twelve(groups=2)
    still = comparison.differences(values.assign(value=1.0), sample, default="news").iloc[0]
    assert still["difference"] == 0 and pd.isna(still["low"]) and pd.isna(still["p_holm"])
    known = comparison.differences(values[values["article_id"] >= "0002"], sample, default="news").iloc[0]
    assert known["n_events"] == 19 and known["n_articles"] == 19, "an article without a value leaves its event"


def test_length_is_matched_for_the_two_sides_compared():
    sample = sampled(["e"] * 3, ["A", "B", "C"], words=[100, 250, 700])
    assert comparison.sides(sample, "A")["article_id"].tolist() == ["0000", "0001"] and comparison.sides(sample, "C")["article_id"].tolist() == ["0002", "0001"]
    assert comparison.sides(sample, "A", reference="C").empty and len(comparison.sides(sample, "A", events_matched=False)) == 3


def test_balance_is_taken_inside_events():
    both = sampled(["e", "e", "f", "f", "f"], list("ABAAB"), words=[500, 400, 300, 100, 150]).assign(mine=[True, False, True, True, False], date=pd.to_datetime(["2024-05-02", "2024-05-01", "2024-06-01", "2024-06-03", "2024-06-02"]))
    found, weights = comparison.balance(both).iloc[0], (1 / 2, 2 / 3)
    assert found["words_more"] == pytest.approx((weights[0] * 100 + weights[1] * 50) / sum(weights)) and found["days_later"] == pytest.approx(weights[0] * 1 / sum(weights))
    assert pd.isna(comparison.balance(both.assign(date=pd.NaT)).iloc[0]["days_later"])


# ---- specifications and time ----------------------------------------------------------------------------------------------------

def test_specifications_count_articles_events_and_sentences():
    sample = sampled(["e"] * 10 + ["f"] * 2, list("AAAAABBBBB") + ["A", "B"])
    cells = pd.DataFrame({"article_id": sample["article_id"], "instrument": "news", "value": [1.0] * 5 + [0] * 5 + [8, 0], "n_units": [1] * 10 + [4, 4]})
    found = comparison.specifications(cells, sample, "A", by=["instrument"]).query("articles == 'same events' and duplicates == 'once'").set_index("aggregation")["difference"]
    assert found["articles"] == pytest.approx((2.5 * 1 + 0.5 * 8) / 3) and found["events"] == pytest.approx((1 + 8) / 2) and found["sentences"] == pytest.approx((2.5 * 1 + 2 * 8) / 4.5)
    copied = sample.assign(copy_of=[None] * 9 + ["0000"] + [None] * 2, fate=["matched"] * 9 + [comparison.FATES[1]] + ["matched"] * 2)
    table = comparison.specifications(cells, copied, "A", by=["instrument"])
    assert table.groupby("duplicates")["n_others"].unique().map(list).to_dict() == {"each time": [6], "once": [5]}
    assert comparison.specifications(cells, sample[:8], "A", by=["instrument"]).empty, "three articles on a side are too few"


def test_how_many_share_the_sign():
    table = pd.DataFrame({"in_sd": [0.5, 0.2, -0.1, 0.0], "threshold": ["none", "none", "cut", "cut"]})
    assert comparison.sharing(table).iloc[0][["specifications", "above", "below", "share"]].tolist() == [4, 2, 1, 0.5]
    assert comparison.sharing(table, by=["threshold"]).set_index("threshold")["share"].to_dict() == {"none": 1.0, "cut": 0.5}


def test_thresholds_of_tone_and_frames():
    units = pd.DataFrame({"article_id": "a", "coder": "vader", "variable": "compound", "words": "all", "voice": "all", "value": [0.9, 0.07, 0.06, -0.06, 0.0]})
    found = comparison.tone_cells(units).set_index("threshold")["value"]
    assert found["none"] == pytest.approx(0.97 / 5) and found["cut"] == (3 - 1) / 5 and found["twice the cut"] == 1 / 5
    framed = comparison.frame_cells(pd.DataFrame({"article_id": "a", "variable": "conflict", "voice": "own", "value": [0, 1, 2, 3]})).set_index("threshold")["value"]
    assert framed["1"] == 3 / 4 and framed["2"] == 2 / 4


def test_change_over_time():
    sample = sampled(["e"] * 40, ["A"] * 20 + ["B"] * 20).assign(date=pd.to_datetime(["2024-01-01"] * 10 + ["2024-01-15"] * 10 + ["2024-01-01"] * 16 + ["2024-02-12"] * 4))
    generator = np.random.default_rng(6)
    values = valued(np.concatenate([[0.0] * 10, [4.0] * 10, generator.normal(size=20)]) + generator.normal(0, 1e-3, 40), variable="tone")
    means, slopes = comparison.over_time(values, sample)
    assert slopes.set_index("group").loc["A", "per_week"] == pytest.approx(2, abs=0.01) and (slopes["low"] < slopes["per_week"]).all()
    assert means.groupby("group").size().to_dict() == {"A": 2, "B": 1} and set(means["days"]) == {7}, "four articles are no period"
    unknown = comparison.over_time(values, sample.assign(group=estimates.NOT_KNOWN, fate="group not known"))
    assert unknown[0].empty and unknown[1].empty, "articles of no known group have no course"
    same_day = comparison.over_time(values, sample.assign(date=pd.Timestamp("2024-01-01")))
    assert same_day[1].empty and set(same_day[0]["days"]) == {1} and all(t.empty for t in comparison.over_time(values, sample.assign(date=pd.NaT)))


def test_figures_draw_the_numbers():
    numbers = pd.DataFrame({"value": [0.3, -0.2, 0.1], "voice": ["own", "all", "all"], "threshold": ["none", "cut", "none"]})
    upper, lower = figures.specification_curve(numbers, by=["voice", "threshold"]).axes
    strokes = lambda ax: sorted((round(low), x, high, line.get_color()) for line in ax.lines for (x, low), (_, high) in zip(line.get_xydata()[::3], line.get_xydata()[1::3]) if len(line.get_xydata()) % 3 == 0)
    orange, blue = "#D55E00", "#0072B2"
    assert [(x, high, colour) for _, x, high, colour in strokes(upper)] == [(0, -0.2, orange), (1, 0.1, blue), (2, 0.3, blue)] and len(lower.get_yticks()) == 4
    assert [(row, x, colour) for row, x, _, colour in strokes(lower)] == [(0, 0, orange), (0, 1, blue), (1, 2, blue), (2, 0, orange), (3, 1, blue), (3, 2, blue)], \
        "which specification made which choice, in the order of the differences; the colour is the sign's in both parts"
    for n in (1, 12):
        course = pd.DataFrame([(f"g{g}", pd.Timestamp("2024-01-01") + pd.Timedelta(days=7 * k), 7, k / 10, k / 10 - 0.1, k / 10 + 0.1) for g in range(n) for k in (0, 1, 3)], columns=["group", "start", "days", "estimate", "low", "high"])
        axes = [ax for ax in figures.over_time(course).axes if ax.get_visible()]
        assert len(axes) == n and [len(line.get_xdata()) for line in axes[0].lines if line.get_marker() == "o"] == [2, 1], "a week without articles is not bridged"


# ---- what was written down before -----------------------------------------------------------------------------------------------

def card():
    return re.sub(r"\s+", " ", (tables.ROOT / "data" / "README.md").read_text(encoding="utf-8"))


def test_the_expectations_are_those_of_the_data_card():
    expected = comparison.read_expected()
    assert [words for words in expected["card"] if words not in card()] == []
    bullets = card().split("Orderings to test, in one line each: ")[1].split("Weak spots")[0]
    for words in sorted(expected["card"].unique(), key=len, reverse=True):
        bullets = bullets.replace(words, "")
    assert re.findall(r"`\w+`", bullets) == ["`humanitarian`"] and "least surely in `humanitarian`" in bullets, f"every ordering of the card is in the file: {bullets}"
    styles = {p.name for p in (tables.ROOT / "data" / "retellings").iterdir()}
    sides = {re.sub(" (October|November)$", "", s.strip()) for order in expected["order"] for s in re.split("[<,]", order)}
    assert sides == styles | {"nothing"} and set(expected["of"]) == {"value", "abs"}


def test_an_order_holds_pair_by_pair():
    means = pd.DataFrame([("tone", s, v) for s, v in (("a", -0.5), ("b", -0.1), ("c", -0.2), ("d", 0.3))], columns=["variable", "side", "value"])
    said = pd.DataFrame([("x", "tone", "value", "a < b, c < d"), ("x", "tone", "value", "b < c < d"), ("x", "tone", "abs", "d < c"), ("x", "tone", "value", "d < a"), ("x", "pace", "value", "a < b")], columns=["card", "variable", "of", "order"])
    found = comparison.found_expected(said, means)
    assert found[["pairs", "held", "found"]].values.tolist() == [[5, 5, "yes"], [3, 2, "in part"], [1, 0, "no"], [1, 0, "no"], [1, 0, "not measured"]]
    assert found["measured"].iloc[0] == "a -0.50, c -0.20, b -0.10, d 0.30"
    lots = [dict(zip("abcd", p)) for p in itertools.permutations(range(4))]
    assert found["by_chance"].tolist() == [np.mean([p["a"] < min(p["b"], p["c"]) and max(p["b"], p["c"]) < p["d"] for p in lots]), np.mean([p["b"] < p["c"] < p["d"] for p in lots]), 0.5, 0.5, 0.5]
