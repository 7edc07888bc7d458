"""Shares and means corrected for the machine's errors: machine codes of all units, hand codes of a probability sample; intervals over articles.

A table `units` has a row per unit: article_id, machine (the coder's value, every unit), hand (the person's; null: not coded) and, where they
apply, group, inclusion (probability that the unit was drawn to be coded; without the column, or where all are equal: an equal-probability
sample), weight (what the unit counts for; 1 over the units of its article: every article counts the same), machine_voice, hand_voice.
Articles are taken as drawn from all that an outlet might have published, so an interval stands also where a corpus is complete.
"""
from functools import cache
from itertools import combinations
from math import cos, nan, pi, sin, sqrt, tan
from typing import NamedTuple

import numpy as np
import pandas as pd

from analysis.estimates import INTERVAL_FROM, claim
from analysis.tables import SCHEMAS

KINDS = ("machine", "hand", "corrected")
NOT_CODED = "no unit coded"
VOICE_NOT_VALIDATED = "voice not validated"
ENOUGH_ARTICLES, ENOUGH_UNITS, RARE = 40, 100, 0.15  # below these, intervals cover less than they say (simulation: `simulated`)


class Found(NamedTuple):
    """An estimate, its influence scores summed by article (one place per article of the table), and what it rests on."""
    estimate: float
    totals: np.ndarray  # with the factor √(m/(m-1)) of a small number m of articles
    n_clusters: int  # m: the coded articles, for the machine alone all
    n_articles: int
    n_units: int
    n_coded: int

    @property
    def error(self):
        """Standard error, cluster-robust over articles; null under two articles or where nothing varies."""
        square = float(self.totals @ self.totals)
        return sqrt(square) if self.n_clusters > 1 and square > 1e-24 else nan


# ---- estimators, on arrays ------------------------------------------------------------------------------------------------------

def ppi_mean(machine, hand, tuning=None):
    """(estimate, influence score of every unit, tuning) of a mean by PPI++, for coded units drawn with equal probabilities.

    hand: null where not coded. The machine's mean of the uncoded units, times `tuning`, plus the coded units' mean of (hand − tuning × machine).
    `tuning` (0: hand coding alone, 1: full use of the machine) is Angelopoulos, Duchi & Zrnic's (2023) plug-in; equal to ppi-python in the tests.
    """
    coded = ~np.isnan(hand)
    n, rest = coded.sum(), (~coded).sum()
    y, f, g = hand[coded], machine[coded], machine[~coded]
    if tuning is None:
        spread = machine.var(ddof=1) if rest and len(machine) > 1 else 0
        tuning = float(np.clip((y * f).mean() - y.mean() * f.mean(), 0, None) / (1 + n / rest) / spread) if spread > 0 else 0.0
        tuning = min(tuning, 1.0)
    elsewhere = g.mean() if rest else 0.0
    left = y - tuning * f
    scores = np.empty(len(machine))
    scores[coded], scores[~coded] = (left - left.mean()) / n, tuning * (g - elsewhere) / max(rest, 1)
    return float(tuning * elsewhere + left.mean()), scores, tuning


def design_mean(machine, hand, inclusion, weight, article):
    """(estimate, influence scores, tuning) of a mean where units were drawn with unequal probabilities (DSL, Egami et al. 2023, Hájek-normalised).

    The weighted mean of hand codes (each by weight/inclusion) plus `tuning` times what the machine says of all units less what it says of the coded ones;
    `tuning` (0 … 1) makes the sum of squared article totals least.
    """
    coded = ~np.isnan(hand)
    w = np.where(coded, weight / inclusion, 0)
    w, a, y = w / w.sum(), weight / weight.sum(), np.where(coded, hand, 0)
    there, here, everywhere = w @ y, w @ machine, a @ machine
    ours, theirs = w * (y - there), a * (machine - everywhere) - w * (machine - here)
    sums = np.bincount(article, ours), np.bincount(article, theirs)
    square = sums[1] @ sums[1]
    tuning = float(np.clip(-(sums[0] @ sums[1]) / square, 0, 1)) if square > 1e-24 else 0.0
    return float(there + tuning * (everywhere - here)), ours + tuning * theirs, tuning


