"""Dictionaries (category → terms) and how they match. One engine for all of them.

A term is one or several words; `*` at a word's end matches any ending, ` ... ` between words up to four tokens. Case and the kind of apostrophe do not matter. Matches never cross
a sentence's end. Within a category overlapping matches count once: the longest wins ("New York Times" over "New York"), then the
earliest, then the term without wildcard. Different categories match independently of one another.
"""
import csv
import json
import os
from bisect import bisect_left
from collections import namedtuple
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache, partial, wraps

import numpy as np
import pandas as pd

from analysis import tokens as tokens_room

as_json = partial(json.dumps, ensure_ascii=False)
GAP = 4  # tokens that “ ... ” may stand for, at most
HITS = ["category", "term", "article_id", "sentence_id", "position", "n_tokens", "start", "end", "row", "entry"]


def plain(term):
    """A term as it is matched: lower case, straight apostrophes, single blanks."""
    return " ".join(term.lower().replace("’", "'").split())


def is_term(term):
    """Is this a term: words parted by blanks, `*` only behind a word's first letters, ` ... ` only between words?"""
    words = term.split(" ")
    return bool(term) and "..." not in (words[0], words[-1]) and "... ..." not in term and all(
        word == "..." or word.strip("*") and "*" not in word[:-1] and not word.endswith("**") and word != "*" for word in words)


PARTED = ("cannot", "us$")  # words without an apostrophe that are two tokens


def as_tokens(term):
    """A term with its contractions parted as in the table of tokens: don't → do n't, women's group* → women 's group*."""
    part = lambda word: " ".join(word[a:b] for a, b in tokens_room.token_spans(word)) if "'" in word.rstrip("*'") or word in PARTED else word
    return " ".join(part(word.rstrip("*")) + "*" * word.endswith("*") for word in term.split(" "))


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
    table["term"] = table["term"].map(plain).map(as_tokens)
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
    """Where the dictionary's terms stand: one row per match (category, term, article_id, sentence_id, position, n_tokens, start, end, row, entry).

    `tokens` as in the codebook, in order of the text; with a column `unit`, matches stay within units instead of sentences. `row`: the place
    of the match's first token in the table; `entry`: that of the term in the dictionary. All terms are read at once, as one tree of their words, so that work grows with the text and
    with what is found in it, not with text × terms; nothing is ever tried twice at one place, so no list of terms is catastrophic.
    """
    row, length, entry = found(tokens, dictionary)
    take = lambda table, column, places: table[column].array.take(places)
    return pd.DataFrame({
        "category": take(dictionary.astype({"category": "str"}), "category", entry), "term": take(dictionary.astype({"term": "str"}), "term", entry),
        **{column: take(tokens, column, row) for column in ("article_id", "sentence_id", "position")}, "n_tokens": length,
        "start": take(tokens, "start", row), "end": take(tokens, "end", row + length - 1), "row": row, "entry": entry,
    }, columns=HITS)


def found(tokens, dictionary):
    """`match` in places alone: (row of the first token, number of tokens, row in the dictionary) of every match."""
    unit = tokens["unit"].to_numpy() if "unit" in tokens else sentence_of(tokens)[0]
    terms = tuple(dictionary["term"].tolist())
    plan = _plan(terms)
    row, piece = _runs(types(tokens), unit, plan.words, plan.pieces)
    last = row + plan.lengths[piece] - 1
    width, done = len(plan.lengths) + 1, []
    node = _step(plan.terms[0], width, np.zeros(len(row), "int64"), piece)
    state = tuple(column[node > 0] for column in (row, last, node))
    while len(state[0]):
        done.append(state)
        row0, last0, node0 = (column[plan.goes_on[state[2]]] for column in state)
        ahead = [np.zeros((0, 3), "int64")]
        for gap in range(1, GAP + 2) if len(row0) else ():                       # the nearest next piece counts
            place = last0 + gap
            inside = place < len(unit)
            inside[inside] = unit[place[inside]] == unit[row0[inside]]
            which, run = pairs(row, place[inside])                               # runs are in order of their first token
            which = np.flatnonzero(inside)[which]
            node = _step(plan.terms[0], width, node0[which], piece[run])
            ahead.append(np.column_stack([row0[which], last[run], node])[node > 0])
        near = np.concatenate(ahead)
        _, first = np.unique(near[:, [0, 2]], axis=0, return_index=True) if len(near) else (None, np.zeros(0, "int64"))
        state = tuple(near[np.sort(first)].T)
    row, last, node = (np.concatenate(columns) for columns in zip(*done)) if done else (np.zeros(0, "int64"),) * 3
    whole = plan.terms[1][node] >= 0
    term = plan.terms[1][node[whole]]
    which, entry = spread(plan.owners[0][term], plan.owners[0][term + 1])       # a term may stand in several categories
    row, length, entry = row[whole][which], (last - row + 1)[whole][which], plan.owners[1][entry]
    order = np.argsort(row * (len(terms) + 1) + entry, kind="stable")
    row, length, entry = row[order], length[order], entry[order]
    kept = _longest(row, length, pd.factorize(dictionary["category"], sort=True)[0][entry], entry, terms)
    return row[kept], length[kept], entry[kept]


