// Notes: a remark about the document or about one span, kept in the draft as it is typed.

Object.assign(Editor.prototype, {
  // The spans of a value with the notes that it carries beside them.
  withNotes(spans) {
    const notes = new Map(((this.value.notes || {}).spans || []).map((note) => [`${stretch(note)}:${note.label}`, note.note]));
    return spans.map((span) => ({ ...span, note: span.note || notes.get(`${stretch(span)}:${span.label}`) || "" }));
  },

  notes() {
    const noted = this.toPoints(this.spans.filter((span) => span.note && !span.predicted));
    return { document: this.note, spans: noted.map(({ start, end, label, note }) => ({ start, end, label, note })) };
  },

  openNote(span) {
    if (!this.value.text) return;
    let noted = span;
    let begun = false;
    const title = span ? this.t("note.span", span.label, this.quote(span)) : this.t("note.document");
    const label = make("label", "duomo-notes");
    const box = make("textarea");
    box.rows = 2;
    box.value = span ? span.note : this.note;
    box.placeholder = this.t("note.hint");
    label.append(make("span", "duomo-panel-title", title), box);
    const write = () => {
      // All that is typed at one go is undone at one go.
      if (!begun) this.past.push(this.snapshot());
      begun = true;
      this.future = [];
      if (noted) {
        const changed = { ...noted, note: box.value };
        this.spans = this.spans.map((each) => (each === noted ? changed : each));
        if (this.selected === noted) this.selected = changed;
        noted = changed;
      } else {
        this.note = box.value;
      }
      this.restored = false;
      this.keep();
      this.redraw();
    };
    box.addEventListener("input", write);
    box.addEventListener("keydown", (event) => {
      // Escape also ends what an input method composes; that is the input method's.
      if (event.isComposing || event.keyCode === 229) return;
      const done = event.key === "Escape" || (event.key === "Enter" && (event.ctrlKey || event.metaKey));
      event.stopPropagation();
      if (!done) return;
      event.preventDefault();
      this.frame.drawer.close();
      this.surface.focus({ preventScroll: true });
    });
    this.frame.drawer.open("note", title, [label], this.t("note.close"), () => this.showNote());
    box.focus({ preventScroll: true });
  },

  showNote() {
    const { noteLine } = this.frame;
    noteLine.hidden = !this.note;
    const words = this.t("note.shown", this.note);
    if (noteLine.textContent !== words) noteLine.textContent = words;
  },
});
