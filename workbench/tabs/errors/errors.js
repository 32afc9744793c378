// Errors: the address that opens a view again, the labels of a mapping, tables that are sorted, the list that comes into view.

window.duomoErrors = (() => {
  const PLACE = "#errors";
  // What was last looked at here, kept while another tab is open.
  let last = "";
  const here = () => window.location.hash.startsWith(PLACE);

  function put(address) {
    window.history.replaceState(window.history.state, "", address || window.location.pathname + window.location.search);
  }

  function address(value) {
    last = value || "";
    if (last) put(last);
  }

  const isOurs = (tab) => tab.id.startsWith("errors-tab");

  // The tab that the address names, if it does.
  const tab = (tabs) => (here() ? tabs.find(isOurs) : undefined);

  // The address names the tab only while it is the one that is open.
  function opened(open) {
    if (isOurs(open) && last && !here()) put(last);
    else if (!isOurs(open) && here()) put("");
  }

  function link(element) {
    element.addEventListener("click", async (event) => {
      const button = event.target.closest("[data-link]");
      if (!button) return;
      const words = button.textContent;
      try {
        await navigator.clipboard.writeText(window.location.href);
      } catch (error) {
        // Without a secure connection a browser has no clipboard to write to; this way is old, and works.
        const field = document.createElement("textarea");
        field.value = window.location.href;
        document.body.append(field);
        field.select();
        document.execCommand("copy");
        field.remove();
      }
      button.textContent = button.dataset.done;
      setTimeout(() => { button.textContent = words; }, 2000);
    });
  }

  function mapping(element, trigger, name) {
    element.addEventListener("click", (event) => {
      if (!event.target.closest("[data-map]")) return;
      const chosen = [...element.querySelectorAll("select[data-gold]")].map((each) => [each.dataset.gold, each.value]);
      trigger(name, { mapping: Object.fromEntries(chosen) });
    });
  }

  const valueOf = (row, column) => {
    const said = row.cells[column].dataset.value;
    return said !== "" && Number.isFinite(Number(said)) ? Number(said) : said;
  };

  // Numbers come greatest first, names in their order; a second click turns that round.
  function sort(button) {
    const table = button.closest("table");
    const column = Number(button.dataset.sort);
    const head = button.closest("th");
    const rows = [...table.tBodies[0].rows];
    if (!rows.length) return;
    const numbers = typeof valueOf(rows[0], column) === "number";
    const before = head.getAttribute("aria-sort");
    const falling = before ? before === "ascending" : numbers;
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", falling ? "descending" : "ascending");
    const order = (one, other) => {
      const [x, y] = [valueOf(one, column), valueOf(other, column)];
      return numbers ? x - y : String(x).localeCompare(String(y), "zh");
    };
    rows.sort((one, other) => (falling ? -order(one, other) : order(one, other)));
    table.tBodies[0].append(...rows);
  }

  function tables(element) {
    element.addEventListener("click", (event) => {
      const button = event.target.closest("[data-sort]");
      if (button) sort(button);
      const chosen = event.target.closest("[data-do=pick]");
      if (!chosen) return;
      for (const other of element.querySelectorAll("[data-do=pick][aria-current]")) other.removeAttribute("aria-current");
      chosen.setAttribute("aria-current", "true");
    });
  }

  // A list that has been asked for comes into view; one that comes with the page stays where it is.
  function arrive(element, watch) {
    let title = null;
    const asked = () => document.querySelector("#errors-figures [aria-current], #errors-condition :focus");
    watch("value", () => requestAnimationFrame(() => {
      const head = element.querySelector("h2");
      const now = head ? `${head.textContent} ${element.querySelector(".found-count")?.textContent}` : null;
      if (now && now !== title && asked()) element.scrollIntoView({ block: "start", behavior: "smooth" });
      title = now;
    }));
  }

  const bench = () => setTimeout(() => document.querySelector("#errors-bench")?.scrollIntoView({ block: "start", behavior: "smooth" }), 100);

  // A change of language keeps the view.
  document.addEventListener("click", (event) => {
    const way = event.target.closest("a[data-language]");
    if (way && here()) way.hash = window.location.hash;
  }, true);

  return { address, tab, opened, link, mapping, tables, arrive, bench, asked: () => window.location.hash };
})();
