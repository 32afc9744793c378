// Drawing: the text in lines and chunks, of which only those that changed are drawn again. User text enters as text nodes only.

const CHUNK = 320;
const LEVEL = 19;
const UNDERLINE = 3;
const LABEL_EM = 0.27;
const DASHES = { dashed: [5, 8], dotted: [2, 4] };

function percent(score) {
  return `${Math.round(score * 100)}%`;
}

function tagText(span) {
  const said = typeof span.score === "number" && span.predicted ? `${span.label} ${percent(span.score)}` : span.label;
  return `${span.ghost ? "+ " : ""}${said}${span.note ? " ✎" : ""}`;
}

// Inner spans sit nearest the text; a label that would run into its neighbour takes the next line down.
function assignLevels(spans, measure) {
  const rows = [];
  const levels = new Map();
  const order = [...spans].sort((a, b) => a.end - a.start - (b.end - b.start) || a.start - b.start);
  for (const span of order) {
    const left = measure.position(span.start);
    let label = 0.4;
    for (const character of tagText(span)) label += character.codePointAt(0) < 0x1100 ? LABEL_EM : LABEL_EM * 1.7;
    const right = Math.max(measure.position(span.end), left + label);
    let level = 0;
    while (rows[level] && rows[level].some((taken) => taken[0] < right && left < taken[1])) level += 1;
    (rows[level] = rows[level] || []).push([left, right]);
    levels.set(span, level);
  }
  return levels;
}

function visible(text) {
  return text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, (mark) => String.fromCharCode(0x2400 + mark.charCodeAt(0)));
}

class Drawing {
  constructor(surface, measure, colorOf) {
    this.surface = surface;
    this.measure = measure;
    this.colorOf = colorOf;
    this.chunks = [];
    this.origins = new WeakMap();
    this.lineElements = [];
    surface.replaceChildren();
    measure.lines.forEach((line, index) => this.addLine(line, index));
    this.chunkStarts = this.chunks.map((chunk) => chunk.start);
  }

  addLine(line, index) {
    const element = document.createElement("div");
    element.className = "duomo-line";
    element.dataset.line = String(index);
    let start = line.start;
    do {
      const end = Math.min(line.end, this.measure.ceil(Math.min(line.end, start + CHUNK)));
      const holder = document.createElement("span");
      this.chunks.push({ start, end, line: index, holder, nodes: [], signature: null });
      element.append(holder);
      start = end;
    } while (start < line.end);
    if (line.start === line.end) element.append(document.createElement("br"));
    this.lineElements.push(element);
    this.surface.append(element);
  }

  draw(spans, selected) {
    const levels = assignLevels(spans, this.measure);
    const within = this.chunks.map(() => []);
    const depth = this.measure.lines.map(() => 1);
    for (const span of spans) {
      let index = Math.max(0, bisect(this.chunkStarts, span.start + 1) - 1);
      for (; index < this.chunks.length && this.chunks[index].start < span.end; index += 1) {
        if (this.chunks[index].end <= span.start) continue;
        within[index].push(span);
        const line = this.chunks[index].line;
        depth[line] = Math.max(depth[line], levels.get(span) + 1);
      }
    }
    depth.forEach((levelCount, line) => {
      const wanted = String(levelCount);
      const { style } = this.lineElements[line];
      if (style.getPropertyValue("--levels") !== wanted) style.setProperty("--levels", wanted);
    });
    this.chunks.forEach((chunk, index) => {
      const mark = (span) => [span.start, span.end, tagText(span), span.predicted, span.ghost, levels.get(span), span === selected].join();
      const signature = within[index].map(mark).join("|");
      if (signature === chunk.signature) return;
      chunk.signature = signature;
      this.drawChunk(chunk, within[index], levels, selected);
    });
  }

  drawChunk(chunk, spans, levels, selected) {
    chunk.nodes = [];
    const cuts = new Set([chunk.start, chunk.end]);
    for (const span of spans) {
      cuts.add(Math.max(chunk.start, span.start));
      cuts.add(Math.min(chunk.end, span.end));
    }
    const points = [...cuts].sort((a, b) => a - b);
    const parts = [];
    for (let index = 0; index + 1 < points.length; index += 1) {
      const [start, end] = [points[index], points[index + 1]];
      const over = spans.filter((span) => span.start < end && start < span.end);
      parts.push(over.length ? this.segment(chunk, start, end, over, levels, selected) : this.textNode(chunk, start, end));
    }
    chunk.holder.replaceChildren(...parts);
  }

  textNode(chunk, start, end) {
    const node = document.createTextNode(visible(this.measure.text.slice(start, end)));
    this.origins.set(node, start);
    chunk.nodes.push({ node, start, end });
    return node;
  }

