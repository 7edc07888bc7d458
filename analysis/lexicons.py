"""Dictionaries (category → terms) and how they match. One engine for all of them.

A term is one or several words; `*` at a word's end matches any ending, ` ... ` between words up to four tokens. Case and the kind of apostrophe do not matter. Matches never cross
a sentence's end. Within a category overlapping matches count once: the longest wins ("New York Times" over "New York"), then the
earliest, then the term without wildcard. Different categories match independently of one another.
"""
import csv
import json
import os
from functools import cache

import numpy as np
import pandas as pd

from analysis import tokens as tokens_room

GAP = 4  # tokens that “ ... ” may stand for, at most
HITS = ["category", "term", "article_id", "sentence_id", "position", "n_tokens", "start", "end", "row"]


def plain(term):
    """A term as it is matched: lower case, straight apostrophes, single blanks."""
    return " ".join(term.lower().replace("’", "'").split())


def is_term(term):
    """Is this a term: words parted by blanks, `*` only behind a word's first letters, ` ... ` only between words?"""
    words = term.split(" ")
    return bool(term) and "..." not in (words[0], words[-1]) and "... ..." not in term and all(
        word == "..." or word.strip("*") and "*" not in word[:-1] and not word.endswith("**") and word != "*" for word in words)


def as_tokens(term):
    """A term with its contractions parted as in the table of tokens: don't → do n't."""
    return " ".join(term[a:b] for a, b in tokens_room.token_spans(term)) if "'" in term else term


def kept(read, path):
    """What `read` makes of a file, remembered until the file changes."""
    return _kept(read, str(path), os.stat(path).st_mtime_ns, os.stat(path).st_size)


@cache
def _kept(read, path, changed, size):
    return read(path)


class DictionaryError(ValueError):
    """A dictionary that cannot be used: file, line, what was found and what was expected."""


def read_dictionary(path, *, category="category"):
    """A dictionary from CSV (columns category, term, reason; lines that begin with # are comments), terms checked and lower-cased.

    `category` names the column that is the category where it is called otherwise (`actor`); other columns are kept as text.
    """
    try:
        table = pd.read_csv(path, comment="#", dtype="str", keep_default_na=False, skip_blank_lines=True)
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise DictionaryError(f"{path}: {error}; expected a CSV file in UTF-8 with the columns category, term, reason.") from None
    if not {category, "term"} <= set(table.columns):
        raise DictionaryError(f"{path}, line 1: found the columns {', '.join(table.columns)}; expected {category}, term, reason.")
    table = table.rename(columns={category: "category"})
    table["term"] = table["term"].map(plain)
    lines = [n for n, line in enumerate(open(path, encoding="utf-8"), 1) if line.strip() and not line.startswith("#")][1:]
    for line, (kind, term) in zip(lines, table[["category", "term"]].itertuples(index=False)):
        if not kind or not term:
            raise DictionaryError(f"{path}, line {line}: found no {'term' if kind else category}; expected both.")
        if not is_term(term):
            raise DictionaryError(f"{path}, line {line}: found “{term}”; expected `*` only behind a word's letters, ` ... ` only between words.")
    twice = table.duplicated(["category", "term"])
    if twice.any():
        row = int(twice.to_numpy().argmax())
        raise DictionaryError(f"{path}, line {lines[row]}: found “{table['term'][row]}” in {table['category'][row]} a second time; expected each term once in a category.")
    return table


SCORES = ("score", "valence", "polarity", "sentiment", "value", "mean", "weight")


