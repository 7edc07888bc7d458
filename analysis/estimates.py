"""Means by group with intervals that resample articles, and what a result may be called. Machine codes alone: uncorrected, and said to be so."""
import re
from typing import NamedTuple

import numpy as np
import pandas as pd

from analysis import tables

UNCORRECTED = "uncorrected: not an estimate"  # the claim of every machine-coded share that no hand coding stands beside
NOT_KNOWN = "not known"  # the group of articles without a value; never ranked
RANKED_FROM = 15  # articles a group needs to be ranked; smaller groups are listed
INTERVAL_FROM = 5  # articles a mean needs for an interval to be shown


def interval(x, *, level=0.95, draws=2000, seed=20231026):
    """Percentile bootstrap of the mean (Efron 1979), deviations widened by √(n/(n-1)), since resampling n values understates their spread.

    Coverage of the 95 % interval in simulation: normal values .93 at n = 15 and .95 at n = 40; exponential values .90 and .92.
    """
    x = np.asarray(x, dtype="float64")
    n, mean = len(x), np.mean(x)
    if x.min() == x.max():
        return None, None  # n equal values show no spread, which is not a spread of zero
    resampled = x[np.random.default_rng([seed, n]).integers(0, n, (draws, n))].mean(axis=1) - mean
    return tuple(np.clip(mean + np.quantile(resampled, [(1 - level) / 2, (1 + level) / 2]) * np.sqrt(n / (n - 1)), x.min(), x.max()))


def group_means(values, groups, *, by=("variable",), level=0.95):
    """Mean of article values by group, each article counting once, with an interval by bootstrap over articles (`interval`).

    values: article_id, value and the columns `by`; groups: article_id and group. Returns one row per group × `by`: estimate, low, high
    (null under 5 articles, or where all are equal), n_articles, ranked (at least 15 articles, and a known group), claim.
    """
    joined = values.merge(groups[["article_id", "group"]], on="article_id", validate="m:1").dropna(subset=["value"])
    rows = []
    for key, part in joined.groupby(["group", *by], sort=True):
        n = len(part)
        low, high = interval(part["value"], level=level) if n >= INTERVAL_FROM else (None, None)
        rows.append((*key, part["value"].mean(), low, high, n, n >= RANKED_FROM and key[0] != NOT_KNOWN, UNCORRECTED))
    return pd.DataFrame(rows, columns=["group", *by, "estimate", "low", "high", "n_articles", "ranked", "claim"]).astype({"estimate": "float64", "low": "float64", "high": "float64", "n_articles": "int64", "ranked": "bool"})


def extremes(values, groups, *, by=("variable",), level=0.95):
    """The lowest and the highest ranked group of each measure, and whether they are apart (one row per `by`: lowest, low_estimate, highest,
    high_estimate, apart: the pairs of groups that are).

    Pairs are picked by looking, so the intervals are widened for every group and measure looked at (Bonferroni): two groups are apart only
    where these do not overlap. Nothing is returned for a measure with fewer than two ranked groups.
    """
    plain = group_means(values, groups, by=by)
    looked = plain[plain["ranked"]].groupby(list(by)).size()
    looked = looked[looked > 1]
    if looked.empty:
        return pd.DataFrame(columns=[*by, "lowest", "low_estimate", "highest", "high_estimate", "apart"])
    wide = group_means(values, groups, by=by, level=1 - (1 - level) / looked.sum())
    rows = []
    for key, part in wide[wide["ranked"]].groupby(list(by)):
        if len(part) > 1:
            part = part.sort_values(["estimate", "group"])
            first, last = part.iloc[0], part.iloc[-1]
            pairs = [f"{a.group} below {b.group}" for a in part.itertuples() for b in part.itertuples() if a.high < b.low]
            rows.append((*key, first["group"], first["estimate"], last["group"], last["estimate"], "; ".join(pairs)))
    return pd.DataFrame(rows, columns=[*by, "lowest", "low_estimate", "highest", "high_estimate", "apart"])


