// Speech that comes from the browser: a file that is chosen, or the microphone, written as 16 kHz mono wav.

window.duomoSpeech = (() => {
  const RATE = 16000;
  const MOST_SECONDS = 60;

  const words = (element) => JSON.parse(element.querySelector(".speech-ways").dataset.words);

  function say(element, word) {
    const place = element.querySelector(".speech-said");
    if (place) place.textContent = word ? words(element)[word] : "";
  }

  // The page shows what the server says of the file; until then, that it is on its way.
  async function send(element, file, upload, tell) {
    say(element, "sending");
    let sent;
    try {
      sent = await upload(file);
    } catch (error) {
      console.warn("duomo: a recording was not uploaded", error);
      say(element, "failed");
      return;
    }
    say(element, "");
    tell({ path: sent.path, name: file.name });
  }

  function wav(samples) {
    const view = new DataView(new ArrayBuffer(44 + 2 * samples.length));
    const word = (at, letters) => [...letters].forEach((letter, i) => view.setUint8(at + i, letter.charCodeAt(0)));
    word(0, "RIFF");
    view.setUint32(4, 36 + 2 * samples.length, true);
    word(8, "WAVEfmt ");
    view.setUint32(16, 16, true);
    view.setUint16(20, 1, true);
    view.setUint16(22, 1, true);
    view.setUint32(24, RATE, true);
    view.setUint32(28, 2 * RATE, true);
    view.setUint16(32, 2, true);
    view.setUint16(34, 16, true);
    word(36, "data");
    view.setUint32(40, 2 * samples.length, true);
    samples.forEach((sample, i) => view.setInt16(44 + 2 * i, Math.max(-1, Math.min(1, sample)) * 32767, true));
    return new File([view], "microphone.wav", { type: "audio/wav" });
  }

  async function decoded(blob) {
    const context = new AudioContext({ sampleRate: RATE });
    try {
      const sound = await context.decodeAudioData(await blob.arrayBuffer());
      const mono = new Float32Array(Math.min(sound.length, MOST_SECONDS * RATE));
      for (let channel = 0; channel < sound.numberOfChannels; channel += 1) {
        const samples = sound.getChannelData(channel);
        for (let i = 0; i < mono.length; i += 1) mono[i] += samples[i] / sound.numberOfChannels;
      }
      return wav(mono);
    } finally {
      context.close();
    }
  }

  function pressed(element, recording) {
    const button = element.querySelector("[data-record]");
    if (!button) return;
    button.setAttribute("aria-pressed", String(recording));
    button.textContent = words(element)[recording ? "stop" : "start"];
  }

  // Resolves to a recorder that has begun; what it hears goes to `done` once it stops.
  async function microphone(done) {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    const pieces = [];
    const recorder = new MediaRecorder(stream);
    recorder.addEventListener("dataavailable", (event) => pieces.push(event.data));
    recorder.addEventListener("stop", () => {
      stream.getTracks().forEach((track) => track.stop());
      done(new Blob(pieces, { type: recorder.mimeType }));
    });
    recorder.start();
    return recorder;
  }

  function files(element, trigger, upload, put, remove) {
    let recorder = null;
    let asking = false;
    let limit = 0;
    const tell = (found) => trigger(put, found);

    async function heard(blob) {
      clearTimeout(limit);
      recorder = null;
      pressed(element, false);
      try {
        await send(element, await decoded(blob), upload, tell);
      } catch (error) {
        console.warn("duomo: what was recorded cannot be decoded", error);
        say(element, "broken");
      }
    }

    async function record() {
      if (recorder) {
        if (recorder.state !== "inactive") recorder.stop();
        return;
      }
      if (asking) return;
      if (!navigator.mediaDevices || !window.MediaRecorder) {
        say(element, "insecure");
        return;
      }
      asking = true;
      say(element, "asking");
      try {
        recorder = await microphone(heard);
        limit = setTimeout(() => recorder && recorder.stop(), MOST_SECONDS * 1000);
        say(element, "");
        pressed(element, true);
      } catch (error) {
        console.warn("duomo: no microphone", error);
        say(element, "denied");
      } finally {
        asking = false;
      }
    }

    element.addEventListener("change", (event) => {
      if (event.target.type !== "file") return;
      const [file] = event.target.files;
      if (file) send(element, file, upload, tell);
      event.target.value = "";
    });
    element.addEventListener("click", (event) => {
      if (event.target.closest("[data-record]")) record();
      else if (event.target.closest("[data-remove]")) trigger(remove, {});
    });
    element.addEventListener("keydown", (event) => {
      const label = event.target.closest("label[tabindex]");
      if (!label || (event.key !== "Enter" && event.key !== " ")) return;
      event.preventDefault();
      label.querySelector("input").click();
    });
  }

  // What the answer is compared with. A row that is drawn anew keeps the focus where it was.
  function compare(element, trigger, upload, ask, put) {
    let used = "";
    files(element, trigger, upload, put, "");
    const shift = () => element.querySelector("[data-shift]");
    const shifted = () => Boolean(element.querySelector("[data-compare=shifted][aria-pressed=true]"));
    const tell = (way) => trigger(ask, { way, shift: shift().value });

    element.addEventListener("click", (event) => {
      const button = event.target.closest("[data-compare]");
      if (button) tell(button.dataset.compare);
    });
    element.addEventListener("change", (event) => {
      if (event.target === shift() && shifted()) tell("shifted");
    });
    element.addEventListener("keydown", (event) => {
      if (event.target === shift() && event.key === "Enter" && !shifted()) tell("shifted");
    });
    element.addEventListener("focusin", (event) => {
      const found = event.target.closest("[data-compare], [data-shift], [data-record], label[tabindex]");
      if (!found) return;
      if ("shift" in found.dataset) used = "[data-shift]";
      else if ("record" in found.dataset) used = "[data-record]";
      else used = "compare" in found.dataset ? `[data-compare="${found.dataset.compare}"]` : "label[tabindex]";
    });
    element.addEventListener("focusout", (event) => {
      if (event.relatedTarget) used = "";
    });
    new MutationObserver(() => {
      if (!used || document.activeElement !== document.body) return;
      (element.querySelector(`${used}:not(:disabled)`) || element.querySelector("[data-compare]"))?.focus({ preventScroll: true });
    }).observe(element, { childList: true, subtree: true });
  }

  function desk(element, trigger, start, finish) {
    element.addEventListener("click", (event) => {
      const device = element.querySelector("[data-device]");
      if (event.target.closest("[data-begin]")) trigger(start, { device: Number(device.value) });
      else if (event.target.closest("[data-finish]")) trigger(finish, {});
    });
  }

  return { files, compare, desk };
})();
