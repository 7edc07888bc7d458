"""Keyness: the papers' formulas by hand and in plain Python, scipy and enumeration as oracles, and what chance alone gives by simulation."""
import itertools
import math

import numpy as np
import pandas as pd
import pytest
from conftest import articles_of

from analysis import keyness, lexicons, tokens


def corpus_of(**groups):
    """tokens and groups of some texts: corpus_of(x=["…", "…"], y=["…"])"""
    articles = articles_of(*(text for texts in groups.values() for text in texts))
    return tokens.split_tokens(tokens.split_sentences(articles)), articles[["article_id"]].assign(group=[group for group, texts in groups.items() for _ in texts])


def stream(*texts):
    """A table of tokens from words parted by blanks, articles 0, 1, 2 …; without the tokenizer, for large ones."""
    return pd.DataFrame([(str(i), 0, n, word) for i, text in enumerate(texts) for n, word in enumerate(text)], columns=["article_id", "sentence_id", "position", "token"])


def grouped(*names):
    return pd.DataFrame({"article_id": [str(i) for i in range(len(names))], "group": names})


def scores(*args, **options):
    return keyness.keyness(*args, **{"fewest": 1, "draws": 0} | options).set_index("term")


WAR = corpus_of(x=["War, war!", "War; peace."], y=["Peace? Peace.", "Peace, war."])  # war 3 : 1, peace 1 : 3, four words a side
STORY = corpus_of(x=["The army killed the rebels.", "Rebels killed! The army fled; the army lost."], y=["Talks began on Monday.", "The talks, the rebels said, failed."], z=["Nothing happened."])


def test_counts_are_of_words_in_lower_case_one_row_per_article_and_term():
    table = keyness.counts(*corpus_of(x=["War, war. It’s WAR!"], y=["It's peace."]), fewest=1)
    assert list(table.itertuples(index=False, name=None)) == [("a", "x", "'s", 1), ("a", "x", "it", 1), ("a", "x", "war", 3), ("b", "y", "'s", 1), ("b", "y", "it", 1), ("b", "y", "peace", 1)]


def test_rare_terms_and_articles_of_no_group_are_not_counted():
    split, groups = corpus_of(x=["War war war peace.", "War peace."], y=["War war."])
    assert keyness.counts(split, groups, fewest=3)["term"].unique().tolist() == ["war"]
    assert keyness.counts(split, groups[groups["group"] == "x"], fewest=1).groupby("term")["count"].sum().to_dict() == {"peace": 2, "war": 4}
    assert "war" not in keyness.counts(split, groups.assign(group=["x", None, None]), fewest=4)["term"].tolist()
    assert keyness.counts(split.assign(lemma=["be", None, *split["token"][2:]]), groups, by="lemma", fewest=1).groupby("term")["count"].sum().to_dict() == {"be": 1, "peace": 2, "war": 4}
    assert keyness.counts(split.head(0), groups).empty and keyness.counts(split, groups, by="pos", fewest=1)["term"].str.islower().all()


def test_log_odds_by_hand():
    """The prior is both sides together, 4 of 8 words: (3 + 4) / (12 - 7) against (1 + 4) / (12 - 5)."""
    z = (math.log(7 / 5) - math.log(5 / 7)) / math.sqrt(1 / 7 + 1 / 5)
    assert scores(*WAR, "x")["keyness"].to_dict() == pytest.approx({"war": z, "peace": -z}, abs=1e-12) and z == pytest.approx(1.149, abs=5e-4)


def zeta(term, target, reference, background, alpha_0):
    """Monroe, Colaresi & Quinn (2008) in plain Python: alpha_w (23), delta (16), its variance (20), zeta (22)."""
    alpha = alpha_0 * background[term] / sum(background.values())
    y_i, y_j, n_i, n_j = target.count(term), reference.count(term), len(target), len(reference)
    delta = math.log((y_i + alpha) / (n_i + alpha_0 - y_i - alpha)) - math.log((y_j + alpha) / (n_j + alpha_0 - y_j - alpha))
    return delta / math.sqrt(1 / (y_i + alpha) + 1 / (y_j + alpha))


