"use strict";
// The quiz: asks, keeps the answers in this browser, and holds them against chance.
const data = JSON.parse(document.getElementById("data").textContent);
const place = "limner-quiz-" + data.key, total = data.images.length;
const by = (id) => document.getElementById(id);
const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
const truth = data.mix.map((bit, k) => bit ^ (parseInt(data.key[k % 16], 16) & 1));
let answers = kept();

function kept() {
  try {
    const found = JSON.parse(localStorage.getItem(place));
    return Array.isArray(found) && found.length <= total ? found : [];
  } catch { return []; } // storage may be forbidden: the quiz works without, for this visit
}
function keep() {
  try { localStorage.setItem(place, JSON.stringify(answers)); } catch { /* as above */ }
}

function show() {
  const done = answers.length >= total;
  by("intro").hidden = true;
  by("ask").hidden = done;
  by("done").hidden = !done;
  if (done) { tell(); return; }
  const at = answers.length;
  by("progress").textContent = fill(data.say.progress, { at: at + 1, n: total });
  by("images").replaceChildren(...data.images[at].map((src, k) => {
    const image = new Image();
    image.src = src;
    image.alt = fill(data.say.alt, { n: data.mode === "pair" ? k + 1 : at + 1 });
    return image;
  }));
}
// In "one", answer 0 is "real" and 1 "made"; in "pair" 0 is "left is made" and 1 "right is made".
function answer(given) {
  if (by("ask").hidden) return;
  answers.push({ given, ms: Math.round(performance.now() - shown) });
  shown = performance.now();
  keep();
  show();
}
let shown = performance.now();

function tell() {
  const right = answers.map((one, k) => one.given === truth[k]);
  const hits = right.filter(Boolean).length, p = chance(hits, total);
  const [low, high] = interval(hits, total);
  const percent = (x) => (100 * x).toFixed(0);
  by("hits").textContent = fill(data.say.hits, { hits, n: total, rate: percent(hits / total), low: percent(low), high: percent(high) });
  by("p").textContent = fill(data.say.p, { p: p < 0.001 ? data.say.p_small : p.toFixed(3) });
  by("verdict").textContent = p >= 0.05 ? data.say.unsure : hits > total / 2 ? data.say.told : data.say.fooled;
  const share = (kind) => {
    const some = right.filter((_, k) => truth[k] === kind);
    return some.filter(Boolean).length + "/" + some.length;
  };
  by("split").textContent = data.mode === "one" ? fill(data.say.split, { real: share(0), made: share(1) }) : "";
  by("pack").textContent = data.pack ? fill(data.say.pack, { pack: data.pack }) : "";
  const result = {
    schema: "limner.quiz/1", quiz: data.key, mode: data.mode, pack: data.pack, n: total, hits, low, high, p,
    answers: answers.map((one, k) => ({ ...one, truth: truth[k] })),
  };
  URL.revokeObjectURL(by("save").href);
  by("save").href = URL.createObjectURL(new Blob([JSON.stringify(result, null, 1)], { type: "application/json" }));
  by("result").focus();
}

// The binomial distribution, summed term by term: n is small.
function weights(n, p) {
  const logs = [];
  let log = n * Math.log1p(-p);
  for (let k = 0; k <= n; k++) {
    logs.push(log);
    log += Math.log((n - k) / (k + 1)) + Math.log(p / (1 - p));
  }
  return logs.map(Math.exp);
}
const sum = (list) => list.reduce((a, b) => a + b, 0);
function chance(hits, n) { // two-sided, exact: as far from n / 2 or farther
  const far = Math.abs(hits - n / 2);
  return Math.min(1, sum(weights(n, 0.5).filter((_, k) => Math.abs(k - n / 2) >= far - 1e-9)));
}
function interval(hits, n) { // Clopper and Pearson 1934: where each tail holds 2.5 %
  const bound = (tail) => {
    let low = 0, high = 1;
    for (let step = 0; step < 60; step++) {
      const middle = (low + high) / 2;
      if (tail(weights(n, middle)) > 0) high = middle; else low = middle;
    }
    return (low + high) / 2;
  };
  return [
    hits === 0 ? 0 : bound((w) => sum(w.slice(hits)) - 0.025),
    hits === n ? 1 : bound((w) => 0.025 - sum(w.slice(0, hits + 1))),
  ];
}

function begin() { shown = performance.now(); show(); }
by("start").addEventListener("click", begin);
by("first").addEventListener("click", () => answer(0));
by("second").addEventListener("click", () => answer(1));
by("again").addEventListener("click", () => {
  if (confirm(data.say.again_ask)) { answers = []; keep(); begin(); }
});
addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  if (event.key === "1" || event.key === "2") answer(Number(event.key) - 1);
  else if (event.key === "Enter" && !by("intro").hidden && event.target === document.body) begin();
});
if (answers.length) show();
