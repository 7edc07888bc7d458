"""The coding kit: a sample → blind coding sheets (CSV, and a page that works offline) → codes, merged, with a list of disputes.

In `data/coded/<name>/`: sample.json (seed, strata, variables: how the sample was drawn), sample.csv (outlet, strata, probabilities), units.csv and codes.csv (the
coded set), sheets/ (what coders fill in), collected/ (every file as it came back), disputes.csv. It is primary data: what stands there is added to, never replaced.
"""
import base64
import csv
import hashlib
import io
import json
import re
import unicodedata
import zlib
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from analysis import coding, tables

PAGE = Path(__file__).with_name("page") / "coding.html"
YES_NO = (("1", "Yes", "1y"), ("0", "No", "0n"))  # value, what the button says, keys
MEANT = {"yes": "1", "y": "1", "true": "1", "no": "0", "n": "0", "false": "0"}
OWN_VARIABLES = {
    "voice": {"label": "Voice", "question": "Whose words are most of this sentence?", "values": (("own", "Own: the outlet's", "1"), ("direct", "Direct: quoted", "2"), ("indirect", "Indirect: reported", "3")),
              "definition": "Own: the outlet says it itself. Direct: somebody else's words between quotation marks. Indirect: what somebody else said or thinks, told without quotation marks. "
                            "“He said that”, by itself, is the outlet's. Where two voices share a sentence, the one with more words counts.",
              "positive": ("Direct: “We will not leave,” the mayor said.", "Indirect: The mayor said the town would not leave."), "negative": ("Own: The mayor spoke for an hour.",), "hard_negative": ("Own: The minister was told of the plan on Monday.",)},
    "tone": {"label": "Tone", "question": "How does this sentence portray what it is about?", "values": tuple(zip(("-2", "-1", "0", "1", "2"), ("−2 very negative", "−1 negative", "0 neutral", "+1 positive", "+2 very positive"), "12345")),
             "definition": "The tone of the wording, not whether the event is good or bad: a sober report of deaths is neutral. Neutral is also what is mixed, praise and blame in equal measure.",
             "positive": ("+2: The rescuers were magnificent.", "+1: The talks went well."), "negative": ("−1: The talks dragged on.", "−2: The talks were a disgrace."), "hard_negative": ("0: Twelve people were killed on Monday.",)},
}
COLUMNS = ("unit_id", "text", "coder", "note", "before", "after")


# ---- drawing --------------------------------------------------------------------------------------------------------------------

def folder_of(name):
    """Where the hand coding of this name lives."""
    if not re.fullmatch(r"\w[\w.-]*", name):
        raise coding.CodedSetError(f"NAME={name}: a name is made of letters, digits, dots, hyphens and underscores.")
    return tables.home() / "data" / "coded" / name


def variables_of(book, names=None, ambiguous=()):
    """What is coded, as a list of dicts (name, label, question, definition, values, examples): a codebook's variables, or those of `names` (`all` for the codebook's; `voice`
    and `tone` where asked for). A name that another codebook has too (`ambiguous`) is written with its codebook: `generic_frames:economic`."""
    known = {} if book is None else {name: {"name": f"{book.name}:{name}" if name in ambiguous else name, "label": spec.label or name, "question": spec.question, "definition": spec.definition, "values": YES_NO,
                                            "positive": spec.positive, "negative": spec.negative, "hard_negative": spec.hard_negative} for name, spec in book.variables.items()}
    own = {name: {"name": name, **spec} for name, spec in OWN_VARIABLES.items() if name not in known}
    wanted = []
    for name in names or ["all"]:
        wanted += list(known) if name == "all" else [name]
    for name in wanted or ["all"]:
        if name not in known | own:
            raise coding.CodedSetError(f"VARIABLES: found `{name}`; expected some of {', '.join(known | own)}" + ("." if book else "; a frame needs its CODEBOOK=…"))
    return [(known | own)[name] for name in dict.fromkeys(wanted)]