def difference(x, y, *, level=0.95, draws=9999, seed=20231026):
    """(mean of x minus mean of y, low, high): bootstrap-t over the articles of both sides (Efron & Tibshirani 1993, ch. 12), each difference divided by its own
    standard error, so that skewed values and far tails are met. Ends null where a side has no spread."""
    x, y = np.asarray(x, dtype="float64"), np.asarray(y, dtype="float64")
    found = x.mean() - y.mean()
    if min(x.std(), y.std()) == 0:
        return found, None, None
    generator = np.random.default_rng([seed, len(x), len(y)])
    error = np.sqrt(x.var(ddof=1) / len(x) + y.var(ddof=1) / len(y))
    sampled = lambda values: (values[generator.integers(0, len(values), (min(1000, draws - at), len(values)))] for at in range(0, draws, 1000))
    means, variances = zip(*(np.concatenate([(some.mean(axis=1), some.var(axis=1, ddof=1)) for some in sampled(values)], axis=1) for values in (x, y)))
    with np.errstate(divide="ignore", invalid="ignore"):
        t = (means[0] - means[1] - found) / np.sqrt(variances[0] / len(x) + variances[1] / len(y))
    low, high = np.quantile(t[np.isfinite(t)], [(1 - level) / 2, (1 + level) / 2])
    return found, found - high * error, found - low * error


def permuted(x, y, *, draws=9999, seed=20231026):
    """p of a difference of means where the articles of both sides are exchangeable (Fisher 1935): the share of regroupings in which it is as large."""
    x, y = np.asarray(x, dtype="float64"), np.asarray(y, dtype="float64")
    whole, found = np.concatenate([x, y]), abs(x.mean() - y.mean())
    generator, n, above = np.random.default_rng([seed, len(x), len(y)]), len(x), 1
    for at in range(0, draws, 1000):
        drawn = generator.random((min(1000, draws - at), len(whole))).argpartition(n - 1, axis=1)[:, :n]
        sums = whole[drawn].sum(axis=1)
        above += int((np.abs(sums / n - (whole.sum() - sums) / len(y)) >= found - 1e-12).sum())
    return above / (draws + 1)


def robust_differences(values, groups, *, default, level=0.95):
    """Each ranked group against all other articles, by every instrument (one row per group: `difference_<coder>` …, low and high of the default's,
    n_articles, p, robust).

    values: article_id, coder, value, each instrument once per article. *robust*: every instrument gives the difference the same sign, and the
    default's interval, widened for all groups looked at (Bonferroni), excludes zero, and so does a permutation of the articles (p at most .05 divided by
    the number of groups; bootstrap intervals of skewed values are too narrow in the tails). Zeros of instruments do not compare; signs of differences do.
    """
    joined = values.merge(groups[["article_id", "group"]], on="article_id", validate="m:1").dropna(subset=["value"])
    coders = [default, *sorted(set(joined["coder"]) - {default})]
    sizes = joined[joined["coder"] == default].groupby("group").size()
    ranked = [g for g, n in sizes.items() if n >= RANKED_FROM and g != NOT_KNOWN and n < sizes.sum() - 1] if len(sizes) > 1 else []
    rows = []
    for group in ranked:
        sides = {coder: (part.loc[part["group"] == group, "value"], part.loc[part["group"] != group, "value"]) for coder, part in joined.groupby("coder")}
        found, low, high = difference(*sides[default], level=1 - (1 - level) / len(ranked))
        each = {coder: found if coder == default else sides[coder][0].mean() - sides[coder][1].mean() for coder in coders}
        same = len({np.sign(v) for v in each.values()}) == 1
        rows.append({"group": group} | {f"difference_{coder}": v for coder, v in each.items()} | {"low": low, "high": high, "n_articles": int(sizes[group]), "p": (p := permuted(*sides[default])),
                     "robust": bool(same and low is not None and (low > 0 or high < 0) and p <= (1 - level) / len(ranked))})
    return pd.DataFrame(rows, columns=["group", *(f"difference_{c}" for c in coders), "low", "high", "n_articles", "p", "robust"])


