// The map of mentions: marks on a canvas that can be moved and zoomed, chosen by a lasso or a rectangle, and listed.

window.duomoMap = (() => {
  const NEAR = 10;
  const RADIUS = 4.5;
  const EDGE = 18;
  const MOST_LISTED = 300;
  const ZOOM = 1.25;
  const [LEAST, FURTHEST] = [0.8, 60];
  const TURN = 2 * Math.PI;

  // The same shapes as in the figures that are saved.
  const star = [...Array(10).keys()].map((at) => {
    const length = at % 2 ? 0.55 : 1.35;
    return [length * Math.sin((at * TURN) / 10), -length * Math.cos((at * TURN) / 10)];
  });
  const CORNERS = {
    circle: [...Array(16).keys()].map((at) => [Math.cos((at * TURN) / 16), Math.sin((at * TURN) / 16)]),
    square: [[-0.88, -0.88], [0.88, -0.88], [0.88, 0.88], [-0.88, 0.88]],
    triangle: [[0, -1.15], [1.05, 0.75], [-1.05, 0.75]],
    diamond: [[0, -1.25], [1.25, 0], [0, 1.25], [-1.25, 0]],
    cross: [[-1, -0.45], [-0.45, -1], [0, -0.55], [0.45, -1], [1, -0.45], [0.55, 0], [1, 0.45], [0.45, 1], [0, 0.55], [-0.45, 1],
      [-1, 0.45], [-0.55, 0]],
    star,
  };

  const made = (name, words, style = "") => {
    const element = document.createElement(name);
    if (words) element.textContent = words;
    if (style) element.className = style;
    return element;
  };
  const inside = ([x, y], corners) => {
    let within = false;
    for (let at = 0, before = corners.length - 1; at < corners.length; before = at, at += 1) {
      const [[ax, ay], [bx, by]] = [corners[at], corners[before]];
      if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) within = !within;
    }
    return within;
  };
  const boxed = ([ax, ay], [bx, by]) => [[ax, ay], [bx, ay], [bx, by], [ax, by]];

  class Board {
    constructor(section, tell) {
      this.section = section;
      this.tell = tell;
      const { points, ways, words } = JSON.parse(section.dataset.map);
      Object.assign(this, { points, ways, words, way: "outcome", mode: "move", hidden: new Set(), chosen: new Set() });
      this.canvas = section.querySelector("canvas");
      this.tip = section.querySelector(".mention-tip");
      this.view = { scale: 1, x: 0, y: 0 };
      this.path = null;
      this.wire();
      this.size();
      this.show();
    }

    look(point) {
      return this.ways[this.way][point[this.way]];
    }

    size() {
      const { clientWidth: wide, clientHeight: high } = this.canvas;
      const dots = window.devicePixelRatio || 1;
      Object.assign(this, { wide, high, dots });
      [this.canvas.width, this.canvas.height] = [Math.max(1, wide * dots), Math.max(1, high * dots)];
      this.draw();
    }

    at(point) {
      const side = Math.min(this.wide, this.high) - 2 * EDGE;
      const { scale, x, y } = this.view;
      return [this.wide / 2 + (point.x - 0.5) * side * scale + x, this.high / 2 + (point.y - 0.5) * side * scale + y];
    }

    draw() {
      const ink = getComputedStyle(this.section);
      const drawing = this.canvas.getContext("2d");
      drawing.setTransform(this.dots, 0, 0, this.dots, 0, 0);
      drawing.clearRect(0, 0, this.wide, this.high);
      const paper = ink.getPropertyValue("--background-fill-primary") || "#fff";
      const strong = ink.color;
      // What is frequent lies below, what is chosen above all.
      const order = this.points.map((_, at) => at).filter((at) => !this.hidden.has(this.points[at][this.way]));
      const rank = (at) => (this.chosen.has(at) ? 1e9 : -this.look(this.points[at]).count);
      order.sort((one, other) => rank(one) - rank(other));
      for (const at of order) {
        const [x, y] = this.at(this.points[at]);
        if (x < -9 || y < -9 || x > this.wide + 9 || y > this.high + 9) continue;
        const { color, shape } = this.look(this.points[at]);
        const chosen = this.chosen.has(at);
        const radius = chosen ? RADIUS + 1.5 : RADIUS;
        drawing.beginPath();
        for (const [across, down] of CORNERS[shape]) drawing.lineTo(x + radius * across, y + radius * down);
        drawing.closePath();
        drawing.fillStyle = color;
        drawing.strokeStyle = chosen ? strong : paper;
        drawing.lineWidth = chosen ? 2 : 0.8;
        drawing.fill();
        drawing.stroke();
      }
      if (this.path?.length > 1) {
        drawing.beginPath();
        for (const [x, y] of this.path) drawing.lineTo(x, y);
        drawing.closePath();
        drawing.strokeStyle = strong;
        drawing.lineWidth = 1.5;
        drawing.setLineDash([5, 4]);
        drawing.stroke();
        drawing.setLineDash([]);
      }
    }

    zoom(factor, [x, y] = [this.wide / 2, this.high / 2]) {
      const scale = Math.min(FURTHEST, Math.max(LEAST, this.view.scale * factor));
      const share = scale / this.view.scale;
      const [left, top] = [x - this.wide / 2, y - this.high / 2];
      this.view = { scale, x: left - (left - this.view.x) * share, y: top - (top - this.view.y) * share };
      this.draw();
    }

    move(x, y) {
      this.view = { ...this.view, x: this.view.x + x, y: this.view.y + y };
      this.draw();
    }

    nearest([x, y]) {
      let [found, least] = [-1, NEAR];
      this.points.forEach((point, at) => {
        if (this.hidden.has(point[this.way])) return;
        const [px, py] = this.at(point);
        const far = Math.hypot(px - x, py - y);
        if (far < least) [found, least] = [at, far];
      });
      return found;
    }

    hover(place) {
      const at = this.nearest(place);
      this.tip.hidden = at < 0;
      if (at < 0) return;
      this.tip.replaceChildren(...this.sentence(this.points[at]), made("small", this.said(this.points[at])));
      const left = Math.min(Math.max(0, place[0] + 14), Math.max(0, this.wide - 300));
      this.tip.style.left = `${left}px`;
      this.tip.style.top = `${place[1] + 18}px`;
    }

    sentence(point) {
      return [document.createTextNode(point.before), made("b", point.mention), document.createTextNode(point.after)];
    }

    said(point) {
      const name = (way) => this.ways[way][point[way]].name;
      return `${this.words.gold} ${name("gold")} · ${this.words.found} ${name("found")} · ${name("outcome")}`;
    }

    choose(test, adding) {
      const before = adding ? [...this.chosen] : [];
      const found = this.points.flatMap((point, at) => (!this.hidden.has(point[this.way]) && test(this.at(point)) ? [at] : []));
      this.chosen = new Set([...before, ...found]);
      this.list();
      this.draw();
    }

    list() {
      const part = this.section.querySelector(".mention-chosen");
      part.hidden = !this.chosen.size;
      part.querySelector(".mention-count").textContent = this.words.chosen.replace("%1", this.chosen.size.toLocaleString("en"));
      const rows = [...this.chosen].slice(0, MOST_LISTED).map((at) => {
        const point = this.points[at];
        const row = made("li");
        const button = made("button", "", "mention-open");
        button.type = "button";
        button.dataset.row = point.row;
        button.append(...this.sentence(point), made("small", this.said(point)));
        row.append(button);
        return row;
      });
      if (this.chosen.size > MOST_LISTED) rows.push(made("li", this.words.more.replace("%1", MOST_LISTED), "mention-more"));
      part.querySelector("ol").replaceChildren(...rows);
    }

    legend() {
      const rows = this.ways[this.way].map((look, number) => {
        const button = made("button", "", "mention-look");
        button.type = "button";
        button.dataset.look = number;
        button.setAttribute("aria-pressed", String(!this.hidden.has(number)));
        const mark = document.createElementNS("http://www.w3.org/2000/svg", "svg");
        mark.setAttribute("viewBox", "-1.6 -1.6 3.2 3.2");
        const shape = document.createElementNS("http://www.w3.org/2000/svg", "polygon");
        shape.setAttribute("points", CORNERS[look.shape].map((corner) => corner.join(",")).join(" "));
        shape.setAttribute("fill", look.color);
        mark.append(shape);
        button.append(mark, made("span", look.name), made("small", look.count.toLocaleString("en")));
        return button;
      });
      this.section.querySelector(".mention-legend").replaceChildren(...rows);
    }

    show() {
      for (const button of this.section.querySelectorAll("[data-way]")) {
        button.setAttribute("aria-pressed", String(button.dataset.way === this.way));
      }
      for (const button of this.section.querySelectorAll("[data-mode]")) {
        button.setAttribute("aria-pressed", String(button.dataset.mode === this.mode));
      }
      this.canvas.dataset.mode = this.mode;
      const saved = this.section.querySelector("[data-item]");
      if (saved) saved.dataset.item = Object.keys(this.ways).indexOf(this.way);
      this.legend();
      this.draw();
    }

    press({ way, mode, look, act }) {
      if (way) Object.assign(this, { way, hidden: new Set() });
      if (mode) this.mode = mode;
      if (look !== undefined && !this.hidden.delete(Number(look))) this.hidden.add(Number(look));
      if (act === "in") this.zoom(ZOOM);
      if (act === "out") this.zoom(1 / ZOOM);
      if (act === "whole") this.view = { scale: 1, x: 0, y: 0 };
      if (act === "seen") this.choose(([x, y]) => x >= 0 && y >= 0 && x <= this.wide && y <= this.high, false);
      if (act === "none") this.choose(() => false, false);
      if (act === "listed") {
        const points = [...this.chosen].map((at) => this.points[at]);
        this.tell.listed({ rows: points.map(({ row }) => row), cases: points.map((point) => point.case) });
      }
      if (act !== "listed") this.show();
    }

    wire() {
      const place = (event) => {
        const { left, top } = this.canvas.getBoundingClientRect();
        return [event.clientX - left, event.clientY - top];
      };
      let begun = null;
      this.canvas.addEventListener("wheel", (event) => {
        event.preventDefault();
        this.zoom(event.deltaY < 0 ? ZOOM : 1 / ZOOM, place(event));
      }, { passive: false });
      this.canvas.addEventListener("pointerdown", (event) => {
        if (event.button) return;
        this.canvas.setPointerCapture(event.pointerId);
        begun = { from: place(event), last: place(event), mode: event.shiftKey ? "box" : this.mode, adding: event.ctrlKey || event.metaKey };
        this.path = begun.mode === "move" ? null : [begun.from];
      });
      this.canvas.addEventListener("pointermove", (event) => {
        const now = place(event);
        if (!begun) {
          this.hover(now);
          return;
        }
        this.tip.hidden = true;
        if (begun.mode === "move") this.move(now[0] - begun.last[0], now[1] - begun.last[1]);
        else {
          if (begun.mode === "box") this.path = boxed(begun.from, now);
          else this.path.push(now);
          this.draw();
        }
        begun.last = now;
      });
      const ended = () => {
        if (!begun) return;
        const { mode, adding, from, last } = begun;
        const path = this.path;
        begun = this.path = null;
        if (mode === "move" && Math.hypot(from[0] - last[0], from[1] - last[1]) < 3) {
          const at = this.nearest(from);
          if (at >= 0) this.choose((spot) => spot.join() === this.at(this.points[at]).join(), adding);
        } else if (mode !== "move") this.choose((spot) => path.length > 2 && inside(spot, path), adding);
        this.draw();
      };
      this.canvas.addEventListener("pointerup", ended);
      this.canvas.addEventListener("pointercancel", () => {
        begun = this.path = null;
        this.draw();
      });
      this.canvas.addEventListener("pointerleave", () => {
        this.tip.hidden = true;
      });
      this.canvas.addEventListener("keydown", (event) => {
        const steps = { ArrowLeft: [40, 0], ArrowRight: [-40, 0], ArrowUp: [0, 40], ArrowDown: [0, -40] }[event.key];
        if (steps) this.move(...steps);
        else if (event.key === "+" || event.key === "=") this.zoom(ZOOM);
        else if (event.key === "-") this.zoom(1 / ZOOM);
        else if (event.key === "0") this.press({ act: "whole" });
        else if (event.key === "Enter") this.press({ act: "seen" });
        else if (event.key === "Escape") this.press({ act: "none" });
        else return;
        event.preventDefault();
      });
      this.section.addEventListener("click", (event) => {
        const button = event.target.closest("button");
        if (!button) return;
        if (button.dataset.row !== undefined) this.tell.opened({ row: Number(button.dataset.row) });
        else if (!button.dataset.format) this.press({ ...button.dataset });
      });
      new ResizeObserver(() => this.size()).observe(this.canvas);
      new MutationObserver(() => this.draw()).observe(document.body, { attributes: true, attributeFilter: ["class"] });
    }
  }

  // Whatever map the element is given next is brought to life too.
  function mount(element, trigger, listed, opened) {
    const tell = { listed: (said) => trigger(listed, said), opened: (said) => trigger(opened, said) };
    const enliven = () => {
      for (const section of element.querySelectorAll(".mention-map:not([data-alive])")) {
        section.dataset.alive = "true";
        section.board = new Board(section, tell);
      }
    };
    new MutationObserver(enliven).observe(element, { childList: true, subtree: true });
    enliven();
  }

  return { mount };
})();
