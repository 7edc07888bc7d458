"""Coded sets: folders of `units.csv` and `codes.csv`, a person's hand coding or a public one's, in one form; and the sample that a hand coding begins with."""
from pathlib import Path

import numpy as np
import pandas as pd

from analysis import corpus, tokens

SEED = 20231026
MODEL = "model"  # what the name of a language model that codes begins with
GOLD = "gold"  # the adjudicated answer; never one of the coders in a figure of agreement


class CodedSetError(ValueError):
    """A coded set that cannot be used: file, line, what was found and what was expected."""


def read_coded(folder):
    """(units, codes) of a coded set: units with unit_id, text and what else is known; codes with unit_id, coder, variable, value.

    Values stay text where a variable has any that is no number. Errors name the file and the line.
    """
    folder = Path(folder).expanduser()
    units, codes = (_table(folder / name, needed) for name, needed in (("units.csv", ("unit_id", "text")), ("codes.csv", ("unit_id", "coder", "variable", "value"))))
    _refuse(folder / "units.csv", units["unit_id"].duplicated(), units["unit_id"], "a unit_id that stands there before", "each once")
    _refuse(folder / "codes.csv", ~codes["unit_id"].isin(units["unit_id"]), codes["unit_id"], "a unit_id that units.csv does not have", "one of units.csv")
    _refuse(folder / "codes.csv", codes.duplicated(["unit_id", "coder", "variable"]), codes["unit_id"], "a second judgement by one coder of one variable of the unit", "one")
    number = pd.to_numeric(codes["value"], errors="coerce")
    odd = number.isna() & (number.notna().groupby(codes["variable"]).transform("mean") > 0.9)
    _refuse(folder / "codes.csv", odd, codes["value"], f"among values of `{codes.loc[odd, 'variable'].iloc[0] if odd.any() else ''}` of which nine in ten are numbers", "a number; leave the row out where a unit was not coded")
    lone = {"target_start", "target_end"} & set(units.columns)
    if len(lone) == 1:
        raise CodedSetError(f"{folder / 'units.csv'}, line 1: found {lone.pop()} alone; expected target_start and target_end.")
    for column in sorted(lone):
        whole = pd.to_numeric(units[column], errors="coerce")
        _refuse(folder / "units.csv", whole.isna() | (whole < 0) | (whole > units["text"].str.len()), units[column], f"as {column}", "a place in the unit's text, counted in characters from 0")
        units[column] = whole.astype("int64")
    return units, codes


def _table(path, needed):
    if not path.is_file():
        raise CodedSetError(f"{path}: no such file; a coded set is a folder with units.csv (unit_id, text, …) and codes.csv (unit_id, coder, variable, value).")
    try:
        table = pd.read_csv(path, dtype="str", keep_default_na=False, encoding="utf-8-sig")
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise CodedSetError(f"{path}: {str(error).strip()}; expected a CSV file in UTF-8.") from None
    missing = [c for c in needed if c not in table.columns]
    if missing:
        raise CodedSetError(f"{path}, line 1: found the columns {', '.join(table.columns)}; expected also {', '.join(missing)}.")
    if table.empty:
        raise CodedSetError(f"{path}: no row below the header.")
    for column in (c for c in needed if c != "text"):
        _refuse(path, table[column].str.strip() == "", table[column], f"no {column}", "a value")
    return table


def _refuse(path, wrong, values, found, expected):
    """An error that names the file and the first wrong line (rows may hold line breaks, so lines are counted, not rows)."""
    if wrong.any():
        import csv
        row = int(wrong.to_numpy().argmax())
        with open(path, encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file)
            for _ in range(row + 2):
                before = reader.line_num
                next(reader)
        raise CodedSetError(f"{path}, line {before + 1}: found “{str(values.iloc[row])[:60]}”, {found}; expected {expected}.")


def crowd(codes):
    """Those who gave the codes, without `gold`: the people; language models (coders called `model…`) only of variables that no person coded. A model is one more
    coder to be judged by people, not one of them."""
    given = codes[codes["coder"] != GOLD]
    model = given["coder"].str.startswith(MODEL)
    return given[~model | ~given["variable"].isin(given.loc[~model, "variable"])]


