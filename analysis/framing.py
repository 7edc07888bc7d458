"""Codebooks that execute: a frame's definition, examples and indicators → codings of sentences and segments, with what fired and where.

An indicator finds one kind of evidence: `terms`, `labels` (what an actor is called), `actors`, `stance` and `voice` (from the segments),
`construction`, `numbers`. A variable's `rule` says which indicators it takes (`a or b and not c`; “and” binds more closely). How terms nest and
overlap is said in `lexicons`; exceptions are terms that win by length and count for nothing. What is found are indications *after* an instrument;
whether they measure it, only codes by people can tell (Grimmer & Stewart 2013).
"""
import json
import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from analysis import agency as agency_room
from analysis import joins, lexicons, tables

CODEBOOKS = tables.ROOT / "data" / "codebooks"
LONGEST_TERM = 12  # words
ADDS_UP = ("count", "share", "density")  # how many of its sentences carry the frame; which share of them; matches per 1,000 tokens
KINDS = {"terms": "a list of terms", "labels": "{terms: […], roles: […]}", "actors": "{roles: […] or names: […], at_least: 2}", "stance": "a list of stances", "voice": "a list of voices",
         "construction": "a list of constructions", "numbers": "a list of what is counted"}
STANCES, VOICES = tables.SCHEMAS["segments"].columns["stance"].values, tables.SCHEMAS["segments"].columns["voice"].values
AT_ONCE = 20_000  # sentences that are put together at a time
BY_AGENCY = ("passive", "agentless_passive", "harm")
KEYS = ["article_id", "sentence_id"]


class CodebookError(ValueError):
    """A codebook that cannot be used: file, line, what was found and what was expected."""


@dataclass(frozen=True)
class Indicator:
    """One kind of evidence: its kind, what it looks for, what voids a match, and how many different ones it asks for."""
    kind: str
    wanted: tuple
    reason: str
    void: tuple = ()
    roles: tuple = ()
    names: tuple = ()
    at_least: int = 1


@dataclass(frozen=True)
class Variable:
    """One frame. adds_up, carried_from: how its sentences make an article, and from which value the article carries it. rule: in postfix order; null: the residual."""
    label: str
    definition: str
    question: str
    literature: str
    positive: tuple
    negative: tuple
    hard_negative: tuple
    adds_up: str
    carried_from: float
    indicators: dict
    rule: tuple | None
    rule_text: str


@dataclass(frozen=True)
class Codebook:
    """A set of variables that are coded together; `name` is the coder's name."""
    name: str
    title: str
    after: str
    note: str
    variables: dict = field(default_factory=dict)


# ---- reading --------------------------------------------------------------------------------------------------------------------

def read_codebooks(own=None, names=("generic_frames", "policy_frames", "war_peace", "conflict_legitimacy")):
    """The committed codebooks, and one's own (a path)."""
    books = [read_codebook(CODEBOOKS / f"{name}.yaml") for name in names]
    if own:
        books.append(read_codebook(own))
        if books[-1].name in names:
            raise CodebookError(f"{own}: found the name `{books[-1].name}`, which a committed codebook has; expected another.")
    return books


def read_codebook(path):
    """A codebook from its YAML file, checked: each error names the line, what was found and what was expected."""
    if not Path(path).expanduser().is_file():
        raise CodebookError(f"{path}: no such file; expected a codebook, a YAML file as in data/codebooks/.")
    return lexicons.kept(_read, Path(path).expanduser())


def _read(path):
    import yaml
    path, loader = Path(path), getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # nothing in the file is executed
    try:
        text = path.read_text(encoding="utf-8-sig")
        depth = 0
        for event in yaml.parse(text, Loader=loader):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > 50:
                raise RecursionError
            if isinstance(event, yaml.AliasEvent):
                raise CodebookError(f"{path}, line {event.start_mark.line + 1}: found an alias (`*name` outside quotes); expected every term with a `*` in quotes, as in \"war*\".")
            if tag := getattr(event, "tag", None):
                raise CodebookError(f"{path}, line {event.start_mark.line + 1}: found the tag `{tag}`; expected plain text (what begins with `!` stands in quotes).")
        node = yaml.compose(text, Loader=loader)
    except (OSError, UnicodeDecodeError) as error:
        raise CodebookError(f"{path}: {error}; expected a codebook, a YAML file in UTF-8.") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise CodebookError(f"{path}{f', line {mark.line + 1}' if mark else ''}: {getattr(error, 'problem', None) or ' '.join(str(error).split())}; expected YAML as in data/codebooks/generic_frames.yaml (blanks, no tabs; text that holds `:`, `*` or quotes stands in double quotes; look at the line before, too).") from None
    except RecursionError:
        raise CodebookError(f"{path}: nested too deeply; expected a codebook as in data/codebooks/.") from None
    return _Reader(path).codebook(node)


