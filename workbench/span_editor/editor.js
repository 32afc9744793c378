// The editor: one document, its spans, what is selected, and what was done.

const HISTORY = 500;
const IDLE_SECONDS = 30;
const THRESHOLD = 80;

class Editor {
  constructor(root, trigger, publish) {
    this.trigger = trigger;
    this.publish = publish;
    this.drafts = new Drafts((event) => trigger("save", event));
    this.value = null;
    this.selectTimer = 0;
    Object.assign(this, { mode: "", threshold: THRESHOLD, byTouch: false, showingBorders: false, same: null, merge: null });
    this.frame = new Frame(root, this);
    listenToPage(this, root);
    listenToKeys(this);
    listenToPointer(this);
  }

  get surface() {
    return this.frame.surface;
  }

  get range() {
    return { start: Math.min(this.anchor, this.focus), end: Math.max(this.anchor, this.focus) };
  }

  t(key, ...values) {
    const words = (this.value.texts || {})[`editor.${key}`] || key;
    return words.replace(/%(\d)/g, (place, number) => (values[number - 1] === undefined ? place : values[number - 1]));
  }

  colorOf(name) {
    const label = this.value.labels.find((each) => each.name === name);
    return label && /^#[0-9a-f]{6}$/i.test(label.color) ? label.color : "#7A7A7A";
  }

  // Take a value from Python: another document, an acknowledgement, other words, or a fresh prediction.
  receive(value) {
    if (!value || typeof value.text !== "string") return;
    this.drafts.keepApart(value.scope, value.account);
    this.rename(value);
    const answer = this.acknowledge(value);
    const same = this.value && this.value.key === value.key && this.value.text === value.text;
    if (answer && this.value && !same && !value.onward) {
      // The answer to a save of what was shown before: the page's own copy is again of what is shown.
      this.publish(this.value);
      this.showState();
      if (answer === "settled") this.stepOn();
      return;
    }
    const joining = same && value.joining && value.joining !== this.value.joining;
    const given = JSON.stringify(value.spans);
    this.value = { ...value, labels: value.labels || [], texts: value.texts || {} };
    this.keymap = new Keymap(this.value.labels);
    this.frame.labels(this.value.labels, (name) => this.colorOf(name), (...all) => this.t(...all));
    this.frame.words((...all) => this.t(...all));
    if (!same) this.open();
    else if (joining) this.join();
    else if (answer !== "settled" && given !== this.given && !this.draft) this.refresh();
    else this.redraw();
    this.given = given;
    if (answer === "settled" && same) this.republish();
    this.showOthers();
    this.showState();
    if (answer === "settled") this.stepOn();
  }

  // A text that was saved for the first time has another name from then on.
  rename({ key, former, text }) {
    if (!former) return;
    this.drafts.move(former, key, text);
    if (!this.value || this.value.key !== former || this.value.text !== text) return;
    this.value = { ...this.value, key };
    if (this.draft) this.draft = { ...this.draft, key };
  }

  // What a model was asked for while the document is open joins what is there; what a person has decided stays.
  join() {
    this.gatherProposed();
    const decided = this.spans.filter((span) => !span.predicted);
    const places = new Set(decided.map(stretch));
    const proposed = this.fromPoints(this.value.spans).filter((span) => span.predicted && !places.has(stretch(span)));
    this.commit([...decided, ...proposed], null, { quiet: !this.draft });
  }

  refresh() {
    const spans = this.fromPoints(this.withNotes(this.value.spans));
    this.gatherProposed();
    if (JSON.stringify(spans) !== JSON.stringify(this.spans)) this.commit(spans, null, { quiet: true });
    else this.redraw();
  }

  // The page's own copy of the value follows a save, or the component would be drawn anew as it was before.
  republish() {
    const spans = this.toPoints(this.spans).map((span) => ({ ...span, ...this.proposed.get(stretch(span)) }));
    this.value = { ...this.value, spans, notes: this.notes() };
    this.given = JSON.stringify(spans);
    this.publish(this.value);
  }

  open() {
    this.measure = new TextMeasure(this.value.text, this.value.boundaries);
    this.drawing = new Drawing(this.surface, this.measure, (name) => this.colorOf(name));
    this.frame.empty.hidden = this.value.text.length > 0;
    Object.assign(this, { past: [], future: [], selected: null, anchor: 0, focus: 0, saved: false, restored: false });
    Object.assign(this, { seconds: 0, lastAction: Date.now(), goal: null, draft: null, mode: "", same: null, merge: null });
    Object.assign(this, { base: this.value.revision === undefined ? null : this.value.revision, looked: [] });
    this.frame.drawer.close();
    this.gatherProposed();
    this.spans = this.fromPoints(this.withNotes(this.value.spans || []));
    this.note = String((this.value.notes || {}).document || "");
    const draft = this.drafts.load(this.value.key, this.value.text);
    if (draft) this.restore(draft);
    this.redraw();
    this.drawing.fit();
    this.hint();
  }

  restore(draft) {
    this.past.push(this.snapshot());
    this.spans = this.fromPoints(draft.spans);
    this.note = draft.note === undefined ? this.note : String(draft.note);
    // It was begun from an older version: whoever compares versions has to know.
    if (draft.base !== undefined) this.base = draft.base;
    this.looked = draft.looked || [];
    this.seconds = Number(draft.seconds) || 0;
    this.draft = draft;
    this.restored = true;
    if (draft.sent) this.drafts.resend(false);
  }

