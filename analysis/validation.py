"""Validation: every coder of the suite beside people's codes of the same units, and training by them (the verbs `validate` and `train`)."""
import csv
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from analysis import agreement, coding, framing, lexicons, sentiment, tables, targets, trained

JUDGED = trained.TONES  # variables of tone that the suite judges; frames it judges through its codebooks and the crosswalk
CROWDS = ("people", "models", "authors")  # coders of the table `reliability` that are those who gave the codes, among themselves


# ---- what every coder says ------------------------------------------------------------------------------------------------------

def judge(units, tokens, variable, others=None):
    """What every coder that judges `variable` says of a coded set's units: (coder, values, categories -1, 0, +1).

    `tone`: the panel. `tone_toward_target`: the panel on the whole unit, as if the target did not matter, and the ways of `targets`.
    `others`: name → coder (trained ones, or lists of your own).
    """
    for name, coder in sentiment.CODERS.items():
        for given, values, _ in coder(units, tokens):
            if given in sentiment.SIGN_CUTS:
                yield name, np.asarray(values, dtype="float64"), agreement.sign(values, sentiment.SIGN_CUTS[given])
    if variable == "tone_toward_target":
        found = targets.score_targets(tokens, targets.spans_of(units, tokens)).sort_values("unit")
        for way in targets.WAYS:
            yield "toward" if way == "toward" else f"toward_{way}", found[way].to_numpy(), targets.label(found[way])
    for name, coder in (others or {}).items():
        about = getattr(coder, "about", None)
        if about is None:
            _, values, _ = next(iter(coder(units, tokens)))
            yield name, np.asarray(values, dtype="float64"), agreement.sign(values, sentiment.SIGN_CUTS["tone"])
        elif about["variable"] == variable and (said := learnt_said(units, tokens, coder)):   # never on the units that it was trained on
            values, labels = np.full((2, len(units)), np.nan)
            values[said[3]], labels[said[3]] = said[:2]
            yield name, values, labels


def crosswalk(variables, books, path=framing.CODEBOOKS / "crosswalk.csv"):
    """Which coded variables the codebooks judge: one `Codebook` per codebook, its variables named as the coded set names them.

    By name (`conflict`, `frame:conflict`, `generic_frames:conflict`, where one codebook alone has it), or by a row of the crosswalk, which joins
    several variables by “or”, or takes some of a variable's indicators. What has no counterpart is in none of them: not evaluated.
    """
    by_name, found, variables = {book.name: book for book in books}, {}, list(dict.fromkeys(variables))
    with open(path, encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(line for line in file if not line.startswith("#")) if row["set_has"] in variables and row["coded_variable"] in variables]
    for row in rows:
        book = by_name.get(row["codebook"])
        names = [name for name in row["variables"].split()]
        if book is None or set(names) - set(book.variables):
            raise framing.CodebookError(f"{path}: {row['coded_variable']} → {row['codebook']}: {row['variables']}; expected a codebook and its variables.")
        found.setdefault(book.name, {})[row["coded_variable"]] = _joined(book, names, row["indicators"].split())
    for variable in variables:
        owner, _, name = variable.rpartition(":")
        holders = [book for book in books if name in book.variables and (owner in ("", "frame") or owner == book.name)]
        if len(holders) == 1 and not any(variable in mapped for mapped in found.values()):
            found.setdefault(holders[0].name, {})[variable] = holders[0].variables[name]
    return [replace(by_name[name], variables=mapped) for name, mapped in found.items()]


def _joined(book, names, indicators):
    """Variables of a codebook as one, by “or”; with `indicators` only these of them."""
    specs = [book.variables[name] for name in names]
    if len(specs) == 1 and not indicators:
        return specs[0]
    kept = {f"{name}.{key}": indicator for name, spec in zip(names, specs) for key, indicator in spec.indicators.items() if not indicators or key in indicators}
    rules = [(key,) for key in kept] if indicators else [tuple(word if word in ("or", "and", "not") else f"{name}.{word}" for word in spec.rule) for name, spec in zip(names, specs)]
    rule = (*rules[0], *(word for rest in rules[1:] for word in (*rest, "or")))
    return replace(specs[0], indicators=kept if indicators else {key: value for key, value in kept.items() if key in rule}, rule=rule, rule_text=" or ".join(names))


