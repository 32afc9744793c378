// Adjudicate: the table of who says what is a second face of the editor below it. A click there is a change here at once, to be
// undone like any other, and what is changed here is shown there.

window.duomoWeigh = (() => {
  const PAGE = "#adjudicate-page";
  let told = null;

  const editor = () => document.querySelector("#adjudicate-editor .duomo-editor");
  const table = () => document.querySelector(`${PAGE} table.weigh`);
  const send = (name, detail) => editor() && editor().dispatchEvent(new CustomEvent(`duomo-${name}`, { detail }));
  const labelsOf = (cell) => (cell.dataset.labels ? cell.dataset.labels.split("\t") : []);
  const rows = () => (table() ? [...table().tBodies[0].rows] : []);
  const shown = () => rows().filter((row) => row.offsetParent !== null);
  const isOpen = (row) => row.dataset.state === "open";
  const equal = (one, other) => JSON.stringify(one) === JSON.stringify(other);

  function decision(row, labels) {
    return { start: Number(row.dataset.from), end: Number(row.dataset.to), labels };
  }

  function settle(decisions) {
    if (decisions.length) send("settle", { decisions, flat: table().dataset.flat === "1" });
  }

  // What the editor has says what is decided: a proposal is not yet, and what is gone is no entity.
  function paint() {
    const grid = table();
    if (!grid || !told || told.key !== grid.dataset.key) return;
    const found = new Map();
    for (const span of told.spans) {
      const place = `${span.start}:${span.end}`;
      found.set(place, [...(found.get(place) || []), span]);
    }
    for (const row of rows()) paintRow(row, found.get(`${row.dataset.from}:${row.dataset.to}`) || [], grid.dataset);
    count();
  }

  function paintRow(row, spans, words) {
    const open = spans.some((span) => span.predicted);
    const labels = spans.map((span) => span.label).sort();
    const text = open ? words.open : labels.join(" + ") || words.none;
    const result = row.querySelector(".weigh-result");
    // A long table is drawn anew only where something was decided.
    if (row.dataset.state && result.textContent === text) return;
    row.dataset.state = open ? "open" : "decided";
    result.textContent = text;
    for (const cell of row.querySelectorAll(".weigh-cell")) {
      cell.setAttribute("aria-pressed", String(!open && equal(labelsOf(cell), labels)));
    }
  }

  function count() {
    const bar = document.querySelector(`${PAGE} .weigh-bar`);
    if (!bar) return;
    const left = told && table() && told.key === table().dataset.key ? told.spans.filter((span) => span.predicted).length : 0;
    const line = bar.querySelector(".weigh-left");
    const words = left ? bar.dataset.left.replace("%1", String(left)) : bar.dataset.done;
    if (line.textContent !== words) line.textContent = words;
    line.classList.toggle("is-done", !left);
    bar.querySelector("[data-act=next]").disabled = !left;
  }

  function focusRow(row) {
    const cell = row && (row.querySelector(".weigh-cell.is-most") || row.querySelector(".weigh-cell"));
    if (cell) cell.focus();
  }

  function goOn(after) {
    const list = shown();
    const from = after ? list.indexOf(after) : -1;
    const next = [...list.slice(from + 1), ...list.slice(0, from + 1)].find(isOpen);
    if (next) focusRow(next);
    else document.querySelector(`${PAGE} [data-act=save]`)?.focus();
  }

  function takeMajority() {
    const most = rows().filter((row) => row.classList.contains("is-open") && row.querySelector(".is-most"));
    settle(most.map((row) => decision(row, labelsOf(row.querySelector(".is-most")))));
  }

  // Nothing first, so that what one says is not thrown out by what another is taken back from.
  function takeAllOf(voice) {
    const said = rows().map((row) => decision(row, labelsOf(row.querySelectorAll(".weigh-cell:not(.is-most)")[voice])));
    settle([...said.filter(({ labels }) => !labels.length), ...said.filter(({ labels }) => labels.length)]);
  }

  const acts = {
    majority: takeMajority,
    next: () => goOn(document.activeElement.closest("tr")),
    save: () => {
      if (rows().some(isOpen)) goOn(null);
      send("save");
    },
  };

  function clicked(event) {
    const act = event.target.closest("[data-act]");
    if (act) return acts[act.dataset.act]();
    const all = event.target.closest(".weigh-all");
    if (all) return takeAllOf(Number(all.dataset.voice));
    const row = event.target.closest("table.weigh tbody tr");
    if (!row) return null;
    const cell = event.target.closest(".weigh-cell");
    if (cell) return settle([decision(row, labelsOf(cell))]);
    if (event.target.closest(".weigh-mention")) send("visit", { start: Number(row.dataset.from), end: Number(row.dataset.to) });
    return null;
  }

  function beside(cell, step) {
    const cells = [...cell.closest("tr").querySelectorAll("button")];
    return cells[cells.indexOf(cell) + step];
  }

  function above(cell, step) {
    const list = shown();
    const row = list[list.indexOf(cell.closest("tr")) + step];
    return row && row.cells[cell.closest("th,td").cellIndex].querySelector("button");
  }

  function decide(row, cell) {
    if (!cell) return;
    settle([decision(row, labelsOf(cell))]);
    goOn(row);
  }

  function pressed(event) {
    if ((event.ctrlKey || event.metaKey) && "sz".includes(event.key.toLowerCase())) {
      event.preventDefault();
      if (event.key.toLowerCase() === "s") acts.save();
      else send("undo");
      return;
    }
    const button = event.target.closest("table.weigh button");
    const row = button && button.closest("tbody tr");
    if (!row || event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
    const moves = { ArrowLeft: () => beside(button, -1), ArrowRight: () => beside(button, 1), ArrowUp: () => above(button, -1), ArrowDown: () => above(button, 1) };
    const cells = row.querySelectorAll(".weigh-cell:not(.is-most)");
    const key = event.key.toLowerCase();
    if (moves[event.key]) moves[event.key]()?.focus();
    else if (key === "m") decide(row, row.querySelector(".is-most"));
    else if (key === "n") goOn(row);
    else if (key === "0") { settle([decision(row, [])]); goOn(row); }
    else if (/^[1-9]$/.test(key)) decide(row, cells[Number(key) - 1]);
    else if (key === "e") send("visit", { start: Number(row.dataset.from), end: Number(row.dataset.to) });
    else if (key === "j" || key === "k") document.querySelector(`${PAGE} [data-step="${key === "j" ? "next" : "previous"}"]`)?.click();
    else return;
    event.preventDefault();
  }

  // Drawn anew by the server: another document, or the same with names hidden. Whoever works by key goes on by key.
  function listen(element) {
    let key = null;
    element.addEventListener("click", clicked);
    element.addEventListener("keydown", pressed);
    new MutationObserver(() => {
      const grid = table();
      if (!grid || !element.contains(grid)) return;
      send("ask");
      paint();
      if (grid.dataset.key !== key && key !== null && wandering()) goOn(null);
      key = grid.dataset.key;
    }).observe(element, { childList: true, subtree: true });
    send("ask");
    paint();
  }

  function wandering() {
    const focused = document.activeElement;
    return !focused || focused === document.body || Boolean(focused.closest("#adjudicate-editor, #adjudicate-table"));
  }

  document.addEventListener("duomo-spans", (event) => {
    if (!event.target.closest("#adjudicate-editor")) return;
    told = event.detail;
    paint();
  });

  return { listen };
})();
