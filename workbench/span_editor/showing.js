// Showing: what is selected, where the caret is, and what the person is told.

Object.assign(Editor.prototype, {
  redraw() {
    const ghosts = this.same ? this.same.ghosts : this.mergeGhosts();
    this.drawing.draw(ghosts.length ? order([...this.spans, ...ghosts]) : this.spans, this.selected);
    this.frame.press(this.selected ? this.selected.label : null);
    this.showState();
    this.showProposals();
    this.showNote();
    this.showEvidence();
    this.showMerge();
    this.showSelection();
    if (this.showingBorders) this.showBorders();
    this.tellPage();
  },

  showSelection() {
    const { start, end } = this.range;
    const native = document.getSelection();
    const focused = document.activeElement === this.surface;
    this.frame.caret.hidden = !(focused && start === end && this.value.text && !this.selected);
    this.markSelection();
    if (start < end) {
      const from = this.drawing.place(this.anchor, this.anchor === end);
      const to = this.drawing.place(this.focus, this.focus === end);
      native.setBaseAndExtent(from.node, from.offset, to.node, to.offset);
    } else if (native.rangeCount && this.surface.contains(native.anchorNode)) {
      native.removeAllRanges();
    }
    if (!this.frame.caret.hidden) this.placeCaret();
  },

  // Handles are for fingers only.
  placeHandles(boxes, frame) {
    const { start, end } = this.frame.handles;
    start.hidden = end.hidden = !(this.byTouch && boxes.length && this.mode === "");
    if (start.hidden) return;
    const [first, last] = [boxes[0], boxes[boxes.length - 1]];
    start.style.cssText = `left:${first.left - frame.left}px;top:${first.bottom - frame.top}px`;
    end.style.cssText = `left:${last.right - frame.left}px;top:${last.bottom - frame.top}px`;
  },

  // Drawn by us: the browser would fill the whole line, labels and all.
  markSelection() {
    const { start, end } = this.range;
    const frame = this.frame.sheet.getBoundingClientRect();
    const boxes = start < end ? this.drawing.boxes(start, end) : [];
    this.frame.marks.replaceChildren(...boxes.map((box) => {
      const mark = document.createElement("div");
      const [left, top] = [box.left - frame.left, box.top - frame.top];
      mark.style.cssText = `left:${left}px;top:${top}px;width:${box.width}px;height:${box.height}px`;
      return mark;
    }));
    this.placeHandles(boxes, frame);
  },

  placeCaret() {
    const box = this.drawing.caretBox(this.focus);
    const frame = this.frame.sheet.getBoundingClientRect();
    const { style } = this.frame.caret;
    style.left = `${box.left - frame.left}px`;
    style.top = `${box.top - frame.top}px`;
    style.height = `${box.height}px`;
  },

  scrollToCaret() {
    const box = this.drawing.caretBox(this.focus);
    const top = this.frame.bar.getBoundingClientRect().bottom;
    const below = this.frame.drawer.isOpen ? this.frame.drawer.element.getBoundingClientRect().top : window.innerHeight;
    if (box.top < Math.max(0, top)) window.scrollBy(0, box.top - Math.max(0, top) - 24);
    else if (box.bottom + LEVEL * 2 > below) window.scrollBy(0, box.bottom + LEVEL * 2 - below + 24);
    if (!this.frame.caret.hidden) this.placeCaret();
  },

  quote({ start, end }) {
    const text = visible(this.value.text.slice(start, end)).replace(/\s+/g, " ");
    return text.length > 40 ? `${text.slice(0, this.measure.floor(start + 38) - start)}…` : text;
  },

  hint() {
    const { start, end } = this.range;
    if (!this.value.text) this.frame.say("");
    else if (this.mode === "merge") this.frame.say(this.t("hint.merge"));
    else if (start < end) this.frame.say(this.t("hint.selection", this.quote({ start, end })));
    else if (this.selected) this.frame.say(this.aboutSelected());
    else if (this.restored) this.frame.say(this.t("hint.restored"));
    else this.frame.say(this.t("hint.start"));
  },

  aboutSelected() {
    const words = [tagText(this.selected), this.quote(this.selected)];
    if (this.selected.predicted) return this.t("hint.proposal", ...words, this.keyOf("accept"), this.keyOf("reject"));
    return this.t("hint.span", ...words);
  },

  // The first key of a row of the sheet, as it is now.
  keyOf(row) {
    const command = COMMANDS.find((each) => each.row === row);
    const [chord = "—"] = this.keymap.chords(command);
    return chordWords(chord);
  },

  // The rest of the page may follow what is looked at; it need not follow each key.
  tellSelection() {
    clearTimeout(this.selectTimer);
    const { start, end } = this.selected || this.range;
    const points = { start: this.measure.toPoint(start), end: this.measure.toPoint(end) };
    this.selectTimer = setTimeout(() => this.trigger("select", points), 200);
  },
});