class _Reader:
    """A codebook's nodes, checked one by one; knows the file and, by the node, the line."""

    def __init__(self, path):
        self.path = path

    def refuse(self, node, found, expected):
        line = node.start_mark.line + 1 if node is not None else 1
        raise CodebookError(f"{self.path}, line {line}: found {found}; expected {expected}.")

    def mapping(self, node, what, allowed=None, needed=()):
        """key → node, every key once and known."""
        if type(node).__name__ != "MappingNode":
            self.refuse(node, f"no {what}", f"{what} as `key: value` lines")
        found = {}
        for key, value in node.value:
            name = self.text(key, "a key")
            if name in found:
                self.refuse(key, f"`{name}` a second time", "each key once")
            if allowed and name not in allowed:
                self.refuse(key, f"`{name}`", f"one of {', '.join(allowed)}")
            found[name] = value
        for name in needed:
            if name not in found:
                self.refuse(node, f"{what} without `{name}`", f"{', '.join(needed)}")
        return found

    def text(self, node, what):
        if type(node).__name__ != "ScalarNode" or not node.value.strip():
            self.refuse(node, "nothing" if type(node).__name__ == "ScalarNode" else "a list or mapping", f"{what} as text")
        return node.value.strip()

    def texts(self, node, what, among=None):
        if type(node).__name__ != "SequenceNode":
            self.refuse(node, "no list", f"{what} as a list: [one, two]")
        items = [self.text(item, what) for item in node.value]
        for item, inner in zip(items, node.value):
            if among and item not in among:
                self.refuse(inner, f"`{item}`", f"one of {', '.join(among)}")
        return items

    def number(self, node, what, low, high):
        try:
            value = float(node.value)
        except (ValueError, TypeError):
            value = float("nan")
        if not low <= value <= high:
            self.refuse(node, f"`{node.value if isinstance(node.value, str) else '…'}`", f"{what}, a number from {low:g} to {high:g}")
        return value

    def terms(self, node):
        found, typed = [], set()
        for item in node.value if type(node).__name__ == "SequenceNode" else self.refuse(node, "no list", "a list of terms: [tax*, \"tax cut*\"]"):
            term = lexicons.as_tokens(lexicons.plain(self.text(item, "a term")))
            if not lexicons.is_term(term):
                self.refuse(item, f"“{term}”", "`*` only behind a word's letters, ` ... ` only between words")
            if len(term.split()) > LONGEST_TERM:
                self.refuse(item, f"a term of {len(term.split())} words", f"{LONGEST_TERM} at most")
            if item.value in typed:
                self.refuse(item, f"“{item.value}” a second time", "each term once in an indicator")
            typed.add(item.value)
            found.append(term)
        return tuple(dict.fromkeys(found))

    def codebook(self, node):
        if node is None:
            self.refuse(None, "an empty file", "a codebook as in data/codebooks/")
        top = self.mapping(node, "a codebook", ("codebook", "title", "after", "note", "unit", "article", "variables"), ("codebook", "title", "after", "variables"))
        name = self.text(top["codebook"], "the codebook's name")
        if not re.fullmatch(r"\w[\w-]{0,60}", name):
            self.refuse(top["codebook"], f"the name `{name[:60]}`", "letters, digits, hyphens and underscores")
        if "unit" in top and self.text(top["unit"], "the unit") != "sentence":
            self.refuse(top["unit"], f"`{top['unit'].value}`", "`sentence`, the unit that is coded (`article` says how sentences add up)")
        whole = self.article(top.get("article"), ("count", 3.0))
        variables = {}
        for key, value in self.mapping(top["variables"], "the variables").items():
            if not re.fullmatch(r"\w{1,60}", key):
                self.refuse(value, f"the variable `{key[:60]}`", "letters, digits and underscores")
            variables[key] = self.variable(value, whole)
        if not variables:
            self.refuse(top["variables"], "no variable", "one at least")
        return Codebook(name, self.text(top["title"], "a title"), self.text(top["after"], "whom it follows"), self.text(top["note"], "a note") if "note" in top else "", variables)

    def article(self, node, default):
        if node is None:
            return default
        found = self.mapping(node, "`article`", ("adds_up", "carried_from"), ("adds_up", "carried_from"))
        adds_up = self.text(found["adds_up"], "how sentences add up")
        if adds_up not in ADDS_UP:
            self.refuse(found["adds_up"], f"`{adds_up}`", f"one of {', '.join(ADDS_UP)}")
        return adds_up, self.number(found["carried_from"], "from which value an article carries the frame", 0, 1 if adds_up == "share" else 1000)

    def variable(self, node, whole):
        keys = ("label", "definition", "question", "literature", "article", "positive", "negative", "hard_negative", "indicators", "rule")
        found = self.mapping(node, "a variable", keys, ("definition", "question", "indicators", "rule"))
        indicators = {name: self.indicator(inner) for name, inner in self.mapping(found["indicators"], "the indicators").items()}
        rule = self.text(found["rule"], "a rule")
        postfix = None if rule == "none" else self.rule(found["rule"], rule, set(indicators))
        unused = [name for name in indicators if name not in (postfix or ())]
        if unused:
            self.refuse(found["rule"], f"no `{unused[0]}` in the rule", "every indicator in it")
        told = {key: self.text(found[key], key) if key in found else "" for key in ("label", "definition", "question", "literature")}
        examples = {key: tuple(self.texts(found[key], f"examples ({key})")) if key in found else () for key in ("positive", "negative", "hard_negative")}
        adds_up, carried_from = self.article(found.get("article"), whole)
        return Variable(**told, **examples, adds_up=adds_up, carried_from=carried_from, indicators=indicators, rule=postfix, rule_text=rule)

    def indicator(self, node):
        found = self.mapping(node, "an indicator", ("reason", "except", *KINDS), ("reason",))
        kinds = [kind for kind in KINDS if kind in found]
        if len(kinds) != 1:
            self.refuse(node, f"{' and '.join(kinds) or 'no kind of evidence'}", f"exactly one of {', '.join(KINDS)}")
        kind, inner = kinds[0], found[kinds[0]]
        told = {"kind": kind, "reason": self.text(found["reason"], "a reason"), "void": self.terms(found["except"]) if "except" in found else ()}
        if kind == "terms":
            return Indicator(wanted=self.terms(inner), **told)
        if kind == "labels":
            parts = self.mapping(inner, KINDS["labels"], ("terms", "roles"), ("terms",))
            return Indicator(wanted=self.terms(parts["terms"]), roles=tuple(self.texts(parts["roles"], "roles", _of_actors("role"))) if "roles" in parts else (), **told)
        if kind == "actors":
            parts = self.mapping(inner, KINDS["actors"], ("roles", "names", "at_least"))
            if not {"roles", "names"} & set(parts):
                self.refuse(inner, "neither roles nor names", "which actors")
            return Indicator(wanted=(), roles=tuple(self.texts(parts["roles"], "roles", _of_actors("role"))) if "roles" in parts else (), names=tuple(self.texts(parts["names"], "names of actors", _of_actors("category"))) if "names" in parts else (),
                             at_least=int(self.number(parts["at_least"], "how many different actors", 1, 9)) if "at_least" in parts else 1, **told)
        among = {"stance": STANCES, "voice": VOICES, "construction": (*BY_AGENCY, *_wordings()["construction"]), "numbers": _wordings()["numbers"]}[kind]
        return Indicator(wanted=tuple(self.texts(inner, KINDS[kind], among)), **told)

    def rule(self, node, text, names):
        """A rule in postfix order, without recursion: names, and `or`, `and`, `not`."""
        binds, out, held, before = {"or": 1, "and": 2, "not": 3}, [], [], None
        words = re.findall(r"\w+|\S", text)
        for word in [*words, None]:
            opens = before in (None, "(", "or", "and", "not")       # an operand is due
            if word in names and opens:
                out.append(word)
            elif word in ("not", "(") and opens:
                held.append(word)
            elif word in ("or", "and") and not opens:
                while held and held[-1] != "(" and binds[held[-1]] >= binds[word]:
                    out.append(held.pop())
                held.append(word)
            elif word == ")" and not opens and "(" in held:
                while (top := held.pop()) != "(":
                    out.append(top)
            elif not (word is None and not opens and "(" not in held):
                self.refuse(node, f"“{word if word is not None else 'the end'}” in the rule “{text[:80]}”", "indicators of this variable, joined by `or`, `and`, `not`, with brackets")
            before = word
        return tuple([*out, *reversed(held)])


