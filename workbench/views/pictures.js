// Pictures under an answer, in the browser: where a chosen character or entity looks, and who looks at a region.

window.duomoRegions = (() => {
  const UNIT = 10000;
  const SECTION = ".duomo-regions";
  const chosen = new WeakMap();
  const parsed = new WeakMap();

  function valuesOf(section) {
    const kept = parsed.get(section);
    if (kept?.source === section.dataset.values) return kept.values;
    const values = JSON.parse(section.dataset.values);
    parsed.set(section, { source: section.dataset.values, values });
    return values;
  }

  const percent = (share) => `${((100 * share) / UNIT).toFixed(1)}%`;
  const fill = (words, ...values) => words.replace(/%(\d)/g, (_, number) => values[number - 1]);
  const signs = (section) => [...section.querySelectorAll(".duomo-ask-sign")];
  const frames = (section) => [...section.querySelectorAll(".duomo-looked > figure")];
  const regions = (figure) => [...figure.querySelectorAll(".duomo-region")];
  const mean = (rows) => (rows.length ? rows[0].map((_, at) => rows.reduce((sum, row) => sum + row[at], 0) / rows.length) : []);

  function paint(region, share, most) {
    const said = `${region.dataset.name} ${percent(share)}`;
    region.style.setProperty("--share", most ? (share / most).toFixed(3) : 0);
    region.title = said;
    region.setAttribute("aria-label", said);
    const written = region.querySelector("b");
    if (written) written.textContent = `${Math.round((100 * share) / UNIT)}%`;
  }

  // Shows where a stretch of the text looks; of several characters, their mean. No range stands for all of it.
  function look(section, range) {
    const words = JSON.parse(section.dataset.words);
    const shares = valuesOf(section).map((rows) => mean(range ? rows.slice(range.start, range.end) : rows));
    const most = Math.max(0, ...shares.flat());
    let best = null;
    frames(section).forEach((figure, number) => regions(figure).forEach((region, place) => {
      const share = shares[number][place] ?? 0;
      paint(region, share, most);
      if (!best || share > best.share) best = { share, name: region.dataset.name };
    }));
    for (const sign of signs(section)) sign.style.removeProperty("--share");
    for (const button of section.querySelectorAll(".duomo-ask")) {
      const is = range ? Number(button.dataset.start) === range.start && Number(button.dataset.end) === range.end
        : "every" in button.dataset;
      button.setAttribute("aria-pressed", String(is));
    }
    const text = range ? `“${signs(section).slice(range.start, range.end).map((sign) => sign.textContent).join("")}”` : words.all;
    section.querySelector(".duomo-told").textContent = best ? fill(words.looks, text, best.name, percent(best.share)) : "";
  }

  // Shows which characters look at a region.
  function lookers(section, region) {
    const figure = region.closest("figure");
    const rows = valuesOf(section)[frames(section).indexOf(figure)];
    const place = regions(figure).indexOf(region);
    const shares = rows.map((row) => row[place]);
    const most = Math.max(0, ...shares);
    const all = signs(section);
    all.forEach((sign, at) => sign.style.setProperty("--share", most ? ((shares[at] ?? 0) / most).toFixed(3) : 0));
    const first = shares.indexOf(most);
    const words = JSON.parse(section.dataset.words);
    const told = fill(words.looked, region.dataset.name, all[first]?.textContent ?? "", percent(most));
    section.querySelector(".duomo-told").textContent = told;
  }

  // An answer that has come since then has its own characters.
  function again(section) {
    const kept = chosen.get(section);
    look(section, kept?.source === section.dataset.values ? kept.range : null);
  }

  function choose(range) {
    for (const section of document.querySelectorAll(SECTION)) {
      const { length } = signs(section);
      if (range && range.start >= length) continue;
      const within = range && { start: range.start, end: Math.min(range.end, length) };
      chosen.set(section, { source: section.dataset.values, range: within });
      again(section);
    }
  }

  function rangeOf(element) {
    const start = Number(element.dataset.start);
    return { start, end: Number(element.dataset.end ?? start + 1) };
  }

  function step(event, all, columns) {
    const at = all.indexOf(event.target);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, ArrowDown: at + columns, ArrowUp: at - columns,
      Home: 0, End: all.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    if (!all[to]) return;
    event.target.tabIndex = -1;
    all[to].tabIndex = 0;
    all[to].focus();
  }

  document.addEventListener("click", (event) => {
    if (!event.target.closest("#analyse-hero, .page [data-start], .duomo-regions")) return;
    const every = event.target.closest(".duomo-ask[data-every]");
    const found = event.target.closest(".page [data-start]") ?? event.target.closest("#analyse-hero [data-at]");
    const region = event.target.closest(".duomo-region");
    if (every) choose(null);
    else if (region) lookers(region.closest(SECTION), region);
    else if (found) choose(found.dataset.start ? rangeOf(found) : { start: Number(found.dataset.at), end: Number(found.dataset.at) + 1 });
  });

  document.addEventListener("keydown", (event) => {
    if (event.target.matches?.(".duomo-ask-sign")) step(event, signs(event.target.closest(SECTION)), 1);
    else if (event.target.matches?.(".duomo-region")) {
      const frame = event.target.closest(".duomo-frame");
      step(event, regions(frame), Number(frame.dataset.columns));
    } else if (event.key === "Enter" && event.target.matches?.(".page tr[data-start]")) choose(rangeOf(event.target));
  });

  document.addEventListener("focusin", (event) => {
    if (event.target.matches(".duomo-region:focus-visible")) lookers(event.target.closest(SECTION), event.target);
    else if (event.target.matches(".duomo-ask-sign:focus-visible")) choose(rangeOf(event.target));
  });

  document.addEventListener("focusout", (event) => {
    if (event.target.matches(".duomo-region")) again(event.target.closest(SECTION));
  });

  document.addEventListener("pointerover", (event) => {
    const region = event.pointerType === "mouse" && event.target.closest?.(".duomo-region");
    if (region) lookers(region.closest(SECTION), region);
  });

  document.addEventListener("pointerout", (event) => {
    const region = event.pointerType === "mouse" && event.target.closest?.(".duomo-region");
    if (region && !event.relatedTarget?.closest?.(".duomo-region")) again(region.closest(SECTION));
  });

  return { choose };
})();
