// The two pins as elements: home, and the worker with the circle that says how exactly the position is known.

const PERSON =
  '<svg viewBox="0 0 24 24" aria-hidden="true"><circle cx="12" cy="8.2" r="3.7"/><path d="M4.8 19.6c.5-4 3.4-6.2 7.2-6.2s6.7 2.2 7.2 6.2z"/></svg>';
const HOUSE =
  '<svg viewBox="0 0 24 24" aria-hidden="true"><path d="M12 4 3.8 11h2.4v8.2h4.3v-5h3v5h4.3V11h2.4z"/></svg>';

export function homePin(label: string): HTMLElement {
  return pin("pin pin-home", label, `<span class="pin-disc">${HOUSE}</span>`);
}

export function workerPin(label: string): HTMLElement {
  const element = pin("pin pin-worker", label, `<span class="pin-halo"></span><span class="pin-disc">${PERSON}</span>`);
  element.dataset.testid = "marker";
  return element;
}

/** Sizes the circle of accuracy; smaller than the pin itself it says nothing and is hidden. */
export function haloPx(pinElement: HTMLElement, diameterPx: number): void {
  const halo = pinElement.querySelector<HTMLElement>(".pin-halo");
  if (!halo) return;
  halo.style.width = halo.style.height = `${Math.round(diameterPx)}px`;
  halo.hidden = diameterPx < 44;
}

function pin(className: string, label: string, html: string): HTMLElement {
  const element = document.createElement("div");
  element.className = className;
  element.innerHTML = html;
  element.setAttribute("role", "img");
  element.setAttribute("aria-label", label);
  return element;
}