def frames_said(units, variables, books):
    """What the codebooks say of a coded set's units: {variable: (codebook's name, values, carried 0/1, evidence)}, in the order of `units`."""
    mapped = crosswalk(variables, books)
    if not mapped:
        return {}
    said = framing.code_texts(units, mapped).set_index("unit_id")
    return {variable: (book.name, *(mine[column].reindex(units["unit_id"]).to_numpy() for column in ("value", "carried", "evidence")))
            for book in mapped for variable in book.variables for mine in [said[(said["coder"] == book.name) & (said["variable"] == variable)]]}


def binary(codes):
    """The 0/1 variables of a coded set."""
    return [v for v in codes["variable"].unique() if coding.kind_of(codes, v) == "binary"]


def learnt_said(units, tokens, coder):
    """What a trained coder says of the units that it was not trained on: (values, categories: numbers, words, which units), or null where there is none."""
    new = ~np.isin(trained.marks(units), coder.learnt_from)
    if not new.any():
        return None
    part = units[new].reset_index(drop=True)
    again = pd.Series(range(len(part)), index=np.flatnonzero(new))
    mine = tokens[tokens["unit"].isin(again.index)]
    _, values, _ = next(iter(coder(part, mine.assign(unit=again.loc[mine["unit"]].to_numpy()).reset_index(drop=True))))
    return np.asarray(values), coder.labels, coder.words(), new


# ---- the table `reliability` ----------------------------------------------------------------------------------------------------

def reliability(units, codes, others=None, books=None, said=None):
    """A coded set → `reliability`: those who coded among themselves, for every variable with two coders or more, and every coder beside the reference.

    The reference: `gold` where there is one, else the mean over people (of 0/1: their majority; of words: the most frequent). Tone is judged by the panel;
    0/1 variables by the codebooks that the crosswalk gives (`<codebook>`, and `<codebook>_tuned`: with one threshold learnt in cross-validation by article), and all of
    them by trained coders (`others`). said: what `frames_said` gave, where that is at hand. A family of 0/1 variables of which exactly one holds (frame:a, frame:b …) is also a variable of words (frame).
    """
    clusters, rows, others = coding.clusters(units), [], others or {}
    books = framing.read_codebooks() if books is None else books
    families = coding.families(codes)
    said = frames_said(units, binary(codes), books) if said is None else said
    judged = {}  # what each trained coder says of all units, asked once
    for variable in [*codes["variable"].unique(), *families]:
        kind = "words" if variable in families else coding.kind_of(codes, variable)
        if variable not in families:
            rows += _among_themselves(codes, variable, clusters)
        if variable in JUDGED:
            coded, truth, labels = _tone_reference(units, codes, variable)
            rows += [{"coder": name, "variable": variable} | agreement.measured(values, mine, truth, labels, clusters.loc[coded["unit_id"]])
                     for name, values, mine in judge(coded, coding.tokens_of(coded), variable, others)] if len(coded) else []
            continue
        category = variable.rpartition(":")[2]
        learnt = [name for name, coder in others.items() if (about := getattr(coder, "about", {})).get("variable") == variable
                  or about.get("variable") == variable.rpartition(":")[0] and category in (about["labels"] or ())]
        if kind == "number" or not learnt and variable not in said:
            continue
        reference = coding.categories(codes, variable)
        place = units["unit_id"].isin(reference.index).to_numpy()
        truth, groups = (table.reindex(units["unit_id"]).to_numpy() for table in (reference, clusters))
        if variable in said:
            name, values, labels, _ = said[variable]
            values, labels, right, where = values[place], labels[place], truth[place].astype("float64"), groups[place]
            rows.append({"coder": name, "variable": variable} | agreement.measured(values, labels, right, right, where, looked_for=1, level="nominal"))
            if len(right) >= 50 and len(np.unique(values)) > 2 and 0 < right.sum() < len(right):
                rows.append({"coder": f"{name}_tuned", "variable": variable} | agreement.measured(values, agreement.tuned(values, right, where), right, right, where, looked_for=1, level="nominal"))
        for name in learnt:
            if name not in judged:
                plain = units.drop(columns=["target_start", "target_end"], errors="ignore").assign(start=0)
                judged[name] = learnt_said(plain, coding.tokens_of(plain), others[name])
            if judged[name] is None or not (mine := judged[name][3] & place).any():
                continue
            values, numbers, names, new = judged[name]
            values, numbers, here = values[mine[new]], numbers[mine[new]], (None if names is None else np.array(names)[mine[new]])
            if kind == "words":
                rows.append({"coder": name, "variable": variable} | agreement.alike(here if here is not None else [f"{n:g}" for n in numbers], truth[mine], groups[mine]))
            else:
                chosen = (here == category).astype("float64") if here is not None else numbers
                right = truth[mine].astype("float64")
                rows.append({"coder": name, "variable": variable} | agreement.measured(chosen if here is not None else values, chosen, right, right, groups[mine], looked_for=1, level="nominal"))
    return pd.DataFrame(rows).assign(group="all").reindex(columns=list(tables.SCHEMAS["reliability"].columns))