@cache
def _wordings():
    table = lexicons.kept(lexicons.read_dictionary, lexicons_file())
    counted = ("dead", "wounded", "displaced", "captive", "money", "percent")
    return {"numbers": tuple(c for c in table["category"].unique() if c in counted), "construction": tuple(c for c in table["category"].unique() if c not in counted)}


def lexicons_file():
    """The shared wordings that codebooks name: `data/lexicons/constructions.csv`."""
    return agency_room.LEXICONS / "constructions.csv"


@cache
def _of_actors(column):
    return tuple(agency_room.read_actors()[column].unique())


def dictionary(codebook):
    """The terms of a codebook as a table: variable, indicator, term, void (an exception), reason."""
    rows = [(variable, name, term, void, indicator.reason) for variable, spec in codebook.variables.items() for name, indicator in spec.indicators.items() if indicator.kind in ("terms", "labels")
            for void, terms in ((False, indicator.wanted), (True, indicator.void)) for term in terms]
    return pd.DataFrame(rows, columns=["variable", "indicator", "term", "void", "reason"])


# ---- coding ---------------------------------------------------------------------------------------------------------------------

def code_frames(sentences, tokens, articles, codebooks, segments, agency, *, actors=None, categories=False):
    """Sentences → `frames`: one row per sentence × variable and per segment × variable, coder = the codebook's name.

    value: number of matches where the variable's rule is true, else 0; evidence: [[term, start, end, indicator], …], what fired, also where it was
    not enough. A match belongs to the segment it begins in. Value null where the article is not in English. Entman 1993 for the concept.
    With `categories` texts that fill many rows come as categories, which is quicker to check and to write.
    """
    plan = [(book.name, variable, name, indicator) for book in codebooks for variable, spec in book.variables.items() for name, indicator in spec.indicators.items()]
    specs = {(book.name, name): spec for book in codebooks for name, spec in book.variables.items()}
    of_segments = joins.places(segments, sentences, all_there=True)
    hits, terms = _evidence(plan, sentences, tokens, segments.assign(sentence=of_segments), agency, agency_room.read_actors() if actors is None else actors)
    far = int(max(segments["end"].max() if len(segments) else 0, sentences["end"].max() if len(sentences) else 0)) + 1
    begins = of_segments * far + segments["start"].to_numpy()
    by = np.argsort(begins, kind="stable")
    place = np.searchsorted(begins[by], hits["sentence"] * far + hits["start"], side="right") - 1
    segment = by[np.maximum(place, 0)] if len(by) else place
    foreign = articles.loc[articles["language"].notna() & (articles["language"] != "en"), "article_id"]
    english = ~sentences["article_id"].isin(foreign).to_numpy()
    alone = ~segments.duplicated(KEYS, keep=False).to_numpy()          # a segment that is a whole sentence is coded with it
    among = np.concatenate([np.arange(len(sentences)), of_segments])
    order = np.argsort(among, kind="stable")
    among, unit, own = among[order], np.zeros(len(order), "int64"), np.append(np.ones(len(sentences), bool), ~alone)[order]
    unit[order] = np.cumsum(own) - 1

    def part(begin):
        """Some sentences and their segments."""
        rows, mine = (slice(*np.searchsorted(some, (begin, begin + AT_ONCE))) for some in (among, hits["sentence"]))
        inner, of, first = ~alone[segment[mine]], unit[order[rows]], unit[begin]
        of_hits = np.concatenate([unit[hits["sentence"][mine]], unit[len(sentences) + segment[mine][inner]]]) - first
        value, why, texts = _coded(plan, specs, {name: np.concatenate([column[mine], column[mine][inner]]) for name, column in hits.items()} | {"unit": of_hits}, terms, english[among[rows][own[rows]]])
        return value.take(of - first, axis=0), why.take(of - first, axis=0), texts
    whole = joins.codings(sentences, segments, order, list(specs), (part(begin) for begin in range(0, len(sentences), AT_ONCE)))
    return whole if categories else joins.plain(whole)