def coders_of(said):
    """Pseudonyms for so many coders (coder_a, coder_b …), or the names given, parted by commas."""
    names = [f"coder_{'abcdefghijklmnopqrstuvwxyz'[i]}" for i in range(int(said))] if re.fullmatch(r"[1-9]|1\d|2[0-6]", said) else [name.strip() for name in said.split(",")]
    wrong = [name for name in names if not re.fullmatch(r"[^\W\d][\w-]{0,60}", name) or name == coding.GOLD]
    if wrong or len(set(names)) < len(names):
        raise coding.CodedSetError(f"CODERS={said}: expected a number from 1 to 26, or different names of letters, digits, hyphens and underscores (`gold` is kept for the adjudicated answer).")
    return names


def sample(store, name, book, *, ambiguous=(), variables=None, articles=40, units=5, strata=None, coders="2", seed=coding.SEED):
    """Draw a sample of a corpus and write its sheets into `data/coded/<name>/`; a message that says what lies where. The same call again adds what is missing (more
    coders, say) and touches nothing that is there; another sample in the same place is refused."""
    asked, names = variables_of(book, variables, ambiguous), coders_of(coders)
    try:
        found, sentences = store.read("articles"), store.read("sentences")
        whole = _stratified(coding.population(found, sentences), store, book, strata)
    except tables.TableError as error:
        raise tables.TableError(f"{error} (All of them: python -m analysis report, with the words given here that it knows.)") from None
    drawn = coding.draw(whole, articles=articles, units=units, seed=seed)
    how = {"corpus": store.name, "codebook": None if book is None else book.name, "seed": seed, "strata": strata, "articles_asked": articles, "units_asked": units,
           "articles": int(drawn["article_id"].nunique()), "units": len(drawn), "of_articles": int(whole["article_id"].nunique()), "of_units": len(whole), "variables": asked}
    folder, made = folder_of(name), write_sample(folder_of(name), name, numbered(drawn, sentences, how), how, names)
    return (f"{how['units']} sentences of {how['articles']} articles (of {how['of_units']:,} in {how['of_articles']:,}), seed {seed}: {folder}\n"
            + (f"New: {', '.join(made)}" if made else "Nothing new: all of it was there.")
            + f"\nEach coder opens sheets/<coder>.html in a browser, or fills in sheets/<coder>.csv. Files that come back go to sheets/returned/; then: make collect NAME={name} (without make: python -m analysis collect NAME={name}).")


def _stratified(whole, store, book, strata):
    """The population with its strata: `outlet` of articles; `voice`, or what the codebook says of one of its variables, of the sentences in each article."""
    if strata is None:
        return whole
    if strata == "outlet":
        return whole.assign(article_stratum=whole["outlet"])
    keys = ["article_id", "sentence_id"]
    if strata == "voice":
        return whole.merge(coding.main_voice(store.read("segments")), on=keys, how="left", validate="1:1").rename(columns={"voice": "stratum"})
    if book is None or strata not in book.variables:
        raise coding.CodedSetError(f"STRATA={strata}: expected outlet, voice" + (f", or a variable of {book.name}: {', '.join(book.variables)}." if book else "; for what a codebook says, add CODEBOOK=…"))
    frames = store.read("frames")
    said = frames[(frames["coder"] == book.name) & (frames["variable"] == strata) & frames["segment_id"].isna()]
    if said.empty:
        raise coding.CodedSetError(f"STRATA={strata}: the table `frames` of corpus `{store.name}` has no codes by `{book.name}`: run python -m analysis report with this CODEBOOK=… first.")
    return whole.merge(said.assign(stratum=said["value"].gt(0).map({True: "1", False: "0"}))[[*keys, "stratum"]], on=keys, how="left", validate="1:1")


def numbered(drawn, sentences, how):
    """The drawn units with unit_id (the sample's mark and a number that tells neither article nor outlet), before, after (the neighbours in the article) and text_sha."""
    told = [drawn[["article_id", "sentence_id", "text"]].values.tolist(), [[v["name"], v["values"]] for v in how["variables"]], how["seed"], how["strata"], how["articles_asked"], how["units_asked"]]
    mark = "s" + hashlib.sha256(json.dumps(told).encode()).hexdigest()[:6]
    number = np.random.default_rng([how["seed"], 1]).permutation(len(drawn)) + 1
    texts = sentences.set_index(["article_id", "sentence_id"])["text"]
    beside = {name: texts.reindex(pd.MultiIndex.from_arrays([drawn["article_id"], drawn["sentence_id"] + step])).fillna("").to_numpy() for name, step in (("before", -1), ("after", 1))}
    return drawn.assign(unit_id=[f"{mark}-{n:04d}" for n in number], **beside, text_sha=drawn["text"].map(_sha)).sort_values("unit_id", ignore_index=True)


