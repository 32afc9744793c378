// An answer that listened, in the browser: play a stretch of its recording, show where a character listens.

window.duomoRecordings = (() => {
  const TALLEST = 255;
  const figures = new WeakMap();
  const PLAYABLE = ".duomo-speech [data-from]";
  const LISTENING = ".duomo-speech [data-at]";

  const figureOf = (element) => element.closest?.(".duomo-speech");
  const soundOf = (figure) => figure.querySelector("audio");

  function stateOf(figure) {
    if (!figures.has(figure)) figures.set(figure, { until: 0, head: 0, pinned: null, button: null, curves: null, frame: 0 });
    return figures.get(figure);
  }

  function curvesOf(figure) {
    const state = stateOf(figure);
    const lane = figure.querySelector(".duomo-listening");
    if (lane && !state.curves) {
      const bytes = Uint8Array.from(atob(lane.dataset.curves), (letter) => letter.charCodeAt(0));
      const [, rows, columns] = JSON.parse(lane.dataset.shape);
      state.curves = { lane, row: (head, at) => bytes.subarray((head * rows + at) * columns, (head * rows + at + 1) * columns) };
    }
    return state.curves;
  }

  // A character's row stands behind that of all of them.
  function listen(figure, sign) {
    const curves = curvesOf(figure);
    if (!curves) return;
    const { lane, row } = curves;
    const heights = row(stateOf(figure).head, sign ? Number(sign.dataset.at) + 1 : 0);
    const steps = [...heights].map((height, at) => `V${TALLEST - height}H${at + 1}`).join("");
    const words = sign ? lane.dataset.one.replace("%1", () => sign.textContent) : lane.dataset.all;
    lane.querySelector("path").setAttribute("d", `M0 ${TALLEST}${steps}V${TALLEST}Z`);
    lane.querySelector("svg").setAttribute("aria-label", words);
    lane.querySelector(".duomo-listener").textContent = words;
    lane.dataset.shown = sign ? sign.dataset.at : "all";
    for (const other of figure.querySelectorAll("[data-at]")) other.classList.toggle("is-listening", other === sign);
  }

  // What is pointed at comes first, then what has the focus, then what was chosen.
  function relisten(figure, pointed = null) {
    const focused = figure.contains(document.activeElement) && document.activeElement.closest("[data-at]");
    listen(figure, pointed ?? (focused || stateOf(figure).pinned));
  }

  function silence(figure) {
    const state = stateOf(figure);
    soundOf(figure).pause();
    state.until = 0;
    cancelAnimationFrame(state.frame);
    figure.querySelector(".duomo-cursor").hidden = true;
    for (const sign of figure.querySelectorAll(".is-sounding")) sign.classList.remove("is-sounding");
    const { button } = state;
    state.button = null;
    if (button?.matches("[data-whole]")) button.textContent = `▶ ${button.dataset.words}`;
  }

  // What an answer has replaced must not go on sounding.
  function follow(figure) {
    const state = stateOf(figure);
    if (!state.until) return;
    const sound = soundOf(figure);
    const now = sound.currentTime;
    if (!figure.isConnected || now >= state.until || sound.ended) {
      silence(figure);
      return;
    }
    const cursor = figure.querySelector(".duomo-cursor");
    cursor.style.left = `${(100 * now) / Number(figure.dataset.seconds)}%`;
    cursor.hidden = false;
    for (const sign of figure.querySelectorAll(".duomo-heard [data-at]")) {
      sign.classList.toggle("is-sounding", Number(sign.dataset.from) <= now && now < Number(sign.dataset.to));
    }
  }

  function followOn(figure) {
    const state = stateOf(figure);
    cancelAnimationFrame(state.frame);
    follow(figure);
    if (state.until) state.frame = requestAnimationFrame(() => followOn(figure));
  }

  function play(figure, button) {
    const state = stateOf(figure);
    const again = state.until > 0 && state.button === button && button.matches("[data-whole]");
    for (const other of document.querySelectorAll(".duomo-speech")) silence(other);
    if (again) return;
    const sound = soundOf(figure);
    state.button = button;
    state.until = Number(button.dataset.to);
    sound.currentTime = Number(button.dataset.from);
    if (button.matches("[data-whole]")) button.textContent = `■ ${button.dataset.stop}`;
    sound.play().then(() => followOn(figure)).catch((error) => {
      // Another stretch was asked for before this one began.
      if (error.name === "AbortError") return;
      silence(figure);
      console.warn("duomo: the recording could not be played", error);
    });
  }

  function walk(sign, key) {
    const signs = [...sign.closest("[data-row]").querySelectorAll("button")];
    const at = signs.indexOf(sign);
    const target = signs[{ ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: signs.length - 1 }[key]];
    if (!target) return;
    if (sign.tabIndex === 0 && target.tabIndex === -1) {
      sign.tabIndex = -1;
      target.tabIndex = 0;
    }
    target.focus();
  }

  document.addEventListener("pointerover", (event) => {
    const sign = event.target.closest?.(LISTENING);
    if (sign) relisten(figureOf(sign), sign);
  });

  document.addEventListener("pointerout", (event) => {
    const sign = event.target.closest?.(LISTENING);
    if (sign && !sign.contains(event.relatedTarget)) relisten(figureOf(sign));
  });

  document.addEventListener("focusin", (event) => {
    const sign = event.target.closest?.(LISTENING);
    if (sign) listen(figureOf(sign), sign);
  });

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.(".duomo-speech button");
    if (!button) return;
    const figure = figureOf(button);
    if (button.dataset.at) {
      stateOf(figure).pinned = button;
      listen(figure, button);
    }
    if (button.matches(PLAYABLE)) play(figure, button);
  });

  document.addEventListener("change", (event) => {
    const figure = event.target.matches?.(".duomo-speech .duomo-switch input") && figureOf(event.target);
    if (!figure) return;
    stateOf(figure).head = Number(event.target.value);
    relisten(figure);
  });

  document.addEventListener("keydown", (event) => {
    const figure = event.target.closest && figureOf(event.target);
    if (!figure) return;
    if (event.key === "Escape") {
      stateOf(figure).pinned = null;
      silence(figure);
      listen(figure, null);
    } else if (event.target.matches("[data-row] button") && ["ArrowRight", "ArrowLeft", "Home", "End"].includes(event.key)) {
      event.preventDefault();
      walk(event.target, event.key);
    }
  });

  // A page that is not looked at draws no frames; its sound still stops in time.
  document.addEventListener("timeupdate", (event) => event.target.closest(".duomo-speech") && follow(figureOf(event.target)), true);
  document.addEventListener("ended", (event) => event.target.closest(".duomo-speech") && silence(figureOf(event.target)), true);

  return { listen, play, silence };
})();
