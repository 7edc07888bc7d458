"""What sets two groups of articles apart: keyness of terms, with dispersion and a test that resamples articles; terms in context (KWIC)."""
import numpy as np
import pandas as pd

from analysis import lexicons
from analysis import tokens as tokens_room

PRIOR_WEIGHT = 1  # alpha_0 of `log_odds`, in words of both sides together: from 1/3 on, every occurrence that moves to the target raises z; with less, 20 : 0 may rank under 20 : 1
CELLS = 200_000  # numbers held at once for each step of the test (regroupings × terms): few enough to stay in a processor's cache


def counts(tokens, groups, *, by="token", fewest=5):
    """How often each term stands in each article: one row per article × term that stands in it (article_id, group, term, count).

    tokens: as in the codebook, all or some of them (the words of one voice); groups: article_id and group, the articles that are counted. by: the column
    of `tokens` that holds the terms. Terms are lower-cased with straight apostrophes (outlets print both kinds), words only; those that stand fewer than
    `fewest` times in all these articles are left out. Raises ValueError where an article stands in two groups.
    """
    known = groups.dropna(subset=["group"]).sort_values("article_id", ignore_index=True)
    twice = known["article_id"].duplicated()
    if twice.any():
        raise ValueError(f"groups, article_id: found “{known['article_id'][twice].iloc[0]}” twice; expected each article once, in one group.")
    article = pd.Index(known["article_id"]).get_indexer(tokens["article_id"])
    form, forms = pd.factorize(tokens[by])
    forms = pd.DataFrame({"token": pd.Series(forms, dtype="str")})  # what is asked of a word is asked once per distinct form
    number, terms = pd.factorize(forms["token"].map(lexicons.plain).where(tokens_room.is_word(forms)), sort=True)
    term = np.append(number, -1)[form]
    cell, count = np.unique((article * len(terms) + term)[(article >= 0) & (term >= 0)], return_counts=True)
    article, term = np.divmod(cell, max(len(terms), 1))
    kept = np.bincount(term, count, minlength=len(terms))[term] >= fewest
    article, term, count = article[kept], term[kept], count[kept]
    return known.loc[article, ["article_id", "group"]].reset_index(drop=True).assign(term=pd.Series(terms, dtype="str").to_numpy()[term], count=count)


def dispersion(table):
    """How unevenly each term is spread over the articles, DPnorm (Gries 2008; Lijffijt & Gries 2012), as a column with the terms as index.

    0: each article has the share of the term that it has of the words; higher: more clumped; 1: all in one article, the shortest. table: `counts` with
    fewest=1, so that all words are there. Rare terms cannot be spread: compare terms about equally frequent. Null where there is only one article.
    """
    size = table.groupby("article_id")["count"].sum()
    size = size / size.sum()
    share, expected = table["count"] / table.groupby("term")["count"].transform("sum"), table["article_id"].map(size)
    # articles without the term deviate by their whole size: together 1 less the sizes of those that have it
    return (1 + ((share - expected).abs() - expected).groupby(table["term"]).sum()) / 2 / (1 - size.min())


# ---- measures: a and b occurrences among n and m words; positive: more typical of the first side; exchanging the sides flips the sign exactly ----

@np.errstate(divide="ignore", invalid="ignore")
def log_odds(a, b, n, m, prior):
    """z of the weighted log-odds-ratio with informative Dirichlet prior (Monroe, Colaresi & Quinn 2008, eq. 16, 20, 22); prior: the terms' shares of its words."""
    alpha = PRIOR_WEIGHT * (n + m)
    a, b, n, m = a + alpha * prior, b + alpha * prior, n + alpha, m + alpha
    return (np.log(a / (n - a)) - np.log(b / (m - b))) / np.sqrt(1 / a + 1 / b)


@np.errstate(divide="ignore", invalid="ignore")
def log_likelihood(a, b, n, m, prior=None):
    """Signed G², 2 Σ O ln(O/E) over the four cells term or other × side (Dunning 1993; Rayson & Garside 2000 sum only the term's two); no prior."""
    cell = lambda found, expected: found * np.log(np.where(found > 0, found / expected, 1))  # an empty cell adds nothing
    term, other = (a + b) / (n + m), (n + m - a - b) / (n + m)
    return 2 * np.sign(a * m - b * n) * ((cell(a, n * term) + cell(b, m * term)) + (cell(n - a, n * other) + cell(m - b, m * other)))


