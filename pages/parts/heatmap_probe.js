const kept = new WeakMap();

const numbers = (text) => {
  const bytes = Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));
  return new Float32Array(bytes.buffer);
};
const signed = (value) => {
  if (value === 0) return '0';
  const short = Math.abs(value) < 0.0001 ? value.toExponential(1) : value.toPrecision(3);
  return (value > 0 ? '+' : '') + short.replace('-', '\u2212');
};

export default function (component) {
  const { data, parentElement } = component;
  const root = parentElement.querySelector('.probe');
  const grid = root.querySelector('.panels');
  const spoken = root.querySelector('.spoken');
  const state = kept.get(root) || { place: null };
  kept.set(root, state);
  root.setAttribute('aria-label', data.label);
  grid.style.gridTemplateColumns = `repeat(${data.columns}, minmax(0, 1fr))`;

  const panels = data.panels.map((panel) => {
    const figure = document.createElement('figure');
    const title = document.createElement('figcaption');
    title.textContent = panel.title;
    title.hidden = !panel.title;
    const pane = document.createElement('div');
    pane.className = 'pane';
    const picture = document.createElement('img');
    picture.src = panel.src;
    picture.alt = panel.alt;
    const mark = document.createElement('i');
    mark.hidden = true;
    pane.append(picture, mark);
    const value = document.createElement('div');
    value.className = 'value';
    figure.append(title, pane, value);
    if (panel.legend) {
      const legend = document.createElement('img');
      legend.className = 'legend';
      legend.src = panel.legend;
      legend.alt = panel.legendAlt;
      figure.append(legend);
    }
    if (panel.note) {
      const note = document.createElement('div');
      note.className = 'note';
      note.textContent = panel.note;
      figure.append(note);
    }
    return { ...panel, values: numbers(panel.values), figure, pane, mark, value };
  });
  grid.replaceChildren(...panels.map((panel) => panel.figure));

  // The same place in all pictures; each says the value of its own cell there.
  const show = (place, aloud) => {
    state.place = place;
    const words = panels.map((panel, number) => {
      panel.mark.hidden = !place;
      if (!place) {
        panel.value.textContent = number ? '' : data.hint;
        return '';
      }
      const row = Math.min(panel.rows - 1, Math.floor(place[1] * panel.rows));
      const col = Math.min(panel.cols - 1, Math.floor(place[0] * panel.cols));
      Object.assign(panel.mark.style, {
        left: (100 * col) / panel.cols + '%',
        top: (100 * row) / panel.rows + '%',
        width: `max(8px, ${100 / panel.cols}%)`,
        height: `max(8px, ${100 / panel.rows}%)`,
      });
      const found = signed(panel.values[row * panel.cols + col]);
      const where = `row ${row + 1} of ${panel.rows}, column ${col + 1} of ${panel.cols}`;
      panel.value.textContent = `${found} ${panel.unit} (${where})`;
      return `${panel.title} ${found} ${panel.unit}`;
    });
    if (aloud) spoken.textContent = words.join('; ');
  };
  panels.forEach((panel) => {
    panel.pane.onpointermove = (event) => {
      const box = panel.pane.getBoundingClientRect();
      const [x, y] = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
      if (x >= 0 && x < 1 && y >= 0 && y < 1) show([x, y], false);
    };
    panel.pane.onpointerleave = () => show(null, false);
  });
  root.onkeydown = (event) => {
    const [rows, cols] = [panels[0].rows, panels[0].cols];
    const moves = {
      ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1],
    };
    const move = moves[event.key];
    if (!move) return;
    event.preventDefault();
    const [x, y] = state.place || [0.5, 0.5];
    const cell = (at, by, count) =>
      (Math.min(count - 1, Math.max(0, Math.floor(at * count) + by)) + 0.5) / count;
    show([cell(x, move[0], cols), cell(y, move[1], rows)], true);
  };
  root.onblur = () => show(null, false);
  show(state.place, false);
}
