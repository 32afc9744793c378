// Long lines: a line of a thousand characters and more is laid out as blocks of whole rows, so that a key changes one of them.

const LONG_LINE = 1200;
const BLOCK = 500;
const LONG_TEXT = 3000;
// Text that runs from right to left is one paragraph to the browser: it is left whole.
const BOTH_WAYS = /[\u0590-\u08ff\u200e\u200f\u202a-\u202e\u2066-\u2069\ufb1d-\ufdff\ufe70-\ufeff]|[\ud802\ud803\ud83a\ud83b]/;

Object.assign(Drawing.prototype, {
  // Find the rows anew where the width of the text has changed. Returns whether anything was built.
  fit() {
    const { text, lines } = this.measure;
    const long = lines.filter(({ start, end }) => end - start > LONG_LINE && !BOTH_WAYS.test(text.slice(start, end)));
    const width = this.surface.clientWidth;
    if (text.length < LONG_TEXT && !long.length) return false;
    if (!width || width === this.fitted) return false;
    this.surface.classList.remove("is-long");
    if (long.length) {
      if (this.fitted) this.rebuild(lines);
      this.rebuild(lines.flatMap((line) => (long.includes(line) ? this.rowsOf(line) : [line])));
    }
    this.leaveOut();
    this.fitted = this.surface.clientWidth;
    return true;
  },

  rebuild(pieces) {
    this.build(pieces);
    this.draw(...this.drawn);
  },

  // What is out of sight is not laid out; its height is known, so that nothing jumps when it comes into sight.
  leaveOut() {
    const heights = this.blocks.map(({ element }) => element.getBoundingClientRect().height);
    this.blocks.forEach(({ element }, index) => {
      element.style.containIntrinsicBlockSize = `auto ${heights[index]}px`;
    });
    this.surface.classList.add("is-long");
  },

  rowsOf(line) {
    const pieces = [];
    let { start } = line;
    while (line.end - start > BLOCK * 1.5) {
      const cut = this.rowStart(this.measure.floor(start + BLOCK), start);
      if (cut <= start) break;
      pieces.push({ start, end: cut });
      start = cut;
    }
    return [...pieces, { start, end: line.end }];
  },

  // The first unit of the row that a unit is in; no span or label moves a character sideways, so rows stay where they are.
  rowStart(unit, after) {
    const top = (at) => {
      const [box] = this.boxes(at, this.measure.next(at));
      return box ? box.top : -Infinity;
    };
    const row = top(unit);
    let low = bisect(this.measure.bounds, after);
    let high = bisect(this.measure.bounds, unit);
    while (low < high) {
      const middle = (low + high) >> 1;
      if (top(this.measure.bounds[middle]) < row - 8) low = middle + 1;
      else high = middle;
    }
    return this.measure.bounds[high];
  },
});
