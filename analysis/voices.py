"""Sentences → segments: who speaks in every sentence, the outlet or somebody it reports; rules on tags, cues as a table.

A cue (`data/lexicons/cues.csv`) is a word by which the outlet gives somebody the word. Its frames say where the content stands:
`clause` (with or without “that”), `that` (only with it), `whether`, `quote` (only a quotation), `object` (the noun phrase behind it),
`number` (such a phrase with a number), `to` (an infinitive), `whom:of`, `whom:to`, `whom:as`, `whom:at`, `whom` (what is said of whom),
`hearer` (a hearer may stand before the content), `loose` (its forms have other uses), `thought` (no speech, a thought).
One matcher finds the cue, its subject to the left (or behind it: “said Smith”), and the content to the right, or to the left of it.
"""
import hashlib
import json
import re
from bisect import bisect_left
from functools import cache
from itertools import groupby

import numpy as np
import pandas as pd

from analysis import joins, lexicons, tables
from analysis.speakers import AUX, COLLECTIVE, COORDINATES, FINITE, IN_TIME, NOUNY, RESUMES, TIMES, Cast, Sentence, Words, about, after_phrase, parted, phrase_start, runs_of_names, subject

STANCES = ("neutral", "distancing", "endorsing", "speech_act")
# ---- cues -----------------------------------------------------------------------------------------------------------------------

class Cue:
    """One entry of the table: its frames, particle (“for” in “call for”), stance and kind."""
    __slots__ = ("base", "particle", "frames", "stance", "kind", "whom")

    def __init__(self, base, particle, frames, stance, kind):
        self.base, self.particle, self.stance, self.kind = base, particle, stance, kind
        self.whom = tuple(f.partition(":")[2] for f in frames if f.startswith("whom"))
        self.frames = frozenset(f for f in frames if not f.startswith("whom"))


def read_cues(path=None):
    """The table of cues: cue, kind (`verb`, `noun`, `source`), frames, stance, forms (irregular ones), reason."""
    path = path or tables.ROOT / "data" / "lexicons" / "cues.csv"
    table = pd.read_csv(path, comment="#", dtype="str", keep_default_na=False)
    wrong = table[~table["stance"].isin(STANCES) | ~table["kind"].isin(["verb", "noun", "source"])]
    if len(wrong):
        raise ValueError(f"{path}: cue “{wrong['cue'].iloc[0]}” has kind {wrong['kind'].iloc[0]} and stance {wrong['stance'].iloc[0]}; expected verb, noun or source, and one of {', '.join(STANCES)}.")
    return table


def inflected(verb):
    """Regular forms of a verb: says, saying, said's regular kin (argue → argues, argued, arguing)."""
    stem = verb[:-1] if verb.endswith("e") else verb
    if re.search(r"[^aeiou]y$", verb):
        return {verb, verb[:-1] + "ies", verb[:-1] + "ied", verb + "ing"}
    return {verb, verb + ("es" if re.search(r"(s|x|z|ch|sh|o)$", verb) else "s"), stem + "ed", (verb if verb.endswith("ee") else stem) + "ing"}


@cache
def cue_index():
    """form → cues (verbs, nouns), and the sources as tuples of words."""
    verbs, nouns, sources = {}, {}, {}
    for row in read_cues().itertuples():
        words = row.cue.split()
        if row.kind == "source":
            sources.setdefault(words[0], []).append((tuple(words), Cue(row.cue, (), row.frames.split(), row.stance, row.kind)))
            continue
        cue = Cue(row.cue, tuple(words[1:]), row.frames.split(), row.stance, row.kind)
        forms = inflected(words[0]) | set(row.forms.split()) if row.kind == "verb" else {words[0], words[0] + "s"}
        for form in forms:
            (verbs if row.kind == "verb" else nouns).setdefault(form, []).append(cue)
    for found in verbs.values():
        found.sort(key=lambda cue: -len(cue.particle))
    return verbs, nouns, sources


# ---- quotations -----------------------------------------------------------------------------------------------------------------

OPENING, CLOSING = "“«„", "”»"
SINGLES = re.compile(r"[‘'](?<![\w’'].)(?=[\w(\[“\"])([^‘\n]{2,600}?)(?<=[\w.,!?…)])[’'](?![\w’'])")
BLOCK, MARK = re.compile(r"(?:[^\n]+|\n(?![^\S\n]*\n))+"), re.compile(r"[“”«»„\"]")  # parted by blank lines
MARKS = frozenset(",;.:?!)")  # outside quotations they go with what stands before
SENTENCE_END = re.compile(r"[.!?…][”’\"')\]]*(?=\s|$)")