def write_sample(folder, name, units, how, coders):
    """Write sample.json, sample.csv, units.csv and the coders' sheets, each only where it is not there yet; the names of the new ones."""
    mark = units["unit_id"].iloc[0].partition("-")[0]
    if (folder / "sample.json").is_file():
        held = _how(folder)
        if held["sample"] != mark:
            raise coding.CodedSetError(f"{folder} holds another sample ({held['sample']}: {held['units']} sentences, seed {held['seed']}, strata {held['strata']}); nothing was changed. "
                                       "Add NAME=another_name for a second sample; to get more sheets of the first, repeat its command.")
    elif (folder / "units.csv").exists() or (folder / "codes.csv").exists():
        raise coding.CodedSetError(f"{folder} holds a coded set that was not drawn here; nothing was changed. Add NAME=another_name for the sample.")
    described = json.dumps({"sample": mark, **how}, ensure_ascii=False, indent=1) + "\n"
    files = {"sample.json": lambda: described,
             "sample.csv": lambda: _csv(units.rename(columns={"stratum": "unit_stratum"})[["unit_id", "article_id", "sentence_id", "outlet", "article_stratum", "unit_stratum", "p_article", "p_unit", "probability", "text_sha"]]),
             "units.csv": lambda: _csv(units[["unit_id", "article_id", "sentence_id", "start", "end", "text", "before", "after"]])}
    files["sheets/questions.txt"] = lambda: questions(how["variables"])
    for coder in coders:
        mine = blind(units, coder, how["seed"])
        files[f"sheets/{coder}.csv"] = lambda mine=mine: "\ufeff" + _csv(sheet(mine, how["variables"]))
        files[f"sheets/{coder}.html"] = lambda mine=mine, coder=coder: page(mine, how["variables"], sample=mark, name=name, coder=coder)
    new = [file for file in files if not (folder / file).exists()]
    for file in new:
        tables.write_atomically(folder / file, files[file]())
    (folder / "sheets" / "returned").mkdir(exist_ok=True)
    return new


def _csv(table):
    return table.to_csv(index=False, lineterminator="\n")


def _sha(text):
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def plain(text):
    """A text on one line, as it stands in a sheet: every run of white space one space."""
    return " ".join(unicodedata.normalize("NFC", text).split())


# ---- sheets ---------------------------------------------------------------------------------------------------------------------

def blind(units, coder, seed):
    """What a coder sees (unit_id, text, coder, before, after), in an order of the coder's own: no outlet, no article, no stratum, no code."""
    order = np.random.default_rng([seed, zlib.crc32(coder.encode())]).permutation(len(units))
    return units.iloc[order].assign(coder=coder, **{c: units[c].map(plain) for c in ("text", "before", "after")})[["unit_id", "text", "coder", "before", "after"]].reset_index(drop=True)


def sheet(mine, variables):
    """A coder's units as a table to fill in: an empty column per variable, one for remarks. A text that a spreadsheet would take for a formula begins with an apostrophe."""
    safe = mine.assign(**{c: mine[c].str.replace(r"^(?=[=+\-@])", "'", regex=True) for c in ("text", "before", "after")})
    return safe.assign(note="", **{v["name"]: "" for v in variables})[["unit_id", "text", *(v["name"] for v in variables), "note", "before", "after", "coder"]]


def questions(variables):
    """What a coder with a spreadsheet needs beside it: each variable's question, definition and allowed codes, with the codebook's examples."""
    told = lambda v: [f"{v['name']}: {v['question']}", v["definition"], *(f"  {value}  {says}" for value, says, _ in v["values"]), *(f"  example ({name}): {text}" for name, kind in (("yes", "positive"), ("no", "negative"), ("hard, no", "hard_negative")) for text in v[kind][:3])]
    return "\n\n".join("\n".join(map(str, told(v))) for v in variables) + "\n\nAn empty cell is not coded; it is not a no.\n"