def read_scores(path):
    """A list of scored terms, yours or this project's: a dictionary with a column score (higher: more positive) and the category `tone`.

    CSV or tab-separated, with a header that names a term and a score column (term, word, token; score, valence, polarity, …), or, as VADER
    and AFINN come, without one: term and score in the first two columns. `*` and several words as in any dictionary. Repeated terms: the first counts.
    """
    from pathlib import Path
    try:
        lines = Path(path).read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DictionaryError(f"{path}: {error}; expected a text file in UTF-8 with a term and a score in each line.") from None
    tab = any("\t" in line for line in lines[:20])
    rows = [(n, row) for n, line in enumerate(lines, 1) if line.strip() and not line.startswith("#") for row in csv.reader([line], delimiter="\t" if tab else ",")]
    names = [cell.strip().lower() for cell in rows[0][1]] if rows else []
    score = next((names.index(name) for name in SCORES if name in names), None)
    term = next((names.index(name) for name in ("term", "word", "token", "lemma", "entry") if name in names), 0)
    rows, score = (rows, 1) if score is None else (rows[1:], score)
    found = []
    for n, row in rows:
        try:
            found.append((row[term].strip(), float(row[score])))
        except (IndexError, ValueError):
            raise DictionaryError(f"{path}, line {n}: found “{' | '.join(row)[:60]}”; expected a term and a number.") from None
    table = pd.DataFrame(found, columns=["term", "score"]).astype({"term": "str", "score": "float64"})
    table = table[table["term"].str.contains(r"^(?=.*[^\W_])[\w'’*. &/-]+$", regex=True) & np.isfinite(table["score"])]  # emoticons stand in no table of tokens
    table["term"] = table["term"].map(plain).map(as_tokens)
    if table.empty:
        raise DictionaryError(f"{path}: no scored term; expected a term and a number in each line.")
    wrong = table[table["term"].str.fullmatch(r"\*.*|.* \*.*|.*\*[^ ].*")]
    if len(wrong):
        raise DictionaryError(f"{path}: found “{wrong['term'].iloc[0]}”; expected `*` only behind a word's letters.")
    return table.drop_duplicates("term").assign(category="tone").reset_index(drop=True)


def match(tokens, dictionary):
    """Where the dictionary's terms stand: one row per match (category, term, article_id, sentence_id, position, n_tokens, start, end, row).

    `tokens` as in the codebook, in order of the text; with a column `unit`, matches stay within units instead of sentences. `row`: the place
    of the match's first token in the table. Work is done once per distinct word, then on integers; it grows with the text and
    with the number of matches, not with text × terms.
    """
    terms = dictionary["term"].tolist()
    keys = ["unit"] if "unit" in tokens else ["article_id", "sentence_id"]
    unit = tokens[keys].ne(tokens[keys].shift()).any(axis=1).cumsum().to_numpy()
    pieces = {n: [piece.split(" ") for piece in term.split(" ... ")] for n, term in enumerate(terms)}
    parts = list(dict.fromkeys(tuple(piece) for term in pieces.values() for piece in term))
    number = {part: n for n, part in enumerate(parts)}
    row, part = _places(tokens, unit, parts)
    owners = pd.DataFrame([(number[tuple(piece[0])], n, len(piece)) for n, piece in pieces.items()], columns=["part", "pattern", "pieces"])
    found = pd.DataFrame({"row": row, "part": part}).merge(owners, on="part")
    found["last"] = found["row"] + found["part"].map(dict(enumerate(map(len, parts)))) - 1 if len(found) else 0
    whole = [found[found["pieces"] == 1]]
    ahead = found[found["pieces"] > 1]
    if len(ahead):
        places = pd.DataFrame({"start": row, "part": part})
        for k in range(1, int(ahead["pieces"].max())):                       # the next piece, at most GAP tokens on: the nearest counts
            ahead = ahead.assign(part=[number[tuple(pieces[n][k])] for n in ahead["pattern"]])
            near = [ahead.assign(start=ahead["last"] + 1 + gap).merge(places, on=["start", "part"]) for gap in range(GAP + 1)]
            ahead = pd.concat(near).drop_duplicates(["row", "pattern"])
            ahead = ahead[unit[ahead["start"]] == unit[ahead["row"]]]
            ahead["last"] = ahead["start"] + ahead["part"].map(dict(enumerate(map(len, parts)))) - 1
            whole.append(ahead[ahead["pieces"] == k + 1].drop(columns="start"))
            ahead = ahead[ahead["pieces"] > k + 1].drop(columns="start")
    found = pd.concat(whole).sort_values(["row", "pattern"], kind="stable")
    row, pattern, last = (found[c].to_numpy("int64") for c in ("row", "pattern", "last"))
    kept = _longest(row, last - row + 1, dictionary["category"].to_numpy()[pattern], dictionary["term"].to_numpy()[pattern])
    row, pattern, last = row[kept], pattern[kept], last[kept]
    return pd.DataFrame({
        "category": dictionary["category"].to_numpy()[pattern], "term": dictionary["term"].to_numpy()[pattern],
        "article_id": tokens["article_id"].to_numpy()[row], "sentence_id": tokens["sentence_id"].to_numpy()[row],
        "position": tokens["position"].to_numpy()[row], "n_tokens": last - row + 1,
        "start": tokens["start"].to_numpy()[row], "end": tokens["end"].to_numpy()[last], "row": row,
    }, columns=HITS)