@pytest.mark.parametrize("weight", [1, 0.3])
def test_log_odds_equal_the_papers_formula(weight, monkeypatch):
    monkeypatch.setattr(keyness, "PRIOR_WEIGHT", weight)
    generator = np.random.default_rng(1)
    texts = [generator.choice(list("abcdefgh"), size, p=np.arange(1, 9) / 36).tolist() for size in (30, 50, 20, 70)]
    target, reference = texts[0] + texts[1], texts[2] + texts[3]
    split, groups = stream(*texts), grouped("x", "x", "y", "y")
    together = {term: (target + reference).count(term) for term in set(target + reference)}
    elsewhere = {"a": 30, "b": 2, "c": 9, "other": 59}
    lacking = {term: 1 for term in set(together) - set(elsewhere)}
    for background, prior in ((together, None), (elsewhere | lacking, pd.DataFrame([("a", 10), ("a", 20), ("b", 2), ("c", 9), ("other", 59)], columns=["term", "count"]))):
        found = scores(split, groups, "x", prior=prior)["keyness"].to_dict()
        assert found == pytest.approx({term: zeta(term, target, reference, background, weight * 170) for term in together}, abs=1e-9)


def test_every_occurrence_more_on_one_side_raises_log_odds():
    """With a weaker prior it does not: 20 : 0 would rank under 20 : 1, since a count of 0 has so large a variance."""
    for n, m in ((500, 500), (100, 900), (900, 100)):
        a = np.arange(41.0)
        assert (np.diff(keyness.log_odds(a, 40 - a, n, m, 40 / 1000)) > 0).all()


def test_log_likelihood_equals_scipys():
    stats = pytest.importorskip("scipy.stats")
    found = scores(*STORY, "x", measure="log_likelihood")
    n, m = found["count_target"].sum(), found["count_reference"].sum()
    assert len(found) == 14 and (n, m) == (13, 12)
    for term, a, b, k in found[["count_target", "count_reference", "keyness"]].itertuples(name=None):
        assert abs(k) == pytest.approx(stats.chi2_contingency([[a, b], [n - a, m - b]], correction=False, lambda_="log-likelihood").statistic, abs=1e-9), term
        assert np.sign(k) == np.sign(a / n - b / m), term
    assert keyness.log_likelihood(2, 3, 10, 30) > 0 > keyness.log_likelihood(3, 2, 30, 10), "2 of 10 are more than 3 of 30"


@pytest.mark.parametrize("measure", ["log_odds", "log_likelihood"])
def test_exchanging_the_groups_flips_the_sign_and_nothing_else(measure):
    there, back = (scores(*STORY, target, reference=reference, measure=measure, draws=99) for target, reference in ("xy", "yx"))
    back.columns = back.columns.map(lambda c: c.replace("target", "?").replace("reference", "target").replace("?", "reference"))
    back = back.loc[there.index, there.columns]
    pd.testing.assert_frame_equal(there, back.assign(keyness=-back["keyness"]), check_exact=True)


def test_what_is_typical_of_the_target_comes_first_and_counts_stand_beside_it():
    found = scores(*STORY, "x")
    assert found.index[0] == "army" and found.index[-1] == "talks" and found["keyness"].is_monotonic_decreasing
    assert found.loc["rebels", ["count_target", "count_reference", "articles_target", "articles_reference"]].tolist() == [2, 1, 2, 1]
    assert found.loc["army", "per_thousand_target"] == 1000 * 3 / 13 and found.loc["talks", "per_thousand_reference"] == 1000 * 2 / 12
    assert "nothing" not in scores(*STORY, "x", reference="y").index and scores(*STORY, "x", reference="y").loc["talks", "per_thousand_reference"] == 1000 * 2 / 10
    assert scores(*STORY, "x", fewest=3).index.tolist() == ["army", "the", "rebels"] and scores(*STORY, "x", fewest=3).loc["army", "per_thousand_target"] == 1000 * 3 / 13


