// What the browser does about people: names chosen in a table, the way to one's password, and signing in again when that is asked.

(() => {
  window.duomo.named = (element, trigger, event) => {
    element.addEventListener("click", (click) => {
      const found = click.target.closest("[data-name]");
      if (found && element.contains(found)) trigger(event, { name: found.dataset.name });
    });
  };

  // A session that has ended, or was never begun: reloaded, the page asks who is there. Drafts outlive that.
  const fetched = window.fetch;
  let leaving = false;
  window.fetch = async (...asked) => {
    const answer = await fetched(...asked);
    const ours = answer.status === 401 && new URL(answer.url).origin === window.location.origin;
    if (ours && !leaving && document.querySelector(".brand")) {
      leaving = true;
      window.location.reload();
    }
    return answer;
  };

  const appears = (selector, text = "") => new Promise((found) => {
    const look = (left) => {
      const element = [...document.querySelectorAll(selector)].find((each) => !text || each.textContent.trim() === text);
      if (element || !left) found(element);
      else window.setTimeout(() => look(left - 1), 100);
    };
    look(50);
  });

  // On a narrow screen Gradio keeps the tabs that do not fit in a menu.
  const TABS = "#tabs [role=tab], #tabs .overflow-dropdown button";

  async function openPassword(tabs) {
    for (const tab of tabs) (await appears(TABS, tab))?.click();
    const part = await appears("#people-own");
    if (!part) return;
    if (!part.querySelector("input")) part.querySelector("button").click();
    const field = await appears("#people-own-old input");
    part.scrollIntoView({ block: "center" });
    field?.focus();
  }

  document.addEventListener("click", (click) => {
    const wanted = click.target.closest("[data-own-password]");
    if (wanted) openPassword(wanted.dataset.ownPassword.split("|"));
  });
})();