def _among_themselves(codes, variable, clusters):
    """The row of those who coded, where there are two or more and their values are no free text; and one of each language model beside people."""
    people, reference = coding.judgements(codes, variable)
    mine = codes[codes["variable"] == variable]
    told, rows = coding.crowd(mine), []
    if told["coder"].nunique() > 1 and told["value"].str.len().max() < 100:
        who = next((crowd for crowd in ("models", "authors") if told["coder"].str.startswith(crowd[:-1]).all()), "people")
        rows.append({"coder": who, "variable": variable} | agreement.people(people if len(people) == len(told) else told[["unit_id", "coder", "value"]], clusters, reference))
    for name, said in mine[mine["coder"].str.startswith(coding.MODEL) & ~mine["coder"].isin(told["coder"])].groupby("coder"):
        kind, said = coding.kind_of(codes, variable), said.set_index("unit_id")["value"]
        right = coding.categories(codes, variable) if kind != "number" else reference
        said = said[said.index.isin(right.index)]
        right, where = right[said.index].to_numpy(), clusters[said.index]
        if kind == "words":
            rows.append({"coder": name, "variable": variable} | agreement.alike(said.to_numpy(), right, where))
        elif kind == "binary":
            values = said.astype("float64").to_numpy()
            rows.append({"coder": name, "variable": variable} | agreement.measured(values, values, right, right, where, looked_for=1, level="nominal"))
        else:
            zone, values = agreement.neutral_zone(people["value"].to_numpy()), said.astype("float64").to_numpy()
            rows.append({"coder": name, "variable": variable} | agreement.measured(values, agreement.sign(values, zone), right, agreement.sign(right, zone), where))
    return rows


def _tone_reference(units, codes, variable):
    """(the units coded for tone, the reference's values, its categories -1, 0, +1)."""
    people, reference = coding.judgements(codes, variable)
    if reference.empty or variable == "tone_toward_target" and "target_start" not in units:
        return units.head(0), None, None
    coded = units[units["unit_id"].isin(reference.index)].reset_index(drop=True).assign(start=0)
    coded = coded if variable == "tone_toward_target" else coded.drop(columns="target_start", errors="ignore")
    truth = _centred(reference.loc[coded["unit_id"]].to_numpy("float64"), variable)
    return coded, truth, agreement.sign(truth, agreement.neutral_zone(people["value"].to_numpy() if len(people) else truth))


