// Pictures beside the text: files that are chosen, dropped or pasted, their row, and what is written in them.

window.duomoPictures = (() => {
  const ITEM = ".picture-row li[data-key]";

  let receiver = null;
  let held = [];

  const source = () => document.querySelector("#picture-source");
  const items = (element) => [...element.querySelectorAll(ITEM)];
  const place = (element) => element.querySelector(".picture-place");
  const isPicture = (file) => file.type.startsWith("image/") || /\.(png|jpe?g|webp|gif|bmp|avif|hei[cf])$/i.test(file.name);

  function say(element, words, ...values) {
    const said = element.querySelector(".picture-said");
    if (said) said.textContent = words.replace(/%(\d)/g, (_, number) => values[number - 1]);
  }

  // Uploads one after the other; what one file meets does not keep the others.
  async function send(element, files, upload, tell) {
    const { words, most } = place(element).dataset;
    const { sending, failed } = JSON.parse(words);
    const room = Math.max(0, Number(most) - items(element).length);
    const sent = [], lost = [];
    for (const [at, file] of files.slice(0, room).entries()) {
      say(element, sending, at + 1, Math.min(room, files.length));
      try {
        const { path } = await upload(file);
        sent.push({ path, name: file.name });
      } catch (error) {
        console.warn("duomo: a picture was not uploaded", error);
        lost.push(file.name);
      }
    }
    say(element, lost.length ? failed : "", lost.join(", "));
    const beyond = files.slice(room).map((file) => file.name);
    if (sent.length || beyond.length) tell({ files: sent, beyond });
  }

  // The row as it stands, until the server has drawn it anew as it is wanted.
  function wanting(element) {
    let wanted = null;
    const drawn = () => items(element).map((item) => ({ key: item.dataset.key, off: item.dataset.off === "true" }));
    new MutationObserver(() => {
      wanted = null;
    }).observe(element, { childList: true, subtree: true, attributes: true, attributeFilter: ["data-key", "data-off"] });
    return {
      get: () => (wanted ?? drawn()).map((one) => ({ ...one })),
      set: (pictures) => {
        wanted = pictures;
      },
    };
  }

  function changed(pictures, key, act, before) {
    const at = pictures.findIndex((one) => one.key === key);
    if (act === "none" || act === "all") return pictures.map((one) => ({ ...one, off: act === "none" }));
    if (act === "clear") return [];
    if (at < 0 || key === before) return pictures;
    const [one] = pictures.splice(at, 1);
    if (act === "toggle") pictures.splice(at, 0, { ...one, off: !one.off });
    else if (act === "earlier") pictures.splice(Math.max(0, at - 1), 0, one);
    else if (act === "later") pictures.splice(at + 1, 0, one);
    else if (act === "before") {
      const to = pictures.findIndex((other) => other.key === before);
      pictures.splice(to < 0 ? pictures.length : to, 0, one);
    }
    return pictures;
  }

  // What had the focus before the row was drawn anew has it again.
  function refocusing(element) {
    let used = null;
    element.addEventListener("focusin", (event) => {
      const item = event.target.closest(ITEM);
      used = item && { key: item.dataset.key, act: event.target.dataset.do, at: items(element).indexOf(item) };
    });
    element.addEventListener("focusout", (event) => {
      if (event.relatedTarget) used = null;
    });
    const restore = () => {
      if (!used || (document.activeElement !== document.body && !element.contains(document.activeElement))) return;
      const all = items(element);
      const item = all.find((one) => one.dataset.key === used.key) ?? all[Math.min(used.at, all.length - 1)];
      const target = item?.querySelector(`[data-do="${used.act}"]`);
      const button = target && getComputedStyle(target).visibility !== "hidden" ? target : item?.querySelector("[data-do=toggle]");
      if (button && button !== document.activeElement) button.focus({ preventScroll: true });
    };
    new MutationObserver(restore).observe(element, { childList: true, subtree: true, attributes: true, attributeFilter: ["data-key"] });
  }

  function dragging(element, take, act) {
    let dragged = "";
    const mark = (name, found) => {
      for (const marked of element.querySelectorAll(`.${name}`)) if (marked !== found) marked.classList.remove(name);
      found?.classList.add(name);
    };
    const over = (event) => (event.clientX > middle(event.target) ? event.target.closest(ITEM).nextElementSibling
      : event.target.closest(ITEM));
    const middle = (target) => {
      const { left, width } = target.closest(ITEM).getBoundingClientRect();
      return left + width / 2;
    };
    element.addEventListener("dragstart", (event) => {
      dragged = event.target.closest(ITEM)?.dataset.key ?? "";
      if (!dragged) return;
      event.dataTransfer.effectAllowed = "move";
      event.dataTransfer.setData("text/plain", dragged);
      event.target.closest(ITEM).classList.add("is-dragged");
    });
    element.addEventListener("dragover", (event) => {
      if (!dragged && ![...event.dataTransfer.types].includes("Files")) return;
      event.preventDefault();
      if (!dragged) place(element).classList.add("is-over");
      else mark("is-target", event.target.closest(ITEM) ? over(event) : null);
    });
    element.addEventListener("dragleave", (event) => {
      if (!element.contains(event.relatedTarget)) place(element).classList.remove("is-over");
    });
    element.addEventListener("drop", (event) => {
      event.preventDefault();
      place(element).classList.remove("is-over");
      if (!dragged) take([...event.dataTransfer.files]);
      else if (event.target.closest(ITEM)) act(dragged, "before", over(event)?.dataset.key);
    });
    element.addEventListener("dragend", () => {
      dragged = "";
      mark("is-target", null);
      mark("is-dragged", null);
    });
  }

  // A text with more lines at its end; every character that was there stays where it was.
  function appended(text, lines) {
    const breaks = text && !text.endsWith("\n") ? "\n" : "";
    return text + breaks + lines.join("\n");
  }

  // It is added here, not by the server, which may not know yet what has just been typed.
  function addToText(lines) {
    const box = document.querySelector("#analyse-text textarea");
    box.value = appended(box.value, lines);
    box.dispatchEvent(new Event("input", { bubbles: true }));
    requestAnimationFrame(() => requestAnimationFrame(() => document.querySelector("#analyse-run").click()));
  }

  function linesOf(button) {
    const from = button.matches(".is-every") ? button.parentElement : button;
    return [...from.querySelectorAll("[data-add] > span, :scope > span")].map((line) => line.textContent);
  }

  function row(element, trigger, upload, put, arrange, read) {
    const wanted = wanting(element);
    const take = (files) => files.length && send(element, files, upload, (found) => trigger(put, found));
    const act = (key, name, before = "") => {
      const pictures = changed(wanted.get(), key, name, before);
      wanted.set(pictures);
      window.duomo.busy(true);
      trigger(arrange, { pictures });
    };
    refocusing(element);
    dragging(element, take, act);
    element.addEventListener("change", (event) => {
      if (event.target.type !== "file") return;
      take([...event.target.files]);
      event.target.value = "";
    });
    element.addEventListener("click", (event) => {
      const button = event.target.closest("[data-do], [data-every]");
      const line = event.target.closest("[data-add]");
      if (line) addToText(linesOf(line));
      else if (event.target.closest("[data-read]")) trigger(read, {});
      if (button) act(button.closest(ITEM)?.dataset.key ?? "", button.dataset.do ?? button.dataset.every);
    });
    element.addEventListener("keydown", (event) => {
      const label = event.target.closest("label[tabindex]");
      const item = event.target.closest(ITEM);
      const name = item && { ArrowLeft: "earlier", ArrowRight: "later", Delete: "remove" }[event.key];
      if (name) act(item.dataset.key, name);
      else if (label && (event.key === "Enter" || event.key === " ")) label.querySelector("input").click();
      else return;
      event.preventDefault();
    });
    receiver = { element, take };
    take(held.splice(0));
  }

  function offer(element, trigger, name) {
    element.addEventListener("click", (event) => {
      const button = event.target.closest("[data-use]");
      if (button) trigger(name, { model: button.dataset.use });
    });
  }

  // A place that is folded up unfolds; one that never was open takes then what is held.
  function give(files) {
    const isThere = receiver?.element.isConnected;
    if (!isThere) held = files;
    if (!isThere || !receiver.element.offsetParent) source().querySelector("button").click();
    if (isThere) receiver.take(files);
  }

  // A picture on the clipboard is taken wherever on the page it is pasted, unless there is text to paste as well.
  document.addEventListener("paste", (event) => {
    if (!source()?.offsetParent) return;
    const files = [...(event.clipboardData?.files ?? [])].filter(isPicture);
    if (!files.length || (event.clipboardData.getData("text/plain") && event.target.matches?.("textarea, input"))) return;
    event.preventDefault();
    give(files);
  });

  for (const name of ["dragover", "drop"]) {
    document.addEventListener(name, (event) => {
      if (event.defaultPrevented || !event.target.closest?.("#picture-source")) return;
      if (![...event.dataTransfer.types].includes("Files")) return;
      event.preventDefault();
      if (name === "drop") give([...event.dataTransfer.files]);
    });
  }

  return { row, offer, appended };
})();