def _places(tokens, unit, parts):
    """(row, part) of every place where a part, a run of words without gap, stands whole within a unit."""
    types, words = pd.factorize(tokens["token"].str.lower().str.replace("’", "'"))
    number_of = {word: n for n, word in enumerate(dict.fromkeys(word for part in parts for word in part))}
    pairs = _matching_parts(words, number_of)                                   # (type, word of a part) as type × P + word
    first = pd.DataFrame({"word": [number_of[part[0]] for part in parts], "pattern": range(len(parts))})
    starts = pd.DataFrame({"type": pairs // len(number_of), "word": pairs % len(number_of)}) if number_of else pd.DataFrame({"type": [], "word": []}, dtype="int64")
    starts = starts.merge(first, on="word").sort_values(["type", "pattern"])
    reach = starts.groupby("type").size().reindex(range(len(words)), fill_value=0).to_numpy()
    offset = np.concatenate([[0], np.cumsum(reach)])
    rows = np.flatnonzero(reach[types])
    many = reach[types[rows]]
    row = np.repeat(rows, many)
    within = np.arange(len(row)) - np.repeat(np.cumsum(many) - many, many)
    pattern = starts["pattern"].to_numpy()[offset[types[row]] + within]
    length = np.array([len(part) for part in parts] or [0])
    alive = np.ones(len(row), bool)
    for k in range(1, length.max()):
        ahead = alive & (length[pattern] > k)
        i, p = row[ahead] + k, pattern[ahead]
        inside = i < len(types)
        i = np.where(inside, i, 0)
        word = np.array([number_of[part[k]] if len(part) > k else -1 for part in parts])[p]
        alive[ahead] = inside & (unit[i] == unit[row[ahead]]) & np.isin(types[i] * len(number_of) + word, pairs)
    return row[alive], pattern[alive]


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
    number = pd.factorize(category)[0]
    by = np.lexsort((row, number))
    reach = np.zeros(len(row), dtype=np.int64)  # how far the matches before reach, within the category
    cells = row + number * (int(row.max(initial=0)) + int(length.max(initial=0)) + 1)
    reach[by] = np.concatenate([[-1], np.maximum.accumulate((cells + length)[by])[:-1]]) if len(by) else reach
    meets = reach > cells  # a match before runs into this one
    joined = np.concatenate([meets[by][1:], [False]]) if len(by) else meets
    alone = np.ones(len(row), bool)
    alone[by] = ~(meets[by] | joined)
    taken, kept = set(), np.flatnonzero(alone).tolist()
    for i in sorted(np.flatnonzero(~alone), key=lambda i: (-length[i], row[i], term[i].endswith("*"), term[i])):
        mine = range(cells[i], cells[i] + length[i])
        if taken.isdisjoint(mine):
            taken.update(mine)
            kept.append(i)
    kept = np.array(kept, dtype=np.int64)
    return kept[np.lexsort((category[kept], row[kept]))] if len(kept) else kept


def evidence(items):
    """Evidence as it stands in tables: compact JSON."""
    return json.dumps(items, ensure_ascii=False, separators=(",", ":"))


def readable(why):
    """Evidence for people: “killed -3.5, attack -2.1”, or the terms alone where they have no score."""
    return ", ".join(f"{term} {score[0]:+.1f}" if score else term for term, _, _, *score in json.loads(why)) if isinstance(why, str) else ""
