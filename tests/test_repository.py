"""The house: documents equal to the code, imports one way, nothing committed that must not be."""
import ast
import json
import re
import subprocess
import tomllib

import pytest
import yaml

from analysis import tables
from analysis.__main__ import codebook

ROOT = tables.ROOT
READERS = {"tables", "joins", "corpus", "tokens", "lexicons", "speakers", "voices", "coding", "sheets", "agreement"}
CODERS, BEYOND = {"exact", "sentiment", "agency", "framing", "targets", "trained"}, {"validation", "estimates", "correction", "keyness", "figures", "comparison", "reading", "scale"}


def tracked():
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, encoding="utf-8")
    if done.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in done.stdout.split("\0") if name and (ROOT / name).is_file()]


def test_the_codebook_is_the_schema():
    assert (ROOT / "data" / "codebook.md").read_text(encoding="utf-8") == codebook(), "run: python -m analysis codebook > data/codebook.md"


def name_and_bound(requirement):
    return re.fullmatch(r"([\w-]+)(.*)", requirement).groups()


def extras(project):
    """The optional dependencies that everyone gets: all but sentence embeddings, which need PyTorch, what only `make bench` compares with, and Dask."""
    return [r for name, extra in project["optional-dependencies"].items() if name not in ("embeddings", "bench", "scale") for r in extra]


def test_environment_yml_equals_pyproject():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"], *extras(project), f"python{project['requires-python']}"]
    listed = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    pip = next(item["pip"] for item in listed if isinstance(item, dict))
    given = [item for item in listed if isinstance(item, str)] + pip
    assert "-e ." in given, "the package itself is installed"
    assert sorted(map(name_and_bound, set(given) - {"-e .", "pip"})) == sorted(map(name_and_bound, wanted))
    assert any(item.startswith("textblob") for item in pip), "conda-forge's textblob is too old"


def test_every_dependency_is_pinned_with_its_hash():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    pins = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    wanted = [*project["dependencies"], *extras(project)]
    for requirement in wanted:
        assert re.search(rf"^{re.escape(name_and_bound(requirement)[0].lower())}==", pins, re.M), requirement
    assert all("--hash=sha256:" in block for block in re.split(r"^(?=[a-z0-9])", pins, flags=re.M) if "==" in block.split("\n")[0])


def imported(module):
    tree = ast.parse((ROOT / "analysis" / f"{module}.py").read_text(encoding="utf-8"))
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "analysis":
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("analysis."):
            found.add(node.module.split(".")[1])
    return found


def test_imports_run_one_way():
    modules = {p.stem for p in (ROOT / "analysis").glob("*.py")} - {"__init__", "__main__", "report"}
    assert modules == READERS | CODERS | BEYOND
    assert all(imported(m) <= READERS for m in READERS), "readers of text know nothing of coders"
    assert all(imported(m) <= READERS | CODERS for m in CODERS), "coders know nothing of estimates"
    assert imported("validation") <= READERS | CODERS and imported("keyness") <= READERS, "what measures knows nothing of estimates and figures"
    assert imported("estimates") <= READERS and imported("correction") <= READERS | {"estimates"} and imported("figures") <= READERS | {"estimates"}
    assert imported("comparison") <= READERS | CODERS | {"estimates", "correction"}
    assert imported("scale") <= READERS | CODERS, "what makes tables in parts makes no estimates"
    assert imported("reading") <= READERS | {"figures"}, "what is annotated comes from tables alone"
    assert all(imported(m) == tables.modules_in((ROOT / "analysis" / f"{m}.py").read_text(encoding="utf-8")) for m in modules), "what the staleness check sees is what is imported"


def test_importing_the_package_is_light():
    code = "import sys, analysis.tables, analysis.__main__; print([m for m in ('pandas', 'nltk', 'matplotlib', 'textblob', 'pyarrow') if m in sys.modules])"
    import sys
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, encoding="utf-8").stdout.strip() == "[]"


def test_notebooks_are_committed_without_outputs_and_in_shape():
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        assert not any(cell.get("outputs") or cell.get("execution_count") for cell in cells), f"{path.name}: clear the outputs before committing"
        prose = "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")
        code = ["".join(c["source"]) for c in cells if c["cell_type"] == "code"]
        assert re.match(rf"# {path.stem[:2]} · .+\?", prose), f"{path.name}: the title is a question"
        assert all(part in prose for part in ("*Reads*", "*Writes*", "*Takes*", "## Checks", "## What this does not show", "## For a class")), path.name
        assert sum("parameters" in c["metadata"].get("tags", []) for c in cells) == 1 and sum("import" in c and "from analysis" in c for c in code) == 1, path.name
        assert 'kind="answer"' in code[-1] and len(prose.split()) > sum(len(c.split()) for c in code if "alt=" not in c) * 0.8, path.name


def test_every_caption_and_every_answer_passes_the_claim_gate():
    """`publish` demands a claim; each notebook's answer, its second argument, is one too, and claims come from the table of claims alone."""
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        cells = ["".join(c["source"]) for c in json.loads(path.read_text(encoding="utf-8"))["cells"] if c["cell_type"] == "code"]
        calls = [node for cell in cells for node in ast.walk(ast.parse(cell)) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)]
        for call in (c for c in calls if c.func.attr == "publish"):
            claims = [ast.unparse(k.value) for k in call.keywords if k.arg == "claim"]
            assert len(claims) == 1 and ("estimates.gate(" in claims[0] or claims[0] == "HOLDS" or ".claim" in claims[0]), f"{path.name}: {claims}"
        answers = [c for c in calls if c.func.attr == "say" and any(k.arg == "kind" for k in c.keywords)]
        assert len(answers) == 1 and ("estimates.gate(" in ast.unparse(answers[0].args[1]) or ast.unparse(answers[0].args[1]) == "HOLDS"), path.name
        assert not any("UNCORRECTED" in cell for cell in cells), path.name


def test_nothing_committed_names_a_registry_or_a_machine():
    address = re.compile(r"\b(?:pypi|pythonhosted|npmjs|debian|anaconda)\.(?:org|com)\b|(?<![\w./])/(?:work|farm|root|Users)/")
    for path in tracked():
        if path.suffix not in (".png", ".parquet") and path.name != "test_repository.py":
            found = address.search(path.read_text(encoding="utf-8"))
            assert not found, f"{path.relative_to(ROOT)}: {found.group()}"


def test_the_packages_modules_stay_small():
    lines = {p.name: len(p.read_text(encoding="utf-8").splitlines()) for p in (ROOT / "analysis").glob("*.py")}
    assert sum(lines.values()) <= 9300 and max(lines.values()) <= 650, lines


def test_the_readmes_headline_is_its_figures():
    import pandas as pd
    numbers = pd.read_csv(ROOT / "figures" / "newsarticles" / "03_voices.csv")
    own = numbers[(numbers["variable"] == "own") & (numbers["n_articles"] >= 15)].set_index("group")["estimate"]
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"from {own.min():.0%}".replace("%", " %") + f" ({own.idxmin()}) to {own.max():.0%} ({own.idxmax()})".replace("%", " %") in text
    caption = json.loads((ROOT / "figures" / "newsarticles" / "03_voices.json").read_text(encoding="utf-8"))["caption"]
    said = re.search(r"the outlets speak (\d+)% of the words themselves, report (\d+)% indirectly and quote (\d+)%.*about (\d+)% would be the outlet's own.*no ranking is supported", caption)
    assert said and all(f"{number} %" in text.split("Scored as one text")[0] for number in said.groups()) and f"{own.min():.0%} ({own.idxmin()})" in caption, "the caption has what the README says of it"