def test_dispersion_of_the_published_example():
    """Gries (2008): five parts of 9, 10, 10, 10 and 11 of 50 words; `a` stands 1, 2, 3, 4 and 5 times in them. DP .18; normalised (Lijffijt & Gries 2012) .18 / (1 - 9/50)."""
    parts = ["b a m n i b e u p", "b a s a t b e w q n", "b c a g a b e s t a", "b a g h a b e a a t", "b a h a a b e a x a t"]
    found = keyness.dispersion(keyness.counts(stream(*map(str.split, parts)), grouped(*"xxxxx"), fewest=1))
    assert found["a"] == pytest.approx(sum(abs(v / 15 - s / 50) for v, s in zip([1, 2, 3, 4, 5], [9, 10, 10, 10, 11])) / 2 / (1 - 9 / 50)) == pytest.approx(0.18 / 0.82)
    assert found["p"] == pytest.approx(1), "all in the shortest part"
    assert found["x"] == pytest.approx((1 - 11 / 50) / (1 - 9 / 50)), "all in the longest"


def test_dispersion_is_0_where_even_and_null_where_absent():
    found = scores(stream("a b".split(), "a b a b".split(), "a c".split(), "a c".split()), grouped("x", "x", "y", "y"), "x")
    assert found.loc["b", "dispersion_target"] == pytest.approx(0) and np.isnan(found.loc["b", "dispersion_reference"])


def test_p_is_the_share_of_regroupings_of_the_articles():
    texts = ["war war war no", "war war no no", "war no no no", "war no no no", "no no no no", "no no war no", "no no no no"]  # of equal length: 35 regroupings of 3 and 4
    count = np.array([text.split().count("war") for text in texts])
    g2 = [abs(keyness.log_likelihood(count[list(three)].sum(), count.sum() - count[list(three)].sum(), 12, 16)) for three in itertools.combinations(range(7), 3)]
    found = scores(stream(*map(str.split, texts)), grouped(*"xxxyyyy"), "x", draws=9999)
    share = np.mean(np.array(g2) >= g2[0] - 1e-9)
    assert share == 3 / 35, "of 8, x has 6, as it is and with either of two articles in place of its third; more have none, and the fewest, 1 of 8, is nearer to what is expected"
    assert found.loc["war", "p"] == pytest.approx(share, abs=4 * math.sqrt(share * (1 - share) / 9999))


def test_p_is_never_0():
    found = scores(stream(*[["war", "no"]] * 15, *[["no", "no"]] * 15), grouped(*"x" * 15, *"y" * 15), "x", draws=99)
    assert found.loc["war", "p"] == 1 / (99 + 1)


def test_a_side_as_large_in_words_is_drawn():
    """Two long articles against six short ones: to draw six of eight would draw one of the long ones at least, nearly always both and so more words than the six have."""
    texts = [["no"] * 70] * 2 + [["no"] * 19 + ["war"]] * 6
    found = scores(stream(*texts), grouped(*"xxyyyyyy"), "x", draws=4999)
    # each of the 28 orders of long and short articles is cut where 120 words have come, the last article taken if more than half of it fits
    extreme = []
    for longs in itertools.combinations(range(8), 2):
        words = np.array([70 if i in longs else 20 for i in range(8)])
        drawn = np.cumsum(words) - words / 2 <= 120
        n, a = words[drawn].sum(), (words[drawn] == 20).sum()
        extreme.append(abs(keyness.log_likelihood(a, 6 - a, n, 260 - n)) >= abs(keyness.log_likelihood(0, 6, 140, 120)) - 1e-9)
    assert found.loc["war", "p"] == pytest.approx(sum(extreme) / 28, abs=0.015) and sum(extreme) == 2, "both long ones first, or all short ones first"


def test_p_depends_on_neither_measure_nor_order_nor_size_of_chunks(monkeypatch):
    split, groups = STORY
    first = scores(split, groups, "x", draws=199)
    assert scores(split, groups, "x", draws=199, measure="log_likelihood")["p"][first.index].equals(first["p"])
    pd.testing.assert_frame_equal(scores(split.sample(frac=1, random_state=1), groups[::-1], "x", draws=199), first)
    monkeypatch.setattr(keyness, "CELLS", 3)
    pd.testing.assert_frame_equal(scores(split, groups, "x", draws=199), first)