def groups_of(articles, column="outlet", *, alone="this article"):
    """article_id and group of the articles that count: duplicates and articles not in English are left out.

    Articles without a value are grouped as “not known”, or, where no article has one, as “all articles” (or `alone`, if there is one).
    """
    counted = articles[articles["duplicate_of"].isna() & (articles["language"].isna() | (articles["language"] == "en"))]
    own = "meta_" + re.sub(r"[\s-]+", "_", column.strip().lower())
    column = column if column in counted or own not in counted else own
    if column not in counted:
        raise ValueError(f"GROUP={column}: the articles have no such column; expected one of {', '.join(c.removeprefix('meta_') for c in counted if c not in ('text', 'title'))}.")
    if counted.empty:
        raise tables.TableError("No article counts: all are marked as repetitions or as not in English, and only originals in English are scored.")
    nothing = NOT_KNOWN if counted[column].notna().any() else alone if len(counted) == 1 else "all articles"
    return pd.DataFrame({"article_id": counted["article_id"], "group": counted[column].astype("str").where(counted[column].notna(), nothing)})


def in_order(means):
    """Groups in the order figures show them: those that may be ranked by number of articles, then the listed ones by name."""
    sizes = means.groupby("group")["n_articles"].max()
    ranked = sizes[(sizes >= RANKED_FROM) & (sizes.index != NOT_KNOWN)].sort_index().sort_values(ascending=False, kind="stable")
    return [*ranked.index, *sorted(set(sizes.index) - set(ranked.index))]


# ---- what a result may be called ------------------------------------------------------------------------------------------------

CONTAINS, DIFFER, SHARE, NO_RANKING = "this text contains {what}", "these texts differ", "a {measure} of {what} of {interval}", "no ranking is supported"
COUNTS, FITS, NOT_RELIABLE = "counts of these texts: not an estimate", "a fit on these units", "not an estimate"
MORE = "coverage by {more} has more {what} than by {less} ({interval})"
COUNTED, FIT = "counted", "fit"  # what needs no coder (words, sentences, dates); what tells of coders, not of coverage
ANY = None  # a condition that need not be looked at
# Read from above; the first row that fits decides. groups: one, or more; articles: of the smallest group, from … to; reliable: the tier of the hand codes
# (agreement.tier); sure: the interval of the difference is without zero (of one group: there is an interval).
CLAIMS = [
    # groups, articles,                 matched, coded,   reliable,    agreeing, sure,  claim,       because
    (ANY,     ANY,                      ANY,     FIT,     ANY,         ANY,      ANY,   FITS,        "how well the coders do on other texts is not known from it"),
    (1,       (1, 1),                   ANY,     ANY,     ANY,         ANY,      ANY,   CONTAINS,    "one article is no sample of anything"),
    (1,       ANY,                      ANY,     COUNTED, ANY,         ANY,      ANY,   COUNTS,      "what other articles are like is not known from it"),
    (1,       ANY,                      ANY,     False,   ANY,         ANY,      ANY,   UNCORRECTED, "no hand coding corrects the machine's codes here"),
    (1,       ANY,                      ANY,     True,    "rely",      ANY,      True,  SHARE,       "hand-coded, reliably"),
    (1,       ANY,                      ANY,     True,    "tentative", ANY,      True,  SHARE,       "tentative: alpha is below .800"),
    (1,       ANY,                      ANY,     True,    ANY,         ANY,      False, NOT_RELIABLE, "too few articles are coded for an interval"),
    (1,       ANY,                      ANY,     True,    ANY,         ANY,      True,  NOT_RELIABLE, "the hand codes are not known to be reliable: alpha under .667, or none"),
    (2,       ANY,                      ANY,     COUNTED, ANY,         ANY,      ANY,   DIFFER,      "counts of these texts, and of no others"),
    (2,       (1, RANKED_FROM - 1),     ANY,     ANY,     ANY,         False,    ANY,   NO_RANKING,  "the instruments do not agree on which has more"),
    (2,       (1, RANKED_FROM - 1),     ANY,     ANY,     ANY,         ANY,      ANY,   DIFFER,      f"a group has fewer than {RANKED_FROM} articles"),
    (2,       ANY,                      False,   ANY,     ANY,         ANY,      ANY,   NO_RANKING,  "they are not matched and may have covered different things"),
    (2,       ANY,                      True,    ANY,     ANY,         ANY,      False, NO_RANKING,  "the interval of the difference holds zero, or there is none"),
    (2,       ANY,                      True,    ANY,     ANY,         False,    True,  NO_RANKING,  "the instruments do not agree on which has more"),
    (2,       ANY,                      True,    False,   ANY,         ANY,      True,  UNCORRECTED, "no hand coding corrects the machine's codes here"),
    (2,       ANY,                      True,    True,    "rely",      ANY,      True,  MORE,        "matched, hand-coded reliably, the interval without zero"),
    (2,       ANY,                      True,    True,    "tentative", ANY,      True,  MORE,        "tentative: alpha is below .800"),
    (2,       ANY,                      True,    True,    ANY,         ANY,      True,  NO_RANKING,  "the hand codes are not known to be reliable: alpha under .667, or none"),
]


