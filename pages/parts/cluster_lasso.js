const HEIGHT = 480;
const MARGIN = 14;
const SIZE = 999;
const NEAR = 12;
const CORNERS = 48;
const kept = new WeakMap();

const numbers = (text, Kind) => {
  const bytes = Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));
  return new Kind(bytes.buffer);
};

function contains(corners, x, y) {
  let within = false;
  for (let i = 0, j = corners.length - 1; i < corners.length; j = i++) {
    const [x0, y0] = corners[i];
    const [x1, y1] = corners[j];
    if ((y0 > y) !== (y1 > y) && x < ((x1 - x0) * (y - y0)) / (y1 - y0) + x0) within = !within;
  }
  return within;
}

// Corners of a drawn line, as few as an address should hold.
function thinned(line) {
  const step = Math.max(1, line.length / CORNERS);
  const corners = [];
  for (let place = 0; place < line.length; place += step) corners.push(line[Math.floor(place)]);
  return corners;
}

export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const root = parentElement.querySelector('.map');
  const canvas = root.querySelector('canvas');
  const tip = root.querySelector('.tip');
  const said = root.querySelector('.said');
  const [xs, ys] = [numbers(data.x, Float32Array), numbers(data.y, Float32Array)];
  const which = numbers(data.which, Uint16Array);
  const state = kept.get(root) || { x: 0.5, y: 0.5, radius: 0.08, circle: false, line: null };
  kept.set(root, state);
  canvas.setAttribute('aria-label', data.label);

  root.querySelector('.key').replaceChildren(
    ...data.words.map((word, place) => {
      const entry = document.createElement('span');
      const dot = document.createElement('i');
      dot.style.background = data.colours[place];
      entry.append(dot, word);
      return entry;
    }),
  );

  const width = () => canvas.clientWidth;
  const right = (x) => MARGIN + x * (width() - 2 * MARGIN);
  const down = (y) => MARGIN + (1 - y) * (HEIGHT - 2 * MARGIN);
  const back = (event) => {
    const box = canvas.getBoundingClientRect();
    const x = (event.clientX - box.left - MARGIN) / (width() - 2 * MARGIN);
    const y = 1 - (event.clientY - box.top - MARGIN) / (HEIGHT - 2 * MARGIN);
    return [Math.min(1, Math.max(0, x)), Math.min(1, Math.max(0, y))];
  };
  const circle = () => {
    const ratio = (width() - 2 * MARGIN) / (HEIGHT - 2 * MARGIN);
    return Array.from({ length: 24 }, (_, place) => {
      const angle = (place / 24) * 2 * Math.PI;
      const x = state.x + (state.radius * Math.cos(angle)) / ratio;
      const y = state.y + state.radius * Math.sin(angle);
      return [Math.min(1, Math.max(0, x)), Math.min(1, Math.max(0, y))];
    });
  };
  const count = (corners) => {
    let found = 0;
    for (let i = 0; i < xs.length; i++) found += contains(corners, xs[i], ys[i]) ? 1 : 0;
    return found;
  };
  const nearest = (event) => {
    const box = canvas.getBoundingClientRect();
    let [best, least] = [-1, NEAR ** 2];
    for (let i = 0; i < xs.length; i++) {
      const away =
        (right(xs[i]) - event.clientX + box.left) ** 2 + (down(ys[i]) - event.clientY + box.top) ** 2;
      if (away < least) [best, least] = [i, away];
    }
    return best;
  };

  function draw() {
    const scale = window.devicePixelRatio || 1;
    canvas.width = width() * scale;
    canvas.height = HEIGHT * scale;
    canvas.style.height = HEIGHT + 'px';
    const pen = canvas.getContext('2d');
    const style = getComputedStyle(canvas);
    const [ink, ground] = [style.color, style.backgroundColor];
    pen.scale(scale, scale);
    pen.clearRect(0, 0, width(), HEIGHT);
    const chosen = data.outline;
    pen.lineWidth = 0.6;
    pen.strokeStyle = ground;
    for (let i = 0; i < xs.length; i++) {
      pen.globalAlpha = !chosen || contains(chosen, xs[i], ys[i]) ? 0.9 : 0.25;
      pen.fillStyle = data.colours[which[i]];
      pen.beginPath();
      pen.arc(right(xs[i]), down(ys[i]), xs.length > 1500 ? 3 : 4, 0, 2 * Math.PI);
      pen.fill();
      pen.stroke();
    }
    pen.globalAlpha = 1;
    const outline = (corners, dashed) => {
      pen.beginPath();
      corners.forEach(([x, y], place) => pen[place ? 'lineTo' : 'moveTo'](right(x), down(y)));
      if (corners !== state.line) pen.closePath();
      pen.setLineDash(dashed ? [5, 4] : []);
      pen.lineWidth = 1.8;
      pen.strokeStyle = ink;
      pen.stroke();
      pen.setLineDash([]);
    };
    if (chosen) outline(chosen, false);
    if (state.circle) outline(circle(), true);
    if (state.line) outline(state.line, true);
    pen.font = '600 13px ' + style.fontFamily;
    pen.textAlign = 'center';
    pen.textBaseline = 'middle';
    pen.lineWidth = 4;
    pen.lineJoin = 'round';
    pen.strokeStyle = ground;
    pen.fillStyle = ink;
    data.marks.forEach(([x, y, word]) => {
      pen.strokeText(word, right(x), down(y));
      pen.fillText(word, right(x), down(y));
    });
  }

  const send = (corners) => {
    const inside = count(corners);
    said.textContent = inside ? `${inside} heatmaps chosen.` : 'No heatmap lies in there.';
    if (!inside) return;
    const whole = corners.map(([x, y]) => `${Math.round(x * SIZE)}.${Math.round(y * SIZE)}`);
    setTriggerValue('outline', whole.join('.'));
  };
  const hide = () => { tip.hidden = true; };

  canvas.onpointerdown = (event) => {
    if (event.button) return;
    canvas.setPointerCapture(event.pointerId);
    state.circle = false;
    state.line = [back(event)];
    state.from = [event.clientX, event.clientY];
    hide();
  };
  canvas.onpointermove = (event) => {
    if (state.line) {
      state.line.push(back(event));
      draw();
      return;
    }
    const found = nearest(event);
    tip.hidden = found < 0;
    if (found < 0) return;
    const [x, y] = [right(xs[found]), down(ys[found])];
    tip.textContent = data.captions[found];
    tip.style.top = canvas.offsetTop + y + 10 + 'px';
    tip.style.left = x < width() / 2 ? x + 10 + 'px' : 'auto';
    tip.style.right = x < width() / 2 ? 'auto' : width() - x + 10 + 'px';
  };
  canvas.onpointerup = (event) => {
    const line = state.line;
    state.line = null;
    if (!line) return;
    const moved = Math.hypot(event.clientX - state.from[0], event.clientY - state.from[1]);
    if (line.length >= 6) {
      send(thinned(line));
    } else if (moved < 6) {
      const found = nearest(event);
      if (found >= 0) setTriggerValue('opened', found);
    }
    draw();
  };
  canvas.onpointercancel = () => { state.line = null; draw(); };
  canvas.onpointerleave = hide;
  canvas.onkeydown = (event) => {
    const step = event.shiftKey ? 0.1 : 0.02;
    const moves = {
      ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, step], ArrowDown: [0, -step],
    };
    if (moves[event.key]) {
      state.x = Math.min(1, Math.max(0, state.x + moves[event.key][0]));
      state.y = Math.min(1, Math.max(0, state.y + moves[event.key][1]));
    } else if (event.key === '+') {
      state.radius = Math.min(1, state.radius * 1.25);
    } else if (event.key === '-') {
      state.radius = Math.max(0.01, state.radius / 1.25);
    } else if (event.key === 'Enter' && state.circle) {
      event.preventDefault();
      send(circle());
      return;
    } else if (event.key === 'Escape') {
      state.circle = false;
      if (data.outline) setTriggerValue('outline', 'none');
      draw();
      return;
    } else {
      return;
    }
    event.preventDefault();
    state.circle = true;
    said.textContent = `${count(circle())} heatmaps in the circle: Enter chooses them.`;
    draw();
  };

  draw();
  const watcher = new ResizeObserver(draw);
  watcher.observe(root);
  return () => watcher.disconnect();
}
