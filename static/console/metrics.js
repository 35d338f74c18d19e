// "What if" sliders: how many past sessions would have been on the other side of another threshold.

function readBars(card) {
  return [...card.querySelectorAll("[data-bar]")].map(({ dataset }) => ({
    low: Number(dataset.low),
    high: Number(dataset.high),
    x: Number(dataset.x),
    passed: Number(dataset.passed),
    failed: Number(dataset.failed),
  }));
}

function sum(bars, name) {
  return bars.reduce((total, bar) => total + bar[name], 0);
}

function sentence(bars, place, above) {
  const edge = place < bars.length ? bars[place].low : bars[place - 1].high;
  const inside = above ? bars.slice(place) : bars.slice(0, place);
  const all = sum(bars, "passed") + sum(bars, "failed");
  const now = sum(inside, "passed") + sum(inside, "failed");
  const share = all ? Math.round((1000 * now) / all) / 10 : 0;
  const lost = sum(bars, "passed") - sum(inside, "passed");
  const side = above ? "At or above" : "Below";
  return (
    `${side} ${Number(edge.toPrecision(4))}: ${now} of ${all} sessions (${share} %). ` +
    `Of those that passed, ${lost} would not; of those that did not, ${sum(inside, "failed")} would be on this side.`
  );
}

function nearest(bars, threshold) {
  const place = bars.findIndex((bar) => bar.low >= threshold - 1e-9);
  return place < 0 ? bars.length : place;
}

function prepare(card) {
  const bars = readBars(card);
  const box = card.querySelector("[data-slider]");
  const line = card.querySelector("[data-what-if]");
  if (!bars.length || !box) return;
  const slider = box.querySelector("input");
  const output = box.querySelector("output");
  const above = card.dataset.above === "true";
  const say = () => {
    const place = Number(slider.value);
    output.textContent = sentence(bars, place, above);
    slider.setAttribute("aria-valuetext", output.textContent);
    return place;
  };
  const show = () => {
    const place = say();
    const x = place < bars.length ? bars[place].x : 720;
    line.setAttribute("d", `M${x} -6V180`);
    line.removeAttribute("hidden");
  };
  slider.value = String("threshold" in card.dataset ? nearest(bars, Number(card.dataset.threshold)) : 0);
  box.hidden = false;
  say();
  slider.addEventListener("input", show);
}

for (const card of document.querySelectorAll("[data-histogram]")) prepare(card);
