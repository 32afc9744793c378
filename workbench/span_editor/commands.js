// Commands: the one table of keys. What a key does, what a button does and what the sheet of keys says all come from it.

const WIDE_KEYS = { "【": "[", "】": "]", "，": ",", "。": ".", "｛": "{", "｝": "}" };
const KEY_SIGNS = {
  ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓", Delete: "Del", Backspace: "⌫", Enter: "⏎", Escape: "Esc", Shift: "⇧",
};
const APPLE = /Mac|iPhone|iPad/.test(navigator.platform || "");

// A motion moves the caret; with Shift it takes the other end of the selection along.
function motion(row, chords, go) {
  const selecting = chords.map((chord) => chord.replace(/([^+]+)$/, "Shift+$1"));
  return [{ row, chords, go, group: "move" }, { row: `select_${row}`, chords: selecting, go, extend: true, group: "move" }];
}

// `row` is the line of the sheet, `sign` makes a button, `ready` says whether there is anything to do, `mode` where the key counts.
const COMMANDS = [
  ...motion("character", ["ArrowLeft"], (editor, extend) => sideways(editor, -1, extend)),
  ...motion("character", ["ArrowRight"], (editor, extend) => sideways(editor, 1, extend)),
  ...motion("line", ["ArrowUp"], (editor) => verticalMove(editor, -1)),
  ...motion("line", ["ArrowDown"], (editor) => verticalMove(editor, 1)),
  ...motion("edge", ["Home"], (editor) => ({ unit: rowEnd(editor, -1) })),
  ...motion("edge", ["End"], (editor) => ({ unit: rowEnd(editor, 1) })),
  ...motion("word", ["Ctrl+ArrowLeft", "Alt+ArrowLeft"], (editor) => ({ unit: wordMove(editor, -1) })),
  ...motion("word", ["Ctrl+ArrowRight", "Alt+ArrowRight"], (editor) => ({ unit: wordMove(editor, 1) })),
  ...motion("whole", ["Ctrl+Home"], () => ({ unit: 0 })),
  ...motion("whole", ["Ctrl+End"], (editor) => ({ unit: editor.value.text.length })),
  { row: "take_word", group: "move", chords: ["c"], act: (editor) => editor.takeWord() },
  { row: "all", group: "move", chords: ["Ctrl+a"], act: (editor) => editor.selectAll() },
  { row: "jump", group: "entity", chords: ["["], act: (editor) => editor.jump(-1) },
  { row: "jump", group: "entity", chords: ["]"], act: (editor) => editor.jump(1) },
  { row: "label", group: "entity", chords: [] },
  { name: "delete", sign: "⌫", row: "delete", group: "entity", chords: ["Delete", "Backspace"], ready: (editor) => editor.selected, act: (editor) => editor.remove() },
  { name: "same", sign: "≡", row: "same", group: "entity", chords: ["m"], ready: (editor) => editor.selected, act: (editor) => editor.previewSame() },
  { name: "note", sign: "✎", row: "note", group: "entity", chords: ["n"], ready: (editor) => editor.value.text, act: (editor) => editor.openNote(editor.selected) },
  { row: "document_note", group: "entity", chords: ["Shift+n"], act: (editor) => editor.openNote(null) },
  { name: "accept", sign: "✓", row: "accept", group: "proposals", chords: ["a"], ready: (editor) => editor.proposals().length, act: (editor) => editor.acceptOne() },
  { name: "reject", sign: "✗", row: "reject", group: "proposals", chords: ["x"], ready: (editor) => editor.proposals().length, act: (editor) => editor.rejectOne() },
  { row: "jump_proposal", group: "proposals", chords: ["{"], act: (editor) => editor.jumpProposal(-1) },
  { row: "jump_proposal", group: "proposals", chords: ["}"], act: (editor) => editor.jumpProposal(1) },
  { row: "accept_above", group: "proposals", chords: ["Shift+a"], act: (editor) => editor.acceptAbove() },
  { row: "threshold", group: "proposals", chords: [","], act: (editor) => editor.setThreshold(editor.threshold - 5) },
  { row: "threshold", group: "proposals", chords: ["."], act: (editor) => editor.setThreshold(editor.threshold + 5) },
  { name: "evidence", sign: "◔", row: "evidence", group: "proposals", chords: ["d"], ready: (editor) => editor.hasEvidence(), act: (editor) => editor.toggleEvidence() },
  { row: "choose", group: "proposals", mode: "evidence", chords: [..."123456789"], act: (editor, event) => editor.chooseAlternative(Number(event.key)) },
  { name: "undo", sign: "↶", row: "undo", group: "document", chords: ["Ctrl+z"], always: true, ready: (editor) => editor.past.length, act: (editor) => editor.undo() },
  { name: "redo", sign: "↷", row: "redo", group: "document", chords: ["Ctrl+y", "Ctrl+Shift+z"], always: true, ready: (editor) => editor.future.length, act: (editor) => editor.redo() },
  { row: "save", group: "document", chords: ["Ctrl+s", "Enter"], always: true, act: (editor) => editor.save() },
  { row: "save_all", group: "document", chords: ["Ctrl+Enter"], act: (editor) => editor.saveAll() },
  { name: "previous", step: true, sign: "‹", row: "previous", group: "document", chords: ["k"], act: (editor) => editor.step("previous") },
  { name: "next", step: true, sign: "›", row: "next", group: "document", chords: ["j"], act: (editor) => editor.step("next") },
  { name: "skip", step: true, sign: "↷", row: "skip", group: "document", chords: ["s"], act: (editor) => editor.step("skip") },
  { name: "flag", step: true, sign: "⚑", row: "flag", group: "document", chords: ["f"], act: (editor) => editor.step("flag") },
  { row: "merge", group: "document", chords: ["g"], act: (editor) => editor.openMerge() },
  { row: "borders", group: "view", chords: ["b"], act: (editor) => editor.toggleBorders() },
  { row: "keys", group: "view", chords: ["?"], always: true, act: (editor) => editor.toggleKeys() },
  { row: "leave", group: "view", chords: ["Escape"], act: (editor) => editor.escape() },
  { row: "apply", group: "same", mode: "same", chords: ["Enter"], act: (editor) => editor.applySame() },
  { row: "abandon", group: "same", mode: "same", chords: ["Escape"], act: (editor) => editor.leaveSame() },
  { row: "merge_step", group: "merge", mode: "merge", chords: ["ArrowUp"], act: (editor) => editor.stepMerge(-1) },
  { row: "merge_step", group: "merge", mode: "merge", chords: ["ArrowDown"], act: (editor) => editor.stepMerge(1) },
  { row: "mine", group: "merge", mode: "merge", chords: ["ArrowLeft"], act: (editor) => editor.chooseMerge("mine") },
  { row: "theirs", group: "merge", mode: "merge", chords: ["ArrowRight"], act: (editor) => editor.chooseMerge("theirs") },
  { row: "both", group: "merge", mode: "merge", chords: ["Space"], act: (editor) => editor.chooseMerge("both") },
  { row: "merge_save", group: "merge", mode: "merge", chords: ["Enter"], act: (editor) => editor.save() },
  { row: "merge_leave", group: "merge", mode: "merge", chords: ["Escape"], act: (editor) => editor.leaveMerge() },
];
const KEY_GROUPS = ["move", "entity", "proposals", "document", "view", "same", "merge"];

