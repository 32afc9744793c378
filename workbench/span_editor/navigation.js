// From document to document, and who else is at this one. Where there is a queue the value says so.

Object.assign(Editor.prototype, {
  canStep(name) {
    const { navigation } = this.value;
    if (!navigation) return false;
    // Who knows of more than the place says so.
    if (typeof navigation[name] === "boolean") return navigation[name];
    if (name === "previous") return navigation.position > 1;
    if (name === "next") return navigation.position < navigation.total;
    return navigation[name] !== false;
  },

  step(name) {
    if (!this.canStep(name)) {
      this.frame.say(this.t(this.value.navigation ? "hint.no_further" : "hint.no_queue"));
      return;
    }
    // What is being saved must have arrived before one goes on, or it would count as not saved.
    if (name !== "flag" && this.isSaving()) {
      this.going = { name, key: this.value.key };
      this.showState();
      return;
    }
    const flagged = name === "flag" ? { flagged: !this.value.flagged } : {};
    if (name === "flag") this.value = { ...this.value, ...flagged };
    // A component of Gradio has a method of the name "flag" already.
    this.trigger(name === "flag" ? "flagged" : name, { key: this.value.key, unsaved: Boolean(this.draft), ...flagged });
    this.showSteps();
  },

  stepOn() {
    const { going } = this;
    this.going = null;
    if (going && going.key === this.value.key) this.step(going.name);
  },

  showSteps() {
    const { navigation, flagged } = this.value;
    const { steps, position, buttons } = this.frame;
    steps.hidden = !navigation;
    if (!navigation) return;
    const place = [String(navigation.position), String(navigation.total)];
    position.textContent = navigation.position ? this.t("navigation.position", ...place) : "";
    for (const name of ["previous", "next", "skip", "flag"]) {
      const offered = navigation[name] !== false || (name === "previous" && navigation.next);
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
