// Proposals: what a model says stays a proposal until a person accepts it, one by one or all above a confidence.

Object.assign(Editor.prototype, {
  proposals() {
    return this.spans.filter((span) => span.predicted);
  },

  above() {
    // A proposal without a score is as sure as the lowest threshold.
    return this.proposals().filter((span) => Math.round((span.score || 0) * 100) >= this.threshold);
  },

  // The proposal after a place, or the first of the text.
  nextProposal(from, spans) {
    const open = spans.filter((span) => span.predicted);
    return open.find((span) => span.start >= from.start && span !== from) || open[0] || null;
  },

  jumpProposal(step) {
    const open = this.proposals();
    if (!open.length) {
      this.frame.say(this.t("hint.no_proposals"));
      return;
    }
    const from = this.selected ? this.selected.start : this.focus;
    const later = open.findIndex((span) => (this.selected ? span.start > from : span.start >= from));
    const earlier = open.filter((span) => span.start < from).length - 1;
    const index = step > 0 ? Math.max(0, later) : earlier < 0 ? open.length - 1 : earlier;
    this.visit(open[index]);
  },

  // Decide about the proposal at hand and go on to the next; with none at hand, only go to it.
  decide(replacing, hint) {
    const { selected } = this;
    if (!selected || !selected.predicted) {
      this.jumpProposal(1);
      return;
    }
    const spans = this.spans.flatMap((span) => (span === selected ? replacing(span) : [span]));
    const next = this.nextProposal(selected, spans);
    if (this.refuses(spans)) return;
    this.collapse(next ? next.start : selected.start);
    this.commit(spans, next);
    this.scrollToCaret();
    const left = this.proposals().length;
    const after = left ? this.t("hint.left", String(left)) : this.t("hint.no_proposals");
    this.frame.say(`${this.t(hint, selected.label, this.quote(selected))} ${after}`);
    this.tellSelection();
  },

  acceptOne() {
    this.decide((span) => [{ ...span, predicted: false }], "hint.accepted");
  },

  rejectOne() {
    this.decide(() => [], "hint.rejected");
  },

  acceptAbove() {
    const above = new Set(this.above());
    const accepted = above.size ? this.acceptThese(above) : 0;
    this.frame.say(this.t("hint.accepted_above", String(accepted), String(this.threshold)));
  },

  // Where spans must not overlap, the surer of two proposals is taken and the other stays one. Returns how many were accepted.
  acceptThese(asked) {
    const chosen = this.value.flat ? this.withoutOverlap(asked) : asked;
    const own = new Map(this.spans.map((span) => [span, chosen.has(span) ? { ...span, predicted: false } : span]));
    this.commit([...own.values()], own.get(this.selected) || null);
    return chosen.size;
  },

  withoutOverlap(asked) {
    const taken = this.spans.filter((span) => !span.predicted);
    const chosen = new Set();
    for (const span of [...asked].sort((a, b) => (b.score || 0) - (a.score || 0))) {
      if (taken.some((other) => overlap(span, other))) continue;
      taken.push(span);
      chosen.add(span);
    }
    return chosen;
  },

  setThreshold(percentage) {
    this.threshold = Math.max(0, Math.min(100, percentage));
    this.showProposals();
  },

  showProposals() {
    const open = this.proposals().length;
    const { proposals } = this.frame;
    proposals.box.hidden = !open;
    proposals.count.textContent = this.t("proposals.count", String(open));
    proposals.slider.value = String(this.threshold);
    proposals.slider.setAttribute("aria-valuetext", `${this.threshold}%`);
    proposals.figure.textContent = `${this.threshold}%`;
    const above = this.above().length;
    proposals.accept.firstChild.textContent = this.t("proposals.accept", String(above));
    proposals.accept.disabled = !above;
    this.frame.saveAll.hidden = !open || Boolean(this.value.decided);
  },
});
