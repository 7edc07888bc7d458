"""Articles → sentences and tokens, every one with its exact place in the text. NLTK's algorithms, no downloaded data."""
import importlib
import re
import string
import sys
from functools import cache, lru_cache, partial
from itertools import accumulate, chain

import numpy as np
import pandas as pd

from analysis import joins, tables

# Words that open a sentence after an abbreviation which may also end one ("… in Washington D.C. The court …").
OPENERS = set("""a after also although an and as asked at because before both but by despite during each even every few for from he her here his how
however i if in instead it its last later many meanwhile most my no not now of on one only other our over she since so some still such that the
their then there these they this those though through thus to today two under until we what when where whether which while who why with yet you""".split())
SAME_LENGTH = str.maketrans({"’": "'", "‘": "'", "`": "'", "´": "'", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "\u00a0": " "})
CLOSING = "\"'”’»)]}"
LONGEST = 8_000  # bytes; what is longer is a table or a list without full stops, and no sentence: it is cut at white space, so that what is done with sentences stays linear in the text
WORD_STOP = re.compile(r"""["(]*([^\W\d_]{2,})[.?!](?:\s+\S|["”’)])""")


def nltk(module):
    """A module of NLTK. NLTK imports scikit-learn wherever it is installed, which takes two seconds and serves nothing here: it is kept from it."""
    unasked = "sklearn" not in sys.modules
    if unasked:
        sys.modules["sklearn"] = None
    try:
        return importlib.import_module(f"nltk.{module}")
    finally:
        if "nltk.redos" in sys.modules:
            sys.modules["nltk.redos"].DEFAULT_TIMEOUT = None  # five seconds on the clock for all matches in a line: too few for a long line, or on a busy machine
        if unasked:
            del sys.modules["sklearn"]


@cache
def splitter():
    """Punkt (Kiss & Strunk 2006) with a committed list of abbreviations instead of a trained model."""
    punkt = nltk("tokenize.punkt")
    parameters = punkt.PunktParameters()
    lines = (tables.ROOT / "data" / "lexicons" / "abbreviations.txt").read_text(encoding="utf-8").splitlines()
    parameters.abbrev_types = {word for line in lines if not line.startswith("#") for word in line.split()}
    parameters.sent_starters = OPENERS

    class Language(punkt.PunktLanguageVars):
        """Punkt's own patterns by Python's engine: NLTK's guards each call with a clock. Only on characters that the two call blank differently they disagree."""
        re_boundary_realignment = _Quick(lambda text: not text[:1].isalnum() and punkt.PunktLanguageVars.re_boundary_realignment.match(text))

        @cache
        def period_context_re(self):
            whole = super().period_context_re()
            quick = re.compile(self._period_context_fmt % {"NonWord": self._re_non_word_chars, "SentEndChars": self._re_sent_end_chars}, re.VERBOSE)
            return _Quick(finditer=lambda text: (whole if SEPARATORS.search(text) else quick).finditer(text))

    class Splitter(punkt.PunktSentenceTokenizer):
        def _get_last_whitespace_index(self, text):
            return max(0, *map(text.rfind, string.whitespace))

        def text_contains_sentbreak(self, text):
            """Punkt's judgement of a full stop, at once for the most frequent kind: a plain word that is no abbreviation ends its sentence."""
            plain = WORD_STOP.match(text)
            return bool(plain) and plain[1].lower() not in parameters.abbrev_types or super().text_contains_sentbreak(text)

    return Splitter(parameters, lang_vars=Language())


class _Quick:
    """What stands in a compiled pattern's place."""

    def __init__(self, match=None, finditer=None):
        self.match, self.finditer = match, finditer


def sentence_spans(text):
    """(paragraph, start, end) of every sentence of a text; paragraphs are parted by blank lines, and no sentence crosses a line's end."""
    spans, number = [], 0
    stops = [stop.start() for stop in BLANK_LINE.finditer(text)]
    for begin, stop in zip([0, *stops], [*stops, len(text)]):
        found = [(number, line.start() + start, line.start() + end) for line in LINE.finditer(text, begin, stop) for start, end in _line_spans(line.group())]
        spans += found
        number += bool(found)
    return spans


BLANK_LINE, LINE = re.compile(r"\n(?=[^\S\n]*\n)"), re.compile(r"[^\n]+")


def _line_spans(text):
    """Punkt's sentences of one line, joined where it cuts too early."""
    spans = []
    for start, end in splitter().span_tokenize(text) if text.strip() else []:
        piece = text[start:end]
        start, end = start + len(piece) - len(piece.lstrip()), end - len(piece) + len(piece.rstrip())
        if start < end and spans and _goes_on(text[max(spans[-1][0], spans[-1][1] - 200):spans[-1][1]], text[start:end]):
            spans[-1] = (spans[-1][0], end)
        elif start < end:
            spans.append((start, end))
    return [piece for span in spans for piece in _cut(text, *span)]


