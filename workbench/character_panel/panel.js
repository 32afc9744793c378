// The characters in the browser: say which one is pointed at or walked to, keep it marked in every place, play its sound.

window.duomoCharacters = (() => {
  // Long enough that a mouse on its way elsewhere opens nothing.
  const DWELL = 220;
  const WALK = 120;
  const waiting = { mouse: 0, walk: 0 };
  const mouse = { x: -1, y: -1 };
  let refocus = "";

  const place = (id) => document.querySelector(`#${id}`);
  const card = () => place("analyse-character")?.querySelector(".duomo-card");
  const signs = () => [...(place("analyse-strip")?.querySelectorAll(".duomo-sign") ?? [])];
  const at = (element) => Number(element.dataset.at);

  function look(trigger, name, detail, by = "walk", delay = 0) {
    clearTimeout(waiting[by]);
    const open = card();
    if (open && open.dataset.own && !detail.character && Number(open.dataset.offset) === detail.offset) return;
    waiting[by] = setTimeout(() => trigger(name, { character: "", reading: "", ...detail }), delay);
  }

  // The character whose card is open is marked in the sentence and in the strip; from it the arrow keys go on.
  function mark() {
    const open = card();
    const offset = open ? open.dataset.offset : undefined;
    for (const element of document.querySelectorAll("#analyse-hero [data-at], #analyse-strip [data-at]")) {
      element.classList.toggle("is-at", element.dataset.at === offset);
      if (offset !== undefined && element.matches(".duomo-sign")) element.tabIndex = element.dataset.at === offset ? 0 : -1;
    }
  }

  // What had the focus before an answer replaced it has it again.
  function restore() {
    const open = card();
    if (!refocus || !open) return;
    const target = refocus === "strip" ? signs().find((sign) => sign.dataset.at === open.dataset.offset)
      : open.querySelector("[aria-pressed=true]") ?? open.querySelector("[data-own-reading]");
    refocus = "";
    target?.focus({ preventScroll: true });
  }

  // What is alike in two answers stays in the page, and only attributes change.
  function watch(element, drawn) {
    const attributeFilter = ["class", "data-at", "data-offset", "data-open", "data-own"];
    new MutationObserver(drawn).observe(element, { childList: true, subtree: true, attributeFilter });
  }

  // Scrolling brings other characters under a mouse at rest: they are not pointed at.
  function moved(event) {
    const before = { ...mouse };
    mouse.x = event.screenX;
    mouse.y = event.screenY;
    return before.x !== mouse.x || before.y !== mouse.y;
  }

  // The hero's characters can also be pointed at where no card could be made of them.
  function pointing(element, trigger, name) {
    element.addEventListener("pointerover", (event) => {
      const found = event.pointerType === "mouse" && signs().length && event.target.closest("[data-at]");
      if (!moved(event)) return;
      if (found) look(trigger, name, { offset: at(found) }, "mouse", DWELL);
      else clearTimeout(waiting.mouse);
    });
    element.addEventListener("pointerleave", () => clearTimeout(waiting.mouse));
    element.addEventListener("click", (event) => {
      const found = signs().length && event.target.closest("[data-at]");
      if (found) look(trigger, name, { offset: at(found) }, "mouse");
    });
  }

  // Up and down go to the sign that stands closest in the line above or below.
  function neighbour(sign, key) {
    const all = signs();
    const index = all.indexOf(sign);
    const step = { ArrowRight: index + 1, ArrowLeft: index - 1, Home: 0, End: all.length - 1 }[key];
    if (step !== undefined) return all[step];
    const way = key === "ArrowDown" ? 1 : -1;
    const beyond = all.filter((other) => way * (other.offsetTop - sign.offsetTop) > 2);
    const line = way > 0 ? beyond[0]?.offsetTop : beyond.at(-1)?.offsetTop;
    const near = (other) => Math.abs(other.offsetLeft - sign.offsetLeft);
    return beyond.filter((other) => Math.abs(other.offsetTop - line) <= 2).sort((a, b) => near(a) - near(b))[0];
  }

  function choose(trigger, name, button, reading, from) {
    refocus = from;
    window.duomo.busy(true);
    trigger(name, { offset: Number(button.dataset.offset), reading });
  }

  function hero(element, trigger, name) {
    pointing(element, trigger, name);
    watch(element, mark);
  }

  function strip(element, trigger, look_, choose_) {
    pointing(element, trigger, look_);
    element.addEventListener("focusin", (event) => {
      if (event.target.matches(".duomo-sign:focus-visible")) look(trigger, look_, { offset: at(event.target) }, "walk", WALK);
    });
    element.addEventListener("keydown", (event) => {
      if (!event.target.matches(".duomo-sign")) return;
      if (!["ArrowRight", "ArrowLeft", "ArrowUp", "ArrowDown", "Home", "End"].includes(event.key)) return;
      event.preventDefault();
      neighbour(event.target, event.key)?.focus();
    });
    element.addEventListener("click", (event) => {
      const back = event.target.closest("[data-choose]");
      if (back) choose(trigger, choose_, back, "", "strip");
    });
    watch(element, () => {
      const drawn = element.querySelector("[data-open]");
      if (drawn) {
        const offset = Number(drawn.dataset.open);
        drawn.removeAttribute("data-open");
        trigger(look_, { offset, character: "", reading: "" });
      }
      mark();
    });
  }

  function own(element, trigger, name) {
    const field = element.querySelector("[data-own-reading]");
    if (field?.value.trim()) choose(trigger, name, element.querySelector("[data-own-choose]"), field.value, "card");
    else field?.focus();
  }

  function cardEvents(element, trigger, look_, choose_, say) {
    element.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (!button) return;
      const { offset, character, reading } = button.dataset;
      if (button.dataset.say) trigger(say, { reading: button.dataset.say });
      else if (character) look(trigger, look_, { offset: Number(offset), character, reading });
      else if (button.dataset.at) look(trigger, look_, { offset: at(button) });
      else if (button.matches("[data-own-choose]")) own(element, trigger, choose_);
      else if (button.matches("[data-choose]") && button.ariaPressed !== "true") {
        choose(trigger, choose_, button, button.dataset.choose, "card");
      }
    });
    element.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && event.target.matches("[data-own-reading]")) {
        event.preventDefault();
        own(element, trigger, choose_);
      }
    });
    watch(element, () => {
      mark();
      restore();
    });
  }

  function play(sound) {
    if (sound?.url) new Audio(sound.url).play().catch((error) => console.warn("duomo: the sound could not be played", error));
    return null;
  }

  // A refusal leaves everything as it was, the focus too, and stands where it is seen.
  function answered() {
    window.duomo.busy(false);
    const refusal = document.querySelector("#analyse-refusal .notice");
    if (!refusal) return;
    refocus = "";
    refusal.scrollIntoView({ block: "nearest" });
  }

  document.addEventListener("pointermove", moved, { passive: true });

  return { hero, strip, card: cardEvents, play, answered };
})();