def page(mine, variables, *, sample, name, coder):
    """A coder's units as one page that codes by keyboard, from a file, with nothing fetched: texts stand in it as data and are shown as text."""
    told = {"sample": sample, "name": name, "coder": coder, "variables": variables, "units": mine[["unit_id", "text", "before", "after"]].to_dict("records")}
    data = json.dumps(told, ensure_ascii=True).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    whole = PAGE.read_text(encoding="utf-8")
    hashed = {tag: "'sha256-" + base64.b64encode(hashlib.sha256(re.search(rf"<{tag}>(.*?)</{tag}>", whole, re.S).group(1).encode()).digest()).decode() + "'" for tag in ("script", "style")}
    return whole.replace("{{policy}}", f"default-src 'none'; script-src {hashed['script']}; style-src {hashed['style']}", 1).replace("{{data}}", data, 1)


# ---- collecting -----------------------------------------------------------------------------------------------------------------

@dataclass
class Returned:
    """A file that came back: its judgements (line, unit_id, coder, variable, value), what is wrong in it (line, found, expected), and columns that were not read."""
    path: Path
    rows: list = field(default_factory=list)
    wrong: list = field(default_factory=list)
    unread: list = field(default_factory=list)


def collect(folder, files=None):
    """Read sheets back (`files`, else all in sheets/returned/ and sheets/), and disputes.csv where a person has filled `gold` in; add what is new to codes.csv and
    list the disputes anew. All of it or nothing: an error names file, line, what was found and what was expected. A message that says what came from where.

    A file has a row per unit and a column per variable, as the sheets have, or the columns unit_id, variable, value. Its coder stands in the column `coder`,
    else the file's name is the coder's: so a language model's answers are one more coder. Empty cells are not coded, and are left out.
    """
    how = _how(folder)
    units = coding._table(folder / "units.csv", ("unit_id", "text"))
    drawn = coding._table(folder / "sample.csv", ("unit_id", "text_sha")).set_index("unit_id")["text_sha"]
    coding._refuse(folder / "units.csv", units["text"].map(_sha) != units["unit_id"].map(drawn), units["text"], "not the text that was drawn", "units.csv as `sample` wrote it")
    old = coding.read_coded(folder)[1] if (folder / "codes.csv").exists() else pd.DataFrame(columns=["unit_id", "coder", "variable", "value"], dtype="str")
    paths = [Path(f).expanduser() for f in files] if files else sorted((folder / "sheets" / "returned").glob("*.csv")) + sorted((folder / "sheets").glob("*.csv"))
    if not paths:
        raise coding.CodedSetError(f"{folder / 'sheets'}: no sheet there; put what came back into {folder / 'sheets' / 'returned'}, or name it: FILES=a.csv,b.csv.")
    listed = folder / "disputes.csv"
    paths = list({p.resolve(): p for p in [*paths, *([listed] if listed.exists() else [])]}.values())
    read = [read_sheet(path, units, how) for path in paths]
    held = {key: (value, "codes.csv") for *key, value in old[["unit_id", "coder", "variable", "value"]].itertuples(index=False) for key in [tuple(key)]}
    new, counts = [], []
    for one in read:
        before = len(new)
        for line, *key, value in one.rows:
            known, where = held.setdefault(tuple(key), (value, f"{one.path.name}, line {line}"))
            if known != value:
                one.wrong.append((line, f"{value} for {key[2]} of {key[0]} by {key[1]}", f"{known}, as in {where}" + (" (a judgement that was collected is changed there by hand, or not at all)" if where == "codes.csv" else ", or one of the two lines gone")))
            elif where == f"{one.path.name}, line {line}":
                new.append((*key, value))
        by = ", ".join(dict.fromkeys(row[2] for row in one.rows)) or "nobody"
        if one.rows or one.unread:
            counts.append(f"{one.path.name}: {len(one.rows)} judgements by {by}, {len(new) - before} new" + (f"; columns not read: {', '.join(one.unread)}" if one.unread else ""))
    wrong = [f"{one.path}, line {line}: found {found}; expected {expected}." for one in read for line, found, expected in sorted(one.wrong)]
    if wrong:
        raise coding.CodedSetError("\n".join([*wrong[:10], *([f"… and {len(wrong) - 10} more."] if len(wrong) > 10 else []), "Nothing was collected; what had been is as it was."]))
    codes = pd.concat([old, pd.DataFrame(new, columns=["unit_id", "coder", "variable", "value"], dtype="str")], ignore_index=True).fillna("")
    for one in read:  # every file as it came, remarks and all
        if one.rows and one.path != listed:
            content = one.path.read_bytes()
            aside = folder / "collected" / f"{one.path.stem}.{hashlib.sha256(content).hexdigest()[:8]}.csv"
            if not aside.exists():
                tables.write_atomically(aside, content)
    if new:
        tables.write_atomically(folder / "codes.csv", _csv(codes))
    if codes.empty:
        raise coding.CodedSetError(f"{folder / 'sheets'}: nothing is coded yet in {', '.join(p.name for p in paths)}; put what came back into {folder / 'sheets' / 'returned'}, or name it: FILES=a.csv,b.csv.")
    open_now = disputes(codes, units, how["variables"])
    if len(open_now) or listed.exists():
        tables.write_atomically(listed, "\ufeff" + _csv(open_now))
    left = int((open_now["gold"] == "").sum())
    return "\n".join([*counts, f"{len(codes)} judgements in {folder / 'codes.csv'}, {len(new)} of them new."
                      + (f" {len(open_now)} disputes, {left} to be settled: fill in the column `gold` of {listed} and collect again." if left else f" {len(open_now)} disputes, all settled." if len(open_now) else "")
                      + " Now run `make report` on the corpus again: its page 06 measures the coders on these codes and corrects the shares."])


