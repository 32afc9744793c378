// From document to document, and who else is at this one. Where there is a queue the value says so.

Object.assign(Editor.prototype, {
  canStep(name) {
    const { navigation } = this.value;
    if (!navigation) return false;
    if (name === "previous") return navigation.position > 1;
    if (name === "next") return navigation.position < navigation.total;
    return navigation[name] !== false;
  },

  step(name) {
    if (!this.canStep(name)) {
      this.frame.say(this.t(this.value.navigation ? "hint.no_further" : "hint.no_queue"));
      return;
    }
    const flagged = name === "flag" ? { flagged: !this.value.flagged } : {};
    if (name === "flag") this.value = { ...this.value, ...flagged };
    // A component of Gradio has a method of the name "flag" already.
    this.trigger(name === "flag" ? "flagged" : name, { key: this.value.key, unsaved: Boolean(this.draft), ...flagged });
    this.showSteps();
  },

  showSteps() {
    const { navigation, flagged } = this.value;
    const { steps, position, buttons } = this.frame;
    steps.hidden = !navigation;
    if (!navigation) return;
    position.textContent = this.t("navigation.position", String(navigation.position), String(navigation.total));
    for (const name of ["previous", "next", "skip", "flag"]) {
      const offered = name === "previous" || name === "next" || navigation[name] !== false;
      buttons[name].hidden = !offered;
      buttons[name].disabled = !this.canStep(name);
    }
    buttons.flag.setAttribute("aria-pressed", String(Boolean(flagged)));
  },

  // One line for each who has the document open or has saved it since, and the way into the comparison.
  showOthers() {
    const { company } = this.frame;
    const others = this.value.others || [];
    const lines = others.map(({ author, state }) => this.t(state === "saved" ? "others.saved" : "others.open", author));
    this.frame.offer("others", lines.join(" "), [], company);
    const { other } = this.value;
    if (!other || this.mode === "merge" || this.mergedWith === other.revision) {
      if (this.mode !== "merge") this.frame.offer("other", "", []);
      return;
    }
    const open = { words: this.t("merge.open"), key: this.keyOf("merge"), act: () => this.openMerge(), main: true };
    this.frame.offer("other", this.t("merge.offer", other.author), [open], company);
  },
});