def quotations(text):
    """(start, end) of every quotation of a text, marks included, in order; quotations within quotations belong to the outer one.

    A mark that is never closed runs to its paragraph's end where the next paragraph opens with a mark again (a speech over several
    paragraphs), else to the end of its sentence.
    """
    found = []
    blocks = [m.span() for m in BLOCK.finditer(text)]
    for number, (begin, end) in enumerate(blocks):
        first = len(found)
        after = text[slice(*blocks[number + 1])].lstrip()[:1] if number + 1 < len(blocks) else ""
        opened = None
        for mark in MARK.finditer(text, begin, end):
            at, sign = mark.start(), mark.group()
            before, behind = text[at - 1:at] if at > begin else " ", text[at + 1:at + 2] if at + 1 < end else " "
            opens = sign in OPENING or sign == '"' and (before.isspace() or before in "([—–-‘'") and not behind.isspace()
            closes = sign in CLOSING or sign == '"' and not opens
            if opened is None:
                if opens:
                    opened = at
            elif closes or sign == '"' and not before.isspace():
                found.append((opened, at + 1))
                opened = None
            elif sign == '"' and opens:                    # the last one was never closed
                found.append((opened, _sentence_end(text, opened, at)))
                opened = at
        if opened is not None:
            found.append((opened, end if after and after in OPENING + '"' else _sentence_end(text, opened, end)))
        if "‘" in text[begin:end] or "'" in text[begin:end]:
            taken = found[first:]
            for single in SINGLES.finditer(text, begin, end):
                before = bisect_left(taken, (single.end(), 0)) - 1  # the last quotation that begins before it ends
                if before < 0 or taken[before][1] <= single.start():
                    found.append(single.span())
    return sorted(found)


def _sentence_end(text, start, limit):
    stop = SENTENCE_END.search(text, start + 1, limit)
    return stop.end() if stop else len(text[:limit].rstrip())


# ---- one sentence ---------------------------------------------------------------------------------------------------------------

class Attribution:
    """Who is given the word, by which cue."""
    __slots__ = ("speaker", "cue", "stance")

    def __init__(self, speaker, cue, stance):
        self.speaker, self.cue, self.stance = speaker, cue, stance


def content_right(s, k, cue):
    """First token of the content that stands right of the cue whose last word is k; null where there is none there."""
    j, passed, adverb = k + 1, 0, None
    clause = "clause" in cue.frames
    while j < s.n and passed < 30:
        passed += 1
        word, tag = s.low[j], s.tag[j]
        if s.quote[j] >= 0:
            return j
        if word == "that" and ("clause" in cue.frames or "that" in cue.frames or cue.kind == "noun"):
            return j
        if word in ("whether", "if", "how", "why", "what", "where") and ("whether" in cue.frames or word in ("whether", "how", "why") and (clause or "that" in cue.frames)):
            return j
        if word == ":" and cue.kind == "verb":
            return j + 1 if j + 1 < s.n else None
        if word == ",":
            if j + 1 < s.n and s.quote[j + 1] >= 0:
                return j + 1
            back = next((i for i in range(j + 1, min(s.n, j + 16)) if s.low[i] == ","), None)   # "said, in an interview, that"
            if back and back + 1 < s.n and (s.low[back + 1] == "that" or s.quote[back + 1] >= 0) and not s.finite(j, back):
                j = back + 1
                continue
            return None
        if word in (".", "!", "?", ";", "—", "–", "--", "-"):
            return None
        if tag == "RB" and word not in ("there", "here"):
            adverb, j = (j if adverb is None else adverb), j + 1
            continue
        if word in TIMES or word in ("last", "this") and j + 1 < s.n and s.low[j + 1] in TIMES:
            j += 1
            continue
        if word in IN_TIME and j + 1 < s.n and (clause or "that" in cue.frames or "quote" in cue.frames):
            j = after_phrase(s, j + 1)
            continue
        if "hearer" in cue.frames and j == k + 1 and (tag in NOUNY or tag == "PRP"):
            j = j + 1 if tag == "PRP" else after_phrase(s, j)
            if j < s.n and "clause" in cue.frames and s.tag[j] in ("PRP", "DT", "NNP", "EX", "PRP$", "NNS") and s.finite(j, s.n):
                return j
            continue
        if clause and "loose" not in cue.frames and tag not in ("TO", "VB", "VBG") and (
                _has_main_verb(s, j) or max(s.quote[j:j + 3]) >= 0 or cue.base == "say" and (tag in NOUNY or tag == "PRP") and s.n - j > 5
                and s.quote[k - 1] < 0 and s.low[k - 1] != ","):
            return j if adverb is None or adverb != k + 1 else adverb
        if cue.frames & {"clause", "that"} and j == k + 1 and cue.kind == "verb" and "whether" not in cue.frames:      # no “that”: a subject and its verb must follow at once
            behind = j + 1 if tag == "PRP" or word in ("many", "most", "some", "this", "there") else after_phrase(s, j)
            while behind < s.n and s.tag[behind] in ("RB", "MD"):
                behind += 1
            if j < behind < s.n and s.quote[behind] < 0 and (s.tag[behind] in FINITE or s.tag[behind] == "VBN" or s.tag[behind] == "VB" and s.tag[behind - 1] == "MD") and s.low[behind - 1] not in (",",):
                return j
        break
    first = k + 1
    if clause and "loose" not in cue.frames and first < j < s.n and s.low[first] in IN_TIME and s.low[first] not in ("to", "by") and s.quote[j] < 0 and s.low[j] != "," and _has_main_verb(s, j):
        return first                                                # "said in order to win, they must leave"
    return None