def three(machine, hand, inclusion, weight, article, size):
    """Machine alone, hand coding alone and corrected: {kind: Found}; without coded units the machine alone."""
    coded = ~np.isnan(hand)
    a = weight / weight.sum()
    n_all, n_coded, both = len(np.unique(article)), len(np.unique(article[coded])), int(coded.sum())
    by_article = lambda where, scores, m: np.bincount(where, scores, size) * sqrt(m / (m - 1) if m > 1 else 1)
    alone = float(a @ machine)
    found = {"machine": Found(alone, by_article(article, a * (machine - alone), n_all), n_all, n_all, len(machine), both)}
    if not both:
        return found
    w = weight[coded] / inclusion[coded]
    people = float(w @ hand[coded] / w.sum())
    found["hand"] = Found(people, by_article(article[coded], w * (hand[coded] - people) / w.sum(), n_coded), n_coded, n_coded, both, both)
    equal = np.ptp(weight) < 1e-12 and np.ptp(w) < 1e-9 * w[0]
    estimate, scores, _ = ppi_mean(machine, hand) if equal else design_mean(machine, hand, inclusion, weight, article)
    return found | {"corrected": Found(estimate, by_article(article, scores, n_coded), n_coded, n_all, len(machine), both)}


def minus(one, other):
    """The difference of two means; an article in which both have units is one cluster."""
    return Found(one.estimate - other.estimate, one.totals - other.totals, min(one.n_clusters, other.n_clusters),
                 one.n_articles + other.n_articles, one.n_units + other.n_units, one.n_coded + other.n_coded)


def ratio(part, whole):
    """One mean over another, by the delta method over articles; undefined where the whole is not above 0."""
    value = part.estimate / whole.estimate if whole.estimate > 0 else nan
    return part._replace(estimate=value, totals=(part.totals - value * whole.totals) / (whole.estimate if whole.estimate > 0 else nan))