def _coded(plan, specs, hits, terms, english):
    """Units × variables: (values, the place of each cell's evidence among the last, or 0 where it has none, -1 where it was not coded; the texts of evidence)."""
    n, many, variables = len(english), len(specs), {key: v for v, key in enumerate(specs)}
    fired = np.zeros((len(plan), n), dtype=bool)                    # did it fire (as many different times as it asks for)?
    fired[hits["indicator"], hits["unit"]] = True
    for at in (i for i, (*_, indicator) in enumerate(plan) if indicator.at_least > 1):
        mine, one = hits["indicator"] == at, np.zeros(n, "int64")
        unit, term = hits["unit"][mine], hits["term"][mine]
        for _ in range(plan[at][-1].at_least - 1):                  # of each unit one term goes, and all that are the same
            one[unit] = term
            more = term != one[unit]
            unit, term = unit[more], term[more]
        fired[at] = False
        fired[at, unit] = True
    columns = {(owner, variable, name): i for i, (owner, variable, name, _) in enumerate(plan)}
    true = np.zeros((n, many), dtype=bool)
    for (owner, name), v in variables.items():
        if specs[owner, name].rule is not None:
            true[:, v] = _holds(specs[owner, name].rule, lambda indicator: fired[columns[owner, name, indicator]], n)
    which = np.array([variables[owner, variable] for owner, variable, *_ in plan] or [0])
    cell = hits["unit"] * many + which[hits["indicator"]]
    order = np.argsort(cell, kind="stable")
    first = np.flatnonzero(np.append(True, np.diff(cell[order]) > 0)[:len(cell)])
    full = cell[order][first]
    value, why = np.zeros(n * many), np.zeros(n * many, dtype="int32")
    value[full] = np.diff(first, append=len(cell))
    why[full] = np.arange(1, len(full) + 1)
    value, why = value.reshape(n, many), why.reshape(n, many)
    value[~true] = 0
    for owner, name in (key for key, spec in specs.items() if spec.rule is None):
        value[:, variables[owner, name]] = ~true[:, [v for (book, _), v in variables.items() if book == owner]].any(axis=1)
    value[~english], why[~english] = np.nan, -1
    place = np.repeat(np.arange(1, len(full) + 1), np.diff(first, append=len(cell)))
    texts = lexicons.evidence(place, len(full) + 1, (hits["term"][order], terms), hits["start"][order], hits["end"][order], (hits["indicator"][order], [lexicons.as_json(name) for _, _, name, _ in plan]))
    return value, why, texts


