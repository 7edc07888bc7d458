"""The annotated article, and the sentences behind each mark of a figure: pages made from tables and from the figures' notes alone.

An article is shown sentence by sentence, shaded by voice, with every cue of a frame or of tone and every participant of an act marked
where the tables say it stands. Withheld (`TEXT=withheld`), a page keeps ids, offsets, matched terms and judgements, and no text.
"""
import base64
import hashlib
import html
import json
import re
from collections import defaultdict, namedtuple
from functools import cache, lru_cache

import pandas as pd
from markupsafe import Markup

from analysis import figures, tables

MOST_PAGES = 400  # annotated articles of one report: those named most often behind the figures come first
TABLES = ("articles", "sentences", "segments", "tone", "frames", "agency")
LEAST_RUN = 10  # words in a row that an article and a publishable page may not share
TAKES_PART = {"agent": "acts", "patient": "is acted upon", "speaker": "speaks"}


@cache
def template(name):
    """A page's template; Jinja escapes whatever is put into it."""
    import jinja2
    return jinja2.Environment(loader=jinja2.FileSystemLoader(tables.ROOT / "analysis" / "page"), autoescape=True, trim_blocks=True).get_template(name)


@cache
def _script():
    """The annotated article's script, and its hash for the page's content-security policy."""
    script = (tables.ROOT / "analysis" / "page" / "reading.js").read_text(encoding="utf-8")
    return script, "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def file_of(article_id):
    """An article's page: a name that any file system takes, and no other article has."""
    plain = re.sub(r"[^a-z0-9]+", "-", article_id.lower()).strip("-")[-48:]
    return f"{plain}-{hashlib.sha256(article_id.encode('utf-8', 'surrogatepass')).hexdigest()[:10]}.html"


def chosen(articles, notes, most=MOST_PAGES):
    """The articles that get a page, in the corpus's order: all, or the `most` that the figures' lists name most often."""
    if len(articles) <= most:
        return articles
    named = defaultdict(int)
    for note in notes:
        for mark in note.get("behind", {}).get("marks", ()):
            for at, *_ in mark["shown"]:
                named[note["behind"]["articles"][at]] += 1
    return articles.loc[articles["article_id"].map(named).fillna(0).sort_values(ascending=False, kind="stable").index[:most]].sort_index()


def pages(found, notes, page, places, *, by="outlet", withheld=False, most=MOST_PAGES):
    """Every page as (path below the report's folder, HTML): the list of articles, one page per article, one list per figure.

    found: the tables of `TABLES` by name (of `tone` and `frames` only rows of whole sentences are looked at); notes: the figures' notes;
    page: what every page needs (report.py); places: the notebook's page of each figure.
    """
    articles = chosen(found["articles"], notes, most)
    kept = dict(zip(articles["article_id"], map(file_of, articles["article_id"])))
    names = {a: a if withheld or not isinstance(t, str) else t for a, t in zip(found["articles"]["article_id"], found["articles"]["title"])}
    behind = [note for note in notes if "behind" in note]
    named = defaultdict(list)  # (article, sentence or none) → the marks that it is behind
    for note in behind:
        for number, mark in enumerate(note["behind"]["marks"]):
            for at, *rest in mark["shown"]:
                named[note["behind"]["articles"][at], rest[0] if rest else None].append({"href": f"sentences/{note['figure']}.html#m{number}", "figure": note["figure"], "text": label(mark)})
    texts = {} if withheld else found["sentences"].set_index(["article_id", "sentence_id"])["text"].to_dict()
    for note in behind:
        yield f"sentences/{note['figure']}.html", _list(note, kept, names, texts, page, places[note["figure"]])
    rows = [{"href": kept[r.article_id], "name": _short(names[r.article_id]), "outlet": r.outlet if isinstance(r.outlet, str) else "", "date": "" if pd.isna(r.date) else f"{r.date:%Y-%m-%d}",
             "words": f"{r.n_words:,}", "repeats": r.duplicate_of if isinstance(r.duplicate_of, str) else ""} for r in articles.itertuples()]
    said = f"{len(rows):,} of {len(found['articles']):,} articles" + (", those named most often behind the figures" if len(rows) < len(found["articles"]) else "") + "."
    yield "articles/index.html", template("articles.html.j2").render(page=page | {"title": "The articles, annotated"}, rows=rows, said=said, by=by)
    parts = {name: _by_article(found[name], kept) for name in TABLES[1:]}
    frames = dict.fromkeys(zip(found["frames"]["coder"], found["frames"]["variable"]))
    for article in articles.itertuples():
        yield f"articles/{kept[article.article_id]}", _article(article, {n: p.get(article.article_id, []) for n, p in parts.items()}, list(frames), named, page, withheld)


