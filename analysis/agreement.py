"""How far coders agree, and how far a coder agrees with a reference: alpha, correlation, precision, recall, F1, with intervals by article."""
import numpy as np
import pandas as pd

DRAWS, SEED = 1000, 20231026


def matrix(codes, *, by="coder"):
    """Judgements (unit_id, coder, value) as a table of units × coders; null where a coder did not judge a unit."""
    return codes.pivot(index="unit_id", columns=by, values="value")


def alpha(values, *, level="interval", weights=None):
    """Krippendorff's alpha of units × coders (nulls: not judged): 1 perfect agreement, 0 what chance gives, below 0 systematic disagreement.

    level: `nominal`, `ordinal` or `interval` (Krippendorff 2019, ch. 12). `weights`: how often each unit counts (for the bootstrap), or
    several such rows at once. Null where there is no variation or no unit with two judgements. Equal to NLTK's `AnnotationTask.alpha` and
    to the package `krippendorff` in the tests; written anew because its interval needs a thousand alphas of 50,000 judgements.
    """
    values = np.asarray(values, dtype="float64")
    single = weights is None
    weights = np.ones((1, len(values))) if single else np.atleast_2d(weights)
    known = ~np.isnan(values)
    m = known.sum(axis=1)
    use = m > 1
    scale = np.unique(values[known & use[:, None]])
    if not len(scale):
        return None if single else np.full(len(weights), np.nan)
    if level == "interval":  # by moments: linear in the judgements, however many values there are
        filled = np.where(known, values, 0)[use]
        m, weights = m[use], weights[:, use]
        sums, squares = filled.sum(axis=1), (filled ** 2).sum(axis=1)
        within = weights @ (2 * (m * squares - sums ** 2) / (m - 1))
        n = weights @ m
        between = 2 * (n * (weights @ squares) - (weights @ sums) ** 2)
    else:
        counts = np.stack([(values[use] == v).sum(axis=1) for v in scale], axis=1).astype("float64")
        m, weights = m[use], weights[:, use]
        pooled, n = weights @ counts, weights @ m
        within, between = np.empty(len(weights)), np.empty(len(weights))
        for row, total in enumerate(pooled):
            place = np.cumsum(total) - total / 2                    # ordinal: the judgements that lie between two values
            distance = 1.0 - np.eye(len(scale)) if level == "nominal" else np.subtract.outer(place, place) ** 2
            pairs = ((counts @ distance) * counts).sum(axis=1) / (m - 1)
            within[row], between[row] = weights[row] @ pairs, total @ distance @ total
    with np.errstate(divide="ignore", invalid="ignore"):
        found = np.where(between > 0, 1 - (n - 1) * within / between, np.nan)
    return found if not single else None if np.isnan(found[0]) else float(found[0])


def resamples(clusters, *, draws=DRAWS, seed=SEED):
    """How often each unit counts in each bootstrap draw, whole clusters (articles) being drawn (Efron 1979; Field & Welsh 2007)."""
    number, names = pd.factorize(np.asarray(clusters))
    drawn = np.random.default_rng([seed, len(names)]).integers(0, len(names), (draws, len(names)))
    times = np.stack([np.bincount(row, minlength=len(names)) for row in drawn])
    return times[:, number]


def ranks(values):
    return pd.Series(values).rank().to_numpy()


def pearson(x, y, weights=None):
    """Pearson's r of two columns, for one set of weights or several rows of them; null where a column does not vary."""
    weights = np.ones((1, len(x))) if weights is None else np.atleast_2d(weights)
    n = weights.sum(axis=1)
    mx, my = weights @ x / n, weights @ y / n
    vx, vy = weights @ (x * x) / n - mx ** 2, weights @ (y * y) / n - my ** 2
    tiny = 1e-12
    with np.errstate(divide="ignore", invalid="ignore"):
        r = np.where((vx > tiny) & (vy > tiny), (weights @ (x * y) / n - mx * my) / np.sqrt(vx * vy), np.nan)
    return r if len(r) > 1 else None if np.isnan(r[0]) else float(r[0])


def macro_f1(machine, reference, weights=None):
    """Mean F1 over the reference's categories (those that occur in it), each counting the same, rare or common."""
    weights = np.ones((1, len(machine))) if weights is None else np.atleast_2d(weights)
    scores = []
    for label in np.unique(reference):
        right = weights @ ((machine == label) & (reference == label))
        named = weights @ (machine == label).astype(float) + weights @ (reference == label).astype(float)
        with np.errstate(divide="ignore", invalid="ignore"):
            scores.append(np.where(named > 0, 2 * right / named, np.nan))
    with np.errstate(invalid="ignore"):
        found = np.nanmean(np.stack(scores), axis=0)
    return found if len(found) > 1 else float(found[0])