  segment(chunk, start, end, spans, levels, selected) {
    const element = document.createElement("span");
    element.className = "duomo-seg";
    const starting = spans.filter((span) => this.measure.shownFrom(span) === start);
    underline(element, spans.map((span) => ({
      color: this.colorOf(span.label), level: levels.get(span), stroke: span.ghost ? "dotted" : span.predicted ? "dashed" : "",
      first: span.start === start, last: span.end === end, selected: span === selected,
    })));
    if (!starting.length) {
      element.append(this.textNode(chunk, start, end));
      return element;
    }
    // One grapheme never wraps, so a label hung on it stays where its span begins.
    const head = document.createElement("span");
    head.className = "duomo-head";
    const cut = Math.min(end, this.measure.next(start));
    head.append(this.textNode(chunk, start, cut));
    for (const span of starting) head.append(this.tag(span, levels.get(span), span === selected));
    element.append(head);
    if (cut < end) element.append(this.textNode(chunk, cut, end));
    return element;
  }

  tag(span, level, selected) {
    const tag = document.createElement("span");
    tag.className = `duomo-tag${selected ? " is-selected" : ""}${span.ghost ? " is-ghost" : ""}`;
    tag.setAttribute("aria-hidden", "true");
    tag.style.setProperty("--color", this.colorOf(span.label));
    tag.style.setProperty("--level", String(level));
    tag.textContent = tagText(span);
    tag.duomoSpan = span;
    return tag;
  }

  // The unit under a point of the window, or null outside the text.
  unitAt(x, y) {
    let node = null;
    let offset = 0;
    if (document.caretPositionFromPoint) {
      const found = document.caretPositionFromPoint(x, y);
      if (found) [node, offset] = [found.offsetNode, found.offset];
    } else if (document.caretRangeFromPoint) {
      const found = document.caretRangeFromPoint(x, y);
      if (found) [node, offset] = [found.startContainer, found.startOffset];
    }
    if (!node || !this.surface.contains(node)) return null;
    const origin = this.origins.get(node);
    if (origin !== undefined) return this.measure.floor(origin + offset);
    const element = node.nodeType === Node.ELEMENT_NODE ? node : node.parentElement;
    const line = element.closest(".duomo-line");
    if (!line) return null;
    const { start, end } = this.measure.lines[Number(line.dataset.line)];
    return x > line.getBoundingClientRect().left + 20 ? end : start;
  }

  // The text node and offset of a unit; `after` prefers the end of the node before it.
  place(unit, after) {
    let index = Math.max(0, bisect(this.chunkStarts, unit + 1) - 1);
    if (after && index > 0 && this.chunks[index].start === unit && this.chunks[index - 1].end === unit) index -= 1;
    const chunk = this.chunks[index];
    for (const { node, start, end } of chunk.nodes) {
      if (after ? unit <= end : unit < end) return { node, offset: Math.max(0, unit - start) };
    }
    const last = chunk.nodes[chunk.nodes.length - 1];
    if (last) return { node: last.node, offset: Math.min(last.node.length, unit - last.start) };
    return { node: this.lineElements[chunk.line], offset: 0 };
  }

  boxes(start, end) {
    const found = [];
    const range = document.createRange();
    let index = Math.max(0, bisect(this.chunkStarts, start + 1) - 1);
    for (; index < this.chunks.length && this.chunks[index].start < end; index += 1) {
      for (const piece of this.chunks[index].nodes) {
        if (piece.end <= start || end <= piece.start) continue;
        range.setStart(piece.node, Math.max(0, start - piece.start));
        range.setEnd(piece.node, Math.min(piece.node.length, end - piece.start));
        found.push(...range.getClientRects());
      }
    }
    return found;
  }

  caretBox(unit) {
    const { node, offset } = this.place(unit, false);
    const range = document.createRange();
    range.setStart(node, offset);
    range.collapse(true);
    const boxes = range.getClientRects();
    return boxes.length ? boxes[boxes.length - 1] : this.lineElements[this.measure.lineAt(unit)].getBoundingClientRect();
  }
}

function underline(element, strokes) {
  const depth = 1 + Math.max(...strokes.map((stroke) => stroke.level));
  const images = [];
  const sizes = [];
  const places = [];
  for (const { color, level, stroke, first, last, selected } of strokes) {
    const inset = (first ? 1 : 0) + (last ? 1 : 0);
    const up = (depth - level) * LEVEL - UNDERLINE;
    const [ink, period] = DASHES[stroke] || [0, 0];
    images.push(period
      ? `repeating-linear-gradient(90deg, ${color} 0 ${ink}px, transparent ${ink}px ${period}px)`
      : `linear-gradient(${color}, ${color})`);
    sizes.push(`calc(100% - ${inset}px) ${UNDERLINE}px`);
    places.push(`${first ? 1 : 0}px calc(100% - ${up}px)`);
    const tint = `color-mix(in srgb, ${color} ${selected ? 30 : 9}%, transparent)`;
    images.push(`linear-gradient(${tint}, ${tint})`);
    sizes.push(`calc(100% - ${inset}px) calc(100% - ${depth * LEVEL}px)`);
    places.push(`${first ? 1 : 0}px 0`);
  }
  element.style.paddingBottom = `${depth * LEVEL}px`;
  element.style.backgroundImage = images.join(", ");
  element.style.backgroundSize = sizes.join(", ");
  element.style.backgroundPosition = places.join(", ");
}