def label(mark):
    """What a mark stands for: “conflict · The Herald”."""
    return " · ".join(str(value).replace("_", " ") for value in mark["mark"]) or "all"


def _short(text, most=160):
    text = figures.visible(text)
    return text if len(text) <= most else text[:most].rstrip() + " …"


def _by_article(table, kept):
    """The rows of each article that has a page, as records; of judgements those of a whole sentence that have a value."""
    table = table[table["article_id"].isin(kept)]
    if "coder" in table:
        table = table[table["segment_id"].isna() & table["value"].notna()]
    record = namedtuple("record", table.columns)
    found = defaultdict(list)
    for row in map(record._make, zip(*(table[c].astype("object").where(table[c].notna(), None).tolist() for c in table))):
        found[row.article_id].append(row)
    return found


def _list(note, kept, names, texts, page, place):
    behind = note["behind"]
    units = "articles" if behind["of"] == "articles" else "sentences"
    marks = []
    for mark in behind["marks"]:
        lines = []
        for at, *rest in mark["shown"]:
            article, sentence = behind["articles"][at], rest[0] if rest else None
            href = f"../articles/{kept[article]}" + (f"#s{sentence}" if rest else "") if article in kept else None
            lines.append({"href": href, "name": _short(names.get(article, article), 90) + (f", sentence {sentence}" if rest else ""), "text": figures.visible(texts.get((article, sentence), "")), "terms": rest[1] if len(rest) > 1 else ""})
        more = f"; {len(lines):,} are listed" if len(lines) < mark["total"] else ""
        marks.append({"label": label(mark), "lines": lines, "count": f"{mark['total']:,} {units}" + (f" of {mark['in']:,} articles" if units == "sentences" else "") + more + "."})
    return template("sentences.html.j2").render(page=page | {"title": f"Behind {note['figure']}"}, figure=note["figure"], what=units.capitalize(), caption=figures.visible(note["caption"]), place=place, most=behind["most"], marks=marks)


# ---- one article ----------------------------------------------------------------------------------------------------------------

def _codes(variables):
    """Letters for each frame, unlike any other's: initials, longer where two would be the same."""
    taken, codes = {"+", "−"}, {}
    for coder, variable in variables:
        words = variable.split("_")
        tries = ["".join(w[0] for w in words).upper() if len(words) > 1 else words[0][0].upper(), *((words[0][:n]).capitalize() + "".join(w[0] for w in words[1:]).upper() for n in range(2, 30)), f"{coder}:{variable}"]
        codes[coder, variable] = next(t for t in tries if t not in taken)
        taken.add(codes[coder, variable])
    return codes


def _evidence(row):
    """(term, start, end, why or score) of each piece of a judgement's evidence."""
    return [(term, start, end, more[0] if more else None) for term, start, end, *more in json.loads(row.evidence)] if isinstance(row.evidence, str) else []


def _told(evidence):
    return ", ".join(dict.fromkeys(term + (f" {more:+.1f}" if isinstance(more, float | int) else f" ({more})".replace("_", " ") if more else "") for term, _, _, more in evidence))


