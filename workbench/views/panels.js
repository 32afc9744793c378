// What panels of evidence do in the browser: paint one head of several, move along the rows of a grid, save figures.

window.duomoPanels = (() => {
  const STEPS = 100;
  const PERCENT = 1000;
  const shade = (value, most) => (most ? Math.round((STEPS * Math.min(value, most)) / most) : 0);
  const cells = (row) => [...row.cells].slice(1);

  function paint(cell, value, most, names, written) {
    cell.className = cell.className.replace(/duomo-q\d+/, `duomo-q${shade(value, most)}`);
    cell.title = `${names} ${(value / PERCENT).toFixed(1)}%`;
    cell.textContent = written && value >= PERCENT / 2 ? String(Math.round(value / PERCENT)) : "";
  }

  // Values come in hundred thousandths: head 0 is the mean.
  function showHead(map, head) {
    const values = JSON.parse(map.dataset.heads)[head];
    const most = JSON.parse(map.dataset.most)[head];
    const table = map.querySelector(".duomo-strip");
    if (!table) return;
    const grid = table.classList.contains("duomo-grid");
    const marks = cells(table.tHead.rows[0]).map((cell) => cell.textContent);
    [...table.tBodies[0].rows].forEach((row, at) => {
      const name = row.cells[0].textContent;
      const named = (mark) => (grid ? `${name} ${mark}` : `${mark} ${name}`);
      cells(row).forEach((cell, column) => paint(cell, values[at][column], most, named(marks[column]), !grid));
    });
    map.querySelector(".duomo-scale").lastElementChild.textContent = `${Math.round(most / PERCENT)}%`;
  }

  // Of a grid's rows one can be reached with Tab, the others from there.
  function moveTo(head, key) {
    const heads = [...head.closest("tbody").rows].map((row) => row.cells[0]);
    const at = heads.indexOf(head);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: heads.length - 1 }[key];
    const target = heads[to];
    if (!target) return;
    head.tabIndex = -1;
    target.tabIndex = 0;
    target.focus();
  }

  function saving(element, trigger, name) {
    element.addEventListener("click", (event) => {
      const button = event.target.closest("button[data-format]");
      if (!button) return;
      const panel = button.closest("[data-item]");
      const head = panel.querySelector(".duomo-switch input:checked");
      // Where characters look is drawn for those that are chosen.
      const asked = button.closest(".duomo-regions")?.querySelector(".duomo-ask[data-start][aria-pressed=true]");
      const stretch = asked ? [Number(asked.dataset.start), Number(asked.dataset.end)] : [];
      button.setAttribute("aria-busy", "true");
      trigger(name, { item: Number(panel.dataset.item), head: head ? Number(head.value) : 0, stretch, format: button.dataset.format });
    });
  }

  // Hands a file to the browser's downloads, and keeps nothing of it.
  function save(file) {
    for (const button of document.querySelectorAll("button[data-format][aria-busy]")) button.removeAttribute("aria-busy");
    if (!file) return null;
    const bytes = Uint8Array.from(atob(file.base64), (letter) => letter.charCodeAt(0));
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([bytes], { type: file.type }));
    link.download = file.name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
    return null;
  }

  document.addEventListener("change", (event) => {
    const map = event.target.closest(".duomo-map[data-heads]");
    if (map && event.target.matches(".duomo-switch input")) showHead(map, Number(event.target.value));
  });

  document.addEventListener("keydown", (event) => {
    if (!event.target.matches?.(".duomo-grid tbody th")) return;
    if (["ArrowDown", "ArrowUp", "Home", "End"].includes(event.key)) {
      event.preventDefault();
      moveTo(event.target, event.key);
    }
  });

  return { save, saving };
})();
