// Drafts: what was done here and not yet acknowledged by the server. A draft is removed by an acknowledgement and by nothing else.

const DRAFT_PREFIX = "duomo.draft";
// What an editor of another purpose keeps is its own affair: no other one sends it, or opens it.
const SCOPED_PREFIX = "duomo.scoped.";
const OF_NOBODY = ".";
const RETRY_FIRST = 5000;
const RETRY_LONGEST = 40000;

function hashOf(text) {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193) >>> 0;
  return hash.toString(16);
}

function newClientKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

// A draft that an earlier version of this page has sent names the parts of its event one by one.
function withEvent(draft) {
  if (!draft.sent || draft.sent.event) return draft;
  const { client_key, spans, seconds } = draft.sent;
  const event = { key: draft.key, client_key, text: draft.text, spans, seconds };
  return { ...draft, sent: { client_key, event, whole: JSON.stringify([spans, ""]), merged: null } };
}

class Drafts {
  constructor(send) {
    this.send = send;
    this.prefix = DRAFT_PREFIX + OF_NOBODY;
    this.full = false;
    this.attempts = new Map();
    // A browser without room or permission still gets its saves through while the page is open.
    this.memory = new Map();
  }

  // Of several who sign in at one browser, everyone's drafts stay their own: they are sent when it is their turn again.
  keepApart(scope, account) {
    const owner = account ? `@${encodeURIComponent(account)}:` : OF_NOBODY;
    this.prefix = (scope ? SCOPED_PREFIX + scope : DRAFT_PREFIX) + owner;
  }

  read(name) {
    try {
      const draft = JSON.parse(localStorage.getItem(name)) || this.memory.get(name);
      return draft && typeof draft.text === "string" && Array.isArray(draft.spans) ? withEvent(draft) : null;
    } catch (error) {
      console.warn("duomo: a draft could not be read", name, error);
      return this.memory.get(name) || null;
    }
  }

  names() {
    try {
      const stored = Object.keys(localStorage).filter((name) => name.startsWith(this.prefix));
      return [...new Set([...stored, ...this.memory.keys()])];
    } catch (error) {
      console.warn("duomo: this browser keeps no drafts", error);
      return [...this.memory.keys()];
    }
  }

  // A draft of another text under the same key is set aside, never overwritten.
  nameFor(key, text) {
    const plain = this.prefix + key;
    const kept = this.read(plain);
    return kept && kept.text !== text ? `${plain}~${hashOf(text)}` : plain;
  }

  load(key, text) {
    const aside = this.read(`${this.prefix}${key}~${hashOf(text)}`);
    const plain = this.read(this.prefix + key);
    if (plain && plain.text === text) return plain;
    return aside && aside.text === text ? aside : null;
  }

  store(draft) {
    const name = this.nameFor(draft.key, draft.text);
    try {
      localStorage.setItem(name, JSON.stringify(draft));
      this.memory.delete(name);
      this.full = false;
    } catch (error) {
      this.full = true;
      this.memory.set(name, draft);
      console.warn("duomo: the draft could not be kept in this browser", error);
    }
  }

  drop(key, text) {
    for (const name of [this.prefix + key, `${this.prefix}${key}~${hashOf(text)}`]) {
      const draft = this.read(name);
      if (!draft || draft.text !== text) continue;
      this.memory.delete(name);
      try {
        localStorage.removeItem(name);
      } catch (error) {
        console.warn("duomo: a draft could not be removed", name, error);
      }
    }
    this.full = false;
  }

  // What was kept under a former key is kept under the present one.
  move(former, key, text) {
    const draft = former && former !== key ? this.load(former, text) : null;
    if (!draft) return;
    if (!this.load(key, text)) this.store({ ...draft, key });
    this.drop(former, text);
  }

  // The draft that an acknowledgement is about, also one of a document no longer shown.
  sentAs(clientKey) {
    return this.names().map((name) => this.read(name)).find((draft) => draft && draft.sent && draft.sent.client_key === clientKey) || null;
  }

  transmit(draft) {
    const clientKey = draft.sent.client_key;
    const tried = (this.attempts.get(clientKey) || { count: 0 }).count;
    this.attempts.set(clientKey, { count: tried + 1, due: Date.now() + Math.min(RETRY_LONGEST, RETRY_FIRST * 2 ** tried) });
    this.send(draft.sent.event);
  }

  // Send again what is due; `now` sends everything that waits, e.g. when the network comes back.
  resend(now) {
    if (navigator.onLine === false) return;
    for (const name of this.names()) {
      const draft = this.read(name);
      if (!draft || !draft.sent) continue;
      const attempt = this.attempts.get(draft.sent.client_key);
      if (now || !attempt || attempt.due <= Date.now()) this.transmit(draft);
    }
  }

  overdue(clientKey) {
    const attempt = this.attempts.get(clientKey);
    return navigator.onLine === false || Boolean(attempt && (attempt.count > 1 || attempt.due <= Date.now()));
  }
}