def _has_main_verb(s, j):
    """Do the words from j to the next semicolon hold a finite verb that belongs to no relative clause?"""
    end = s.low.index(";", j) if ";" in s.low[j:] else s.n
    verbs = s.words.main.count(1, s.first + j, s.first + end)
    return verbs > s.words.relative.count(1, s.first + j + 1, s.first + end) * (verbs < 3)


def _object_end(s, j):
    """Behind the object that begins at j: the next comma, semicolon, dash or “by”, or the sentence's end."""
    return next((i for i in range(j, s.n) if s.quote[i] < 0 and s.low[i] in (",", ";", "—", "–", "--", "by", "but", "while")), s.n)


def read_sentence(s, cast, cues):
    """Give every token of one sentence to the outlet (null) or to an `Attribution`; returns the last attribution, null where there is none.

    cues: the tokens outside quotations that are forms of cues."""
    verbs, nouns, sources = cue_index()
    left, last = 0, None
    for k in cues:
        word = s.low[k]
        made = None
        if k == 0 and s.raw[k].isupper() and s.low[k + 1:k + 2] == [":"]:      # "RELATED: …" heads a line
            continue
        if word in sources:
            made = _source(s, k, sources[word], cast, left)
        if made is None and word in verbs and (s.tag[k].startswith("VB") or _looks_like_verb(s, k)):
            if k and s.tag[k - 1] in ("DT", "PRP$", "POS") and not word.endswith("ed"):
                verbs_here = ()
            else:
                verbs_here = verbs[word]
            for cue in verbs_here:
                tail = _behind_particle(s, k, cue.particle)
                if tail is not None:
                    made = _verb(s, k, tail, cue, cast, left, last)
                    if made:
                        break
        if made is None and word in nouns and s.tag[k].startswith("NN") and s.owner[k] is None:
            made = next(filter(None, (_noun(s, k, cue, cast) for cue in nouns[word])), None)
        if made:
            last, left = made
    return last


def _looks_like_verb(s, k):
    """A form tagged as a noun that stands like a verb: behind a name, a plural or a pronoun, and before a clause or a quotation."""
    if k == 0 or k + 1 >= s.n or s.tag[k] not in ("NN", "NNS", "JJ", "NNP", "VBN"):
        return False
    if s.tag[k] == "NNS" and s.low[k + 1] == "that" and s.tag[k - 1] == "NN":         # "The report states that"
        return True
    before = s.tag[k - 1] in ("NNP", "NNPS", "NNS", "PRP") or s.quote[k - 1] >= 0 or s.low[k - 1] == ","
    return before and (s.low[k + 1] in ("that", "it", "its", "the", "he", "she", "they", "there", ":", ",", "for", "on", "of") or s.quote[k + 1] >= 0)


def _behind_particle(s, k, particle):
    """The cue's last token, its particle included (“called for”, “called on Friday for”); null where the particle is not there."""
    at = k + 1
    if particle and at + 1 < s.n and s.low[at] in ("on", "again", "repeatedly") and s.low[at + 1] in TIMES:
        at += 2
    return at + len(particle) - 1 if tuple(s.low[at:at + len(particle)]) == particle else None


