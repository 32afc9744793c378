// Keys: where a motion goes, and how a key finds its command. A key that an input method is composing with is never ours.

function verticalMove(editor, step) {
  const { drawing, focus } = editor;
  editor.scrollToCaret();
  const box = drawing.caretBox(focus);
  const height = parseFloat(getComputedStyle(drawing.blockAt(focus)).lineHeight) || box.height * 1.8;
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

// Without Shift an arrow first goes to the end of what is selected.
function sideways(editor, step, extend) {
  const { start, end } = editor.range;
  const { measure, focus } = editor;
  if (!extend && start < end) return { unit: step < 0 ? start : end };
  return { unit: step < 0 ? measure.previous(focus) : measure.next(focus) };
}

Object.assign(Editor.prototype, {
  perform(command, event) {
    if (this.mode === "same" && command.mode !== "same") this.leaveSame();
    // What is being compared must not change beside the comparison.
    if (this.mode === "merge" && command.mode !== "merge" && !command.always) return;
    if (command.go) {
      const target = command.go(this, Boolean(command.extend));
      this.move(target.unit, Boolean(command.extend));
      this.goal = target.goal === undefined ? null : target.goal;
      this.scrollToCaret();
    } else {
      command.act(this, event);
    }
    this.touch();
    this.showState();
  },

  escape() {
    const { start, end } = this.range;
    if (this.frame.drawer.isOpen) this.frame.drawer.close();
    else if (start === end && !this.selected) this.surface.blur();
    else this.move(this.focus, false);
  },

  selectAll() {
    this.anchor = 0;
    this.move(this.value.text.length, true);
  },

  // The word at the caret; once more, the next word too.
  takeWord() {
    const { start, end } = this.selected || this.range;
    const { length } = this.value.text;
    const word = this.measure.word(Math.min(start < end ? end : start, this.measure.previous(length)));
    const from = start < end ? start : word.start;
    this.selected = null;
    this.anchor = from;
    this.move(word.end, true);
  },
});

function listenToKeys(editor) {
  const { surface } = editor.frame;
  let composing = false;
  surface.addEventListener("compositionstart", () => { composing = true; });
  surface.addEventListener("compositionend", () => { composing = false; });
  surface.addEventListener("keydown", (event) => {
    if (composing || event.isComposing || event.keyCode === 229 || !editor.value || !editor.value.text) return;
    // Numbers choose among the alternatives of a span; where none is selected they are types' keys as ever.
    const mode = editor.mode === "evidence" && !editor.selected ? "" : editor.mode;
    const command = editor.keymap.find(mode, chordOf(event));
    if (!command) return;
    event.preventDefault();
    event.stopPropagation();
    editor.perform(command, event);
  });
  surface.addEventListener("focus", () => editor.value && editor.showSelection());
  surface.addEventListener("blur", () => {
    composing = false;
    editor.frame.caret.hidden = true;
  });
  surface.addEventListener("copy", (event) => {
    const { start, end } = editor.range;
    if (start === end) return;
    event.clipboardData.setData("text/plain", editor.value.text.slice(start, end));
    event.preventDefault();
  });
}
