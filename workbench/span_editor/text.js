// The text and its measures. Inside the editor positions are UTF-16 units on grapheme boundaries; outside, code points.

function bisect(sorted, value) {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

function graphemeBounds(text) {
  const bounds = [];
  if (typeof Intl !== "undefined" && Intl.Segmenter) {
    for (const part of new Intl.Segmenter("zh", { granularity: "grapheme" }).segment(text)) bounds.push(part.index);
  } else {
    for (let at = 0; at < text.length; at += text.codePointAt(at) > 0xffff ? 2 : 1) bounds.push(at);
  }
  if (text.length) bounds.push(text.length);
  else bounds.push(0);
  return bounds;
}

function splitLines(text) {
  const lines = [];
  const breaks = /\r\n|\n|\r/g;
  let start = 0;
  for (let found = breaks.exec(text); found; found = breaks.exec(text)) {
    lines.push({ start, end: found.index });
    start = found.index + found[0].length;
  }
  lines.push({ start, end: text.length });
  return lines;
}

class TextMeasure {
  constructor(text, borders) {
    this.text = text;
    this.bounds = graphemeBounds(text);
    this.lines = splitLines(text);
    this.lineStarts = this.lines.map((line) => line.start);
    this.pairs = [];
    for (let at = 0; at + 1 < text.length; at += 1) {
      if (text.codePointAt(at) > 0xffff) {
        this.pairs.push(at);
        at += 1;
      }
    }
    this.pairPoints = this.pairs.map((unit, index) => unit - index);
    this.ems = null;
    // Borders of words come as code points, from a dictionary better than the browser's; none are inside a grapheme.
    const units = (borders || []).map((point) => this.toUnit(point)).filter((unit) => unit <= text.length && this.floor(unit) === unit);
    this.borders = units.length ? [...new Set([0, ...units, text.length])].sort((a, b) => a - b) : null;
  }

  toPoint(unit) {
    return unit - bisect(this.pairs, unit);
  }

  toUnit(point) {
    return point + bisect(this.pairPoints, point);
  }

  // The last boundary at or before a unit.
  floor(unit) {
    return this.bounds[Math.max(0, bisect(this.bounds, unit + 1) - 1)];
  }

  ceil(unit) {
    return this.bounds[Math.min(this.bounds.length - 1, bisect(this.bounds, unit))];
  }

  next(unit) {
    return this.ceil(unit + 1);
  }

  previous(unit) {
    return this.floor(unit - 1);
  }

  lineAt(unit) {
    return Math.max(0, bisect(this.lineStarts, unit + 1) - 1);
  }

  // Where a span first shows: one that begins at a line break has its label on the next line.
  shownFrom({ start, end }) {
    let index = this.lineAt(start);
    let from = start;
    while (from >= this.lines[index].end && index + 1 < this.lines.length && this.lines[index + 1].start < end) {
      index += 1;
      from = this.lines[index].start;
    }
    return from;
  }

  // The word around or after a unit, by the borders given, else by the dictionary the browser carries: Chinese has no spaces.
  word(unit) {
    const line = this.lines[this.lineAt(unit)];
    if (this.borders) {
      const at = Math.max(0, Math.min(bisect(this.borders, unit + 1) - 1, this.borders.length - 2));
      return { start: Math.max(line.start, this.borders[at]), end: this.borders[at + 1] };
    }
    if (typeof Intl === "undefined" || !Intl.Segmenter) return { start: unit, end: this.next(unit) };
    this.segmenter = this.segmenter || new Intl.Segmenter("zh", { granularity: "word" });
    const from = this.floor(Math.max(line.start, unit - 60));
    const piece = this.text.slice(from, Math.min(line.end, unit + 60));
    const found = this.segmenter.segment(piece).containing(unit - from);
    if (!found) return { start: unit, end: this.next(unit) };
    return { start: this.floor(from + found.index), end: this.ceil(from + found.index + found.segment.length) };
  }

  // Width of the text before a unit in ems, roughly: Latin is narrow, a new line is far away.
  position(unit) {
    if (!this.ems) {
      this.ems = new Float32Array(this.text.length + 1);
      for (let at = 0; at < this.text.length; at += 1) {
        const code = this.text.charCodeAt(at);
        const width = code === 10 || code === 13 ? 60 : code < 0x1100 ? 0.55 : code >= 0xdc00 && code < 0xe000 ? 0 : 1;
        this.ems[at + 1] = this.ems[at] + width;
      }
    }
    return this.ems[unit];
  }
}
