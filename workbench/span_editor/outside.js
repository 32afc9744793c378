// What stands beside the editor on the page, without the server: it hears `duomo-spans` and sends `duomo-settle`, `duomo-visit`,
// `duomo-save`, `duomo-undo` and `duomo-ask` to the editor's element. Offsets are code points.

Object.assign(Editor.prototype, {
  // Only an editor of another purpose has company; the others need not count for nobody.
  tellPage() {
    if (!this.value.scope) return;
    const detail = { key: this.value.key, spans: this.toPoints(this.spans), undoable: this.past.length > 0 };
    this.frame.root.dispatchEvent(new CustomEvent("duomo-spans", { bubbles: true, detail }));
  },

  // Let stretches have these labels, or none, in one step; where spans must not overlap, what lies across goes.
  settle(decisions, flat) {
    if (!this.value || this.mode === "merge") return;
    if (this.mode === "same") this.leaveSame();
    const places = new Map();
    for (const span of this.spans) places.set(stretch(span), [...(places.get(stretch(span)) || []), span]);
    for (const { start, end, labels } of decisions) {
      const place = { start: this.measure.toUnit(start), end: this.measure.toUnit(end) };
      const [{ note = "" } = {}] = places.get(stretch(place)) || [];
      if (flat && labels.length) {
        for (const [name, [first]] of places) if (first && overlap(first, place)) places.delete(name);
      }
      places.set(stretch(place), labels.map((label) => ({ ...place, label, score: null, predicted: false, note })));
    }
    this.commit([...places.values()].flat(), null);
  },

  visitStretch(start, end) {
    const place = { start: this.measure.toUnit(start), end: this.measure.toUnit(end) };
    const span = this.spans.find((each) => stretch(each) === stretch(place));
    if (span) {
      this.visit(span);
      return;
    }
    this.anchor = place.start;
    this.move(place.end, true);
    this.scrollToCaret();
  },
});

function listenToPage(editor, root) {
  root.addEventListener("duomo-settle", ({ detail }) => editor.value && editor.settle(detail.decisions, detail.flat));
  root.addEventListener("duomo-visit", ({ detail }) => editor.value && editor.visitStretch(detail.start, detail.end));
  root.addEventListener("duomo-save", () => editor.save());
  root.addEventListener("duomo-undo", () => editor.value && editor.undo());
  root.addEventListener("duomo-ask", () => editor.value && editor.tellPage());
}