def _verb(s, k, tail, cue, cast, left, last):
    """One verb of saying: (attribution, new left boundary), or null where it gives nobody the word."""
    inside = s.owner[k]
    a, b, own, first, flags = subject(s, k)
    strong = "clause" in cue.frames and not cue.frames & {"loose", "thought"}
    if inside is not None:                                       # within somebody's content: nested, unless the outlet takes over again
        if a < b:
            cut = own - 1 if own > 0 and s.low[own - 1] in COORDINATES and strong else None
        else:
            cut = first if "and" in flags and strong or "comma" in flags and s.low[k].endswith("ing") else None
        if cut is None or s.owner[cut] is not inside:
            return None
    if "not" in flags and not (cue.base in ("deny", "doubt", "dispute")):
        return None
    if "infinitive" in flags and not (tail + 1 < s.n and (s.low[tail + 1] == "that" or s.quote[tail + 1] >= 0)):
        return None
    passive = "passive" in flags and s.tag[k] in ("VBN", "VBD")
    begin = content_right(s, tail, cue)
    end = s.n
    content = None                                               # (first, behind the last) token of the content
    if cue.whom and not passive:
        content = _whom(s, tail, cue)
    if content is None and begin is not None and passive and (s.low[begin] == "that" or s.low[a] == "it") and "hearer" not in cue.frames and inside is None:
        owner = Attribution(_who(s, a, b, flags, cast, last, True, k, None), s.raw[k], cue.stance)      # "It was said that …"
        s.give(begin, s.n, owner)
        return owner, s.n
    if content is None and begin is not None and not (passive and "hearer" not in cue.frames and cue.base not in ("quote",)):
        content = (begin, end)
    if content is None and "to" in cue.frames and not passive:
        at = tail + 1
        while at < s.n and s.low[at] in IN_TIME and s.low[at] != "to":               # "promised during the campaign to …"
            at = after_phrase(s, at + 1)
        content = (at, _object_end(s, at)) if at < s.n and s.low[at] == "to" else None
    if content is None and "number" in cue.frames and not passive:
        stop = _object_end(s, tail + 1)
        content = (tail + 1, stop) if "CD" in s.tag[tail + 1:min(stop, tail + 9)] else None
    if content is None and cue.frames & {"object", "ing"} and not passive and tail + 1 < s.n and s.low[tail + 1] not in (",", ".", "by", ";"):
        content = (tail + 1, _object_end(s, tail + 1))
    if content is None and passive and cue.frames & {"clause", "that"} and tail + 1 < s.n and s.low[tail + 1] == "to" and cue.base in ("say", "believe", "think", "report", "allege", "understand", "rumor"):
        content = (tail + 1, _object_end(s, tail + 1))
        owner = Attribution(None, s.raw[k], cue.stance)
        s.give(*content, owner)
        return owner, content[1]
    if content is None and passive and inside is None and a < b and (cue.whom or cue.frames & {"object", "ing", "clause"}) and tail + 1 < s.n and s.low[tail + 1] == "by":
        stop = after_phrase(s, tail + 2)                        # "The killing was described by the minister as …"
        owner = Attribution(cast.speaker(s, tail + 2, stop), " ".join(s.raw[k:tail + 1]), cue.stance)
        s.give(a, b, owner)
        if stop < s.n and (s.low[stop] in cue.whom or s.quote[stop] >= 0 or "" in cue.whom and s.tag[stop] in ("DT", "JJ")):
            s.give(stop, _object_end(s, stop + 1), owner)
        return owner, s.n
    if content is not None:
        if cue.base in ("deny", "reject", "recommend") and s.tag[content[0]] == "PRP":
            return None
        if cue.whom == ("",) and s.tag[k - 1:k] == ["NN"] and s.tag[k] in ("VBN", "VBD") and s.quote[content[0]] >= 0:      # "a film called “X”"
            return None
        if inside is not None:
            s.give(cut, s.n, None)
        if inside is None and a >= b and "and" not in flags and "comma" not in flags and k > 0 and s.tag[k] in ("VBN", "VBD") and not s.low[k - 1] in (",",) and last is None and "hearer" not in cue.frames and "clause" not in cue.frames:
            return None
        who = _who(s, a, b, flags, cast, last, passive, k, inside)
        owner = Attribution(who, " ".join(s.raw[k:tail + 1]), cue.stance)
        if cue.base == "ask" and passive or s.low[k] == "asked" and a >= b and "and" not in flags:
            comma = next((i for i in range(content[0], s.n) if s.low[i] == ","), s.n)
            content, owner.speaker = (content[0], comma), None
        lead = content[0]
        s.give(lead, content[1], owner)
        if inside is None and s.quote[lead] >= 0 and own > left:  # "“…,” he said, “…”"; "If it goes on, he warned, “…”"
            if any(s.quote[i] >= 0 and s.owner[i] is None for i in range(left, own)) or s.low[left] in ("if", "should", "unless", "had", "were"):
                _give_left(s, left, own, owner)
        return owner, content[1]
    if inside is not None or not (cue.frames & {"clause", "quote", "that"}) or cue.base in ("find", "show", "prove", "know"):
        return None
    return _behind(s, k, tail, cue, cast, (a, b, own, first, flags), left, last)


def _who(s, a, b, flags, cast, last, passive, k, inside):
    """The speaker of a leading cue."""
    if passive:
        by = next((i for i in range(k + 1, min(k + 4, s.n)) if s.low[i] == "by"), None)
        return cast.speaker(s, by + 1, after_phrase(s, by + 1)) if by else None
    if a < b:
        return cast.speaker(s, a, b)
    if inside is not None:
        return inside.speaker
    if last is not None:
        return last.speaker
    verbs = [i for i in range(k) if s.tag[i] in FINITE and s.quote[i] < 0]
    main = (verbs[-1] if "and" in flags else verbs[0]) if verbs else None
    if main is not None and main < k:
        a, b, *_ = subject(s, main)
        if a < b:
            return cast.speaker(s, a, b)
    if not verbs and flags & {"comma", "infinitive"} and after_phrase(s, 0) > 0:   # the tagger found no verb before: the sentence's first phrase
        return cast.speaker(s, 0, after_phrase(s, 0))
    return cast.last if flags & {"and", "comma"} else None