def _article(article, part, frames, named, page, withheld):
    """One article's page: sentences cut wherever a voice or a mark begins or ends, so that marks may overlap."""
    present = [f for f in frames if any((r.coder, r.variable) == f and r.value > 0 for r in part["frames"])]
    codes, first = _codes(present), frames[0][0] if frames else None
    measures = list(dict.fromkeys((r.coder, r.variable) for r in part["tone"] if r.target is None))
    shown = [m for m in measures if not m[1].endswith("_masked") and m[1] != "subjectivity"]
    keys = {("frame", *f): i for i, f in enumerate(present)}
    keys |= {("tone", *m): len(keys) + i for i, m in enumerate(shown)}
    keys["act"] = acts = len(keys)
    counts, on = defaultdict(int), {keys["frame", *f] for f in present if f[0] == first}
    at = {name: defaultdict(list) for name in part}
    for name, rows in part.items():
        for row in rows:
            at[name][row.sentence_id].append(row)
    paragraphs, words = [], defaultdict(int)
    for sentence in part["sentences"]:
        n, text = sentence.sentence_id, sentence.text
        spans, reasons, chips = [], [], []  # spans: start, end, key, kind, code; reasons: key (or none), what, why
        for g in at["segments"][n]:
            words[g.voice] += g.end - g.start
            if g.voice != "own":
                reasons.append(("", "Quoted" if g.voice == "direct" else "Reported indirectly", f"from {g.speaker or 'somebody the rules could not make out'}: " + (f"cue “{g.cue}”, {g.stance.replace('_', ' ')}" if g.cue else "no cue of its own")))
        masked = {(r.coder, r.variable.removesuffix("_masked")): r.value for r in at["tone"][n] if r.variable.endswith("_masked")}
        for r in at["tone"][n]:
            if r.variable.endswith("_masked") or r.target and r.coder != "toward":
                continue
            evidence, key, name = _evidence(r), keys.get(("tone", r.coder, r.variable), ""), figures.NAME.get(r.coder, r.coder)
            if r.target:
                reasons += [("", f"Tone toward {r.target} {r.value:+.2f}", _told(evidence))] * bool(evidence)
                continue
            bare = masked.get((r.coder, r.variable), r.value)
            if evidence or r.value or r.label:
                reasons.append((key, f"{name} {r.variable}{f': {r.label},' if r.label else ''} {r.value:+.2f}", _told(evidence) + (f"; {bare:+.2f} without event words" if bare != r.value else "")))
            if key != "":
                chips.append(("", True, f"{name} {r.value:+.2f}".replace("-", "−")))
                spans += [(s, e, key, "t", "−" if score < 0 else "+") for _, s, e, score in evidence if isinstance(score, float | int) and score]
                counts[key] += bool(evidence)
        for r in at["frames"][n]:
            if r.value > 0:
                key, evidence, code = keys["frame", r.coder, r.variable], _evidence(r), codes[r.coder, r.variable]
                reasons.append((key, f"{code} {r.variable.replace('_', ' ')} ({r.coder.replace('_', ' ')})", _told(evidence) + (f" {r.label}" if r.label else "")))
                chips.append((key, key in on, f"{code} {r.variable.replace('_', ' ')}"))
                spans += [(s, e, key, "f", code) for _, s, e, _ in evidence]
                counts[key] += 1
        for r in at["agency"][n]:
            reasons.append((acts, f"{r.actor} {TAKES_PART[r.role]}", f"{r.verb} ({r.construction})"))
            spans.append((r.start, r.end, acts, "a", r.role))
        counts[acts] += bool(at["agency"][n])
        body = ""
        for g in at["segments"][n]:
            who = "" if g.voice == "own" else f'<span class="who">{_safe(g.speaker or "not plain who")}, {"quoted" if g.voice == "direct" else "reported"}: </span>'
            body += f'<span class="{g.voice}">{who}{_pieces(text, sentence.start, g.start, g.end, spans, on, withheld)}</span>'
        chips = " ".join(f'<span class="chip{"" if seen else " off"}" data-k="{key}">{_safe(said)}</span>' for key, seen, said in chips)
        reasons = "".join(f'<li data-k="{key}"><b>{_safe(what)}</b> {_safe(said)}</li>' for key, what, said in reasons)
        if not paragraphs or paragraphs[-1]["place"] != (sentence.part, sentence.paragraph):
            paragraphs.append({"place": (sentence.part, sentence.paragraph), "title": sentence.part == "title", "sentences": []})
        paragraphs[-1]["sentences"].append({"id": n, "start": sentence.start, "end": sentence.end, "body": Markup(body), "chips": Markup(chips), "reasons": Markup(reasons), "figures": _grouped(named.get((article.article_id, n), []))})
    filters = [{"legend": "Voices", "kind": "voice", "boxes": [{"key": v, "on": True, "label": name, "look": v if v != "own" else None, "code": None, "n": f"{words[v] / max(1, sum(words.values())):.0%}"}
                                                               for v, name in (("own", "the outlet’s own words"), ("indirect", "reported indirectly"), ("direct", "quoted"))]}]
    box = lambda key, text, look, code=None: {"key": key, "on": key in on, "label": text, "look": f"look-{look}", "code": code, "n": counts[key]}
    for coder in dict.fromkeys(c for c, _ in present):
        filters.append({"legend": f"Frames: {coder.replace('_', ' ')}", "kind": "mark", "boxes": [box(keys["frame", c, v], v.replace("_", " "), "f", codes[c, v]) for c, v in present if c == coder]})
    filters.append({"legend": "Cues of tone", "kind": "mark", "boxes": [box(keys["tone", *m], figures.NAME.get(m[0], m[0]), "t") for m in shown]})
    filters.append({"legend": "Acts", "kind": "mark", "boxes": [box(acts, "who acts, is acted upon, speaks", "a")]})
    title = article.title if isinstance(article.title, str) and not withheld else article.article_id
    day = None if pd.isna(article.date) else f"{article.date.day} {article.date:%B %Y}"
    facts = [article.outlet if isinstance(article.outlet, str) else None, day, f"{article.n_words:,} words", f"id {article.article_id}" if title != article.article_id else None, f"read from {article.source}" if article.source != article.article_id else None,
             f"repeats {article.duplicate_of}: not counted" if isinstance(article.duplicate_of, str) else None, f"language {article.language}: not scored" if isinstance(article.language, str) and article.language != "en" else None]
    about = {"heading": figures.visible(title), "facts": [figures.visible(f) for f in facts if f], "figures": _grouped(named.get((article.article_id, None), [])),
             "summary": f"{len(part['sentences'])} sentences. This text contains evidence of " + (", ".join(f"{v.replace('_', ' ')} in {counts[keys['frame', c, v]]}" for c, v in sorted((f for f in present if f[0] == first), key=lambda f: -counts[keys["frame", *f]])) or "no frame of the first codebook") + ". One text: nothing is compared."}
    script, sha = _script()
    return template("article.html.j2").render(page=page | {"title": f"{_short(title, 80)} · annotated"}, a=about, paragraphs=paragraphs, filters=[f for f in filters if f["boxes"]], withheld=withheld, script=script, script_hash=sha)


