"""What several tests share: tiny corpora, and the reports that are run once."""
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis import corpus, tables
from browser import CHROMIUM, Browser

SHARED = tables.ROOT.parent / "shared"
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="the folder ../shared with the seed article and the coded sets is not here")


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A home of its own for tables, figures and pages."""
    monkeypatch.setenv("ANALYSIS_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def browser(tmp_path):
    if CHROMIUM is None:
        pytest.skip("no Chromium here: the pages were not driven")
    driven = Browser(tmp_path)
    yield driven
    driven.close()


def articles_of(*texts, **columns):
    """An `articles` table of some texts, named a, b, c …"""
    ids = [chr(ord("a") + i) for i in range(len(texts))]
    table = pd.DataFrame({"article_id": ids, "outlet": None, "date": pd.NaT, "title": None, "text": texts, "source": ids, "language": "en",
                          "n_words": [corpus.count_words(t) for t in texts], "duplicate_of": None})
    return tables.check("articles", table.assign(**columns))


def run(*words, home, code=0, pdf=True, cwd=None, **settings):
    """`python -m analysis …` with a home of its own; the finished process. Without `pdf` no browser is on its path."""
    path = {} if pdf else {"PATH": str(Path(sys.executable).parent)}
    done = subprocess.run([sys.executable, "-m", "analysis", *map(str, words)], env=os.environ | {"ANALYSIS_HOME": str(home)} | path | settings, cwd=cwd or home.parent,
                          capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == code, done.stdout + done.stderr
    return done


@pytest.fixture(scope="session")
def retellings_run(tmp_path_factory):
    """The report on the retellings, run once."""
    home = tmp_path_factory.mktemp("retellings") / "home"
    return home, run("report", "CORPUS=retellings", home=home)


@pytest.fixture(scope="session")
def one_article_run(tmp_path_factory):
    """The report on a single article with neither outlet nor date."""
    folder = tmp_path_factory.mktemp("one")
    text = ("The council said on Monday that the bridge would be closed.\n\n“It is a sad day,” the mayor, Anna Lund, said. Shopkeepers blamed the government for the cost, "
            "and families spoke of their fear. Work begins in May.\n\nNobody was hurt.")
    Path(folder, "bridge.txt").write_text(text, encoding="utf-8")
    return folder / "home", run("report", f"CORPUS={folder / 'bridge.txt'}", home=folder / "home", pdf=False)


def compare_figures(name, made):
    """Committed figures against those made just now: numbers to 1e-9, notes equal, pictures by bytes where the versions agree."""
    folder = tables.ROOT / "figures" / name
    assert sorted(p.name for p in folder.iterdir()) == sorted(p.name for p in made.iterdir())
    for path in sorted(folder.glob("*.csv")):
        ours, theirs = pd.read_csv(path), pd.read_csv(made / path.name)
        assert list(ours.columns) == list(theirs.columns) and len(ours) == len(theirs), path.name
        for column in ours:
            if pd.api.types.is_numeric_dtype(ours[column]):
                assert np.allclose(ours[column], theirs[column], atol=1e-9, rtol=1e-9, equal_nan=True), (path.name, column)
            else:
                assert ours[column].equals(theirs[column]), (path.name, column)
        ours, theirs = (json.loads((f / path.name).with_suffix(".json").read_text(encoding="utf-8")) for f in (folder, made))
        same = ours["versions"] == theirs["versions"]
        assert ours == theirs if same else (ours["caption"], ours["alt"]) == (theirs["caption"], theirs["alt"]), path.name
        for ending in (".svg", ".png") if same else ():
            assert (folder / path.name).with_suffix(ending).read_bytes() == (made / path.name).with_suffix(ending).read_bytes(), path.stem + ending
