// Evidence: what speaks for the span at hand, and what else it might be, one key away.

Object.assign(Editor.prototype, {
  // What the value says beside its spans, by their stretch in code points: it stays when labels change.
  gatherProposed() {
    this.proposed = new Map();
    for (const { start, end, label, score, alternatives, evidence } of this.value.spans || []) {
      if (alternatives || evidence) this.proposed.set(stretch({ start, end }), { start, end, label, score, alternatives, evidence });
    }
  },

  about(span) {
    if (!span) return null;
    return this.proposed.get(stretch({ start: this.measure.toPoint(span.start), end: this.measure.toPoint(span.end) })) || null;
  },

  // Snippets of the span and of the whole document, made by our own views: [name, title, html]. Most have a caption of their own.
  snippets(span) {
    const own = (this.about(span) || {}).evidence || {};
    return Object.entries({ ...own, ...(this.value.evidence || {}) }).map(([name, given]) =>
      (typeof given === "string" ? [name, "", given] : [name, given.title || "", given.html || ""]));
  },

  hasEvidence() {
    return Boolean(this.value.evidence && Object.keys(this.value.evidence).length) || this.proposed.size > 0;
  },

  toggleEvidence() {
    if (this.mode === "evidence") {
      this.frame.drawer.close();
      return;
    }
    if (!this.hasEvidence()) {
      this.frame.say(this.t("hint.no_evidence"));
      return;
    }
    if (!this.selected) this.jump(1);
    this.frame.drawer.open("evidence", this.t("evidence.title"), [], this.t("evidence.close"), () => { this.mode = ""; });
    this.mode = "evidence";
    this.shownEvidence = undefined;
    this.showEvidence();
    this.scrollToCaret();
  },

  showEvidence() {
    if (this.mode !== "evidence" || this.shownEvidence === this.selected) return;
    this.shownEvidence = this.selected;
    const { selected } = this;
    if (!selected) {
      this.frame.drawer.fill(this.t("evidence.title"), [make("p", "duomo-quiet", this.t("hint.select_span"))]);
      return;
    }
    const parts = [this.alternativeList(selected)];
    for (const [, title, html] of this.snippets(selected)) {
      const section = make("section", "duomo-snippet");
      const body = make("div");
      body.innerHTML = html;
      if (title) section.append(make("h4", "", title));
      section.append(body);
      parts.push(section);
    }
    this.frame.drawer.fill(this.t("evidence.of", tagText(selected), this.quote(selected)), parts);
    this.recordLooked(selected);
  },

  alternativeList(span) {
    const { alternatives = [] } = this.about(span) || {};
    if (!alternatives.length) return make("p", "duomo-quiet", this.t("evidence.none"));
    const list = make("ol", "duomo-alternatives");
    alternatives.slice(0, 9).forEach((alternative, index) => {
      const button = make("button", "duomo-alternative");
      button.type = "button";
      button.append(make("kbd", "", String(index + 1)), make("span", "duomo-what", this.alternativeWords(alternative)));
      if (typeof alternative.score === "number") button.append(make("span", "duomo-share", percent(alternative.score)));
      button.addEventListener("click", () => this.chooseAlternative(index + 1));
      const item = make("li");
      item.append(button);
      list.append(item);
    });
    return list;
  },

  alternativeWords({ label, spans }) {
    if (label) return label;
    if (!spans || !spans.length) return this.t("evidence.nothing");
    const said = this.fromPoints(spans).map((span) => `${this.quote(span)} ${span.label}`);
    return said.join(" · ");
  },

  chooseAlternative(number) {
    const { selected } = this;
    const { alternatives = [] } = this.about(selected) || {};
    const chosen = alternatives[number - 1];
    if (!selected || !chosen) return;
    const made = chosen.label
      ? [{ ...selected, label: chosen.label, score: null, predicted: false }]
      : this.fromPoints(chosen.spans).map((span) => ({ ...span, score: null, predicted: false }));
    // Whatever the other reading puts there takes the place of the span, and of proposals that it runs into.
    const kept = this.spans.filter((span) => span !== selected && !made.some((other) =>
      stretch(span) === stretch(other) || (span.predicted && overlap(span, other))));
    this.recordLooked(selected, number - 1);
    if (this.refuses([...kept, ...made])) return;
    this.collapse(made.length ? made[0].start : selected.start);
    this.commit([...kept, ...made], made[0] || null);
  },

  // What was shown is stored with the correction: what a person had before their eyes when they decided.
  recordLooked(span, chosen = null) {
    const about = this.about(span);
    const place = { start: this.measure.toPoint(span.start), end: this.measure.toPoint(span.end) };
    const before = this.looked.find((each) => stretch(each) === stretch(place));
    const record = {
      ...place, label: about ? about.label : span.label, score: about && typeof about.score === "number" ? about.score : null,
      alternatives: about ? about.alternatives || [] : [], shown: this.snippets(span).map(([name]) => name),
      chosen: chosen === null && before ? before.chosen : chosen,
    };
    this.looked = [...this.looked.filter((each) => each !== before), record];
    if (this.draft) this.keep();
  },
});
