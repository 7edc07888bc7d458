"""Tables put together: from columns and parts, by the places of their keys, in the order of the articles."""
import numpy as np
import pandas as pd
import pyarrow as pa

from analysis import tables


def by_columns(rows, **kinds):
    """A table of rows whose columns' kinds are known: asking pandas to find them out takes several times as long."""
    return pd.DataFrame({name: pd.array(column, dtype="str") if kind == "str" else np.array(column, dtype=kind) for (name, kind), column in zip(kinds.items(), list(zip(*rows)) or [()] * len(kinds))})


def codings(sentences, segments, order, kinds, parts):
    """Codings of every sentence and, behind it, of its segments: a row for each of `kinds`, (coder, variable). Texts that fill many rows are categories.

    order: in which the units stand, places among the sentences and, behind them, the segments.
    parts: what stands in them, a part of the units after the other, so that what a part needs is used again for the next: (value, why, texts), units × kinds; why: which of `texts` is the evidence (-1: null).
    """
    keys, some = ["article_id", "sentence_id"], sentences.head(0).assign(segment_id=0) if segments is None else segments
    units = pd.concat([sentences[keys].assign(segment_id=pd.NA), some[[*keys, "segment_id"]]]).astype({"article_id": "category", "segment_id": "Int64"}).iloc[order]
    segment, many = units["segment_id"], len(order) * len(kinds)
    named = lambda names: (lambda few: pd.Categorical.from_codes(np.tile(few.codes, len(order)), dtype=few.dtype))(pd.Categorical(names))
    nobody = pd.Categorical.from_codes(np.full(many, -1, "int8"), pd.Index([], dtype="str"))
    values, evidence, at = np.empty(many), [], 0
    for value, why, texts in parts:
        values[at:(at := at + value.size)] = value.ravel()
        evidence += taken(texts, why.ravel()).__arrow_array__().chunks
    return pd.DataFrame({
        "article_id": units["article_id"].array.repeat(len(kinds)), "sentence_id": units["sentence_id"].to_numpy().repeat(len(kinds)),
        "segment_id": pd.arrays.IntegerArray(*(column.to_numpy().repeat(len(kinds)) for column in (segment.fillna(0).astype("int64"), segment.isna()))),
        "coder": named([coder for coder, _ in kinds]), "variable": named([variable for _, variable in kinds]), "target": nobody, "value": values,
        "label": nobody, "evidence": pd.array(pa.chunked_array(evidence, pa.large_string()), dtype="str")}, copy=False)


def by_article(codings, sentences):
    """Several tables of codings (or nulls) as one, in the order of the articles of `sentences`; an article's rows keep theirs. So it is the same whether all articles are coded at once or in parts."""
    some = [table for table in codings if table is not None]
    whole = (some := [table for table in some if len(table)] or some[:1])[0]
    if len(some) > 1:
        few = [c for c in whole if any(table[c].dtype == "category" for table in some)]
        joined = {c: pd.api.types.union_categoricals([table[c] if table[c].dtype == "category" else table[c].astype("str").astype("category") for table in some]) for c in few}
        whole = pd.concat([table.drop(columns=few) for table in some], ignore_index=True).assign(**joined)[list(whole)]
    articles, of = pd.Index(sentences["article_id"].unique()), whole["article_id"]
    place = articles.get_indexer(of.cat.categories)[of.cat.codes] if of.dtype == "category" else articles.get_indexer(of)
    return whole if (np.diff(place) >= 0).all() else whole.take(np.argsort(place, kind="stable")).reset_index(drop=True)


def places(table, among, keys=("article_id", "sentence_id"), *, all_there=False):
    """For each row of a table the place in `among` of the row with the same keys; -1 where there is none, or, with `all_there`, a `TableError`."""
    number = np.zeros(len(among) + len(table), "int64")
    for key in keys:
        codes, distinct = pd.factorize(np.concatenate([among[key], table[key]]) if among[key].dtype == "int64" else pd.concat([among[key], table[key]]).astype("str"))
        number = number * len(distinct) + codes
    found = pd.Index(number[:len(among)]).get_indexer(number[len(among):])
    if all_there and (found < 0).any():
        raise tables.TableError(f"{int((found < 0).sum())} row(s) refer to a sentence that is not there, for example {table[list(keys)].iloc[int((found < 0).argmax())].to_dict()}.")
    return found


def plain(table):
    """A table whose categories are texts."""
    return table.assign(**{c: taken(table[c].cat.categories, table[c].cat.codes.to_numpy()) for c in table if table[c].dtype == "category"})


def taken(texts, places, *, at_once=10_000_000):
    """The texts at some places, null at -1: as pandas' `take` or `astype`, in a part of the time. More than `at_once` are taken a part at a time, since memory that has just been used is quicker than new."""
    texts = pa.array(texts, pa.large_string())
    texts, places = texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts, pa.array(places, mask=places < 0 if places.min(initial=0) < 0 else None)
    parts = [places] if len(places) < at_once else [places[at:at + 200_000] for at in range(0, len(places), 200_000)]
    return pd.array(pa.chunked_array([texts.take(part) for part in parts]), dtype="str")


def twice(keys):
    """Which rows repeat one before: `DataFrame.duplicated`, by one number for each row."""
    number, most = np.zeros(len(keys), "int64"), 1
    for column in (keys[name] for name in keys):
        codes, distinct = (column.array.codes, column.array.categories) if column.dtype == "category" else pd.factorize(column)
        if most * (len(distinct) + 1) >= 2**62:
            number, seen = pd.factorize(number)
            most = len(seen)
        number *= len(distinct) + 1
        number += codes                                             # null is -1
        number += 1
        most *= len(distinct) + 1
    return pd.Series(number).duplicated().to_numpy() if (np.diff(np.sort(number)) == 0).any() else np.zeros(len(keys), bool)
