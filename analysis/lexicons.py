"""Dictionaries (category → terms) and how they match. One engine for all of them.

A term is one or several words; `*` at a word's end matches any ending. Case and the kind of apostrophe do not matter. Matches never cross
a sentence's end. Within a category overlapping matches count once: the longest wins ("New York Times" over "New York"), then the
earliest, then the term without wildcard. Different categories match independently of one another.
"""
import json

import numpy as np
import pandas as pd

HITS = ["category", "term", "article_id", "sentence_id", "position", "n_tokens", "start", "end"]


class DictionaryError(ValueError):
    """A dictionary that cannot be used: file, line, what was found and what was expected."""


def read_dictionary(path):
    """A dictionary from CSV (columns category, term, reason; lines that begin with # are comments), terms checked and lower-cased."""
    try:
        table = pd.read_csv(path, comment="#", dtype="str", keep_default_na=False, skip_blank_lines=True)
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise DictionaryError(f"{path}: {error}; expected a CSV file in UTF-8 with the columns category, term, reason.") from None
    if not {"category", "term"} <= set(table.columns):
        raise DictionaryError(f"{path}, line 1: found the columns {', '.join(table.columns)}; expected category, term, reason.")
    table["term"] = table["term"].str.strip().str.lower().str.replace("’", "'").str.replace(r"\s+", " ", regex=True)
    lines = [n for n, line in enumerate(open(path, encoding="utf-8"), 1) if line.strip() and not line.startswith("#")][1:]
    for line, (category, term) in zip(lines, table[["category", "term"]].itertuples(index=False)):
        if not category or not term:
            raise DictionaryError(f"{path}, line {line}: found no {'term' if category else 'category'}; expected both.")
        if "*" in term.replace("* ", " ").removesuffix("*") or term.startswith("*") or " *" in term:
            raise DictionaryError(f"{path}, line {line}: found “{term}”; expected `*` only behind a word's letters.")
    twice = table.duplicated(["category", "term"])
    if twice.any():
        row = int(twice.to_numpy().argmax())
        raise DictionaryError(f"{path}, line {lines[row]}: found “{table['term'][row]}” in {table['category'][row]} a second time; expected each term once in a category.")
    return table


def match(tokens, dictionary):
    """Where the dictionary's terms stand: one row per match (category, term, article_id, sentence_id, position, n_tokens, start, end).

    `tokens` as in the codebook, in order of the text. Work is done once per distinct word, then on integers; it grows with the text and
    with the number of matches, not with text × terms.
    """
    types, words = pd.factorize(tokens["token"].str.lower().str.replace("’", "'"))
    parts = [term.split(" ") for term in dictionary["term"]]
    number_of = {part: n for n, part in enumerate(dict.fromkeys(part for term in parts for part in term))}
    pairs = _matching_parts(words, number_of)                                   # (type, part) as type × P + part
    first = pd.DataFrame({"part": [number_of[term[0]] for term in parts], "pattern": range(len(parts))})
    starts = pd.DataFrame({"type": pairs // len(number_of), "part": pairs % len(number_of)}).merge(first, on="part")
    starts = starts.sort_values(["type", "pattern"])
    reach = starts.groupby("type").size().reindex(range(len(words)), fill_value=0).to_numpy()
    offset = np.concatenate([[0], np.cumsum(reach)])
    rows = np.flatnonzero(reach[types])
    many = reach[types[rows]]
    row = np.repeat(rows, many)
    within = np.arange(len(row)) - np.repeat(np.cumsum(many) - many, many)
    pattern = starts["pattern"].to_numpy()[offset[types[row]] + within]
    length = np.array([len(term) for term in parts] or [0])
    sentence = (tokens["article_id"].ne(tokens["article_id"].shift()) | tokens["sentence_id"].ne(tokens["sentence_id"].shift())).cumsum().to_numpy()
    alive = np.ones(len(row), bool)
    for k in range(1, length.max()):
        ahead = alive & (length[pattern] > k)
        i, p = row[ahead] + k, pattern[ahead]
        inside = i < len(types)
        i = np.where(inside, i, 0)
        part = np.array([number_of[term[k]] if len(term) > k else -1 for term in parts])[p]
        alive[ahead] = inside & (sentence[i] == sentence[row[ahead]]) & np.isin(types[i] * len(number_of) + part, pairs)
    row, pattern = row[alive], pattern[alive]
    kept = _longest(row, length[pattern], dictionary["category"].to_numpy()[pattern], dictionary["term"].to_numpy()[pattern])
    row, pattern = row[kept], pattern[kept]
    last = row + length[pattern] - 1
    return pd.DataFrame({
        "category": dictionary["category"].to_numpy()[pattern], "term": dictionary["term"].to_numpy()[pattern],
        "article_id": tokens["article_id"].to_numpy()[row], "sentence_id": tokens["sentence_id"].to_numpy()[row],
        "position": tokens["position"].to_numpy()[row], "n_tokens": length[pattern],
        "start": tokens["start"].to_numpy()[row], "end": tokens["end"].to_numpy()[last],
    }, columns=HITS)


def _matching_parts(words, number_of):
    """Sorted codes (type × P + part) of every distinct word and the patterns' parts that match it."""
    exact = {part: n for part, n in number_of.items() if not part.endswith("*")}
    stems = {part[:-1]: n for part, n in number_of.items() if part.endswith("*")}
    lengths = sorted({len(stem) for stem in stems})
    found = [t * len(number_of) + n for t, word in enumerate(words)
             for n in ([exact[word]] if word in exact else []) + [stems[word[:k]] for k in lengths if k <= len(word) and word[:k] in stems]]
    return np.array(sorted(found), dtype=np.int64)


def _longest(row, length, category, term):
    """Indices of the matches that stay where matches of one category overlap, in the order of the text."""
    order = sorted(range(len(row)), key=lambda i: (-length[i], row[i], term[i].endswith("*"), term[i]))
    taken, kept = set(), []
    for i in order:
        cells = [(category[i], row[i] + k) for k in range(length[i])]
        if not any(cell in taken for cell in cells):
            taken.update(cells)
            kept.append(i)
    return np.array(sorted(kept, key=lambda i: (row[i], category[i])), dtype=np.int64)


def evidence(items):
    """Evidence as it stands in tables: compact JSON."""
    return json.dumps(items, ensure_ascii=False, separators=(",", ":"))


def readable(why):
    """Evidence for people: “killed -3.5, attack -2.1”, or the terms alone where they have no score."""
    return ", ".join(f"{term} {score[0]:+.1f}" if score else term for term, _, _, *score in json.loads(why)) if isinstance(why, str) else ""
