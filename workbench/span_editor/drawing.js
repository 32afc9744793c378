// Drawing: the text in lines and chunks, of which only those that changed are drawn again. User text enters as text nodes only.

const CHUNK = 320;

function percent(score) {
  return `${Math.round(score * 100)}%`;
}

function tagText(span) {
  const said = typeof span.score === "number" && span.predicted ? `${span.label} ${percent(span.score)}` : span.label;
  return `${span.ghost ? "+ " : ""}${said}${span.note ? " ✎" : ""}`;
}

// What a span looks like wherever it is drawn; spans never change, so it is put together once.
const marks = new WeakMap();

function markOf(span) {
  if (!marks.has(span)) marks.set(span, [span.start, span.end, tagText(span), span.predicted, span.ghost].join());
  return marks.get(span);
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
    surface.classList.remove("is-long");
    this.build(measure.lines);
  }

  // A block is a line of the text, or some rows of a long one: what changes in it leaves the others alone.
  build(pieces) {
    this.chunks = [];
    this.blocks = pieces.map(({ start, end }) => ({ start, end, depth: 0, element: document.createElement("div") }));
    this.blocks.forEach((block, index) => this.addChunks(block, index));
    this.blockStarts = this.blocks.map((block) => block.start);
    this.chunkStarts = this.chunks.map((chunk) => chunk.start);
    this.surface.replaceChildren(...this.blocks.map((block) => block.element));
  }

  addChunks({ start: first, end: last, element }, index) {
    element.className = "duomo-line";
    element.dataset.block = String(index);
    let start = first;
    do {
      const end = Math.min(last, this.measure.ceil(Math.min(last, start + CHUNK)));
      const holder = document.createElement("span");
      this.chunks.push({ start, end, block: index, holder, nodes: [], signature: null });
      element.append(holder);
      start = end;
    } while (start < last);
    if (first === last) element.append(document.createElement("br"));
  }

  blockAt(unit) {
    return this.blocks[Math.max(0, bisect(this.blockStarts, unit + 1) - 1)].element;
  }

  draw(spans, selected) {
    this.drawn = [spans, selected];
    const levels = assignLevels(spans, this.measure);
    const within = this.chunks.map(() => []);
    const depths = this.blocks.map(() => 1);
    for (const span of spans) {
      let index = Math.max(0, bisect(this.chunkStarts, span.start + 1) - 1);
      for (; index < this.chunks.length && this.chunks[index].start < span.end; index += 1) {
        if (this.chunks[index].end <= span.start) continue;
        within[index].push(span);
        const { block } = this.chunks[index];
        depths[block] = Math.max(depths[block], levels.get(span) + 1);
      }
    }
    this.blocks.forEach((block, index) => {
      if (block.depth === depths[index]) return;
      block.depth = depths[index];
      block.element.style.setProperty("--levels", String(block.depth));
    });
    this.chunks.forEach((chunk, index) => {
      const signature = within[index].map((span) => `${markOf(span)},${levels.get(span)},${span === selected}`).join("|");
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
    const { start, end } = this.blocks[Number(line.dataset.block)];
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
    return { node: this.blocks[chunk.block].element, offset: 0 };
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
    return boxes.length ? boxes[boxes.length - 1] : this.blockAt(unit).getBoundingClientRect();
  }
}