def _whom(s, tail, cue):
    """Content of “urged X to …”, “accused X of …”, “called X a …”: from X to the end; null where the frame is not filled."""
    begin = tail + 1
    if begin >= s.n or s.low[begin] in (",", ".", ";", "by", "to"):
        return None
    stop = _object_end(s, begin)
    for particle in cue.whom:
        if not particle:
            behind = begin + 1 if s.tag[begin] == "PRP" else after_phrase(s, begin)
            if behind < s.n and (s.quote[behind] >= 0 or s.tag[behind] in ("DT", "JJ", "NN")) and behind > begin or s.quote[begin] >= 0:
                return begin, stop
            if (s.tag[begin] in NOUNY or s.tag[begin] == "PRP") and any(s.tag[i] == "DT" for i in range(begin + 1, stop)) and s.tag[begin] != "DT":
                return begin, stop
        else:
            at = next((i for i in range(begin, stop) if s.low[i] == particle and s.quote[i] < 0), None)
            if at is not None and at - begin <= 14 and (particle not in ("as", "for") or at > begin):
                return begin, s.n if particle == "to" else _object_end(s, at)
    return None


def _give_left(s, left, stop, owner):
    for i in range(left, stop):
        if s.owner[i] is None:
            s.owner[i] = owner


def _behind(s, k, tail, cue, cast, found, left, last):
    """A cue behind its content: “…,” Smith said; …, said Smith; a, he said, b."""
    a, b, own, _, flags = found
    inverted = a >= b and ("comma" in flags or "quote" in flags) and "and" not in flags
    before = own - 1
    if before >= 0 and s.low[before] == "as" and before - left <= 1 and a < b and "clause" in cue.frames:      # "As Lee told reporters, …"
        comma = next((i for i in range(tail + 1, s.n) if s.low[i] == ","), None)
        if comma is None or not s.finite(comma, s.n):
            return None
        owner = Attribution(cast.speaker(s, a, b), " ".join(s.raw[k:tail + 1]), cue.stance)
        s.give(comma + 1, s.n, owner)
        return owner, s.n
    if before < left:
        return None
    joined = s.quote[before] >= 0 or s.low[before] in (",", "-", "—", "–", "--", "?", "!")
    if not joined:
        return None
    quoted = any(s.quote[i] >= 0 for i in range(left, own))
    at_end = all(s.low[i] in TIMES or s.low[i] in IN_TIME or s.tag[i] in ("NNP", "CD", "DT") or not s.raw[i][:1].isalnum() for i in range(tail + 1, s.n))
    if not quoted and ("clause" not in cue.frames or "loose" in cue.frames and not at_end and s.low[tail + 1] != ","):
        return None
    comma = next((i for i in range(tail + 1, s.n) if s.low[i] in (",", ";", ":") or s.quote[i] >= 0), s.n)
    mid = comma + 1 < s.n and s.low[comma] == "," and not inverted
    long_enough = at_end and "clause" in cue.frames and a < b and own - left > 6     # the tagger missed the verb of a whole clause
    if not quoted and not s.finite(left, own) and not mid and not long_enough:
        return None
    if inverted:
        if s.tag[k] == "VBG" or tail + 1 >= s.n:
            return None
        e = after_phrase(s, tail + 1)
        if e <= tail + 1:
            return None
        who = cast.speaker(s, tail + 1, e)
    elif a < b:
        who = cast.speaker(s, a, b)
    else:
        who = last.speaker if last else None
    owner = Attribution(who, " ".join(s.raw[k:tail + 1]), cue.stance)
    _give_left(s, left, own, owner)
    rest = comma + 1 if comma < s.n and s.low[comma] in (",", ":") else comma
    if inverted:                                                 # "…,” said Smith, a spokesman, “and …”"
        again = next((i for i in range(tail + 1, s.n) if s.quote[i] >= 0), None)
        if again is not None:
            s.give(again, s.n, owner)
            return owner, s.n
        return owner, rest
    if rest < s.n and s.quote[rest] >= 0:
        s.give(rest, s.n, owner)
        return owner, s.n
    if rest < s.n and s.low[comma] in (",", ";") and s.low[rest] not in RESUMES and s.tag[rest] != "VBG" and not (s.quote[before] >= 0 or s.quote[before - 1] >= 0):
        s.give(rest, s.n, owner)
        return owner, rest
    again = next((i for i in range(rest, s.n) if s.quote[i] >= 0), None)
    if again is not None and not any(s.low[i] in cue_index()[0] for i in range(rest, again) if s.quote[i] < 0):
        s.give(again, s.n, owner)
    return owner, rest