def judgements(codes, variable):
    """The numeric judgements of one variable: (people's: unit_id, coder, value; reference: value by unit_id).

    The reference of a unit is `gold` where somebody settled it, else the mean over its coders. An empty pair where the set does not hold the variable as numbers.
    """
    mine = codes[codes["variable"] == variable]
    mine = mine.assign(value=pd.to_numeric(mine["value"], errors="coerce")).dropna(subset=["value"])
    people, gold = crowd(mine), mine[mine["coder"] == GOLD]
    reference = gold.set_index("unit_id")["value"].combine_first(people.groupby("unit_id")["value"].mean())
    return people[["unit_id", "coder", "value"]], reference


def kind_of(codes, variable):
    """What a variable's values are: `words`, `binary` (0 and 1 alone) or `number`."""
    values = set(codes.loc[codes["variable"] == variable, "value"])
    numbers = pd.to_numeric(pd.Series(sorted(values), dtype="str"), errors="coerce")
    return "words" if numbers.isna().any() else "binary" if set(numbers) <= {0.0, 1.0} else "number"


def families(codes):
    """0/1 variables with one prefix (frame:conflict, frame:economic …) of which exactly one is 1 in every unit's reference: {prefix: variables}. Together they are one variable of words."""
    found = {}
    for variable in codes["variable"].unique():
        if ":" in variable and kind_of(codes, variable) == "binary":
            found.setdefault(variable.rpartition(":")[0], []).append(variable)
    exclusive = lambda names: pd.concat([categories(codes, name) for name in names], axis=1).sum(axis=1).eq(1).all()
    return {prefix: names for prefix, names in found.items() if len(names) > 1 and prefix not in set(codes["variable"]) and exclusive(names)}


def categories(codes, variable):
    """The reference of a categorical variable, by unit_id: 0.0 or 1.0, or words. A unit's `gold` where somebody settled it, else the majority of its coders (of 0/1 more than half; of
    words the most frequent, the first in the alphabet where several are). A family's prefix gives the name of the one that holds."""
    if variable not in set(codes["variable"]):
        names = [v for v in codes["variable"].unique() if v.startswith(f"{variable}:")]
        held = pd.concat({name.rpartition(":")[2]: categories(codes, name) for name in names}, axis=1)
        return held.idxmax(axis=1).rename("value")
    mine = codes[codes["variable"] == variable]
    gold = mine[mine["coder"] == GOLD]
    mine = pd.concat([gold, crowd(mine).loc[lambda t: ~t["unit_id"].isin(gold["unit_id"])]])
    if kind_of(codes, variable) == "words":
        return mine.groupby("unit_id")["value"].agg(lambda v: v.mode().iloc[0])
    return mine.assign(value=pd.to_numeric(mine["value"])).groupby("unit_id")["value"].mean().gt(0.5).astype("float64")


def clusters(units):
    """What is resampled and left out together: the unit's article where it is known, else its sentence, else the unit itself; units that repeat
    another one's text (a re-publication) go with it, so that no coder is measured on what it has read under another name."""
    column = next((c for c in ("article_id", "sentence_id") if c in units.columns), "unit_id")
    own = units.set_index("unit_id", drop=False)[column]
    if column != "unit_id":
        return own
    again = corpus.mark_duplicates(pd.DataFrame({"article_id": units["unit_id"], "text": units["text"], "date": pd.NaT}))["duplicate_of"].to_numpy()
    return own.where(pd.isna(again), again)


def cluster_name(units):
    """What `clusters` are called: articles, sentences or units."""
    return next((f"{c.removesuffix('_id')}s" for c in ("article_id", "sentence_id") if c in units.columns), "units")