def test_a_term_in_one_article_is_no_finding():
    split, groups = corpus_of(x=["Lavrov Lavrov Lavrov Lavrov Lavrov spoke.", "They spoke."], y=["They met.", "They met."])
    found = scores(split, groups, "x", draws=99)
    assert found.index[0] == "lavrov" and found.loc["lavrov", ["p", "q"]].isna().all() and found.loc["spoke", ["p", "q"]].notna().all()
    assert scores(split, groups, "x", draws=99, articles_from=1)["p"].notna().all() and scores(split, groups, "x", draws=99, articles_from=4)[["p", "q"]].isna().all(axis=None)


def test_q_equals_scipys():
    stats = pytest.importorskip("scipy.stats")
    for p in (np.random.default_rng(0).random(200) ** 3, np.array([0.01, 0.01, 0.5, 1, 0.04]), np.array([])):
        assert keyness.corrected(p) == pytest.approx(stats.false_discovery_control(p) if len(p) else p, abs=1e-12)
    tested = (found := scores(*STORY, "x", draws=99))["p"].notna()
    assert found.loc[tested, "q"].to_numpy() == pytest.approx(stats.false_discovery_control(found.loc[tested, "p"]), abs=1e-12) and 0 < tested.sum() < len(found)


def by_chance(seed, sizes, means, *, clumped):
    """Articles of some sizes in words, and terms that stand `means` times in all, at the same rate everywhere; clumped: in few articles, often (gamma-Poisson)."""
    generator = np.random.default_rng(seed)
    mean = sizes[:, None] / sizes.sum() * means
    count = generator.poisson(mean * generator.gamma(1 / 5, 5, mean.shape) if clumped else mean)
    texts = [[f"t{t}" for t, n in enumerate(row) for _ in range(n)] for row in count]
    return stream(*(text + ["rest"] * int(max(size - len(text), 1)) for text, size in zip(texts, sizes)))


@pytest.mark.parametrize("clumped", [False, True])
def test_where_groups_are_random_one_term_in_twenty_has_a_p_up_to_one_in_twenty(clumped):
    chi2 = pytest.importorskip("scipy.stats").chi2
    groups = grouped(*["x"] * 20 + ["y"] * 30)
    found = pd.concat([scores(by_chance(seed, np.random.default_rng(seed).integers(150, 450, 50), np.full(150, 40), clumped=clumped), groups, "x", measure="log_likelihood", draws=199) for seed in range(4)])
    found = found.drop("rest")
    by_articles, by_words = (found["p"] <= 0.05).mean(), (chi2.sf(found["keyness"].abs(), 1) <= 0.05).mean()
    print(f"clumped={clumped}: p ≤ .05 in {by_articles:.3f} of {len(found)} terms by regrouping, {by_words:.3f} by chi-square")
    assert 0.03 <= by_articles <= 0.07
    assert by_words > 0.25 if clumped else by_words < 0.08


def test_longer_articles_on_one_side_are_no_finding():
    """Rare terms that a few long articles lack by chance; with regroupings that keep the number of articles instead of words, p ≤ .05 came up for one in six."""
    sizes = np.repeat([300, 150], [12, 100])
    found = scores(by_chance(3, sizes, np.full(600, 8), clumped=False), grouped(*["x"] * 12 + ["y"] * 100), "x", draws=199).drop("rest")
    assert (found["p"] <= 0.05).mean() <= 0.07


@pytest.mark.parametrize("options, message", [
    ({"target": "w"}, "target: found no article of the group “w”; expected one of x, y, z"),
    ({"reference": "w"}, "reference: found no article of the group “w”; expected one of x, y, z"),
    ({"reference": "x"}, "reference: found “x”, the target itself; expected another group, or none for all other articles"),
    ({"measure": "chi2"}, "measure: found “chi2”; expected one of log_odds, log_likelihood"),
    ({"target": "z"}, "target: found 1 article with words; expected two or more"),
    ({"reference": "z"}, "reference: found 1 article with words; expected two or more"),
])
def test_what_cannot_be_compared_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        keyness.keyness(*STORY, **{"target": "x"} | options)


