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

    class Splitter(punkt.PunktSentenceTokenizer):
        """Punkt's own steps in one loop over the marks that may end a sentence; its patterns by Python's engine, since NLTK's guards each call with a clock."""
        judged = lru_cache(2**16)(punkt.PunktSentenceTokenizer.text_contains_sentbreak)

        def span_tokenize(self, text):
            parts, begin, held, first, at, stop = [], 0, None, 0, 0, len(text)
            blanks = [blank for blank in string.whitespace if blank in text]
            for mark in chain((whole if any(mark in text for mark in SEPARATORS) else quick).finditer(text), (None,)):
                here = mark.start() if mark else stop
                blank = text.rfind(" ", at, here) if blanks == [" "] else max([text.rfind(blank, at, here) for blank in blanks], default=-1)
                word = blank + 1 if blank > at else first
                if held and (at <= word or not mark) and self.ends(text[first:at], held):
                    parts.append((begin, at + 1))
                    begin = at + 1 if held["next_tok"] is None else held.start("next_tok")
                held, first, at = mark, word, here
            parts, moved = [*parts, (begin, len(text.rstrip()))], 0
            for (a, b), behind in zip(parts, [*parts[1:], None]):
                a, moved = a + moved, 0
                if behind and not text[behind[0]:behind[0] + 1].isalnum() and (closing := variables.re_boundary_realignment.match(text[slice(*behind)])):     # “…” he said
                    yield a, behind[0] + len(closing.group().rstrip())
                    moved = closing.end()
                elif a < b:
                    yield a, b

        def ends(self, word, mark):
            """Punkt's judgement of a mark behind a word, at once for the most frequent kind: a full stop behind a plain word that is no abbreviation."""
            bare, behind = word.lstrip('"('), mark["after_tok"]
            plain = len(bare) > 1 and bare.isalpha() and bare.lower() not in parameters.abbrev_types and (behind[0].isspace() or behind in "\"”’)")
            return plain or self.judged(word + mark.group() + behind)

    splitter, variables = Splitter(parameters), punkt.PunktLanguageVars()
    whole = variables.period_context_re()                           # on separators alone the two engines call blank differently
    quick = re.compile(variables._period_context_fmt % {"NonWord": variables._re_non_word_chars, "SentEndChars": variables._re_sent_end_chars}, re.VERBOSE)
    return splitter


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
        if text[start].isspace() or text[end - 1].isspace():
            piece = text[start:end]
            start, end = start + len(piece) - len(piece.lstrip()), end - len(piece) + len(piece.rstrip())
        if start < end and spans and _goes_on(text, *spans[-1], start, end):
            spans[-1] = (spans[-1][0], end)
        elif start < end:
            spans.append((start, end))
    return [piece for span in spans for piece in (_cut(text, *span) if span[1] - span[0] > LONGEST // 4 else (span,))]


def _cut(text, start, end):
    """The pieces of a sentence that may be longer than `LONGEST`."""
    while len(head := text[start:min(end, start + LONGEST)].encode("utf-8", "replace")[:LONGEST].decode("utf-8", "ignore")) < end - start:
        at = start + (len(head[:head.rfind(" ")].rstrip()) if " " in head.strip() else len(head))
        yield start, at
        start = at + len(text[at:at + LONGEST]) - len(text[at:at + LONGEST].lstrip())
    if start < end:
        yield start, end


WORD, INITIALS = re.compile(r"\w+"), re.compile(r"(?<!\w)(?:[A-Z]\.)+$")
LIST_NUMBER = re.compile(r"\W*(?:\d{1,3}|[A-Za-z])[.)]")


def _goes_on(text, a, b, start, end):
    """Does the sentence a … b go on in start … end?"""
    if text[start].isupper() and text[start].isalpha() and a <= b - 3 and text[b - 2].islower() and text[b - 3].isalpha():       # as most often, a word in lower case before its mark, and a capital behind it
        return False
    before, first = text[max(a, b - 200):b], WORD.search(text[start:end])
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
    places, many, chunks, sizes = [np.zeros(0, "int64")], [np.zeros(0, "int64")], [], np.cumsum(list(map(len, texts)), dtype="int64")
    cuts = [0, *(np.flatnonzero(np.diff(sizes >> 20)) + 1).tolist(), len(texts)]                        # about a million characters at a time, since every byte is looked at
    for part in (texts[a:b] for a, b in zip(cuts, cuts[1:])):
        whole = "\n".join(part) + "\n\n"
        bytes_ = whole.encode("utf-8")
        data = np.frombuffer(bytes_, "uint8")
        ink = (data != 32) & (data - np.uint8(9) > 4) & (data - np.uint8(28) > 3)
        wide = ()
        if not whole.isascii():
            far = np.flatnonzero(data >= 0xC2)                      # of each beyond ASCII
            code = data[far].astype("int32") << 16 | data[far + 1].astype("int32") << 8 | data[far + 2]
            wide = np.concatenate([far[np.isin(code >> 8 * (3 - n), WIDE[n])] + i for n in WIDE for i in range(n)])
            ink[wide] = False
        edge = np.flatnonzero(np.diff(ink, prepend=False, append=False))
        first, stop = edge[::2], edge[1::2]
        place = first if whole.isascii() else np.cumsum(data & 0xC0 != 0x80, dtype="int32")[first] - 1           # by the first bytes of characters
        begins = np.cumsum([0, *(len(text) + 1 for text in part)])
        owner = np.searchsorted(begins, place, side="right") - 1
        places.append(place - begins[owner])
        many.append(np.bincount(owner, minlength=len(part)))
        held = pa.py_buffer(data[ink] if len(wide) else bytes_.translate(None, b"\t\n\v\f\r\x1c\x1d\x1e\x1f "))        # all chunks, one behind the other
        chunks.append(pa.LargeStringArray.from_buffers(len(first), pa.py_buffer(np.append(0, np.cumsum(stop - first))), held))
    parts = pa.chunked_array(chunks, pa.large_string()).combine_chunks().dictionary_encode()
    return parts.dictionary.to_pylist(), parts.indices.to_numpy().astype("int64"), np.concatenate(places), np.concatenate(many)


WIDE = {n: [int.from_bytes(blank, "big") for code in range(0x80, 0x10000) if chr(code).isspace() and len(blank := chr(code).encode("utf-8")) == n] for n in (2, 3)}  # by their bytes; none above


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
    if any(mark in whole for mark in SEPARATORS):
        as_whole |= np.array([any(mark in text for mark in SEPARATORS) for text in texts])
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
SEPARATORS = "\x1c\x1d\x1e\x1f"  # blanks to Python, but not to NLTK
SIMPLE = re.compile(r"""(["(\[$#@]*)(\d+(?:[.,:]\d+)*|[^\W_]+(?:-[^\W_]+)*)((?:'s)?)(?:(\.)(?=[")\]]*$))?([",;:?!)\]%]*)""")  # most chunks: a word between marks, parted here as NLTK would
RUN_TOGETHER = re.compile("(?i)cannot|gimme|gonna|gotta|lemme|wanna")


def _parts(chunks, *, last):
    """(start, end, token) of the tokens of each chunk, `last` in its sentence or not; null where NLTK cannot place them again. NLTK reads many at once, and each is as if read alone."""
    chunks, whole = list(chunks), "\n" + "\n".join(chunks) + "\n"
    merged = {whole[whole.rfind("\n", 0, m.start()) + 1:whole.find("\n", m.end())] for m in RUN_TOGETHER.finditer(whole)}
    found = [None if chunk in merged else [(0, len(chunk), chunk)] if chunk.isalnum() else _simple(chunk, last) for chunk in chunks]
    odd = {n: chunks[n].translate(SAME_LENGTH) for n, parts in enumerate(found) if parts is None}
    alone = {n for n, plain in odd.items() if last and plain[-1] == "'" and not STOP.fullmatch(plain)}             # to NLTK this one is another at the very end
    many = [n for n in odd if n not in alone]
    for some in (*(many[begin:begin + 200] for begin in range(0, len(many), 200)), *([n] for n in alone)):
        for n, spans in zip(some, _read([odd[n] for n in some], last, some[0] in alone) or [(_read([odd[n]], last, n in alone) or [None])[0] for n in some]):
            found[n] = spans and [(a, b, chunks[n][a:b]) for a, b in spans]
    return found


def _read(chunks, last, at_end=False):
    """NLTK's spans of each chunk, every one read as the `last` of a sentence or before others (`at_end`: the one chunk with nothing behind it); null where it cannot place them again. Nothing where it cannot place any."""
    stops = [STOP.fullmatch(chunk) if last else None for chunk in chunks]                                   # a last full stop stands by itself
    shown = [f"{stop[1]} . {stop[2]}" if stop else chunk for stop, chunk in zip(stops, chunks)]
    try:
        spans = list(_words().span_tokenize(" ".join(shown) + " x" * (not at_end)))
    except ValueError:
        return []
    begins, ends, found = np.cumsum([0, *(len(chunk) + 1 for chunk in shown)]).tolist(), np.array([b for _, b in spans]), []
    shares = np.searchsorted(ends, begins, side="right").tolist()
    for at, first, behind, stop, chunk in zip(begins, shares, shares[1:], stops, chunks):
        place = [*range(stop.end(1) + 1), *range(stop.end(1), stop.end(1) + 2), *range(stop.end(1) + 1, len(chunk) + 1)] if stop else range(len(chunk) + 1)    # without the blanks put in
        parts = [(place[a - at], place[b - at]) for a, b in spans[first:behind]]
        found.append(parts if "''" not in chunk and "".join(chunk[a:b] for a, b in parts) == chunk else None)
    return found


STOP = re.compile(r"(.*[^.])\.([\])}>\"']*)")


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
    spans, texts, many = [], [], []
    titles = [title if isinstance(title, str) else "" for title in articles["title"]]
    for whole in chain.from_iterable(zip(titles, articles["text"])):
        found = sentence_spans(whole)
        spans += found
        texts += [whole[start:end] for _, start, end in found]
        many.append(len(found))
    row, (paragraph, start, end) = np.repeat(np.arange(len(many)), many), np.array(spans, dtype="int64").reshape(-1, 3).T
    number = np.arange(len(row)) - np.searchsorted(row, row - row % 2)
    return pd.DataFrame({"article_id": joins.taken(articles["article_id"].astype("str"), row // 2), "sentence_id": number, "part": joins.taken(("title", "body"), row % 2),
                         "paragraph": paragraph, "start": start, "end": end, "text": pd.array(texts, dtype="str")})


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
    tags = [tag for _, tag in parser.find_tags(["-", *plain], lexicon=lexicon, map=None)[1:]]
    tags += [parser.find_tags([plain[code]], lexicon=lexicon, map=None)[0][1] for code in first.tolist()]
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