def _how(folder):
    try:
        how = json.loads((folder / "sample.json").read_text(encoding="utf-8"))
        how["sample"], how["units"], how["seed"], how["strata"], [(v["name"], v["values"]) for v in how["variables"]]
    except FileNotFoundError:
        raise coding.CodedSetError(f"{folder / 'sample.json'}: no such file; draw a sample first: python -m analysis sample CORPUS=… CODEBOOK=…") from None
    except (ValueError, KeyError, TypeError):
        raise coding.CodedSetError(f"{folder / 'sample.json'}: damaged; the command that drew the sample, run in another ANALYSIS_HOME, writes it again.") from None
    return how


def disputes(codes, units, variables):
    """What those who coded (`coding.crowd`) disagree on, one row per unit × variable with two values or more (unit_id, variable, judgements, gold, question, text, before,
    after); gold: the adjudicated answer, empty until a person gives it."""
    asked = {v["name"]: v["question"] for v in variables}
    people = coding.crowd(codes)
    gold = codes[codes["coder"] == coding.GOLD].set_index(["unit_id", "variable"])["value"]
    some = people.assign(said=people["coder"] + ": " + people["value"]).groupby(["unit_id", "variable"], sort=False).agg(n=("value", "nunique"), judgements=("said", " | ".join)).query("n > 1")
    some["gold"] = [gold.get(key, "") for key in some.index]
    placed = some.reset_index().merge(units[["unit_id", "text", "before", "after"]], on="unit_id", validate="m:1")
    shown = placed.assign(question=placed["variable"].map(asked), **{c: placed[c].map(plain).str.replace(r"^(?=[=+\-@])", "'", regex=True) for c in ("text", "before", "after")})
    return shown.sort_values(["variable", "unit_id"], kind="stable")[["unit_id", "variable", "judgements", "gold", "question", "text", "before", "after"]]


