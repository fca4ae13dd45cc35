// Escape leaves a field that is typed in, so that the keys of the page work again.
addEventListener('keydown', (event) => {
  const field = event.composedPath()[0];
  const typed = 'input[type="text"], input[type="number"], textarea';
  if (event.key === 'Escape' && field instanceof Element && field.matches(typed)) field.blur();
});

export default function () {}