def _holds(rule, column, n):
    """A rule's truth for every unit."""
    stack = []
    for word in rule:
        if word == "not":
            stack.append(~stack.pop())
        elif word in ("or", "and"):
            right, left = stack.pop(), stack.pop()
            stack.append(left | right if word == "or" else left & right)
        else:
            stack.append(column(word))
    return stack.pop()


def _evidence(plan, sentences, tokens, segments, agency, actors):
    """(everything that fired, in the order of the text: indicator (its place in the plan), sentence (its row), term (its number), start, end; the terms as JSON)."""
    rows = [(f"{i}", term, void) for i, (*_, indicator) in enumerate(plan) if indicator.kind in ("terms", "labels")
            for void, terms in ((False, indicator.wanted), (True, indicator.void)) for term in terms]
    wanted = pd.DataFrame(rows, columns=["category", "term", "void"]).drop_duplicates(["category", "term"], keep="last")
    shared = lexicons.kept(lexicons.read_dictionary, lexicons_file())
    both = pd.concat([wanted, shared.assign(category="=" + shared["category"], void=False)[["category", "term", "void"]]], ignore_index=True)
    unit, heads = lexicons.sentence_of(tokens)
    sentence = joins.places(tokens.iloc[heads[:-1]], sentences)
    starts, ends, known = tokens["start"].to_numpy(), tokens["end"].to_numpy(), lexicons.types(tokens)
    row, length, entry = lexicons.found(tokens, both)
    counts = ~both["void"].to_numpy(bool)[entry]
    row, last, entry = row[counts], (row + length - 1)[counts], entry[counts]
    number, parts = {}, []
    numbered = lambda terms: np.array([number.setdefault(term, len(number)) for term in terms], dtype="int64")
    kind, term = np.concatenate([wanted["category"].to_numpy("int64"), np.full(len(shared), -1)])[entry], numbered(both["term"].tolist())[entry]
    common = {name: np.flatnonzero((entry >= len(wanted)) & (both["category"] == f"={name}").to_numpy()[entry]) for name in shared["category"].unique()}

    def add(indicator, sentence, start, end, term):
        parts.append((np.broadcast_to(indicator, len(sentence)), sentence, start, end, term))

    def named(terms):
        codes, distinct = pd.factorize(terms)
        return numbered(distinct.tolist())[codes]

    named_row, many, actor = lexicons.found(tokens, actors)
    named_last, category = named_row + many - 1, actors["category"].to_numpy()
    role = actors["category"].map(actors.drop_duplicates("category").set_index("category")["role"]).to_numpy()
    labels = {i: indicator for i, (*_, indicator) in enumerate(plan) if indicator.kind == "labels"}
    called = np.isin(kind, list(labels))
    keep = np.flatnonzero(kind >= 0)
    keep = np.concatenate([keep[~called[keep]], _labels(np.flatnonzero(called), row, last, kind, labels, tokens, known, unit, lambda roles: named_row[np.isin(role, roles)[actor]])])
    add(kind[keep], sentence[unit[row[keep]]], starts[row[keep]], ends[last[keep]], term[keep])
    agency, numbers = agency[agency["role"] == "patient"], _numbers(tokens, known)
    agency = agency.assign(sentence=joins.places(agency, sentences), harm=agency["verb"].isin(agency_room.harmful()), construction=agency["construction"].astype("category"))
    sums = np.append(False, known.among(("$", "€", "£")))[:-1]
    for i, (*_, indicator) in enumerate(plan):
        if indicator.kind == "actors":
            some = np.flatnonzero(np.isin(role, indicator.roles)[actor] | np.isin(category, indicator.names)[actor])
            add(i, sentence[unit[named_row[some]]], starts[named_row[some]], ends[named_last[some]], numbered(category.tolist())[actor[some]])
        elif indicator.kind in ("stance", "voice"):
            some = segments[segments[indicator.kind].isin(indicator.wanted)]
            add(i, some["sentence"], some["start"], some["end"], named(some[indicator.kind] + ": " + (some["cue"].fillna("–") if indicator.kind == "stance" else "speech")))
        elif indicator.kind == "construction":
            for name in indicator.wanted:
                if name in BY_AGENCY:
                    some = agency[agency["construction"].isin({"passive": ["passive", "agentless"], "agentless_passive": ["agentless"]}[name]) if name != "harm" else agency["harm"] & (agency["construction"] != "nominal")]
                    add(i, some["sentence"], some["start"], some["end"], named(name.replace("_", " ") + ": " + some["verb"]))
                elif name in common:
                    some = common[name]
                    add(i, sentence[unit[row[some]]], starts[row[some]], ends[last[some]], term[some])
        elif indicator.kind == "numbers":
            for name in (name for name in indicator.wanted if name in common):
                some, near = _beside(common[name], row, last, numbers if name == "money" else numbers & ~sums, unit)
                add(i, sentence[unit[row[some]]], np.minimum(starts[row[some]], starts[near]), np.maximum(ends[last[some]], ends[near]), term[some])
    hits = [np.concatenate(columns) for columns in zip(*parts)]
    indicator, sentence, start, end, _ = hits
    place, what = sentence * (int(start.max(initial=0)) + 1) + start, end * (len(plan) + 1) + indicator
    order = np.argsort(place * (int(what.max(initial=0)) + 1) + what, kind="stable") if int(place.max(initial=0)) * (int(what.max(initial=0)) + 1) < 2**62 else np.lexsort((what, place))
    place, what = place[order], what[order]
    tied = np.flatnonzero((place[1:] == place[:-1]) & (what[1:] == what[:-1]))
    tied = np.union1d(tied, tied + 1)
    twice = pd.DataFrame({"place": place[tied], "what": what[tied], "term": hits[-1][order[tied]]}).duplicated().to_numpy()
    order = np.delete(order, tied[twice])
    return dict(zip(("indicator", "sentence", "start", "end", "term"), (column[order] for column in hits))), list(map(lexicons.as_json, number))


