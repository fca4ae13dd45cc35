// Two pictures with one zoom. What the reader set is kept by key as long as the page is open, so
// that it is the same for the next picture.
const kept = new Map();
const listening = new WeakMap();
let [current, pointed] = [null, null];

const usual = () => ({
  zoom: 1, x: 0.5, y: 0.5, brightness: 100, contrast: 100, strength: 80, shown: true, keys: false,
  layer: null,
});
const [MOST, STEP, NUDGE] = [16, 1.25, 0.1];
const clamp = (value, low, high) => Math.min(high, Math.max(low, value));
const textOf = (name, words) => {
  const element = document.createElement(name);
  element.textContent = words;
  return element;
};

// A click leaves a button focused; the space bar is then still the comparison's.
addEventListener('pointerdown', (event) => { pointed = event.composedPath()[0]; }, true);
addEventListener('keydown', (event) => { if (event.key === 'Tab') pointed = null; }, true);
// A clicked switch would keep the page's keys for itself.
addEventListener('click', (event) => setTimeout(() => {
  const held = document.activeElement;
  if (event.detail && held && held.matches('input[type="checkbox"]')) held.blur();
}));

// Whether a key is meant for the comparison, and not for what is being typed or chosen.
const mine = (event) => {
  const target = event.composedPath()[0];
  if (event.ctrlKey || event.metaKey || event.altKey || !(target instanceof Element)) return false;
  if (target.closest('textarea, select, [contenteditable="true"], [role="combobox"]')) return false;
  if (target.closest('[role="dialog"], [role="listbox"], [role="menu"]')) return false;
  const box = target.closest('input, [role="slider"], [role="radiogroup"], [role="tablist"]');
  const arrow = event.key.startsWith('Arrow');
  if (box) return box.matches('[type="checkbox"], [type="range"], [role="slider"]')
    && !arrow && (event.key !== ' ' || !box.matches('[type="checkbox"]'));
  const button = target.closest('button, a, summary, [role="button"]');
  return event.key !== ' ' || !button || (pointed !== null && button.contains(pointed));
};