def _source(s, k, entries, cast, left):
    """“According to X, …” and “…, according to X”."""
    for words, cue in entries:
        if tuple(s.low[k:k + len(words)]) != words or s.owner[k] is not None:
            continue
        begin = k + len(words)
        end = after_phrase(s, begin)
        comma = next((i for i in range(max(end, begin), s.n) if s.low[i] in (",", ";", ":")), s.n)
        stop = min(comma, s.n)
        who = cast.speaker(s, begin, max(end, begin))
        owner = Attribution(who, " ".join(s.raw[k:begin]), cue.stance)
        if k - left <= 1 and not s.finite(left, k):              # at the head of its clause
            s.give(stop + 1 if stop < s.n and not s.finite(end, stop) else end, s.n, owner)
            return owner, s.n
        _give_left(s, left, k, owner)
        if stop + 1 < s.n and not s.finite(left, k) and s.low[stop] == ",":
            s.give(stop + 1, s.n, owner)
        return owner, stop + 1
    return None


def _noun(s, k, cue, cast):
    """A reporting noun: X's claim that …; their warning that …"""
    at = k + 1
    if at >= s.n or not (s.low[at] == "that" or s.low[at] == "of" and "of" in cue.frames or s.low[at] == "to" and "to" in cue.frames and s.tag[k - 1] in ("POS", "PRP$")):
        return None
    if s.low[at] == "that" and at + 1 < s.n and (s.tag[at + 1] in FINITE or s.tag[at + 1] == "RB"):   # "a report that shows"
        return None
    j = k - 1
    while j > 0 and s.tag[j] in ("JJ", "NN", "JJR", "JJS", "CD"):
        j -= 1
    who = None
    if s.tag[j] == "POS" or s.low[j] in ("'s", "'"):
        who = cast.speaker(s, phrase_start(s, j), j)
    elif s.low[j] in ("his", "her"):
        who = cast.speaker_of("he" if s.low[j] == "his" else "she")
    elif s.low[j] in ("their", "its"):
        who = cast.speaker_of("they" if s.low[j] == "their" else "it")
    end = s.n if s.low[at] == "that" else _object_end(s, at)
    if s.low[at] == "that" and not s.finite(0, k):               # the noun is in the subject: its clause ends before the main verb
        seen = [i for i in range(at + 1, s.n) if (s.tag[i] in FINITE or s.tag[i] == "VBN") and s.quote[i] < 0 and s.low[i - 1] not in AUX]
        end = seen[1] if len(seen) > 1 else s.n
    owner = Attribution(who, s.raw[k], cue.stance)
    s.give(at, end, owner)
    return owner, end


# ---- tables ---------------------------------------------------------------------------------------------------------------------

