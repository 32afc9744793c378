// Saving and showing: what is kept, what is sent, and what the person is told about both.

Object.assign(Editor.prototype, {
  touch() {
    const now = Date.now();
    this.seconds += Math.min(IDLE_SECONDS, (now - this.lastAction) / 1000);
    this.lastAction = now;
  },

  keep() {
    this.touch();
    const sent = this.draft ? this.draft.sent : null;
    const { key, text } = this.value;
    this.draft = { key, text, spans: this.toPoints(this.spans), seconds: Math.round(this.seconds), updated: Date.now(), sent };
    this.saved = false;
    this.drafts.store(this.draft);
    this.showState();
  },

  save() {
    if (!this.value || !this.value.text || (this.saved && !this.draft)) return;
    this.keep();
    const { spans, seconds } = this.draft;
    this.draft.sent = { client_key: newClientKey(), spans, seconds };
    this.drafts.store(this.draft);
    this.restored = false;
    if (navigator.onLine !== false) this.drafts.transmit(this.draft);
    this.showState();
  },

  // Returns "other" for a document that is no longer shown, "settled" where the one shown is saved as it is.
  acknowledge(clientKey) {
    if (!clientKey) return "";
    const shown = this.draft && this.draft.sent && this.draft.sent.client_key === clientKey;
    const draft = shown ? this.draft : this.drafts.sentAs(clientKey);
    if (!draft) return "";
    const settled = JSON.stringify(draft.spans) === JSON.stringify(draft.sent.spans);
    this.drafts.attempts.delete(clientKey);
    if (settled) this.drafts.drop(draft.key, draft.text);
    else this.drafts.store({ ...draft, sent: null });
    if (shown) {
      this.draft = settled ? null : { ...draft, sent: null };
      this.saved = settled;
      this.seconds = 0;
    }
    if (shown) return settled ? "settled" : "";
    return this.value === null ? "" : "other";
  },

  stateName() {
    if (this.drafts.full) return "full";
    if (this.draft && this.draft.sent) {
      if (this.drafts.overdue(this.draft.sent.client_key)) return "offline";
      const later = JSON.stringify(this.draft.spans) !== JSON.stringify(this.draft.sent.spans);
      return later ? "draft" : "saving";
    }
    if (this.draft) return navigator.onLine === false ? "offline" : this.restored ? "restored" : "draft";
    return this.saved ? "saved" : "clean";
  },

  showState() {
    if (!this.value) return;
    const name = this.stateName();
    this.frame.showState(name, this.t(`state.${name}`));
    this.frame.buttons.undo.disabled = !this.past.length;
    this.frame.buttons.redo.disabled = !this.future.length;
    this.frame.buttons.delete.disabled = !this.selected;
    this.frame.count.textContent = this.t("count", String(this.spans.length));
  },

  redraw() {
    this.drawing.draw(this.spans, this.selected);
    this.frame.press(this.selected ? this.selected.label : null);
    this.showState();
    this.showSelection();
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
    if (box.top < Math.max(0, top)) window.scrollBy(0, box.top - Math.max(0, top) - 24);
    else if (box.bottom + LEVEL * 2 > window.innerHeight) window.scrollBy(0, box.bottom + LEVEL * 2 - window.innerHeight + 24);
    if (!this.frame.caret.hidden) this.placeCaret();
  },

  quote({ start, end }) {
    const text = visible(this.value.text.slice(start, end)).replace(/\s+/g, " ");
    return text.length > 40 ? `${text.slice(0, this.measure.floor(start + 38) - start)}…` : text;
  },

  hint() {
    const { start, end } = this.range;
    if (!this.value.text) this.frame.say("");
    else if (start < end) this.frame.say(this.t("hint.selection", this.quote({ start, end })));
    else if (this.selected) this.frame.say(this.t("hint.span", tagText(this.selected), this.quote(this.selected)));
    else if (this.restored) this.frame.say(this.t("hint.restored"));
    else this.frame.say(this.t("hint.start"));
  },

  // The rest of the page may follow what is looked at; it need not follow each key.
  tellSelection() {
    clearTimeout(this.selectTimer);
    const { start, end } = this.selected || this.range;
    const points = { start: this.measure.toPoint(start), end: this.measure.toPoint(end) };
    this.selectTimer = setTimeout(() => this.trigger("select", points), 200);
  },
});