// The name of what is pressed, the same under an input method's full-width signs, Caps Lock and ⌘.
function chordOf(event) {
  let key = WIDE_KEYS[event.key] || String(event.key);
  if (/^[！-～]$/.test(key)) key = String.fromCharCode(key.charCodeAt(0) - 0xfee0);
  if (key === " ") key = "Space";
  const letter = /^[a-z]$/i.test(key);
  if (letter) key = key.toLowerCase();
  const shift = event.shiftKey && (letter || key.length > 1) ? "Shift+" : "";
  return `${event.ctrlKey || event.metaKey ? "Ctrl+" : ""}${event.altKey ? "Alt+" : ""}${shift}${key}`;
}

function chordWords(chord) {
  const parts = chord.split("+").map((part) => (part === "Ctrl" && APPLE ? "⌘" : KEY_SIGNS[part] || part));
  return parts.map((part) => (/^[a-z]$/.test(part) ? part.toUpperCase() : part)).join(" ");
}

class Keymap {
  // A type's key is the user's own choice, so it goes before ours; the sheet shows what is left.
  constructor(labels) {
    this.modes = new Map();
    for (const { key, name } of labels) {
      const chord = /^[A-Z]$/.test(key) ? `Shift+${key.toLowerCase()}` : key;
      if (key) this.bind("", chord, { row: "label", group: "entity", chords: [chord], act: (editor) => editor.label(name) });
    }
    for (const command of COMMANDS) for (const chord of command.chords) this.bind(command.mode || "", chord, command);
  }

  bind(mode, chord, command) {
    if (!this.modes.has(mode)) this.modes.set(mode, new Map());
    const bound = this.modes.get(mode);
    if (!bound.has(chord)) bound.set(chord, command);
  }

  find(mode, chord) {
    const here = mode && this.modes.get(mode) ? this.modes.get(mode).get(chord) : null;
    if (here) return here;
    const plain = this.modes.get("").get(chord);
    return plain && (mode !== "merge" || plain.always) ? plain : null;
  }

  chords(command) {
    return command.chords.filter((chord) => this.modes.get(command.mode || "").get(chord) === command);
  }

  // What the sheet says, by group: each row with every key that does it.
  rows(group) {
    const rows = new Map(COMMANDS.filter((command) => command.group === group).map((command) => [command.row, []]));
    for (const bound of this.modes.values()) {
      for (const [chord, command] of bound) if (command.group === group) rows.get(command.row).push(chord);
    }
    return [...rows].filter(([, chords]) => chords.length);
  }
}
