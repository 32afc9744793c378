// What the tabs do in the browser alone: remember the text over a change of language, point at the same characters in every panel.

window.duomo = (() => {
  const TEXT = "duomo.text";
  const TAB = "duomo.tab";
  // Whose draft it is stands before its key; see drafts.js of the span editor.
  const DRAFT = /^duomo\.draft(?:@([^:]*):|\.)/;
  const words = (id) => document.querySelector(`#${id} textarea`);

  function kept(storage, name) {
    try {
      return window[storage].getItem(name);
    } catch (error) {
      console.warn("duomo: this browser keeps nothing", error);
      return null;
    }
  }

  function keep(name, value) {
    try {
      window.sessionStorage.setItem(name, value);
    } catch (error) {
      console.warn("duomo: this browser keeps nothing", error);
    }
  }

  // The text that was in the box before a reload or a change of language, else the one the page comes with.
  function typed(text) {
    const before = kept("sessionStorage", TEXT);
    return before === null ? text : before;
  }

  // What everyone who signs in here last annotated and no server has acknowledged, as a list of {account, key, text}.
  function latestDrafts() {
    const latest = new Map();
    for (let at = 0; at < window.localStorage.length; at += 1) {
      const name = window.localStorage.key(at);
      const found = DRAFT.exec(name);
      if (!found) continue;
      try {
        const draft = JSON.parse(kept("localStorage", name));
        const account = decodeURIComponent(found[1] || "");
        const before = latest.get(account);
        if (draft && typeof draft.text === "string" && (!before || draft.updated > before.updated)) latest.set(account, draft);
      } catch (error) {
        console.warn("duomo: a draft could not be read", name, error);
      }
    }
    return JSON.stringify([...latest].map(([account, { key, text }]) => ({ account, key: String(key || ""), text })));
  }

  function clicks(element, selector, tell) {
    element.addEventListener("click", (event) => {
      const found = event.target.closest(selector);
      if (found && element.contains(found)) tell(found);
    });
  }

  // As long as it is looked at, the page says now and then that it is still there.
  function pulse(element, watch, trigger, beat, news, seconds) {
    const timer = setInterval(() => {
      if (!element.isConnected) clearInterval(timer);
      else if (!document.hidden && element.getClientRects().length) trigger(beat);
    }, seconds * 1000);
    watch("value", () => trigger(news));
  }

  // Buttons that say what they do; those under "data-picked" do it to whatever is ticked. On a phone, what opens comes into view.
  function deeds(element, trigger, names, watch = null) {
    const picked = () => [...element.querySelectorAll("input[data-pick]:checked")].filter((box) => box.dataset.pick !== "all");
    clicks(element, "[data-do]", (found) => {
      if (!names.includes(found.dataset.do)) return;
      const { do: name, picked: many, ...said } = found.dataset;
      if (name === "card") {
        for (const other of element.querySelectorAll("[data-do=card][aria-current]")) other.removeAttribute("aria-current");
        found.setAttribute("aria-current", "true");
      }
      trigger(name, many === undefined ? said : { ids: picked().map((box) => Number(box.dataset.pick)) });
    });
    element.addEventListener("change", ({ target }) => {
      if (!target.matches("input[data-pick]")) return;
      if (target.dataset.pick === "all") {
        for (const box of element.querySelectorAll("input[data-pick]")) box.checked = target.checked;
      }
      const count = picked().length;
      for (const button of element.querySelectorAll("[data-picked]")) {
        button.disabled = !count;
        button.querySelector(".picked").textContent = count ? ` ${count}` : "";
      }
    });
    if (watch) {
      let shown = "";
      watch("value", () => requestAnimationFrame(() => {
        const title = (element.querySelector("h2") || {}).textContent || "";
        if (title && title !== shown && window.innerWidth < 720) element.scrollIntoView({ block: "start" });
        shown = title;
      }));
    }
  }

  const startOf = (element) => Number(element.dataset.start);
  const endOf = (element) => Number(element.dataset.end ?? startOf(element) + 1);

  // Every element that covers a chosen character is marked, in whichever panel it stands.
  function focus(page, start, end) {
    const covers = (element) => startOf(element) < end && start < endOf(element);
    for (const element of page.querySelectorAll("[data-start]")) element.classList.toggle("is-focus", covers(element));
    for (const strip of page.querySelectorAll(".duomo-strip")) focusColumns(strip, covers);
  }

  function focusColumns(strip, covers) {
    const heads = [...strip.tHead.rows[0].cells];
    const chosen = heads.map((head) => head.dataset.start !== undefined && covers(head));
    for (const row of strip.tBodies[0].rows) {
      [...row.cells].slice(1).forEach((cell, at) => cell.classList.toggle("is-focus", chosen[at + 1]));
    }
    const first = heads[chosen.indexOf(true)];
    if (first) strip.parentElement.scrollLeft = first.offsetLeft - strip.parentElement.clientWidth / 3;
  }

  function choose(target) {
    const page = target.closest(".page");
    if (page && page.querySelector("#analyse-hero")) focus(page, startOf(target), endOf(target));
  }

  // Long texts take seconds: the hero says so until the answer is there.
  function busy(now, values = []) {
    const hero = document.querySelector("#analyse-hero");
    if (hero) {
      hero.classList.toggle("is-busy", now);
      hero.setAttribute("aria-busy", String(now));
    }
    return values;
  }

  function language() {
    const link = document.querySelector(".languages [aria-current]");
    if (link) document.documentElement.lang = link.lang === "zh" ? "zh-CN" : link.lang;
    return Boolean(link);
  }

  const tabs = () => [...document.querySelectorAll("#tabs [role=tab]")];

  // The tab that was open before a reload opens again, as soon as Gradio has drawn them; from then on the open one is remembered.
  function reopen() {
    if (!tabs().length || !language()) return false;
    const before = duomoErrors.tab(tabs()) || tabs()[Number(kept("sessionStorage", TAB) || 0)];
    if (before) before.click();
    new MutationObserver(() => {
      const open = tabs().findIndex((tab) => tab.getAttribute("aria-selected") === "true");
      if (open < 0) return;
      keep(TAB, String(open));
      duomoErrors.opened(tabs()[open]);
    }).observe(tabs()[0].parentElement, { attributes: true, attributeFilter: ["aria-selected"], subtree: true });
    return true;
  }

  document.addEventListener("click", (event) => {
    const target = event.target.closest(".page [data-start]");
    if (target) choose(target);
  });

  document.addEventListener("input", (event) => {
    if (event.target === words("analyse-text")) keep(TEXT, event.target.value);
  });

  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target === words("analyse-text")) {
      event.preventDefault();
      document.querySelector("#analyse-run").click();
    } else if (event.key === "Enter" && event.target.matches?.(".page tr[data-start], .page th[tabindex]")) {
      choose(event.target);
    } else if ([" ", "Enter"].includes(event.key) && event.target.matches?.(".page svg [role=button][data-do]")) {
      event.preventDefault();
      event.target.dispatchEvent(new MouseEvent("click", { bubbles: true }));
    }
  });

  const drawn = new MutationObserver(() => {
    if (reopen()) drawn.disconnect();
  });
  drawn.observe(document.documentElement, { childList: true, subtree: true });

  return {
    typed,
    busy,
    latestDrafts,
    pulse,
    deeds,
    examples: (element, trigger, name) => clicks(element, "[data-number]", (found) => {
      const number = Number(found.dataset.number);
      keep(TEXT, found.dataset.text);
      trigger(name, { number });
    }),
    openings: (element, trigger, name) => clicks(element, "[data-id]", (found) => trigger(name, { id: Number(found.dataset.id) })),
  };
})();