def remembered(*names, most=3):
    """For a function of a table that reads only the columns `names`: what it gives is remembered for the last few tables; called with a second argument, it takes that as given.

    The same columns are the same memory, which is kept until it is forgotten, and which nobody can write to: pandas copies before it writes (copy-on-write).
    """
    def where(column):
        if column.dtype == "str" and hasattr(column, "__arrow_array__"):
            return id(column.__arrow_array__())
        place = column.to_numpy().__array_interface__
        return (*place["data"], place["strides"]) if column.dtype == "int64" else None

    def decorate(function):
        last = {}

        @wraps(function)
        def asked(table, *given):
            key = (len(table), *(where(table[name].array) for name in names))
            if None in key:
                return given[0] if given else function(table)
            if given or key not in last:
                found = given[0] if given else function(table)
                while len(last) >= most:
                    last.pop(next(iter(last)))
                last[key] = table.copy(deep=False), found
            return last[key][1]
        asked.forget = last.clear
        return asked
    return decorate


@remembered("article_id", "sentence_id")
def sentence_of(tokens):
    """(the number of the sentence that each token stands in, counted through the table; the rows at which sentences begin, with the table's end)."""
    article, number = pd.factorize(tokens["article_id"])[0], tokens["sentence_id"].to_numpy()
    first = np.append(True, (article[1:] != article[:-1]) | (number[1:] != number[:-1]))[:len(tokens)]
    return np.cumsum(first) - 1, np.append(np.flatnonzero(first), len(tokens))


@dataclass
class Types:
    """The words of a table of tokens: which of the printed ones each token is, which folded one (lower case, straight apostrophes) each of these, and the folded ones' numbers.
    Printed ones may hold a word twice, or one that no token is."""
    codes: np.ndarray
    printed: list
    fold: np.ndarray
    words: list
    number: dict

    @cached_property
    def folded(self):
        return self.fold.take(self.codes)

    @cached_property
    def ranked(self):
        return sorted(self.words)

    def of(self, holds):
        """The tokens of whose folded word something holds."""
        return np.array(list(map(holds, self.words)), dtype=bool).take(self.fold).take(self.codes)

    def as_printed(self, holds):
        """The tokens of whose printed word something holds."""
        return np.array(list(map(holds, self.printed)), dtype=bool).take(self.codes)

    def among(self, words):
        """The tokens that are one of some folded words."""
        flag = np.zeros(len(self.words), bool)
        flag[[self.number[word] for word in words if word in self.number]] = True
        return flag.take(self.fold).take(self.codes)


@remembered("token")
def types(tokens):
    """The `Types` of a table of tokens."""
    codes, printed = pd.factorize(tokens["token"])
    return numbered(codes, printed.tolist())


def numbered(codes, printed):
    """`Types` of printed words and the number of each token's word among them."""
    fold, words = pd.factorize(pd.Series(printed, dtype="str").str.lower().str.replace("’", "'"))
    words = words.tolist()
    return Types(codes, printed, fold, words, dict(zip(words, range(len(words)))))


@remembered("pos")
def tags(tokens):
    """(the number of each token's tag, the tags)."""
    codes, names = pd.factorize(tokens["pos"])
    return codes, names.tolist()


def take(tokens, rows):
    """Rows of a table of tokens; what is known of its words is taken along."""
    part, known = tokens.take(rows).reset_index(drop=True), types(tokens)
    types(part, Types(known.codes.take(rows), known.printed, known.fold, known.words, known.number))
    return part


# How some terms are sought: their words, numbered; the tree of their pieces, by words; the pieces' lengths; the tree of the terms, by pieces; which of its nodes go on behind a gap;
# and whose each term is (begins and rows of the dictionary).
Plan = namedtuple("Plan", "words pieces lengths terms goes_on owners")