export default function (component) {
  const { data, parentElement: root, setTriggerValue } = component;
  const all = (selector) => [...root.querySelectorAll(selector)];
  const one = (selector) => root.querySelector(selector);
  const state = kept.get(data.key) || usual();
  kept.set(data.key, state);
  // What is newly laid over the pictures is shown, also where the layer before was hidden.
  if (state.layer !== data.layer) Object.assign(state, { layer: data.layer, shown: true });
  const panes = all('.pane');

  const draw = () => {
    const half = 0.5 / state.zoom;
    state.x = clamp(state.x, half, 1 - half);
    state.y = clamp(state.y, half, 1 - half);
    const across = (0.5 - state.x * state.zoom) * 100;
    const down = (0.5 - state.y * state.zoom) * 100;
    for (const moved of all('.moved')) {
      moved.style.transform = `translate(${across}%, ${down}%) scale(${state.zoom})`;
    }
    for (const picture of all('.picture')) {
      picture.style.filter = `brightness(${state.brightness}%) contrast(${state.contrast}%)`;
    }
    for (const heatmap of all('.heatmap')) {
      heatmap.style.visibility = state.shown ? 'visible' : 'hidden';
      heatmap.style.opacity = state.strength / 100;
    }
    for (const name of ['brightness', 'contrast', 'strength']) {
      one(`[name=${name}]`).value = state[name];
    }
    one('[name=shown]').checked = state.shown;
    one('.zoom').value = `${Math.round(state.zoom * 100)} %`;
    one('.keys').hidden = !state.keys;
  };

  const zoomTo = (zoom, at = { x: 0.5, y: 0.5 }) => {
    const wanted = clamp(zoom, 1, MOST);
    // The place under the pointer stays where it is.
    state.x += (at.x - 0.5) * (1 / state.zoom - 1 / wanted);
    state.y += (at.y - 0.5) * (1 / state.zoom - 1 / wanted);
    state.zoom = wanted;
    draw();
  };
  const move = (x, y) => {
    state.x += x / state.zoom;
    state.y += y / state.zoom;
    draw();
  };
  const toggle = (name) => { state[name] = !state[name]; draw(); };
  const leaf = (step) => { if (data.leaf) setTriggerValue('step', step); };
  const actions = {
    in: () => zoomTo(state.zoom * STEP),
    out: () => zoomTo(state.zoom / STEP),
    whole: () => zoomTo(1),
    reset: () => { Object.assign(state, usual(), { keys: state.keys, layer: state.layer }); draw(); },
    keys: () => toggle('keys'),
    before: () => leaf(-1),
    next: () => leaf(1),
  };

  data.sides.forEach((side, place) => {
    const figure = all('figure')[place];
    for (const [name, source, alt] of [
      ['.picture', side.picture, side.alt], ['.heatmap', side.heatmap, side.heatmapAlt],
    ]) {
      const image = figure.querySelector(name);
      image.hidden = !source;
      image.alt = alt;
      if (source && image.src !== source) image.src = source;
    }
    figure.querySelector('.pane').classList.toggle('empty', !side.picture);
    const about = side.picture ? 'zoom and move' : 'no picture';
    figure.querySelector('.pane').setAttribute('aria-label', `${side.title}: ${about}`);
    const lines = side.lines.map((line) => textOf('span', line));
    if (side.noted) lines.at(-1).className = 'note';
    figure.querySelector('figcaption').replaceChildren(textOf('strong', side.title), ...lines);
  });

  // Both panes take the proportions of the left picture, as far as the height allows.
  const shape = () => {
    const first = all('.picture').find((image) => !image.hidden && image.naturalWidth);
    const ratio = first ? first.naturalWidth / first.naturalHeight : 2;
    for (const pane of panes) {
      pane.style.aspectRatio = ratio;
      pane.style.maxHeight = `${data.height}px`;
    }
  };
  for (const image of all('.picture')) image.onload = shape;
  shape();

  one('.leaf').hidden = !data.leaf;
  one('.place').value = data.place;
  one('.layer').textContent = data.layer;
  for (const group of all('.heat')) group.hidden = !data.sides.some((side) => side.heatmap);
  one('.keys').replaceChildren(...data.keys
    .flatMap(([key, meaning]) => [textOf('dt', key), textOf('dd', meaning)]));
  for (const label of all('[data-term]')) {
    label.title = data.terms[label.dataset.term];
    label.querySelector('input').setAttribute('aria-description', label.title);
  }
  for (const button of all('[data-do]')) button.onclick = actions[button.dataset.do];
  for (const box of all('input')) {
    box.oninput = () => {
      state[box.name] = box.type === 'checkbox' ? box.checked : Number(box.value);
      draw();
    };
  }

  const within = (pane, event) => {
    const { left, top, width, height } = pane.getBoundingClientRect();
    return { x: (event.clientX - left) / width, y: (event.clientY - top) / height };
  };
  for (const pane of panes) {
    const fingers = new Map();
    const spread = () => {
      const [a, b] = [...fingers.values()];
      return Math.hypot(a.x - b.x, (a.y - b.y) * pane.clientHeight / pane.clientWidth);
    };
    pane.onwheel = (event) => {
      // At the whole picture, turning the wheel further scrolls the page.
      if (event.deltaY > 0 && state.zoom === 1) return;
      event.preventDefault();
      zoomTo(state.zoom * Math.exp(-clamp(event.deltaY, -100, 100) * 0.003), within(pane, event));
    };
    pane.onpointerdown = (event) => {
      fingers.set(event.pointerId, within(pane, event));
      pane.setPointerCapture(event.pointerId);
      pane.classList.add('held');
      current = root;
    };
    pane.onpointermove = (event) => {
      const [before, now] = [fingers.get(event.pointerId), within(pane, event)];
      if (!before) return;
      const wide = fingers.size === 2 ? spread() : 0;
      fingers.set(event.pointerId, now);
      move((before.x - now.x) / fingers.size, (before.y - now.y) / fingers.size);
      if (wide > 0) zoomTo(state.zoom * spread() / wide, now);
    };
    pane.onpointerup = pane.onpointercancel = (event) => {
      fingers.delete(event.pointerId);
      if (!fingers.size) pane.classList.remove('held');
    };
  }

  const keys = {
    '+': actions.in, '=': actions.in, '-': actions.out, 0: actions.whole,
    ' ': () => toggle('shown'), '?': actions.keys,
    ...(data.leaf ? { ArrowLeft: actions.before, ArrowRight: actions.next } : {}),
  };
  const nudges = {
    ArrowLeft: () => move(-NUDGE, 0), ArrowRight: () => move(NUDGE, 0),
    ArrowUp: () => move(0, -NUDGE), ArrowDown: () => move(0, NUDGE),
  };
  removeEventListener('keydown', listening.get(root), true);
  const listen = (event) => {
    if (current !== root || !mine(event)) return;
    const act = event.shiftKey && nudges[event.key] || keys[event.key];
    if (!act) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  };
  listening.set(root, listen);
  addEventListener('keydown', listen, true);
  current = root;
  draw();
  return () => {
    removeEventListener('keydown', listening.get(root), true);
    if (current === root) current = null;
  };
}