def with_interval(measure, clusters, *columns):
    """(value, low, high) of a measure of some columns, with the 95 % percentile bootstrap over clusters; ends null under five clusters."""
    value = measure(*columns)
    if value is None or len(set(clusters)) < 5:
        return value, None, None
    draws = measure(*columns, weights=resamples(clusters))
    draws = draws[~np.isnan(draws)]
    return (value, *map(float, np.quantile(draws, [0.025, 0.975]))) if len(draws) > DRAWS / 2 else (value, None, None)


def sign(values, cut):
    """-1 below -cut, +1 above cut, else 0; null stays null."""
    values = np.asarray(values, dtype="float64")
    return np.where(np.isnan(values), np.nan, (values > cut).astype(float) - (values < -cut))


# ---- agreement by category ------------------------------------------------------------------------------------------------------

RELY, TENTATIVE = 0.800, 0.667  # Krippendorff 2019, ch. 12
HIGH_AGREEMENT, RARE = 0.85, 0.15  # from where a low alpha is explained by how rare the category is


def _tallies(values, weights):
    """(judgements by unit × category, categories, weights by draw × unit): what the coefficients of nominal categories are computed from."""
    values = np.asarray(values, dtype="float64")
    scale = np.unique(values[~np.isnan(values)])
    counts = np.stack([(values == v).sum(axis=1) for v in scale], axis=1).astype("float64") if len(scale) else np.zeros((len(values), 0))
    return counts, scale, np.ones((1, len(values))) if weights is None else np.atleast_2d(weights).astype("float64")


def _one(found, weights):
    return found if weights is not None else None if np.isnan(found[0]) else float(found[0])


def raw_agreement(values, *, weights=None):
    """Share of pairs of judgements of the same unit that are equal, 0 … 1, over units × coders with nulls; each unit counts once. Null without a unit judged twice.

    Not corrected for chance: where one category is nearly always right, coders who look at nothing agree."""
    counts, _, times = _tallies(values, weights)
    m = counts.sum(axis=1)
    use = m > 1
    equal = (counts * (counts - 1)).sum(axis=1)[use] / (m * (m - 1))[use]
    with np.errstate(divide="ignore", invalid="ignore"):
        return _one(times[:, use] @ equal / times[:, use].sum(axis=1), weights)


def prevalence(values, category, *, weights=None):
    """Share of the category in the judgements, 0 … 1, each unit counting once however many judged it."""
    values = np.asarray(values, dtype="float64")
    times = np.ones((1, len(values))) if weights is None else np.atleast_2d(weights).astype("float64")
    m = (~np.isnan(values)).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return _one(times[:, m > 0] @ ((values == category).sum(axis=1)[m > 0] / m[m > 0]) / times[:, m > 0].sum(axis=1), weights)


def gwet(values, *, categories=None, weights=None):
    """Gwet's AC1 of units × coders (nulls: not judged), nominal: 1 perfect agreement, 0 what chance gives by Gwet's count of it.

    Any number of coders; chance as by coders who guess on hard units only, so that it stays high where a category is rare and alpha falls. `categories`: how many there
    are, where not all occur. Gwet 2008 (British Journal of Mathematical and Statistical Psychology 61); missing values as in Gwet 2014. Read beside alpha, never in its stead.
    """
    counts, scale, times = _tallies(values, weights)
    number, m = categories or len(scale), counts.sum(axis=1)
    if number < 2 or not (m > 1).any():
        return None if weights is None else np.full(len(times), np.nan)
    agreed = np.atleast_1d(raw_agreement(values, weights=times))
    judged = m > 0
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = times[:, judged] @ (counts[judged] / m[judged, None]) / times[:, judged].sum(axis=1)[:, None]
        chance = (shares * (1 - shares)).sum(axis=1) / (number - 1)
        return _one((agreed - chance) / (1 - chance), weights)


def tier(alpha):
    """What codes of this alpha may carry: rely (.800 and more), tentative (.667 and more), do not use; not known without an alpha (Krippendorff 2019, ch. 12)."""
    return "not known" if alpha is None or np.isnan(alpha) else "rely" if alpha >= RELY else "tentative" if alpha >= TENTATIVE else "do not use"