WITHIN_PHRASE = frozenset("of from the a an and , ' 's is are was were be been as called -".split())
PHRASE_TAGS = frozenset("DT JJ NN NNS NNP NNPS POS CD".split())
REACH = 7  # tokens


def _labels(some, rows, lasts, kind, labels, tokens, known, unit, stand):
    """Of the labels' matches those that call somebody something: a noun, or a word before one; where roles are asked for, in one phrase with such an actor (`stand`: at which tokens
    actors of some roles stand): with nothing but nouns, their company, “of”, a comma or a form of “be” between."""
    tags, names = lexicons.tags(tokens)
    tagged = lambda held: np.append(np.array([held(name) for name in names], dtype=bool)[tags], False)
    noun, joins, unit = tagged(lambda name: name.startswith("NN")), tagged(PHRASE_TAGS.__contains__) | np.append(known.among(WITHIN_PHRASE), False), np.append(unit, -1)
    some = some[noun[lasts[some]] | noun[lasts[some] + 1] & (unit[lasts[some] + 1] == unit[lasts[some]])]
    keep = []
    for at, roles in ((at, indicator.roles) for at, indicator in labels.items()):
        mine = some[kind[some] == at]
        row, last = rows[mine], lasts[mine]
        near = np.full(len(mine), not roles)
        if roles:
            stands = np.zeros(len(unit), bool)
            stands[stand(roles)] = True
            for way, edge in ((1, last), (-1, row)):
                alive = np.ones(len(mine), bool)
                for away in range(1, REACH + 1):
                    place = np.clip(edge + way * away, -1, len(unit) - 1)          # the last place is no token's
                    alive &= unit[place] == unit[row]
                    near |= alive & stands[place]
                    alive &= joins[place]
            before = np.append(0, np.cumsum(stands))
            near |= before[last + 1] > before[row]
        keep.append(mine[near])
    return np.sort(np.concatenate(keep)) if keep else some[:0]


