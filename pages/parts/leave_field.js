// Escape leaves a field that is typed in, so that the keys of the page work again; what was typed
// since the field was entered, or since Enter, is taken back. Switches, sliders and lists are left by
// themselves once the mouse has set them, and by Escape where a key did.
const SET = 'input[type="checkbox"], input[type="radio"], input[type="range"]';
const LIST = '[role="combobox"]';
const TYPED = 'input[type="text"], input[type="number"], textarea';
const kept = new WeakMap();

function fieldOf(event) {
  const field = event.composedPath()[0];
  return field instanceof Element && field.matches(TYPED) ? field : null;
}

function takeBack(field) {
  // A list to choose from has its own way to close.
  if (field.role === 'combobox' || !kept.has(field) || field.value === kept.get(field)) return;
  // React only notices a value that is set by the element's own setter.
  const own = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(field), 'value');
  own.set.call(field, kept.get(field));
  field.dispatchEvent(new Event('input', { bubbles: true }));
}

function focused() {
  let held = document.activeElement;
  while (held?.shadowRoot?.activeElement) held = held.shadowRoot.activeElement;
  return held;
}

function leave(kinds, after) {
  setTimeout(() => {
    const held = focused();
    if (held?.matches(kinds)) held.blur();
  }, after);
}

addEventListener('click', (event) => {
  // A click that a key made, as Space does on a switch, comes from no pointer.
  if (!event.pointerType) return;
  // Once the click has moved the focus; a list that closes takes it back a little later.
  leave(SET, 50);
  if (event.composedPath().some((one) => one.role === 'option')) leave(LIST, 400);
}, true);

addEventListener('keydown', (event) => {
  if (event.key === 'Escape') leave(SET, 0);
});

addEventListener('focusin', (event) => {
  const field = fieldOf(event);
  if (field) kept.set(field, field.value);
});

addEventListener('keydown', (event) => {
  const field = fieldOf(event);
  if (!field) return;
  const lines = field instanceof HTMLTextAreaElement;
  if (event.key === 'Enter' && (!lines || event.ctrlKey || event.metaKey)) {
    kept.set(field, field.value);
  } else if (event.key === 'Escape') {
    takeBack(field);
    // Once the page knows the value that was taken back.
    setTimeout(() => field.blur());
  }
});

export default function () {}