def read_sheet(path, units, how):
    """A file that came back, as it is after a spreadsheet: BOM or not, commas, semicolons or tabs, columns in any order and more of them, empty rows, Yes, 1.0 and 1."""
    found = Returned(path)
    lines, encoding = _lines(path)
    header = [plain(cell).strip("\ufeff").casefold() for cell in lines[0][1]] if lines else []
    variables = {key.casefold(): v for v in how["variables"] for key in (v["name"], v["name"].rpartition(":")[2])}
    tall = next((c for c in ("gold", "value") if "variable" in header and c in header), None)
    columns = {name: i for i, name in enumerate(header) if name in (*COLUMNS, *variables, *(("variable", tall) if tall else ()))}
    twice = [name for name in columns if header.count(name) > 1]
    judged = [name for name in columns if name in variables and not tall]
    if "unit_id" not in columns or twice or not (tall or judged):
        what = f"the column {twice[0]} twice" if twice else f"the columns {', '.join(filter(None, header)) or '(none)'}"
        found.wrong.append((lines[0][0] if lines else 1, what, f"unit_id and one or more of {', '.join(v['name'] for v in how['variables'])}, each once"))
        return found
    found.unread = [name for name in header if name and name not in columns and not (tall and name in ("judgements", "question"))]
    texts = dict(zip(units["unit_id"], units["text"].map(plain)))
    by_file = re.sub(r"\s*\(\d+\)$", "", path.stem)
    for line, cells in lines[1:]:
        row = {name: plain(cells[i]) if i < len(cells) else "" for name, i in columns.items()}
        unit = row["unit_id"]
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) > len(header) and any(cell.strip() for cell in cells[len(header):]):
            found.wrong.append((line, f"{len(cells)} cells", f"{len(header)}, as in the first line"))
        elif unit not in texts:
            other = re.match(r"(s[0-9a-f]{6})-\d+$", unit)
            found.wrong.append((line, f"“{unit[:60]}”, " + ("a unit of another sample" if other and other.group(1) != how["sample"] else "no unit of this sample"), f"a unit_id of this sample, {how['sample']}-…"))
        elif "text" in columns and not _same(row["text"], texts[unit], encoding):
            found.wrong.append((line, f"the text “{row['text'][:60]}”", f"the text of {unit} as it was given: “{texts[unit][:60]}”"))
        else:
            coder = coding.GOLD if tall == "gold" else row.get("coder") or by_file
            if not re.fullmatch(r"[^\W\d][\w .-]{0,60}", coder):
                found.wrong.append((line, f"the coder “{coder[:60]}”", "a name that begins with a letter"))
                continue
            for name in [row["variable"].casefold()] if tall else judged:
                said = row[tall] if tall else row[name]
                if said and name not in variables:
                    found.wrong.append((line, f"the variable “{name[:60]}”", f"one of {', '.join(v['name'] for v in how['variables'])}"))
                elif said:
                    allowed = [value for value, *_ in variables[name]["values"]]
                    value = _value(said, allowed)
                    if value is None:
                        found.wrong.append((line, f"“{said[:60]}” for {name}", f"one of {', '.join(allowed)}, or nothing where it was not coded"))
                    else:
                        found.rows.append((line, unit, coder, variables[name]["name"], value))
    return found


def _lines(path):
    """(line, cells) of each row of a delimited file, and its encoding."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise coding.CodedSetError(f"{path}: {error.strerror}; expected a sheet that came back, a CSV file.") from None
    if raw[:4] == b"PK\x03\x04":
        raise coding.CodedSetError(f"{path}, line 1: found a workbook; expected CSV (in the spreadsheet: save as, CSV UTF-8).")
    encoding = "utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError:  # what spreadsheets on Windows write
        encoding, text = "cp1252", raw.decode("cp1252", "replace")
    first, _, rest = text.partition("\n")
    said = re.fullmatch(r'"?sep=(.)"?;*,*\s*', first, re.I)
    delimiter = said.group(1) if said else max(",;\t", key=first.count)
    reader, rows, skipped = csv.reader(io.StringIO(rest if said else text, newline=""), delimiter=delimiter, strict=True), [], bool(said)
    while True:
        line = reader.line_num + 1 + skipped
        try:
            rows.append((line, next(reader)))
        except StopIteration:
            break
        except csv.Error as error:
            raise coding.CodedSetError(f"{path}, line {line}: found a row that cannot be read ({error}); expected CSV with every quotation mark closed.") from None
    return [row for i, row in enumerate(rows) if any(cell.strip() for cell in row[1])], encoding


def _same(found, expected, encoding):
    """Is it the text that was given out? What a spreadsheet does by itself is no change: its apostrophe before a formula, characters its encoding lacks."""
    forms = {expected} if encoding != "cp1252" else {expected, plain(expected.encode("cp1252", "replace").decode("cp1252"))}
    return found in forms or found.startswith("'") and found[1:] in forms


def _value(said, allowed):
    """The code that a cell means, or null where it means none: Yes, yes, y, TRUE, 1, 1.0 and 1,0 are one."""
    word = said.casefold().replace("−", "-")
    word = MEANT.get(word, word) if set(allowed) == {"0", "1"} else word
    number = re.fullmatch(r"([+-]?\d{1,3})(?:[.,]0+)?", word)
    word = str(int(number.group(1))) if number else word
    return word if word in allowed else None