@cache
def t_quantile(level, df):
    """How many standard errors hold `level` of Student's t with `df` (whole) degrees of freedom, both sides; closed form (Abramowitz & Stegun 26.7.3–4), inverted by halving."""
    steps = np.arange(1, (df - 1) // 2 if df % 2 else df // 2)
    factors = np.cumprod(np.concatenate([[1.0], 2 * steps / (2 * steps + 1) if df % 2 else (2 * steps - 1) / (2 * steps)]))

    def within(angle):
        powers = cos(angle) ** (2 * np.arange(len(factors)))
        series = sin(angle) * float(factors @ powers)
        return (2 / pi) * (angle + (series * cos(angle) if df > 1 else 0)) if df % 2 else series
    low, high = 0.0, pi / 2
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if within(middle) < level else (low, middle)
    return sqrt(df) * tan(low)


def ends(found, *, level=0.95):
    """(low, high) of an estimate, by t with the coded articles less one (of a difference: the smaller side's) as degrees of freedom; null without a standard error."""
    if not found.error > 0:
        return nan, nan
    reach = t_quantile(level, found.n_clusters - 1) * found.error
    return found.estimate - reach, found.estimate + reach


# ---- tables `estimates` ---------------------------------------------------------------------------------------------------------

def beside(machine, hand):
    """Machine codes of all units (unit_id, article_id, value and what else is known) with the hand codes of some (unit_id, value; inclusion, where known) → `units`."""
    strange = ~hand["unit_id"].isin(machine["unit_id"])
    if strange.any():
        raise ValueError(f"Hand codes, column `unit_id`: {hand.loc[strange, 'unit_id'].iloc[0]!r} is no unit of the machine's; {int(strange.sum())} like it. Code units of this corpus, cut as they are now.")
    columns = [c for c in ("unit_id", "value", "inclusion") if c in hand]
    return machine.rename(columns={"value": "machine"}).merge(hand[columns].rename(columns={"value": "hand"}), on="unit_id", how="left", validate="1:1")


def coded_units(codings, sample, codes, variable, *, coder, groups):
    """`units` for a variable of `frames` or `tone` that people coded in a sample drawn from the same corpus: the machine's 0/1 (of frames) or number (of tone) of every body
    sentence in `codings`, beside the hand codes (unit_id, value) by the sample's sentences, with their probabilities. `groups`: article_id, group; other articles are left out."""
    keys = ["article_id", "sentence_id"]
    mine = codings[(codings["coder"] == coder) & (codings["variable"] == variable.rpartition(":")[2]) & codings["segment_id"].isna()].dropna(subset=["value"])
    machine = mine[keys].assign(machine=mine["value"] if variable == "tone" else mine["value"].gt(0).astype("float64"))
    hand = sample[["unit_id", *keys, "probability"]].merge(codes[["unit_id", "value"]], on="unit_id").rename(columns={"probability": "inclusion", "value": "hand"})
    return machine.merge(hand, on=keys, how="left", validate="1:1").merge(groups, on="article_id", validate="m:1")


def voiced(units, voices, codes=None):
    """`coded_units` with machine_voice (`voices`: article_id, sentence_id, voice; a sentence without one is left out) and, where people coded voice (`codes`: voice by
    unit_id), hand_voice. What corrects both must be coded for both: a unit coded for one alone counts as not coded."""
    both = units.merge(voices.rename(columns={"voice": "machine_voice"}), on=["article_id", "sentence_id"], validate="1:1")
    if codes is None:
        return both
    both["hand_voice"] = both["unit_id"].map(codes).where(both["hand"].notna())
    return both.assign(hand=both["hand"].where(both["hand_voice"].notna()))


def corrected(units, *, variable, coder, reliable="not known", level=0.95):
    """Share or mean of a variable by group, three times: what the machine says, what the hand codes say, and both together → `estimates`.

    Higher: more units carry the variable (0/1), or more of it (other numbers). Intervals are t-intervals, cluster-robust over articles; null under five (coded)
    articles, or where nothing varies. Shares and their ends are kept within 0 … 1. Correction removes the machine's bias; it saves little coding.
    PPI++ (Angelopoulos et al. 2023) for equal inclusion probabilities within the group, else the design-based form (Egami et al. 2023).
    `reliable`: the tier of the hand codes (agreement.tier); it and `warnings_of` stand in the claim.
    """
    units = _checked(units)
    rows = [row for group, found in _found(units).items() for row in _rows(found, units, variable, coder, group, level, reliable)]
    return _table(rows)


def differences(units, *, variable, coder, reliable="not known", matched=False, pairs=None, level=0.95):
    """One group's share or mean less another's (`A minus B`; above 0: A has more), three times → `estimates`.

    `pairs`: those chosen before looking; otherwise every pair. Intervals are widened for all pairs there are (Bonferroni), so that the largest
    difference may be picked. The machine's row stays uncorrected: its errors need not be the same in both groups. matched: the groups covered the same
    events in the same days; without it no group is said to have more.
    """
    units = _checked(units)
    found = _found(units)
    pairs = list(combinations(found, 2)) if pairs is None else list(pairs)
    unknown = [g for pair in pairs for g in pair if g not in found]
    if unknown:
        raise ValueError(f"Differences: there is no group {unknown[0]!r}; expected {', '.join(map(str, found))}.")
    rows = []
    for one, other in pairs:
        kinds = {k: minus(found[one][k], found[other][k]) for k in KINDS if k in found[one] and k in found[other]}
        both = units[units["group"].isin([one, other])]
        together = {"machine": both["article_id"].nunique(), "corrected": both["article_id"].nunique(), "hand": both.loc[both["hand"].notna(), "article_id"].nunique()}
        sides = [found[g]["hand"] for g in (one, other)] if "hand" in kinds else []
        few = warnings_of(*(min(counts) for counts in zip(*((s.n_clusters, s.n_coded) for s in sides)))) if sides else []
        kinds = {k: f._replace(n_articles=together[k]) for k, f in kinds.items()}
        rows += _rows(kinds, units, variable, coder, f"{one} minus {other}", 1 - (1 - level) / len(pairs), reliable, few=few, between={
            "articles": [units.loc[units["group"] == g, "article_id"].nunique() for g in (one, other)], "more": one, "less": other, "matched": matched})
    return _table(rows)


def by_voice(units, *, variable, coder, reliable="not known", level=0.95):
    """Share (or mean) of a variable among the units of each voice (group: the voice), three times → `estimates`.

    Where voice is hand-coded too (hand_voice), what is estimated is the product, value × (voice is v), over the share of units in that voice, both corrected
    and their ratio's interval by the delta method over articles: so the machine's errors of voice are corrected as its errors of the variable. Without
    hand_voice the machine's voice is taken as it is, and the claim says “voice not validated”.
    """
    units = _checked(units)
    if "hand_voice" not in units or units["hand_voice"].isna().all():
        table = corrected(units.assign(group=units["machine_voice"]), variable=variable, coder=coder, reliable=reliable, level=level)
        return table.assign(claim=table["claim"] + "; " + VOICE_NOT_VALIDATED)
    lone = units["hand"].notna() != units["hand_voice"].notna()
    if lone.any():
        raise ValueError(f"Units, columns `hand` and `hand_voice`: article {units.loc[lone, 'article_id'].iloc[0]!r} has a unit coded for one alone; code both, or neither ({int(lone.sum())} such units).")
    rows, coded = [], units["hand"].notna()
    for voice in sorted(set(units["machine_voice"]) | set(units.loc[coded, "hand_voice"])):
        inside = units.assign(machine=(units["machine_voice"] == voice).astype(float), hand=(units["hand_voice"] == voice).astype(float).where(coded))
        product = inside.assign(machine=inside["machine"] * units["machine"], hand=inside["hand"] * units["hand"])
        whole, part = (_found(table.assign(group=voice))[voice] for table in (inside, product))
        said, held = units["machine_voice"] == voice, units["hand_voice"] == voice
        few = warnings_of(units.loc[held, "article_id"].nunique(), int(held.sum()))
        counts = {"machine": said, "corrected": said, "hand": held}
        found = {k: ratio(part[k], whole[k])._replace(n_units=int(counts[k].sum()), n_articles=units.loc[counts[k], "article_id"].nunique(), n_coded=int(held.sum()),
                                                  n_clusters=units.loc[said if k == "machine" else held, "article_id"].nunique()) for k in KINDS}
        rows += _rows(found, units, variable, coder, voice, level, reliable, few=few)
    return _table(rows)


def warnings_of(n_coded_articles, n_coded, share=None):
    """What makes an interval less sure than it says, in words: few coded articles, few coded units, a rare category (or one nearly always there)."""
    few = [f"{n} coded {what} (under {enough})" for n, what, enough in ((n_coded_articles, "articles", ENOUGH_ARTICLES), (n_coded, "units", ENOUGH_UNITS)) if n < enough]
    rare = share is not None and not RARE <= share <= 1 - RARE
    return ([f"{', '.join(few)}: the interval may be too narrow"] if few else []) + (
        [f"a share {'below' if share < 0.5 else 'above'} {RARE if share < 0.5 else 1 - RARE:.0%}: the interval may miss more often than it says".replace("%", " %")] if rare else [])


def _checked(units):
    """The table with every column, or a `ValueError` that names the column and an example."""
    units = units.reset_index(drop=True).assign(machine=lambda t: t["machine"].astype("float64"), hand=lambda t: t["hand"].astype("float64") if "hand" in t else np.nan)
    for column, value in (("group", "all"), ("inclusion", 1.0), ("weight", 1.0)):
        units[column] = units[column] if column in units else value
    coded = units["hand"].notna()
    wrong = {"machine": (units["machine"].isna(), "no machine code; leave out the units that the coder did not judge"),
             "inclusion": (coded & ~units["inclusion"].astype("float64").between(1e-12, 1), "coded, but no inclusion probability above 0 and up to 1; only a probability sample can correct"),
             "weight": (~(units["weight"] > 0), "no weight above 0")}
    for column, (here, what) in wrong.items():
        if here.any():
            raise ValueError(f"Units, column `{column}`: a unit of article {units.loc[here, 'article_id'].iloc[0]!r} has {what} ({int(here.sum())} such units).")
    return units.assign(inclusion=units["inclusion"].astype("float64").where(coded, 1.0))


def _found(units):
    """{group: {kind: Found}}, all with places for the same articles."""
    article, names = pd.factorize(units["article_id"])
    columns = [units[c].to_numpy("float64") for c in ("machine", "hand", "inclusion", "weight")]
    return {group: three(*(c[at] for c in columns), article[at], len(names)) for group, at in units.groupby("group", sort=True).indices.items()}


def _rows(found, units, variable, coder, group, level, reliable, *, few=None, between=None):
    """Rows of `estimates`: one per kind, with its interval and what it may be called."""
    share = bool(np.isin(units["machine"], (0, 1)).all() and units["hand"].dropna().between(0, 1).all())  # a mean of coders may lie between
    rows, show = [], "{:.0%} to {:.0%}" if share else "{:.2f} to {:.2f}"
    for kind in KINDS:
        row = {"variable": variable, "group": group, "kind": kind, "coder": coder, "n_articles": found["machine"].n_articles, "n_units": found["machine"].n_units, "n_coded": 0, "claim": NOT_CODED}
        if kind in found and found[kind].n_articles and (kind == "machine" or found[kind].n_coded):
            one = found[kind]
            low, high = ends(one, level=level) if one.n_clusters >= INTERVAL_FROM else (nan, nan)
            estimate, low, high = np.clip([one.estimate, low, high], -1 if between else 0, 1) if share else (one.estimate, low, high)
            said = warnings_of(one.n_clusters, one.n_coded, estimate if share and not between else None) if few is None else few
            row |= {"estimate": estimate, "low": low, "high": high, "n_articles": one.n_articles, "n_units": one.n_units, "n_coded": one.n_coded,
                    "claim": "; ".join([str(claim(**between or {"articles": one.n_articles}, coded=kind != "machine", reliable=reliable, interval=(low, high), what=variable.rpartition(":")[2].replace("_", " "), measure="share" if share else "mean", show=show)),
                                         *(said if kind != "machine" else [])])}
        rows.append(row)
    return rows


def _table(rows):
    return pd.DataFrame(rows).reindex(columns=list(SCHEMAS["estimates"].columns)).astype({c: "float64" for c in ("estimate", "low", "high")})


# ---- how sure, and how much more to code ----------------------------------------------------------------------------------------

def planned(units, *, articles=None, per_article=None, level=0.95):
    """Expected width of the corrected and the hand-coded interval after so many more articles are coded (one row per number of articles × units in each:
    more_articles, per_article, more_units, n_coded_articles, n_coded, width, width_hand, gain: width now less width then).

    From the sample's variance within and between articles (one-way analysis of variance, unequal sizes; weights as they are now). Smaller is surer. Rows that
    ask for more articles than are left are not given; by default 0, 5, 10, 20, 40, 80 and all that are left. Treats the table as one group; plan for each group apart. Needs three coded articles with two units in some.
    """
    units = _checked(units)
    coded = units[units["hand"].notna()]
    sizes = coded.groupby("article_id").size()
    n, m, total, left = len(coded), len(sizes), len(units), units["article_id"].nunique() - len(sizes)
    articles = (0, 5, 10, 20, 40, 80, left) if articles is None else articles
    if m < 3 or n == m:
        raise ValueError(f"Plan: {n} units coded in {m} articles; at least three articles and more units than articles are needed before a width can be foreseen.")
    w = coded["inclusion"].rdiv(coded["weight"])
    spread = w.groupby(coded["article_id"]).sum().pow(2).sum() / w.sum() ** 2 * m, w.pow(2).sum() / w.sum() ** 2 * n  # 1 where all weights and sizes are equal
    slope = float(np.clip(np.cov(coded["hand"], coded["machine"], ddof=0)[0, 1] / units["machine"].var(), 0, None)) if units["machine"].var() > 0 else 0.0
    drift = (units["machine"] - units["machine"].mean()).groupby(units["article_id"]).sum().pow(2).sum() / total ** 2  # variance of the machine's mean

    def width(tuning, m, n):
        between, within = _components(coded["hand"] - tuning * coded["machine"], coded["article_id"])
        variance = between * spread[0] / m + within * spread[1] / n + tuning ** 2 * drift * total / max(total - n, 1)
        return 2 * t_quantile(level, m - 1) * sqrt(variance)
    now, rows = None, []
    for each in [max(round(n / m), 1)] if per_article is None else per_article:
        for more in (k for k in sorted({0, *articles}) if k <= left):
            m2, n2 = m + more, min(n + more * each, total)
            best = width(min(slope * (total - n2) / total, 1.0), m2, n2)
            now = best if now is None else now
            if more in articles:
                rows.append((more, each, more * each, m2, n2, best, width(0.0, m2, n2), now - best))
    return pd.DataFrame(rows, columns=["more_articles", "per_article", "more_units", "n_coded_articles", "n_coded", "width", "width_hand", "gain"])


def _components(values, articles):
    """(variance between articles, variance within), by one-way analysis of variance with unequal sizes; between is never below 0."""
    grouped = values.groupby(articles)
    sizes, means = grouped.size(), grouped.mean()
    n, m = sizes.sum(), len(sizes)
    within = float((values - grouped.transform("mean")).pow(2).sum() / (n - m))
    among = float((sizes * (means - values.mean()) ** 2).sum() / (m - 1))
    return max((among - within) / ((n - (sizes ** 2).sum() / n) / (m - 1)), 0.0), within


def corpora(*, articles=300, units=10, coded_articles=40, coded_units=5, share=0.20, sensitivity=0.70, specificity=0.85, correlation=0.15, design="equal", draws=2000, seed=20231026):
    """Invented corpora, one after another: (machine, hand, inclusion, weight, article, size) as `three` takes them.

    Articles differ (beta-distributed shares, intraclass correlation `correlation`); the machine errs independently. `design`: `equal`, the same number of units
    in each coded article; `by_machine`, every unit of a coded article that the machine calls 1 with probability .8, every other with .3.
    """
    generator, spread = np.random.default_rng(seed), 1 / correlation - 1
    article, ones = np.repeat(np.arange(articles), units), np.ones(articles * units)
    chosen = np.tile(np.arange(units) < coded_units, articles) & (article < coded_articles)  # articles are alike before they are drawn: the first will do
    for at in range(0, draws, 100):
        shape = (min(100, draws - at), articles, units)
        truth = generator.random(shape) < generator.beta(share * spread, (1 - share) * spread, shape[:2])[:, :, None]
        called = generator.random(shape) < np.where(truth, sensitivity, 1 - specificity)
        luck = generator.random(shape).reshape(shape[0], -1)
        for y, f, u in zip(truth.reshape(shape[0], -1).astype(float), called.reshape(shape[0], -1).astype(float), luck):
            chance = np.where(f == 1, 0.8, 0.3) if design == "by_machine" else ones
            coded = (article < coded_articles) & (u < chance) if design == "by_machine" else chosen
            yield f, np.where(coded, y, np.nan), chance, ones, article, articles


def simulated(*, share=0.20, level=0.95, **choices):
    """What the three estimates are worth where the truth is known (choices: `corpora`): one row per kind, with bias, coverage of the interval, its mean width, and
    the estimates' standard deviation. Coverage should be `level`; bias 0."""
    rows = []
    for corpus in corpora(share=share, **choices):
        for kind, found in three(*corpus).items():
            low, high = ends(found, level=level)
            rows.append((kind, found.estimate, low <= share <= high, high - low))
    table = pd.DataFrame(rows, columns=["kind", "estimate", "covers", "width"])
    return table.groupby("kind", sort=False).agg(bias=("estimate", lambda v: v.mean() - share), coverage=("covers", "mean"), width=("width", "mean"), sd=("estimate", "std"))
