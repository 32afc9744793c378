// Saving: what is kept here, what is sent, and what the server has of it.

Object.assign(Editor.prototype, {
  touch() {
    const now = Date.now();
    this.seconds += Math.min(IDLE_SECONDS, (now - this.lastAction) / 1000);
    this.lastAction = now;
  },

  keep() {
    this.touch();
    const sent = this.draft ? this.draft.sent : null;
    const { key, text } = this.value;
    const { note, base, looked } = this;
    const spans = this.toPoints(this.spans);
    this.draft = { key, text, spans, note, base, looked, seconds: Math.round(this.seconds), updated: Date.now(), sent };
    this.saved = false;
    this.drafts.store(this.draft);
    this.showState();
  },

  // What is saved are annotations: a proposal that nobody has accepted is sent beside them, as what is still open.
  save() {
    if (!this.value || !this.value.text || (this.saved && !this.draft)) return;
    if (this.merge && this.undecided()) {
      if (this.mode !== "merge") this.openMerge();
      this.frame.say(this.t("merge.left", String(this.undecided())));
      return;
    }
    if (this.value.decided && this.proposals().length) {
      this.frame.say(this.t("hint.undecided", String(this.proposals().length)));
      return;
    }
    // Whoever has decided nothing has nothing to save, least of all that there are no entities.
    if (!this.draft && this.spans.length && this.spans.every((span) => span.predicted)) {
      this.frame.say(this.t("hint.nothing_confirmed", this.keyOf("accept"), this.keyOf("save_all")));
      return;
    }
    this.keep();
    const { key, text, spans, seconds } = this.draft;
    const bare = (span) => Object.fromEntries(Object.entries(span).filter(([name]) => name !== "note"));
    const event = {
      key, client_key: newClientKey(), text, seconds,
      spans: spans.filter((span) => !span.predicted).map(bare), proposals: spans.filter((span) => span.predicted).map(bare),
      notes: this.notes(), evidence: this.looked, base_revision: this.merge ? this.mergeBase() : this.base,
    };
    this.draft.sent = { client_key: event.client_key, event, whole: wholeOf(this.draft), merged: this.merge ? this.merge.revision : null };
    this.drafts.store(this.draft);
    this.restored = false;
    if (navigator.onLine !== false) this.drafts.transmit(this.draft);
    this.showState();
  },

  saveAll() {
    if (this.mode === "merge") return;
    const open = new Set(this.proposals());
    // Where everything is to be decided, one key must not decide what nobody has looked at.
    if (open.size && !this.value.decided) this.acceptThese(open);
    this.save();
  },

  // Returns "other" for a document that is no longer shown, "settled" where the one shown is saved as it is, "edited" where not.
  acknowledge({ acknowledged: clientKey, revision = null }) {
    if (!clientKey) return "";
    const shown = this.draft && this.draft.sent && this.draft.sent.client_key === clientKey;
    const draft = shown ? this.draft : this.drafts.sentAs(clientKey);
    if (!draft) return "";
    const settled = wholeOf(draft) === draft.sent.whole;
    this.drafts.attempts.delete(clientKey);
    if (settled) this.drafts.drop(draft.key, draft.text);
    else this.drafts.store({ ...draft, sent: null, base: revision });
    if (shown) {
      this.draft = settled ? null : { ...draft, sent: null, base: revision };
      this.base = revision;
      this.saved = settled;
      this.seconds = 0;
      this.looked = [];
      this.endMerge(draft.sent.merged);
    }
    if (shown) return settled ? "settled" : "edited";
    return this.value === null ? "" : "other";
  },

  stateName() {
    if (this.drafts.full) return "full";
    if (this.draft && this.draft.sent) {
      if (this.drafts.overdue(this.draft.sent.client_key)) return "offline";
      return wholeOf(this.draft) === this.draft.sent.whole ? "saving" : "draft";
    }
    if (this.draft) return navigator.onLine === false ? "offline" : this.restored ? "restored" : "draft";
    return this.saved ? "saved" : "clean";
  },

  showState() {
    if (!this.value) return;
    const name = this.stateName();
    const open = this.spans.filter((span) => span.predicted).length;
    const words = name === "saved" && open ? this.t("state.saved_open", String(open)) : this.t(`state.${name}`);
    this.frame.showState(name, words);
    for (const command of COMMANDS) {
      if (command.sign && command.ready) this.frame.buttons[command.name].disabled = !command.ready(this);
    }
    this.frame.count.textContent = this.t("count", String(this.spans.length - open));
    this.showSteps();
  },

  isSaving() {
    return this.stateName() === "saving";
  },
});

function wholeOf({ spans, note }) {
  return JSON.stringify([spans, note || ""]);
}
