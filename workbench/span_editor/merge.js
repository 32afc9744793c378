// Two versions of one document: mine, theirs and what both say; each difference is decided by a person, nothing is overwritten.

function spanName({ start, end, label }) {
  return `${start}:${end}:${label}`;
}

// What only one of two says, in groups that run into each other: one decision each.
function differences(mine, theirs) {
  const [ours, others] = [new Set(mine.map(spanName)), new Set(theirs.map(spanName))];
  const sided = [
    ...mine.filter((span) => !others.has(spanName(span))).map((span) => ({ span, side: "mine" })),
    ...theirs.filter((span) => !ours.has(spanName(span))).map((span) => ({ span, side: "theirs" })),
  ].sort((a, b) => a.span.start - b.span.start || a.span.end - b.span.end);
  const groups = [];
  for (const { span, side } of sided) {
    let group = groups[groups.length - 1];
    if (!group || span.start >= group.end) {
      group = { start: span.start, end: span.end, mine: [], theirs: [] };
      groups.push(group);
    }
    group.end = Math.max(group.end, span.end);
    group[side].push(span);
  }
  return groups;
}

Object.assign(Editor.prototype, {
  openMerge() {
    const { other } = this.value;
    if (!other || this.mergedWith === other.revision) {
      this.frame.say(this.t("merge.nothing"));
      return;
    }
    if (!this.merge) {
      const own = this.spans.filter((span) => !span.predicted);
      const groups = differences(own, this.fromPoints(other.spans).map((span) => ({ ...span, score: null, predicted: false })));
      const disputed = new Set(groups.flatMap((group) => group.mine).map(spanName));
      const common = this.spans.filter((span) => span.predicted || !disputed.has(spanName(span)));
      this.merge = { author: other.author, revision: other.revision, groups, common, choices: groups.map(() => null), at: 0 };
    }
    this.frame.drawer.open("merge", this.t("merge.title", other.author), [], this.t("merge.later"), () => {
      this.mode = "";
      // A stretch that stays selected would take the next type's key.
      this.collapse(this.range.start);
      this.showOthers();
      this.redraw();
    });
    this.mode = "merge";
    this.selected = null;
    this.frame.offer("other", "", []);
    this.stepMerge(0);
  },

  // The server has what was merged: there is nothing left to compare.
  endMerge(revision) {
    if (revision === null || revision === undefined) return;
    this.mergedWith = revision;
    this.dropMerge();
    this.frame.offer("other", "", []);
  },

  dropMerge() {
    if (this.mode === "merge") this.frame.drawer.close();
    this.merge = null;
  },

  // What is decided throughout counts as begun from theirs, also when it is edited before it is saved.
  leaveMerge() {
    if (!this.undecided()) {
      this.base = this.mergeBase();
      this.mergedWith = this.merge.revision;
      this.keep();
    }
    this.frame.drawer.close();
    this.surface.focus({ preventScroll: true });
  },

  // What was merged holds theirs and mine: where mine was saved after theirs, it is the later one that is gone on from.
  mergeBase() {
    return Math.max(this.merge.revision, this.base || 0);
  },

  stepMerge(step) {
    const { groups } = this.merge;
    if (groups.length) {
      this.merge.at = (this.merge.at + step + groups.length) % groups.length;
      const { start, end } = groups[this.merge.at];
      this.anchor = start;
      this.focus = end;
    }
    this.redraw();
    this.hint();
    if (groups.length) this.scrollToCaret();
  },

  undecided() {
    return this.merge ? this.merge.choices.filter((choice) => !choice).length : 0;
  },

  chooseMerge(side) {
    const { groups, at, choices, common } = this.merge;
    if (!groups.length) return;
    if (side === "both" && this.value.flat) {
      this.frame.say(this.t("hint.flat"));
      return;
    }
    this.past.push(this.snapshot());
    this.future = [];
    this.merge.choices = choices.map((choice, index) => (index === at ? side : choice));
    const taken = groups.flatMap((group, index) => {
      const choice = this.merge.choices[index];
      return choice === "theirs" ? group.theirs : choice === "both" ? [...group.mine, ...group.theirs] : group.mine;
    });
    // Where a person's version is taken, a proposal for the same stretch has had its answer.
    const places = new Set(taken.map(stretch));
    this.become([...common.filter((span) => !span.predicted || !places.has(stretch(span))), ...taken], null);
    const later = this.merge.choices.findIndex((choice, index) => !choice && index > at);
    const next = later < 0 ? this.merge.choices.findIndex((choice) => !choice) : later;
    this.stepMerge(next < 0 ? 0 : next - at);
  },

  // Theirs stands beside mine as a ghost until it is decided.
  mergeGhosts() {
    if (this.mode !== "merge") return [];
    const open = this.merge.groups.filter((group, index) => !this.merge.choices[index]);
    return open.flatMap((group) => group.theirs).map((span) => ({ ...span, ghost: true }));
  },

  showMerge() {
    if (this.mode !== "merge") return;
    const { groups, choices, at } = this.merge;
    const table = make("table", "duomo-merge");
    const head = make("tr");
    for (const words of [this.t("merge.mine"), this.t("merge.theirs", this.merge.author)]) head.append(make("th", "", words));
    table.append(head);
    groups.forEach((group, index) => {
      const row = make("tr", index === at ? "is-current" : "");
      if (index === at) row.setAttribute("aria-current", "true");
      for (const side of ["mine", "theirs"]) {
        const cell = make("td");
        const button = make("button", "duomo-side");
        button.type = "button";
        const taken = choices[index] === side || choices[index] === "both";
        button.setAttribute("aria-pressed", String(taken));
        const said = group[side].map((span) => `${this.quote(span)} ${span.label}`).join(" · ") || this.t("merge.no_span");
        button.append(make("span", "duomo-taken", taken ? "✓" : ""), make("span", "", said));
        button.addEventListener("click", () => {
          this.merge.at = index;
          this.chooseMerge(side);
        });
        cell.append(button);
        row.append(cell);
      }
      table.append(row);
    });
    const left = this.undecided();
    const line = make("p", "duomo-quiet", left ? this.t("merge.left", String(left)) : this.t("merge.decided"));
    this.frame.drawer.fill(this.t("merge.title", this.merge.author), [line, table]);
    const current = table.querySelector(".is-current");
    if (current) current.scrollIntoView({ block: "nearest" });
  },
});