def find_voices(articles, sentences, tokens):
    """Sentences → `segments`: each sentence cut into stretches of one voice (`own`, `direct`, `indirect`) with speaker, cue and stance.

    The segments of a sentence tile it; white space at a boundary goes with the segment before. Speaker: the fullest name the article
    gives, a role or institution as printed, null where the text does not make plain who is meant. A machine's coding, with its errors.
    """
    from tqdm import tqdm
    number, heads = lexicons.sentence_of(tokens)
    at = joins.places(sentences, tokens.iloc[heads[:-1]])
    keys = list(zip(sentences["article_id"].tolist(), sentences["part"].tolist()))
    texts = {(a, p): t for a, title, text in zip(articles["article_id"], articles["title"], articles["text"]) for p, t in (("title", title), ("body", text))}
    texts = {key: texts[key] for key in dict.fromkeys(keys)}
    numbers, text_of = {key: n for n, key in enumerate(texts)}, np.full(len(heads), -1)
    text_of[at] = [numbers[key] for key in keys]
    quote = _quoted(tokens, text_of[number], texts.values())
    words = Words(tokens, heads[:-1], quote)
    verbs, nouns, sources = cue_index()
    begins = words.among(sources.keys()) & np.append(words.among({word for entries in sources.values() for words_, _ in entries for word in words_[1:2]}), False)[1:]
    cues = np.flatnonzero((begins | words.among(verbs.keys() | nouns.keys() | {first for first, entries in sources.items() if any(len(words_) == 1 for words_, _ in entries)})) & words.free)
    quotes, people = np.column_stack(parted(~words.free, words.first, quote)), about(words, heads)
    names = runs_of_names(words)
    shares = [np.searchsorted(rows, heads).tolist() for rows in (cues, quotes[:, 0], names[:, 0])]
    cues, quotes, names, starts, heads = cues.tolist(), quotes.tolist(), names.tolist(), tokens["start"].to_numpy(), heads.tolist()
    article, places = pd.factorize(sentences["article_id"])[0], list(zip(at.tolist(), *(sentences[c].tolist() for c in ("paragraph", "start", "end"))))
    order = np.argsort(article, kind="stable")
    rows = []
    for mine in tqdm(np.split(order, np.flatnonzero(np.diff(article[order])) + 1), "voices", disable=None, leave=False):
        some, read, spoken = [(row, *places[row]) for row in mine.tolist() if places[row][0] >= 0], [], {}
        cast = Cast(words, (name for _, n, *_ in some for name in names[shares[2][n]:shares[2][n + 1]]))
        for row, n, paragraph, start, end in some:
            attributed = None
            if shares[0][n] < shares[0][n + 1] or shares[1][n] < shares[1][n + 1]:
                first = heads[n]
                quoted = [(i - first, j - first) for i, j in quotes[shares[1][n]:shares[1][n + 1]]]
                read.append((row, paragraph, start, end, s := Sentence(words, first, heads[n + 1]), quoted))
                attributed = read_sentence(s, cast, [k - first for k in cues[shares[0][n]:shares[0][n + 1]]])
                for i, j in quoted:
                    owner = next(filter(None, s.owner[i:j]), None)
                    if owner is not None:
                        spoken.setdefault(s.quote[i], owner)
            if attributed is None and people[n] >= 0:
                cast.notice(words.low[people[n]], words.raw[people[n]])
        _chain(read, spoken)
        if cast.unnamed:
            _only_holder(set().union(*(s.owner for *_, s, _ in read)) - {None}, cast)
        rows += [(row, i, *segment) for row, _, start, end, s, _ in read if any(s.owner) for i, segment in enumerate(_segments(s, starts, start, end))]
    found = joins.by_columns(rows, row="int64", segment_id="int64", start="int64", end="int64", voice="str", speaker="str", cue="str", stance="str")
    own = np.setdiff1d(np.arange(len(sentences)), found["row"])
    found = pd.concat([found, sentences[["start", "end"]].iloc[own].assign(row=own, segment_id=0, voice="own")], ignore_index=True)
    found = found.iloc[np.argsort(np.argsort(order)[found["row"]], kind="stable")].reset_index(drop=True)
    keys = sentences[["article_id", "sentence_id"]].iloc[found["row"]].reset_index(drop=True)
    return keys.join(found.drop(columns="row"))


def _quoted(tokens, text_of, texts):
    """The number of the quotation that each token stands in, counted through all texts; -1 where in none."""
    far = max(map(len, texts), default=0) + 2
    begins, ends = np.array([(n * far + a, n * far + b) for n, text in enumerate(texts) for a, b in quotations(text)] or [(-1, -1)]).T
    place = text_of * far + tokens["start"].to_numpy()
    found = np.searchsorted(begins, place, side="right") - 1
    return np.where((found >= 0) & (place < ends[found]) & (text_of >= 0), found, -1)


def _only_holder(owners, cast):
    """“The minister”, never named by the office, is the one person who speaks by name, where there is just one."""
    names = {o.speaker for o in owners if o.speaker and cast.full.get(o.speaker.split()[-1].lower()) == o.speaker and " " in o.speaker and o.speaker.split()[-1].lower() not in COLLECTIVE}
    if len(names) == 1:
        for owner in owners:
            if owner.speaker in cast.unnamed:
                owner.speaker = next(iter(names))


def _chain(read, spoken):
    """Quotations without a cue of their own: who spoke before in the paragraph, else next in it, else the speaker before."""
    order, held = [], {}  # (paragraph, quotation) by sentence; the tokens of each quotation, sentence by sentence
    for _, paragraph, _, _, s, quotes in read:
        for i, j in quotes:
            order.append((paragraph, s.quote[i]))
            held.setdefault(s.quote[i], []).append((s, range(i, j)))
    voice = None
    for i, (paragraph, q) in enumerate(order):
        known = spoken.get(q)
        if known is None:
            words = [s.raw[t] for s, tokens in held[q] for t in tokens if s.raw[t].isalpha() or any(c.isalpha() for c in s.raw[t])]
            titled = all(w[:1].isupper() or len(w) < 4 for w in words)
            if len(words) <= 2 or titled and len(words) < 8 and not words[-1:] == ["I"]:
                held[q] = ()
                continue
            later = next((spoken[x] for p, x in order[i + 1:i + 4] if p == paragraph and x in spoken), None)
            same = voice if voice and voice[0] == paragraph else None
            known = (same[1] if same else None) or later or (voice[1] if voice else None) or Attribution(None, None, None)
            known = Attribution(known.speaker, known.cue, known.stance)
            spoken[q] = known
        for s, tokens in held.pop(q, ()):
            s.owner[tokens.start:tokens.stop] = [owner or known for owner in s.owner[tokens.start:tokens.stop]]
        voice = (paragraph, known)