def tokens_of(units):
    """Tokens of a coded set's units, each unit one text whatever its sentences, with `unit`, the row of theirs (and every tag that `tokens` has)."""
    placed = pd.DataFrame({"article_id": units["unit_id"], "sentence_id": 0, "start": 0, "text": units["text"]})
    found = tokens.split_tokens(placed)
    return found.assign(unit=found["article_id"].map(dict(zip(units["unit_id"], range(len(units))))))


# ---- a probability sample -------------------------------------------------------------------------------------------------------

def population(articles, sentences):
    """What a sample is drawn from: the body's sentences of every article that counts, one row each (article_id, sentence_id, outlet, start, end, text).
    Repetitions, and articles in another language than English, are left out, as they are from every count."""
    counts = articles[articles["duplicate_of"].isna() & (articles["language"].isna() | (articles["language"] == "en"))]
    body = sentences[sentences["part"] == "body"].merge(counts[["article_id", "outlet"]], on="article_id", validate="m:1")
    return body.sort_values(["article_id", "sentence_id"], ignore_index=True)[["article_id", "sentence_id", "outlet", "start", "end", "text"]]


def main_voice(segments):
    """The voice that has most of a sentence's characters, one row per sentence (article_id, sentence_id, voice); of equal ones the first in the alphabet."""
    size = segments.assign(size=segments["end"] - segments["start"]).groupby(["article_id", "sentence_id", "voice"], as_index=False)["size"].sum()
    return size.sort_values("size", ascending=False, kind="stable").drop_duplicates(["article_id", "sentence_id"])[["article_id", "sentence_id", "voice"]]


def draw(population, *, articles=40, units=5, seed=SEED):
    """A two-stage probability sample: `articles` of the articles, then `units` of the units in each, without replacement. Columns added: p_article, p_unit (given
    its article) and their product, probability: how probable it was that this unit came into the sample, 0…1, never 0 for any unit of the population.

    population: article_id, and where it is stratified article_stratum (one per article) or stratum (of units in their article); a null is a stratum of its own.
    Each stratum gets equally many, as far as it has them; what does not divide goes to strata drawn at random, which the probabilities take into account. A
    sample by strata is thus no small picture of the corpus: weight each unit by 1 / probability (Horvitz & Thompson 1952).
    """
    for what, n in (("ARTICLES", articles), ("UNITS", units)):
        if n < 1:
            raise CodedSetError(f"{what}={n}: expected a whole number of 1 or more.")
    if population.empty:
        raise CodedSetError("No article counts: all are marked as repetitions or as not in English, or have no sentence; there is nothing to draw from.")
    rng = np.random.default_rng(seed)
    whole = population.assign(**{c: population[c].astype("str").fillna("") if c in population else "" for c in ("article_stratum", "stratum")})
    chosen = _chosen(whole.groupby("article_id")["article_stratum"].first(), articles, rng)
    groups, parts = whole.groupby("article_id").groups, []
    for article, probability in chosen.items():
        taken = _chosen(whole.loc[groups[article], "stratum"], units, rng)
        parts.append(whole.loc[taken.index].assign(p_article=probability, p_unit=taken))
    drawn = pd.concat(parts)
    return drawn.assign(probability=drawn["p_article"] * drawn["p_unit"]).sort_values(["article_id", "sentence_id"], ignore_index=True)


def _chosen(strata, n, rng):
    """`n` of the labels of a series of strata, drawn at random: label → its probability of being drawn."""
    sizes = strata.value_counts().sort_index()
    level = max(k for k in range(int(sizes.max()) + 1) if sizes.clip(upper=k).sum() <= n)  # so many from each stratum that has them
    roomy = sizes.index[sizes > level]
    over = min(n, len(strata)) - int(sizes.clip(upper=level).sum())
    lucky = set(rng.permutation(len(roomy))[:over])
    parts = {}
    for name, size in sizes.items():
        more = name in roomy
        take = min(size, level) + (more and int(roomy.get_loc(name)) in lucky)
        probability = (min(size, level) + (over / len(roomy) if more else 0)) / size
        members = strata.index[strata == name]
        parts.update({members[i]: probability for i in sorted(rng.permutation(size)[:take])})
    return pd.Series(parts, dtype="float64").sort_index()
