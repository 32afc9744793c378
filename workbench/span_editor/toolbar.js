// The frame around the text: labels, tools, what is offered, state, hint. Every visible word comes from the value's texts.

function make(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

function makeButton(className, act, ...parts) {
  const button = make("button", className);
  button.type = "button";
  button.append(...parts);
  button.addEventListener("click", act);
  return button;
}

class Frame {
  constructor(root, editor) {
    this.editor = editor;
    this.root = root;
    this.bar = make("div", "duomo-bar");
    this.chips = make("div", "duomo-chips");
    this.chips.setAttribute("role", "group");
    this.buttons = {};
    this.makeTools();
    this.makeEnd();
    this.makeProposals();
    this.strip = make("div", "duomo-strip");
    this.strip.setAttribute("role", "status");
    this.offers = new Map();
    this.company = make("div", "duomo-strip");
    this.company.setAttribute("role", "status");
    this.head = make("div", "duomo-head-line");
    this.head.append(this.company, this.steps);
    this.bar.append(this.chips, this.end, this.tools, this.proposals.box, this.strip);
    for (const part of [this.head, this.bar]) {
      part.addEventListener("mousedown", (event) => {
        // Pressing a button must not take the selection away from the text; a slider needs the press.
        if (event.target.tagName !== "INPUT") event.preventDefault();
      });
    }
    this.makeSheet();
    this.drawer = new Drawer();
    this.hint = make("div", "duomo-hint");
    this.hint.setAttribute("aria-live", "polite");
    this.count = make("span", "duomo-count");
    this.foot = make("div", "duomo-foot");
    this.keysButton = makeButton("duomo-link", () => editor.toggleKeys(), make("span"), make("kbd", "", "?"));
    this.foot.append(this.hint, this.count, this.keysButton);
    this.noteLine = make("p", "duomo-note-line");
    this.noteLine.hidden = true;
    this.keySheet = new KeySheet(() => this.surface.focus({ preventScroll: true }));
    root.replaceChildren(this.head, this.bar, this.sheet, this.noteLine, this.drawer.element, this.foot, this.keySheet.element);
  }

  makeTools() {
    this.tools = make("div", "duomo-tools");
    this.steps = make("div", "duomo-steps");
    this.position = make("span", "duomo-position");
    for (const command of COMMANDS.filter((each) => each.sign)) {
      const parts = [make("span", "duomo-sign", command.sign), make("span", "duomo-word"), make("kbd")];
      const button = makeButton("duomo-tool", () => {
        if (this.editor.value) this.editor.perform(command, {});
      }, ...parts);
      button.dataset.command = command.name;
      this.buttons[command.name] = button;
      if (command.step) this.steps.append(button);
      else this.tools.append(button);
      if (command.name === "previous") this.steps.append(this.position);
    }
  }

  makeEnd() {
    this.end = make("div", "duomo-end");
    this.state = make("span", "duomo-state");
    this.state.setAttribute("role", "status");
    this.state.setAttribute("aria-live", "polite");
    this.saveAll = makeButton("duomo-save-all", () => this.editor.saveAll(), make("span"), make("kbd", "", chordWords("Ctrl+Enter")));
    this.saveAll.hidden = true;
    this.buttons.save = makeButton("duomo-save", () => this.editor.save(), make("span"), make("kbd", "", chordWords("Ctrl+s")));
    for (const button of [this.saveAll, this.buttons.save]) button.lastChild.setAttribute("aria-hidden", "true");
    this.end.append(this.state, this.saveAll, this.buttons.save);
  }

  makeProposals() {
    const box = make("div", "duomo-proposals");
    box.setAttribute("role", "group");
    box.hidden = true;
    const slider = make("input");
    Object.assign(slider, { type: "range", min: "0", max: "100", step: "5" });
    slider.addEventListener("input", () => this.editor.setThreshold(Number(slider.value)));
    const label = make("label");
    const figure = make("output");
    label.append(make("span"), slider, figure);
    const accept = makeButton("duomo-tool", () => this.editor.perform({ act: (editor) => editor.acceptAbove() }), make("span"), make("kbd"));
    const count = make("span", "duomo-open");
    box.append(count, label, accept);
    this.proposals = { box, count, slider, label, figure, accept };
  }

  makeSheet() {
    this.surface = make("div", "duomo-surface duomo-text");
    this.surface.tabIndex = 0;
    this.surface.setAttribute("role", "application");
    this.caret = make("div", "duomo-caret");
    this.caret.hidden = true;
    this.sheet = make("div", "duomo-sheet");
    this.empty = make("p", "duomo-empty");
    this.marks = make("div", "duomo-marks");
    this.ticks = make("div", "duomo-ticks");
    this.handles = { start: make("div", "duomo-handle is-start"), end: make("div", "duomo-handle is-end") };
    for (const handle of Object.values(this.handles)) {
      handle.hidden = true;
      handle.setAttribute("aria-hidden", "true");
    }
    this.sheet.append(this.surface, this.marks, this.ticks, this.caret, ...Object.values(this.handles), this.empty);
  }

  words(t) {
    const { keymap } = this.editor;
    this.surface.setAttribute("aria-label", t("surface.label"));
    this.surface.setAttribute("aria-roledescription", t("surface.role"));
    this.chips.setAttribute("aria-label", t("labels.title"));
    for (const command of COMMANDS.filter((each) => each.sign)) {
      const button = this.buttons[command.name];
      const words = t(`${command.name}.label`);
      const [chord] = keymap.chords(command);
      button.children[1].textContent = words;
      button.children[2].textContent = chord && !chord.includes("+") ? chordWords(chord) : "";
      button.children[2].hidden = !button.children[2].textContent;
      button.title = chord ? `${words} (${chordWords(chord)})` : words;
      button.setAttribute("aria-label", words);
    }
    this.saveAll.firstChild.textContent = t("save_all.label");
    this.saveAll.title = t("save_all.hint");
    this.buttons.save.firstChild.textContent = t("save.label");
    this.buttons.save.title = t("save.hint");
    this.proposals.box.setAttribute("aria-label", t("proposals.title"));
    this.proposals.label.firstChild.textContent = t("proposals.threshold");
    this.proposals.accept.lastChild.textContent = chordWords("Shift+a");
    this.empty.textContent = t("empty");
    this.keysButton.firstChild.textContent = t("help.title");
    this.keySheet.fill(keymap, t);
  }

  labels(labels, colorOf, t) {
    this.chips.replaceChildren(...labels.filter((label) => !label.retired).map((label) => {
      const chip = makeButton("duomo-chip", () => this.editor.label(label.name), make("span", "duomo-name", label.name));
      chip.style.setProperty("--color", colorOf(label.name));
      chip.dataset.label = label.name;
      const title = label.title && label.title !== label.name ? label.title : "";
      if (title) chip.append(make("span", "duomo-title", title));
      if (label.key) chip.append(make("kbd", "", label.key));
      chip.setAttribute("aria-label", t("labels.chip", title ? `${label.name} ${title}` : label.name, label.key || "—"));
      chip.setAttribute("aria-pressed", "false");
      return chip;
    }));
  }

  press(label) {
    for (const chip of this.chips.children) {
      const wanted = String(chip.dataset.label === label);
      if (chip.getAttribute("aria-pressed") !== wanted) chip.setAttribute("aria-pressed", wanted);
    }
  }

  // A line that says what is going on and what can be done about it; no words, no line. Who else is here stands above the tools.
  offer(name, words, choices, place = this.strip) {
    const shown = this.offers.get(name);
    if (shown) shown.remove();
    this.offers.delete(name);
    if (!words) return;
    const line = make("div", "duomo-offer");
    line.dataset.offer = name;
    line.append(make("span", "", words));
    for (const { words: said, key, act, main } of choices) {
      const button = makeButton(main ? "duomo-choice is-main" : "duomo-choice", act, make("span", "", said), make("kbd", "", key));
      line.append(button);
    }
    this.offers.set(name, line);
    place.append(line);
  }

  showState(name, words) {
    this.state.dataset.state = name;
    if (this.state.textContent !== words) this.state.textContent = words;
    this.buttons.save.disabled = name === "saving";
    this.saveAll.disabled = name === "saving";
  }

  say(words) {
    if (this.hint.textContent !== words) this.hint.textContent = words;
  }
}