def paradox(agreement, alpha, share):
    """Why coders who agree on most units have a low alpha, where that is so because the category is rare (or nearly always there); else null (Feinstein & Cicchetti 1990)."""
    if None in (agreement, alpha, share) or np.isnan([agreement, alpha, share]).any() or agreement < HIGH_AGREEMENT or alpha >= TENTATIVE or min(share, 1 - share) >= RARE:
        return None
    what, where = ("rare", "its absence") if share < 0.5 else ("nearly always there", "its presence")
    chance = share ** 2 + (1 - share) ** 2
    return (f"Coders agree on {agreement:.1%} of judgements, and alpha is {alpha:.2f}: the category is {what} ({share:.1%}), so nearly all agreement is on {where}, "
            f"and coders who drew lots would agree on {chance:.1%}. That it is {'absent' if share < 0.5 else 'present'} is agreed; where it is {'present' if share < 0.5 else 'absent'} is not. "
            f"Code more units that may {'hold' if share < 0.5 else 'lack'} it before using it.").replace("%", " %")


def by_category(codes, clusters, *, level="nominal"):
    """How far coders agree on one variable, as a whole and on each category against the rest (one row each: category, n, prevalence, agreement, ac1, alpha, each with
    `_low` and `_high`, tier, note).

    codes: unit_id, coder, value; clusters: article by unit_id. category `all`: the whole variable, alpha at `level`; of numbers (`interval`) this row alone, by alpha alone.
    n: units judged twice or more; intervals: 95 %, bootstrap over articles, null under five. tier: by alpha. note: the paradox of a rare category, where it occurs.
    """
    names = codes["value"].map(str) if not pd.api.types.is_numeric_dtype(codes["value"]) else codes["value"]
    number, scale = pd.factorize(names, sort=True)
    table = matrix(codes.assign(value=number.astype("float64") if level == "nominal" else codes["value"].astype("float64")))
    values, groups = table.to_numpy("float64"), clusters.loc[table.index].to_numpy()
    whole = {} if level == "interval" else {"agreement": raw_agreement, "ac1": lambda v, weights=None: gwet(v, categories=len(scale), weights=weights)}
    rows = [{"category": "all"} | _with_all(whole | {"alpha": lambda v, weights=None: alpha(v, level=level, weights=weights)}, groups, values)]
    for at, name in enumerate(scale if level != "interval" else []):
        mine = np.where(np.isnan(values), np.nan, values == (at if level == "nominal" else name))
        rows.append({"category": str(name) if isinstance(name, str) else f"{name:g}"} | _with_all(
            {"prevalence": lambda v, weights=None: prevalence(v, 1, weights=weights), "agreement": raw_agreement, "ac1": lambda v, weights=None: gwet(v, categories=2, weights=weights),
             "alpha": lambda v, weights=None: alpha(v, level="nominal", weights=weights)}, groups, mine))
    names = [f"{part}{end}" for part in ("prevalence", "agreement", "ac1", "alpha") for end in ("", "_low", "_high")]
    found = pd.DataFrame(rows).reindex(columns=["category", *names]).astype({c: "float64" for c in names})
    found.insert(1, "n", int(((~np.isnan(values)).sum(axis=1) > 1).sum()))
    return found.assign(tier=[tier(a) for a in found["alpha"]], note=[paradox(*row) for row in found[["agreement", "alpha", "prevalence"]].itertuples(index=False)])


def _with_all(measures, groups, values):
    """Each measure of units × coders with its interval, as columns of a row."""
    return {f"{name}{end}": number for name, measure in measures.items() for end, number in zip(("", "_low", "_high"), with_interval(measure, groups, values))}


# ---- rows of the table `reliability` --------------------------------------------------------------------------------------------

def neutral_zone(judgements):
    """Half-width of what counts as neutral in people's ratings: an eighth of the largest rating (0.5 on a scale of -4 … +4; labels -1, 0, 1 stay as they are)."""
    return float(np.nanmax(np.abs(judgements)) / 8) if len(judgements) else 0.0