def beside(units, codes, said):
    """Every coded unit, the reference's category beside what the suite's own coder says, one row per unit × variable: variable, coder, unit_id, reference and
    machine (of tone negative, neutral, positive; of frames carried, not carried), evidence. Tone by the panel's default, a target's by `toward`, frames by the codebooks (`said`)."""
    parts, words = [], {-1: "negative", 0: "neutral", 1: "positive"}
    for variable in codes["variable"].unique():
        if variable in JUDGED:
            coded, _, labels = _tone_reference(units, codes, variable)
            if coded.empty:
                continue
            tokens = coding.tokens_of(coded)
            if variable == "tone_toward_target":
                found = targets.score_targets(tokens, targets.spans_of(coded, tokens)).sort_values("unit")
                name, mine, why = "toward", targets.label(found["toward"]), None
            else:
                _, values, why = next(row for row in sentiment.CODERS[sentiment.DEFAULT](coded, tokens) if row[0] in sentiment.SIGN_CUTS)
                name, mine, why = sentiment.DEFAULT, agreement.sign(values, sentiment.SIGN_CUTS["tone"]), [lexicons.readable(w) for w in why]
            parts.append(pd.DataFrame({"variable": variable, "coder": name, "unit_id": coded["unit_id"], "reference": pd.Series(labels).map(words), "machine": pd.Series(mine).map(words), "evidence": why}))
        elif variable in said:
            name, _, carried, why = said[variable]
            yes = {0: "not carried", 1: "carried"}
            parts.append(pd.DataFrame({"variable": variable, "coder": name, "unit_id": units["unit_id"], "reference": units["unit_id"].map(coding.categories(codes, variable)).map(yes),
                                       "machine": pd.Series(carried).map(yes), "evidence": why}))
    whole = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["variable", "coder", "unit_id", "reference", "machine", "evidence"])
    return whole.dropna(subset=["reference", "machine"])


def confusion(table):
    """How often the machine says what where the reference says what, by variable (variable, coder, reference, machine, units, share: of the reference's units); none is 0."""
    counts = table.groupby(["variable", "coder", "reference", "machine"], sort=False).size().rename("units").reset_index()
    parts = []
    for key, part in counts.groupby(["variable", "coder"], sort=False):
        names = [w for w in ("negative", "neutral", "positive", "not carried", "carried") if w in {*part["reference"], *part["machine"]}]
        every = pd.MultiIndex.from_product([names, names], names=["reference", "machine"])
        parts.append(part.set_index(["reference", "machine"])["units"].reindex(every, fill_value=0).reset_index().assign(variable=key[0], coder=key[1]))
    whole = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["variable", "coder", "reference", "machine", "units"])
    total = whole.groupby(["variable", "reference"])["units"].transform("sum")
    return whole.assign(share=whole["units"].div(total).where(total > 0).astype("float64"))[["variable", "coder", "reference", "machine", "units", "share"]]


def not_evaluated(codes, result):
    """The variables of a coded set for which the table holds no coder of the suite."""
    return sorted(set(codes["variable"]) - set(result.loc[~result["coder"].isin(CROWDS), "variable"]))


def _centred(values, variable):
    """The reference's values, once it is sure that zero is their middle."""
    if len(values) > 4 and (values.min() > 0 or values.max() < 0 or values.min() == 0 and values.max() > 1):
        raise coding.CodedSetError(f"`{variable}` runs from {values.min():g} to {values.max():g}: expected numbers around zero, which is neutral (of a scale 1 … 5 take 3 away).")
    return values


# ---- training -------------------------------------------------------------------------------------------------------------------

def make(folder, *, variable=None, embeddings=None, name=None, tell=print):
    """`python -m analysis train`: learn a coder from a coded set and keep it on the shelf with its card; of several 0/1 variables one coder each. Returns their folders."""
    return make_from(*coding.read_coded(folder), folder, variable=variable, embeddings=embeddings, name=name, tell=tell)


def make_from(units, codes, folder, *, variable=None, embeddings=None, name=None, tell=print):
    """`make`, of tables; `folder` is what the set is called."""
    known, families = list(codes["variable"].unique()), coding.families(codes)
    tones = [v for v in JUDGED if v in known]
    chosen = variable or next(iter([*tones, *families]), None)
    if chosen is None:
        chosen = next((prefix for v in known if (prefix := v.rpartition(":")[0]) and coding.kind_of(codes, v) == "binary"), None) or next((v for v in known if coding.kind_of(codes, v) != "number"), known[0])
    wanted = [chosen] if chosen in known or chosen in families else [v for v in known if v.startswith(f"{chosen}:")]
    if not wanted:
        raise trained.TrainedError(f"VARIABLE={chosen}: {folder} has no such variable; expected one of {', '.join([*known, *families])}.")
    made, read = [], {}
    for one in wanted:
        usual = one == next(iter([*tones, *families]), None) or len(known) == 1
        called = name if name and len(wanted) == 1 else "-".join(filter(None, [name or Path(folder).resolve().name, "" if usual else re.sub(r"\W+", "-", one), "embeddings" if embeddings and not name else ""]))
        made.append(_make(folder, units, codes, one, embeddings, called, tell, read))
    return made


