// The pointer: clicks, drags, and fingers, for whom a long press takes a word and handles move its ends.

const LONG_PRESS = 450;

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

function takeWordAt(editor, unit) {
  const word = editor.measure.word(Math.min(unit, editor.measure.previous(editor.value.text.length)));
  editor.anchor = word.start;
  editor.move(word.end, true);
}

function listenToPointer(editor) {
  const { surface } = editor.frame;
  let drag = null;
  let pressing = 0;
  const letGo = () => {
    clearTimeout(pressing);
    drag = null;
  };
  surface.addEventListener("mousedown", (event) => event.preventDefault());
  surface.addEventListener("contextmenu", (event) => {
    if (event.pointerType === "touch") event.preventDefault();
  });
  surface.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || !editor.value || !editor.value.text || editor.mode === "merge") return;
    if (editor.mode === "same") editor.leaveSame();
    surface.focus({ preventScroll: true });
    editor.goal = null;
    editor.byTouch = event.pointerType === "touch";
    const tag = event.target.closest(".duomo-tag");
    if (tag) {
      editor.select(tag.duomoSpan);
      return;
    }
    const unit = editor.drawing.unitAt(event.clientX, event.clientY);
    if (unit === null) return;
    drag = { unit, x: event.clientX, moved: false };
    if (event.shiftKey) editor.move(unit, true);
    if (editor.byTouch) {
      pressing = setTimeout(() => {
        if (!drag || drag.moved) return;
        takeWordAt(editor, drag.unit);
        drag = null;
      }, LONG_PRESS);
    }
    surface.setPointerCapture(event.pointerId);
  });
  surface.addEventListener("pointermove", (event) => {
    if (!drag) return;
    const unit = editor.drawing.unitAt(event.clientX, event.clientY);
    if (unit === null || (!drag.moved && unit === drag.unit)) return;
    clearTimeout(pressing);
    if (!drag.moved && !event.shiftKey) editor.anchor = drag.unit;
    drag.moved = true;
    if (unit !== editor.focus) editor.move(unit, true);
  });
  surface.addEventListener("pointerup", (event) => {
    if (drag && !drag.moved && !event.shiftKey) clickAt(editor, drag.unit, drag.x);
    letGo();
    editor.touch();
    editor.showState();
  });
  surface.addEventListener("pointercancel", letGo);
  surface.addEventListener("dblclick", (event) => {
    const unit = editor.value && editor.drawing.unitAt(event.clientX, event.clientY);
    if (unit === null || unit === undefined || !editor.value.text || editor.mode === "merge") return;
    takeWordAt(editor, unit);
  });
  listenToHandles(editor);
}

// A finger hides what it points at: the handles hang below the text, and what is pointed at is a line above the finger.
function listenToHandles(editor) {
  for (const [side, handle] of Object.entries(editor.frame.handles)) {
    let above = 0;
    handle.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      const { start, end } = editor.range;
      [editor.anchor, editor.focus] = side === "start" ? [end, start] : [start, end];
      const box = editor.drawing.caretBox(editor.focus);
      above = event.clientY - (box.top + box.height / 2);
      handle.setPointerCapture(event.pointerId);
    });
    handle.addEventListener("pointermove", (event) => {
      if (!handle.hasPointerCapture(event.pointerId)) return;
      const unit = editor.drawing.unitAt(event.clientX, event.clientY - above);
      const { anchor } = editor;
      // The two ends never meet or change places under the finger.
      if (unit !== null && (side === "start" ? unit < anchor : unit > anchor)) editor.move(unit, true);
    });
  }
}
