"""The notebooks' own code on odd little corpora, cell by cell in this process: what a page cannot say, it must say so, not fail."""
import json

import pytest

from analysis import report, tables

STORY = "The council said on Monday that the bridge would be closed. “It is a sad day,” Anna Lund said. Families spoke of their fear. Nobody was hurt in the clash. "
CORPORA = {
    "one bare sentence": {"a.txt": "It rained."},
    "one article without marks": {"a.txt": "it rained all day and nobody came and nothing happened at all"},
    "only quotations": {"a.txt": "“It rained.” “It did.”", "b.txt": "“No.”"},
    "twenty outlets of one article": {f"paper {i}/a.txt": f" date 2023-10-{i + 1:02} Number {i}. {STORY}" + f"Word{i} follows here. " * i for i in range(20)},
    "one article and its repetitions": {f"p{i}/a.txt": STORY * 4 for i in range(5)},
    "no outlet and no date": {"a.txt": STORY, "b.txt": "Prices rose. The minister blamed the union for the cost, and the union denied it."},
    "titles and a column of its own": {"a.csv": "title,text,desk\nA <b>title</b>,One text here. It ends.,World\n\"“Fine,” says Lund\",Two texts here. They end in a war.,Home\n"},
    "one outlet many, one outlet few": {f"{'big' if i < 16 else '=small'}/a{i}.txt": f"Story {i} of {'war ' * (i % 3)}and peace {i * 7}. The mayor of town {i} said that it was {'bad' if i % 2 else 'good'}. " for i in range(18)},
    "twelve outlets on one event": {f"paper {i}/a{j}.txt": f" date 2023-10-0{j + 1} The council of Holm closed the bridge over the Arn, wrote reporter {i}. Mayor Anna Lund spoke of {'war' if (i + j) % 3 else 'hope'} number {i * j + 7}. "
                                    + f"“It is day {j} of {i},” {'Otto Brandt' if j % 2 else 'Ines Vik'} said. The bridge in Holm is old. " + f"Item{i} stood beside thing{j} and was {'broken' if j % 2 else 'mended'}. " * 3 for i in range(12) for j in range(5)},
}


@pytest.mark.parametrize("name", CORPORA)
def test_every_notebook_runs_on_odd_corpora(name, home, tmp_path, monkeypatch):
    folder = tmp_path / "corpus"
    for path, text in CORPORA[name].items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    monkeypatch.setenv("ANALYSIS_CORPUS", str(folder))
    if "column" in name:
        monkeypatch.setenv("ANALYSIS_GROUP", "desk")
    for path in report.notebooks():
        shown = []
        space = {"display": shown.append}
        for number, cell in enumerate(json.loads(path.read_text(encoding="utf-8"))["cells"]):
            if cell["cell_type"] == "code":
                *_, last = lines = "".join(cell["source"]).rstrip().split("\n")
                exec(compile("\n".join(lines), f"{path.stem}, cell {number + 1}", "exec"), space)
        assert "nan" not in last.lower()
    notes = [json.loads(p.read_text(encoding="utf-8")) for p in (tables.home() / "figures" / "corpus").glob("*.json")]
    faults = [(n["figure"], bad, n["caption"]) for n in notes for bad in ("nan", "None", "{", "  ") if bad in (n["caption"] + n["alt"]).replace("None of", "")]
    assert notes and not faults, faults