def _cut(text, start, end):
    """A sentence, or the pieces of what is longer than `LONGEST`."""
    while end - start > LONGEST // 4 and len(head := text[start:min(end, start + LONGEST)].encode("utf-8", "replace")[:LONGEST].decode("utf-8", "ignore")) < end - start:
        at = start + (len(head[:head.rfind(" ")].rstrip()) if " " in head.strip() else len(head))
        yield start, at
        start = at + len(text[at:at + LONGEST]) - len(text[at:at + LONGEST].lstrip())
    if start < end:
        yield start, end


WORD, INITIALS = re.compile(r"\w+"), re.compile(r"(?<!\w)(?:[A-Z]\.)+$")
LIST_NUMBER = re.compile(r"\W*(?:\d{1,3}|[A-Za-z])[.)]")


def _goes_on(before, after):
    """Does the sentence `before` go on in `after`?"""
    first = WORD.search(after)
    if not first or LIST_NUMBER.fullmatch(before):                # only marks; or "1." opens a list item
        return True
    if before[-2:-1].isupper() and INITIALS.search(before):                                   # "K.C. Maurer"
        return first.group()[0].isupper() and first.group().lower() not in OPENERS
    closed = before[-1] in CLOSING or before.endswith(("...", "…"))
    return first.group()[0].islower() and (closed or first.start() == 0)    # "?” he asked", "... and then"


class Chunks(dict):
    """What a function of many chunks of text gives for each, asked where they are first met; forgotten as a whole when there are too many."""

    def __init__(self, function, most=1_000_000):
        self.function, self.most = function, most

    def of(self, chunks):
        """What is known of each of some chunks."""
        if new := [chunk for chunk in dict.fromkeys(chunks) if chunk not in self]:
            if len(self) + len(new) > self.most:
                self.clear()
                new = list(dict.fromkeys(chunks))
            self.update(zip(new, self.function(new)))
        return list(map(self.__getitem__, chunks))

    def __missing__(self, chunk):
        return self.of([chunk])[0]


def token_spans(text):
    """(start, end) of every token, by NLTK's word tokenizer on a copy whose curly quotes are straight (same length, so offsets hold)."""
    _, starts, entry, known = _tokens([text])
    return [(at + a, at + b) for at, (a, b) in zip(starts.tolist(), known[["a", "b"]].to_numpy()[entry].tolist())]


@lru_cache(2)
def chunked(texts):
    """A tuple of texts cut at blanks, each distinct chunk numbered: (distinct chunks, the number of every chunk, its place in its text, how many each text holds)."""
    import pyarrow as pa
    places, many, chunks = [np.zeros(0, "int64")], [np.zeros(0, "int64")], []
    for begin in range(0, len(texts), 500):                         # a part at a time, since every byte is looked at
        part = texts[begin:begin + 500]
        whole, lengths = "\n".join(part), [len(text) + 1 for text in part]
        data = np.frombuffer(whole.encode("utf-8"), "uint8")
        ink = (data != 32) & (data - np.uint8(9) > 4) & (data - np.uint8(28) > 3)
        opens = data & 0xC0 != 0x80                                 # the first byte of each character
        if not whole.isascii():
            bytes_ = np.append(np.flatnonzero(opens), len(data)) if (wide := [m.start() for m in WIDE_BLANK.finditer(whole)]) else ()
            for at in wide:
                ink[bytes_[at]:bytes_[at + 1]] = False
        edge = np.flatnonzero(np.diff(ink, prepend=False, append=False))
        first, stop = edge[::2], edge[1::2]
        place = first if whole.isascii() else np.cumsum(opens, dtype="int32")[first] - 1
        begins = np.cumsum([0, *lengths])
        owner = np.searchsorted(begins, place, side="right") - 1
        places.append(place - begins[owner])
        many.append(np.bincount(owner, minlength=len(part)))
        chunks.append(pa.LargeStringArray.from_buffers(len(first), pa.py_buffer(np.append(0, np.cumsum(stop - first))), pa.py_buffer(data[ink])))     # all chunks, one behind the other
    parts = pa.chunked_array(chunks, pa.large_string()).combine_chunks().dictionary_encode()
    return parts.dictionary.to_pylist(), parts.indices.to_numpy().astype("int64"), np.concatenate(places), np.concatenate(many)


WIDE_BLANK = re.compile(f"[{''.join(chr(code) for code in range(0x80, 0x10000) if chr(code).isspace())}]")  # none above


