"""The coding kit: blind sheets, what comes back from a spreadsheet, refusals, disputes, and the page in a real browser."""
import csv
import io
import json
import re
import shutil

import pandas as pd
import pytest

from analysis import coding, framing, sheets
from conftest import run

HOSTILE = ["</script><script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\"> <!-- <script>", "=HYPERLINK(\"http://x\") said \u202eevil\u202c & “so”; on",
           "Plain, with “marks”.", "- A dash\nand a line break.", "Café – naïve 日本.", "The last one."]
BOOK = """codebook: mine
title: "Mine"
after: "nobody"
variables:
  conflict:
    label: "Conflict"
    definition: "Two sides clash. </script>"
    question: "Do two sides clash?"
    positive: ["They fought."]
    indicators: {fight: {reason: "r", terms: [secretcue]}}
    rule: fight
  economic:
    definition: "Money."
    question: "Is it about money?"
    indicators: {money: {reason: "r", terms: [gold]}}
    rule: money
"""


@pytest.fixture
def book(tmp_path):
    (tmp_path / "mine.yaml").write_text(BOOK, encoding="utf-8")
    return framing.read_codebook(tmp_path / "mine.yaml")


def draw(folder, book, *, variables=None, coders=("coder_a", "coder_b"), seed=7, texts=HOSTILE):
    """A sample of six sentences of two articles by outlets whose names must not be seen, written to a folder; (folder, its new files)."""
    sentences = pd.DataFrame({"article_id": ["Herald/one"] * 3 + ["Tribune/two"] * 3, "sentence_id": [0, 1, 2] * 2, "outlet": ["HERALD"] * 3 + ["TRIBUNE"] * 3, "start": 0, "end": 1, "text": texts,
                              "article_stratum": ["HERALD"] * 3 + ["TRIBUNE"] * 3, "stratum": "MACHINESAIDSO"})
    drawn = coding.draw(sentences, articles=2, units=3, seed=seed)
    how = {"corpus": "c", "codebook": book.name, "seed": seed, "strata": None, "articles_asked": 2, "units_asked": 3, "units": 6, "variables": sheets.variables_of(book, variables)}
    return folder, sheets.write_sample(folder, "news", sheets.numbered(drawn, sentences, how), how, list(coders))


@pytest.fixture
def kit(tmp_path, book):
    return draw(tmp_path / "coded", book)[0]