MONTHS = frozenset("january february march april may june july august september october november december jan feb mar apr jun jul aug sept sep oct nov dec".split())


def _numbers(tokens, known):
    """Which tokens are numbers that count something: no years, no days of a month."""
    words, (tags, names) = pd.Series(known.printed, dtype="str"), lexicons.tags(tokens)
    low = words.str.lower().str.rstrip(".")
    month, year, number = (each.to_numpy(bool)[known.codes] for each in (low.isin(MONTHS), low.str.fullmatch(r"(?:19|20)\d\d"), words.str.contains(r"^[\d.,]*\d", regex=True)))
    beside = np.append(False, month)[:-1] | np.append(month, False)[1:]
    return (np.array([name == "CD" for name in names], dtype=bool)[tags] | number) & ~(year | beside)


def _beside(some, row, last, numbers, unit):
    """Of `some` matches those with a number within three tokens before or behind them, in the same sentence: (which, the number's row)."""
    row, last = row[some], last[some]
    near = np.full(len(some), -1)
    for away in (3, 2, 1):
        for place in (last + away, row - away):
            inside = (place >= 0) & (place < len(unit))
            at = np.where(inside, place, 0)
            near = np.where(inside & numbers[at] & (unit[at] == unit[row]), at, near) if len(unit) else near
    return some[near >= 0], near[near >= 0]


# ---- what the codings say -------------------------------------------------------------------------------------------------------

def matches(frames):
    """The evidence of what carries a frame, as a table: one row per match (article_id, sentence_id, coder, variable, term, start, end, indicator)."""
    some = frames[frames["value"] > 0]
    rows = [(article, number, coder, frame, *item) for article, number, coder, frame, why in
            zip(some["article_id"], some["sentence_id"], some["coder"], some["variable"], some["evidence"]) for item in json.loads(why)]
    return pd.DataFrame(rows, columns=[*KEYS, "coder", "variable", "term", "start", "end", "indicator"])


def carried(frames):
    """Does the unit carry the frame: 1.0, 0.0, or null where it was not coded."""
    return frames["value"].gt(0).astype("float64").where(frames["value"].notna())


def shares(frames):
    """Share of an article's coded sentences that carry each variable, 0…1 (article_id, coder, variable, value); articles that were not coded are left out."""
    coded = frames.assign(value=carried(frames)).dropna(subset=["value"])
    return coded.groupby(["article_id", "coder", "variable"], as_index=False, sort=False)["value"].mean()


def examples(codebooks):
    """Each codebook run on its own examples: one row per example (codebook, variable, kind, number, text, found 0/1). They were written before the indicators, by
    somebody who did not see them; `positive` should be found, `negative` and `hard_negative` not."""
    rows = [(book.name, name, kind, n, text) for book in codebooks for name, spec in book.variables.items() for kind in ("positive", "negative", "hard_negative") for n, text in enumerate(getattr(spec, kind), 1)]
    table = pd.DataFrame(rows, columns=["codebook", "variable", "kind", "number", "text"])
    if table.empty:
        return table.assign(found=pd.Series(dtype="float64"))
    said = code_texts(table.assign(unit_id=[str(i) for i in range(len(table))]), codebooks).set_index(["unit_id", "coder", "variable"])["carried"]
    return table.assign(found=[said.get((str(i), book, name), np.nan) for i, book, name in zip(range(len(table)), table["codebook"], table["variable"])])


def failing(tried):
    """The examples that the indicators get wrong (positives not found, negatives found), of a table of `examples`, as CSV."""
    wrong = tried[tried["found"] != (tried["kind"] == "positive")]
    return wrong[["codebook", "variable", "kind", "number", "text"]].to_csv(index=False, lineterminator="\n")


def add_up(frames, codebooks, tokens):
    """Sentences → articles, as the codebooks say: one row per article × variable (article_id, coder, variable, value, carried, n_sentences).

    `count`: how many of the article's sentences carry the frame; `share`: which share of them, 0…1; `density`: matches per 1,000 tokens. carried: 1 from the
    codebook's `carried_from` on, else 0; a count also where half of a short text's sentences carry it. Articles that were not coded are left out. `frames`
    must hold whole sentences only.
    """
    coded = frames.dropna(subset=["value"])
    coded = coded.assign(carries=coded["value"] > 0)
    whole = coded.groupby(["article_id", "coder", "variable"], as_index=False, sort=False).agg(count=("carries", "sum"), share=("carries", "mean"), matches=("value", "sum"), n_sentences=("value", "size"))
    whole["density"] = whole["matches"] / whole["article_id"].map(tokens.groupby("article_id").size()).fillna(1) * 1000
    specs = pd.DataFrame([(book.name, name, spec.adds_up, spec.carried_from) for book in codebooks for name, spec in book.variables.items()], columns=["coder", "variable", "adds_up", "carried_from"])
    whole = whole.merge(specs, on=["coder", "variable"], validate="m:1")
    whole["value"] = np.select([whole["adds_up"] == way for way in ADDS_UP], [whole[way].astype("float64") for way in ADDS_UP])
    enough = whole["value"] >= np.where(whole["adds_up"] == "count", np.minimum(whole["carried_from"], whole["n_sentences"] / 2), whole["carried_from"])
    return whole.assign(carried=(enough & (whole["value"] > 0)).astype("float64"))[["article_id", "coder", "variable", "value", "carried", "n_sentences"]]


