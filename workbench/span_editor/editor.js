// The editor: one document, its spans, what is selected, and what was done.

const HISTORY = 500;
const IDLE_SECONDS = 30;

class Editor {
  constructor(root, trigger, publish) {
    this.trigger = trigger;
    this.publish = publish;
    this.drafts = new Drafts((event) => trigger("save", event));
    this.frame = new Frame(root, {
      undo: () => this.undo(), redo: () => this.redo(), delete: () => this.remove(), save: () => this.save(), label: (name) => this.label(name),
    });
    this.value = null;
    this.selectTimer = 0;
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
    return values.reduce((text, value, index) => text.split(`%${index + 1}`).join(value), words);
  }

  colorOf(name) {
    const label = this.value.labels.find((each) => each.name === name);
    return label && /^#[0-9a-f]{6}$/i.test(label.color) ? label.color : "#7A7A7A";
  }

  // Take a value from Python: another document, an acknowledgement, other words, or a fresh prediction.
  receive(value) {
    if (!value || typeof value.text !== "string") return;
    const answer = this.acknowledge(value.acknowledged);
    const same = this.value && this.value.key === value.key && this.value.text === value.text;
    if (answer === "other" && !same) return;
    const given = JSON.stringify(value.spans);
    this.value = { ...value, labels: value.labels || [], texts: value.texts || {} };
    this.frame.labels(this.value.labels, (name) => this.colorOf(name), (...all) => this.t(...all));
    this.frame.words((...all) => this.t(...all));
    if (answer === "settled" && same) this.accept();
    if (!same) this.open();
    else if (answer !== "settled" && given !== this.given && !this.draft) this.refresh();
    else this.redraw();
    this.given = given;
    if (answer === "settled" && same) this.republish();
    this.showState();
  }

  // What a person saved is theirs: it no longer stands there as the model's proposal.
  accept() {
    const own = new Map(this.spans.map((span) => [span, { ...span, predicted: false, score: null }]));
    this.spans = [...own.values()];
    this.selected = own.get(this.selected) || null;
  }

  refresh() {
    const spans = this.fromPoints(this.value.spans);
    if (JSON.stringify(spans) !== JSON.stringify(this.spans)) this.commit(spans, null, true);
    else this.redraw();
  }

  // The page's own copy of the value follows a save, or the component would be drawn anew as it was before.
  republish() {
    this.value = { ...this.value, spans: this.toPoints(this.spans) };
    this.given = JSON.stringify(this.value.spans);
    this.publish(this.value);
  }

  open() {
    this.measure = new TextMeasure(this.value.text);
    this.drawing = new Drawing(this.surface, this.measure, (name) => this.colorOf(name));
    this.frame.empty.hidden = this.value.text.length > 0;
    Object.assign(this, { past: [], future: [], selected: null, anchor: 0, focus: 0, saved: false, restored: false });
    Object.assign(this, { seconds: 0, lastAction: Date.now(), goal: null, draft: null });
    this.spans = this.fromPoints(this.value.spans || []);
    const draft = this.drafts.load(this.value.key, this.value.text);
    if (draft) this.restore(draft);
    this.redraw();
    this.hint();
  }

  restore(draft) {
    this.past.push(this.spans);
    this.spans = this.fromPoints(draft.spans);
    this.seconds = Number(draft.seconds) || 0;
    this.draft = draft;
    this.restored = true;
    if (draft.sent) this.drafts.resend(false);
  }

  fromPoints(spans) {
    const wide = (spans || []).map((span) => ({
      start: this.measure.toUnit(span.start), end: this.measure.toUnit(span.end), label: String(span.label),
      score: typeof span.score === "number" ? span.score : null, predicted: Boolean(span.predicted),
    }));
    return order(wide.filter((span) => span.start < span.end && span.end <= this.value.text.length));
  }

  toPoints(spans) {
    return spans.map(({ start, end, label, score, predicted }) => {
      const span = { start: this.measure.toPoint(start), end: this.measure.toPoint(end), label, predicted };
      return score === null ? span : { ...span, score };
    });
  }

  commit(spans, selected, quiet) {
    this.past.push(this.spans);
    if (this.past.length > HISTORY) this.past.shift();
    this.future = [];
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
    to.push(this.spans);
    this.become(from.pop(), null);
  }

  label(name) {
    if (!this.value || !this.value.labels.some((label) => label.name === name)) return;
    const { start, end } = this.range;
    if (start < end) {
      // One stretch has one type: to label it anew is to correct it.
      const twin = (span) => span.start === start && span.end === end;
      const made = { start, end, label: name, score: null, predicted: false };
      this.collapse(end);
      this.commit([...this.spans.filter((span) => !twin(span)), made], made);
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
    this.select(this.spans[(next + this.spans.length) % this.spans.length]);
    this.scrollToCaret();
  }
}

function order(spans) {
  return [...spans].sort((a, b) => a.start - b.start || b.end - a.end || (a.label < b.label ? -1 : 1));
}