def rows(path):
    with open(path, encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def give_back(kit, name, values, *, delimiter=",", encoding="utf-8", coder="coder_a", columns=None, change=lambda row: row):
    """Fill in the sheet of a coder with `values` (a dict per row, in order) and put it among what came back."""
    table = [change(row | values[i % len(values)]) for i, row in enumerate(rows(kit / "sheets" / f"{coder}.csv"))]
    out = io.StringIO()
    writer = csv.DictWriter(out, columns or list(table[0]), delimiter=delimiter, extrasaction="ignore", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(table)
    path = kit / "sheets" / "returned" / name
    path.write_bytes(out.getvalue().encode(encoding, "replace"))
    return path


def codes(kit):
    return coding.read_coded(kit)[1]


def snapshot(kit):
    return {p.relative_to(kit).as_posix(): p.read_bytes() for p in kit.rglob("*") if p.is_file() and "returned" not in p.parts}


# ---- drawing

def test_a_sheet_is_blind_and_has_what_coding_needs(kit):
    for coder in ("coder_a", "coder_b"):
        sheet, page = ((kit / "sheets" / f"{coder}.{ending}").read_text(encoding="utf-8-sig") for ending in ("csv", "html"))
        assert not re.search("herald|tribune|machinesaidso|secretcue|probability|stratum", sheet + page, re.I)
        assert list(rows(kit / "sheets" / f"{coder}.csv")[0]) == ["unit_id", "text", "conflict", "economic", "note", "before", "after", "coder"]
        assert "Do two sides clash?" in page and "They fought." in page
    sample = pd.read_csv(kit / "sample.csv")
    assert set(sample["outlet"]) == {"HERALD", "TRIBUNE"} and sample["probability"].eq(1).all() and {"text_sha", "unit_stratum", "article_stratum"} <= set(sample)
    units = pd.read_csv(kit / "units.csv")
    assert list(units["text"].sort_values()) == sorted(HOSTILE) and json.loads((kit / "sample.json").read_text(encoding="utf-8"))["seed"] == 7
    first = units[units["text"] == HOSTILE[1]].iloc[0]
    assert (first["before"], first["after"]) == (HOSTILE[0], HOSTILE[2])


def test_the_order_is_each_coders_own_and_the_seeds(tmp_path, book, kit):
    order = lambda folder, coder: [row["unit_id"] for row in rows(folder / "sheets" / f"{coder}.csv")]
    again = draw(tmp_path / "again", book)[0]
    assert order(kit, "coder_a") != order(kit, "coder_b") and set(order(kit, "coder_a")) == set(order(kit, "coder_b"))
    assert snapshot(kit) == snapshot(again)


def test_a_second_call_adds_coders_and_never_replaces(kit, book):
    path = give_back(kit, "a.csv", [{"conflict": "1"}])
    shutil.copy(path, kit / "sheets" / "coder_a.csv")  # filled in where it lay
    sheets.collect(kit)
    before = snapshot(kit)
    assert draw(kit, book, coders=("coder_a", "coder_b", "coder_c"))[1] == ["sheets/coder_c.csv", "sheets/coder_c.html"]
    assert {name: content for name, content in snapshot(kit).items() if "coder_c" not in name} == before
    with pytest.raises(coding.CodedSetError, match=r"holds another sample \(s[0-9a-f]{6}: 6 sentences, seed 7, strata None\); nothing was changed. Add NAME=another_name"):
        draw(kit, book, seed=8)
    with pytest.raises(coding.CodedSetError, match="holds another sample"):
        draw(kit, book, variables=["conflict"])


def test_a_coded_set_that_was_not_drawn_is_left_alone(tmp_path, book):
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "units.csv").write_text("unit_id,text\nu1,x\n", encoding="utf-8")
    with pytest.raises(coding.CodedSetError, match="holds a coded set that was not drawn here; nothing was changed. Add NAME="):
        draw(tmp_path / "set", book)
    assert [p.name for p in (tmp_path / "set").iterdir()] == ["units.csv"]


def test_what_is_coded_and_by_whom(book):
    assert [v["name"] for v in sheets.variables_of(book, ["all", "voice", "tone"], {"economic"})] == ["conflict", "mine:economic", "voice", "tone"]
    assert [value for value, *_ in sheets.variables_of(None, ["tone"])[0]["values"]] == ["-2", "-1", "0", "1", "2"]
    for names, said in ((["konflict"], "found `konflict`; expected some of conflict, economic, voice, tone"),):
        with pytest.raises(coding.CodedSetError, match=said):
            sheets.variables_of(book, names)
    assert sheets.coders_of("3") == ["coder_a", "coder_b", "coder_c"] and sheets.coders_of("fox, owl") == ["fox", "owl"]
    for said in ("0", "27", "gold", "a,a", "../x"):
        with pytest.raises(coding.CodedSetError, match="expected a number from 1 to 26"):
            sheets.coders_of(said)
    with pytest.raises(coding.CodedSetError, match="NAME=../x: a name is made of"):
        sheets.folder_of("../x")


# ---- collecting

def test_a_round_trip_merges_coders_and_leaves_out_what_was_not_coded(kit):
    give_back(kit, "a.csv", [{"conflict": "1", "economic": ""}, {"conflict": "0", "economic": "1"}])
    give_back(kit, "b.csv", [{"conflict": "1", "economic": "1"}], coder="coder_b")
    said = sheets.collect(kit)
    found = codes(kit)
    assert len(found) == 9 + 12 and dict(found.groupby(["coder", "variable"]).size()) == {("coder_a", "conflict"): 6, ("coder_a", "economic"): 3, ("coder_b", "conflict"): 6, ("coder_b", "economic"): 6}
    assert "a.csv: 9 judgements by coder_a, 9 new" in said and "nobody" not in said and "21 judgements in" in said
    assert "0 new" in sheets.collect(kit) and codes(kit).equals(found)


DAMAGE = {
    "as it was": {}, "semicolons": {"delimiter": ";"}, "tabs and BOM": {"delimiter": "\t", "encoding": "utf-8-sig"}, "utf-16": {"delimiter": "\t", "encoding": "utf-16"}, "windows": {"delimiter": ";", "encoding": "cp1252"},
    "other order, no context": {"columns": ["economic", "coder", "conflict", "text", "unit_id"]}, "more columns": {"columns": ["unit_id", "mood", "text", "conflict", "economic", "coder"]},
    "spaces": {"change": lambda row: {k: f"  {v} \u00a0" for k, v in row.items()}}, "no apostrophe": {"change": lambda row: row | {"text": row["text"].removeprefix("'")}},
}


@pytest.mark.parametrize("how", DAMAGE)
def test_what_a_spreadsheet_does_to_a_sheet_is_read(kit, how):
    path = give_back(kit, "a.csv", [{"conflict": word} for word in ("Yes", "no ", "1.0", "0,0", "TRUE", "n")], **DAMAGE[how])
    order = [row["unit_id"] for row in rows(kit / "sheets" / "coder_a.csv")]
    codec = DAMAGE[how].get("encoding", "utf-8")
    path.write_bytes(path.read_bytes() + (";;;\r\n\r\n,,,\r\n" if DAMAGE[how].get("delimiter") == ";" else "\r\n\r\n").encode("utf-16-le" if codec == "utf-16" else codec.removesuffix("-sig")) if how not in ("semicolons", "windows") else path.read_bytes() + b";;;;;;;\r\n\r\n")
    sheets.collect(kit)
    assert dict(zip(codes(kit)["unit_id"], codes(kit)["value"])) == dict(zip(order, ["1", "0", "1", "0", "1", "0"])) and set(codes(kit)["coder"]) == {"coder_a"}


def test_sep_line_and_crlf_and_capitals_in_the_header(kit):
    path = give_back(kit, "a.csv", [{"conflict": "y"}], delimiter=";")
    text = path.read_text(encoding="utf-8")
    path.write_text("sep=;\n" + text.replace("unit_id", " Unit_ID ", 1).replace("conflict", "Conflict", 1), encoding="utf-8", newline="")
    sheets.collect(kit)
    assert codes(kit)["value"].eq("1").all() and len(codes(kit)) == 6


def edit(number, **cells):
    """Change cells of the n-th row."""
    count = iter(range(1, 99))
    return lambda row: row | (cells if next(count) == number else {})


@pytest.mark.parametrize("change, message", [
    (edit(2, unit_id="s000000-0001"), r"a.csv, line 3: found “s000000-0001”, a unit of another sample; expected a unit_id of this sample, s[0-9a-f]{6}-…"),
    (edit(3, unit_id="x"), r"a.csv, line 4: found “x”, no unit of this sample; expected"),
    (edit(1, unit_id=""), r"a.csv, line 2: found “”, no unit of this sample"),
    (edit(4, text="Changed."), r"a.csv, line 5: found the text “Changed.”; expected the text of s[0-9a-f]{6}-\d{4} as it was given: “"),
    (edit(6, conflict="2"), r"a.csv, line 7: found “2” for conflict; expected one of 1, 0, or nothing where it was not coded"),
    (edit(6, conflict="maybe"), r"a.csv, line 7: found “maybe” for conflict"),
    (edit(2, coder="=1+1"), r"a.csv, line 3: found the coder “=1\+1”; expected a name"),
])
def test_what_does_not_fit_is_refused_with_its_line_and_nothing_is_lost(kit, change, message):
    give_back(kit, "b.csv", [{"conflict": "1"}], coder="coder_b")
    sheets.collect(kit)
    before = snapshot(kit)
    give_back(kit, "a.csv", [{"conflict": "0"}], change=change)
    with pytest.raises(coding.CodedSetError, match=message) as refused:
        sheets.collect(kit)
    assert snapshot(kit) == before and "Nothing was collected; what had been is as it was." in str(refused.value)


def test_a_unit_coded_twice_differently_is_refused_in_one_file_over_files_and_over_time(kit):
    path = give_back(kit, "a.csv", [{"conflict": "1"}])
    head, *body = path.read_text(encoding="utf-8").splitlines()
    unit = body[0].partition(",")[0]
    path.write_text("\n".join([head, *body, body[0]]), encoding="utf-8")  # the same again is no second judgement
    sheets.collect(kit, [path])
    assert len(codes(kit)) == 6
    before = snapshot(kit)
    give_back(kit, "later.csv", [{"conflict": "0"}])
    with pytest.raises(coding.CodedSetError, match=rf"later.csv, line 2: found 0 for conflict of {unit} by coder_a; expected 1, as in codes.csv \(a judgement that was collected is changed there by hand"):
        sheets.collect(kit)
    (kit / "codes.csv").unlink()
    with pytest.raises(coding.CodedSetError, match=rf"later.csv, line 2: found 0 for conflict of {unit} by coder_a; expected 1, as in a.csv, line 2, or one of the two lines gone"):
        sheets.collect(kit)
    assert not (kit / "codes.csv").exists() and set(before) - set(snapshot(kit)) == {"codes.csv"}


@pytest.mark.parametrize("content, message", [
    (b"", r"line 1: found the columns \(none\); expected unit_id and one or more of conflict, economic, each once"), (b"unit,conflict\nx,1\n", r"line 1: found the columns unit, conflict; expected unit_id"),
    (b"unit_id,conflict,Conflict\nx,1,0\n", r"line 1: found the column conflict twice"), (b'unit_id,conflict\nx,"1\n', r"line 2: found a row that cannot be read .*quotation mark closed"),
    (b"PK\x03\x04...", r"line 1: found a workbook; expected CSV"),
])
def test_a_file_that_is_no_sheet(kit, tmp_path, content, message):
    path = tmp_path / "no.csv"
    path.write_bytes(content)
    with pytest.raises(coding.CodedSetError, match=message):
        sheets.collect(kit, [path])
    with pytest.raises(coding.CodedSetError, match="gone.csv: No such file"):
        sheets.collect(kit, [tmp_path / "gone.csv"])


def test_without_a_sample_or_with_other_units_it_says_so(kit, tmp_path):
    with pytest.raises(coding.CodedSetError, match="sample.json: no such file; draw a sample first"):
        sheets.collect(tmp_path)
    (kit / "units.csv").write_text((kit / "units.csv").read_text(encoding="utf-8").replace("The last one.", "The first one."), encoding="utf-8")
    with pytest.raises(coding.CodedSetError, match=r"units.csv, line \d+: found “The first one.”, not the text that was drawn"):
        sheets.collect(kit)


def test_blank_sheets_alone_are_nothing_to_collect(kit):
    with pytest.raises(coding.CodedSetError, match="nothing is coded yet in coder_a.csv.*put what came back into"):
        sheets.collect(kit)
    assert not (kit / "codes.csv").exists() and not (kit / "disputes.csv").exists()


def test_disputes_are_settled_by_a_person_and_the_gold_is_kept(kit):
    give_back(kit, "a.csv", [{"conflict": "1", "economic": "0"}])
    give_back(kit, "b.csv", [{"conflict": "0", "economic": "0"}, {"conflict": "1", "economic": "0"}], coder="coder_b")
    assert "3 disputes, 3 to be settled" in sheets.collect(kit)
    listed = pd.read_csv(kit / "disputes.csv", dtype="str", keep_default_na=False, encoding="utf-8-sig")
    assert list(listed.columns) == ["unit_id", "variable", "judgements", "gold", "question", "text", "before", "after"]
    assert set(listed["variable"]) == {"conflict"} and listed["judgements"].eq("coder_a: 1 | coder_b: 0").all()
    listed.assign(gold=["Yes", "0", ""]).to_csv(kit / "disputes.csv", index=False, sep=";")
    assert "3 disputes, 1 to be settled" in sheets.collect(kit)
    gold = codes(kit).query("coder == 'gold'")
    assert dict(zip(gold["unit_id"], gold["value"])) == {listed["unit_id"][0]: "1", listed["unit_id"][1]: "0"} and len(codes(kit)) == 24 + 2
    again = pd.read_csv(kit / "disputes.csv", dtype="str", keep_default_na=False, encoding="utf-8-sig")
    assert list(again["gold"]) == ["1", "0", ""], "a person's answers stay where they were written"
    again.assign(gold=["1", "0", "perhaps"]).to_csv(kit / "disputes.csv", index=False)
    before = snapshot(kit)
    with pytest.raises(coding.CodedSetError, match="disputes.csv, line 4: found “perhaps” for conflict"):
        sheets.collect(kit)
    assert snapshot(kit) == before


def test_a_language_models_answers_are_one_more_coder(kit, tmp_path):
    ids = [row["unit_id"] for row in rows(kit / "sheets" / "coder_a.csv")]
    (tmp_path / "model-x (1).csv").write_text("unit_id,conflict\n" + "".join(f"{u},yes\n" for u in ids), encoding="utf-8")
    (tmp_path / "long.csv").write_text("unit_id,coder,variable,value\n" + "".join(f"{u},model-y,economic,0\n" for u in ids), encoding="utf-8")
    sheets.collect(kit, [tmp_path / "model-x (1).csv", tmp_path / "long.csv"])
    assert dict(codes(kit).groupby(["coder", "variable"]).size()) == {("model-x", "conflict"): 6, ("model-y", "economic"): 6}
    (tmp_path / "bad.csv").write_text(f"unit_id,coder,variable,value\n{ids[0]},m,mood,0\n", encoding="utf-8")
    with pytest.raises(coding.CodedSetError, match="bad.csv, line 2: found the variable “mood”; expected one of conflict, economic"):
        sheets.collect(kit, [tmp_path / "bad.csv"])


def test_voice_and_tone_and_a_name_that_two_codebooks_have(tmp_path, book):
    kit = draw(tmp_path / "t", book, variables=["voice", "tone"])[0]
    give_back(kit, "a.csv", [{"voice": "Own", "tone": "−2"}, {"voice": "direct", "tone": "+1"}, {"voice": "INDIRECT ", "tone": "0.0"}])
    sheets.collect(kit)
    assert set(codes(kit).query("variable == 'voice'")["value"]) == {"own", "direct", "indirect"} and set(codes(kit).query("variable == 'tone'")["value"]) == {"-2", "1", "0"}
    for wrong in ({"voice": "mine"}, {"tone": "3"}, {"tone": "0.5"}):
        give_back(kit, "b.csv", [wrong], coder="coder_b")
        with pytest.raises(coding.CodedSetError, match="b.csv, line 2: found"):
            sheets.collect(kit)


def test_what_was_returned_is_kept_with_its_remarks(kit):
    path = give_back(kit, "a.csv", [{"conflict": "1", "note": "not sure"}])
    sheets.collect(kit)
    assert [p.read_bytes() for p in (kit / "collected").iterdir()] == [path.read_bytes()]


# ---- the verbs

def test_the_verbs_from_the_report_to_the_codes(retellings_run, tmp_path):
    home = tmp_path / "home"
    shutil.copytree(retellings_run[0] / "data", home / "data")
    done = run("sample", "CORPUS=retellings", "CODEBOOK=generic_frames", "VARIABLES=conflict,morality,voice", "ARTICLES=6", "UNITS=3", "STRATA=conflict", home=home)
    kit = home / "data" / "coded" / "retellings"
    assert "sentences of 6 articles" in done.stdout and "collect NAME=retellings" in done.stdout
    assert list(rows(kit / "sheets" / "coder_b.csv")[0])[2:5] == ["conflict", "generic_frames:morality", "voice"], "morality is in two codebooks"
    texts = "".join(p.read_text(encoding="utf-8") for p in (kit / "sheets").glob("coder_*"))
    assert not re.search(r"constructed_20|\b(?:wire|diplomatic)/", texts), "no article's name, no folder's"
    assert set(pd.read_csv(kit / "sample.csv")["unit_stratum"]) == {0, 1}
    for strata in ("outlet", "voice"):
        run("sample", "CORPUS=retellings", "VARIABLES=voice", f"STRATA={strata}", f"NAME=by_{strata}", home=home)
    give_back(kit, "a.csv", [{"conflict": "1", "generic_frames:morality": "0", "voice": "own"}])
    assert "judgements by coder_a" in run("collect", "CORPUS=retellings", home=home).stdout
    for words, message in ((("sample", "CORPUS=retellings", "CODEBOOK=generic_frames"), "holds another sample"), (("sample", "CORPUS=retellings"), "say what is coded: CODEBOOK="),
                           (("sample", "CORPUS=retellings", "VARIABLES=tone", "ARTICLES=many"), "ARTICLES=many: expected a whole number"), (("collect", "NAME=nothing"), "draw a sample first"),
                           (("sample", "CORPUS=retellings", "VARIABLES=voice", "STRATA=moon", "NAME=m"), "STRATA=moon: expected outlet, voice"), (("collect", "CORPUS=retellings", "FILES=no.csv"), "no.csv: No such file")):
        done = run(*words, home=home, code=2)
        assert message in done.stderr and "Traceback" not in done.stderr
    assert len(codes(kit)) == 3 * len(rows(kit / "sheets" / "coder_a.csv"))


# ---- the page, in a real browser

def test_a_coder_codes_by_keyboard_reloads_downloads_and_is_collected(kit, browser):
    page, order = kit / "sheets" / "coder_a.html", rows(kit / "sheets" / "coder_a.csv")
    browser.open(page)
    assert browser.said("place") == "Sentence 1 of 6" and browser.said("done") == "0 of 6 sentences coded"
    seen = []
    for n in range(5):
        seen.append(browser.said("text"))
        browser.press(*[("1", "0"), ("y", "n")][n % 2])
        assert browser.run("[...document.querySelectorAll('[aria-pressed=true]')].map(b => b.dataset.value).join()") == "1,0"
        if n < 4:
            browser.press("ArrowRight")
    assert browser.said("done") == "5 of 6 sentences coded"
    browser.press("ArrowLeft", "ArrowDown", "Delete")
    assert browser.said("done") == "4 of 6 sentences coded" and browser.said("place") == "Sentence 4 of 6"
    browser.open(page)  # again: what was coded is kept, and the place
    assert browser.said("done") == "4 of 6 sentences coded" and browser.said("place") == "Sentence 4 of 6"
    browser.press("?")
    assert browser.run("document.getElementById('keys').open")
    browser.press("1", "Escape")
    assert not browser.run("document.getElementById('keys').open") and browser.said("done") == "4 of 6 sentences coded", "no code while help is open"
    browser.press("c")
    assert browser.run("!document.getElementById('before').hidden || !document.getElementById('after').hidden")
    browser.run("document.getElementById('note').focus()")
    browser.press("n", "1", "Escape")
    assert browser.run("document.getElementById('note').value") == "n1" and browser.run("document.activeElement.id").startswith("v")
    browser.run("document.getElementById('download').click()")
    file = browser.downloads / "news-coder_a.csv"
    browser.until(file.is_file)
    browser.press("u", "u", "u")  # round to the sixth, the one not coded
    seen += [browser.said("text")] if browser.said("text") not in seen else []
    for text in seen:  # shown as text, whatever it is
        assert "\u202e" not in text
    assert any("</script><script>" in text for text in seen) and any("⟨U+202E⟩evil" in text for text in seen)
    assert browser.run("document.title") == "Coding: news, coder_a" and browser.run("document.images.length + document.scripts.length") == 2
    assert {url for url in browser.asked if not url.startswith(("file:", "blob:"))} <= {"about:blank"}, "nothing is fetched, no error is thrown"
    sheets.collect(kit, [file])
    found = codes(kit).set_index(["unit_id", "variable"])["value"]
    expected = {(row["unit_id"], variable): value for n, row in enumerate(order[:5]) for variable, value in (("conflict", "1"), ("economic", "0")) if (n, variable) != (3, "economic")}
    assert found.to_dict() == expected and rows(file)[3]["note"] == "n1"
    browser.run("localStorage.clear()")
    browser.open(page)
    assert browser.said("done") == "0 of 6 sentences coded"
    browser.run("take(" + json.dumps(file.read_text(encoding="utf-8-sig")) + ")")  # what the import does with the file that is chosen
    assert browser.said("done") == "4 of 6 sentences coded" and browser.said("said") == "Imported: 9 answers."
    browser.run("take(" + json.dumps("unit_id,conflict\ns000000-0001,1\n") + ")")
    assert "expected one of this sample" in browser.said("said")


def test_every_control_of_the_page_has_a_name_and_fits_a_phone(kit, browser):
    browser.open(kit / "sheets" / "coder_a.html")
    assert browser.run("[...document.querySelectorAll('button, summary')].every(b => b.textContent.trim())") and browser.run("[...document.querySelectorAll('input, textarea')].every(i => i.labels.length)")
    assert browser.run("[...document.querySelectorAll('[aria-labelledby], [aria-describedby]')].every(e => ['aria-labelledby', 'aria-describedby'].every(a => !e.getAttribute(a) || document.getElementById(e.getAttribute(a))))")
    assert browser.run("new Set([...document.querySelectorAll('[id]')].map(e => e.id)).size === document.querySelectorAll('[id]').length")
    for width in (320, 1600):
        browser.call("Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=1, mobile=width < 600)
        assert browser.run("document.documentElement.scrollWidth <= innerWidth"), width
    for scheme in ("light", "dark"):
        browser.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        inks = browser.run("['--ink', '--soft', '--link'].map(n => getComputedStyle(document.documentElement).getPropertyValue(n).trim())")
        papers = browser.run("['--paper', '--tint'].map(n => getComputedStyle(document.documentElement).getPropertyValue(n).trim())")
        assert min(contrast(ink, paper) for ink in inks for paper in papers) >= 4.5, scheme


def contrast(one, other):
    """The contrast ratio of two colours (WCAG 2)."""
    def light(colour):
        parts = [int(colour[i:i + 2], 16) / 255 for i in (1, 3, 5)]
        return sum(w * (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4) for w, c in zip((0.2126, 0.7152, 0.0722), parts))
    high, low = sorted((light(one), light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)