def _grouped(marks):
    """The marks a sentence is behind, by figure."""
    figures_of = defaultdict(list)
    for mark in marks:
        figures_of[mark["figure"]].append(mark)
    return list(figures_of.items())


@lru_cache(1 << 16)
def _safe(text):
    """Any text as HTML that shows it, and nothing else."""
    return html.escape(figures.visible(text))


def _pieces(text, offset, start, end, spans, on, withheld):
    """A segment as HTML, cut at every mark's ends: each piece with the keys of the marks over it, and behind it the letters of those that end."""
    over = [s for s in spans if s[0] < end and s[1] > start]
    cuts = sorted({start, end} | {p for s in over for p in s[:2] if start < p < end})
    out, parted = [], True
    for a, b in zip(cuts, cuts[1:]):
        here, raw = [s for s in over if s[0] < b and s[1] > a], text[a - offset:b - offset]
        gap = withheld and not (parted and any(s[3] in "ft" and text[s[0] - offset:s[1] - offset].count(" ") < 3 for s in here))  # a mark of a whole clause is no matched term
        parted = gap and (parted or bool(_words(raw)))  # of matched words that follow each other only the first is shown
        piece = f'<span class="gap" aria-hidden="true">{"░" * max(1, len(raw) // 6)}</span>' if gap else _safe(raw)
        if here:
            shown = "".join(sorted({f" {s[3]}" for s in here if s[2] in on}))
            piece = f'<span class="m{shown}" data-k="{" ".join(dict.fromkeys(str(s[2]) for s in here))}">{piece}</span>'
        ended = dict.fromkeys((s[2], s[4]) for s in here if s[1] == b or s[1] > end == b)
        out.append(piece)
        out += [f'<sup aria-hidden="true" data-k="{key}"{"" if key in on else " class=off"}>{_safe(code)}</sup>' for key, code in ended]
    return "".join(out)


# ---- publishable pages ----------------------------------------------------------------------------------------------------------

def _words(text):
    return re.findall(r"[^\W_]+", text.lower())


def runs(articles, n=LEAST_RUN, names=()):
    """Every run of `n` words in the articles' titles and texts, as a set of hashes: what no publishable page may hold. Ids and addresses, which may repeat a headline, stay, and
    so do `names` (of speakers and actors)."""
    of = lambda texts: {hash(run) for text in texts for words in [_words(text)] for run in zip(*(words[i:] for i in range(n)))}
    return of([*articles["text"], *articles["title"].dropna()]) - of([*articles["article_id"], *articles["source"], *names])


def leak(page, forbidden, n=LEAST_RUN):
    """The first run of `n` words of an article that a page's HTML holds, or null."""
    words = _words(html.unescape(re.sub(r"<[^>]+>", " ", re.sub(r'src="data:[^"]*"|<style>.*?</style>|<script>.*?</script>|<sup.*?</sup>|<span class="who">.*?</span>', " ", page, flags=re.S))))
    return next((" ".join(run) for run in zip(*(words[i:] for i in range(n))) if hash(run) in forbidden), None)
