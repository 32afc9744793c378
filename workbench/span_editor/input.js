// Input: keys and pointer. A key that an input method is composing with is never ours.

function verticalMove(editor, step) {
  const { drawing, focus } = editor;
  editor.scrollToCaret();
  const box = drawing.caretBox(focus);
  const height = parseFloat(getComputedStyle(drawing.lineElements[editor.measure.lineAt(focus)]).lineHeight) || box.height * 1.8;
  const x = editor.goal === null ? box.left : editor.goal;
  for (let distance = height; distance < height * 4; distance += height / 2) {
    const unit = drawing.unitAt(x, box.top + box.height / 2 + step * distance);
    if (unit !== null && unit !== focus) return { unit, goal: x };
  }
  return { unit: step < 0 ? 0 : editor.value.text.length, goal: x };
}

// Home and End go to the ends of the visible row, as in any text field.
function rowEnd(editor, step) {
  const line = editor.measure.lines[editor.measure.lineAt(editor.focus)];
  const box = editor.drawing.caretBox(editor.focus);
  const frame = editor.surface.getBoundingClientRect();
  const unit = editor.drawing.unitAt(step < 0 ? frame.left + 2 : frame.right - 2, box.top + box.height / 2);
  if (unit === null || unit < line.start || unit > line.end) return step < 0 ? line.start : line.end;
  return unit;
}

function wordMove(editor, step) {
  const { measure, focus } = editor;
  if (step > 0) return focus >= editor.value.text.length ? focus : Math.max(measure.next(focus), measure.word(focus).end);
  return focus <= 0 ? 0 : Math.min(measure.previous(focus), measure.word(measure.previous(focus)).start);
}

function destination(editor, event) {
  const { measure } = editor;
  const { start, end } = editor.range;
  const control = event.ctrlKey || event.metaKey || event.altKey;
  const standing = event.shiftKey || start === end;
  switch (event.key) {
    case "ArrowLeft":
      if (control) return { unit: wordMove(editor, -1) };
      return { unit: standing ? measure.previous(editor.focus) : start };
    case "ArrowRight":
      if (control) return { unit: wordMove(editor, 1) };
      return { unit: standing ? measure.next(editor.focus) : end };
    case "ArrowUp":
      return verticalMove(editor, -1);
    case "ArrowDown":
      return verticalMove(editor, 1);
    case "Home":
      return { unit: control ? 0 : rowEnd(editor, -1) };
    case "End":
      return { unit: control ? editor.value.text.length : rowEnd(editor, 1) };
    default:
      return null;
  }
}

function controlKey(editor, key, shift) {
  const actions = {
    z: () => (shift ? editor.redo() : editor.undo()), y: () => editor.redo(), s: () => editor.save(),
    a: () => { editor.anchor = 0; editor.move(editor.value.text.length, true); },
  };
  if (!actions[key]) return false;
  actions[key]();
  return true;
}

function escapeKey(editor) {
  const { start, end } = editor.range;
  if (start === end && !editor.selected) editor.surface.blur();
  else editor.move(editor.focus, false);
}

function plainKey(editor, key) {
  const actions = {
    Delete: () => editor.remove(), Backspace: () => editor.remove(), Enter: () => editor.save(), Escape: () => escapeKey(editor),
    "[": () => editor.jump(-1), "]": () => editor.jump(1), "?": () => { editor.frame.help.open = !editor.frame.help.open; },
  };
  const label = editor.value.labels.find((each) => each.key === key) || editor.value.labels.find((each) => each.key === key.toLowerCase());
  if (label) editor.label(label.name);
  else if (actions[key]) actions[key]();
  else return false;
  return true;
}

function listenToKeys(editor) {
  const { surface } = editor.frame;
  surface.addEventListener("keydown", (event) => {
    if (event.isComposing || event.keyCode === 229 || !editor.value || !editor.value.text) return;
    const target = destination(editor, event);
    let ours = Boolean(target);
    if (target) {
      editor.move(target.unit, event.shiftKey);
      editor.goal = target.goal === undefined ? null : target.goal;
      editor.scrollToCaret();
    } else if (event.ctrlKey || event.metaKey) {
      ours = controlKey(editor, event.key.toLowerCase(), event.shiftKey);
    } else if (!event.altKey) {
      ours = plainKey(editor, event.key);
    }
    if (!ours) return;
    event.preventDefault();
    event.stopPropagation();
    editor.touch();
    editor.showState();
  });
  surface.addEventListener("focus", () => editor.value && editor.showSelection());
  surface.addEventListener("blur", () => { editor.frame.caret.hidden = true; });
  surface.addEventListener("copy", (event) => {
    const { start, end } = editor.range;
    if (start === end) return;
    event.clipboardData.setData("text/plain", editor.value.text.slice(start, end));
    event.preventDefault();
  });
}

// The spans over the grapheme under a point, innermost first.
function spansUnder(editor, unit, x) {
  const box = editor.drawing.caretBox(unit);
  const start = x < box.left - 1 ? editor.measure.previous(unit) : unit;
  const end = editor.measure.next(start);
  const over = editor.spans.filter((span) => span.start < end && start < span.end);
  return over.sort((a, b) => a.end - a.start - (b.end - b.start));
}

function clickAt(editor, unit, x) {
  const over = spansUnder(editor, unit, x);
  if (!over.length) {
    editor.move(unit, false);
    return;
  }
  const at = over.indexOf(editor.selected);
  editor.select(over[(at + 1) % over.length]);
}

function listenToPointer(editor) {
  const { surface } = editor.frame;
  let drag = null;
  surface.addEventListener("mousedown", (event) => event.preventDefault());
  surface.addEventListener("contextmenu", (event) => {
    if (event.pointerType === "touch") event.preventDefault();
  });
  surface.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || !editor.value || !editor.value.text) return;
    surface.focus({ preventScroll: true });
    editor.goal = null;
    const tag = event.target.closest(".duomo-tag");
    if (tag) {
      editor.select(tag.duomoSpan);
      return;
    }
    const unit = editor.drawing.unitAt(event.clientX, event.clientY);
    if (unit === null) return;
    drag = { unit, x: event.clientX, moved: false, before: editor.selected };
    if (event.shiftKey) editor.move(unit, true);
    surface.setPointerCapture(event.pointerId);
  });
  surface.addEventListener("pointermove", (event) => {
    if (!drag) return;
    const unit = editor.drawing.unitAt(event.clientX, event.clientY);
    if (unit === null || (!drag.moved && unit === drag.unit)) return;
    if (!drag.moved && !event.shiftKey) editor.anchor = drag.unit;
    drag.moved = true;
    if (unit !== editor.focus) editor.move(unit, true);
  });
  surface.addEventListener("pointerup", (event) => {
    if (drag && !drag.moved && !event.shiftKey) clickAt(editor, drag.unit, drag.x);
    drag = null;
    editor.touch();
    editor.showState();
  });
  surface.addEventListener("pointercancel", () => { drag = null; });
  surface.addEventListener("dblclick", (event) => {
    const unit = editor.value && editor.drawing.unitAt(event.clientX, event.clientY);
    if (unit === null || unit === undefined || !editor.value.text) return;
    const word = editor.measure.word(Math.min(unit, editor.measure.previous(editor.value.text.length)));
    editor.anchor = word.start;
    editor.move(word.end, true);
  });
}
