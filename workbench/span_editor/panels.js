// Panels: the drawer at the foot of the window, and the sheet of keys.

class Drawer {
  constructor() {
    this.element = make("section", "duomo-drawer");
    this.element.hidden = true;
    this.title = make("h3");
    this.closer = makeButton("duomo-choice", () => this.close(), make("span"), make("kbd", "", "Esc"));
    this.body = make("div", "duomo-drawer-body");
    const head = make("div", "duomo-drawer-head");
    head.append(this.title, this.closer);
    this.element.append(head, this.body);
    this.whenClosed = () => {};
  }

  get isOpen() {
    return !this.element.hidden;
  }

  // One panel at a time: a second takes the place of the first.
  open(name, title, parts, closing, whenClosed) {
    this.close();
    this.element.dataset.panel = name;
    this.closer.firstChild.textContent = closing;
    this.whenClosed = whenClosed;
    this.element.hidden = false;
    this.fill(title, parts);
  }

  fill(title, parts) {
    this.element.setAttribute("aria-label", title);
    this.title.textContent = title;
    this.body.replaceChildren(...parts);
  }

  close() {
    if (!this.isOpen) return;
    this.element.hidden = true;
    this.body.replaceChildren();
    const { whenClosed } = this;
    this.whenClosed = () => {};
    whenClosed();
  }
}

class KeySheet {
  constructor(whenClosed) {
    this.element = make("dialog", "duomo-keysheet");
    this.title = make("h3");
    this.closer = makeButton("duomo-choice", () => this.element.close(), make("span"), make("kbd", "", "Esc"));
    this.body = make("div", "duomo-keygroups");
    const head = make("div", "duomo-drawer-head");
    head.append(this.title, this.closer);
    this.element.append(head, this.body);
    this.element.addEventListener("close", whenClosed);
    this.element.addEventListener("click", (event) => {
      if (event.target === this.element) this.element.close();
    });
    this.element.addEventListener("keydown", (event) => {
      if (chordOf(event) === "?") this.element.close();
    });
  }

  fill(keymap, t) {
    this.title.textContent = t("help.title");
    this.element.setAttribute("aria-label", t("help.title"));
    this.closer.firstChild.textContent = t("help.close");
    this.body.replaceChildren(...KEY_GROUPS.map((group) => {
      const section = make("section");
      const list = make("dl", "duomo-keys");
      for (const [row, chords] of keymap.rows(group)) {
        const term = make("dt");
        for (const chord of chords) term.append(make("kbd", "", chordWords(chord)));
        const line = make("div");
        line.dataset.row = row;
        line.append(term, make("dd", "", t(`key.${row}`)));
        list.append(line);
      }
      section.append(make("h4", "", t(`keys.${group}`)), list);
      return section;
    }));
  }

  toggle() {
    if (this.element.open) this.element.close();
    else this.element.showModal();
  }
}

Object.assign(Editor.prototype, {
  toggleKeys() {
    this.frame.keySheet.toggle();
  },
});