def term_counts(frames, codebook):
    """How often each term stands in what carries its frame, and in how many articles: one row per variable × term of the codebook (variable, term, matches, articles); 0 kept.
    A place that fires two indicators of a variable counts once."""
    found = matches(frames).drop_duplicates([*KEYS, "variable", "term", "start"]).groupby(["variable", "term"]).agg(matches=("start", "size"), articles=("article_id", "nunique"))
    terms = dictionary(codebook).query("~void")[["variable", "term"]].drop_duplicates()
    whole = terms.merge(found.reset_index(), how="left", on=["variable", "term"], validate="1:1")
    return whole.fillna({"matches": 0, "articles": 0}).astype({"matches": "int64", "articles": "int64"})


def without_term(frames, codebook, variable, term):
    """What is left of a frame without one of its terms: the share of the sentences that carry it which still would, by its rule (0…1; null where none carries it)."""
    spec = codebook.variables[variable]
    mine = frames[(frames["variable"] == variable) & (frames["coder"] == codebook.name) & (frames["value"] > 0)]
    if mine.empty:
        return None
    left = 0
    for why in mine["evidence"]:
        rest = {(name, found) for found, _, _, name in json.loads(why) if found != term}
        left += bool(_holds(spec.rule, lambda name: np.array([sum(n == name for n, _ in rest) >= spec.indicators[name].at_least]), 1)[0])
    return left / len(mine)


def overlap(frames):
    """How far variables go together on the same units: phi (Pearson's r of carried or not), a square table, `coder: variable` both ways; null where one never varies."""
    names = frames["coder"] + ": " + frames["variable"]
    wide = frames.assign(name=names, carries=carried(frames)).dropna(subset=["carries"]).pivot(index=[*KEYS, "segment_id"] if frames["segment_id"].notna().any() else KEYS, columns="name", values="carries")
    return wide[list(dict.fromkeys(names))].corr()


def leading_terms(frames, codebooks):
    """The term that carries most of each variable (coder, variable, term, matches, share of the variable's matches, left): left: of the sentences that carry it, the share that would without that term."""
    places = matches(frames).drop_duplicates([*KEYS, "coder", "variable", "term", "start"])
    found = places.groupby(["coder", "variable", "term"], sort=False).size().rename("matches").reset_index().sort_values(["matches", "term"], ascending=[False, True])
    first = found.drop_duplicates(["coder", "variable"])
    first = first.assign(share=first["matches"] / first.set_index(["coder", "variable"]).index.map(found.groupby(["coder", "variable"])["matches"].sum()))
    books = {book.name: book for book in codebooks}
    return first.assign(left=[without_term(frames, books[coder], variable, term) for coder, variable, term in zip(first["coder"], first["variable"], first["term"])]).sort_values(["coder", "variable"], ignore_index=True)


def code_texts(units, codebooks):
    """A coded set's units (unit_id, text), each a text of one sentence or many → `add_up`, with unit_id for article_id, and evidence (the terms that
    fired, null where none did): what each codebook says of each unit."""
    from analysis import tokens as tokens_room
    from analysis import voices
    articles = pd.DataFrame({"article_id": units["unit_id"], "title": None, "text": units["text"], "language": "en"})
    sentences = tokens_room.split_sentences(articles)
    tokens = tokens_room.split_tokens(sentences)
    segments = voices.find_voices(articles, sentences, tokens)
    agency = agency_room.find_acts(sentences, tokens, agency_room.read_actors(), segments)
    frames = code_frames(sentences, tokens, articles, codebooks, segments, agency)
    whole = frames[frames["segment_id"].isna()]
    why = matches(whole).groupby(["article_id", "coder", "variable"])["term"].agg(lambda terms: ", ".join(dict.fromkeys(terms))).rename("evidence")
    return add_up(whole, codebooks, tokens).join(why, on=["article_id", "coder", "variable"]).rename(columns={"article_id": "unit_id"})