def _tokens(texts):
    """The tokens of texts: (which text, place of its chunk, entry in `known`) of each, and `known`: a, b (within the chunk) and token. NLTK's rules see no
    further than a chunk between blanks, but for the last full stop; what must be read as a whole is one chunk."""
    distinct, number, place, many = chunked(tuple(texts))
    number, place = number.copy(), place.copy()
    ends = np.cumsum(many)
    last = ends[many > 0] - 1
    finals = np.unique(number[last])
    parts = PARTS.of(distinct) + LAST_PARTS.of([distinct[n] for n in finals.tolist()])
    closing = np.array([bool(CLOSERS.fullmatch(distinct[n])) for n in finals.tolist()], dtype=bool)
    unplaced = np.array([found is None for found in parts], dtype=bool)
    row = np.repeat(np.arange(len(texts)), many)
    final = np.searchsorted(finals, number[last])
    number[last] = len(distinct) + final
    as_whole = np.zeros(len(texts), dtype=bool)
    as_whole[row[unplaced[number]]] = True
    as_whole[row[last[closing[final]]]] = True
    whole = "".join(texts)
    if any(mark in whole for mark in "\x1c\x1d\x1e\x1f"):
        as_whole |= np.array([bool(SEPARATORS.search(text)) for text in texts])
    wholes = np.flatnonzero(as_whole & (many > 0))
    begins = (ends - many)[wholes]
    keep = ~as_whole[row]
    keep[begins] = True
    number[begins], place[begins] = len(parts) + np.arange(len(wholes)), 0
    parts += [[(a, b, texts[n][a:b]) for a, b in _whole_spans(texts[n].translate(SAME_LENGTH))] for n in wholes.tolist()]
    row, place, number = row[keep], place[keep], number[keep]
    sizes = np.array([len(found) if found else 0 for found in parts], dtype="int64")
    of_chunk = sizes[number]
    entry = np.repeat((np.cumsum(sizes) - sizes)[number] - (np.cumsum(of_chunk) - of_chunk), of_chunk) + np.arange(of_chunk.sum())
    known = dict(zip(("a", "b", "token"), zip(*chain.from_iterable(filter(None, parts)))))
    known = pd.DataFrame({"a": np.array(known.get("a", ()), dtype="int64"), "b": np.array(known.get("b", ()), dtype="int64"), "token": pd.array(known.get("token", ()), dtype="str")})
    return np.repeat(row, of_chunk), np.repeat(place, of_chunk), entry, known


def _whole_spans(plain):
    """NLTK's tokens of a text with straight quotes, read as a whole."""
    if "''" not in plain:
        try:
            spans = list(_words().span_tokenize(plain))
            if "".join(plain[a:b] for a, b in spans) == re.sub(r"\s+", "", plain):
                return spans
        except ValueError:
            pass
    return [m.span() for m in re.finditer(r"\w+(?:[-'.,]\w+)*|\.{2,}|\S", plain)]  # text the tokenizer cannot place again


CLOSERS = re.compile(r"""\.?[\])}>"'`´’‘“”„«»]*""")  # a last chunk of closing marks: the full stop may stand before it
SEPARATORS = re.compile("[\x1c-\x1f]")  # blanks to Python, but not to NLTK
SIMPLE = re.compile(r"""(["(\[$#@]*)(\d+(?:[.,:]\d+)*|[^\W_]+(?:-[^\W_]+)*)((?:'s)?)(?:(\.)(?=[")\]]*$))?([",;:?!)\]%]*)""")  # most chunks: a word between marks, parted here as NLTK would
RUN_TOGETHER = re.compile("(?i)cannot|gimme|gonna|gotta|lemme|wanna")


def _parts(chunks, *, last):
    """(start, end, token) of the tokens of each chunk, `last` in its sentence or not; null where NLTK cannot place them again. NLTK reads many at once, and each is as if read alone."""
    chunks, whole = list(chunks), "\n" + "\n".join(chunks) + "\n"
    merged = {whole[whole.rfind("\n", 0, m.start()) + 1:whole.find("\n", m.end())] for m in RUN_TOGETHER.finditer(whole)}
    found = [None if chunk in merged else [(0, len(chunk), chunk)] if chunk.isalnum() else _simple(chunk, last) for chunk in chunks]
    odd, size = [n for n, parts in enumerate(found) if parts is None], 1 if last else 200
    for some in (odd[begin:begin + size] for begin in range(0, len(odd), size)):
        for n, spans in zip(some, _read([chunks[n] for n in some], last) or [(_read([chunks[n]], last) or [None])[0] for n in some]):
            found[n] = spans and [(a, b, chunks[n][a:b]) for a, b in spans]
    return found


