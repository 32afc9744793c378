// The bench in the browser: point at a character with the mouse or the arrow keys, write what is to stand there.

window.duomoBench = (() => {
  const characters = (element) => [...element.querySelectorAll(".duomo-character")];

  function mark(element, chosen) {
    for (const character of characters(element)) {
      character.classList.toggle("is-at", character === chosen);
      character.tabIndex = character === chosen ? 0 : -1;
      character.setAttribute("role", "button");
      character.setAttribute("aria-pressed", String(character === chosen));
    }
  }

  function sentence(element, trigger, point) {
    const choose = (character) => {
      mark(element, character);
      character.focus({ preventScroll: true });
      trigger(point, { at: Number(character.dataset.at) });
    };
    element.addEventListener("click", (event) => {
      const tag = event.target.closest(".duomo-tag");
      const found = tag
        ? characters(element).find((character) => Number(character.dataset.at) >= Number(tag.dataset.start))
        : event.target.closest(".duomo-character");
      if (found) choose(found);
    });
    element.addEventListener("keydown", (event) => {
      const all = characters(element);
      const at = all.indexOf(event.target);
      if (at < 0) return;
      if (event.key === "Enter" || event.key === " ") {
        event.preventDefault();
        choose(event.target);
        return;
      }
      const next = { ArrowRight: all[at + 1], ArrowLeft: all[at - 1], Home: all[0], End: all.at(-1) }[event.key];
      if (!next) return;
      event.preventDefault();
      event.target.tabIndex = -1;
      next.tabIndex = 0;
      next.focus();
    });
    // A new answer to the same sentence leaves the mark where it was.
    new MutationObserver(() => {
      const all = characters(element);
      if (!all.length || all.some((character) => character.tabIndex === 0)) return;
      all.forEach((character) => { character.tabIndex = -1; character.setAttribute("role", "button"); });
      const at = document.querySelector("#bench-menu .bench-menu")?.dataset.at;
      const chosen = all.find((character) => character.dataset.at === at);
      if (chosen) mark(element, chosen);
      else all[0].tabIndex = 0;
    }).observe(element, { childList: true, subtree: true });
  }

  function menu(element, trigger, edit) {
    const write = (typed) => {
      const field = typed.parentElement.querySelector("input");
      if (field.value.trim()) trigger(edit, { edit: typed.dataset.typed, typed: field.value });
      else field.focus();
    };
    element.addEventListener("click", (event) => {
      const typed = event.target.closest("[data-typed]");
      if (typed) write(typed);
    });
    element.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || !event.target.matches(".bench-typed input")) return;
      event.preventDefault();
      write(event.target.parentElement.querySelector("[data-typed]"));
    });
  }

  return { sentence, menu };
})();
