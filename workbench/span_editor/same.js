// The same name elsewhere: each identical mention shows as a ghost first; what is annotated otherwise is left alone.

Object.assign(Editor.prototype, {
  // The other places of a mention: those to mark, and how many are taken by something else.
  sameAs({ start, end, label }) {
    const { text } = this.value;
    const mention = text.slice(start, end);
    const found = [];
    let taken = 0;
    for (let at = text.indexOf(mention); at >= 0; at = text.indexOf(mention, at + 1)) {
      const place = { start: at, end: at + mention.length };
      const last = found[found.length - 1];
      if (at === start || overlap(place, { start, end }) || (last && overlap(place, last))) continue;
      if (this.measure.floor(place.start) !== place.start || this.measure.floor(place.end) !== place.end) continue;
      const over = this.spans.filter((span) => overlap(span, place));
      const equal = over.filter((span) => stretch(span) === stretch(place));
      if (equal.some((span) => span.label === label && !span.predicted)) continue;
      // A proposal for the very stretch gives way; anything else that is there is a conflict.
      if (over.some((span) => !span.predicted || stretch(span) !== stretch(place))) taken += 1;
      else found.push({ ...place, label, score: null, predicted: false, note: "" });
    }
    return { found, taken };
  },

  previewSame() {
    if (!this.selected) {
      this.frame.say(this.t("hint.select_span"));
      return;
    }
    const { found, taken } = this.sameAs(this.selected);
    const quoted = this.quote(this.selected);
    if (!found.length) {
      this.frame.say(this.t("same.none", quoted, String(taken)));
      return;
    }
    this.mode = "same";
    this.same = { ghosts: found.map((span) => ({ ...span, ghost: true })), found };
    const words = this.t(taken ? "same.preview_taken" : "same.preview", quoted, String(found.length), this.selected.label, String(taken));
    const yes = { words: this.t("same.apply", String(found.length)), key: this.keyOf("apply"), act: () => this.applySame(), main: true };
    const no = { words: this.t("same.abandon"), key: this.keyOf("abandon"), act: () => this.leaveSame() };
    this.frame.offer("same", words, [yes, no]);
    this.redraw();
  },

  applySame() {
    const { found } = this.same;
    const places = new Set(found.map(stretch));
    const { selected } = this;
    // Whoever spreads a proposal has thereby accepted it.
    const own = selected.predicted ? { ...selected, predicted: false } : selected;
    const kept = this.spans.filter((span) => !places.has(stretch(span)) && span !== selected);
    this.leaveSame();
    if (this.refuses([...kept, own, ...found])) return;
    this.commit([...kept, own, ...found], own);
    this.frame.say(this.t("same.done", String(found.length)));
  },

  leaveSame() {
    this.mode = "";
    this.same = null;
    this.frame.offer("same", "", []);
    this.redraw();
  },
});