class Claim(NamedTuple):
    """What a result may be called, and why nothing more."""
    words: str
    because: str

    def __str__(self):
        return f"{self.words} ({self.because})"


def claim(*, articles, matched=False, coded=False, reliable="not known", agreeing=None, interval=None, what="of this", measure="share", more="A", less="B", show="{:.0%} to {:.0%}"):
    """The strongest thing that may be said of a result (table `CLAIMS`).

    articles: a number (one share), or one per group (a comparison; the smallest counts). matched: the groups covered the same events in the same days. coded: hand codes correct
    the machine's (or `COUNTED`, `FIT`: no machine code is in it, or nothing but how well machines do). reliable: the tier of their alpha. agreeing: whether every instrument gives the difference the same sign; null: there is but one. interval: (low, high) of
    the share (or other `measure`), or of the difference *more* minus *less* after correction; below zero, the two change places.
    """
    sizes = [int(articles)] if np.isscalar(articles) else [int(n) for n in articles]
    if not sizes or min(sizes) < 1:
        raise ValueError(f"Claim: {articles!r} articles; a claim needs at least one article in every group.")
    if reliable not in ("rely", "tentative", "do not use", "not known"):
        raise ValueError(f"Claim: reliable={reliable!r}; expected rely, tentative, do not use or not known (agreement.tier).")
    known = interval is not None and not any(pd.isna(end) for end in interval)
    low, high = interval if known else (None, None)
    apart = known and (low > 0 or high < 0)
    if len(sizes) > 1 and apart and high < 0:
        more, less, low, high = less, more, -high, -low
    facts = (bool(matched), coded if coded in (COUNTED, FIT) else bool(coded), reliable, agreeing if agreeing is None else bool(agreeing), apart if len(sizes) > 1 else known)
    for groups, span, *conditions, words, because in CLAIMS:
        if groups in (ANY, min(len(sizes), 2)) and (span is ANY or span[0] <= min(sizes) <= span[1]) and all(c is ANY or c == f for c, f in zip(conditions, facts)):
            return Claim(words.format(what=what, measure=measure, more=more, less=less, interval=show.format(low, high) if known else "no interval"), because)
    raise AssertionError("CLAIMS leaves a case open")  # a test walks through all of them


def gate(groups, what="this", *, compared=True, **facts):
    """What a figure or a sentence about these articles (article_id, group) may be called, in the words that end its caption: each value by itself and, where
    groups stand side by side (`compared`), their order. facts: as `claim` takes them."""
    sizes = groups.groupby("group").size()
    ranked = sizes[(sizes >= RANKED_FROM) & (sizes.index != NOT_KNOWN)]
    alone = claim(articles=len(groups), what=what, **facts)
    said = f"{str(alone)[0].upper()}{str(alone)[1:]}."
    if compared and len(sizes) > 1:
        between = claim(articles=list(ranked if len(ranked) > 1 else sizes), what=what, **facts)
        said += f" Between groups: {between}."
    return said
