// Borders of words as ticks between the characters, drawn on demand and only for what is in sight.

Object.assign(Editor.prototype, {
  toggleBorders() {
    if (!this.measure.borders) {
      this.frame.say(this.t("hint.no_borders"));
      return;
    }
    this.showingBorders = !this.showingBorders;
    this.showBorders();
    this.frame.say(this.t(this.showingBorders ? "hint.borders" : "hint.borders_off"));
  },

  showBorders() {
    const { ticks, sheet } = this.frame;
    if (!this.showingBorders || !this.measure.borders) {
      ticks.replaceChildren();
      return;
    }
    const frame = sheet.getBoundingClientRect();
    const { borders } = this.measure;
    const made = [];
    for (const chunk of this.drawing.chunks) {
      const [first] = chunk.nodes;
      if (!first) continue;
      const box = chunk.holder.getBoundingClientRect();
      if (box.bottom < -100 || box.top > window.innerHeight + 100) continue;
      for (let at = bisect(borders, chunk.start + 1); at < borders.length && borders[at] < chunk.end; at += 1) {
        const place = this.drawing.caretBox(borders[at]);
        const tick = make("i");
        tick.style.cssText = `left:${place.left - frame.left}px;top:${place.top - frame.top}px;height:${place.height}px`;
        made.push(tick);
      }
    }
    ticks.replaceChildren(...made);
  },
});
