// The frame around the text: labels, actions, state, hint, keys. Every visible word comes from the value's texts.

const HELP = [
  ["drag", ["⇧ ← →"]], ["label", []], ["click", ["Del"]], ["jump", ["[", "]"]],
  ["word", ["Ctrl ← →"]], ["undo", ["Ctrl Z", "Ctrl Y"]], ["save", ["Ctrl S", "⏎"]], ["leave", ["Esc", "Tab"]],
];

function make(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

class Frame {
  constructor(root, actions) {
    this.actions = actions;
    this.bar = make("div", "duomo-bar");
    this.chips = make("div", "duomo-chips");
    this.chips.setAttribute("role", "group");
    this.tools = make("div", "duomo-tools");
    this.buttons = {};
    for (const [name, sign] of [["undo", "↶"], ["redo", "↷"], ["delete", "⌫"]]) this.addButton(name, sign);
    this.end = make("div", "duomo-end");
    this.state = make("span", "duomo-state");
    this.state.setAttribute("role", "status");
    this.state.setAttribute("aria-live", "polite");
    this.buttons.save = make("button", "duomo-save");
    this.buttons.save.type = "button";
    this.buttons.save.addEventListener("click", () => actions.save());
    this.end.append(this.state, this.buttons.save);
    this.bar.append(this.chips, this.tools, this.end);
    this.hold(this.bar);
    this.surface = make("div", "duomo-surface duomo-text");
    this.surface.tabIndex = 0;
    this.surface.setAttribute("role", "application");
    this.caret = make("div", "duomo-caret");
    this.caret.hidden = true;
    this.sheet = make("div", "duomo-sheet");
    this.empty = make("p", "duomo-empty");
    this.marks = make("div", "duomo-marks");
    this.sheet.append(this.surface, this.marks, this.caret, this.empty);
    this.hint = make("div", "duomo-hint");
    this.hint.setAttribute("aria-live", "polite");
    this.count = make("span", "duomo-count");
    this.foot = make("div", "duomo-foot");
    this.foot.append(this.hint, this.count);
    this.help = make("details", "duomo-help");
    root.replaceChildren(this.bar, this.sheet, this.foot, this.help);
  }

  addButton(name, sign) {
    const button = make("button", "duomo-tool");
    button.type = "button";
    button.append(make("span", "duomo-sign", sign), make("span", "duomo-word"));
    button.addEventListener("click", () => this.actions[name]());
    this.buttons[name] = button;
    this.tools.append(button);
  }

  // Pressing a button must not take the selection away from the text.
  hold(element) {
    element.addEventListener("mousedown", (event) => event.preventDefault());
  }

  words(t) {
    this.surface.setAttribute("aria-label", t("surface.label"));
    this.surface.setAttribute("aria-roledescription", t("surface.role"));
    this.chips.setAttribute("aria-label", t("labels.title"));
    for (const name of ["undo", "redo", "delete"]) {
      this.buttons[name].lastChild.textContent = t(`${name}.label`);
      this.buttons[name].title = t(`${name}.label`);
      this.buttons[name].setAttribute("aria-label", t(`${name}.label`));
    }
    this.buttons.save.replaceChildren(make("span", "", t("save.label")), make("kbd", "", "Ctrl S"));
    this.buttons.save.lastChild.setAttribute("aria-hidden", "true");
    this.empty.textContent = t("empty");
    const summary = make("summary", "", t("help.title"));
    const list = make("dl", "duomo-keys");
    for (const [name, keys] of HELP) {
      const term = make("dt");
      for (const key of keys) term.append(make("kbd", "", key));
      if (name === "label") for (const label of this.labelKeys || []) term.append(make("kbd", "", label));
      const row = make("div");
      row.append(term, make("dd", "", t(`help.${name}`)));
      list.append(row);
    }
    this.help.replaceChildren(summary, list);
  }

  labels(labels, colorOf, t) {
    this.labelKeys = labels.map((label) => label.key).filter(Boolean).slice(0, 8);
    this.chips.replaceChildren(...labels.map((label) => {
      const chip = make("button", "duomo-chip");
      chip.type = "button";
      chip.style.setProperty("--color", colorOf(label.name));
      chip.dataset.label = label.name;
      chip.append(make("span", "duomo-name", label.name));
      const title = label.title && label.title !== label.name ? label.title : "";
      if (title) chip.append(make("span", "duomo-title", title));
      if (label.key) chip.append(make("kbd", "", label.key));
      chip.setAttribute("aria-label", t("labels.chip", title ? `${label.name} ${title}` : label.name, label.key || "—"));
      chip.setAttribute("aria-pressed", "false");
      chip.addEventListener("click", () => this.actions.label(label.name));
      return chip;
    }));
  }

  press(label) {
    for (const chip of this.chips.children) {
      const wanted = String(chip.dataset.label === label);
      if (chip.getAttribute("aria-pressed") !== wanted) chip.setAttribute("aria-pressed", wanted);
    }
  }

  showState(name, words) {
    this.state.dataset.state = name;
    if (this.state.textContent !== words) this.state.textContent = words;
    this.buttons.save.disabled = name === "saving";
  }

  say(words) {
    if (this.hint.textContent !== words) this.hint.textContent = words;
  }
}