def measured(values, labels, reference, reference_labels, clusters, *, looked_for=-1, level="ordinal"):
    """How far a coder agrees with the reference, as a row of `reliability` without its names; intervals: 95 %, bootstrap over clusters.

    values, labels: the coder's numbers and its categories; units that it did not judge (null) are left out. prevalence: share of
    `looked_for` in the reference, for which precision, recall and f1 stand; agreement: share of equal categories; alpha: of the categories
    (`level`); macro_f1: all categories weigh the same; pearson, spearman: of the numbers. alpha after Krippendorff (2019).
    """
    values, labels, reference, reference_labels, clusters = map(np.asarray, (values, labels, reference, reference_labels, clusters))
    known = ~np.isnan(values.astype("float64")) & ~np.isnan(reference.astype("float64"))
    x, mine, y, theirs, groups = values[known].astype("float64"), labels[known].astype("float64"), reference[known].astype("float64"), reference_labels[known].astype("float64"), clusters[known]
    row = {"n": len(x)}
    if not len(x):
        return row
    right = ((mine == looked_for) & (theirs == looked_for)).sum()
    named, there = (mine == looked_for).sum(), (theirs == looked_for).sum()
    row |= {"prevalence": there / len(x), "agreement": float((mine == theirs).mean()), "precision": right / named if named else None, "recall": right / there if there else None,
            "f1": 2 * right / (named + there) if named + there else None}
    both = np.column_stack([mine, theirs])
    parts = {"alpha": with_interval(lambda a, weights=None: alpha(a, level=level, weights=weights), groups, both), "macro_f1": with_interval(macro_f1, groups, mine, theirs),
             "pearson": with_interval(pearson, groups, x, y), "spearman": with_interval(pearson, groups, ranks(x), ranks(y))}
    for name, (value, low, high) in parts.items():
        row |= {name: value, f"{name}_low": low, f"{name}_high": high}
    return row


def alike(labels, reference, clusters):
    """How far a coder's words are the reference's, as a row of `reliability`: n, agreement, alpha (nominal) and macro_f1 with their intervals; the rest stays null."""
    number, _ = pd.factorize(np.concatenate([np.asarray(labels, dtype="str"), np.asarray(reference, dtype="str")]), sort=True)
    mine, theirs = (part.astype("float64") for part in np.split(number, 2))
    parts = {"alpha": with_interval(lambda a, weights=None: alpha(a, level="nominal", weights=weights), clusters, np.column_stack([mine, theirs])), "macro_f1": with_interval(macro_f1, clusters, mine, theirs)}
    row = {"n": len(mine), "agreement": float((mine == theirs).mean())}
    for name, (value, low, high) in parts.items():
        row |= {name: value, f"{name}_low": low, f"{name}_high": high}
    return row


def tuned(values, reference, clusters, *, folds=5, seed=SEED):
    """0/1 categories of a coder's numbers, by the threshold that gave the best macro-F1 on the other folds; whole clusters (articles) are left out."""
    number, names = pd.factorize(np.asarray(clusters))
    fold = (np.random.default_rng([seed, len(names)]).permutation(len(names)) % folds)[number]
    found = np.zeros(len(values))
    for k in range(folds):
        left = fold == k
        steps = np.unique(values[~left])
        steps = np.append(steps, steps[-1] + 1) if len(steps) else np.zeros(1)
        best = max(steps, key=lambda step: macro_f1((values[~left] >= step).astype(float), reference[~left]) if (~left).any() else 0)
        found[left] = values[left] >= best
    return found


def people(codes, clusters, reference):
    """How far coders agree with one another, as a row of `reliability`: alpha of all judgements (nominal for 0/1 and for words, interval for other
    numbers); the other figures are one coder's beside the mean of the rest, averaged over coders. prevalence: of the category looked for in the
    reference. `codes`: unit_id, coder, value of one variable."""
    words = not pd.api.types.is_numeric_dtype(codes["value"])
    if words:
        codes = codes.assign(value=pd.factorize(codes["value"])[0].astype("float64"))
    table = matrix(codes)
    values = table.to_numpy("float64")
    binary = set(np.unique(values[~np.isnan(values)])) <= {0.0, 1.0}
    level = "nominal" if words or binary else "interval"
    found, low, high = with_interval(lambda v, weights=None: alpha(v, level=level, weights=weights), clusters.loc[table.index].to_numpy(), values)
    row = {"n": len(table), "alpha": found, "alpha_low": low, "alpha_high": high}
    if words:
        return row
    zone, cut = neutral_zone(codes["value"].to_numpy()), 0.5
    category = (lambda v: (np.asarray(v) > cut).astype(float)) if binary else (lambda v: sign(v, zone))
    singles = []
    for column in range(values.shape[1]):
        one, rest = values[:, column], np.delete(values, column, axis=1)
        use = ~np.isnan(one) & (~np.isnan(rest)).any(axis=1)
        if use.sum() > 2:
            mean = np.nanmean(rest[use], axis=1)
            mine, theirs = category(one[use]), category(mean)
            singles.append((pearson(one[use], mean), pearson(ranks(one[use]), ranks(mean)), macro_f1(mine, theirs), float((mine == theirs).mean())))
    averages = pd.DataFrame(singles, columns=["pearson", "spearman", "macro_f1", "agreement"]).astype("float64").mean()
    return row | {"prevalence": float((category(reference.to_numpy()) == (1 if binary else -1)).mean())} | averages.to_dict()