def _make(folder, units, codes, variable, embeddings, name, tell, read):
    name = f"{name}-trained" if name in {book.name for book in framing.read_codebooks()} else name  # a codebook is a coder of that name
    if not re.fullmatch(r"\w[\w.-]*", name):
        raise trained.TrainedError(f"NAME={name}: a coder's name is made of letters, digits, dots, hyphens and underscores.")
    if variable == "tone_toward_target" and "target_start" not in units:
        raise trained.TrainedError(f"{folder}/units.csv: no target_start and target_end; tone toward a target needs to know where it stands.")
    toned = variable in JUDGED
    reference = coding.judgements(codes, variable)[1] if toned or variable in set(codes["variable"]) and coding.kind_of(codes, variable) == "number" else coding.categories(codes, variable)
    if reference.empty:
        raise trained.TrainedError(f"{folder}: no codes of `{variable}` that can be learnt; the set holds {', '.join(codes['variable'].unique())}.")
    coded = units[units["unit_id"].isin(reference.index)].reset_index(drop=True)
    coded = coded if variable == "tone_toward_target" else coded.drop(columns=["target_start", "target_end"], errors="ignore")
    coded, codes_too = coded.assign(start=0), trained.takes_codes(reference, variable)
    key = (codes_too, *coded["unit_id"])
    if key not in read:  # several variables of the same units are read once
        tell(f"Reading {len(coded):,} coded units of {folder}{f' with embeddings ({embeddings})' if embeddings else ''} …")
        words = coding.tokens_of(coded)
        read[key] = words, trained.read_units(coded, words, trained.embedder(embeddings) if embeddings else None, codes=codes_too)
    words, seen = read[key]
    tell(f"Learning `{variable}`, {trained.FOLDS}-fold, whole {coding.cluster_name(coded)} left out …")
    coder, (values, categories) = trained.train(coded, words, reference, variable=variable, embeddings=embeddings, read=seen)
    clusters, mine = coding.clusters(units).loc[coded["unit_id"]], "this coder, by cross-validation"
    truth = reference.loc[coded["unit_id"]].to_numpy()
    if toned:
        truth = _centred(truth.astype("float64"), variable)
        labels = agreement.sign(truth, agreement.neutral_zone(truth))
        rows = [(who, agreement.measured(v, c, truth, labels, clusters)) for who, v, c in [(mine, values, categories), *judge(coded, words, variable)]]
    elif coder.about["kind"] == "logistic" and isinstance(coder.about["labels"][0], str):
        rows = [(mine, agreement.alike([coder.about["labels"][int(n)] for n in categories], truth, clusters))]
    elif set(np.unique(truth)) <= {0.0, 1.0}:
        rows = [(mine, agreement.measured(values, categories, truth, truth, clusters, looked_for=1, level="nominal"))]
        if said := frames_said(coded, list(codes["variable"].unique()), framing.read_codebooks()).get(variable):
            rows.append((said[0], agreement.measured(said[1], said[2], truth, truth, clusters, looked_for=1, level="nominal")))
    else:
        zero = np.zeros(len(truth))                                # a scale of one's own has no sign: only the order of units is measured
        rows = [(mine, {k: v for k, v in agreement.measured(values, zero, truth, zero, clusters).items() if k == "n" or k.startswith(("pearson", "spearman"))})]
    rows += [("those who coded, among themselves", {k: v for k, v in row.items() if k not in ("coder", "variable")}) for row in _among_themselves(codes, variable, coding.clusters(units))] if variable in set(codes["variable"]) else []
    fits = pd.DataFrame([{"coder": who} | row for who, row in rows]).reindex(columns=list(tables.SCHEMAS["reliability"].columns)).assign(variable=variable)
    coder.about["source"] = Path(folder).resolve().name
    path = coder.save(trained.shelf() / name, card(coder, name, Path(folder).resolve().name, fits))
    number = lambda v: f"{v:.3f}" if pd.notna(v) else "–"
    for row in fits.itertuples():
        tell(f"  {row.coder:34} r {number(row.pearson)}  macro-F1 {number(row.macro_f1)} ({number(row.macro_f1_low)} to {number(row.macro_f1_high)})")
    tell("  with more coded units: " + ", ".join(f"{n:,} {fit:.2f}" for n, fit in coder.quality["curve"]) + f" ({coder.quality['measure']}, on {coding.cluster_name(coded)} left out)")
    tell(f"Kept as {path.relative_to(tables.home())}; its card is CARD.md. TRAINED={name} adds it to a report; `validate` measures it with the others.")
    return path