def test_articles_without_words_take_no_part_and_none_stands_in_two_groups():
    split, groups = corpus_of(x=["War.", "- ?"], y=["Peace.", "Peace."])
    with pytest.raises(ValueError, match="target: found 1 article with words"):
        keyness.keyness(split, groups, "x")
    with pytest.raises(ValueError, match="groups, article_id: found “a” twice; expected each article once"):
        keyness.counts(split, pd.concat([groups, groups.head(1)]))


# ---- keyword in context -----------------------------------------------------------------------------------------------------------

LINES = articles_of("The air strikes — heavy air and missile strikes — hit Idlib. “Strikes?” he asked.", "They don’t strike.", title=["Strikes again", None])


def shown(term, **options):
    sentences = tokens.split_sentences(LINES)
    return [row[2:5] for row in keyness.kwic(sentences, tokens.split_tokens(sentences), term, **options).itertuples(index=False, name=None)]


def test_lines_are_cut_at_tokens_within_the_sentence_as_printed():
    assert shown("strikes", window=2) == [("", "Strikes", " again"), ("The air ", "strikes", " — heavy"), ("and missile ", "strikes", " — hit"), ("“", "Strikes", "?”")]
    assert shown("strikes", window=0)[1] == ("", "strikes", "") and shown("idlib") == [("— heavy air and missile strikes — hit ", "Idlib", ".")]


def test_terms_are_those_of_dictionaries():
    assert [node for _, node, _ in shown("strike*")] == ["Strikes", "strikes", "strikes", "Strikes", "strike"]
    assert [node for _, node, _ in shown("Air ... strike*")] == ["air strikes", "air and missile strikes"]
    assert shown("don't", window=1) == shown("don’t", window=1) == [("They ", "don’t", " strike")] and shown("absent") == []


def test_left_node_and_right_are_one_stretch_of_the_text_and_offsets_are_the_nodes():
    sentences = tokens.split_sentences(LINES)
    lines = keyness.kwic(sentences, tokens.split_tokens(sentences), "strike*", window=3).merge(sentences, on=["article_id", "sentence_id"], suffixes=("", "_sentence"))
    whole = LINES.set_index("article_id")
    for line in lines.itertuples():
        text = whole.at[line.article_id, "title" if line.part == "title" else "text"]
        assert text[line.start:line.end] == line.node and text[line.start - len(line.left):line.end + len(line.right)] == line.left + line.node + line.right and line.left + line.node + line.right in line.text


def test_at_most_so_many_lines_evenly_over_the_corpus():
    assert shown("strike*", most=3) == [shown("strike*")[i] for i in (0, 2, 4)] and shown("strike*", most=99) == shown("strike*") and shown("absent", most=2) == []
    sentences = tokens.split_sentences(LINES)
    assert len(keyness.kwic(sentences[sentences["part"] == "title"], tokens.split_tokens(sentences), "strike*")) == 1


@pytest.mark.parametrize("term", ["", "*", "st*ke", "... strikes", "air ..."])
def test_what_is_no_term_is_refused(term):
    sentences = tokens.split_sentences(LINES)
    with pytest.raises(ValueError, match="expected words parted by blanks, `\\*` only behind a word's letters"):
        keyness.kwic(sentences, tokens.split_tokens(sentences), term)


def test_every_term_counted_is_found_again():
    split, groups = corpus_of(x=["It’s the U.S. army’s state-of-the-art 1,000th tank; they don’t can’t."])
    for term, count in keyness.counts(split, groups, fewest=1)[["term", "count"]].itertuples(index=False):
        assert len(lexicons.match(split, pd.DataFrame({"category": ["node"], "term": [lexicons.as_tokens(term)]}))) == count, term