def _read(chunks, last):
    """NLTK's spans of each chunk; null where it cannot place them again. Nothing where it cannot place any."""
    plain = [chunk.translate(SAME_LENGTH) for chunk in chunks]
    try:
        spans = list(_words().span_tokenize(" ".join(plain) + " x" * (not last)))
    except ValueError:
        return []
    begins, ends = np.cumsum([0, *(len(chunk) + 1 for chunk in plain)]).tolist(), np.array([b for _, b in spans])
    shares = np.searchsorted(ends, begins, side="right").tolist()
    mine = [[(a - at, b - at) for a, b in spans[first:stop]] for at, first, stop in zip(begins, shares, shares[1:])]
    return [parts if "''" not in chunk and "".join(chunk[max(a, 0):b] for a, b in parts) == chunk else None for chunk, parts in zip(plain, mine)]


def _simple(chunk, last):
    """The tokens of a chunk that is a word between marks, as most are; null where it is another."""
    word = chunk.rstrip(",;:?!)]%”")
    if word.isalnum():
        return [(0, len(word), word), *((i, i + 1, chunk[i]) for i in range(len(word), len(chunk)))]
    simple = SIMPLE.fullmatch(chunk.translate(SAME_LENGTH))
    if not simple or simple[3] and simple[4]:
        return None
    head, word, own, stop, tail = (group or "" for group in simple.groups())
    ends = list(accumulate(len(token) for token in (*head, *((word, own, stop) if last else (word + stop, own)), *tail) if token))
    return [(a, b, chunk[a:b]) for a, b in zip([0, *ends], ends)]


PARTS, LAST_PARTS = (Chunks(partial(_parts, last=last)) for last in (False, True))


@cache
def _words():
    return nltk("tokenize").NLTKWordTokenizer()


def split_sentences(articles):
    """Articles → `sentences`: titles first (part `title`), then bodies; ids run through both. Columns as in the codebook."""
    rows = []
    for article, title, text in zip(articles["article_id"], articles["title"], articles["text"]):
        parts = ([("title", title)] if isinstance(title, str) and title.strip() else []) + [("body", text)]
        spans = [(part, whole, *span) for part, whole in parts for span in sentence_spans(whole)]
        rows += [(article, i, part, paragraph, start, end, whole[start:end]) for i, (part, whole, paragraph, start, end) in enumerate(spans)]
    return joins.by_columns(rows, article_id="str", sentence_id="int64", part="str", paragraph="int64", start="int64", end="int64", text="str")


def split_tokens(sentences, *, tags=True):
    """Sentences → `tokens` with parts of speech (Penn Treebank tags, by TextBlob's bundled tagger); with `tags=False` without them, where terms are all that is sought."""
    row, place, entry, known = _tokens(sentences["text"].tolist())
    many = np.bincount(row, minlength=len(sentences))
    position = np.arange(len(row)) - np.repeat(np.cumsum(many) - many, many)
    start, (a, b) = place + sentences["start"].to_numpy("int64")[row], known[["a", "b"]].to_numpy("int64").T
    number, words = pd.factorize(known["token"])
    codes, words = number[entry], words.tolist()
    whole = sentences[["article_id", "sentence_id"]].take(row).reset_index(drop=True).assign(position=position, start=start + a[entry], end=start + b[entry], token=joins.taken(words, codes))
    from analysis import lexicons
    lexicons.types(whole, lexicons.numbered(codes, words))          # who reads this table need not number its words again
    return whole.assign(pos=_tags(words, codes, position == 0)) if tags else whole


def _tags(words, codes, heads):
    """Parts of speech, once for each distinct word: TextBlob's bundled tagger looks at nothing but the word, and whether it is the first (`heads`)."""
    codes, plain = codes.copy(), [word if word.isascii() and "`" not in word else word.translate(SAME_LENGTH) for word in words]
    first, place = np.unique(codes[heads], return_inverse=True)
    parser, lexicon = _tagger()
    tags = [tag for _, tag in parser.find_tags(["-", *plain], lexicon=lexicon)[1:]]
    tags += [parser.find_tags([plain[code]], lexicon=lexicon)[0][1] for code in first.tolist()]
    codes[heads] = len(words) + place
    return joins.taken(tags, codes)


@cache
def _tagger():
    nltk("tokenize")  # first, or TextBlob's own import of it brings scikit-learn along
    from textblob.en import parser
    return parser, dict(parser.lexicon.items())  # its own dictionary asks itself at every word whether it has been loaded


def is_word(tokens):
    """True for tokens with a letter or digit; marks are tokens too, but no words."""
    return tokens["token"].str.contains(r"[^\W_]", regex=True)