def _segments(s, starts, start, end):
    """(start, end, voice, speaker, cue, stance) of one sentence, tiling it."""
    runs, places, i = [], [start], 0
    direct = [q >= 0 for q in s.quote]
    for (owner, quoted), group in groupby(zip(s.owner, direct)):
        stop = i + len(list(group))
        while runs and not quoted and i < stop and s.raw[i] in MARKS:
            i += 1
        if i < stop and not (runs and owner is last and (owner is None or quoted is was)):
            if runs:
                places.append(int(starts[s.first + i]))
            last, was = owner, quoted
            runs.append(("own", None, None, None) if owner is None else ("direct" if quoted else "indirect", owner.speaker, owner.cue, owner.stance))
        i = stop
    return [(a, b, *run) for a, b, run in zip(places, [*places[1:], end], runs)]


# ---- reading segments -----------------------------------------------------------------------------------------------------------

def voice_of(places, segments, *, column="voice"):
    """The voice (or another column of `segments`) of each row of a table with article_id, sentence_id, start: of the segment it begins in."""
    keys = ["article_id", "sentence_id"]
    number = segments[keys].drop_duplicates().assign(number=lambda t: range(len(t)))
    far = int(max(segments["end"].max(), places["start"].max())) + 1 if len(places) else 1
    starts = segments[keys].merge(number, on=keys)["number"].to_numpy() * far + segments["start"].to_numpy()
    wanted = places[keys].merge(number, on=keys, how="left", validate="m:1")["number"].to_numpy() * far + places["start"].to_numpy()
    return pd.Series(segments[column].to_numpy()[np.searchsorted(starts, wanted, side="right") - 1], index=places.index)


def beside(codings, segments, sentences, *, part="body", fewest=0):
    """Codings of segments with the voice and the speaker of each (columns of `codings`, voice, speaker): those of one part of the articles, with at
    least `fewest` words, and with a value."""
    keys = ["article_id", "sentence_id"]
    spans = segments.merge(sentences.loc[sentences["part"] == part, [*keys, "text", "start"]], on=keys, suffixes=("", "_sentence"), validate="m:1")
    words = [len(text[start - first:end - first].split()) for text, start, end, first in zip(spans["text"], spans["start"], spans["end"], spans["start_sentence"])]
    spans = spans.loc[np.array(words, dtype="int64") >= fewest, [*keys, "segment_id", "voice", "speaker"]]
    coded = codings.dropna(subset=["segment_id", "value"]).astype({"segment_id": "int64"})
    return coded.merge(spans, on=[*keys, "segment_id"], validate="m:1")


def held_out(article_id):
    """Is this article in the half of a coded set that is not opened while rules are written? By a hash of its id."""
    return int(hashlib.sha256(article_id.encode("utf-8")).hexdigest()[0], 16) >= 8


def compare(segments, units, codes, words):
    """The detector beside reference codes (`data/coded/<corpus>`), over the articles both hold: measure, precision, recall, f1, n.

    `attributed words`: words in somebody else's voice. `attributed sentences`: sentences that hold any. `speaker of attributed words`: of the
    words both attribute, the share with the same speaker (one name within the other counts; precision = recall). n: in the reference.
    """
    told = codes[codes["variable"] == "segments"].merge(units[["unit_id", "article_id", "sentence_id"]], on="unit_id")
    reference = pd.DataFrame([{"article_id": article, "sentence_id": number, **part} for article, number, parts in zip(told["article_id"], told["sentence_id"], told["value"])
                              for part in json.loads(parts)]).sort_values(["article_id", "sentence_id", "start"], kind="stable")
    both = words.merge(reference[["article_id", "sentence_id"]].drop_duplicates(), on=["article_id", "sentence_id"])
    mine, theirs = (voice_of(both, table).ne("own") for table in (segments, reference))
    names = [voice_of(both, table, column="speaker").where(mine & theirs).fillna("").str.lower() for table in (segments, reference)]
    same = [bool(a) and bool(b) and (a in b or b in a) or a == b for a, b in zip(*names)]
    by = both.assign(mine=mine, theirs=theirs).groupby(["article_id", "sentence_id"])[["mine", "theirs"]].any()
    rows = [("attributed words", *_scores(mine, theirs)), ("attributed sentences", *_scores(by["mine"], by["theirs"]))]
    right = float(np.mean([s for s, m in zip(same, mine & theirs) if m])) if (mine & theirs).any() else None
    return pd.DataFrame(rows + [("speaker of attributed words", right, right, right, int((mine & theirs).sum()))], columns=["measure", "precision", "recall", "f1", "n"])


def _scores(mine, theirs):
    right = int((mine & theirs).sum())
    return right / max(1, int(mine.sum())), right / max(1, int(theirs.sum())), 2 * right / max(1, int(mine.sum() + theirs.sum())), int(theirs.sum())