def card(coder, name, source, fits):
    """What a trained coder is, as Markdown: on what it was trained, how it does on articles it has not seen, and how that grew with the units coded."""
    about, quality = coder.about, coder.quality
    number = lambda v: f"{v:.3f}" if pd.notna(v) else "–"
    lines = [f"# Trained coder `{name}`", "", f"Variable `{about['variable']}`, learnt from {about['units']:,} coded units in {about['articles']:,} {about['clusters']} of `{source}`"
             f" by {'ridge' if about['kind'] == 'ridge' else 'logistic'} regression (strength {about['strength']:g}) on TF-IDF of {', '.join(about['views'])}, the untrained panel of tone ({len(about['panel'])} scores)"
             + (f", what the codebooks say ({len(about['codes'])} variables)" if about["codes"] else "") + (f" and sentence embeddings ({about['embeddings']})." if about["embeddings"] else "; no embeddings."), "",
             f"Cross-validation, {trained.FOLDS} folds, whole {about['clusters']} left out{'' if about['clusters'] == 'articles' else ': the set does not say from which article a unit is, so units of one article may stand on both sides'} (the strength was chosen by it, so these figures are slightly too good), beside the untrained coders on the same units:", "",
             "| coder | r | 95 % interval | macro-F1 | 95 % interval | alpha |", "|---|---|---|---|---|---|"]
    lines += [f"| {r.coder} | {number(r.pearson)} | {number(r.pearson_low)} to {number(r.pearson_high)} | {number(r.macro_f1)} | {number(r.macro_f1_low)} to {number(r.macro_f1_high)} | {number(r.alpha)} |" for r in fits.fillna(np.nan).itertuples()]
    if quality["curve"]:
        lines += ["", f"How it grew with the coded units ({quality['measure']} on {about['clusters']} left out; where it no longer rises, stop coding):", "", "| units learnt from | " + quality["measure"] + " |", "|---|---|"]
        lines += [f"| {n:,} | {fit:.3f} |" for n, fit in quality["curve"]]
    if quality.get("classes"):
        lines += ["", "Each category, by cross-validation:", "", "| category | units | precision | recall | F1 |", "|---|---|---|---|---|"]
        lines += [f"| {label} | {n:,} | {number(precision)} | {number(recall)} | {number(f1)} |" for label, n, precision, recall, f1 in quality["classes"]]
        lines += ["", "Calibration: of the units whose likeliest category it gives such a chance, so many are right. It learns every category with the same weight, so chances are no shares; correct a share with hand codes.", "",
                  "| chance | units | mean chance | right |", "|---|---|---|---|"]
        lines += [f"| {low:.2f} to {high:.2f} | {n:,} | {sure:.2f} | {right:.2f} |" for low, high, n, sure, right in quality["calibration"]]
    lines += ["", "On other genres, years or topics it will do worse; measure it there (`make validate CODED=…`) before use. It has learnt its coders' reading, biases included. "
              "The words of its vocabulary come from the coded texts: mind their licence before passing it on."]
    return "\n".join(lines) + "\n"