@lru_cache(16)
def _plan(terms):
    distinct = list(dict.fromkeys(terms))
    parted = [tuple(tuple(piece.split(" ")) for piece in term.split(" ... ")) for term in distinct]
    pieces = list(dict.fromkeys(piece for term in parted for piece in term))
    number, words = {piece: n for n, piece in enumerate(pieces)}, {}
    sequences = [tuple([words.setdefault(word, len(words)) for word in piece]) for piece in pieces]
    tree, ends = _tree([tuple(number[piece] for piece in term) for term in parted])
    place = dict(zip(distinct, range(len(distinct))))
    of = np.array([place[term] for term in terms], dtype="int64")
    order = np.argsort(of, kind="stable")
    return Plan(words, _tree(sequences), np.array([len(piece) for piece in pieces] or [0]), (tree, ends), np.isin(np.arange(len(ends)), tree[0] // (len(pieces) + 1)),
                (np.searchsorted(of[order], np.arange(len(distinct) + 1)), order))


def _tree(sequences):
    """Sequences of numbers as a tree: ((sorted keys node × (largest + 2) + number, children), index of the sequence that ends at each node, or -1). The root is 0."""
    width = max((n for sequence in sequences for n in sequence), default=-1) + 2
    tree, ends = {}, [-1]
    for index, sequence in enumerate(sequences):
        node = 0
        for n in sequence:
            child = tree.setdefault(node * width + n, len(ends))
            ends += [-1] * (child == len(ends))
            node = child
        ends[node] = index
    keys = np.array(sorted(tree), dtype="int64")
    return (keys, np.array([tree[key] for key in keys.tolist()], dtype="int64")), np.array(ends)


def _step(tree, width, node, number):
    """The children of nodes by numbers; 0 where there is none."""
    keys, children = tree
    if not len(keys) or not len(node):
        return np.zeros(len(node), "int64")
    wanted = node * width + number
    at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[at] == wanted, children[at], 0)


def spread(first, stop):
    """All places first … stop - 1 of several ranges, one after the other: (which range, place)."""
    many = stop - first
    which = np.repeat(np.arange(len(first)), many)
    return which, np.arange(len(which)) + np.repeat(first - np.cumsum(many) + many, many)


def pairs(units, wanted):
    """(place in `wanted`, place in `units`) of all that stand in the same unit."""
    order = np.argsort(units, kind="stable")
    which, at = spread(*(np.searchsorted(units[order], wanted, side=side) for side in ("left", "right")))
    return which, order[at]


def _runs(known, unit, number_of, pieces):
    """(row, piece) of every place where a piece, a run of words without gap, stands whole within a unit; in order of the text."""
    (tree, ends), many, types = pieces, max(len(number_of), 1), known.folded
    pairs = _matching_parts(known, number_of)                                    # (type, word of a term) as type × words + word, in order
    type_, word = pairs // many, pairs % many
    begin = np.searchsorted(type_, np.arange(len(known.words) + 1))
    node = _step(tree, len(number_of) + 1, np.zeros(len(word), "int64"), word)   # what a word may begin is asked once of each
    opens = node > 0
    first = np.searchsorted(type_[opens], np.arange(len(known.words) + 1))
    row = np.flatnonzero((np.diff(first) > 0).take(types))
    which, entry = spread(first[types[row]], first[types[row] + 1])
    row, node, depth, found = row[which], node[opens][entry], 1, []
    while len(row):
        whole = ends[node] >= 0
        found.append((row[whole], ends[node[whole]]))
        place = row + depth
        inside = place < len(types)
        inside[inside] = unit[place[inside]] == unit[row[inside]]
        row, node = row[inside], node[inside]
        type_ = types[row + depth]
        which, entry = spread(begin[type_], begin[type_ + 1])
        node = _step(tree, len(number_of) + 1, node[which], word[entry])
        row, node, depth = row[which][node > 0], node[node > 0], depth + 1
    row, piece = (np.concatenate(columns) for columns in zip(*found)) if found else (np.zeros(0, "int64"),) * 2
    order = np.argsort(row, kind="stable")
    return row[order], piece[order]


