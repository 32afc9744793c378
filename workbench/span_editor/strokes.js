// Strokes: on which line below the text each span's underline and label go, and what an underline looks like.

const LEVEL = 19;
const UNDERLINE = 3;
const LABEL_EM = 0.27;
const DASHES = { dashed: [5, 8], dotted: [2, 4] };

// Inner spans sit nearest the text; a label that would run into its neighbour takes the next line down.
function assignLevels(spans, measure) {
  const rows = [];
  const levels = new Map();
  const order = [...spans].sort((a, b) => a.end - a.start - (b.end - b.start) || a.start - b.start);
  for (const span of order) {
    const left = measure.position(span.start);
    const right = Math.max(measure.position(span.end), left + labelWidth(tagText(span)));
    let level = 0;
    while (!takePlace(rows[level] || (rows[level] = { lefts: [], rights: [] }), left, right)) level += 1;
    levels.set(span, level);
  }
  return levels;
}

function labelWidth(words) {
  let width = 0.4;
  for (const character of words) width += character.codePointAt(0) < 0x1100 ? LABEL_EM : LABEL_EM * 1.7;
  return width;
}

// What stands in a row never overlaps, so only the two neighbours of a place can be in its way.
function takePlace({ lefts, rights }, left, right) {
  const at = bisect(lefts, left);
  if ((at < lefts.length && lefts[at] < right) || (at > 0 && rights[at - 1] > left)) return false;
  lefts.splice(at, 0, left);
  rights.splice(at, 0, right);
  return true;
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
