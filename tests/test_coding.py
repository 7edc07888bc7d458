"""Coded sets: read whole, or refused with the line."""
import pandas as pd
import pytest

from analysis import coding

UNITS, CODES = "unit_id,text\nu1,One\nu2,\"Two\nlines\"\nu3,Three\n", "unit_id,coder,variable,value\nu1,a,tone,1\nu1,b,tone,-1\nu2,a,tone,0\nu3,gold,tone,1\n"


def folder(tmp_path, units=UNITS, codes=CODES):
    (tmp_path / "units.csv").write_text(units, encoding="utf-8")
    (tmp_path / "codes.csv").write_text(codes, encoding="utf-8")
    return tmp_path


def test_a_coded_set(tmp_path):
    units, codes = coding.read_coded(folder(tmp_path))
    people, reference = coding.judgements(codes, "tone")
    assert list(units["text"]) == ["One", "Two\nlines", "Three"] and set(people["coder"]) == {"a", "b"} and dict(reference) == {"u3": 1}
    _, mean = coding.judgements(codes[codes["coder"] != "gold"], "tone")
    assert dict(mean) == {"u1": 0, "u2": 0}


@pytest.mark.parametrize("units, codes, message", [
    ("unit_id,txt\nu1,One\n", CODES, r"units.csv, line 1: found the columns unit_id, txt; expected also text"),
    (UNITS + "u1,Again\n", CODES, r"units.csv, line 6: found “u1”, a unit_id that stands there before"),
    (UNITS, CODES + "u9,a,tone,1\n", r"codes.csv, line 6: found “u9”, a unit_id that units.csv does not have"),
    (UNITS, CODES + "u1,a,tone,1\n", r"codes.csv, line 6: found “u1”, a second judgement"),
    (UNITS, CODES + "u2,a,,1\n", r"codes.csv, line 6: found “”, no variable"),
    (UNITS, "", r"codes.csv: .*expected a CSV file"),
    ("unit_id,text,target_start,target_end\nu1,One,0,3\nu2,Two,0,9\nu3,Three,0,1\n", CODES, r"units.csv, line 3: found “9”, as target_end"),
])
def test_what_is_wrong_is_named_with_its_line(tmp_path, units, codes, message):
    with pytest.raises(coding.CodedSetError, match=message):
        coding.read_coded(folder(tmp_path, units, codes))


def test_a_target_needs_both_ends(tmp_path):
    with pytest.raises(coding.CodedSetError, match="found target_start alone"):
        coding.read_coded(folder(tmp_path, "unit_id,text,target_start\nu1,One,0\nu2,Two,0\nu3,Three,0\n"))


def test_a_folder_without_files_says_what_a_coded_set_is(tmp_path):
    with pytest.raises(coding.CodedSetError, match="a coded set is a folder with units.csv"):
        coding.read_coded(tmp_path)


def test_repetitions_are_left_out_together():
    text = "The council said on Monday that the old bridge across the river would be closed for a year because its pillars have sunk by a hand and cannot be mended in winter."
    units = pd.DataFrame({"unit_id": ["a", "b", "c", "d"], "text": [text, "Rain fell on the town and nobody came to see the choir sing in the square that night, said the mayor, who had hoped for a better day.", text.replace("a year", "one year"), "Rain."]})
    assert coding.clusters(units).to_dict() == {"a": "a", "b": "b", "c": "a", "d": "d"}
    assert coding.clusters(units.assign(article_id=list("xxyy"))).to_dict() == {"a": "x", "b": "x", "c": "y", "d": "y"}