def _matching_parts(known, number_of):
    """Sorted codes (type × P + part) of every distinct word and the patterns' parts that match it."""
    found = []
    for part, n in number_of.items():
        if not part.endswith("*"):
            if part in known.number:
                found.append(known.number[part] * len(number_of) + n)
            continue
        at = bisect_left(known.ranked, part[:-1])
        while at < len(known.ranked) and known.ranked[at].startswith(part[:-1]):
            found.append(known.number[known.ranked[at]] * len(number_of) + n)
            at += 1
    return np.array(sorted(found), dtype=np.int64)


def _longest(row, length, number, pattern, terms):
    """Indices of the matches that stay where matches of one category (`number`) overlap, in the order of the text."""
    by = np.lexsort((row, number))
    reach = np.zeros(len(row), dtype=np.int64)  # how far the matches before reach, within the category
    cells = row + number * (int(row.max(initial=0)) + int(length.max(initial=0)) + 1)
    reach[by] = np.concatenate([[-1], np.maximum.accumulate((cells + length)[by])[:-1]]) if len(by) else reach
    meets = reach > cells  # a match before runs into this one
    joined = np.concatenate([meets[by][1:], [False]]) if len(by) else meets
    alone = np.ones(len(row), bool)
    alone[by] = ~(meets[by] | joined)
    taken, kept = set(), []
    for i in sorted(np.flatnonzero(~alone), key=lambda i: (-length[i], row[i], terms[pattern[i]].endswith("*"), terms[pattern[i]])):
        mine = range(cells[i], cells[i] + length[i])
        if taken.isdisjoint(mine):
            taken.update(mine)
            kept.append(i)
    kept = np.sort(np.concatenate([np.flatnonzero(alone), np.array(kept, dtype=np.int64)]))       # in order of their rows, as they came
    return kept[np.argsort(row[kept] * (int(number.max(initial=0)) + 1) + number[kept], kind="stable")]


def evidence(unit, n, *columns):
    """Evidence of `n` units as it stands in tables, compact JSON [[term, start, end, …], …] for each: from the unit of every item, in order, and the items' columns.

    What stands between two commas is written once for each distinct value, with the brackets beside it; then all of it is joined at once.
    """
    import pyarrow as pa
    import pyarrow.compute as pc
    unit, wide = np.asarray(unit), len(columns)
    many = np.bincount(unit, minlength=n)
    ends, none = np.cumsum(many), many == 0
    opens, closes = np.zeros((2, len(unit)), bool)
    opens[(ends - many)[~none]] = closes[ends[~none] - 1] = True
    place = np.arange(len(unit)) * wide + np.cumsum(none)[unit]
    which, pieces = np.zeros(len(unit) * wide + none.sum(), "int32"), ["[]"]       # the first piece is all of a unit without items
    for i, column in enumerate(columns):
        codes, texts = _json(column)
        if i == 0:
            codes, texts = codes + opens * len(texts), [mark + text for mark in ("[", "[[") for text in texts]
        if i == wide - 1:
            codes, texts = codes + closes * len(texts), [text + mark for mark in ("]", "]]") for text in texts]
        which[place + i] = codes + len(pieces)
        pieces += texts
    pieces, comma, joined = pa.array(pieces, pa.large_string()), pa.scalar(",", pa.large_string()), []
    begins = np.append(0, np.cumsum(np.maximum(many * wide, 1)))
    for first in range(0, n, 50_000):                               # a part at a time, since it is quicker to use memory again than to ask for more
        mine = begins[first:first + 50_001]
        joined.append(pc.binary_join(pa.LargeListArray.from_arrays(mine - mine[0], pieces.take(pa.array(which[mine[0]:mine[-1]]))), comma))
    return pd.array(pa.chunked_array(joined, pa.large_string()).combine_chunks(), dtype="str")


def _json(column):
    """(the number of each value, the distinct values as JSON); a column may come as just that."""
    if isinstance(column, tuple):
        return column
    column = np.asarray(column) if column.dtype != "str" else column
    if column.dtype.kind == "i" and len(column) and 0 <= column.min() and column.max() < 2 * len(column):   # places in texts are small numbers
        return column, list(map(str, range(column.max() + 1)))
    codes, values = pd.factorize(column)
    return codes, list(map(as_json, values.tolist()))


def readable(why):
    """Evidence for people: “killed -3.5, attack -2.1”, “clash* (disagreement)”, or the terms alone where they have neither score nor indicator."""
    told = lambda more: "" if not more else f" ({more[0]})".replace("_", " ") if isinstance(more[0], str) else f" {more[0]:+.1f}"
    return ", ".join(term + told(more) for term, _, _, *more in json.loads(why)) if isinstance(why, str) else ""
