"use strict";
const $ = (query, node = document) => [...node.querySelectorAll(query)], id = name => document.getElementById(name);
const article = id("article"), why = id("why"), marks = $(".x [data-k], .c [data-k]:not([data-k=''])", article), boxes = $(".filters input"), first = boxes.map(box => box.checked);
let pinned = null;
function apply() {
  const on = new Map(boxes.filter(box => box.dataset.mark !== undefined).map(box => [box.dataset.mark, box.checked]));
  for (const box of boxes) if (box.dataset.voice) article.classList.toggle("no-" + box.dataset.voice, !box.checked);
  for (const mark of marks) {
    const seen = mark.dataset.k.split(" ").filter(k => on.get(k));
    if (mark.classList.contains("m")) for (const kind of "fta") mark.classList.toggle(kind, seen.some(k => kinds.get(k) === kind));
    else mark.classList.toggle("off", !seen.length);
  }
  const only = id("only").checked, all = $(".s", article);
  for (const s of all) s.hidden = only && !s.querySelector(".m.f, .m.t, .m.a, .c [data-k]:not(.off, [data-k=''])");
  article.classList.toggle("reasons", id("reasons").checked);
  id("count").textContent = `${all.filter(s => !s.hidden).length} of ${all.length} sentences shown.`;
}
const kinds = new Map(boxes.filter(box => box.dataset.mark !== undefined).map(box => [box.dataset.mark, box.nextElementSibling.className.slice(-1)]));
function show(s, mark) {
  const list = s.querySelector(".r").cloneNode(true), head = document.createElement("h2");
  head.textContent = "Sentence " + s.id.slice(1);
  const of = mark && mark.dataset.k ? mark.dataset.k.split(" ") : [];
  for (const li of $("li[data-k]", list)) li.classList.toggle("of", of.includes(li.dataset.k));
  why.replaceChildren(head, list);
  for (const other of $(".s.now")) other.classList.remove("now");
  s.classList.add("now");
}
for (const s of $(".s", article)) {
  s.addEventListener("mouseover", event => { if (!pinned) show(s, event.target.closest(".m")); });
  const button = s.querySelector(".n");
  button.addEventListener("focus", () => { if (!pinned) show(s); });
  button.setAttribute("aria-pressed", "false");
  button.addEventListener("click", () => {
    pinned = pinned === s ? null : s;
    for (const b of $(".n")) b.setAttribute("aria-pressed", String(pinned !== null && b === pinned.querySelector(".n")));
    show(s);
  });
}
document.addEventListener("keydown", event => { if (event.key === "Escape" && pinned) pinned.querySelector(".n").click(); });
for (const box of boxes) box.addEventListener("change", apply);
for (const button of $(".all")) button.addEventListener("click", () => { for (const box of $("input", button.closest("fieldset"))) box.checked = !!button.dataset.on; apply(); });
id("reset").addEventListener("click", () => { boxes.forEach((box, i) => { box.checked = first[i]; }); apply(); });
if (innerWidth < 640) document.querySelector(".filters").open = false;
why.hidden = false;
const hint = document.createElement("p");
hint.textContent = "Hover over a sentence, or move to its number: why it is marked stands here. Press the number to keep it, Escape to let it go.";
why.append(hint);
apply();
if (location.hash && id(location.hash.slice(1))?.classList.contains("s")) show(id(location.hash.slice(1)));