MEASURES = {"log_odds": log_odds, "log_likelihood": log_likelihood}


def keyness(tokens, groups, target, *, reference=None, by="token", measure="log_odds", fewest=5, articles_from=2, draws=999, seed=20231026, prior=None):
    """Which terms set the articles of group `target` apart from those of `reference` (null: all others): one row per term, the most typical of the target first.

    count_*: occurrences in target and reference; per_thousand_*: of the side's words, rare ones included; articles_*: articles that have the term; dispersion_*: 0 even … 1
    clumped (`dispersion`), null where the term is absent; keyness: log_odds (z) or log_likelihood (G²); positive: more typical of the target, negative: of the reference, which
    exchanged flip every sign. Its size supposes that each word is drawn by itself, and no word is: a name told often in one article is one article's. Hence p (0…1), the
    share of regroupings of whole articles in which G² is as large, whatever the measure (Fisher 1935; articles are what is sampled: Lijffijt et al. 2016), and q, corrected for
    all terms tested (`corrected`). p is never below 1 / (draws + 1): with thousands of terms take more draws or raise articles_from.

    Terms in fewer than articles_from articles of both sides have null p and q: a term in one article is no finding. prior: term and count of another corpus (`counts`), whose
    shares are log_odds' prior, words it lacks counted once; null: both sides together. Articles without words take no part. Terms may differ by what is covered, not how.
    Raises ValueError for a measure or group there is not and for sides of fewer than two articles. For log_odds see Monroe, Colaresi & Quinn (2008), for G² Dunning (1993).
    """
    if measure not in MEASURES:
        raise ValueError(f"measure: found “{measure}”; expected one of {', '.join(MEASURES)}.")
    table = counts(tokens, _sides(groups, target, reference), by=by, fewest=1)
    sides = {"target": table[table["group"] == target], "reference": table[table["group"] != target]}
    for name, part in sides.items():
        if (n := part["article_id"].nunique()) < 2:
            raise ValueError(f"{name}: found {n} article{'s' * (n != 1)} with words; expected two or more. What one article contains is not yet typical of a group: compare larger groups.")
    every = table.groupby("term")["count"].sum()
    given = every if prior is None else prior.groupby("term")["count"].sum()
    given = given.reindex(given.index.union(every.index)).fillna(1)  # a share of 0 has no logarithm
    kept = every.index[every >= fewest]
    sums = {name: part.groupby("term")["count"].agg(["sum", "size"]).reindex(kept, fill_value=0) for name, part in sides.items()}
    n, m = (float(part["count"].sum()) for part in sides.values())
    a, b = (part["sum"].to_numpy("float64") for part in sums.values())
    found = pd.DataFrame({f"count_{name}": part["sum"] for name, part in sums.items()} | {"per_thousand_target": 1000 * a / n, "per_thousand_reference": 1000 * b / m}
                         | {f"articles_{name}": part["size"] for name, part in sums.items()} | {f"dispersion_{name}": dispersion(part).reindex(kept) for name, part in sides.items()}, index=kept)
    found["keyness"] = MEASURES[measure](a, b, n, m, (given / given.sum())[kept].to_numpy())
    tested = (found["articles_target"] + found["articles_reference"] >= articles_from).to_numpy()
    p = _permuted(table, pd.Series(log_likelihood(a, b, n, m), kept)[tested], min(n, m), draws, seed)
    found.loc[tested, "p"], found.loc[tested, "q"] = p, corrected(p)
    return found.rename_axis("term").reset_index().sort_values("keyness", ascending=False, kind="stable", ignore_index=True)


def _sides(groups, target, reference):
    """The rows of `groups` that are compared."""
    there = sorted(groups["group"].dropna().unique())
    for name, group in (("target", target), ("reference", reference)):
        if group not in there and (name, group) != ("reference", None):
            raise ValueError(f"{name}: found no article of the group “{group}”; expected one of {', '.join(map(str, there))}.")
    if target == reference:
        raise ValueError(f"reference: found “{target}”, the target itself; expected another group, or none for all other articles.")
    return groups if reference is None else groups[groups["group"].isin([target, reference])]