  fromPoints(spans) {
    const wide = (spans || []).map((span) => ({
      start: this.measure.toUnit(span.start), end: this.measure.toUnit(span.end), label: String(span.label),
      score: typeof span.score === "number" ? span.score : null, predicted: Boolean(span.predicted), note: String(span.note || ""),
    }));
    return order(wide.filter((span) => span.start < span.end && span.end <= this.value.text.length));
  }

  toPoints(spans) {
    return spans.map(({ start, end, label, score, predicted, note }) => {
      const span = { start: this.measure.toPoint(start), end: this.measure.toPoint(end), label, predicted };
      if (score !== null) span.score = score;
      if (note) span.note = note;
      return span;
    });
  }

  snapshot() {
    return { spans: this.spans, note: this.note, choices: this.merge ? this.merge.choices : null };
  }

  // Where spans must not overlap, one that would is refused; those that came so may stay.
  refuses(spans) {
    if (!this.value.flat) return false;
    const decided = spans.filter((span) => !span.predicted);
    const before = new Set(this.spans.filter((span) => !span.predicted).map(stretch));
    const made = decided.filter((span) => !before.has(stretch(span)));
    const refused = made.some((span) => decided.some((other) => other !== span && overlap(span, other)));
    if (refused) this.frame.say(this.t("hint.flat"));
    return refused;
  }

  commit(spans, selected, { quiet = false } = {}) {
    this.past.push(this.snapshot());
    if (this.past.length > HISTORY) this.past.shift();
    this.future = [];
    if (this.mode !== "merge") this.merge = null;
    this.become(spans, selected, quiet);
  }

  become(spans, selected, quiet) {
    this.spans = order(spans);
    this.selected = selected;
    this.restored = false;
    if (!quiet) this.keep();
    this.redraw();
    this.hint();
  }

  undo() {
    if (this.past.length) this.travel(this.past, this.future);
  }

  redo() {
    if (this.future.length) this.travel(this.future, this.past);
  }

  travel(from, to) {
    to.push(this.snapshot());
    const { spans, note, choices } = from.pop();
    this.note = note;
    if (this.mode === "merge" && choices) this.merge.choices = choices;
    else this.dropMerge();
    this.become(spans, null);
  }

  label(name) {
    if (!this.value || this.mode === "merge" || !this.value.labels.some((label) => label.name === name && !label.retired)) return;
    if (this.mode === "same") this.leaveSame();
    const { start, end } = this.range;
    if (start < end) {
      // One stretch has one type: to label it anew is to correct it.
      const twin = (span) => span.start === start && span.end === end;
      const { note = "" } = this.spans.find(twin) || {};
      const made = { start, end, label: name, score: null, predicted: false, note };
      const spans = [...this.spans.filter((span) => !twin(span)), made];
      if (!this.refuses(spans)) {
        this.collapse(end);
        this.commit(spans, made);
      }
    } else if (this.selected) {
      const { selected } = this;
      const made = { ...selected, label: name, score: null, predicted: false };
      const equal = (span) => span.start === made.start && span.end === made.end;
      this.commit([...this.spans.filter((span) => !equal(span)), made], made);
    } else {
      this.frame.say(this.t("hint.select_first"));
    }
    this.surface.focus({ preventScroll: true });
  }

  remove() {
    if (!this.selected) {
      this.frame.say(this.t("hint.select_span"));
      return;
    }
    const gone = this.selected;
    this.commit(this.spans.filter((span) => span !== gone), null);
    this.frame.say(this.t("hint.removed", gone.label, this.quote(gone)));
  }

  select(span) {
    this.selected = span;
    this.collapse(span ? span.start : this.focus);
    this.redraw();
    this.hint();
    this.tellSelection();
  }

  // Go to a span that may be out of sight.
  visit(span) {
    this.select(span);
    this.scrollToCaret();
  }

  // Move the caret; with `extend` the other end of the selection stays.
  move(unit, extend) {
    if (!extend) this.anchor = unit;
    this.focus = unit;
    const cleared = this.selected !== null;
    this.selected = null;
    if (cleared) this.redraw();
    else this.showSelection();
    this.hint();
    this.tellSelection();
  }

  collapse(unit) {
    this.anchor = unit;
    this.focus = unit;
  }

  jump(step) {
    if (!this.spans.length) return;
    const at = this.selected ? this.spans.indexOf(this.selected) : -1;
    let next = at + step;
    if (at < 0) {
      const after = this.spans.findIndex((span) => span.start >= this.focus);
      next = step > 0 ? after : (after < 0 ? this.spans.length : after) - 1;
    }
    this.visit(this.spans[(next + this.spans.length) % this.spans.length]);
  }
}

function overlap(one, other) {
  return one.start < other.end && other.start < one.end;
}

// What a span is called wherever only its place counts.
function stretch({ start, end }) {
  return `${start}:${end}`;
}

function order(spans) {
  return [...spans].sort((a, b) => a.start - b.start || b.end - a.end || (a.label < b.label ? -1 : 1));
}