def _permuted(table, found, size, draws, seed):
    """p of each term of `found` (G²): (1 + regroupings of the articles in which it is as large) / (draws + 1); size: words of the smaller side.

    A side is drawn article by article until it has as many words, to half an article; with articles of one length that keeps their number. To keep the number, not the words,
    would test length, too: with 34 articles twice as long as 279 others, p was ≤ .05 for 13 to 24 % of rare terms that differed by chance alone; drawn like this, for 2 to 4 %.
    """
    article, term, count = pd.factorize(table["article_id"])[0], found.index.get_indexer(table["term"]), table["count"].to_numpy("float64")
    words = np.bincount(article, count)
    order = np.argsort(term, kind="stable")
    article, term, count = article[order], term[order], count[order]
    total, above = np.bincount(term[term >= 0], count[term >= 0], minlength=len(found)), np.ones(len(found))
    least = found.abs().to_numpy() - 1e-9  # what is equal counts as equal, whatever its last digit
    generator, step = np.random.default_rng([seed, len(words)]), max(1, min(1000, 100 * CELLS // len(words)))
    for at in range(0, draws, step):
        order = generator.random((min(step, draws - at), len(words))).argsort(axis=1)
        drawn = np.cumsum(words[order], axis=1) - words[order] / 2 <= size
        member = np.zeros(order.shape)
        np.put_along_axis(member, order, drawn, axis=1)
        n, width = (member @ words)[:, None], max(1, CELLS // len(order))
        for first in range(0, len(found), width):
            some, here = slice(first, first + width), slice(*np.searchsorted(term, [first, first + width]))
            dense = np.zeros((len(words), len(total[some])))
            dense[article[here], term[here] - first] = count[here]
            a = member @ dense
            above[some] += (np.abs(log_likelihood(a, total[some] - a, n, words.sum() - n)) >= least[some]).sum(axis=0)
    return above / (draws + 1)


def corrected(p):
    """q of several p: the share of false findings to expect among all terms with a p as small (Benjamini & Hochberg 1995); 0…1, in the order of p."""
    order = np.argsort(-p)
    q = np.empty(len(p))
    q[order] = np.minimum.accumulate(np.append(1, p[order] * len(p) / np.arange(len(p), 0, -1)))[1:]
    return q


def kwic(sentences, tokens, term, *, window=8, most=None):
    """Keyword in context: where a term stands, with up to `window` tokens on either side in its sentence (article_id, sentence_id, left, node, right, start, end).

    term: as in dictionaries (`lexicons`): one or several words, `*` for any ending, ` ... ` for up to four tokens between; another is a ValueError. left + node + right is the text
    exactly as printed, blanks included; start, end: of the node, as in the codebook. Only matches in `sentences`; most: that many, evenly spaced over them.
    """
    wanted = lexicons.plain(term)
    if not lexicons.is_term(wanted):
        raise ValueError(f"term: found “{term}”; expected words parted by blanks, `*` only behind a word's letters, ` ... ` only between words.")
    hits = lexicons.match(tokens, pd.DataFrame({"category": ["node"], "term": [lexicons.as_tokens(wanted)]}))
    keys = ["article_id", "sentence_id"]
    opens = np.flatnonzero(tokens[keys].ne(tokens[keys].shift()).any(axis=1))
    which = np.searchsorted(opens, hits["row"], side="right") - 1
    begin, end = opens[which], np.append(opens[1:], len(tokens))[which] - 1
    hits["from"] = tokens["start"].to_numpy()[np.maximum(hits["row"] - window, begin)]
    hits["to"] = tokens["end"].to_numpy()[np.minimum(hits["row"] + hits["n_tokens"] - 1 + window, end)]
    lines = hits.merge(sentences[[*keys, "start", "text"]].rename(columns={"start": "origin"}), on=keys, validate="m:1")
    if most is not None and most < len(lines):
        lines = lines.iloc[np.linspace(0, len(lines) - 1, most).round().astype(int)]
    cut = lambda a, b: [text[i:j] for text, i, j in zip(lines["text"], lines[a] - lines["origin"], lines[b] - lines["origin"])]
    lines = lines.assign(left=cut("from", "start"), node=cut("start", "end"), right=cut("end", "to"))
    return lines[[*keys, "left", "node", "right", "start", "end"]].reset_index(drop=True)
